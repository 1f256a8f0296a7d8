/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/creators.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/units.h"
#include "judge/program.h"
#include "report/groups.h"
#include "report/owner.h"

enum { KEY_LEN = FACT_TEXT_LEN + 32, PROGRAM_LEN = 60 };

struct creators_making {
	struct creator_list *list;
	struct groups names;
	uint64_t page;
	uint32_t ipcns; /* whose page that is */
};

static uint32_t creators_uid(const struct segment *segment)
{
	return segment->facts.known & FACT_COL_UID ? segment->facts.uid : FACT_UID_UNKNOWN;
}

/* Programs are told apart by name; where there is none, the owner is all that is known. */
static int creators_row(struct creators_making *making, const struct segment *segment,
			struct creator **out)
{
	struct creator_list *list = making->list;
	const char *program = program_name(segment);
	const uint32_t uid = creators_uid(segment);
	void *rows = list->rows;
	char key[KEY_LEN];
	size_t index;
	int error = array_reserve(&rows, &list->capacity, list->count + 1, sizeof(*list->rows));

	list->rows = rows;
	snprintf(key, sizeof(key), "%" PRIu32 " %s %" PRIu32, segment->id.ipcns, program,
		 strcmp(program, "-") ? 0 : uid);
	if (!error)
		error = groups_row(&making->names, key, list->count, &index);
	if (error)
		return error;
	*out = &list->rows[index];
	if (index == list->count) {
		**out = (struct creator){.ipcns = segment->id.ipcns, .uid = uid};
		snprintf((*out)->program, sizeof((*out)->program), "%s", program);
		list->count++;
	}
	return 0;
}

static uint64_t creators_bytes(const struct segment *segment, uint64_t page)
{
	const uint64_t size = segment->facts.known & FACT_COL_SIZE ? segment->facts.size : 0;

	return page && size % page ? size - size % page + page : size;
}

static void creators_sum(struct creator *row, const struct segment *segment, uint64_t page)
{
	const struct segment_facts *facts = &segment->facts;

	row->segments++;
	row->bytes += creators_bytes(segment, page);
	row->unattached += facts->known & FACT_COL_NATTCH && segment->nattch == 0;
	if (creators_uid(segment) != row->uid)
		row->uid = FACT_UID_UNKNOWN;
	if (!(facts->known & FACT_COL_CTIME))
		return;
	if (!row->has_times || facts->ctime < row->first)
		row->first = facts->ctime;
	if (!row->has_times || facts->ctime > row->last)
		row->last = facts->ctime;
	row->has_times = true;
}

/* Segments of a namespace mostly stand together: it is seldom looked for. */
static uint64_t creators_page(const struct column_context *context, struct creators_making *making,
			      uint32_t ipcns)
{
	size_t count;
	const struct namespace_state *places = model_namespaces(context->model, &count);

	if (making->ipcns == ipcns)
		return making->page;
	making->ipcns = ipcns;
	making->page = 0;
	for (size_t i = 0; i < count; i++)
		if (places[i].facts.ipcns == ipcns && places[i].has_limits)
			making->page = places[i].limits.page_size;
	return making->page;
}

static int creators_order(const void *left, const void *right)
{
	const struct creator *a = left;
	const struct creator *b = right;

	if (a->ipcns != b->ipcns)
		return a->ipcns < b->ipcns ? -1 : 1;
	if (a->segments != b->segments)
		return a->segments > b->segments ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	if (strcmp(a->program, b->program))
		return strcmp(a->program, b->program);
	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

int creators_collect(const struct column_context *context, struct creator_list *list)
{
	struct creators_making making = {.list = list};
	int error = 0;

	list->count = 0;
	for (const struct segment *at = model_segments(context->model); at && !error;
	     at = at->next) {
		struct creator *row;

		error = creators_row(&making, at, &row);
		if (!error)
			creators_sum(row, at, creators_page(context, &making, at->id.ipcns));
	}
	if (error)
		list->count = 0;
	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(*list->rows), creators_order);
	groups_free(&making.names);
	return error;
}

void creators_free(struct creator_list *list)
{
	free(list->rows);
	*list = (struct creator_list){0};
}

const struct creator *creators_of(const struct creator_list *list, uint32_t ipcns, size_t *count)
{
	size_t first = 0, end;

	while (first < list->count && list->rows[first].ipcns != ipcns)
		first++;
	for (end = first; end < list->count && list->rows[end].ipcns == ipcns;)
		end++;
	*count = end - first;
	return *count ? &list->rows[first] : NULL;
}

/* ---- words ------------------------------------------------------------------------------------ */

/* The end of a path tells more than its beginning. */
static const char *creators_tail(const char *program)
{
	const size_t length = strlen(program);
	const char *tail = length > PROGRAM_LEN ? program + length - PROGRAM_LEN : program;

	while ((*tail & 0xc0) == 0x80)
		tail++;
	return tail;
}

static char *creators_join(char out[static CREATORS_NAME_LEN], const struct column_context *context,
			   const struct creator *creator, const char *program)
{
	const char *user = owner_name(context->owners, creator->uid);
	char number[32];

	if (creator->uid == FACT_UID_UNKNOWN) {
		snprintf(out, CREATORS_NAME_LEN, "%s", program);
		return out;
	}
	snprintf(number, sizeof(number), "uid %" PRIu32, creator->uid);
	user = user ? user : number;
	snprintf(out, CREATORS_NAME_LEN, "%s (%.*s)", program, (int)text_prefix(user, 32), user);
	return out;
}

char *creators_name(char out[static CREATORS_NAME_LEN], const struct column_context *context,
		    const struct creator *creator)
{
	const bool known = strcmp(creator->program, "-");

	return creators_join(out, context, creator,
			     known ? creators_tail(creator->program) : "gone");
}

char *creators_short_name(char out[static CREATORS_NAME_LEN], const struct column_context *context,
			  const struct creator *creator)
{
	const char *tail = creators_tail(creator->program);
	const char *last = strrchr(tail, '/');

	if (!last || !last[1])
		return creators_name(out, context, creator);
	return creators_join(out, context, creator, last + 1);
}

char *creators_words(char out[static CREATORS_WORDS_LEN], const struct column_context *context,
		     const struct creator *creator)
{
	const int64_t now = context->wall / (int64_t)CLOCK_SECOND;
	char bytes[UNITS_LEN], first[UNITS_LEN], last[UNITS_LEN];
	size_t length =
		(size_t)snprintf(out, CREATORS_WORDS_LEN, "%zu segment%s, %s, %zu unattached",
				 creator->segments, creator->segments == 1 ? "" : "s",
				 units_size(bytes, creator->bytes), creator->unattached);

	if (!creator->has_times)
		return out;
	units_age(first, now > creator->first ? (uint64_t)(now - creator->first) : 0);
	units_age(last, now > creator->last ? (uint64_t)(now - creator->last) : 0);
	if (strcmp(first, last) == 0)
		snprintf(out + length, CREATORS_WORDS_LEN - length, ", made %s ago", last);
	else
		snprintf(out + length, CREATORS_WORDS_LEN - length, ", made %s to %s ago", first,
			 last);
	return out;
}
