/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/limits_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* The kernel's defaults for SHMALL and SHMMAX are as good as none (include/uapi/linux/shm.h). */
#define LIMITS_NONE (UINT64_MAX / 2)

enum { LIMITS_ROWS_EACH = MODEL_RESOURCES + 1 };

struct limits_spec {
	const char *name, *what;
};

static const struct limits_spec limits_specs[MODEL_RESOURCES] = {
	[MODEL_SEGMENTS] = {"SHMMNI", "segments"},
	[MODEL_PAGES] = {"SHMALL", "memory of all segments"},
	[MODEL_SEMSETS] = {"SEMMNI", "semaphore sets"},
	[MODEL_SEMS] = {"SEMMNS", "semaphores"},
	[MODEL_QUEUES] = {"MSGMNI", "message queues"},
	[MODEL_HUGEPAGES] = {"huge pages", "in use or reserved"},
};

static unsigned int limits_share(uint64_t used, uint64_t max)
{
	if (used >= max)
		return max || used ? LIMITS_SHARE_FULL : 0;
	return (unsigned int)((double)used / (double)max * LIMITS_SHARE_FULL);
}

static uint64_t limits_times(uint64_t count, uint64_t size)
{
	uint64_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? UINT64_MAX : bytes;
}

static struct limits_row *limits_add(struct limits_list *list, uint32_t ipcns,
				     const struct limits_spec *spec, struct fact_use use)
{
	struct limits_row *row = &list->rows[list->count++];

	*row = (struct limits_row){
		.ipcns = ipcns,
		.name = spec->name,
		.what = spec->what,
		.used = use.used,
		.max = use.max,
		.unlimited = use.max >= LIMITS_NONE,
		.share = limits_share(use.used, use.max),
	};
	return row;
}

static void limits_add_resource(struct limits_list *list, const struct namespace_state *state,
				enum model_resource resource)
{
	const bool machine = resource == MODEL_HUGEPAGES;
	struct limits_row *row = limits_add(list, machine ? 0 : state->facts.ipcns,
					    &limits_specs[resource], model_use(state, resource));
	const uint64_t page = machine                   ? state->limits.hugepage_size
			      : resource == MODEL_PAGES ? state->limits.page_size
							: 0;

	row->ends = model_exhaustion(state, resource, &row->end);
	if (!page)
		return;
	row->unit = LIMITS_BYTES;
	row->used = limits_times(row->used, page);
	row->max = limits_times(row->max, page);
}

static void limits_add_shmmax(struct limits_list *list, const struct namespace_state *state)
{
	static const struct limits_spec spec = {"SHMMAX", "largest segment"};
	const struct fact_use use = {.max = state->limits.shmmax};

	limits_add(list, state->facts.ipcns, &spec, use)->unit = LIMITS_BYTES;
}

static struct limits_row *limits_find_shmmax(struct limits_list *list, uint32_t ipcns)
{
	for (size_t i = 0; i < list->count; i++) {
		struct limits_row *row = &list->rows[i];

		if (row->ipcns == ipcns && row->name && strcmp(row->name, "SHMMAX") == 0)
			return row;
	}
	return NULL;
}

/* Segments of a namespace mostly stand together: its row is seldom looked for. */
static void limits_find_largest(const struct column_context *context, struct limits_list *list)
{
	struct limits_row *row = NULL;
	uint32_t ipcns = 0;

	for (const struct segment *at = model_segments(context->model); at; at = at->next) {
		if (at->id.ipcns != ipcns)
			row = limits_find_shmmax(list, at->id.ipcns);
		ipcns = at->id.ipcns;
		if (!row || !(at->facts.known & FACT_COL_SIZE) || at->facts.size <= row->used)
			continue;
		row->used = at->facts.size;
		row->share = limits_share(row->used, row->max);
	}
}

static void limits_add_unknown(struct limits_list *list, const struct namespace_state *state)
{
	struct limits_row *row = &list->rows[list->count++];

	*row = (struct limits_row){.ipcns = state->facts.ipcns};
	snprintf(row->why, sizeof(row->why), "%s",
		 !state->error            ? "not read yet"
		 : state->error == -ESRCH ? "no process is left that leads into it"
		 : state->error == -EPERM || state->error == -EACCES ? "only root may enter it"
								     : strerror(-state->error));
}

static void limits_add_namespace(struct limits_list *list, const struct namespace_state *state)
{
	static const enum model_resource rest[] = {MODEL_SEMSETS, MODEL_SEMS, MODEL_QUEUES};

	if (!state->has_limits) {
		limits_add_unknown(list, state);
		return;
	}
	limits_add_resource(list, state, MODEL_SEGMENTS);
	limits_add_resource(list, state, MODEL_PAGES);
	limits_add_shmmax(list, state);
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		limits_add_resource(list, state, rest[i]);
}

int limits_collect(const struct column_context *context, struct limits_list *list)
{
	size_t count;
	const struct namespace_state *states = model_namespaces(context->model, &count);
	const struct namespace_state *machine = NULL;
	void *rows = list->rows;
	int error;

	list->count = 0;
	error = array_reserve(&rows, &list->capacity, count * LIMITS_ROWS_EACH + 1,
			      sizeof(*list->rows));
	list->rows = rows;
	if (error)
		return error;
	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < count; i++) {
			if ((states[i].facts.ipcns == context->own_ipcns) != own)
				continue;
			limits_add_namespace(list, &states[i]);
			if (!machine && states[i].has_limits && states[i].limits.has_hugepages)
				machine = &states[i];
		}
	}
	limits_find_largest(context, list);
	if (machine)
		limits_add_resource(list, machine, MODEL_HUGEPAGES);
	return 0;
}

void limits_free(struct limits_list *list)
{
	free(list->rows);
	*list = (struct limits_list){0};
}
