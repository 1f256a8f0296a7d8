/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/growth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "judge/mailbox.h"
#include "judge/program.h"
#include "judge/trend.h"

/* Looks are no closer than this, but ticks come a little early, too. */
#define GROWTH_INTERVAL (900 * CLOCK_MS)
/* Who has nothing left behind is remembered for as long as its trend goes back, but no more of them. */
enum { GROWTH_MOST = 4096 };
/* Minutes tell nothing about what comes after, seconds. */
enum { GROWTH_FAR = 30 * 24 * 3600 };

/* Whose segments belong together, with what it was like before */
struct maker {
	char *program; /* owned */
	uint32_t site;
	uint32_t ipcns; /* of all of them, unless `several` */
	bool several;
	size_t count;
	uint64_t bytes;
	size_t before;
	uint64_t since;
	size_t row;
	struct trend trend;
	UT_hash_handle hh;
	char key[];
};

/* A process that holds what others have removed */
struct pinner {
	struct {
		uint64_t start_time;
		int64_t pid; /* as wide: no gap in the key */
	} key;
	size_t count;
	struct trend trend;
	UT_hash_handle hh;
};

struct growth {
	struct maker *makers;
	struct pinner *pinners;
	struct maker **order; /* of those that have segments: as the rows */
	struct growth_row *rows;
	size_t count, order_capacity, rows_capacity;
	size_t growing;    /* rows */
	uint64_t revision; /* of the model at the last look; 0 none */
	uint64_t looked;
};

int growth_new(struct growth **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void forget_maker(struct growth *growth, struct maker *maker)
{
	HASH_DEL(growth->makers, maker);
	free(maker->program);
	free(maker);
}

static void forget_pinner(struct growth *growth, struct pinner *pinner)
{
	HASH_DEL(growth->pinners, pinner);
	free(pinner);
}

void growth_free(struct growth *growth)
{
	struct maker *maker, *next_maker;
	struct pinner *pinner, *next_pinner;

	if (!growth)
		return;
	HASH_ITER (hh, growth->makers, maker, next_maker)
		forget_maker(growth, maker);
	HASH_ITER (hh, growth->pinners, pinner, next_pinner)
		forget_pinner(growth, pinner);
	free(growth->order);
	free(growth->rows);
	free(growth);
}

/* ---- what is there now --------------------------------------------------------------------- */

static bool is_left_behind(const struct segment *segment)
{
	return !segment->gone && (segment->facts.known & FACT_COL_NATTCH) && segment->nattch == 0 &&
	       !(segment->facts.mode & FACT_MODE_DEST) && !mailbox_of(segment);
}

static struct maker *find_maker(const struct growth *growth, const struct segment *segment)
{
	char key[PROGRAM_MAKER_LEN];
	struct maker *maker;

	program_maker(segment, key);
	HASH_FIND(hh, growth->makers, key, strlen(key), maker);
	return maker;
}

static struct maker *new_maker(struct growth *growth, const struct segment *segment)
{
	char key[PROGRAM_MAKER_LEN];
	size_t length = strlen(program_maker(segment, key));
	struct maker *maker = calloc(1, sizeof(*maker) + length + 1);

	if (!maker)
		return NULL;
	memcpy(maker->key, key, length);
	maker->site = segment->site;
	maker->program = strdup(program_name(segment));
	if (maker->program)
		HASH_ADD_KEYPTR(hh, growth->makers, maker->key, length, maker);
	if (!maker->program || !maker->hh.tbl) {
		free(maker->program);
		free(maker);
		return NULL;
	}
	return maker;
}

/* An executable tells more than a comm. */
static void name_maker(struct maker *maker, const struct segment *segment)
{
	const struct process *creator = segment->creator;

	if (!creator || !creator->exe[0] || maker->program[0] == '/')
		return;
	char *program = strdup(creator->exe);

	if (!program)
		return;
	free(maker->program);
	maker->program = program;
}

static int count_left_behind(struct growth *growth, const struct segment *segment)
{
	struct maker *maker = find_maker(growth, segment);

	if (!maker)
		maker = new_maker(growth, segment);
	if (!maker)
		return -ENOMEM;
	name_maker(maker, segment);
	maker->several = maker->count && (maker->several || maker->ipcns != segment->id.ipcns);
	maker->ipcns = segment->id.ipcns;
	maker->count++;
	maker->bytes += segment->facts.known & FACT_COL_SIZE ? segment->facts.size : 0;
	return 0;
}

const struct process *growth_pinner(const struct segment *segment)
{
	const struct holder *holder = segment->mappings ? segment->mappings->holder : NULL;

	if (!holder || !(segment->facts.mode & FACT_MODE_DEST) ||
	    holder->process == segment->creator || segment->mapped != segment->nattch)
		return NULL;
	for (const struct mapping *at = segment->mappings; at; at = at->segment_next)
		if (at->holder != holder || at->origin == MAPPING_FORK)
			return NULL;
	return holder->process;
}

static struct pinner *find_pinner(const struct growth *growth, const struct process *process)
{
	struct pinner like = {.key = {process->start_time, process->pid}};
	struct pinner *pinner;

	HASH_FIND(hh, growth->pinners, &like.key, sizeof(like.key), pinner);
	return pinner;
}

static int count_pinned(struct growth *growth, const struct process *process)
{
	struct pinner *pinner = find_pinner(growth, process);

	if (!pinner) {
		pinner = calloc(1, sizeof(*pinner));
		if (!pinner)
			return -ENOMEM;
		pinner->key.start_time = process->start_time;
		pinner->key.pid = process->pid;
		HASH_ADD(hh, growth->pinners, key, sizeof(pinner->key), pinner);
		if (!pinner->hh.tbl) {
			free(pinner);
			return -ENOMEM;
		}
	}
	pinner->count++;
	return 0;
}

static int count_all(struct growth *growth, const struct model *model)
{
	int error = 0;

	for (struct maker *maker = growth->makers; maker; maker = maker->hh.next)
		maker->count = maker->bytes = 0;
	for (struct pinner *pinner = growth->pinners; pinner; pinner = pinner->hh.next)
		pinner->count = 0;
	for (const struct segment *at = model_segments(model); at && !error; at = at->next) {
		const struct process *pinner = growth_pinner(at);

		if (is_left_behind(at))
			error = count_left_behind(growth, at);
		else if (pinner)
			error = count_pinned(growth, pinner);
	}
	return error;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void note_all(struct growth *growth, uint64_t now)
{
	struct maker *maker, *next_maker;
	struct pinner *pinner, *next_pinner;

	HASH_ITER (hh, growth->makers, maker, next_maker) {
		if (!maker->trend.count) {
			maker->before = maker->count;
			maker->since = now;
		}
		trend_note(&maker->trend, now, maker->count, maker->bytes);
		if (!maker->count &&
		    (trend_is_nothing(&maker->trend) || HASH_COUNT(growth->makers) > GROWTH_MOST))
			forget_maker(growth, maker);
	}
	HASH_ITER (hh, growth->pinners, pinner, next_pinner) {
		trend_note(&pinner->trend, now, pinner->count, 0);
		if (!pinner->count)
			forget_pinner(growth, pinner);
	}
}

/* Seconds until `left` is used up; more than GROWTH_FAR: never. */
static double time_left(double left, double more, double seconds)
{
	if (more <= 0)
		return 2.0 * GROWTH_FAR;
	return left > 0 ? left / (more / seconds) : 0;
}

static double left_of(struct fact_use use)
{
	return use.max > use.used ? (double)(use.max - use.used) : 0;
}

static void tell_full(struct growth_row *row, const struct maker *maker, const struct model *model,
		      double seconds)
{
	const struct trend_point *first = &maker->trend.points[0];
	const struct trend_point *last = &maker->trend.points[maker->trend.count - 1];
	size_t count;
	const struct namespace_state *place = model_namespaces(model, &count);

	while (count && place->facts.ipcns != maker->ipcns) {
		place++;
		count--;
	}
	if (!count || !place->has_limits || !place->limits.page_size || maker->several)
		return;
	const struct limits_facts *limits = &place->limits;
	double segments = time_left(left_of(limits->segments),
				    (double)last->count - (double)first->count, seconds);
	double pages = time_left(
		left_of(limits->pages),
		((double)last->bytes - (double)first->bytes) / (double)limits->page_size, seconds);
	double soonest = segments <= pages ? segments : pages;

	row->has_full = soonest < GROWTH_FAR;
	row->full = row->has_full ? (uint64_t)soonest : 0;
	row->full_of = segments <= pages ? "SHMMNI" : "SHMALL";
}

static void make_row(struct growth_row *row, const struct maker *maker, const struct model *model)
{
	const struct trend *trend = &maker->trend;
	const struct trend_point *last = &trend->points[trend->count - 1];

	*row = (struct growth_row){
		.program = maker->program,
		.site = maker->site,
		.count = maker->count,
		.bytes = maker->bytes,
		.before = maker->before,
		.since = maker->since,
		.grows = trend_grows(trend),
		.full_of = "",
	};
	if (!row->grows)
		return;
	double seconds = (double)(last->time - trend->points[0].time) / (double)CLOCK_SECOND;

	row->rate = (double)(last->count - trend->points[0].count) / seconds * 3600;
	tell_full(row, maker, model, seconds);
}

static int compare_makers(const void *left, const void *right)
{
	const struct maker *a = *(struct maker *const *)left;
	const struct maker *b = *(struct maker *const *)right;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->key, b->key);
}

static int make_rows(struct growth *growth, const struct model *model)
{
	size_t most = HASH_COUNT(growth->makers);
	void *order = growth->order, *rows = growth->rows;
	int error = array_reserve(&order, &growth->order_capacity, most, sizeof(*growth->order));

	growth->order = order;
	if (!error)
		error = array_reserve(&rows, &growth->rows_capacity, most, sizeof(*growth->rows));
	growth->rows = rows;
	if (error)
		return error;
	for (struct maker *maker = growth->makers; maker; maker = maker->hh.next)
		if (maker->count)
			growth->order[growth->count++] = maker;
	if (growth->count > 1)
		qsort(growth->order, growth->count, sizeof(*growth->order), compare_makers);
	for (size_t i = 0; i < growth->count; i++) {
		growth->order[i]->row = i;
		make_row(&growth->rows[i], growth->order[i], model);
		growth->growing += growth->rows[i].grows;
	}
	return 0;
}

int growth_update(struct growth *growth, const struct model *model, uint64_t now)
{
	if (growth->revision &&
	    (growth->revision == model_revision(model) || now < growth->looked + GROWTH_INTERVAL))
		return 0;
	growth->revision = model_revision(model);
	growth->looked = now;
	growth->count = growth->growing = 0;

	int error = count_all(growth, model);

	if (error)
		return error;
	note_all(growth, now);
	return make_rows(growth, model);
}

/* ---- what is told -------------------------------------------------------------------------- */

const struct growth_row *growth_rows(const struct growth *growth, size_t *count)
{
	*count = growth->count;
	return growth->rows;
}

const struct growth_row *growth_of(const struct growth *growth, const struct segment *segment)
{
	const struct maker *maker = is_left_behind(segment) ? find_maker(growth, segment) : NULL;

	return maker && maker->count && growth->count ? &growth->rows[maker->row] : NULL;
}

size_t growth_growing(const struct growth *growth)
{
	return growth->growing;
}

size_t growth_pinned(const struct growth *growth, const struct process *process, bool *grows)
{
	const struct pinner *pinner = find_pinner(growth, process);

	*grows = pinner && trend_grows(&pinner->trend);
	return pinner ? pinner->count : 0;
}
