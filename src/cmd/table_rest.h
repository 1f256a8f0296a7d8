/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables that need not be read: to print one costs the kernel a microsecond and more a segment, to add it up
 * nanoseconds. One rests where no event came for some ticks, while the kernel's sums over it stay the same; and
 * the sums of one that rests are asked for now and then only.
 */
#ifndef CMD_TABLE_REST_H
#define CMD_TABLE_REST_H

#include "observe/namespaces.h"
#include "observe/sysvipc.h"

/* What the last look at a table began with */
struct table_rest {
	uint32_t ipcns;
	bool known;
	struct sysvipc_sum sum;
	unsigned int quiet_ticks; /* without an event in that namespace */
	uint64_t sum_due;         /* of one that rests: when its sums are looked at again */
	uint64_t limits_due;      /* when its limits are read again */
};

/* One for each namespace of a list, in its order; starts zeroed */
struct table_rests {
	struct table_rest *rows; /* owned */
	size_t count, capacity;
};

/* Goes by the list from now on; each table is read at the next look. 0 or -ENOMEM. */
int table_rests_follow(struct table_rests *rests, const struct namespace_list *list);
/* Each table is read at the next look. */
void table_rests_forget(struct table_rests *rests);
/* An event came: the table of its namespace rests no more, if it changes one. */
void table_rests_disturb(struct table_rests *rests, const struct event *event);
void table_rests_free(struct table_rests *rests);

/* A tick: whether it was quiet there for long enough to rest. */
bool table_rest_tick(struct table_rest *rest);
/* Whether one that may rest need not even be visited now. */
bool table_rest_sleeps(const struct table_rest *rest, uint64_t now);
/* Reads the table of the calling thread's namespace, but when it may rest and does. 0 or -errno. */
int table_rest_read(struct table_rest *rest, bool may_rest, struct sysvipc_table *table,
		    bool *rests);

#endif
