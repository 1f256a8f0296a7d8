/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ui/screen_parts.h"
#include "ui/view.h"

#define CONTROL(letter) ((letter)&0x1f)
enum { KEYS_TAB = '\t', KEYS_ESCAPE = 0x1b };

static enum screen_result key_quit(struct screen *screen, const struct column_context *context,
				   int key)
{
	(void)screen, (void)context, (void)key;
	return SCREEN_QUIT;
}

static enum screen_result key_help(struct screen *screen, const struct column_context *context,
				   int key)
{
	(void)context, (void)key;
	screen->help.top = 0;
	view_open(screen, VIEW_HELP);
	return SCREEN_GO_ON;
}

static enum screen_result key_back(struct screen *screen, const struct column_context *context,
				   int key)
{
	(void)context, (void)key;
	screen->view = screen->back[screen->view];
	return SCREEN_GO_ON;
}

static enum screen_result key_tab(struct screen *screen, const struct column_context *context,
				  int key)
{
	(void)context;
	if (key == '1')
		view_open(screen, VIEW_SEGMENTS);
	else if (key == '2')
		view_open(screen, VIEW_EVENTS);
	else /* between two tabs both ways lead to the other one */
		view_open(screen, screen->view == VIEW_SEGMENTS ? VIEW_EVENTS : VIEW_SEGMENTS);
	return SCREEN_GO_ON;
}

static enum screen_result key_open(struct screen *screen, const struct column_context *context,
				   int key)
{
	struct segment_id id;

	(void)key;
	if (!view_table[screen->view]->segment(screen, context, &id)) {
		view_say(screen, context, "no segment here to open");
		return SCREEN_GO_ON;
	}
	screen->detail.id = id;
	screen->detail.page.top = 0;
	view_open(screen, VIEW_DETAIL);
	return SCREEN_GO_ON;
}

static enum screen_result key_move(struct screen *screen, const struct column_context *context,
				   int key)
{
	enum view_move move = MOVE_END;

	if (key == KEY_UP || key == 'k')
		move = MOVE_UP;
	else if (key == KEY_DOWN || key == 'j')
		move = MOVE_DOWN;
	else if (key == KEY_PPAGE)
		move = MOVE_PAGE_UP;
	else if (key == KEY_NPAGE)
		move = MOVE_PAGE_DOWN;
	else if (key == KEY_HOME || key == 'g')
		move = MOVE_HOME;
	view_table[screen->view]->move(screen, context, move);
	return SCREEN_GO_ON;
}

static enum screen_result key_filter(struct screen *screen, const struct column_context *context,
				     int key)
{
	(void)context, (void)key;
	prompt_open(&screen->prompt,
		    "Filter: ", "Enter apply  Esc cancel   like: size>1G and owner=oracle",
		    screen->segments.filter_text);
	return SCREEN_GO_ON;
}

static enum screen_result key_sort(struct screen *screen, const struct column_context *context,
				   int key)
{
	segments_sort_step(screen, context, key == '<' ? -1 : 1);
	return SCREEN_GO_ON;
}

static enum screen_result key_invert(struct screen *screen, const struct column_context *context,
				     int key)
{
	(void)key;
	screen->segments.descending = !screen->segments.descending;
	screen->segments.stale = true;
	view_say(screen, context, "%s first", screen->segments.descending ? "biggest" : "smallest");
	return SCREEN_GO_ON;
}

static enum screen_result key_follow(struct screen *screen, const struct column_context *context,
				     int key)
{
	(void)key;
	screen->segments.follow = !screen->segments.follow;
	view_say(screen, context,
		 screen->segments.follow ? "the list scrolls with the selected segment"
					 : "the list stays where it is");
	return SCREEN_GO_ON;
}

static enum screen_result key_pause(struct screen *screen, const struct column_context *context,
				    int key)
{
	(void)context, (void)key;
	screen->paused = !screen->paused;
	return screen->paused ? SCREEN_GO_ON : SCREEN_REFRESH;
}

static enum screen_result key_interval(struct screen *screen, const struct column_context *context,
				       int key)
{
	static const uint64_t steps[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};
	size_t count = sizeof(steps) / sizeof(steps[0]), at = 0;

	while (at < count && steps[at] * CLOCK_MS < screen->interval)
		at++;
	/* `at` is the first step that is no shorter than the interval now. */
	if (key == '+' && at < count && steps[at] * CLOCK_MS == screen->interval)
		at++;
	else if (key == '-' && at > 0)
		at--;
	if (at < count)
		screen->interval = steps[at] * CLOCK_MS;
	view_say(screen, context, "a frame every %.1f s",
		 (double)screen->interval / (double)CLOCK_SECOND);
	return SCREEN_GO_ON;
}

static enum screen_result key_redraw(struct screen *screen, const struct column_context *context,
				     int key)
{
	(void)screen, (void)context, (void)key;
	clearok(curscr, TRUE);
	return SCREEN_GO_ON;
}

static enum screen_result key_suspend(struct screen *screen, const struct column_context *context,
				      int key)
{
	(void)key;
	screen_suspend(screen, context);
	return SCREEN_GO_ON;
}

#define SEGMENTS VIEW_BIT(VIEW_SEGMENTS)

const struct key_action key_table[] = {
	{{KEY_F(1), 'h', '?'}, VIEWS_ALL & ~VIEW_BIT(VIEW_HELP), "Help", "this help", key_help},
	{{'1', '2', KEYS_TAB, KEY_BTAB},
	 VIEWS_ALL,
	 NULL,
	 "segments; events; the other one",
	 key_tab},
	{{'\r', '\n', KEY_ENTER},
	 VIEWS_TABS,
	 "Open",
	 "open the segment under the cursor",
	 key_open},
	{{KEY_UP, KEY_DOWN, 'j', 'k'}, VIEWS_ALL, NULL, "move by a line", key_move},
	{{KEY_PPAGE, KEY_NPAGE}, VIEWS_ALL, NULL, "move by a page", key_move},
	{{KEY_HOME, KEY_END, 'g', 'G'},
	 VIEWS_ALL,
	 NULL,
	 "first, last; in the events the last one is followed",
	 key_move},
	{{KEY_F(4), '\\'},
	 SEGMENTS,
	 "Filter",
	 "show only segments for which an expression holds",
	 key_filter},
	{{KEY_F(6), '>', '<'},
	 SEGMENTS,
	 "Sort",
	 "sort by the next column, by the one before",
	 key_sort},
	{{'I'}, SEGMENTS, "Invert", "turn the order round", key_invert},
	{{'F'}, SEGMENTS, NULL, "scroll with the selected segment, or not", key_follow},
	{{'z', 'Z'}, VIEWS_ALL, "Pause", "hold the picture; collecting goes on", key_pause},
	{{'+', '-'}, VIEWS_ALL, NULL, "a longer, a shorter time between frames", key_interval},
	{{CONTROL('L')}, VIEWS_ALL, NULL, "draw everything again", key_redraw},
	{{CONTROL('Z')}, VIEWS_ALL, NULL, "suspend; fg brings it back", key_suspend},
	{{KEYS_ESCAPE, 'q', KEY_F(10)}, VIEWS_PAGES, "Back", "back to the view before", key_back},
	{{'q', KEY_F(10)}, VIEWS_TABS, "Quit", "quit", key_quit},
	{{'Q'}, VIEWS_ALL, NULL, "quit from anywhere", key_quit},
};

const size_t key_count = sizeof(key_table) / sizeof(key_table[0]);

enum screen_result keys_run(struct screen *screen, const struct column_context *context, int key)
{
	for (size_t i = 0; i < key_count; i++) {
		if (!(key_table[i].views & VIEW_BIT(screen->view)))
			continue;
		for (size_t k = 0; k < KEYS_PER_ACTION && key_table[i].keys[k]; k++)
			if (key_table[i].keys[k] == key)
				return key_table[i].run(screen, context, key);
	}
	return SCREEN_GO_ON;
}

char *keys_name(char out[static KEYS_NAME_LEN], int key)
{
	static const struct {
		int key;
		const char *name;
	} names[] = {
		{KEYS_TAB, "Tab"},  {KEY_BTAB, "S-Tab"}, {'\r', "Enter"},     {KEYS_ESCAPE, "Esc"},
		{KEY_UP, "Up"},     {KEY_DOWN, "Down"},  {KEY_PPAGE, "PgUp"}, {KEY_NPAGE, "PgDn"},
		{KEY_HOME, "Home"}, {KEY_END, "End"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].key == key)
			return strcpy(out, names[i].name);
	if (key >= KEY_F(1) && key <= KEY_F(12))
		snprintf(out, KEYS_NAME_LEN, "F%d", key - KEY_F(0));
	else if (key < ' ')
		snprintf(out, KEYS_NAME_LEN, "^%c", key + '@');
	else
		snprintf(out, KEYS_NAME_LEN, "%c", key);
	return out;
}

char *keys_names(char out[static KEYS_NAMES_LEN], const struct key_action *action)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t k = 0; k < KEYS_PER_ACTION && action->keys[k]; k++) {
		char name[KEYS_NAME_LEN];

		/* Three codes, one key */
		if (action->keys[k] == '\n' || action->keys[k] == KEY_ENTER)
			continue;
		length += (size_t)snprintf(out + length, KEYS_NAMES_LEN - length, "%s%s",
					   length > 0 ? " " : "", keys_name(name, action->keys[k]));
	}
	return out;
}
