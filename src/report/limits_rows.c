/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/limits_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"

/* The kernel's defaults for SHMALL and SHMMAX are as good as none (include/uapi/linux/shm.h). */
#define LIMITS_NONE (UINT64_MAX / 2)

enum { LIMITS_ROWS_EACH = MODEL_RESOURCES + 1 + LIMITS_CREATORS };

struct limits_spec {
	const char *name, *what, *set_by, *fails;
};

static const struct limits_spec limits_specs[MODEL_RESOURCES] = {
	[MODEL_SEGMENTS] = {"SHMMNI", "segments", "sysctl kernel.shmmni",
			    "shmget fails with ENOSPC"},
	[MODEL_PAGES] = {"SHMALL", "memory of all segments", "sysctl kernel.shmall",
			 "shmget fails with ENOSPC"},
	[MODEL_SEMSETS] = {"SEMMNI", "semaphore sets", "sysctl kernel.sem, the 4th",
			   "semget fails with ENOSPC"},
	[MODEL_SEMS] = {"SEMMNS", "semaphores", "sysctl kernel.sem, the 2nd",
			"semget fails with ENOSPC"},
	[MODEL_QUEUES] = {"MSGMNI", "message queues", "sysctl kernel.msgmni",
			  "msgget fails with ENOSPC"},
	[MODEL_HUGEPAGES] = {"huge pages", "in use or reserved", "sysctl vm.nr_hugepages",
			     "shmget with SHM_HUGETLB fails with ENOMEM"},
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

static struct limits_row *limits_add(struct limits_list *list, enum limits_kind kind,
				     uint32_t ipcns)
{
	struct limits_row *row = &list->rows[list->count++];

	*row = (struct limits_row){
		.kind = kind, .ipcns = ipcns, .what = "", .set_by = "", .fails = ""};
	return row;
}

static struct limits_row *limits_add_use(struct limits_list *list, uint32_t ipcns,
					 const struct limits_spec *spec, struct fact_use use)
{
	struct limits_row *row = limits_add(list, LIMITS_RESOURCE, ipcns);

	snprintf(row->name, sizeof(row->name), "%s", spec->name);
	row->what = spec->what;
	row->set_by = spec->set_by;
	row->fails = spec->fails;
	row->used = use.used;
	row->max = use.max;
	row->unlimited = use.max >= LIMITS_NONE;
	row->share = limits_share(use.used, use.max);
	return row;
}

static void limits_in_bytes(struct limits_row *row, uint64_t page)
{
	row->unit = LIMITS_BYTES;
	row->used = limits_times(row->used, page);
	row->max = limits_times(row->max, page);
}

static struct limits_row *limits_add_resource(struct limits_list *list,
					      const struct namespace_state *state,
					      enum model_resource resource)
{
	struct limits_row *row = limits_add_use(list, state->facts.ipcns, &limits_specs[resource],
						model_use(state, resource));

	row->ends = model_exhaustion(state, resource, &row->end);
	return row;
}

static void limits_add_pages(struct limits_list *list, const struct namespace_state *state)
{
	struct limits_row *row = limits_add_resource(list, state, MODEL_PAGES);

	if (!row->unlimited)
		snprintf(row->note, sizeof(row->note), "%" PRIu64 " of %" PRIu64 " pages",
			 row->used, row->max);
	limits_in_bytes(row, state->limits.page_size);
}

static void limits_add_queues(struct limits_list *list, const struct namespace_state *state)
{
	const struct limits_facts *limits = &state->limits;
	struct limits_row *row = limits_add_resource(list, state, MODEL_QUEUES);
	char bytes[UNITS_LEN], each[UNITS_LEN];

	if (limits->messages)
		snprintf(row->note, sizeof(row->note),
			 "%" PRIu64 " message%s wait%s, %s; a queue may have %s (MSGMNB)",
			 limits->messages, limits->messages == 1 ? "" : "s",
			 limits->messages == 1 ? "s" : "", units_size(bytes, limits->message_bytes),
			 units_size(each, limits->msgmnb));
}

static void limits_add_shmmax(struct limits_list *list, const struct namespace_state *state)
{
	static const struct limits_spec spec = {"SHMMAX", "largest segment", "sysctl kernel.shmmax",
						""};
	const struct fact_use use = {.max = state->limits.shmmax};

	limits_add_use(list, state->facts.ipcns, &spec, use)->unit = LIMITS_BYTES;
}

static struct limits_row *limits_find_shmmax(struct limits_list *list, uint32_t ipcns)
{
	for (size_t i = 0; i < list->count; i++) {
		struct limits_row *row = &list->rows[i];

		if (row->ipcns == ipcns && strcmp(row->name, "SHMMAX") == 0)
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
	struct limits_row *row = limits_add(list, LIMITS_UNKNOWN, state->facts.ipcns);

	snprintf(row->note, sizeof(row->note), "%s", column_ns_error(state));
}

static void limits_add_creators(struct limits_list *list, uint32_t ipcns)
{
	size_t count;
	const struct creator *first = creators_of(&list->creators, ipcns, &count);

	for (size_t i = 0; i < count && i < LIMITS_CREATORS; i++)
		limits_add(list, LIMITS_CREATOR, ipcns)->creator =
			(size_t)(first - list->creators.rows) + i;
}

static void limits_add_namespace(struct limits_list *list, const struct namespace_state *state)
{
	if (state->has_limits) {
		limits_add_resource(list, state, MODEL_SEGMENTS);
		limits_add_pages(list, state);
		limits_add_shmmax(list, state);
		limits_add_resource(list, state, MODEL_SEMSETS);
		limits_add_resource(list, state, MODEL_SEMS);
		limits_add_queues(list, state);
	} else {
		limits_add_unknown(list, state);
	}
	limits_add_creators(list, state->facts.ipcns);
}

/* ---- huge pages: the machine's ---------------------------------------------------------------- */

static void limits_tell_pool(struct limits_row *row, const struct fact_hugepool *pool)
{
	char size[UNITS_LEN];
	size_t length;

	units_size(size, pool->size);
	if (!pool->total && !pool->overcommit) {
		snprintf(row->note, sizeof(row->note), "none of %s", size);
		return;
	}
	length = (size_t)snprintf(row->note, sizeof(row->note),
				  "%" PRIu64 " of %s, %" PRIu64 " free, %" PRIu64
				  " of these reserved",
				  pool->total, size, pool->free, pool->reserved);

	if (pool->overcommit > pool->surplus)
		snprintf(row->note + length, sizeof(row->note) - length,
			 "; %" PRIu64 " more if memory has them in one piece",
			 pool->overcommit - pool->surplus);
}

/* The model follows it, and knows its slope. */
static void limits_add_default_pool(struct limits_list *list, const struct namespace_state *state)
{
	const struct limits_facts *limits = &state->limits;
	const struct fact_hugepool pool = {
		.size = limits->hugepage_size,
		.total = limits->hugepages_total,
		.free = limits->hugepages_free,
		.reserved = limits->hugepages_reserved,
	};
	struct limits_row *row = limits_add_resource(list, state, MODEL_HUGEPAGES);

	row->ipcns = 0;
	limits_in_bytes(row, pool.size);
	limits_tell_pool(row, &pool);
}

static struct limits_row *limits_add_pool(struct limits_list *list,
					  const struct fact_hugepool *pool)
{
	const struct fact_use use = {
		.used = pool->total + pool->reserved - pool->free,
		.max = pool->total,
	};
	struct limits_row *row = limits_add_use(list, 0, &limits_specs[MODEL_HUGEPAGES], use);
	char size[UNITS_LEN];

	snprintf(row->name, sizeof(row->name), "huge %.10s", units_size(size, pool->size));
	row->set_by = "nr_hugepages in /sys/kernel/mm/hugepages";
	limits_in_bytes(row, pool->size);
	return row;
}

/* Other sizes only where there may be pages of them */
static void limits_add_machine(struct limits_list *list, const struct column_context *context,
			       const struct namespace_state *state)
{
	const struct fact_hugepools *pools = model_hugepools(context->model);
	struct limits_row *standard = &list->rows[list->count];

	limits_add_default_pool(list, state);
	for (size_t i = 0; i < pools->count; i++) {
		const struct fact_hugepool *pool = &pools->rows[i];

		if (pool->size == state->limits.hugepage_size)
			limits_tell_pool(standard, pool);
		else if (pool->total || pool->overcommit)
			limits_tell_pool(limits_add_pool(list, pool), pool);
	}
}

int limits_collect(const struct column_context *context, struct limits_list *list)
{
	size_t count;
	const struct namespace_state *states = model_namespaces(context->model, &count);
	const struct namespace_state *machine = NULL;
	void *rows = list->rows;
	int error;

	list->count = 0;
	error = array_reserve(&rows, &list->capacity, count * LIMITS_ROWS_EACH + FACT_HUGEPOOLS + 1,
			      sizeof(*list->rows));
	list->rows = rows;
	if (!error)
		error = creators_collect(context, &list->creators);
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
		limits_add_machine(list, context, machine);
	return 0;
}

void limits_free(struct limits_list *list)
{
	creators_free(&list->creators);
	free(list->rows);
	*list = (struct limits_list){0};
}

const char *limits_figure(const struct limits_row *row, uint64_t figure, char out[static UNITS_LEN])
{
	if (row->unit == LIMITS_BYTES)
		units_size(out, figure);
	else
		snprintf(out, UNITS_LEN, "%" PRIu64, figure);
	return out;
}
