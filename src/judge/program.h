/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who made a segment, as segments are told apart by it. */
#ifndef JUDGE_PROGRAM_H
#define JUDGE_PROGRAM_H

#include "model/model.h"

/* The executable of its creator, else its comm; "-" when neither is known. Points into the model. */
const char *program_name(const struct segment *segment);

/*
 * The same text for segments of the same maker, else another. Where the call site is known it is that and the
 * comm: short-lived processes leave no executable, and must not be told apart from their likes that do. Returns
 * out.
 */
enum { PROGRAM_MAKER_LEN = FACT_TEXT_LEN + 16 };
char *program_maker(const struct segment *segment, char out[static PROGRAM_MAKER_LEN]);

#endif
