/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/table_rest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "base/array.h"
#include "base/clock.h"

/* Ticks without an event until a table may rest: two tables in a row tell that things have settled. */
enum { REST_TICKS = 3 };
/* Memory that is touched for the first time makes no event: at rest its growth shows that much later. */
#define SUM_INTERVAL (5 * CLOCK_SECOND / 2)

int table_rests_follow(struct table_rests *rests, const struct namespace_list *list)
{
	void *rows = rests->rows;
	size_t before = rests->count;
	int error = array_reserve(&rows, &rests->capacity, list->count, sizeof(*rests->rows));

	rests->rows = rows;
	for (size_t i = 0; !error && i < list->count; i++) {
		struct table_rest *rest = &rests->rows[i];
		uint32_t ipcns = list->rows[i].ipcns;
		bool same = i < before && rest->ipcns == ipcns;

		*rest = (struct table_rest){.ipcns = ipcns,
					    .quiet_ticks = same ? rest->quiet_ticks : 0,
					    .limits_due = same ? rest->limits_due : 0};
	}
	rests->count = error ? 0 : list->count;
	return error;
}

void table_rests_forget(struct table_rests *rests)
{
	for (size_t i = 0; i < rests->count; i++)
		rests->rows[i].known = false;
}

/* Other tools that look do not. */
static bool changes_table(const struct event *event)
{
	switch (event->op) {
	case FACT_SHMGET:
		return event->created;
	case FACT_SHMCTL:
		return event->ret >= 0 && (event->cmd == IPC_RMID || event->cmd == IPC_SET ||
					   event->cmd == SHM_LOCK || event->cmd == SHM_UNLOCK);
	default:
		return event->ret >= 0;
	}
}

/* Namespaces are ordered by their inode. */
void table_rests_disturb(struct table_rests *rests, const struct event *event)
{
	size_t low = 0, high = rests->count;

	if (!changes_table(event))
		return;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rests->rows[middle].ipcns < event->ipcns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < rests->count && rests->rows[low].ipcns == event->ipcns)
		rests->rows[low].quiet_ticks = 0;
}

void table_rests_free(struct table_rests *rests)
{
	free(rests->rows);
	*rests = (struct table_rests){0};
}

bool table_rest_tick(struct table_rest *rest)
{
	return rest->quiet_ticks++ >= REST_TICKS;
}

bool table_rest_sleeps(const struct table_rest *rest, uint64_t now)
{
	return rest->known && now < rest->sum_due;
}

int table_rest_read(struct table_rest *rest, bool may_rest, struct sysvipc_table *table,
		    bool *rests)
{
	struct table_rest now = {0};
	int error;

	now.known = sysvipc_sum(&now.sum) == 0;
	rest->sum_due = clock_now() + SUM_INTERVAL;
	*rests = may_rest && now.known && rest->known &&
		 memcmp(&now.sum, &rest->sum, sizeof(now.sum)) == 0;
	if (*rests)
		return 0;
	error = sysvipc_read(table);
	rest->known = now.known && !error;
	rest->sum = now.sum;
	return error;
}
