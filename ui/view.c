/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/view.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

#define MESSAGE_TIME (5 * CLOCK_SECOND)

const struct view_ops *const view_table[VIEWS_COUNT] = {
	[VIEW_SEGMENTS] = &segments_view,
	[VIEW_EVENTS] = &events_view,
	[VIEW_DETAIL] = &detail_view,
	[VIEW_HELP] = &help_view,
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

bool segment_id_same(const struct segment_id *a, const struct segment_id *b)
{
	return a->generation == b->generation && a->shmid == b->shmid && a->ipcns == b->ipcns;
}
