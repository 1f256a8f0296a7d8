/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/owners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "judge/program.h"
#include "report/groups.h"

#define OWNERS_MADE_TIME (UINT64_C(60) * CLOCK_SECOND)

static const char *const owners_by_names[OWNERS_BY_COUNT] = {
	[OWNERS_EXE] = "exe",
	[OWNERS_USER] = "user",
	[OWNERS_CGROUP] = "cgroup",
};

const char *owners_by_name(enum owners_by by)
{
	return owners_by_names[by];
}

struct owners_making {
	const struct column_context *context;
	struct owners_list *list;
	struct groups names;
	enum owners_by by;
};

/* Points into the model or into `buffer`. */
static const char *owners_name(const struct owners_making *making, const struct segment *segment,
			       struct column_value *buffer)
{
	const struct process *creator = segment->creator;

	switch (making->by) {
	case OWNERS_EXE:
		return program_name(segment);
	case OWNERS_USER:
		column_table[COLUMN_OWNER].value(making->context, segment, buffer);
		return buffer->type == COLUMN_TEXT ? buffer->text : "-";
	case OWNERS_CGROUP:
	default:
		return creator && creator->cgroup[0] ? creator->cgroup : "-";
	}
}

static int owners_row(struct owners_making *making, const struct segment *segment,
		      struct owners_row **out)
{
	struct owners_list *list = making->list;
	struct column_value buffer;
	const char *name = owners_name(making, segment, &buffer);
	void *rows = list->rows;
	size_t index;
	int error = array_reserve(&rows, &list->capacity, list->count + 1, sizeof(*list->rows));

	list->rows = rows;
	if (!error)
		error = groups_row(&making->names, name, list->count, &index);
	if (error)
		return error;
	*out = &list->rows[index];
	if (index == list->count) {
		**out = (struct owners_row){.has_bytes = true, .has_rss = true};
		snprintf((*out)->name, sizeof((*out)->name), "%s", name);
		list->count++;
	}
	return 0;
}

static void owners_sum(const struct column_context *context, const struct segment *segment,
		       struct owners_row *row)
{
	const struct segment_facts *facts = &segment->facts;
	const uint64_t bytes = facts->known & FACT_COL_SIZE ? facts->size : 0;

	row->segments++;
	row->bytes += bytes;
	row->has_bytes = row->has_bytes && (facts->known & FACT_COL_SIZE);
	row->rss += facts->known & FACT_COL_RSS ? facts->rss : 0;
	row->has_rss = row->has_rss && (facts->known & FACT_COL_RSS);
	if (!(facts->known & FACT_COL_NATTCH))
		return;
	row->attached += segment->nattch;
	if (segment->nattch)
		return;
	row->unattached++;
	row->unattached_bytes += bytes;
	if (!(column_flags(context, segment) & COLUMN_FLAG_LEAK))
		return;
	row->leaked++;
	row->leaked_bytes += bytes;
}

static int owners_add(struct owners_making *making, const struct segment *segment)
{
	const uint64_t now = making->context->now;
	struct owners_row *row;
	bool made = segment->born && now < segment->born + OWNERS_MADE_TIME;

	if (segment->gone && !made)
		return 0;
	int error = owners_row(making, segment, &row);

	if (error)
		return error;
	row->made += made;
	if (!segment->gone)
		owners_sum(making->context, segment, row);
	return 0;
}

static int owners_order(const void *left, const void *right)
{
	const struct owners_row *a = left;
	const struct owners_row *b = right;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return strcmp(a->name, b->name);
}

int owners_collect(const struct column_context *context, enum owners_by by,
		   struct owners_list *list)
{
	struct owners_making making = {.context = context, .list = list, .by = by};
	const uint64_t now = context->now;
	const struct segment *const lists[] = {
		model_segments(context->model),
		model_gone_since(context->model,
				 now > OWNERS_MADE_TIME ? now - OWNERS_MADE_TIME : 0),
	};
	int error = 0;

	list->count = 0;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct segment *at = lists[i]; at && !error; at = at->next)
			error = owners_add(&making, at);
	if (error)
		list->count = 0;
	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(*list->rows), owners_order);
	groups_free(&making.names);
	return error;
}

void owners_free(struct owners_list *list)
{
	free(list->rows);
	*list = (struct owners_list){0};
}
