/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mappings of a segment, summed up by address space: who holds it. */
#ifndef REPORT_HOLDERS_H
#define REPORT_HOLDERS_H

#include "report/column.h"

struct holder_row {
	const struct holder *holder; /* NULL: it let go */
	const struct process *process;
	uint64_t mm;
	uint64_t gone;           /* when it let go; 0: it holds the segment */
	enum fact_reason reason; /* how it let go */
	size_t maps;             /* its mappings of this segment */
	uint32_t flags;          /* enum attachment_flag, of all of them together */
	uint64_t addr;           /* the lowest address */
	uint64_t since;          /* of the oldest mapping, with its origin */
	enum mapping_origin origin;
};

struct holder_list {
	struct holder_row *rows; /* owned; by pid, each address space once */
	size_t count;
	size_t capacity;
};

/* Refills the list, which starts zeroed. 0 or -ENOMEM: then it is empty. The rows point into the
 * model and hold until its next change. */
int holders_collect(const struct segment *segment, struct holder_list *list);
/* The same, with those that let go of it within the last MODEL_GONE_HOLDER_TIME, each in its place. */
int holders_collect_lately(const struct column_context *context, const struct segment *segment,
			   struct holder_list *list);
void holders_free(struct holder_list *list);

/* "rw", "r-", "--"; with an x where it may be executed. */
const char *holders_mode(uint32_t flags);
/* How the mapping came to be: "shmat", "fork", or "scan": it was there before. */
const char *holders_origin(enum mapping_origin origin);
/* Why it cannot let go by itself: "gone", "stopped", "traced", "blocked"; "" where nothing hinders it. */
const char *holders_hindrance(const struct process *process);

#endif
