/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments that are meant to stay while nobody has them attached: whoever comes finds them by a key that is
 * agreed upon.
 */
#ifndef JUDGE_MAILBOX_H
#define JUDGE_MAILBOX_H

#include "model/model.h"

/* Whose it is: "NTP reference clock"; NULL: its key is not known for that. Static. */
const char *mailbox_of(const struct segment *segment);

#endif
