/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the facts come in, in words: what stands for what, what nothing sees, and why not better. */
#ifndef REPORT_SOURCE_H
#define REPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fact.h"

enum {
	SOURCE_LINES = 7,
	SOURCE_TEXT_LEN = 256,
};

struct source_line {
	const char *what;   /* "calls", "32-bit calls" ... "stacks", "unseen", "why not better" */
	const char *stands; /* "fexit", "none"; "" where there are only words */
	char words[SOURCE_TEXT_LEN];
};

/* Fills in a line for each of them: stacks only where somebody wants them, the last one only where something better
 * was refused. Returns how many. */
size_t source_lines(const struct source_status *status,
		    struct source_line out[static SOURCE_LINES]);

/* Whether it is told where calls were made */
bool source_has_stacks(const struct source_status *status);

/* Whether calls are followed at all; if not, all that is told is what looks find. */
bool source_follows(const struct source_status *status);

/* What --compat alone would follow is offered: "not followed; --compat ...", to be said behind SOURCE_COMPAT and a
 * colon. "" where there is nothing to follow. Static. */
#define SOURCE_COMPAT "32-bit calls"
const char *source_offer(const struct source_status *status);

/* What can happen without being told; "" for nothing. Where no event comes at all it says so. Returns
 * out. */
char *source_unseen(char out[static SOURCE_TEXT_LEN], const struct source_status *status);

/* In a word: "fexit", "tracepoint", "poll"; "fexit/sched" where calls and life stand on two rungs.
 * Returns out. */
enum { SOURCE_NAME_LEN = 32 };
char *source_name(char out[static SOURCE_NAME_LEN], const struct source_status *status);

/* "lost 3"; "lost -" where no event comes at all. Returns out. */
enum { SOURCE_LOST_LEN = 32 };
char *source_lost(char out[static SOURCE_LOST_LEN], const struct source_status *status);

#endif
