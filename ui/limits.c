/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How full each IPC namespace is, and how long that will last. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/owner.h"

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

enum { LIMITS_BAD = 950 }; /* thousandths */

/* "here", "4026532210", "machine" */
static const char *limits_place_name(const struct column_context *context,
				     const struct limits_row *row, char out[static COLUMN_CELL_LEN])
{
	return row->ipcns == 0 ? "machine" : column_ns_name(context, row->ipcns, out);
}

/* Of the longest of them */
static int limits_place_width(const struct limits_state *limits,
			      const struct column_context *context)
{
	const struct limits_row *rows = limits->list.rows;
	int widest = limits_columns[LIMITS_NS].least, most = (int)column_table[COLUMN_NS].width;

	for (size_t i = 0; i < limits->list.count; i++) {
		char place[COLUMN_CELL_LEN];
		bool same = i > 0 && rows[i].ipcns == rows[i - 1].ipcns;
		int width = same ? 0 : (int)text_width(limits_place_name(context, &rows[i], place));

		widest = width > widest ? width : widest;
	}
	return widest < most ? widest : most;
}

static const struct creator *limits_creator(const struct limits_state *limits,
					    const struct limits_row *row)
{
	return &limits->list.creators.rows[row->creator];
}

/* What tells a row from the others of its namespace. Static, the list's, or `out`. */
static const char *limits_id(const struct limits_state *limits,
			     const struct column_context *context, const struct limits_row *row,
			     char out[static CREATORS_NAME_LEN])
{
	return row->kind == LIMITS_CREATOR
		       ? creators_name(out, context, limits_creator(limits, row))
		       : row->name;
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
			char place[32], name[CREATORS_NAME_LEN];

			snprintf(place, sizeof(place), "%" PRIu32, row->ipcns);
			limits->rows.ids[i] = rows_id(limits_id(limits, context, row, name), place);
		}
	}
	limits->revision = screen->revision;
}

static enum theme_role limits_role(const struct limits_row *row)
{
	if (row->unlimited || row->kind != LIMITS_RESOURCE)
		return THEME_PLAIN;
	if (row->share >= LIMITS_BAD)
		return THEME_BAD;
	return row->share >= LIMITS_SHARE_HIGH ? THEME_WARNING : THEME_PLAIN;
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

/* Creators, and why nothing is known, are words over all of the columns but the first. */
static void limits_draw_words(const struct screen *screen, const struct column_context *context,
			      const struct table_layout *layout, struct area area,
			      const struct limits_row *row, enum theme_role role)
{
	const struct creator *creator =
		row->kind == LIMITS_CREATOR ? limits_creator(&screen->limits, row) : NULL;
	const int left = 2 + layout->widths[LIMITS_NS];
	char line[CREATORS_NAME_LEN + CREATORS_WORDS_LEN + 16];
	char name[CREATORS_NAME_LEN], words[CREATORS_WORDS_LEN];

	if (creator)
		snprintf(line, sizeof(line), "%s: %s", creators_short_name(name, context, creator),
			 creators_words(words, context, creator));
	else
		snprintf(line, sizeof(line), "%s", row->note);
	draw_text(&screen->theme, area.top, area.left + left, area.width - left,
		  screen->theme.attributes[role], line);
}

static void limits_draw_resource(const struct screen *screen, const struct table_layout *layout,
				 struct area area, const struct limits_row *row, const char *place,
				 bool cursor)
{
	const struct theme *theme = &screen->theme;
	char used[UNITS_LEN], max[UNITS_LEN], share[32], end[UNITS_LEN];
	const char *cells[LIMITS_COLUMNS] = {place, row->name, row->what, used,
					     max,   share,     end,       ""};
	enum theme_role role = limits_role(row);
	int left, width = limits_bar(layout, &left);

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
	table_draw_row(theme, area, layout, cells, theme->attributes[role], cursor);
	if (width > 0 && !row->unlimited)
		draw_bar(theme, area.top, area.left + left, width,
			 (double)row->used / (double)(row->max > 0 ? row->max : 1),
			 role == THEME_PLAIN ? THEME_GOOD : role);
}

static void limits_draw_row(const struct screen *screen, const struct column_context *context,
			    const struct table_layout *layout, struct area area, size_t index,
			    bool first)
{
	const struct theme *theme = &screen->theme;
	const struct limits_row *row = &screen->limits.list.rows[index];
	const bool cursor = index == screen->limits.rows.index;
	char buffer[COLUMN_CELL_LEN];
	const char *place = first ? limits_place_name(context, row, buffer) : "";
	const char *cells[LIMITS_COLUMNS] = {place, "", "", "", "", "", "", ""};

	if (row->kind == LIMITS_RESOURCE) {
		limits_draw_resource(screen, layout, area, row, place, cursor);
		return;
	}
	table_draw_row(theme, area, layout, cells, theme->attributes[THEME_PLAIN], cursor);
	limits_draw_words(screen, context, layout, area, row,
			  row->kind == LIMITS_CREATOR ? THEME_PLAIN : THEME_FAINT);
}

static void limits_draw(struct screen *screen, const struct column_context *context,
			struct area area)
{
	struct limits_state *limits = &screen->limits;
	struct row_list *rows = &limits->rows;
	struct table_column columns[LIMITS_COLUMNS];
	struct table_layout layout;

	limits_select(screen, context);
	memcpy(columns, limits_columns, sizeof(columns));
	columns[LIMITS_NS].least = limits_place_width(limits, context);
	table_fit(&layout, columns, LIMITS_COLUMNS, area.width);
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

/* The program, or whose they are where that is not known */
static void limits_filter_creator(const struct column_context *context,
				  const struct creator *creator, char *out, size_t room)
{
	char name[VIEW_LINE_LEN], number[32];
	const char *owner = owner_name(context->owners, creator->uid);
	int length = snprintf(out, room, " and %s", drill_name("exe", creator->program, name));

	if (strcmp(creator->program, "-") || creator->uid == FACT_UID_UNKNOWN || length < 0 ||
	    (size_t)length >= room)
		return;
	snprintf(number, sizeof(number), "%" PRIu32, creator->uid);
	snprintf(out + length, room - (size_t)length, " and %s",
		 drill_name("owner", owner ? owner : number, name));
}

static void limits_open(struct screen *screen, const struct column_context *context)
{
	const struct limits_row *row = limits_at_cursor(screen);
	struct column_context plain = *context;
	char place[COLUMN_CELL_LEN], expression[2 * VIEW_LINE_LEN];
	int length;

	if (!row || row->ipcns == 0) {
		view_say(screen, context, "no namespace here to open");
		return;
	}
	/* Several may have the same label: not by that. */
	plain.bytes = true;
	length = snprintf(expression, sizeof(expression), "ns=%s",
			  column_ns_name(&plain, row->ipcns, place));
	if (row->kind == LIMITS_CREATOR)
		limits_filter_creator(context, limits_creator(&screen->limits, row),
				      expression + length, sizeof(expression) - (size_t)length);
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
	char name[CREATORS_NAME_LEN], words[CREATORS_WORDS_LEN];
	const struct creator *creator;
	const char *whose;

	out[0] = '\0';
	if (!row)
		return;
	whose = limits_place_name(context, row, place);
	if (row->kind == LIMITS_UNKNOWN) {
		snprintf(out, VIEW_LINE_LEN, "%s: limits not known: %s", whose, row->note);
		return;
	}
	if (row->kind == LIMITS_CREATOR) {
		creator = limits_creator(&screen->limits, row);
		snprintf(out, VIEW_LINE_LEN, "%s, by %s: %s", whose,
			 creators_name(name, context, creator),
			 creators_words(words, context, creator));
		return;
	}
	snprintf(out, VIEW_LINE_LEN, "%s %s, %s: %s%s%s%s%s%s%s%s%s; set by %s", whose, row->name,
		 row->what, limits_figure(row, row->used, used), row->unlimited ? "" : " of ",
		 row->unlimited ? ", no limit" : limits_figure(row, row->max, max),
		 row->ends ? ", full at this slope in " : "",
		 row->ends ? units_age(end, row->end) : "",
		 limits_role(row) == THEME_PLAIN || !row->fails[0] ? "" : "; once full ",
		 limits_role(row) == THEME_PLAIN ? "" : row->fails, row->note[0] ? "; " : "",
		 row->note, row->set_by);
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
	const struct limits_state *limits = &screen->limits;
	const struct limits_row *row;
	char place[COLUMN_CELL_LEN], name[CREATORS_NAME_LEN];

	if (index >= limits->rows.count)
		return false;
	row = &limits->list.rows[index];
	snprintf(out, VIEW_LINE_LEN, "%s %s %s", limits_place_name(context, row, place),
		 limits_id(limits, context, row, name),
		 row->kind == LIMITS_UNKNOWN ? row->note : "");
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
