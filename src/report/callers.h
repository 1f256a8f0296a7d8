/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who made the calls: processes, with their calls, failures and time added up. */
#ifndef REPORT_CALLERS_H
#define REPORT_CALLERS_H

#include <stddef.h>

#include "report/call_tally.h"

/* A pid that is used again is another process. */
struct caller_id {
	uint64_t start_time;
	int64_t pid;
};

struct caller {
	struct caller_id id;
	uint32_t uid;             /* as of its last call */
	char comm[FACT_COMM_LEN]; /* the same */
	struct call_sum sum;
	UT_hash_handle hh; /* by id */
};

/* At most CALLERS_MOST at once: when one more comes the half that took least time is forgotten, and its sums are
 * kept together. The sums of all stay exact; who is among those that are left may have lost what it did before.
 * Starts zeroed. */
enum { CALLERS_MOST = 4096 };
struct callers {
	struct caller *table;
	struct call_sum forgotten;
};

/* Without memory the call counts among the forgotten. */
void callers_count(struct callers *callers, const struct event *event);
void callers_free(struct callers *callers);

size_t callers_known(const struct callers *callers);

/* The `most` that took most time, as strace -c orders, into rows[]. Returns how many; *others is what all others did.
 * Reorders the table. */
size_t callers_top(struct callers *callers, size_t most, const struct caller *rows[],
		   struct call_sum *others);

#endif
