/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "base/array.h"
#include "report/holders.h"

static const char *const holders_origin_names[] = {
	[MAPPING_SCAN] = "scan",
	[MAPPING_SHMAT] = "shmat",
	[MAPPING_FORK] = "fork",
};

static const char *const holders_modes[] = {
	[0] = "--",
	[ATTACHMENT_READ] = "r-",
	[ATTACHMENT_WRITE] = "-w",
	[ATTACHMENT_READ | ATTACHMENT_WRITE] = "rw",
	[ATTACHMENT_EXEC] = "--x",
	[ATTACHMENT_READ | ATTACHMENT_EXEC] = "r-x",
	[ATTACHMENT_WRITE | ATTACHMENT_EXEC] = "-wx",
	[ATTACHMENT_READ | ATTACHMENT_WRITE | ATTACHMENT_EXEC] = "rwx",
};

static int holders_order(const void *left, const void *right)
{
	const struct holder_row *a = left;
	const struct holder_row *b = right;

	if (a->process->pid != b->process->pid)
		return a->process->pid < b->process->pid ? -1 : 1;
	/* A pid may stand for several address spaces: one that its exec has left, one used again.
	 */
	if (a->mm != b->mm)
		return a->mm < b->mm ? -1 : 1;
	/* What still holds it comes before what it let go. */
	if (!a->gone != !b->gone)
		return a->gone ? 1 : -1;
	return (a->addr > b->addr) - (a->addr < b->addr);
}

/* Adds a mapping to the row of its address space. */
static void holders_merge(struct holder_row *row, const struct holder_row *more)
{
	if (more->gone && !row->gone)
		return; /* it holds another one, or again */
	row->maps += more->maps;
	row->flags |= more->flags;
	if (more->since < row->since) {
		row->since = more->since;
		row->origin = more->origin;
	}
	if (more->gone > row->gone) {
		row->gone = more->gone;
		row->reason = more->reason;
	}
}

static bool holders_is_recent(const struct column_context *context, const struct segment *segment,
			      const struct gone_holder *gone)
{
	return gone->segment.generation == segment->id.generation &&
	       context->now < gone->time + MODEL_GONE_HOLDER_TIME;
}

/* A row for each that let go lately; with `context` NULL none. Returns how many; `rows` NULL counts. */
static size_t holders_add_gone(const struct column_context *context, const struct segment *segment,
			       struct holder_row *rows)
{
	const struct gone_holder *gone;
	size_t count = 0;

	for (size_t i = 0; context && (gone = model_gone_holder(context->model, i)); i++) {
		if (!holders_is_recent(context, segment, gone))
			continue;
		if (rows)
			rows[count] = (struct holder_row){
				.process = gone->process,
				.mm = gone->mm,
				.gone = gone->time,
				.reason = gone->reason,
				.maps = gone->maps,
				.flags = gone->flags,
				.addr = gone->addr,
				.since = gone->since,
				.origin = gone->origin,
			};
		count++;
	}
	return count;
}

static size_t holders_add_living(const struct segment *segment, struct holder_row *rows)
{
	size_t count = 0;

	for (const struct mapping *at = segment->mappings; at; at = at->segment_next) {
		if (rows)
			rows[count] = (struct holder_row){
				.holder = at->holder,
				.process = at->holder->process,
				.mm = at->holder->mm,
				.maps = 1,
				.flags = at->flags,
				.addr = at->start,
				.since = at->since,
				.origin = at->origin,
			};
		count++;
	}
	return count;
}

int holders_collect_lately(const struct column_context *context, const struct segment *segment,
			   struct holder_list *list)
{
	size_t living = holders_add_living(segment, NULL);
	size_t rows = living + holders_add_gone(context, segment, NULL);
	void *grown = list->rows;
	int err;

	list->count = 0;
	err = array_reserve(&grown, &list->capacity, rows, sizeof(*list->rows));
	if (err)
		return err;
	list->rows = grown;
	holders_add_living(segment, list->rows);
	holders_add_gone(context, segment, list->rows + living);
	if (rows > 1)
		qsort(list->rows, rows, sizeof(*list->rows), holders_order);
	for (size_t i = 0; i < rows; i++) {
		struct holder_row *last = list->count > 0 ? &list->rows[list->count - 1] : NULL;

		if (last && last->mm == list->rows[i].mm)
			holders_merge(last, &list->rows[i]);
		else
			list->rows[list->count++] = list->rows[i];
	}
	return 0;
}

int holders_collect(const struct segment *segment, struct holder_list *list)
{
	return holders_collect_lately(NULL, segment, list);
}

void holders_free(struct holder_list *list)
{
	free(list->rows);
	*list = (struct holder_list){0};
}

const char *holders_mode(uint32_t flags)
{
	return holders_modes[flags & (ATTACHMENT_READ | ATTACHMENT_WRITE | ATTACHMENT_EXEC)];
}

const char *holders_origin(enum mapping_origin origin)
{
	return holders_origin_names[origin];
}

const char *holders_hindrance(const struct process *process)
{
	if (process->checked && !process->alive)
		return "gone";
	switch (process->state) {
	case 'T':
		return "stopped";
	case 't':
		return "traced";
	case 'D':
		return "blocked";
	default:
		return "";
	}
}
