/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of segments, with the newest events below it. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/units.h"

enum {
	STRIP_SHARE = 3, /* of the rows */
	STRIP_MIN = 6,
	STRIP_MAX = 16,
	STRIP_BELOW = 13, /* rows at which there is room for events too */
};

/* Columns before the first one: the mark of the cursor and, where there are tags, theirs */
static int segments_marks(const struct screen *screen)
{
	return screen->segments.tags.count > 0 ? 2 : 1;
}

/* Of the longest name of one that has segments; 0: there is no other namespace */
static int segments_ns_width(const struct screen *screen, const struct column_context *context)
{
	size_t count, widest = 1;
	const struct namespace_state *states = model_namespaces(context->model, &count);

	if (!screen->segments.several && count <= 1)
		return 0;
	for (size_t i = 0; i < count; i++) {
		char buffer[COLUMN_CELL_LEN];
		size_t width = text_width(column_ns_name(context, states[i].facts.ipcns, buffer));

		if (states[i].segments && width > widest)
			widest = width;
	}
	return (int)widest;
}

static void segments_layout(const struct screen *screen, const struct column_context *context,
			    int width, struct columns_layout *layout)
{
	columns_layout(&screen->segments.columns, segments_ns_width(screen, context),
		       width - segments_marks(screen), layout);
}

static void segments_draw_heading(struct screen *screen, const struct columns_layout *layout,
				  struct area area)
{
	const struct theme *theme = &screen->theme;
	attr_t attributes = theme->attributes[THEME_HEADING];
	const char *arrow = screen->segments.descending ? (theme->blocks ? "▼" : "v")
							: (theme->blocks ? "▲" : "^");
	int left = area.left + segments_marks(screen);

	draw_fill(area.top, area.left, area.width, attributes);
	for (size_t i = 0; i < layout->count; i++) {
		const struct column *column = &column_table[layout->ids[i]];
		int title = (int)text_width(column->title), width = layout->widths[i];
		int at = column->right && title < width ? left + width - title : left;

		draw_text(theme, area.top, at, width, attributes, column->title);
		/* Between the columns there is always room for it. */
		if (layout->ids[i] == screen->segments.order)
			draw_text(theme, area.top, at + (title < width ? title : width), 1,
				  attributes, arrow);
		mouse_note_column(&screen->mouse, area.top, left, width + 1, layout->ids[i]);
		left += width + 1;
	}
}

/* The state of a row is told by the letters of its flags: colour follows them. */
static enum theme_role segments_role(unsigned int flags)
{
	if (flags & COLUMN_FLAG_GONE)
		return THEME_FAINT;
	if (flags & COLUMN_FLAG_LEAK)
		return THEME_BAD;
	if (flags & COLUMN_FLAG_DEST)
		return THEME_WARNING;
	return flags & COLUMN_FLAG_NEW ? THEME_STRONG : THEME_PLAIN;
}

static void segments_draw_row(const struct screen *screen, const struct column_context *context,
			      const struct columns_layout *layout, struct area row,
			      const struct segment *segment, bool cursor)
{
	const struct theme *theme = &screen->theme;
	char cell[COLUMN_CELL_LEN];
	enum theme_role role = segments_role(column_flags(context, segment));
	attr_t attributes = theme->attributes[role];
	int left = row.left + segments_marks(screen);

	if (cursor) {
		attributes |= theme->attributes[THEME_SELECTED];
		draw_fill(row.top, row.left, row.width, attributes);
		draw_text(theme, row.top, row.left, 1, attributes, ">");
	}
	if (tags_has(&screen->segments.tags, &segment->id))
		draw_text(theme, row.top, row.left + 1, 1,
			  attributes | theme->attributes[THEME_STRONG], "*");
	for (size_t i = 0; i < layout->count; i++) {
		const struct column *column = &column_table[layout->ids[i]];
		int width = layout->widths[i];

		column_cell(layout->ids[i], context, segment, cell);
		if (column->right)
			draw_right(theme, row.top, left, width, attributes, cell);
		else
			draw_text(theme, row.top, left, width, attributes, cell);
		left += width + 1;
	}
}

/* Finds the cursor's segment where the order has put it. One that is listed no more hands the cursor
 * to its neighbour. */
static void segments_find_cursor(struct segment_list *list)
{
	if (list->count == 0) {
		list->index = 0;
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (segment_id_same(&list->ids[i], &list->cursor)) {
			list->index = i;
			return;
		}
	}
	if (list->index >= list->count)
		list->index = list->count - 1;
	list->cursor = list->ids[list->index];
}

/* Without memory the list of the frame before stays. */
static int segments_select_all(struct segment_list *list, const struct column_context *context)
{
	return column_select(context, list->filter, list->order, list->descending, list->since,
			     &list->ids, &list->count, &list->capacity);
}

/* Leaves out what is newer than the picture. What the model has forgotten of it stays, at the end; but not
 * where there is a filter: nothing that it asks for is known any more. */
static void segments_select_held(struct segment_list *list, const struct column_context *context)
{
	struct segment_id *forgotten = calloc(list->count + 1, sizeof(*forgotten));
	size_t kept = 0, count = 0;
	void *ids;

	for (size_t i = 0; forgotten && !list->filter && i < list->count; i++)
		if (!model_find(context->model, &list->ids[i]))
			forgotten[count++] = list->ids[i];
	if (segments_select_all(list, context))
		count = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->ids[i].generation <= list->held)
			list->ids[kept++] = list->ids[i];
	ids = list->ids;
	if (count > 0 &&
	    array_reserve(&ids, &list->capacity, kept + count, sizeof(*list->ids)) == 0) {
		list->ids = ids;
		memcpy(list->ids + kept, forgotten, count * sizeof(*forgotten));
		kept += count;
	}
	list->count = kept;
	free(forgotten);
}

static uint64_t segments_until(const struct model *model, uint64_t since)
{
	const struct segment *first = model_gone_since(model, since);

	return first ? first->gone + COLUMN_GONE_TIME : UINT64_MAX;
}

/* Any key but those that sort and filter finds the list as it is. */
void segments_select(struct screen *screen, const struct column_context *context)
{
	struct segment_list *list = &screen->segments;

	if (!list->stale && !view_is_old(screen, list->revision) &&
	    (screen->paused || context->now < list->until))
		return;
	if (screen->paused) {
		segments_select_held(list, context);
	} else {
		list->since = column_gone_since(context);
		list->held = model_generation(context->model);
		list->until = segments_until(context->model, list->since);
		segments_select_all(list, context);
	}
	segments_find_cursor(list);
	tags_prune(&list->tags, context->model, list->since);
	list->stale = false;
	list->revision = screen->revision;
}

static void segments_draw_table(struct screen *screen, const struct column_context *context,
				struct area area)
{
	struct segment_list *list = &screen->segments;
	struct columns_layout layout;
	size_t line = 0;

	list->width = area.width;
	segments_layout(screen, context, area.width, &layout);
	segments_draw_heading(screen, &layout, area);
	list->page = (size_t)area.height - 1;
	if (list->follow)
		list->top = view_top(list->top, list->index, list->count, list->page);
	else if (list->top >= list->count)
		list->top = list->count > 0 ? list->count - 1 : 0;
	mouse_note_rows(&screen->mouse, (struct area){area.top + 1, area.left, 0, area.width},
			list->top);
	for (; line < list->page && list->top + line < list->count; line++) {
		const struct segment_id *id = &list->ids[list->top + line];
		const struct segment *segment = model_find(context->model, id);
		struct area row = {area.top + 1 + (int)line, area.left, 1, area.width};
		bool cursor = list->top + line == list->index;

		if (segment)
			segments_draw_row(screen, context, &layout, row, segment, cursor);
		else /* a held picture outlives what it shows */
			draw_format(&screen->theme, row.top, row.left, row.width,
				    screen->theme.attributes[THEME_FAINT], "%c%10" PRId32 " x",
				    cursor ? '>' : ' ', id->shmid);
	}
	screen->mouse.rows.height = (int)line;
	if (list->count == 0 && list->filter)
		view_draw_empty(screen, area, "no segment passes the filter; F4 changes it");
	else if (list->count == 0)
		view_draw_no_segments(screen, context, area);
}

static void segments_draw(struct screen *screen, const struct column_context *context,
			  struct area area)
{
	struct area strip = area;
	struct wide_layout wide;

	segments_select(screen, context);
	strip.height = 0;
	if (wide_divide(area, &wide)) {
		segments_draw_table(screen, context, wide.list);
		wide_draw(screen, context, &wide,
			  screen->segments.count > 0 ? &screen->segments.cursor : NULL);
		return;
	}
	if (area.height >= STRIP_BELOW) {
		strip.height = area.height / STRIP_SHARE;
		if (strip.height < STRIP_MIN)
			strip.height = STRIP_MIN;
		if (strip.height > STRIP_MAX)
			strip.height = STRIP_MAX;
	}
	area.height -= strip.height;
	strip.top = area.top + area.height;
	segments_draw_table(screen, context, area);
	if (strip.height == 0)
		return;
	draw_rule(&screen->theme, strip.top, strip.left, strip.width, "Events");
	strip.top++;
	strip.height--;
	events_draw_newest(screen, context, strip);
}

static void segments_move(struct screen *screen, const struct column_context *context,
			  enum view_move move)
{
	struct segment_list *list = &screen->segments;

	(void)context;
	if (list->count == 0)
		return;
	list->index = view_moved(list->index, list->count, list->page, move);
	list->cursor = list->ids[list->index];
	/* Whoever moves wants to see where. */
	list->top = view_top(list->top, list->index, list->count, list->page);
}

static bool segments_segment(const struct screen *screen, const struct column_context *context,
			     struct segment_id *out)
{
	const struct segment_list *list = &screen->segments;

	if (list->count == 0 || !model_find(context->model, &list->cursor))
		return false;
	*out = list->cursor;
	return true;
}

/* ", made 3m ago by 881 monitor": without what is not known */
static size_t segments_say_who(const struct column_context *context, const struct segment *segment,
			       const char *what, enum column_id when, enum column_id who,
			       char out[static VIEW_LINE_LEN], size_t length)
{
	char age[COLUMN_CELL_LEN], process[COLUMN_CELL_LEN];
	bool dated, named;

	column_cell(when, context, segment, age);
	column_cell(who, context, segment, process);
	dated = strcmp(age, "-") != 0;
	named = strcmp(process, "-") != 0;
	if (!dated && !named)
		return length;
	length += (size_t)snprintf(out + length, VIEW_LINE_LEN - length, ", %s%s%s%s%s%s", what,
				   dated ? " " : "", dated ? age : "", dated ? " ago" : "",
				   named ? " by " : "", named ? process : "");
	return length < VIEW_LINE_LEN ? length : VIEW_LINE_LEN - 1;
}

static void segments_status(const struct screen *screen, const struct column_context *context,
			    char out[static VIEW_LINE_LEN])
{
	const struct segment *segment;
	char size[COLUMN_CELL_LEN], rss[COLUMN_CELL_LEN];
	struct segment_id id;
	size_t length;

	out[0] = '\0';
	if (!segments_segment(screen, context, &id))
		return;
	segment = model_find(context->model, &id);
	column_cell(COLUMN_SIZE, context, segment, size);
	column_cell(COLUMN_RSS, context, segment, rss);
	if (segment->gone)
		length = (size_t)snprintf(out, VIEW_LINE_LEN, "%" PRId32 ": gone (%s), %s",
					  id.shmid, fact_reason_name(segment->gone_reason), size);
	else
		length = (size_t)snprintf(out, VIEW_LINE_LEN,
					  "%" PRId32 ": %s of %s resident, %" PRIu64 " attached",
					  id.shmid, rss, size, segment->nattch);
	length =
		segments_say_who(context, segment, "made", COLUMN_AGE, COLUMN_CREATOR, out, length);
	segments_say_who(context, segment, "used", COLUMN_IDLE, COLUMN_LAST, out, length);
}

static void segments_place(const struct screen *screen, const struct column_context *context,
			   char out[static VIEW_LINE_LEN])
{
	const struct segment_list *list = &screen->segments;

	(void)context;
	snprintf(out, VIEW_LINE_LEN, "%zu/%zu", list->count > 0 ? list->index + 1 : 0, list->count);
}

void segments_sort_step(struct screen *screen, const struct column_context *context, int step)
{
	struct segment_list *list = &screen->segments;
	struct columns_layout layout;
	size_t at = 0;

	segments_layout(screen, context, screen->segments.width, &layout);
	if (layout.count == 0)
		return;
	while (at < layout.count && layout.ids[at] != list->order)
		at++;
	/* From a column that is not shown the first one is next. */
	if (at == layout.count)
		at = 0;
	else
		at = (at + layout.count + (size_t)step) % layout.count;
	list->order = layout.ids[at];
	list->descending = column_table[list->order].descending;
	list->stale = true;
	view_say(screen, context, "sorted by %s: %s", column_table[list->order].name,
		 column_table[list->order].help);
}

void segments_sort_by(struct screen *screen, enum column_id column)
{
	struct segment_list *list = &screen->segments;

	list->descending =
		list->order == column ? !list->descending : column_table[column].descending;
	list->order = column;
	list->stale = true;
}

/* Also of the columns for which there is no room: the status line tells more than the row. */
static bool segments_text(const struct screen *screen, const struct column_context *context,
			  size_t index, char out[static VIEW_LINE_LEN])
{
	const struct segment_list *list = &screen->segments;
	const struct segment *segment;
	struct columns_layout layout;
	size_t length = 0;

	out[0] = '\0';
	if (index >= list->count)
		return false;
	segment = model_find(context->model, &list->ids[index]);
	if (!segment) {
		snprintf(out, VIEW_LINE_LEN, "%" PRId32, list->ids[index].shmid);
		return true;
	}
	segments_layout(screen, context, VIEW_LINE_LEN, &layout);
	for (size_t i = 0; i < layout.count && length < VIEW_LINE_LEN; i++) {
		char cell[COLUMN_CELL_LEN];

		length += (size_t)snprintf(out + length, VIEW_LINE_LEN - length, " %s",
					   column_cell(layout.ids[i], context, segment, cell));
	}
	return true;
}

static size_t segments_index(const struct screen *screen, const struct column_context *context,
			     size_t *count)
{
	(void)context;
	*count = screen->segments.count;
	return screen->segments.index;
}

static void segments_go(struct screen *screen, const struct column_context *context, size_t index)
{
	struct segment_list *list = &screen->segments;

	(void)context;
	if (index >= list->count)
		return;
	list->index = index;
	list->cursor = list->ids[index];
	list->top = view_top(list->top, list->index, list->count, list->page);
}

void segments_free(struct segment_list *list)
{
	tags_free(&list->tags);
	free(list->ids);
	filter_free(list->own_filter);
	*list = (struct segment_list){0};
}

const struct view_ops segments_view = {
	.name = "Segments",
	.draw = segments_draw,
	.move = segments_move,
	.status = segments_status,
	.place = segments_place,
	.segment = segments_segment,
	.text = segments_text,
	.index = segments_index,
	.go = segments_go,
};
