/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search in the view that is open: a list by the texts of its items, a page by its lines as drawn. */
#include "ui/canvas.h"
#include "ui/view.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { SEARCH_CELLS = 1024, SEARCH_BYTES = SEARCH_CELLS * 4 + 1 };

/* Columns of a row of the screen as text. Returns the characters. */
static int search_row(int row, int left, int width, wchar_t wide[static SEARCH_CELLS],
		      char bytes[static SEARCH_BYTES])
{
	int count = mvinnwstr(row, left, wide, width < SEARCH_CELLS ? width : SEARCH_CELLS - 1);

	bytes[0] = '\0';
	if (count < 0 || wcstombs(bytes, wide, SEARCH_BYTES) == (size_t)-1)
		return 0;
	return count;
}

/* The first of the lines [from, to) of a page that matches, or the last one. `to` when none does. */
static size_t search_page(struct screen *screen, const struct column_context *context, size_t from,
			  size_t to, bool last)
{
	const struct view_ops *view = view_table[screen->view];
	struct page *page = view->page(screen);
	const struct area *body = &screen->body;
	size_t found = to, line = from;
	wchar_t wide[SEARCH_CELLS];
	char bytes[SEARCH_BYTES];

	while (line < to && body->height > 0) {
		size_t drawn;

		canvas_begin();
		page->top = line;
		view->draw(screen, context, *body);
		canvas_show();
		/* Near the end it shows the lines before, too. By now there may be fewer than were counted. */
		drawn = page->top + (size_t)body->height;
		if (drawn <= line)
			break;
		for (; line < to && line < drawn; line++) {
			search_row(body->top + (int)(line - page->top), body->left, body->width,
				   wide, bytes);
			if (search_find(screen->search.text, bytes) == SEARCH_NONE)
				continue;
			found = line;
			if (!last)
				return found;
		}
	}
	return found;
}

static size_t search_list(struct screen *screen, const struct column_context *context, size_t from,
			  size_t to, bool last)
{
	const struct view_ops *view = view_table[screen->view];
	char text[VIEW_LINE_LEN];

	for (size_t i = from; i < to; i++) {
		size_t index = last ? to - 1 - (i - from) : i;

		if (view->text(screen, context, index, text) &&
		    search_find(screen->search.text, text) != SEARCH_NONE)
			return index;
	}
	return to;
}

/* In [0, count): from behind `at` round to `at`, or the other way. `count` when there is none. */
static size_t search_round(struct screen *screen, const struct column_context *context, size_t at,
			   size_t count, bool backward, bool *wrapped)
{
	size_t (*search)(struct screen *, const struct column_context *, size_t, size_t, bool) =
		view_table[screen->view]->page ? search_page : search_list;
	size_t middle = backward ? at : at + 1;
	size_t first = backward ? search(screen, context, 0, middle, true)
				: search(screen, context, middle, count, false);

	*wrapped = first == (backward ? middle : count);
	if (!*wrapped)
		return first;
	return backward ? search(screen, context, middle, count, true)
	       : (first = search(screen, context, 0, middle, false)) < middle ? first
									      : count;
}

/* The line of a page at which a search goes on */
static size_t search_line(const struct screen *screen, const struct page *page)
{
	size_t line = screen->search.line;

	return line >= page->top && line < page->top + page->height ? line : page->top;
}

static void search_run(struct screen *screen, const struct column_context *context, bool backward,
		       bool fresh)
{
	const struct view_ops *view = view_table[screen->view];
	struct page *page = view->page ? view->page(screen) : NULL;
	size_t top = page ? page->top : 0, count = 0, at = 0, found;
	bool wrapped;

	if (page) {
		count = page->lines;
		at = search_line(screen, page);
		/* What is on top was not looked for yet. */
		if (fresh)
			at = at > 0 ? at - 1 : count - 1;
	} else if (view->text) {
		at = view->index(screen, context, &count);
	}
	found = count > 0 ? search_round(screen, context, at, count, backward, &wrapped) : count;
	if (page)
		page->top = top;
	if (found == count) {
		view_say(screen, context, "not found: %s", screen->search.text);
		return;
	}
	if (page) {
		screen->search.line = found;
		if (found < top || found >= top + page->height)
			page->top = found;
	} else {
		view->go(screen, context, found);
	}
	if (fresh && page)
		wrapped = found < top;
	else if (found == at)
		view_say(screen, context, "nowhere else: %s", screen->search.text);
	if (wrapped && (found != at || (fresh && page)))
		view_say(screen, context, "%s",
			 backward ? "beginning reached: on from the end"
				  : "end reached: on from the beginning");
}

static enum screen_result search_done(struct screen *screen, const struct column_context *context)
{
	struct prompt *prompt = &screen->prompt;

	prompt->active = false;
	memcpy(screen->search.text, prompt->text, sizeof(screen->search.text));
	if (prompt->length > 0)
		search_run(screen, context, false, true);
	else
		view_say(screen, context, "the search is over");
	return SCREEN_GO_ON;
}

enum screen_result search_ask(struct screen *screen, const struct column_context *context, int key)
{
	(void)context, (void)key;
	view_ask(screen,
		 "Search: ", "Enter search, without a text: end  Esc cancel   n next  N before", "",
		 search_done);
	return SCREEN_GO_ON;
}

enum screen_result search_next(struct screen *screen, const struct column_context *context, int key)
{
	if (screen->search.text[0])
		search_run(screen, context, key == 'N', false);
	else
		view_say(screen, context, "nothing to search for yet: / asks");
	return SCREEN_GO_ON;
}

/* Turns round the cells of some columns, whatever they look like. */
static void search_turn(int row, int left, int width)
{
	canvas_spoil(row);
	for (int column = left; column < left + width; column++) {
		wchar_t characters[CCHARW_MAX + 1];
		attr_t attributes;
		cchar_t cell;
		short pair;

		if (mvin_wch(row, column, &cell) == OK &&
		    getcchar(&cell, characters, &attributes, &pair, NULL) == OK)
			mvchgat(row, column, 1, attributes ^ A_REVERSE, pair, NULL);
	}
}

static int search_columns(const wchar_t *text, size_t count)
{
	int width = wcswidth(text, count);

	return width > 0 ? width : 0;
}

void search_highlight(const struct screen *screen, struct area area)
{
	const char *pattern = screen->search.text;
	size_t length = mbstowcs(NULL, pattern, 0);
	wchar_t wide[SEARCH_CELLS];
	char bytes[SEARCH_BYTES];

	if (!pattern[0] || length == (size_t)-1)
		return;
	for (int row = area.top; row < area.top + area.height; row++) {
		size_t from = 0, found;

		search_row(row, area.left, area.width, wide, bytes);
		while ((found = search_find(pattern, bytes + from)) != SEARCH_NONE) {
			char kept = bytes[from + found];
			size_t before;

			bytes[from + found] = '\0';
			before = mbstowcs(NULL, bytes, 0);
			bytes[from + found] = kept;
			search_turn(row, area.left + search_columns(wide, before),
				    search_columns(wide + before, length));
			from += found + strlen(pattern);
		}
	}
}
