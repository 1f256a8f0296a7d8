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

/* A segment and what it is sorted by, which is worked out once. */
struct column_key {
	const struct segment *segment;
	bool known;
	int64_t number;
	const char *text; /* NULL: it is the number */
	char *own;        /* where the text is nobody else's; owned */
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

static int column_compare_keys(const void *left, const void *right, void *data)
{
	const struct column_key *a = left;
	const struct column_key *b = right;
	const struct column_order *by = data;
	int order;

	if (!a->known || !b->known) {
		order = b->known - a->known;
		return order ? order
			     : column_compare_id(by->context, &a->segment->id, &b->segment->id);
	}
	if (by->id == COLUMN_NS)
		order = column_compare_ns(by->context, a->segment->id.ipcns, b->segment->id.ipcns);
	else if (a->text)
		order = strcmp(a->text, b->text);
	else
		order = (a->number > b->number) - (a->number < b->number);
	if (order)
		return by->descending ? -order : order;
	return column_compare_id(by->context, &a->segment->id, &b->segment->id);
}

static void column_key(const struct column_order *by, const struct segment *segment,
		       struct column_value *value, struct column_key *out)
{
	column_table[by->id].value(by->context, segment, value);
	*out = (struct column_key){
		.segment = segment,
		.known = value->type != COLUMN_UNKNOWN,
		.number = value->number,
		.text = value->type == COLUMN_TEXT ? value->text : NULL,
	};
}

int column_compare(const struct column_context *context, enum column_id id, bool descending,
		   const struct segment *a, const struct segment *b)
{
	struct column_order by = {.context = context, .id = id, .descending = descending};
	struct column_value values[2];
	struct column_key left, right;

	column_key(&by, a, &values[0], &left);
	column_key(&by, b, &values[1], &right);
	return column_compare_keys(&left, &right, &by);
}

/* The segments of a list that pass. 0 or -ENOMEM. */
static int column_add(const struct column_order *by, const struct filter *filter,
		      const struct segment *list, struct column_key *keys, size_t *count)
{
	struct column_value value;

	for (; list; list = list->next) {
		struct column_key *key = &keys[*count];

		if (filter && !filter_match(filter, by->context, list))
			continue;
		column_key(by, list, &value, key);
		if (key->text == value.buffer) {
			key->own = strdup(key->text);
			if (!key->own)
				return -ENOMEM;
			key->text = key->own;
		}
		(*count)++;
	}
	return 0;
}

int column_select(const struct column_context *context, const struct filter *filter,
		  enum column_id order, bool descending, uint64_t gone, struct segment_id **ids,
		  size_t *count, size_t *capacity)
{
	struct column_order by = {.context = context, .id = order, .descending = descending};
	const struct segment *ended = gone ? model_gone_since(context->model, gone) : NULL;
	size_t room = model_segment_count(context->model);
	size_t found = 0;
	struct column_key *keys;
	void *grown = *ids;
	int err;

	for (const struct segment *at = ended; at; at = at->next)
		room++;
	err = array_reserve(&grown, capacity, room, sizeof(**ids));
	if (err)
		return err;
	*ids = grown;
	keys = calloc(room + 1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	err = column_add(&by, filter, model_segments(context->model), keys, &found);
	if (!err)
		err = column_add(&by, filter, ended, keys, &found);
	if (!err) {
		qsort_r(keys, found, sizeof(*keys), column_compare_keys, &by);
		for (size_t i = 0; i < found; i++)
			(*ids)[i] = keys[i].segment->id;
		*count = found;
	}
	for (size_t i = 0; i < found; i++)
		free(keys[i].own);
	free(keys);
	return err;
}
