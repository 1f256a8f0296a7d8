/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be leaked, by creator: evidence, and what would come back. */
#include "ui/view.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

static const struct table_column leaks_columns[] = {
	{.title = "HOW SURE", .least = 8, .rank = 2},
	{.title = "KIND", .least = 10, .rank = 5},
	{.title = "COUNT", .least = 5, .right = true},
	{.title = "BYTES", .least = 6, .right = true},
	{.title = "OLDEST", .least = 6, .right = true, .rank = 3},
	{.title = "CREATOR", .least = 14, .most = 40, .tail = true},
	{.title = "EVIDENCE", .least = 24, .most = LEAKS_EVIDENCE_LEN, .rank = 4},
};

enum { LEAKS_COLUMNS = sizeof(leaks_columns) / sizeof(leaks_columns[0]) };

/* Bytes of which a part may be no more than a size that was asked for */
static const char *leaks_bytes_text(uint64_t bytes, bool known, char out[static UNITS_LEN + 1])
{
	out[0] = '<';
	units_size(known ? out : out + 1, bytes);
	return out;
}

void leaks_update(struct screen *screen, const struct column_context *context)
{
	struct leaks_state *leaks = &screen->leaks;
	leaks->total = leaks_total(context);
	leaks->stale = true;
}

const char *leaks_total_bytes(const struct screen *screen, char out[static UNITS_LEN + 1])
{
	return leaks_bytes_text(screen->leaks.total.bytes, screen->leaks.total.has_bytes, out);
}

/* Without memory the list is empty for a frame. */
static void leaks_select(struct screen *screen, const struct column_context *context)
{
	struct leaks_state *leaks = &screen->leaks;

	if (!leaks->stale || (screen->paused && leaks->rows.count > 0))
		return;
	leaks_collect(context, &leaks->list);
	if (rows_begin(&leaks->rows, leaks->list.count) == 0)
		for (size_t i = 0; i < leaks->list.count; i++)
			leaks->rows.ids[i] =
				rows_id(leaks->list.rows[i].name,
					leaks_verdict_name(leaks->list.rows[i].verdict));
	leaks->stale = false;
}

static void leaks_draw_row(const struct screen *screen, const struct table_layout *layout,
			   struct area area, const struct leaks_row *row, bool cursor)
{
	char sure[32], count[32], bytes[UNITS_LEN + 1], oldest[UNITS_LEN] = "-";
	bool likely = row->confidence >= LEAKS_LIKELY;
	const char *cells[LEAKS_COLUMNS] = {
		sure,          leaks_verdict_name(row->verdict), count, bytes, oldest, row->name,
		row->evidence,
	};

	snprintf(sure, sizeof(sure), "%s %s", likely ? "!" : "?",
		 leaks_confidence_name(row->confidence));
	snprintf(count, sizeof(count), "%zu", row->count);
	leaks_bytes_text(row->bytes, row->has_bytes, bytes);
	if (row->has_oldest)
		units_age(oldest, row->oldest);
	table_draw_row(&screen->theme, area, layout, cells,
		       screen->theme.attributes[likely ? THEME_BAD : THEME_PLAIN], cursor);
}

static void leaks_draw(struct screen *screen, const struct column_context *context,
		       struct area area)
{
	struct leaks_state *leaks = &screen->leaks;
	struct row_list *rows = &leaks->rows;
	struct table_layout layout;

	leaks_select(screen, context);
	table_fit(&layout, leaks_columns, LEAKS_COLUMNS, area.width);
	table_draw_heading(&screen->theme, area, &layout);
	rows_settle(rows, (size_t)area.height - 1);
	mouse_note_rows(&screen->mouse, rows_area(rows, area), rows->top);
	for (size_t at = rows->top; at < rows->count && at - rows->top < rows->page; at++) {
		struct area row = {area.top + 1 + (int)(at - rows->top), area.left, 1, area.width};

		leaks_draw_row(screen, &layout, row, &leaks->list.rows[at], at == rows->index);
	}
	if (rows->count > 0)
		return;
	if (model_segment_count(context->model) == 0)
		view_draw_no_segments(screen, context, area);
	else
		view_draw_empty(screen, area,
				"nothing looks leaked: each segment is attached, new or removed");
}

static const struct leaks_row *leaks_at_cursor(const struct screen *screen)
{
	const struct leaks_state *leaks = &screen->leaks;

	return leaks->rows.index < leaks->rows.count ? &leaks->list.rows[leaks->rows.index] : NULL;
}

static void leaks_open(struct screen *screen, const struct column_context *context)
{
	const struct leaks_row *row = leaks_at_cursor(screen);
	char name[VIEW_LINE_LEN], expression[VIEW_LINE_LEN * 2];

	if (!row) {
		view_say(screen, context, "no leak here to open");
		return;
	}
	snprintf(expression, sizeof(expression), "verdict=%s and %s",
		 leaks_verdict_name(row->verdict), drill_name("exe", row->name, name));
	drill_open(screen, context, expression);
}

static void leaks_move(struct screen *screen, const struct column_context *context,
		       enum view_move move)
{
	(void)context;
	rows_move(&screen->leaks.rows, move);
}

static void leaks_status(const struct screen *screen, const struct column_context *context,
			 char out[static VIEW_LINE_LEN])
{
	const struct leaks_row *row = leaks_at_cursor(screen);
	char bytes[UNITS_LEN + 1];

	(void)context;
	out[0] = '\0';
	if (row)
		snprintf(out, VIEW_LINE_LEN, "%s: %s would come back; %s",
			 strcmp(row->name, "-") == 0 ? "creator unknown" : row->name,
			 leaks_bytes_text(row->bytes, row->has_bytes, bytes), row->evidence);
}

static void leaks_place(const struct screen *screen, const struct column_context *context,
			char out[static VIEW_LINE_LEN])
{
	(void)context;
	rows_place(&screen->leaks.rows, out);
}

static bool leaks_segment(const struct screen *screen, const struct column_context *context,
			  struct segment_id *out)
{
	const struct leaks_row *row = leaks_at_cursor(screen);

	if (!row || row->count != 1 || !model_find(context->model, &row->largest))
		return false;
	*out = row->largest;
	return true;
}

static bool leaks_text(const struct screen *screen, const struct column_context *context,
		       size_t index, char out[static VIEW_LINE_LEN])
{
	const struct leaks_row *row = &screen->leaks.list.rows[index];

	(void)context;
	if (index >= screen->leaks.rows.count)
		return false;
	snprintf(out, VIEW_LINE_LEN, "%s %s %s", leaks_verdict_name(row->verdict), row->name,
		 row->evidence);
	return true;
}

static size_t leaks_index(const struct screen *screen, const struct column_context *context,
			  size_t *count)
{
	(void)context;
	*count = screen->leaks.rows.count;
	return screen->leaks.rows.index;
}

static void leaks_go(struct screen *screen, const struct column_context *context, size_t index)
{
	(void)context;
	rows_go(&screen->leaks.rows, index);
}

void leaks_state_free(struct leaks_state *leaks)
{
	leaks_free(&leaks->list);
	rows_free(&leaks->rows);
}

const struct view_ops leaks_view = {
	.name = "Leaks",
	.draw = leaks_draw,
	.move = leaks_move,
	.open = leaks_open,
	.status = leaks_status,
	.place = leaks_place,
	.segment = leaks_segment,
	.text = leaks_text,
	.index = leaks_index,
	.go = leaks_go,
};
