/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a call failed: one sentence that names the cause, with the figures by which a person can check it. Pure.
 *
 * A call gives the same error for several causes. Which one it was follows from the order in which the
 * kernel checks (ipc/shm.c), and from what was known when it failed; where two stay possible both are said.
 */
#ifndef JUDGE_EXPLAIN_H
#define JUDGE_EXPLAIN_H

#include "judge/failures.h"

enum { EXPLAIN_LEN = FAILURE_WHY_LEN };

/* "" for an error that the call is not known to give. What does not fit is cut. Returns out. */
char *explain(char out[static EXPLAIN_LEN], const struct failure *failure);

#endif
