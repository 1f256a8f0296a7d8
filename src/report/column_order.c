/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/filter.h"

struct column_order {
	const struct column_context *context;
	enum column_id id;
	bool descending;
};

/* One's own namespace comes first. */
static int column_compare_ns(const struct column_context *context, uint32_t a, uint32_t b)
{
	if ((a == context->own_ipcns) != (b == context->own_ipcns))
		return a == context->own_ipcns ? -1 : 1;
	return (a > b) - (a < b);
}

/* Namespace, shmid and generation make every order total: rows never change places by chance. */
static int column_compare_id(const struct column_context *context, const struct segment_id *a,
			     const struct segment_id *b)
{
	int order = column_compare_ns(context, a->ipcns, b->ipcns);

	if (order)
		return order;
	if (a->shmid != b->shmid)
		return a->shmid < b->shmid ? -1 : 1;
	return (a->generation > b->generation) - (a->generation < b->generation);
}

static int column_compare_values(const struct column_value *a, const struct column_value *b)
{
	if (a->type == COLUMN_TEXT)
		return strcmp(a->text, b->text);
	return (a->number > b->number) - (a->number < b->number);
}

int column_compare(const struct column_context *context, enum column_id id, bool descending,
		   const struct segment *a, const struct segment *b)
{
	struct column_value left, right;
	int order;

	column_table[id].value(context, a, &left);
	column_table[id].value(context, b, &right);
	if (left.type == COLUMN_UNKNOWN || right.type == COLUMN_UNKNOWN) {
		order = (left.type == COLUMN_UNKNOWN) - (right.type == COLUMN_UNKNOWN);
	} else {
		order = id == COLUMN_NS ? column_compare_ns(context, a->id.ipcns, b->id.ipcns)
					: column_compare_values(&left, &right);
		order = descending ? -order : order;
	}
	return order ? order : column_compare_id(context, &a->id, &b->id);
}

static int column_compare_entry(const void *left, const void *right, void *data)
{
	const struct segment *const *a = left;
	const struct segment *const *b = right;
	const struct column_order *order = data;

	return column_compare(order->context, order->id, order->descending, *a, *b);
}

static size_t column_add(const struct column_context *context, const struct filter *filter,
			 const struct segment *list, const struct segment **segments)
{
	size_t count = 0;

	for (; list; list = list->next) {
		if (!filter || filter_match(filter, context, list))
			segments[count++] = list;
	}
	return count;
}

int column_select(const struct column_context *context, const struct filter *filter,
		  enum column_id order, bool descending, bool gone, struct segment_id **ids,
		  size_t *count, size_t *capacity)
{
	struct column_order by = {.context = context, .id = order, .descending = descending};
	size_t room = model_segment_count(context->model) + model_gone_count(context->model);
	const struct segment **segments;
	void *grown = *ids;
	size_t found;
	int err;

	*count = 0;
	err = array_reserve(&grown, capacity, room, sizeof(**ids));
	if (err)
		return err;
	*ids = grown;
	segments = calloc(room + 1, sizeof(const struct segment *));
	if (!segments)
		return -ENOMEM;
	found = column_add(context, filter, model_segments(context->model), segments);
	if (gone)
		found += column_add(context, filter, model_gone(context->model), segments + found);
	qsort_r(segments, found, sizeof(const struct segment *), column_compare_entry, &by);
	for (size_t i = 0; i < found; i++)
		(*ids)[i] = segments[i]->id;
	*count = found;
	free(segments);
	return 0;
}
