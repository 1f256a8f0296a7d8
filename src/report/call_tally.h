/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program did with shared memory, added up event by event: calls, failures, and the most that it had at
 * once. */
#ifndef REPORT_CALL_TALLY_H
#define REPORT_CALL_TALLY_H

#include <json.h>

#include "model/model.h"

enum { TALLY_CALLS = 4, TALLY_ERRNOS = 134 };

/* Some calls. Times in ns, of those where it is known. */
struct call_sum {
	uint64_t calls, failed;
	uint64_t took, longest; /* all together; one */
};

struct call_tally {
	struct call_sum calls[TALLY_CALLS]; /* by enum fact_op: the four calls are its first */
	uint64_t errors[TALLY_CALLS][TALLY_ERRNOS]; /* by errno; 0: one that has no name here */
	uint64_t made;                              /* segments */
	size_t segments, most_segments; /* at once: those that exist, and the most ever */
	uint64_t bytes, most_bytes;     /* asked for by them */
	uint64_t before; /* model_generation() as it began: what is older does not count */
};

void call_sum_add(struct call_sum *sum, const struct event *event);
void call_sum_join(struct call_sum *sum, const struct call_sum *other);
/* The members that all sums have. */
void call_sum_json(const struct call_sum *sum, struct json_object *object);

/* From the model's sink. Segments count that were seen made. */
void call_tally_event(struct call_tally *tally, const struct model *model,
		      const struct model_event *entry);

/* What exists is counted anew: what no event told comes right, and where no event comes at all this is what
 * there is. `ipcns` 0: those that were seen made; else all of that namespace. */
void call_tally_look(struct call_tally *tally, const struct model *model, uint32_t ipcns);

/* "12 shmget (2 failed: 1 EEXIST, 1 ENOENT), 10 shmat"; "" for no call. Returns out. */
enum { CALL_TALLY_LEN = 512 };
char *call_tally_text(const struct call_tally *tally, char out[static CALL_TALLY_LEN]);

/* {"shmget": {"count", "failed", "took_ns", "longest_ns", "errors": {"ENOENT": 1}}, ...}. NULL without memory. */
struct json_object *call_tally_json(const struct call_tally *tally);

#endif
