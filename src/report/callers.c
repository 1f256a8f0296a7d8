/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/callers.h"

#include <stdlib.h>
#include <string.h>

/* ---- the table ----------------------------------------------------------------------------- */

static int caller_compare(const struct caller *a, const struct caller *b)
{
	if (a->sum.took != b->sum.took)
		return a->sum.took < b->sum.took ? 1 : -1;
	if (a->sum.calls != b->sum.calls)
		return a->sum.calls < b->sum.calls ? 1 : -1;
	return (a->id.pid > b->id.pid) - (a->id.pid < b->id.pid);
}

static void caller_forget(struct callers *callers, struct caller *caller)
{
	call_sum_join(&callers->forgotten, &caller->sum);
	HASH_DEL(callers->table, caller);
	free(caller);
}

/* Those that just came would be the first to go whenever one more comes: half of the table gives them time. */
static void callers_make_room(struct callers *callers)
{
	struct caller *caller, *next;
	size_t place = 0;

	HASH_SORT(callers->table, caller_compare);
	HASH_ITER (hh, callers->table, caller, next)
		if (place++ >= CALLERS_MOST / 2)
			caller_forget(callers, caller);
}

static struct caller *caller_get(struct callers *callers, const struct event *event)
{
	const struct caller_id id = {.start_time = event->start_time, .pid = event->pid};
	struct caller *caller;

	HASH_FIND(hh, callers->table, &id, sizeof(id), caller);
	if (caller)
		return caller;
	if (callers_known(callers) >= CALLERS_MOST)
		callers_make_room(callers);
	caller = calloc(1, sizeof(*caller));
	if (!caller)
		return NULL;
	caller->id = id;
	HASH_ADD(hh, callers->table, id, sizeof(caller->id), caller);
	if (!caller->hh.tbl) { /* the table could not grow */
		free(caller);
		return NULL;
	}
	return caller;
}

void callers_count(struct callers *callers, const struct event *event)
{
	struct caller *caller = caller_get(callers, event);

	call_sum_add(caller ? &caller->sum : &callers->forgotten, event);
	if (!caller)
		return;
	caller->uid = event->uid;
	memcpy(caller->comm, event->comm, sizeof(caller->comm));
}

void callers_free(struct callers *callers)
{
	struct caller *caller, *next;

	HASH_ITER (hh, callers->table, caller, next)
		caller_forget(callers, caller);
}

size_t callers_known(const struct callers *callers)
{
	return HASH_COUNT(callers->table);
}

size_t callers_top(struct callers *callers, size_t most, const struct caller *rows[],
		   struct call_sum *others)
{
	struct caller *caller, *next;
	size_t count = 0;

	*others = callers->forgotten;
	HASH_SORT(callers->table, caller_compare);
	HASH_ITER (hh, callers->table, caller, next) {
		if (count < most)
			rows[count++] = caller;
		else
			call_sum_join(others, &caller->sum);
	}
	return count;
}
