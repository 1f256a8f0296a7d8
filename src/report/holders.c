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

	if (a->holder->process->pid != b->holder->process->pid)
		return a->holder->process->pid < b->holder->process->pid ? -1 : 1;
	/* A pid may stand for several address spaces: one that its exec has left, one used again.
	 */
	if (a->holder->mm != b->holder->mm)
		return a->holder->mm < b->holder->mm ? -1 : 1;
	return (a->addr > b->addr) - (a->addr < b->addr);
}

/* Adds a mapping to the row of its address space. */
static void holders_merge(struct holder_row *row, const struct holder_row *mapping)
{
	row->maps++;
	row->flags |= mapping->flags;
	if (mapping->since < row->since) {
		row->since = mapping->since;
		row->origin = mapping->origin;
	}
}

int holders_collect(const struct segment *segment, struct holder_list *list)
{
	size_t rows = 0;
	void *grown = list->rows;
	int err;

	list->count = 0;
	for (const struct mapping *at = segment->mappings; at; at = at->segment_next)
		rows++;
	err = array_reserve(&grown, &list->capacity, rows, sizeof(*list->rows));
	if (err)
		return err;
	list->rows = grown;
	rows = 0;
	for (const struct mapping *at = segment->mappings; at; at = at->segment_next)
		list->rows[rows++] = (struct holder_row){
			.holder = at->holder,
			.maps = 1,
			.flags = at->flags,
			.addr = at->start,
			.since = at->since,
			.origin = at->origin,
		};
	if (rows > 1)
		qsort(list->rows, rows, sizeof(*list->rows), holders_order);
	for (size_t i = 0; i < rows; i++) {
		if (list->count > 0 && list->rows[list->count - 1].holder == list->rows[i].holder)
			holders_merge(&list->rows[list->count - 1], &list->rows[i]);
		else
			list->rows[list->count++] = list->rows[i];
	}
	return 0;
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
