/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/attachment_list.h"

#include <stdlib.h>

#include "base/array.h"

int attachment_list_add(struct attachment_list *list, const struct attachment *row)
{
	void *rows = list->rows;
	const int error =
		array_reserve(&rows, &list->capacity, list->count + 1, sizeof(list->rows[0]));

	list->rows = rows;
	if (error)
		return error;
	list->rows[list->count++] = *row;
	return 0;
}

static int compare_rows(const void *left, const void *right)
{
	const struct attachment *a = left;
	const struct attachment *b = right;

	if (a->mm != b->mm)
		return a->mm < b->mm ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return 0;
}

static bool is_older(const struct attachment *row, const struct attachment *than)
{
	if (row->start_time != than->start_time)
		return row->start_time < than->start_time;
	return row->pid < than->pid;
}

/* The rows of one address space get the label of its oldest thread group; doubles go. Returns how many
 * are left, moved to `out`. */
static size_t settle_space(struct attachment *rows, size_t count, struct attachment *out)
{
	struct attachment label = rows[0];
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		if (is_older(&rows[i], &label))
			label = rows[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (kept && out[kept - 1].start == rows[i].start)
			continue;
		out[kept] = rows[i];
		out[kept].pid = label.pid;
		out[kept].start_time = label.start_time;
		kept++;
	}
	return kept;
}

void attachment_list_settle(struct attachment_list *list)
{
	size_t kept = 0;
	size_t end;

	if (!list->count)
		return;
	qsort(list->rows, list->count, sizeof(list->rows[0]), compare_rows);
	for (size_t first = 0; first < list->count; first = end) {
		for (end = first + 1; end < list->count; end++) {
			if (list->rows[end].mm != list->rows[first].mm)
				break;
		}
		kept += settle_space(&list->rows[first], end - first, &list->rows[kept]);
	}
	list->count = kept;
}

void attachers_list_free(struct attachment_list *list)
{
	free(list->rows);
	*list = (struct attachment_list){0};
}
