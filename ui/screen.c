/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/screen.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "report/source.h"
#include "ui/canvas.h"
#include "ui/keys.h"
#include "ui/screen_parts.h"
#include "ui/terminal.h"
#include "ui/view.h"

enum { SCREEN_ESCAPE = 0x1b };

/* A flood of keys must not keep the loop from its other work. */
#define SCREEN_KEYS_TIME (50 * CLOCK_MS)

/* ---- a frame --------------------------------------------------------------------------------- */

/* "[1:Segments]", " 3:Leaks(7) ", " 3(7) " where there is no room for names. False: it has none. */
static bool screen_tab(const struct screen *screen, int id, bool brief,
		       char out[static VIEW_LINE_LEN])
{
	bool open = id == (int)screen->view, tab = VIEW_BIT(id) & VIEWS_TABS;
	size_t leaks = id == VIEW_LEAKS ? screen->leaks.total.count : 0;
	char number[16] = "", count[32] = "";

	if (tab)
		snprintf(number, sizeof(number), "%d%s", id + 1, brief && !open ? "" : ":");
	if (leaks > 0)
		snprintf(count, sizeof(count), "(%zu)", leaks);
	snprintf(out, VIEW_LINE_LEN, "%s%s%s%s%s", open ? "[" : " ", number,
		 brief && !open ? "" : view_table[id]->name, count, open ? "]" : " ");
	return tab || open;
}

static int screen_tabs_width(const struct screen *screen)
{
	char line[VIEW_LINE_LEN];
	size_t columns = 0;

	for (int id = 0; id < VIEWS_COUNT; id++)
		if (screen_tab(screen, id, false, line))
			columns += text_width(line);
	return (int)columns;
}

/* What is chosen in the list of segments: "2 tagged  filter size>1G" */
static void screen_choice(const struct screen *screen, char out[static VIEW_LINE_LEN])
{
	const struct segment_list *list = &screen->segments;
	bool narrowed = list->filter_text[0];
	char tagged[32] = "";

	if (list->tags.count > 0)
		snprintf(tagged, sizeof(tagged), "%zu tagged%s", list->tags.count,
			 narrowed ? "  " : "");
	snprintf(out, VIEW_LINE_LEN, "%s%s%s", tagged, narrowed ? "filter " : "",
		 list->filter_text);
}

/* Returns the columns taken. */
static int screen_draw_tab_names(struct screen *screen, int row, bool brief)
{
	const struct theme *theme = &screen->theme;
	char line[VIEW_LINE_LEN];
	int left = 0;

	for (int id = 0; id < VIEWS_COUNT; id++) {
		bool open = id == (int)screen->view;

		if (!screen_tab(screen, id, brief, line))
			continue;
		int columns = draw_text(theme, row, left, COLS - left,
					open ? theme->attributes[THEME_SELECTED] : A_NORMAL, line);

		if (VIEW_BIT(id) & VIEWS_TABS)
			mouse_note_key(&screen->mouse, row, left, columns, '1' + id);
		left += columns;
	}
	return left;
}

static void screen_draw_tabs(struct screen *screen, const struct column_context *context, int row)
{
	const struct theme *theme = &screen->theme;
	const struct segment_list *list = &screen->segments;
	char place[VIEW_LINE_LEN], choice[VIEW_LINE_LEN] = "", line[VIEW_LINE_LEN];
	int left, room = COLS - 3;

	view_table[screen->view]->place(screen, context, place);
	room -= (int)text_width(place);
	if (screen->view == VIEW_SEGMENTS)
		screen_choice(screen, choice);
	/* What is chosen matters more than the names of the other views. */
	left = screen_draw_tab_names(screen, row,
				     screen_tabs_width(screen) + (int)text_width(choice) > room);
	draw_right(theme, row, left + 1, COLS - left - 1, A_NORMAL, place);
	room -= left;
	if (screen->view != VIEW_SEGMENTS || room < 1)
		return;
	snprintf(line, sizeof(line), "by %s%s%s%s", column_table[list->order].name,
		 list->descending ? " down" : " up", choice[0] ? "  " : "", choice);
	/* The order has its mark in the heading, too. */
	draw_text(theme, row, left + 1, room,
		  list->filter_text[0] ? theme->attributes[THEME_STRONG] : A_NORMAL,
		  (int)text_width(line) > room ? choice : line);
}

/* Columns of an action in the key bar; 0: it is not there. */
static int screen_key_width(const struct screen *screen, const struct key_action *action)
{
	char name[KEYS_NAME_LEN];

	if (!action->bar || !(action->views & VIEW_BIT(screen->view)) ||
	    !keys_allowed(screen, action))
		return 0;
	return (int)(text_width(keys_name(name, action->keys[0])) + text_width(action->bar));
}

static void screen_draw_key_bar(struct screen *screen, int row)
{
	const struct theme *theme = &screen->theme;
	size_t last = key_count;
	int left = 0, end = COLS;

	/* The last one is the way out: its place is kept. */
	while (last > 0 && screen_key_width(screen, &key_table[last - 1]) == 0)
		last--;
	for (size_t i = 0; i < last; i++) {
		int width = screen_key_width(screen, &key_table[i]);
		int kept = i + 1 < last ? screen_key_width(screen, &key_table[last - 1]) + 1 : 0;
		char name[KEYS_NAME_LEN];

		if (width == 0 || left + width + kept > end)
			continue;
		mouse_note_key(&screen->mouse, row, left, width, key_table[i].keys[0]);
		left += draw_text(theme, row, left, end - left, theme->attributes[THEME_STRONG],
				  keys_name(name, key_table[i].keys[0]));
		left += draw_text(theme, row, left, end - left, theme->attributes[THEME_SELECTED],
				  key_table[i].bar);
		left++;
	}
}

static void screen_draw_status(const struct screen *screen, const struct column_context *context,
			       int row)
{
	const struct theme *theme = &screen->theme;
	char line[VIEW_LINE_LEN];

	if (context->now < screen->message_end) {
		draw_text(theme, row, 0, COLS, theme->attributes[THEME_STRONG], screen->message);
	} else {
		view_table[screen->view]->status(screen, context, line);
		draw_text(theme, row, 0, COLS, A_NORMAL, line);
	}
}

/* What is not seen takes no line for hours: it is said once, then the header has a mark and the help the
 * words. Where nothing is followed, what to do about it matters more. */
static void screen_tell_unseen(struct screen *screen, const struct column_context *context)
{
	const struct source_status *status = model_status(context->model);
	char unseen[SOURCE_TEXT_LEN];
	bool reason = !source_follows(status) && status->why[0];

	if (screen->setup.notice[0]) {
		view_say(screen, context, "%s", screen->setup.notice);
		screen->setup.notice[0] = '\0';
	}
	/* One after the other */
	if (context->now < screen->message_end)
		return;
	if (strcmp(screen->unseen, source_unseen(unseen, status)) == 0)
		return;
	snprintf(screen->unseen, sizeof(screen->unseen), "%s", unseen);
	if (unseen[0])
		view_say(screen, context, "Not all is seen (h tells more): %s",
			 reason ? status->why : unseen);
}

static bool screen_too_small(void)
{
	return COLS < VIEW_MIN_WIDTH || LINES < VIEW_MIN_HEIGHT;
}

/* The line that is being typed; NULL: none */
static const struct prompt *screen_prompt(const struct screen *screen)
{
	if (screen->remove.prompt.active)
		return &screen->remove.prompt;
	return screen->prompt.active ? &screen->prompt : NULL;
}

static void screen_draw_frame(struct screen *screen, const struct column_context *context)
{
	struct area header = {0, 0, header_height(LINES), COLS};
	struct area body = {header.height + 1, 0, 0, COLS};
	const struct prompt *prompt = screen_prompt(screen);
	int column = 0, row = LINES - 1;

	screen->mouse = (struct mouse_map){0};
	header_draw(screen, context, header);
	screen_tell_unseen(screen, context);
	body.height = LINES - body.top - 2;
	if (screen->remove.prompt.active)
		remove_draw(screen, context, body);
	else
		view_table[screen->view]->draw(screen, context, body);
	screen->body = body;
	/* The view has put its cursor where it belongs. */
	screen_draw_status(screen, context, LINES - 2);
	screen_draw_tabs(screen, context, header.height);
	if (!prompt) {
		screen_draw_key_bar(screen, row);
	} else {
		row--;
		draw_fill(row, 0, COLS, A_NORMAL);
		column = prompt_draw(prompt, &screen->theme, row, COLS);
	}
	canvas_show();
	search_highlight(screen, view_table[screen->view]->go ? screen->mouse.rows : body);
	curs_set(prompt != NULL);
	move(row, column);
}

/* Everything but the terminal: what is under the cursor and how far a page goes is known afterwards. */
static void screen_compose(struct screen *screen, const struct column_context *context)
{
	canvas_begin();
	if (screen_too_small()) {
		draw_format(&screen->theme, 0, 0, COLS, A_NORMAL,
			    "q quits; shmtop needs %dx%d, not %dx%d", VIEW_MIN_WIDTH,
			    VIEW_MIN_HEIGHT, COLS, LINES);
		canvas_show();
		move(0, 0);
	} else {
		screen_draw_frame(screen, context);
	}
}

static void screen_draw(struct screen *screen, const struct column_context *context)
{
	screen_compose(screen, context);
	wnoutrefresh(stdscr);
	doupdate();
}

static void screen_tick(struct screen *screen, const struct column_context *context)
{
	const uint64_t revision = model_revision(context->model);
	const uint64_t facts = model_facts_revision(context->model);

	if (screen->facts_revision != facts) {
		screen->facts_revision = facts;
		model_totals(context->model, &screen->totals);
		screen->segments.several |= screen->totals.namespaces > 1;
	}
	if (screen->revision != revision) {
		screen->revision = revision;
		leaks_update(screen, context);
	}
	if (screen->view == VIEW_PEEK)
		peek_tick(&screen->peek);
	screen_draw(screen, context);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static enum screen_result screen_key(struct screen *screen, const struct column_context *context,
				     bool function, wint_t key)
{
	if (function && key == KEY_RESIZE)
		return SCREEN_GO_ON;
	if (screen_too_small())
		return !function && (key == 'q' || key == 'Q') ? SCREEN_QUIT : SCREEN_GO_ON;
	if (function && key == KEY_MOUSE)
		return mouse_run(screen, context);
	if (screen->remove.prompt.active)
		return remove_key(screen, context, function, key);
	if (screen->prompt.active) {
		if (prompt_key(&screen->prompt, function, key) == PROMPT_DONE)
			return screen->prompt_done(screen, context);
		return SCREEN_GO_ON;
	}
	screen->message_end = 0;
	/* Codes of keys begin behind the one-byte characters; no other character means anything. */
	if (!function && key > 0xff)
		return SCREEN_GO_ON;
	return keys_run(screen, context, (int)key);
}

/* ERR: no key is there. curses says the same of a broken character, and keeps the key behind it. */
static int screen_next_key(wint_t *key)
{
	int kind = get_wch(key);

	return kind == ERR ? get_wch(key) : kind;
}

/* Whether the loop will call again for what is left: of what curses has read ahead it knows nothing. */
static bool screen_called_again(const struct screen *screen)
{
	struct pollfd ready = {.fd = screen->in, .events = POLLIN};

	return poll(&ready, 1, 0) == 1;
}

static enum screen_result screen_input(struct screen *screen, const struct column_context *context)
{
	const uint64_t end = clock_now() + SCREEN_KEYS_TIME;
	enum screen_result result = SCREEN_GO_ON;
	bool changed = false;

	while (clock_now() < end || !screen_called_again(screen)) {
		wint_t key;
		int kind = screen_next_key(&key);
		enum view_id view = screen->view;
		enum escape escape = ESCAPE_KEY;
		enum screen_result next;

		if (kind == ERR)
			break;
		changed = true;
		if (kind == OK && key == SCREEN_ESCAPE)
			escape = escape_read(&screen->mouse.press);
		if (escape == ESCAPE_UNKNOWN)
			continue;
		if (escape == ESCAPE_MOUSE)
			next = screen_key(screen, context, true, KEY_MOUSE);
		else
			next = screen_key(screen, context, kind == KEY_CODE_YES, key);
		if (next == SCREEN_QUIT)
			return next;
		if (next != SCREEN_GO_ON)
			result = next;
		/* The next key may already be there, and is meant for what this one leads to. */
		if (screen->view != view || screen->segments.stale)
			screen_compose(screen, context);
	}
	if (changed && result == SCREEN_GO_ON)
		screen_draw(screen, context);
	return result;
}

/* ---- the operations -------------------------------------------------------------------------- */

static void screen_configure(struct screen *screen, const struct screen_options *options)
{
	struct segment_list *list = &screen->segments;

	setup_start(screen, options);
	screen->machine = options->machine;
	list->filter = options->filter;
	list->follow = true;
	list->stale = true;
	screen->events.following = true;
	if (options->filter_text)
		text_safe(list->filter_text, sizeof(list->filter_text), options->filter_text,
			  strlen(options->filter_text));
	if (options->title)
		text_safe(screen->title, sizeof(screen->title), options->title,
			  strlen(options->title));
	for (int id = 0; id < VIEWS_COUNT; id++)
		screen->back[id] = VIEW_SEGMENTS;
}

int screen_start(FILE *in, FILE *out, const char *host, const struct screen_options *options,
		 struct screen **screen, char why[static 256])
{
	struct screen *made = calloc(1, sizeof(*made));
	int error;

	if (!made) {
		snprintf(why, 256, "no memory");
		return -ENOMEM;
	}
	/* Which characters the terminal takes, curses asks the locale. */
	setlocale(LC_CTYPE, "");
	error = terminal_open(in, out, why);
	if (error) {
		free(made);
		return error;
	}
	made->in = fileno(in);
	text_safe(made->host, sizeof(made->host), host, strlen(host));
	screen_configure(made, options);
	*screen = made;
	return 0;
}

static int screen_open(const struct screen_options *options, struct screen **screen,
		       char why[static 256])
{
	char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	return screen_start(stdin, stdout, host, options, screen, why);
}

static void screen_close(struct screen *screen)
{
	if (!screen)
		return;
	terminal_close();
	segments_free(&screen->segments);
	drill_free(&screen->drill);
	leaks_state_free(&screen->leaks);
	owners_state_free(&screen->owners);
	limits_state_free(&screen->limits);
	detail_free(&screen->detail);
	detail_free(&screen->pane);
	peek_free(&screen->peek);
	remove_free(&screen->remove);
	free(screen);
}

static void screen_resize(struct screen *screen, const struct column_context *context)
{
	terminal_resize();
	screen_draw(screen, context);
}

void screen_suspend(struct screen *screen, const struct column_context *context)
{
	terminal_suspend();
	screen_draw(screen, context);
}

static uint64_t screen_interval(const struct screen *screen)
{
	return screen->interval;
}

static bool screen_paused(const struct screen *screen)
{
	return screen->paused;
}

const struct screen_ops curses_screen = {
	.open = screen_open,
	.close = screen_close,
	.draw = screen_tick,
	.input = screen_input,
	.resize = screen_resize,
	.suspend = screen_suspend,
	.interval = screen_interval,
	.paused = screen_paused,
};
