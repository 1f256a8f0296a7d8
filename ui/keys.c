/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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

static enum screen_result key_by(struct screen *screen, const struct column_context *context,
				 int key)
{
	(void)key;
	owners_next(screen, context);
	return SCREEN_GO_ON;
}

static enum screen_result key_resident(struct screen *screen, const struct column_context *context,
				       int key)
{
	(void)key;
	detail_ask_resident(screen, context);
	return SCREEN_GO_ON;
}

static enum screen_result key_peek(struct screen *screen, const struct column_context *context,
				   int key)
{
	(void)key;
	peek_open(screen, context);
	return SCREEN_GO_ON;
}

static enum screen_result key_widen(struct screen *screen, const struct column_context *context,
				    int key)
{
	(void)context, (void)key;
	drill_back(screen);
	return SCREEN_GO_ON;
}

static enum screen_result key_tab(struct screen *screen, const struct column_context *context,
				  int key)
{
	enum view_id view = screen->view;

	(void)context;
	if (key >= '1' && key < '1' + VIEW_TABS_COUNT) {
		view_open(screen, (enum view_id)(key - '1'));
		return SCREEN_GO_ON;
	}
	/* From a page the way leads by the tab that it was opened from. */
	for (int at = 0; at < VIEWS_COUNT && !(VIEW_BIT(view) & VIEWS_TABS); at++)
		view = screen->back[view];
	view_open(screen, (view + (key == KEY_BTAB ? VIEW_TABS_COUNT - 1u : 1u)) % VIEW_TABS_COUNT);
	return SCREEN_GO_ON;
}

static enum screen_result key_open(struct screen *screen, const struct column_context *context,
				   int key)
{
	struct segment_id id;

	(void)key;
	if (view_table[screen->view]->open) {
		view_table[screen->view]->open(screen, context);
		return SCREEN_GO_ON;
	}
	if (!view_table[screen->view]->segment(screen, context, &id)) {
		view_say(screen, context, "no segment here to open");
		return SCREEN_GO_ON;
	}
	detail_open(screen, &id);
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

static enum screen_result filter_done(struct screen *screen, const struct column_context *context)
{
	struct segment_list *list = &screen->segments;
	struct prompt *prompt = &screen->prompt;
	struct filter_error error = {0};
	struct filter *filter;
	int failed = filter_parse(prompt->text, &filter, &error);

	if (failed) {
		prompt_fail(prompt, error.position,
			    failed == -EINVAL ? error.message : strerror(-failed));
		return SCREEN_GO_ON;
	}
	prompt->active = false;
	filter_free(list->own_filter);
	list->own_filter = filter;
	list->stale = true;
	if (strspn(prompt->text, " ") == prompt->length) {
		list->filter = NULL;
		list->filter_text[0] = '\0';
		view_say(screen, context, "all segments are shown");
	} else {
		list->filter = filter;
		memcpy(list->filter_text, prompt->text, sizeof(list->filter_text));
	}
	return SCREEN_GO_ON;
}

static enum screen_result key_filter(struct screen *screen, const struct column_context *context,
				     int key)
{
	(void)context, (void)key;
	view_ask(screen, "Filter: ", "Enter apply  Esc cancel   like: size>1G and owner=oracle",
		 screen->segments.filter_text, filter_done);
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
	(void)key;
	view_pause(screen, context);
	return screen->paused ? SCREEN_GO_ON : SCREEN_REFRESH;
}

static enum screen_result key_interval(struct screen *screen, const struct column_context *context,
				       int key)
{
	view_interval_step(screen, key == '+' ? 1 : -1);
	view_say(screen, context, "a frame every %.1f s",
		 (double)screen->interval / (double)CLOCK_SECOND);
	return SCREEN_GO_ON;
}

/* Nothing is removed that is not in sight. */
static void remove_tagged(struct screen *screen, const struct column_context *context)
{
	const struct segment_list *list = &screen->segments;
	struct segment_id *ids = calloc(list->tags.count, sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; ids && i < list->count; i++)
		if (tags_has(&list->tags, &list->ids[i]))
			ids[count++] = list->ids[i];
	if (ids && count == 0 && screen->machine.remove)
		view_say(screen, context, "none of the tagged segments is listed");
	else if (ids)
		remove_ask(screen, context, ids, count, list->tags.count - count);
	free(ids);
}

static enum screen_result key_remove(struct screen *screen, const struct column_context *context,
				     int key)
{
	const struct view_ops *view = view_table[screen->view];
	struct segment_id id;
	bool one;

	(void)key;
	if (screen->view == VIEW_SEGMENTS && screen->segments.tags.count > 0) {
		remove_tagged(screen, context);
		return SCREEN_GO_ON;
	}
	one = view->segment(screen, context, &id);
	if (!one && view->open && screen->machine.remove)
		view_say(screen, context,
			 "not one segment: Enter lists those of a row, Space tags, F9 removes");
	else
		remove_ask(screen, context, &id, one, 0);
	return SCREEN_GO_ON;
}

static enum screen_result key_setup(struct screen *screen, const struct column_context *context,
				    int key)
{
	(void)context, (void)key;
	view_open(screen, VIEW_SETUP);
	return SCREEN_GO_ON;
}

static enum screen_result key_tag(struct screen *screen, const struct column_context *context,
				  int key)
{
	struct segment_id id;

	(void)key;
	if (!view_table[screen->view]->segment(screen, context, &id)) {
		view_say(screen, context, "no segment here to tag");
		return SCREEN_GO_ON;
	}
	if (tags_toggle(&screen->segments.tags, &id))
		view_say(screen, context, "no memory");
	view_table[screen->view]->move(screen, context, MOVE_DOWN);
	return SCREEN_GO_ON;
}

static enum screen_result key_untag(struct screen *screen, const struct column_context *context,
				    int key)
{
	(void)key;
	view_say(screen, context, "%zu tag%s taken away", screen->segments.tags.count,
		 screen->segments.tags.count == 1 ? "" : "s");
	tags_clear(&screen->segments.tags);
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
#define SETUP    VIEW_BIT(VIEW_SETUP)
/* A segment's bytes are not lines of a text. */
#define VIEWS_SEARCHED (VIEWS_ALL & ~VIEW_BIT(VIEW_PEEK))

const struct key_action key_table[] = {
	{{KEY_F(1), 'h', '?'}, VIEWS_ALL & ~VIEW_BIT(VIEW_HELP), "Help", "this help", key_help},
	{{'1', '2', '3', '4', '5'},
	 VIEWS_ALL,
	 NULL,
	 "segments; events; leaks; owners; limits",
	 key_tab},
	{{KEYS_TAB, KEY_BTAB}, VIEWS_ALL, NULL, "the next of these, the one before", key_tab},
	{{'\r', '\n', KEY_ENTER},
	 VIEWS_TABS,
	 "Open",
	 "open it; of a leak, an owner, a limit: show the segments",
	 key_open},
	{{'o'},
	 VIEWS_ALL,
	 NULL,
	 "open a segment by its id or key, also one that is gone",
	 open_ask},
	{{'r'},
	 VIEW_BIT(VIEW_DETAIL),
	 "Resident",
	 "how much of the segment each holder has in memory",
	 key_resident},
	{{'b'}, VIEW_BIT(VIEW_OWNERS), "Group", "owners by executable, by user, by cgroup", key_by},
	{{KEY_F(2)},
	 VIEWS_ALL & ~SETUP,
	 "Setup",
	 "columns, order, theme, characters, mouse",
	 key_setup},
	{{KEY_F(3), '/'}, VIEWS_SEARCHED, "Search", "search for a text, or end it", search_ask},
	{{'n', 'N'},
	 VIEWS_SEARCHED,
	 NULL,
	 "the next place where the text stands, the one before",
	 search_next},
	{{' ', '\r', '\n', KEY_ENTER},
	 SETUP,
	 "Change",
	 "change the setting, switch the column on or off",
	 setup_change},
	{{KEY_LEFT, KEY_RIGHT}, SETUP, NULL, "the value before, the next one", setup_change},
	{{KEY_F(7), KEY_F(8), '[', ']'},
	 SETUP,
	 "Move",
	 "move the column to the left, to the right",
	 setup_move_column},
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
	{{' '}, SEGMENTS, NULL, "tag the segment, or take its tag away", key_tag},
	{{'U'}, SEGMENTS, NULL, "take all tags away", key_untag},
	{{'F'}, SEGMENTS, NULL, "scroll with the selected segment, or not", key_follow},
	/* Not k, as in htop: here it moves up. */
	{{KEY_F(9), 'D'},
	 VIEW_BIT(VIEW_SEGMENTS) | VIEW_BIT(VIEW_EVENTS) | VIEW_BIT(VIEW_LEAKS) |
		 VIEW_BIT(VIEW_DETAIL),
	 "Remove",
	 "remove the segment, or the tagged ones; needs --allow-remove",
	 key_remove},
	{{'x'},
	 VIEW_BIT(VIEW_SEGMENTS) | VIEW_BIT(VIEW_EVENTS) | VIEW_BIT(VIEW_LEAKS) |
		 VIEW_BIT(VIEW_DETAIL),
	 "Contents",
	 "what stands in the segment, without touching it",
	 key_peek},
	{{'z', 'Z'},
	 VIEWS_ALL,
	 "Pause",
	 "hold the lists, to sort and filter; a segment's figures go on",
	 key_pause},
	{{'+', '-'}, VIEWS_ALL, NULL, "a longer, a shorter time between frames", key_interval},
	{{'P'}, VIEWS_ALL, NULL, "write the frame as text to a new file here", dump_text},
	{{'E'}, VIEWS_ALL, NULL, "write segments and events as JSON to a new file here", dump_json},
	{{'W'}, VIEWS_ALL, NULL, "save the setup for the next time", setup_save},
	{{CONTROL('L')}, VIEWS_ALL, NULL, "draw everything again", key_redraw},
	{{CONTROL('Z')}, VIEWS_ALL, NULL, "suspend; fg brings it back", key_suspend},
	{{KEYS_ESCAPE, 'q', KEY_F(10)}, VIEWS_PAGES, "Back", "back to the view before", key_back},
	{{KEYS_ESCAPE},
	 SEGMENTS,
	 NULL,
	 "back to the view that chose the segments shown",
	 key_widen},
	{{'q', KEY_F(10)}, VIEWS_TABS, "Quit", "quit", key_quit},
	{{'Q'}, VIEWS_ALL, NULL, "quit from anywhere", key_quit},
};

const size_t key_count = sizeof(key_table) / sizeof(key_table[0]);

bool keys_allowed(const struct screen *screen, const struct key_action *action)
{
	return action->run != key_remove || screen->machine.remove;
}

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
		{KEY_HOME, "Home"}, {KEY_END, "End"},    {KEY_LEFT, "Left"},  {KEY_RIGHT, "Right"},
		{' ', "Space"},
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
