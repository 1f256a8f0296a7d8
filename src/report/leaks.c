/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/leaks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/array.h"
#include "base/units.h"
#include "report/groups.h"

static const char *const leaks_verdict_names[LEAKS_VERDICTS] = {
	[LEAKS_GONE] = "gone", [LEAKS_DEST] = "dest",     [LEAKS_IN_USE] = "in-use",
	[LEAKS_NEW] = "new",   [LEAKS_ORPHAN] = "orphan", [LEAKS_UNATTACHED] = "unattached",
};

static const char *const leaks_confidence_names[LEAKS_CONFIDENCES] = {
	[LEAKS_NONE] = "",
	[LEAKS_WATCH] = "watch",
	[LEAKS_LIKELY] = "likely",
	[LEAKS_SURE] = "sure",
};

/* ---- one segment ----------------------------------------------------------------------------- */

enum leaks_verdict leaks_verdict(const struct column_context *context,
				 const struct segment *segment)
{
	const unsigned int flags = column_flags(context, segment);

	if (segment->gone)
		return LEAKS_GONE;
	if (flags & COLUMN_FLAG_DEST)
		return LEAKS_DEST;
	if (!(segment->facts.known & FACT_COL_NATTCH))
		return LEAKS_UNKNOWN;
	if (segment->nattch > 0)
		return LEAKS_IN_USE;
	if (segment->born && context->now < segment->born + LEAKS_NEW_TIME)
		return LEAKS_NEW;
	return flags & COLUMN_FLAG_ORPHAN ? LEAKS_ORPHAN : LEAKS_UNATTACHED;
}

const char *leaks_verdict_name(enum leaks_verdict verdict)
{
	return leaks_verdict_names[verdict];
}

enum leaks_confidence leaks_confidence(enum leaks_verdict verdict)
{
	if (verdict == LEAKS_ORPHAN)
		return LEAKS_LIKELY;
	return verdict == LEAKS_UNATTACHED ? LEAKS_WATCH : LEAKS_NONE;
}

const char *leaks_confidence_name(enum leaks_confidence confidence)
{
	return leaks_confidence_names[confidence];
}

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
	struct leaks_total total = {.has_bytes = true};

	for (const struct segment *at = model_segments(context->model); at; at = at->next)
		if (leaks_confidence(leaks_verdict(context, at)) >= LEAKS_LIKELY)
			leaks_add_total(&total, at);
	return total;
}

/* ---- evidence -------------------------------------------------------------------------------- */

/* What a row is made from, while it is made */
struct leaks_group {
	const struct segment *longest; /* without any attachment */
	bool others;                   /* not all have the same creator */
	bool attached;                 /* some were attached once, or may have been */
};

struct leaks_making {
	const struct column_context *context;
	struct leaks_list *list;
	struct groups names[LEAKS_VERDICTS];
	struct leaks_group *groups; /* by row */
	size_t capacity;
};

static bool leaks_was_attached(const struct segment *segment)
{
	return !(segment->facts.known & FACT_COL_ATIME) || segment->facts.atime ||
	       segment->detached;
}

static uint64_t leaks_value(const struct leaks_making *making, const struct segment *segment,
			    enum column_id id, bool *known)
{
	struct column_value value;

	column_table[id].value(making->context, segment, &value);
	*known = value.type == COLUMN_NUMBER;
	return *known ? (uint64_t)value.number : 0;
}

static const char *leaks_fate(const struct process *creator, char out[static UNITS_LEN])
{
	if (!creator->checked)
		return "may live";
	if (creator->alive)
		return "lives";
	if (!creator->ended)
		return "is gone";
	if (creator->has_status && WIFSIGNALED(creator->status)) {
		snprintf(out, UNITS_LEN, "was killed by signal %d", WTERMSIG(creator->status));
		return out;
	}
	return "exited";
}

static void leaks_explain(const struct leaks_making *making, const struct leaks_group *group,
			  struct leaks_row *row)
{
	const struct process *creator = group->longest->creator;
	char age[UNITS_LEN], fate[UNITS_LEN];
	char *out = row->evidence;
	size_t length;
	bool known;
	uint64_t idle = leaks_value(making, group->longest, COLUMN_IDLE, &known);

	length = (size_t)snprintf(out, LEAKS_EVIDENCE_LEN, "%s%s%s%s",
				  group->attached ? "nattch 0" : "never attached",
				  !known            ? ""
				  : group->attached ? " for "
						    : " in ",
				  known && row->count > 1 ? "up to " : "",
				  known ? units_age(age, idle) : "");
	if (!creator)
		snprintf(out + length, LEAKS_EVIDENCE_LEN - length, ", creator unknown");
	else
		snprintf(out + length, LEAKS_EVIDENCE_LEN - length,
			 ", creator %" PRId32 "%s%s %s%s", creator->pid,
			 creator->comm[0] ? " " : "", creator->comm, leaks_fate(creator, fate),
			 group->others ? ", and others" : "");
}

char *leaks_evidence(const struct column_context *context, const struct segment *segment,
		     char out[static LEAKS_EVIDENCE_LEN])
{
	const struct leaks_making making = {.context = context};
	const struct leaks_group group = {.longest = segment,
					  .attached = leaks_was_attached(segment)};
	struct leaks_row row = {.count = 1};

	leaks_explain(&making, &group, &row);
	return memcpy(out, row.evidence, LEAKS_EVIDENCE_LEN);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int leaks_reserve(struct leaks_making *making)
{
	struct leaks_list *list = making->list;
	void *rows = list->rows, *groups = making->groups;
	int error = array_reserve(&rows, &list->capacity, list->count + 1, sizeof(*list->rows));

	list->rows = rows;
	if (!error)
		error = array_reserve(&groups, &making->capacity, list->count + 1,
				      sizeof(*making->groups));
	making->groups = groups;
	return error;
}

static void leaks_begin(struct leaks_making *making, const char *name, enum leaks_verdict verdict,
			const struct segment *segment)
{
	struct leaks_list *list = making->list;
	struct leaks_row *row = &list->rows[list->count];

	*row = (struct leaks_row){
		.verdict = verdict,
		.confidence = leaks_confidence(verdict),
		.has_bytes = true,
		.largest = segment->id,
	};
	snprintf(row->name, sizeof(row->name), "%s", name);
	making->groups[list->count++] = (struct leaks_group){.longest = segment};
}

static uint64_t leaks_size(const struct leaks_making *making, const struct segment_id *id)
{
	bool known;

	return leaks_value(making, model_find(making->context->model, id), COLUMN_SIZE, &known);
}

static void leaks_merge(struct leaks_making *making, size_t index, const struct segment *segment)
{
	struct leaks_group *group = &making->groups[index];
	struct leaks_row *row = &making->list->rows[index];
	bool known, more;
	uint64_t bytes, idle, longest;
	uint64_t age = leaks_value(making, segment, COLUMN_AGE, &known);

	if (known && (!row->has_oldest || age > row->oldest)) {
		row->has_oldest = true;
		row->oldest = age;
	}
	group->others = group->others || group->longest->creator != segment->creator;
	idle = leaks_value(making, segment, COLUMN_IDLE, &known);
	longest = leaks_value(making, group->longest, COLUMN_IDLE, &more);
	if (known && (!more || idle > longest))
		group->longest = segment;
	group->attached = group->attached || leaks_was_attached(segment);
	row->size += leaks_size(making, &segment->id);
	if (leaks_size(making, &segment->id) > leaks_size(making, &row->largest))
		row->largest = segment->id;
	row->has_bytes = leaks_bytes(segment, &bytes) && row->has_bytes;
	row->bytes += bytes;
	row->count++;
}

static int leaks_add(struct leaks_making *making, const struct segment *segment)
{
	const enum leaks_verdict verdict = leaks_verdict(making->context, segment);
	const char *name = groups_program(segment);
	size_t row;

	if (leaks_confidence(verdict) == LEAKS_NONE)
		return 0;
	int error = leaks_reserve(making);

	if (!error)
		error = groups_row(&making->names[verdict], name, making->list->count, &row);
	if (error)
		return error;
	if (row == making->list->count)
		leaks_begin(making, name, verdict, segment);
	leaks_merge(making, row, segment);
	leaks_add_total(&making->list->total[leaks_confidence(verdict)], segment);
	return 0;
}

static int leaks_order(const void *left, const void *right)
{
	const struct leaks_row *a = left;
	const struct leaks_row *b = right;

	if (a->confidence != b->confidence)
		return a->confidence > b->confidence ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void leaks_clear(struct leaks_list *list)
{
	list->count = 0;
	for (size_t i = 0; i < LEAKS_CONFIDENCES; i++)
		list->total[i] = (struct leaks_total){.has_bytes = true};
}

int leaks_collect(const struct column_context *context, struct leaks_list *list)
{
	struct leaks_making making = {.context = context, .list = list};
	int error = 0;

	leaks_clear(list);
	for (const struct segment *at = model_segments(context->model); at && !error; at = at->next)
		error = leaks_add(&making, at);
	for (size_t i = 0; i < list->count; i++)
		leaks_explain(&making, &making.groups[i], &list->rows[i]);
	if (error)
		leaks_clear(list);
	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(*list->rows), leaks_order);
	for (size_t i = 0; i < LEAKS_VERDICTS; i++)
		groups_free(&making.names[i]);
	free(making.groups);
	return error;
}

void leaks_free(struct leaks_list *list)
{
	free(list->rows);
	*list = (struct leaks_list){0};
}
