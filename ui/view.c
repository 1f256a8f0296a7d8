/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define MESSAGE_TIME (5 * CLOCK_SECOND)

const struct view_ops *const view_table[VIEWS_COUNT] = {
	[VIEW_SEGMENTS] = &segments_view, [VIEW_EVENTS] = &events_view,
	[VIEW_LEAKS] = &leaks_view,       [VIEW_OWNERS] = &owners_view,
	[VIEW_LIMITS] = &limits_view,     [VIEW_DETAIL] = &detail_view,
	[VIEW_PEEK] = &peek_view,         [VIEW_HELP] = &help_view,
	[VIEW_SETUP] = &setup_view,
};

void view_open(struct screen *screen, enum view_id view)
{
	/* Tabs lie beside each other: from one of them nothing leads back. */
	if (view != screen->view)
		screen->back[view] = VIEW_BIT(view) & VIEWS_TABS ? view : screen->view;
	screen->view = view;
}

size_t view_moved(size_t index, size_t count, size_t page, enum view_move move)
{
	size_t last = count > 0 ? count - 1 : 0;
	size_t step = move == MOVE_PAGE_UP || move == MOVE_PAGE_DOWN ? page : 1;

	switch (move) {
	case MOVE_UP:
	case MOVE_PAGE_UP:
		return index > step ? index - step : 0;
	case MOVE_DOWN:
	case MOVE_PAGE_DOWN:
		return index < last && last - index > step ? index + step : last;
	case MOVE_HOME:
		return 0;
	case MOVE_END:
		break;
	}
	return last;
}

size_t view_top(size_t top, size_t index, size_t count, size_t page)
{
	size_t most = count > page ? count - page : 0;

	if (index < top)
		top = index;
	else if (index >= top + page)
		top = index + 1 - page;
	return top < most ? top : most;
}

void page_move(struct page *page, enum view_move move)
{
	size_t tops = page->lines > page->height ? page->lines - page->height + 1 : 1;

	page->top = view_moved(page->top, tops, page->height, move);
}

size_t page_fit(struct page *page, size_t lines, size_t height)
{
	size_t most = lines > height ? lines - height : 0;

	page->lines = lines;
	page->height = height;
	if (page->top > most)
		page->top = most;
	return page->top;
}

void page_place(const struct page *page, char out[static VIEW_LINE_LEN])
{
	size_t end = page->top + page->height;

	if (page->lines <= page->height)
		out[0] = '\0';
	else
		snprintf(out, VIEW_LINE_LEN, "%zu-%zu/%zu", page->top + 1,
			 end < page->lines ? end : page->lines, page->lines);
}

void view_say(struct screen *screen, const struct column_context *context, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(screen->message, sizeof(screen->message), format, arguments);
	va_end(arguments);
	screen->message_end = context->now + MESSAGE_TIME;
}

void view_say_path(struct screen *screen, const struct column_context *context, int error,
		   const char *what, const char *path)
{
	char safe[PATH_MAX], reason[128] = "";
	size_t needed, room = (size_t)COLS;
	const char *shown = safe;

	if (error)
		snprintf(reason, sizeof(reason), ": %s", strerror(-error));
	text_safe(safe, sizeof(safe), path, strlen(path));
	needed = text_width(what) + 1 + text_width(reason) + 1;
	room = room > needed ? room - needed : 0;
	while (*shown && text_width(shown) > room)
		do
			shown++;
		while (((unsigned char)*shown & 0xc0) == 0x80);
	view_say(screen, context, "%s%s%s%s%s", error ? "" : what, error || !what[0] ? "" : " ",
		 shown == safe ? "" : "~", shown, reason);
}

bool view_is_old(const struct screen *screen, uint64_t revision)
{
	return revision == 0 || (!screen->paused && revision != screen->revision);
}

void view_pause(struct screen *screen, const struct column_context *context)
{
	uint64_t *const others[] = {&screen->leaks.revision, &screen->owners.revision,
				    &screen->limits.revision};

	segments_select(screen, context);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (*others[i] != screen->revision)
			*others[i] = 0;
	screen->events.held = model_events_end(context->model);
	screen->paused = !screen->paused;
	/* What was held back comes with the next frame. */
	screen->segments.stale = !screen->paused;
}

void view_interval_step(struct screen *screen, int step)
{
	static const uint64_t steps[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};
	size_t count = sizeof(steps) / sizeof(steps[0]), at = 0;

	while (at < count && steps[at] * CLOCK_MS < screen->interval)
		at++;
	/* `at` is the first step that is no shorter than the interval now. */
	if (step > 0 && at < count && steps[at] * CLOCK_MS == screen->interval)
		at++;
	else if (step < 0 && at > 0)
		at--;
	if (at < count)
		screen->interval = steps[at] * CLOCK_MS;
}

void view_ask(struct screen *screen, const char *label, const char *help, const char *text,
	      enum screen_result (*done)(struct screen *screen,
					 const struct column_context *context))
{
	prompt_open(&screen->prompt, label, help, text);
	screen->prompt_done = done;
}

void view_draw_empty(const struct screen *screen, struct area area, const char *what)
{
	draw_text(&screen->theme, area.top + 1, area.left + 1, area.width - 1,
		  screen->theme.attributes[THEME_FAINT], what);
}

void view_draw_no_segments(const struct screen *screen, const struct column_context *context,
			   struct area area)
{
	size_t namespaces;

	model_namespaces(context->model, &namespaces);
	view_draw_empty(screen, area,
			namespaces > 1 ? "no segments in any namespace; try: shmtop demo"
				       : "no segments in this namespace; try: shmtop demo");
}

bool segment_id_same(const struct segment_id *a, const struct segment_id *b)
{
	return a->generation == b->generation && a->shmid == b->shmid && a->ipcns == b->ipcns;
}
