/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How full each IPC namespace is, and how long that will last. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

enum limits_column {
	LIMITS_NS,
	LIMITS_NAME,
	LIMITS_WHAT,
	LIMITS_USED,
	LIMITS_MAX,
	LIMITS_SHARE,
	LIMITS_FULL_IN,
	LIMITS_BAR,
	LIMITS_COLUMNS,
};

static const struct table_column limits_columns[LIMITS_COLUMNS] = {
	[LIMITS_NS] = {.title = "NS", .least = 10},
	[LIMITS_NAME] = {.title = "LIMIT", .least = 10},
	[LIMITS_WHAT] = {.title = "WHAT", .least = 22, .rank = 5},
	[LIMITS_USED] = {.title = "USED", .least = 6, .most = 10, .right = true},
	[LIMITS_MAX] = {.title = "MAX", .least = 10, .right = true, .rank = 1},
	[LIMITS_SHARE] = {.title = "USED%", .least = 7, .right = true, .rank = 2},
	[LIMITS_FULL_IN] = {.title = "FULL IN", .least = 7, .right = true, .rank = 3},
	[LIMITS_BAR] = {.title = "", .least = 10, .most = 60, .rank = 4},
};

enum { LIMITS_WARN = 800, LIMITS_BAD = 950 }; /* thousandths */

static const struct {
	const char *name, *raised;
} limits_knobs[] = {
	{"SHMMNI", "sysctl kernel.shmmni"},       {"SHMALL", "sysctl kernel.shmall"},
	{"SHMMAX", "sysctl kernel.shmmax"},       {"SEMMNI", "sysctl kernel.sem, the 4th"},
	{"SEMMNS", "sysctl kernel.sem, the 2nd"}, {"MSGMNI", "sysctl kernel.msgmni"},
	{"huge pages", "sysctl vm.nr_hugepages"},
};

/* "here", "4026532210", "machine" */
static const char *limits_place_name(const struct column_context *context,
				     const struct limits_row *row, char out[static COLUMN_CELL_LEN])
{
	return row->ipcns == 0 ? "machine" : column_ns_name(context, row->ipcns, out);
}

static void limits_select(struct screen *screen, const struct column_context *context)
{
	struct limits_state *limits = &screen->limits;

	if (!view_is_old(screen, limits->revision))
		return;
	/* Without memory the list is empty for a frame. */
	limits_collect(context, &limits->list);
	if (rows_begin(&limits->rows, limits->list.count) == 0) {
		for (size_t i = 0; i < limits->list.count; i++) {
			const struct limits_row *row = &limits->list.rows[i];
			char place[32];

			snprintf(place, sizeof(place), "%" PRIu32, row->ipcns);
			limits->rows.ids[i] = rows_id(row->name ? row->name : "", place);
		}
	}
	limits->revision = screen->revision;
}

static const char *limits_figure(const struct limits_row *row, uint64_t figure,
				 char out[static UNITS_LEN])
{
	if (row->unit == LIMITS_BYTES)
		units_size(out, figure);
	else
		snprintf(out, UNITS_LEN, "%" PRIu64, figure);
	return out;
}

static enum theme_role limits_role(const struct limits_row *row)
{
	if (row->unlimited || !row->name)
		return THEME_PLAIN;
	if (row->share >= LIMITS_BAD)
		return THEME_BAD;
	return row->share >= LIMITS_WARN ? THEME_WARNING : THEME_PLAIN;
}

/* Where the bar stands in a row, and how wide it is; 0: there is no room for it. */
static int limits_bar(const struct table_layout *layout, int *left)
{
	*left = 1;
	for (int i = 0; i < LIMITS_BAR; i++)
		if (layout->widths[i] > 0)
			*left += layout->widths[i] + 1;
	return layout->widths[LIMITS_BAR];
}

static void limits_draw_row(const struct screen *screen, const struct column_context *context,
			    const struct table_layout *layout, struct area area, size_t index,
			    bool first)
{
	const struct theme *theme = &screen->theme;
	const struct limits_row *row = &screen->limits.list.rows[index];
	char place[COLUMN_CELL_LEN], used[UNITS_LEN], max[UNITS_LEN], share[32], end[UNITS_LEN];
	const char *cells[LIMITS_COLUMNS] = {
		"", row->name ? row->name : "", row->name ? row->what : "", used, max, share, end,
		""};
	enum theme_role role = limits_role(row);
	int left, width = limits_bar(layout, &left);
	bool cursor = index == screen->limits.rows.index;

	if (first)
		cells[LIMITS_NS] = limits_place_name(context, row, place);
	limits_figure(row, row->used, used);
	limits_figure(row, row->max, max);
	snprintf(share, sizeof(share), "%s%u.%u%%", role == THEME_BAD ? "!" : "", row->share / 10,
		 row->share % 10);
	if (row->unlimited) {
		strcpy(max, "none");
		strcpy(share, "-");
	}
	strcpy(end, "-");
	if (row->ends)
		units_age(end, row->end);
	if (!row->name)
		for (int i = LIMITS_NAME; i < LIMITS_COLUMNS; i++)
			cells[i] = "";
	table_draw_row(theme, area, layout, cells, theme->attributes[role], cursor);
	left += area.left;
	if (!row->name)
		draw_text(theme, area.top, area.left + 2 + layout->widths[LIMITS_NS],
			  area.width - 2 - layout->widths[LIMITS_NS],
			  theme->attributes[THEME_FAINT], row->why);
	else if (width > 0 && !row->unlimited)
		draw_bar(theme, area.top, left, width,
			 (double)row->used / (double)(row->max > 0 ? row->max : 1),
			 role == THEME_PLAIN ? THEME_GOOD : role);
}

static void limits_draw(struct screen *screen, const struct column_context *context,
			struct area area)
{
	struct limits_state *limits = &screen->limits;
	struct row_list *rows = &limits->rows;
	struct table_layout layout;

	limits_select(screen, context);
	table_fit(&layout, limits_columns, LIMITS_COLUMNS, area.width);
	table_draw_heading(&screen->theme, area, &layout);
	rows_settle(rows, (size_t)area.height - 1);
	mouse_note_rows(&screen->mouse, rows_area(rows, area), rows->top);
	for (size_t at = rows->top; at < rows->count && at - rows->top < rows->page; at++) {
		struct area row = {area.top + 1 + (int)(at - rows->top), area.left, 1, area.width};
		bool first = at == rows->top ||
			     limits->list.rows[at].ipcns != limits->list.rows[at - 1].ipcns;

		limits_draw_row(screen, context, &layout, row, at, first);
	}
	if (rows->count == 0)
		view_draw_empty(screen, area, "no IPC namespace is known yet");
}

static const struct limits_row *limits_at_cursor(const struct screen *screen)
{
	const struct limits_state *limits = &screen->limits;

	return limits->rows.index < limits->rows.count ? &limits->list.rows[limits->rows.index]
						       : NULL;
}

static void limits_open(struct screen *screen, const struct column_context *context)
{
	const struct limits_row *row = limits_at_cursor(screen);
	char place[COLUMN_CELL_LEN], expression[COLUMN_CELL_LEN + 8];

	if (!row || row->ipcns == 0) {
		view_say(screen, context, "no namespace here to open");
		return;
	}
	snprintf(expression, sizeof(expression), "ns=%s",
		 column_ns_name(context, row->ipcns, place));
	drill_open(screen, context, expression);
}

static void limits_move(struct screen *screen, const struct column_context *context,
			enum view_move move)
{
	(void)context;
	rows_move(&screen->limits.rows, move);
}

static void limits_status(const struct screen *screen, const struct column_context *context,
			  char out[static VIEW_LINE_LEN])
{
	const struct limits_row *row = limits_at_cursor(screen);
	char place[COLUMN_CELL_LEN], used[UNITS_LEN], max[UNITS_LEN], end[UNITS_LEN];
	const char *raised = "";

	out[0] = '\0';
	if (!row)
		return;
	if (!row->name) {
		snprintf(out, VIEW_LINE_LEN, "%s: limits not known: %s",
			 limits_place_name(context, row, place), row->why);
		return;
	}
	for (size_t i = 0; i < sizeof(limits_knobs) / sizeof(limits_knobs[0]); i++)
		if (strcmp(limits_knobs[i].name, row->name) == 0)
			raised = limits_knobs[i].raised;
	snprintf(out, VIEW_LINE_LEN, "%s %s, %s: %s%s%s%s%s; set by %s",
		 limits_place_name(context, row, place), row->name, row->what,
		 limits_figure(row, row->used, used), row->unlimited ? "" : " of ",
		 row->unlimited ? ", no limit" : limits_figure(row, row->max, max),
		 row->ends ? ", full at this slope in " : "",
		 row->ends ? units_age(end, row->end) : "", raised);
}

static void limits_place(const struct screen *screen, const struct column_context *context,
			 char out[static VIEW_LINE_LEN])
{
	(void)context;
	rows_place(&screen->limits.rows, out);
}

static bool limits_segment(const struct screen *screen, const struct column_context *context,
			   struct segment_id *out)
{
	(void)screen, (void)context, (void)out;
	return false;
}

static bool limits_text(const struct screen *screen, const struct column_context *context,
			size_t index, char out[static VIEW_LINE_LEN])
{
	const struct limits_row *row = &screen->limits.list.rows[index];
	char place[COLUMN_CELL_LEN];

	if (index >= screen->limits.rows.count)
		return false;
	snprintf(out, VIEW_LINE_LEN, "%s %s %s", limits_place_name(context, row, place),
		 row->name ? row->name : "", row->why);
	return true;
}

static size_t limits_index(const struct screen *screen, const struct column_context *context,
			   size_t *count)
{
	(void)context;
	*count = screen->limits.rows.count;
	return screen->limits.rows.index;
}

static void limits_go(struct screen *screen, const struct column_context *context, size_t index)
{
	(void)context;
	rows_go(&screen->limits.rows, index);
}

void limits_state_free(struct limits_state *limits)
{
	limits_free(&limits->list);
	rows_free(&limits->rows);
}

const struct view_ops limits_view = {
	.name = "Limits",
	.draw = limits_draw,
	.move = limits_move,
	.open = limits_open,
	.status = limits_status,
	.place = limits_place,
	.segment = limits_segment,
	.text = limits_text,
	.index = limits_index,
	.go = limits_go,
};
