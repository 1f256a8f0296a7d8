/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/leaks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "judge/growth.h"
#include "judge/program.h"
#include "report/filter.h"
#include "report/groups.h"

/* What its end would give back. Returns whether that is known; else it is no more than its size. */
static bool leaks_bytes(const struct segment *segment, uint64_t *bytes)
{
	const struct segment_facts *facts = &segment->facts;
	const uint32_t pages = FACT_COL_RSS | FACT_COL_SWAP;
	const bool known = (facts->known & pages) == pages;

	*bytes = known ? facts->rss + facts->swap : facts->known & FACT_COL_SIZE ? facts->size : 0;
	return known;
}

static void leaks_add_total(struct leaks_total *total, const struct segment *segment)
{
	uint64_t bytes;

	total->has_bytes = leaks_bytes(segment, &bytes) && total->has_bytes;
	total->size += segment->facts.known & FACT_COL_SIZE ? segment->facts.size : 0;
	total->bytes += bytes;
	total->count++;
}

struct leaks_total leaks_total(const struct column_context *context)
{
	const struct judge_context judge = column_judge(context);
	struct leaks_total total = {.has_bytes = true};
	enum verdict_confidence confidence;

	for (const struct segment *at = model_segments(context->model); at; at = at->next) {
		verdict_kind(&judge, at, &confidence);
		if (confidence >= VERDICT_MEDIUM)
			leaks_add_total(&total, at);
	}
	return total;
}

char *leaks_evidence(const struct verdict *verdict, char out[static LEAKS_EVIDENCE_LEN])
{
	char whole[VERDICT_REASONS * (VERDICT_REASON_LEN + 2)];
	size_t length = 0;

	whole[0] = '\0';
	for (size_t i = 0; i < verdict->count; i++)
		length += (size_t)snprintf(whole + length, sizeof(whole) - length, "%s%s",
					   i ? ", " : "", verdict->because[i]);
	text_safe(out, LEAKS_EVIDENCE_LEN, whole, length);
	return out;
}

/* ---- rows ------------------------------------------------------------------------------------ */

enum { LEAKS_KEY_LEN = PROGRAM_MAKER_LEN + 16 };

struct leaks_member {
	struct segment_id id;
	size_t row; /* before the rows are sorted */
};

struct leaks_making {
	const struct column_context *context;
	struct judge_context judge;
	struct leaks_list *list;
	struct groups keys;
	leaks_choice *choice;
	void *choosing;
	struct leaks_member *members;
	size_t count, capacity;
};

static uint64_t leaks_value(const struct leaks_making *making, const struct segment *segment,
			    enum column_id id, bool *known)
{
	struct column_value value;

	column_table[id].value(making->context, segment, &value);
	*known = value.type == COLUMN_NUMBER;
	return *known ? (uint64_t)value.number : 0;
}

static int leaks_reserve(struct leaks_making *making)
{
	struct leaks_list *list = making->list;
	void *rows = list->rows, *members = making->members;
	int error = array_reserve(&rows, &list->capacity, list->count + 1, sizeof(*list->rows));

	list->rows = rows;
	if (!error)
		error = array_reserve(&members, &making->capacity, making->count + 1,
				      sizeof(*making->members));
	making->members = members;
	return error;
}

static void leaks_begin(struct leaks_list *list, const struct segment *segment,
			enum verdict_kind kind, enum verdict_confidence confidence)
{
	struct leaks_row *row = &list->rows[list->count++];

	*row = (struct leaks_row){
		.kind = kind,
		.confidence = confidence,
		.site = segment->site,
		.has_bytes = true,
		.largest = segment->id,
		.example = segment->id,
	};
	snprintf(row->name, sizeof(row->name), "%s", program_name(segment));
}

/* Is it larger, is it unused for longer than the one that the row has for that? */
static bool leaks_beats(const struct leaks_making *making, const struct segment *segment,
			const struct segment_id *id, enum column_id by)
{
	bool known, other_known;
	uint64_t value = leaks_value(making, segment, by, &known);
	uint64_t other =
		leaks_value(making, model_find(making->context->model, id), by, &other_known);

	return known && (!other_known || value > other);
}

static void leaks_merge(const struct leaks_making *making, struct leaks_row *row,
			const struct segment *segment)
{
	const struct process *creator = segment->creator;
	bool known;
	uint64_t bytes;
	uint64_t age = leaks_value(making, segment, COLUMN_AGE, &known);

	if (known && (!row->has_oldest || age > row->oldest)) {
		row->has_oldest = true;
		row->oldest = age;
	}
	if (leaks_beats(making, segment, &row->example, COLUMN_IDLE))
		row->example = segment->id;
	if (leaks_beats(making, segment, &row->largest, COLUMN_SIZE))
		row->largest = segment->id;
	/* the executable of one that lived long enough is that of all */
	if (row->name[0] != '/' && creator && creator->exe[0])
		snprintf(row->name, sizeof(row->name), "%s", creator->exe);
	if (!row->stack)
		row->stack = segment->stack;
	row->size += segment->facts.known & FACT_COL_SIZE ? segment->facts.size : 0;
	row->has_bytes = leaks_bytes(segment, &bytes) && row->has_bytes;
	row->bytes += bytes;
	row->count++;
}

static char *leaks_key(const struct segment *segment, enum verdict_kind kind,
		       enum verdict_confidence confidence, char out[static LEAKS_KEY_LEN])
{
	char maker[PROGRAM_MAKER_LEN];

	snprintf(out, LEAKS_KEY_LEN, "%d %d %s", confidence, kind, program_maker(segment, maker));
	return out;
}

static int leaks_add(struct leaks_making *making, const struct segment *segment)
{
	struct leaks_list *list = making->list;
	enum verdict_confidence confidence;
	const enum verdict_kind kind = verdict_kind(&making->judge, segment, &confidence);
	char key[LEAKS_KEY_LEN];
	size_t row;

	if (!making->choice(making->choosing, segment, kind, confidence))
		return 0;
	int error = leaks_reserve(making);

	if (!error)
		error = groups_row(&making->keys, leaks_key(segment, kind, confidence, key),
				   list->count, &row);
	if (error)
		return error;
	if (row == list->count)
		leaks_begin(list, segment, kind, confidence);
	leaks_merge(making, &list->rows[row], segment);
	making->members[making->count++] = (struct leaks_member){.id = segment->id, .row = row};
	leaks_add_total(&list->total[confidence], segment);
	return 0;
}

bool leaks_row_has(const struct column_context *context, const struct leaks_row *row,
		   const struct segment *segment)
{
	const struct judge_context judge = column_judge(context);
	const struct segment *example = model_find(context->model, &row->example);
	enum verdict_confidence confidence;
	char key[LEAKS_KEY_LEN], other[LEAKS_KEY_LEN];
	enum verdict_kind kind = verdict_kind(&judge, segment, &confidence);

	if (!example || kind != row->kind || confidence != row->confidence)
		return false;
	return strcmp(leaks_key(segment, kind, confidence, key),
		      leaks_key(example, kind, confidence, other)) == 0;
}

static void leaks_explain(const struct leaks_making *making, struct leaks_row *row)
{
	const struct segment *example = model_find(making->context->model, &row->example);
	const struct growth *growth = making->judge.growth;
	const struct growth_row *trend = growth ? growth_of(growth, example) : NULL;
	char evidence[LEAKS_EVIDENCE_LEN], whole[LEAKS_EVIDENCE_LEN + 16];
	struct verdict verdict;

	verdict_judge(&making->judge, example, &verdict);
	leaks_evidence(&verdict, evidence);
	snprintf(whole, sizeof(whole), "%s%s", row->count > 1 ? "the longest: " : "", evidence);
	text_safe(row->evidence, sizeof(row->evidence), whole, sizeof(whole));
	row->full_of = "";
	if (!trend)
		return;
	row->grows = trend->grows;
	row->rate = trend->rate;
	row->has_full = trend->has_full;
	row->full = trend->full;
	row->full_of = trend->full_of;
}

static int leaks_order(const void *left, const void *right)
{
	const struct leaks_row *a = left;
	const struct leaks_row *b = right;

	if (a->confidence != b->confidence)
		return a->confidence > b->confidence ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	if (a->site != b->site)
		return a->site < b->site ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void leaks_clear(struct leaks_list *list)
{
	list->count = list->id_count = 0;
	for (size_t i = 0; i < VERDICT_CONFIDENCES; i++)
		list->total[i] = (struct leaks_total){.has_bytes = true};
}

/* Rows in their order, and the segments in that of their rows. While they are sorted, `first` is the index that
 * members know. */
static int leaks_arrange(const struct leaks_making *making)
{
	struct leaks_list *list = making->list;
	size_t *places = calloc(list->count + 1, sizeof(*places));
	void *ids = list->ids;
	size_t place = 0;
	int error =
		places ? array_reserve(&ids, &list->id_capacity, making->count, sizeof(*list->ids))
		       : -ENOMEM;

	list->ids = ids;
	for (size_t i = 0; i < list->count; i++)
		list->rows[i].first = i;
	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(*list->rows), leaks_order);
	for (size_t i = 0; !error && i < list->count; i++) {
		places[list->rows[i].first] = place;
		list->rows[i].first = place;
		place += list->rows[i].count;
	}
	for (size_t i = 0; !error && i < making->count; i++)
		list->ids[places[making->members[i].row]++] = making->members[i].id;
	list->id_count = place;
	free(places);
	return error;
}

int leaks_collect_chosen(const struct column_context *context, leaks_choice *choice, void *choosing,
			 struct leaks_list *list)
{
	struct leaks_making making = {
		.context = context,
		.judge = column_judge(context),
		.list = list,
		.choice = choice,
		.choosing = choosing,
	};
	int error = 0;

	leaks_clear(list);
	for (const struct segment *at = model_segments(context->model); at && !error; at = at->next)
		error = leaks_add(&making, at);
	groups_free(&making.keys);
	for (size_t i = 0; !error && i < list->count; i++)
		leaks_explain(&making, &list->rows[i]);
	if (!error)
		error = leaks_arrange(&making);
	free(making.members);
	if (error)
		leaks_clear(list);
	return error;
}

static bool leaks_is_suspect(void *choosing, const struct segment *segment, enum verdict_kind kind,
			     enum verdict_confidence confidence)
{
	(void)choosing;
	(void)segment;
	(void)kind;
	return confidence != VERDICT_NONE;
}

int leaks_collect(const struct column_context *context, struct leaks_list *list)
{
	return leaks_collect_chosen(context, leaks_is_suspect, NULL, list);
}

struct leaks_total leaks_sum(const struct leaks_list *list)
{
	struct leaks_total sum = {.has_bytes = true};

	for (size_t i = 0; i < VERDICT_CONFIDENCES; i++) {
		const struct leaks_total *total = &list->total[i];

		sum.count += total->count;
		sum.size += total->size;
		sum.bytes += total->bytes;
		sum.has_bytes = sum.has_bytes && total->has_bytes;
	}
	return sum;
}

void leaks_free(struct leaks_list *list)
{
	free(list->rows);
	free(list->ids);
	*list = (struct leaks_list){0};
}
