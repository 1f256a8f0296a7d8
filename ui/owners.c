/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has how much: by executable, user or cgroup. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/report.h"

enum { OWNERS_COLUMNS = 10 };

static const struct table_column owners_columns[OWNERS_COLUMNS] = {
	{.title = "SEGS", .least = 5, .right = true},
	{.title = "BYTES", .least = 6, .right = true},
	{.title = "RSS", .least = 6, .right = true, .rank = 4},
	{.title = "ATT", .least = 6, .right = true, .rank = 5},
	{.title = "UNATT", .least = 5, .right = true, .rank = 7},
	{.title = "BYTES", .least = 6, .right = true, .rank = 8},
	{.title = "LEAKED", .least = 6, .right = true, .rank = 1},
	{.title = "BYTES", .least = 6, .right = true, .rank = 3},
	{.title = "MADE/m", .least = 6, .right = true, .rank = 6},
	{.title = "", .least = 8, .most = FACT_TEXT_LEN, .tail = true},
};

/* The title of the names, and the column of a filter that chooses one's segments */
static const struct {
	const char *title, *column, *unknown;
} owners_by_words[OWNERS_BY_COUNT] = {
	[OWNERS_EXE] = {"EXECUTABLE", "exe", "unknown executables"},
	[OWNERS_USER] = {"USER", "owner", "unknown users"},
	[OWNERS_CGROUP] = {"CGROUP", "cgroup", "unknown cgroups"},
};

static void owners_select(struct screen *screen, const struct column_context *context)
{
	struct owners_state *owners = &screen->owners;

	/* Without memory the list is empty for a frame. */
	owners_collect(context, owners->by, &owners->list);
	if (rows_begin(&owners->rows, owners->list.count) == 0)
		for (size_t i = 0; i < owners->list.count; i++)
			owners->rows.ids[i] = rows_id(owners->list.rows[i].name, "");
	owners->revision = screen->revision;
}

static void owners_update(struct screen *screen, const struct column_context *context)
{
	struct owners_state *owners = &screen->owners;

	if (view_is_old(screen, owners->revision))
		owners_select(screen, context);
}

void owners_next(struct screen *screen, const struct column_context *context)
{
	struct owners_state *owners = &screen->owners;

	owners->by = (owners->by + 1) % OWNERS_BY_COUNT;
	owners->rows.cursor = 0;
	owners->rows.index = owners->rows.top = 0;
	/* The next key may come before the next frame. */
	owners_select(screen, context);
}

static void owners_draw_row(const struct screen *screen, const struct table_layout *layout,
			    struct area area, const struct owners_row *row, bool cursor)
{
	char segments[32], attached[32], unattached[32], leaked[32], made[32];
	char bytes[HEADER_SUM_LEN], rss[HEADER_SUM_LEN];
	char unattached_bytes[UNITS_LEN], leaked_bytes[UNITS_LEN];
	const char *cells[OWNERS_COLUMNS] = {
		segments,         bytes,  rss,          attached, unattached,
		unattached_bytes, leaked, leaked_bytes, made,     row->name,
	};

	snprintf(segments, sizeof(segments), "%zu", row->segments);
	header_sum(bytes, row->has_bytes, row->bytes);
	header_sum(rss, row->has_rss, row->rss);
	snprintf(attached, sizeof(attached), "%" PRIu64, row->attached);
	snprintf(unattached, sizeof(unattached), "%zu", row->unattached);
	snprintf(leaked, sizeof(leaked), "%zu", row->leaked);
	snprintf(made, sizeof(made), "%zu", row->made);
	units_size(unattached_bytes, row->unattached_bytes);
	units_size(leaked_bytes, row->leaked_bytes);
	table_draw_row(&screen->theme, area, layout, cells,
		       screen->theme.attributes[row->leaked > 0 ? THEME_BAD : THEME_PLAIN], cursor);
}

static void owners_draw(struct screen *screen, const struct column_context *context,
			struct area area)
{
	struct owners_state *owners = &screen->owners;
	struct row_list *rows = &owners->rows;
	struct table_column columns[OWNERS_COLUMNS];
	struct table_layout layout;

	owners_update(screen, context);
	memcpy(columns, owners_columns, sizeof(columns));
	columns[OWNERS_COLUMNS - 1].title = owners_by_words[owners->by].title;
	table_fit(&layout, columns, OWNERS_COLUMNS, area.width);
	table_draw_heading(&screen->theme, area, &layout);
	rows_settle(rows, (size_t)area.height - 1);
	mouse_note_rows(&screen->mouse, rows_area(rows, area), rows->top);
	for (size_t at = rows->top; at < rows->count && at - rows->top < rows->page; at++) {
		struct area row = {area.top + 1 + (int)(at - rows->top), area.left, 1, area.width};

		owners_draw_row(screen, &layout, row, &owners->list.rows[at], at == rows->index);
	}
	if (rows->count == 0)
		view_draw_no_segments(screen, context, area);
}

static const struct owners_row *owners_at_cursor(const struct screen *screen)
{
	const struct owners_state *owners = &screen->owners;

	return owners->rows.index < owners->rows.count ? &owners->list.rows[owners->rows.index]
						       : NULL;
}

static void owners_open(struct screen *screen, const struct column_context *context)
{
	const struct owners_row *row = owners_at_cursor(screen);
	char expression[VIEW_LINE_LEN];

	if (row)
		drill_open(screen, context,
			   drill_name(owners_by_words[screen->owners.by].column, row->name,
				      expression));
	else
		view_say(screen, context, "no owner here to open");
}

static void owners_move(struct screen *screen, const struct column_context *context,
			enum view_move move)
{
	(void)context;
	rows_move(&screen->owners.rows, move);
}

static void owners_status(const struct screen *screen, const struct column_context *context,
			  char out[static VIEW_LINE_LEN])
{
	const struct owners_row *row = owners_at_cursor(screen);
	char bytes[HEADER_SUM_LEN], unattached[UNITS_LEN], leaked[UNITS_LEN];

	(void)context;
	out[0] = '\0';
	if (row)
		snprintf(out, VIEW_LINE_LEN,
			 "%s: %zu segment%s, %s; %zu unattached, %s; %zu leaked, %s",
			 strcmp(row->name, "-") == 0 ? owners_by_words[screen->owners.by].unknown
						     : row->name,
			 row->segments, row->segments == 1 ? "" : "s",
			 header_sum(bytes, row->has_bytes, row->bytes), row->unattached,
			 units_size(unattached, row->unattached_bytes), row->leaked,
			 units_size(leaked, row->leaked_bytes));
}

static void owners_place(const struct screen *screen, const struct column_context *context,
			 char out[static VIEW_LINE_LEN])
{
	size_t length;

	(void)context;
	length = (size_t)snprintf(out, VIEW_LINE_LEN, "by %s  ", owners_by_name(screen->owners.by));
	rows_place(&screen->owners.rows, out + length);
}

static bool owners_segment(const struct screen *screen, const struct column_context *context,
			   struct segment_id *out)
{
	(void)screen, (void)context, (void)out;
	return false;
}

static bool owners_text(const struct screen *screen, const struct column_context *context,
			size_t index, char out[static VIEW_LINE_LEN])
{
	(void)context;
	if (index >= screen->owners.rows.count)
		return false;
	snprintf(out, VIEW_LINE_LEN, "%s", screen->owners.list.rows[index].name);
	return true;
}

static size_t owners_index(const struct screen *screen, const struct column_context *context,
			   size_t *count)
{
	(void)context;
	*count = screen->owners.rows.count;
	return screen->owners.rows.index;
}

static void owners_go(struct screen *screen, const struct column_context *context, size_t index)
{
	(void)context;
	rows_go(&screen->owners.rows, index);
}

void owners_state_free(struct owners_state *owners)
{
	owners_free(&owners->list);
	rows_free(&owners->rows);
}

const struct view_ops owners_view = {
	.name = "Owners",
	.draw = owners_draw,
	.move = owners_move,
	.open = owners_open,
	.status = owners_status,
	.place = owners_place,
	.segment = owners_segment,
	.text = owners_text,
	.index = owners_index,
	.go = owners_go,
};
