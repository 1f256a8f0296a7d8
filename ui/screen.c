/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/screen.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "report/source.h"
#include "ui/keys.h"
#include "ui/screen_parts.h"
#include "ui/terminal.h"
#include "ui/view.h"

enum {
	SCREEN_KEYS_AT_ONCE = 4096, /* a flood must not keep the loop from its other work */
};

/* ---- a frame --------------------------------------------------------------------------------- */

static void screen_draw_tabs(const struct screen *screen, const struct column_context *context,
			     int row)
{
	const struct theme *theme = &screen->theme;
	const struct segment_list *list = &screen->segments;
	const struct view_ops *view = view_table[screen->view];
	char line[VIEW_LINE_LEN];
	int left = 0, columns;

	for (int id = 0; id < VIEWS_COUNT; id++) {
		bool open = id == (int)screen->view;

		if (!(VIEW_BIT(id) & VIEWS_TABS) && !open)
			continue;
		snprintf(line, sizeof(line), VIEW_BIT(id) & VIEWS_TABS ? "%s%d:%s%s" : "%s%.0d%s%s",
			 open ? "[" : " ", VIEW_BIT(id) & VIEWS_TABS ? id + 1 : 0,
			 view_table[id]->name, open ? "]" : " ");
		left += draw_text(theme, row, left, COLS - left,
				  open ? theme->attributes[THEME_SELECTED] : A_NORMAL, line);
	}
	view->place(screen, context, line);
	columns = (int)text_width(line);
	draw_right(theme, row, left + 1, COLS - left - 1, A_NORMAL, line);
	if (screen->view != VIEW_SEGMENTS || COLS - left - columns < 4)
		return;
	if (list->filter_text[0])
		snprintf(line, sizeof(line), "by %s%s  filter %s", column_table[list->order].name,
			 list->descending ? " down" : " up", list->filter_text);
	else
		snprintf(line, sizeof(line), "by %s%s", column_table[list->order].name,
			 list->descending ? " down" : " up");
	draw_text(theme, row, left + 1, COLS - left - columns - 3,
		  list->filter_text[0] ? theme->attributes[THEME_STRONG] : A_NORMAL, line);
}

/* Columns of an action in the key bar; 0: it is not there. */
static int screen_key_width(const struct screen *screen, const struct key_action *action)
{
	char name[KEYS_NAME_LEN];

	if (!action->bar || !(action->views & VIEW_BIT(screen->view)))
		return 0;
	return (int)(text_width(keys_name(name, action->keys[0])) + text_width(action->bar));
}

static void screen_draw_key_bar(const struct screen *screen, int row)
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

static void screen_draw_frame(struct screen *screen, const struct column_context *context)
{
	struct area header = {0, 0, header_height(LINES), COLS};
	struct area body = {header.height + 1, 0, 0, COLS};
	int column = 0, row = LINES - 1;

	header_draw(screen, context, header);
	screen_tell_unseen(screen, context);
	screen_draw_status(screen, context, LINES - 2);
	body.height = LINES - body.top - 2;
	view_table[screen->view]->draw(screen, context, body);
	screen_draw_tabs(screen, context, header.height);
	if (!screen->prompt.active) {
		screen_draw_key_bar(screen, row);
	} else {
		row--;
		draw_fill(row, 0, COLS, A_NORMAL);
		column = prompt_draw(&screen->prompt, &screen->theme, row, COLS);
	}
	curs_set(screen->prompt.active);
	move(row, column);
}

/* Everything but the terminal: what is under the cursor and how far a page goes is known afterwards. */
static void screen_compose(struct screen *screen, const struct column_context *context)
{
	erase();
	if (screen_too_small()) {
		draw_format(&screen->theme, 0, 0, COLS, A_NORMAL,
			    "q quits; shmtop needs %dx%d, not %dx%d", VIEW_MIN_WIDTH,
			    VIEW_MIN_HEIGHT, COLS, LINES);
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

/* ---- keys ------------------------------------------------------------------------------------ */

static void screen_apply_filter(struct screen *screen, const struct column_context *context)
{
	struct segment_list *list = &screen->segments;
	struct prompt *prompt = &screen->prompt;
	struct filter_error error = {0};
	struct filter *filter;
	int failed = filter_parse(prompt->text, &filter, &error);

	if (failed) {
		prompt_fail(prompt, error.position,
			    failed == -EINVAL ? error.message : strerror(-failed));
		return;
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
}

static enum screen_result screen_key(struct screen *screen, const struct column_context *context,
				     bool function, wint_t key)
{
	if (function && key == KEY_RESIZE)
		return SCREEN_GO_ON;
	if (screen_too_small())
		return !function && (key == 'q' || key == 'Q') ? SCREEN_QUIT : SCREEN_GO_ON;
	if (screen->prompt.active) {
		if (prompt_key(&screen->prompt, function, key) == PROMPT_DONE)
			screen_apply_filter(screen, context);
		return SCREEN_GO_ON;
	}
	screen->message_end = 0;
	/* Codes of keys begin behind the one-byte characters; no other character means anything. */
	if (!function && key > 0xff)
		return SCREEN_GO_ON;
	return keys_run(screen, context, (int)key);
}

static enum screen_result screen_input(struct screen *screen, const struct column_context *context)
{
	enum screen_result result = SCREEN_GO_ON;
	bool changed = false;

	for (int i = 0; i < SCREEN_KEYS_AT_ONCE; i++) {
		wint_t key;
		int kind = get_wch(&key);
		enum view_id view = screen->view;
		enum screen_result next;

		if (kind == ERR)
			break;
		changed = true;
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

	screen->interval = options->interval;
	list->order = options->has_order ? options->order : COLUMN_SIZE;
	list->descending =
		options->has_order ? options->descending : column_table[list->order].descending;
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
	theme_init(&made->theme, options->ascii);
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
	detail_free(&screen->detail);
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
	.draw = screen_draw,
	.input = screen_input,
	.resize = screen_resize,
	.suspend = screen_suspend,
	.interval = screen_interval,
	.paused = screen_paused,
};
