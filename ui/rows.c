/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists whose rows are collected anew for each frame: their cursor, and their columns. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"

/* FNV-1a */
static uint64_t rows_hash(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	while (*text++);
	return hash;
}

uint64_t rows_id(const char *text, const char *more)
{
	return rows_hash(rows_hash(UINT64_C(0xcbf29ce484222325), text), more) | 1;
}

int rows_begin(struct row_list *list, size_t count)
{
	void *ids = list->ids;
	int error = array_reserve(&ids, &list->capacity, count, sizeof(*list->ids));

	list->ids = ids;
	list->count = error ? 0 : count;
	return error;
}

void rows_settle(struct row_list *list, size_t page)
{
	size_t at = 0;

	list->page = page;
	while (at < list->count && list->ids[at] != list->cursor)
		at++;
	/* A row that is listed no more hands the cursor to its neighbour. */
	if (at < list->count)
		list->index = at;
	else if (list->index >= list->count)
		list->index = list->count > 0 ? list->count - 1 : 0;
	list->cursor = list->count > 0 ? list->ids[list->index] : 0;
	list->top = view_top(list->top, list->index, list->count, page);
}

struct area rows_area(const struct row_list *list, struct area area)
{
	size_t shown = list->count - list->top;

	if (shown > list->page)
		shown = list->page;
	return (struct area){area.top + 1, area.left, (int)shown, area.width};
}

void rows_move(struct row_list *list, enum view_move move)
{
	rows_go(list, view_moved(list->index, list->count, list->page, move));
}

void rows_go(struct row_list *list, size_t index)
{
	if (index >= list->count)
		return;
	list->index = index;
	list->cursor = list->ids[index];
}

void rows_place(const struct row_list *list, char out[static VIEW_LINE_LEN])
{
	snprintf(out, VIEW_LINE_LEN, "%zu/%zu", list->count > 0 ? list->index + 1 : 0, list->count);
}

void rows_free(struct row_list *list)
{
	free(list->ids);
	*list = (struct row_list){0};
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Columns of the terminal that are left over behind the mark of the cursor; negative: too many wanted. */
static int table_room(const struct table_layout *layout, int width)
{
	int room = width; /* the mark takes the blank that stands before each column */

	for (size_t i = 0; i < layout->count; i++)
		if (layout->widths[i] > 0)
			room -= layout->widths[i] + 1;
	return room;
}

/* Takes away the column that is missed least. False: there is none to give up. */
static bool table_give_up(struct table_layout *layout)
{
	size_t worst = layout->count;

	for (size_t i = 0; i < layout->count; i++)
		if (layout->widths[i] > 0 && layout->columns[i].rank > 0 &&
		    (worst == layout->count ||
		     layout->columns[i].rank >= layout->columns[worst].rank))
			worst = i;
	if (worst < layout->count)
		layout->widths[worst] = 0;
	return worst < layout->count;
}

void table_fit(struct table_layout *layout, const struct table_column *columns, size_t count,
	       int width)
{
	int room;

	*layout = (struct table_layout){.columns = columns, .count = count};
	for (size_t i = 0; i < count; i++)
		layout->widths[i] = columns[i].least;
	while (table_room(layout, width) < 0 && table_give_up(layout))
		continue;
	room = table_room(layout, width);
	for (size_t i = 0; i < count && room > 0; i++) {
		int more = columns[i].most - layout->widths[i];

		if (layout->widths[i] == 0 || more <= 0)
			continue;
		if (more > room)
			more = room;
		layout->widths[i] += more;
		room -= more;
	}
}

static void table_draw_cell(const struct theme *theme, int row, int left, int end,
			    const struct table_column *column, int width, attr_t attributes,
			    const char *text)
{
	if (width > end - left)
		width = end - left;
	if (column->right)
		draw_right(theme, row, left, width, attributes, text);
	else if (column->tail)
		draw_tail(theme, row, left, width, attributes, text);
	else
		draw_text(theme, row, left, width, attributes, text);
}

void table_draw_heading(const struct theme *theme, struct area row,
			const struct table_layout *layout)
{
	attr_t attributes = theme->attributes[THEME_HEADING];
	int left = row.left + 1;

	draw_fill(row.top, row.left, row.width, attributes);
	for (size_t i = 0; i < layout->count; i++) {
		const struct table_column title = {.right = layout->columns[i].right};

		if (layout->widths[i] == 0)
			continue;
		table_draw_cell(theme, row.top, left, row.left + row.width, &title,
				layout->widths[i], attributes, layout->columns[i].title);
		left += layout->widths[i] + 1;
	}
}

void table_draw_row(const struct theme *theme, struct area row, const struct table_layout *layout,
		    const char *const *cells, attr_t attributes, bool cursor)
{
	int left = row.left + 1;

	if (cursor) {
		attributes |= theme->attributes[THEME_SELECTED];
		draw_fill(row.top, row.left, row.width, attributes);
		draw_text(theme, row.top, row.left, 1, attributes, ">");
	}
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->widths[i] == 0)
			continue;
		table_draw_cell(theme, row.top, left, row.left + row.width, &layout->columns[i],
				layout->widths[i], attributes, cells[i]);
		left += layout->widths[i] + 1;
	}
}
