/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be leaked, by creator and call site: evidence, and what would come back. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

static const struct table_column leaks_columns[] = {
	{.title = "HOW SURE", .least = 8, .rank = 1},
	{.title = "KIND", .least = 10, .most = 14, .rank = 4},
	{.title = "COUNT", .least = 5, .right = true},
	{.title = "BYTES", .least = 6, .right = true},
	{.title = "OLDEST", .least = 6, .right = true, .rank = 3},
	{.title = "GROWTH", .least = 9, .right = true, .rank = 5},
	{.title = "CREATOR", .least = 14, .most = 24, .tail = true},
	/* the file and the line stand at its end */
	{.title = "MADE AT", .least = 24, .most = 48, .tail = true, .rank = 2},
	{.title = "EVIDENCE", .least = 24, .most = LEAKS_EVIDENCE_LEN, .rank = 6},
};

enum {
	LEAKS_GROWTH = 5,
	LEAKS_SITE = 7,
	LEAKS_COLUMNS = sizeof(leaks_columns) / sizeof(leaks_columns[0]),
};

/* What is known of no row has no column: nothing is as wide as that. */
static void leaks_fit(const struct leaks_list *list, int width,
		      struct table_column columns[static LEAKS_COLUMNS],
		      struct table_layout *layout)
{
	bool grows = false, sited = false;

	for (size_t i = 0; i < list->count; i++) {
		grows = grows || list->rows[i].grows;
		sited = sited || list->rows[i].site;
	}
	memcpy(columns, leaks_columns, sizeof(leaks_columns));
	columns[LEAKS_GROWTH].least += grows ? 0 : width;
	columns[LEAKS_GROWTH].rank += grows ? 0 : LEAKS_COLUMNS;
	columns[LEAKS_SITE].least += sited ? 0 : width;
	columns[LEAKS_SITE].rank += sited ? 0 : LEAKS_COLUMNS;
	table_fit(layout, columns, LEAKS_COLUMNS, width);
}

/* Bytes of which a part may be no more than a size that was asked for */
static const char *leaks_bytes_text(uint64_t bytes, bool known, char out[static UNITS_LEN + 1])
{
	out[0] = '<';
	units_size(known ? out : out + 1, bytes);
	return out;
}

void leaks_update(struct screen *screen, const struct column_context *context)
{
	screen->leaks.total = leaks_total(context);
}

const char *leaks_total_bytes(const struct screen *screen, char out[static UNITS_LEN + 1])
{
	return leaks_bytes_text(screen->leaks.total.bytes, screen->leaks.total.has_bytes, out);
}

static uint64_t leaks_row_id(const struct leaks_row *row)
{
	char more[VIEW_LINE_LEN];

	snprintf(more, sizeof(more), "%d %d %" PRIu32, row->confidence, row->kind, row->site);
	return rows_id(row->name, more);
}

/* Without memory the list is empty for a frame. */
static void leaks_select(struct screen *screen, const struct column_context *context)
{
	struct leaks_state *leaks = &screen->leaks;

	if (!view_is_old(screen, leaks->revision))
		return;
	leaks_collect(context, &leaks->list);
	if (rows_begin(&leaks->rows, leaks->list.count) == 0)
		for (size_t i = 0; i < leaks->list.count; i++)
			leaks->rows.ids[i] = leaks_row_id(&leaks->list.rows[i]);
	leaks->revision = screen->revision;
}

/* Where it was made, as the column SITE has it: "-" where nobody knows */
static char *leaks_site(const struct column_context *context, const struct leaks_row *row,
			char out[static COLUMN_CELL_LEN])
{
	const struct segment *example = model_find(context->model, &row->example);

	if (!row->site || !example)
		return strcpy(out, "-");
	return column_cell(COLUMN_SITE, context, example, out);
}

static void leaks_draw_row(const struct screen *screen, const struct column_context *context,
			   const struct table_layout *layout, struct area area,
			   const struct leaks_row *row, bool cursor)
{
	char sure[32], count[32], bytes[UNITS_LEN + 1], oldest[UNITS_LEN] = "-", growth[32] = "-";
	char site[COLUMN_CELL_LEN];
	bool likely = row->confidence >= VERDICT_MEDIUM;
	const char *cells[LEAKS_COLUMNS] = {
		sure,      verdict_kind_name(row->kind),   count,         bytes, oldest, growth,
		row->name, leaks_site(context, row, site), row->evidence,
	};

	snprintf(sure, sizeof(sure), "%s %s", likely ? "!" : "?",
		 verdict_confidence_word(row->confidence));
	snprintf(count, sizeof(count), "%zu", row->count);
	leaks_bytes_text(row->bytes, row->has_bytes, bytes);
	if (row->has_oldest)
		units_age(oldest, row->oldest);
	if (row->grows)
		snprintf(growth, sizeof(growth), "+%.0f/h", row->rate);
	table_draw_row(&screen->theme, area, layout, cells,
		       screen->theme.attributes[likely ? THEME_BAD : THEME_PLAIN], cursor);
}

static void leaks_draw(struct screen *screen, const struct column_context *context,
		       struct area area)
{
	struct leaks_state *leaks = &screen->leaks;
	struct row_list *rows = &leaks->rows;
	struct table_column columns[LEAKS_COLUMNS];
	struct table_layout layout;

	leaks_select(screen, context);
	leaks_fit(&leaks->list, area.width, columns, &layout);
	table_draw_heading(&screen->theme, area, &layout);
	rows_settle(rows, (size_t)area.height - 1);
	mouse_note_rows(&screen->mouse, rows_area(rows, area), rows->top);
	for (size_t at = rows->top; at < rows->count && at - rows->top < rows->page; at++) {
		struct area row = {area.top + 1 + (int)(at - rows->top), area.left, 1, area.width};

		leaks_draw_row(screen, context, &layout, row, &leaks->list.rows[at],
			       at == rows->index);
	}
	if (rows->count > 0)
		return;
	if (model_segment_count(context->model) == 0)
		view_draw_no_segments(screen, context, area);
	else
		view_draw_empty(screen, area,
				"nothing looks leaked: each segment is attached, new, removed or "
				"known to somebody");
}

static const struct leaks_row *leaks_at_cursor(const struct screen *screen)
{
	const struct leaks_state *leaks = &screen->leaks;

	return leaks->rows.index < leaks->rows.count ? &leaks->list.rows[leaks->rows.index] : NULL;
}

static void leaks_open(struct screen *screen, const struct column_context *context)
{
	const struct leaks_row *row = leaks_at_cursor(screen);
	char name[VIEW_LINE_LEN], site[COLUMN_CELL_LEN], expression[VIEW_LINE_LEN * 2];

	if (!row) {
		view_say(screen, context, "no leak here to open");
		return;
	}
	leaks_site(context, row, site);
	snprintf(expression, sizeof(expression), "verdict=%s and %s", verdict_kind_name(row->kind),
		 strcmp(site, "-") != 0 ? drill_name("site", site, name)
					: drill_name("exe", row->name, name));
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
	snprintf(out, VIEW_LINE_LEN, "%s %s %s", verdict_kind_name(row->kind), row->name,
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
