/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events as they came, newest last, as a view and as rows of other views. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/report.h"

/* Widths of the columns; 0: no room for it. */
struct events_layout {
	int clock, pid, comm, shmid, call, result, took;
};

enum {
	EVENTS_SHMID_WIDTH = 10,
	EVENTS_PID_WIDTH = 7,
	EVENTS_CALL_WIDTH = 60, /* at most: nearly all calls */
	EVENTS_RESULT_WIDTH = 24,
	EVENTS_TOOK_WIDTH = 6,
	EVENTS_WIDE = 130,  /* columns at which everything has its place */
	EVENTS_NARROW = 60, /* below: who and what, not when */
	EVENTS_WHY = 5,     /* lines of why a call failed, at most */
	EVENTS_ROWS = 4,    /* of the list itself, at least */
	EVENTS_STATUS_WHY = 200,
};

static struct events_layout events_layout(int width)
{
	struct events_layout layout = {.pid = EVENTS_PID_WIDTH, .shmid = EVENTS_SHMID_WIDTH};
	int room = width - 1 - (layout.pid + 1) - (layout.shmid + 1);

	if (width >= EVENTS_NARROW) {
		layout.clock = width < EVENTS_WIDE ? 12 : 15;
		layout.comm = width < EVENTS_WIDE ? 10 : 15;
		room -= layout.clock + 1 + layout.comm + 1;
	}
	layout.call = room;
	if (width >= EVENTS_WIDE) {
		layout.took = EVENTS_TOOK_WIDTH;
		layout.call = room - EVENTS_RESULT_WIDTH - 1 - layout.took - 1;
		if (layout.call > EVENTS_CALL_WIDTH)
			layout.call = EVENTS_CALL_WIDTH;
		layout.result = room - layout.call - 1 - layout.took - 1;
	}
	return layout;
}

/* By the frame's own clock, so that a recording shows its own time: "12:04:30.118204" */
static void events_clock(const struct column_context *context, const struct event *event,
			 char out[static 32])
{
	int64_t wall = context->wall - (int64_t)(context->now - event->time);
	time_t seconds = wall / (int64_t)CLOCK_SECOND;
	struct tm local;
	size_t length;

	if (!localtime_r(&seconds, &local)) {
		strcpy(out, "-");
		return;
	}
	length = strftime(out, 32, "%H:%M:%S", &local);
	snprintf(out + length, 32 - length, ".%06d",
		 (int)(wall % (int64_t)CLOCK_SECOND / INT64_C(1000)));
}

/* What a narrow row has no need to say: the id that a shmget returned stands in a column of its own, and
 * the place of a mapping on the status line. */
static const char *events_short_result(const char *result, const struct event *event)
{
	const char *rest = strncmp(result, "= ", 2) == 0 ? strchr(result + 2, ' ') : NULL;

	if (event->op == FACT_ATTACH || event->op == FACT_DETACH)
		return "";
	return event->op == FACT_SHMGET && event->ret == event->shmid && rest ? rest + 1 : result;
}

/* Where the result has no column of its own it stands at the right end, whole if it can. */
static void events_draw_call(const struct theme *theme, struct area rest,
			     const struct events_layout *layout, attr_t attributes,
			     const struct event *event)
{
	char call[EVENT_PART_LEN], result[EVENT_PART_LEN], took[UNITS_LEN];
	int share = layout->call;

	event_call(call, event);
	event_result(result, event);
	const char *brief = events_short_result(result, event);

	if (layout->result == 0 && brief[0]) {
		int needed = (int)text_width(brief);

		if (needed > rest.width / 2)
			needed = rest.width / 2;
		share -= needed + 1;
		draw_text(theme, rest.top, rest.left + share + 1, needed, attributes, brief);
	}
	draw_text(theme, rest.top, rest.left, share, attributes, call);
	if (layout->result == 0)
		return;
	draw_text(theme, rest.top, rest.left + share + 1, layout->result, attributes, result);
	if (event->took > 0)
		draw_right(theme, rest.top, rest.left + rest.width - layout->took, layout->took,
			   attributes, units_duration(took, event->took));
}

/* A number at the right end of its columns, or "-" */
static void events_draw_number(const struct theme *theme, int row, int left, int width,
			       attr_t attributes, bool known, int32_t number)
{
	char text[16] = "-";

	if (known)
		snprintf(text, sizeof(text), "%" PRId32, number);
	draw_right(theme, row, left, width, attributes, text);
}

void events_draw_row(const struct screen *screen, const struct column_context *context,
		     struct area row, const struct model_event *entry, bool cursor)
{
	const struct theme *theme = &screen->theme;
	const struct event event = event_named(context->model, entry);
	struct events_layout layout = events_layout(row.width);
	attr_t attributes = theme->attributes[event.ret < 0 ? THEME_BAD : THEME_PLAIN];
	int left = row.left + 1;
	char clock[32];

	if (cursor) {
		attributes |= theme->attributes[THEME_SELECTED];
		draw_fill(row.top, row.left, row.width, attributes);
		draw_text(theme, row.top, row.left, 1, attributes, ">");
	}
	if (layout.clock > 0) {
		events_clock(context, &event, clock);
		clock[layout.clock] = '\0';
		draw_text(theme, row.top, left, layout.clock, attributes, clock);
		left += layout.clock + 1;
	}
	events_draw_number(theme, row.top, left, layout.pid, attributes, event.pid > 0, event.pid);
	left += layout.pid + 1;
	if (layout.comm > 0) {
		draw_text(theme, row.top, left, layout.comm, attributes,
			  event.comm[0] ? event.comm : "-");
		left += layout.comm + 1;
	}
	events_draw_number(theme, row.top, left, layout.shmid, attributes, event.shmid >= 0,
			   event.shmid);
	left += layout.shmid + 1;
	events_draw_call(theme, (struct area){row.top, left, 1, row.left + row.width - left},
			 &layout, attributes, &event);
}

void events_draw_heading(const struct screen *screen, struct area row)
{
	const struct theme *theme = &screen->theme;
	attr_t attributes = theme->attributes[THEME_HEADING];
	struct events_layout layout = events_layout(row.width);
	int left = row.left + 1, end = row.left + row.width;

	draw_fill(row.top, row.left, row.width, attributes);
	draw_text(theme, row.top, left, layout.clock, attributes, "TIME");
	left += layout.clock > 0 ? layout.clock + 1 : 0;
	draw_right(theme, row.top, left, layout.pid, attributes, "PID");
	left += layout.pid + 1;
	draw_text(theme, row.top, left, layout.comm, attributes, "COMM");
	left += layout.comm > 0 ? layout.comm + 1 : 0;
	draw_right(theme, row.top, left, layout.shmid, attributes, "SHMID");
	left += layout.shmid + 1;
	draw_text(theme, row.top, left, layout.call, attributes, "CALL");
	if (layout.result == 0) {
		draw_right(theme, row.top, left, end - left, attributes, "RESULT");
		return;
	}
	left += layout.call + 1;
	draw_text(theme, row.top, left, layout.result, attributes, "RESULT");
	draw_right(theme, row.top, left, end - left, attributes, "TOOK");
}

/* Behind the newest event to show: while paused, the newest when the picture was taken. */
static uint64_t events_end(const struct screen *screen, const struct column_context *context)
{
	uint64_t end = screen->paused ? screen->events.held : model_events_end(context->model);
	uint64_t first = model_events_first(context->model);

	return end > first ? end : first;
}

/* Why there are none: the ring may have moved on over all that a pause holds. */
static void events_draw_none(const struct screen *screen, const struct column_context *context,
			     struct area row)
{
	uint64_t end = model_events_end(context->model), held = screen->events.held;
	attr_t faint = screen->theme.attributes[THEME_FAINT];

	if (screen->paused && held < end)
		draw_format(&screen->theme, row.top, row.left + 1, row.width - 1, faint,
			    "gone: %" PRIu64 " events came since; z goes on", end - held);
	else
		draw_text(&screen->theme, row.top, row.left + 1, row.width - 1, faint,
			  "no events yet");
}

void events_draw_newest(struct screen *screen, const struct column_context *context,
			struct area area)
{
	uint64_t first = model_events_first(context->model);
	uint64_t end = events_end(screen, context);

	if (end == first)
		events_draw_none(screen, context, area);
	if (end - first > (uint64_t)area.height)
		first = end - (uint64_t)area.height;
	for (uint64_t at = first; at < end; at++) {
		struct area row = {area.top + (int)(at - first), area.left, 1, area.width};

		events_draw_row(screen, context, row, model_event(context->model, at), false);
	}
}

/* Who moved to a call that failed reads why at the foot of the list. While the newest is followed the list
 * would jump. Returns the lines that this takes. */
static int events_draw_why(const struct screen *screen, const struct column_context *context,
			   struct area area)
{
	const struct model_event *entry = model_event(context->model, screen->events.cursor);
	size_t lines = entry ? explanation_lines(context, entry, area.width) : 0;

	if (screen->events.following || lines > EVENTS_WHY)
		lines = screen->events.following ? 0 : EVENTS_WHY;
	if (area.height < EVENTS_ROWS + (int)lines)
		return 0;
	for (size_t line = 0; line < lines; line++) {
		struct area row = {area.top + area.height - (int)(lines - line), area.left, 1,
				   area.width};

		explanation_draw(&screen->theme, context, entry, row, line);
	}
	return (int)lines;
}

static void events_draw(struct screen *screen, const struct column_context *context,
			struct area area)
{
	struct event_list *list = &screen->events;
	uint64_t first = model_events_first(context->model);
	uint64_t end = events_end(screen, context);
	size_t top = list->top > first ? (size_t)(list->top - first) : 0;

	list->page = (size_t)area.height - 1;
	list->first = first;
	events_draw_heading(screen, area);
	if (end == first) {
		events_draw_none(screen, context,
				 (struct area){area.top + 1, area.left, 1, area.width});
		return;
	}
	/* The ring may have dropped what the cursor was on. */
	if (list->following || list->cursor >= end)
		list->cursor = end - 1;
	else if (list->cursor < first)
		list->cursor = first;
	area.height -= events_draw_why(screen, context, area);
	list->page = (size_t)area.height - 1;
	list->top = first + view_top(top, (size_t)(list->cursor - first), (size_t)(end - first),
				     list->page);
	if (end - list->top > list->page)
		end = list->top + list->page;
	mouse_note_rows(&screen->mouse,
			(struct area){area.top + 1, area.left, (int)(end - list->top), area.width},
			(size_t)(list->top - first));
	for (uint64_t at = list->top; at < end; at++) {
		struct area row = {area.top + 1 + (int)(at - list->top), area.left, 1, area.width};

		events_draw_row(screen, context, row, model_event(context->model, at),
				at == list->cursor);
	}
}

static void events_move(struct screen *screen, const struct column_context *context,
			enum view_move move)
{
	struct event_list *list = &screen->events;
	uint64_t first = model_events_first(context->model);
	uint64_t end = events_end(screen, context);
	size_t index;

	if (end == first)
		return;
	if (list->cursor >= end)
		list->cursor = end - 1;
	else if (list->cursor < first)
		list->cursor = first;
	index = view_moved((size_t)(list->cursor - first), (size_t)(end - first), list->page, move);
	list->cursor = first + index;
	/* Only End takes the following up again: whoever reads the last line may stay there. */
	if (move == MOVE_END)
		list->following = true;
	else if (move == MOVE_UP || move == MOVE_PAGE_UP || move == MOVE_HOME)
		list->following = false;
}

/* The one in the row that has its mark, whatever came since that was drawn */
static const struct model_event *events_at_cursor(const struct screen *screen,
						  const struct column_context *context)
{
	return screen->events.cursor < events_end(screen, context)
		       ? model_event(context->model, screen->events.cursor)
		       : NULL;
}

static void events_status(const struct screen *screen, const struct column_context *context,
			  char out[static VIEW_LINE_LEN])
{
	const struct model_event *entry = events_at_cursor(screen, context);
	char call[EVENT_PART_LEN], result[EVENT_PART_LEN], repeats[EVENT_PART_LEN];
	char why[EVENT_EXPLAIN_LEN];

	out[0] = '\0';
	if (!entry)
		return;
	event_call(call, &entry->event);
	event_result(result, &entry->event);
	event_explain_repeats(repeats, context, &entry->event);
	event_explain(why, context, &entry->event);
	why[text_prefix(why, EVENTS_STATUS_WHY)] = '\0';
	/* It comes first: the call stands in the row, too. */
	if (why[0])
		snprintf(out, VIEW_LINE_LEN, "%s: %s%s%s; %s", result, repeats,
			 repeats[0] ? ": " : "", why, call);
	else
		snprintf(out, VIEW_LINE_LEN, "%s %s%s", call, result,
			 entry->event.inferred ? " (nobody saw it: two looks differ)" : "");
}

static void events_place(const struct screen *screen, const struct column_context *context,
			 char out[static VIEW_LINE_LEN])
{
	uint64_t end = events_end(screen, context);
	uint64_t first = model_events_first(context->model);
	uint64_t at = screen->events.cursor;

	if (screen->paused && (screen->events.following || end == first))
		snprintf(out, VIEW_LINE_LEN, "held at %" PRIu64, screen->events.held);
	else if (screen->events.following || end == first)
		snprintf(out, VIEW_LINE_LEN, "following %" PRIu64, end);
	else
		snprintf(out, VIEW_LINE_LEN, "%" PRIu64 "/%" PRIu64,
			 at < first ? first + 1 : at + 1, end);
}

static bool events_segment(const struct screen *screen, const struct column_context *context,
			   struct segment_id *out)
{
	const struct model_event *entry = events_at_cursor(screen, context);

	if (!entry || entry->segment.generation == 0 ||
	    !model_find(context->model, &entry->segment))
		return false;
	*out = entry->segment;
	return true;
}

/* As in a row that is wide enough for all of it */
static bool events_text(const struct screen *screen, const struct column_context *context,
			size_t index, char out[static VIEW_LINE_LEN])
{
	uint64_t at = screen->events.first + index;
	const struct model_event *entry = model_event(context->model, at);
	char clock[32], call[EVENT_PART_LEN], result[EVENT_PART_LEN], shmid[16] = "-";
	struct event event;

	if (at >= events_end(screen, context))
		return false;
	out[0] = '\0';
	/* It left the ring since the list was drawn. */
	if (!entry)
		return true;
	event = event_named(context->model, entry);
	events_clock(context, &event, clock);
	if (event.shmid >= 0)
		snprintf(shmid, sizeof(shmid), "%" PRId32, event.shmid);
	snprintf(out, VIEW_LINE_LEN, "%s %" PRId32 " %s %s %s %s", clock, event.pid, event.comm,
		 shmid, event_call(call, &event), event_result(result, &event));
	return true;
}

/* Indexes count from the first event as last drawn: the ring may have moved on since. */
static size_t events_index(const struct screen *screen, const struct column_context *context,
			   size_t *count)
{
	const struct event_list *list = &screen->events;

	*count = (size_t)(events_end(screen, context) - list->first);
	return list->cursor > list->first ? (size_t)(list->cursor - list->first) : 0;
}

static void events_go(struct screen *screen, const struct column_context *context, size_t index)
{
	(void)context;
	screen->events.cursor = screen->events.first + index;
	screen->events.following = false;
}

const struct view_ops events_view = {
	.name = "Events",
	.draw = events_draw,
	.move = events_move,
	.status = events_status,
	.place = events_place,
	.segment = events_segment,
	.text = events_text,
	.index = events_index,
	.go = events_go,
};
