/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page on which the view is set up: how it looks, then which columns the list of segments has. */
#include "ui/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/terminal.h"

enum { SETUP_NAME_WIDTH = 14, SETUP_VALUE_LEN = 64 };

/* ---- what can be set ------------------------------------------------------------------------- */

static void setup_apply(struct screen *screen)
{
	const struct setup *setup = &screen->setup;

	theme_init(&screen->theme, setup->config.ascii,
		   setup->plain ? SCREEN_THEME_MONO : setup->config.theme);
	terminal_mouse(setup->config.mouse);
}

static void sort_value(const struct screen *screen, char out[static SETUP_VALUE_LEN])
{
	snprintf(out, SETUP_VALUE_LEN, "%s", column_table[screen->segments.order].name);
}

static void sort_change(struct screen *screen, int step)
{
	struct segment_list *list = &screen->segments;

	list->order = (enum column_id)(((int)list->order + COLUMNS_COUNT + step) % COLUMNS_COUNT);
	list->descending = column_table[list->order].descending;
	list->stale = true;
}

static void direction_value(const struct screen *screen, char out[static SETUP_VALUE_LEN])
{
	strcpy(out, screen->segments.descending ? "biggest first" : "smallest first");
}

static void direction_change(struct screen *screen, int step)
{
	(void)step;
	screen->segments.descending = !screen->segments.descending;
	screen->segments.stale = true;
}

static void theme_value(const struct screen *screen, char out[static SETUP_VALUE_LEN])
{
	enum screen_theme theme = screen->setup.config.theme;

	if (screen->setup.plain)
		strcpy(out, "mono, by NO_COLOR");
	else
		snprintf(out, SETUP_VALUE_LEN, "%s",
			 screen_theme_name(theme ? theme : SCREEN_THEME_DARK));
}

static void theme_change(struct screen *screen, int step)
{
	struct setup *setup = &screen->setup;
	int theme = setup->config.theme ? setup->config.theme : SCREEN_THEME_DARK;
	int count = SCREEN_THEMES - SCREEN_THEME_DARK;

	theme = SCREEN_THEME_DARK + (theme - SCREEN_THEME_DARK + count + step) % count;
	setup->config.theme = (enum screen_theme)theme;
	/* Who chooses one here wants it. */
	setup->plain = false;
	setup_apply(screen);
}

static void interval_value(const struct screen *screen, char out[static SETUP_VALUE_LEN])
{
	snprintf(out, SETUP_VALUE_LEN, "%.6g s", (double)screen->interval / (double)CLOCK_SECOND);
}

static void ascii_value(const struct screen *screen, char out[static SETUP_VALUE_LEN])
{
	if (screen->setup.config.ascii)
		strcpy(out, "ASCII");
	else
		strcpy(out, screen->theme.utf8 ? "UTF-8" : "ASCII, by the locale");
}

static void ascii_change(struct screen *screen, int step)
{
	(void)step;
	screen->setup.config.ascii = !screen->setup.config.ascii;
	setup_apply(screen);
}

static void mouse_value(const struct screen *screen, char out[static SETUP_VALUE_LEN])
{
	strcpy(out, screen->setup.config.mouse ? "on" : "off");
}

static void mouse_change(struct screen *screen, int step)
{
	(void)step;
	screen->setup.config.mouse = !screen->setup.config.mouse;
	setup_apply(screen);
}

static const struct {
	const char *name;
	const char *help;
	void (*value)(const struct screen *screen, char out[static SETUP_VALUE_LEN]);
	void (*change)(struct screen *screen, int step);
} setup_settings[] = {
	{"sort", "the column by which the list of segments is sorted; F6 < > there", sort_value,
	 sort_change},
	{"order", "which end of that column comes first; I there", direction_value,
	 direction_change},
	{"theme", "colours for a dark or a light background, or none: mono", theme_value,
	 theme_change},
	{"interval", "time between two frames; + and - anywhere", interval_value,
	 view_interval_step},
	{"characters", "what bars and lines are drawn with", ascii_value, ascii_change},
	{"mouse", "on: clicks are for shmtop, and the terminal selects text with Shift held",
	 mouse_value, mouse_change},
};

enum {
	SETUP_SETTINGS = sizeof(setup_settings) / sizeof(setup_settings[0]),
	SETUP_ITEMS = SETUP_SETTINGS + COLUMNS_COUNT,
};

/* ---- start, change, save --------------------------------------------------------------------- */

void setup_start(struct screen *screen, const struct screen_options *options)
{
	struct setup *setup = &screen->setup;
	struct config *config = &setup->config;
	struct segment_list *list = &screen->segments;
	const char *no_color = getenv("NO_COLOR");
	char path[PATH_MAX];

	if (config_path(path) == 0)
		config_load(config, path, setup->notice);
	setup->plain = no_color && *no_color && options->theme == SCREEN_THEME_UNSET;
	if (options->theme != SCREEN_THEME_UNSET)
		config->theme = options->theme;
	if (options->ascii != OPTION_UNSET)
		config->ascii = options->ascii == OPTION_YES;
	if (options->mouse != OPTION_UNSET)
		config->mouse = options->mouse == OPTION_YES;
	if (options->interval > 0)
		config->interval = options->interval;
	if (options->has_order) {
		config->order = options->order;
		config->descending = options->descending;
	} else if (!config->has_order) {
		config->order = COLUMN_SIZE;
		config->descending = column_table[COLUMN_SIZE].descending;
	}
	screen->interval = config->interval > 0 ? config->interval : CLOCK_SECOND;
	list->order = config->order;
	list->descending = config->descending;
	if (config->column_count > 0)
		columns_choose(&list->columns, config->columns, config->column_count);
	else
		columns_usual(&list->columns);
	setup_apply(screen);
}

static void setup_toggle_column(struct screen *screen, const struct column_context *context,
				size_t index)
{
	struct column_set *set = &screen->segments.columns;
	enum column_id ids[COLUMNS_COUNT];
	bool *shown = &set->shown[set->ids[index]];

	if (*shown && columns_chosen(set, ids) == 1)
		view_say(screen, context, "one column at least is shown");
	else
		*shown = !*shown;
}

enum screen_result setup_change(struct screen *screen, const struct column_context *context,
				int key)
{
	size_t index = screen->setup.index;

	if (index < SETUP_SETTINGS)
		setup_settings[index].change(screen, key == KEY_LEFT ? -1 : 1);
	else
		setup_toggle_column(screen, context, index - SETUP_SETTINGS);
	return SCREEN_GO_ON;
}

enum screen_result setup_move_column(struct screen *screen, const struct column_context *context,
				     int key)
{
	struct setup *setup = &screen->setup;

	if (setup->index < SETUP_SETTINGS) {
		view_say(screen, context, "only columns have a place");
		return SCREEN_GO_ON;
	}
	setup->index = SETUP_SETTINGS + columns_move(&screen->segments.columns,
						     setup->index - SETUP_SETTINGS,
						     key == KEY_F(7) || key == '[' ? -1 : 1);
	return SCREEN_GO_ON;
}

enum screen_result setup_save(struct screen *screen, const struct column_context *context, int key)
{
	struct config config = screen->setup.config;
	enum column_id usual[COLUMNS_COUNT];
	struct column_set set;
	char path[PATH_MAX];
	int error = config_path(path);

	(void)key;
	columns_usual(&set);
	config.column_count = columns_chosen(&screen->segments.columns, config.columns);
	/* Whoever changed none gets those of a later version, too. */
	if (columns_chosen(&set, usual) == config.column_count &&
	    memcmp(usual, config.columns, config.column_count * sizeof(usual[0])) == 0)
		config.column_count = 0;
	config.has_order = true;
	config.order = screen->segments.order;
	config.descending = screen->segments.descending;
	config.interval = screen->interval;
	if (error) {
		view_say(screen, context, "not saved: neither XDG_CONFIG_HOME nor HOME is set");
		return SCREEN_GO_ON;
	}
	error = config_save(&config, path);
	view_say_path(screen, context, error, "saved in", path);
	return SCREEN_GO_ON;
}

/* ---- the page -------------------------------------------------------------------------------- */

/* "[x] shmid" and what it is, or a setting and its value. False behind the last one. */
static bool setup_item(const struct screen *screen, size_t index, char name[static SETUP_VALUE_LEN],
		       char value[static SETUP_VALUE_LEN * 2])
{
	const struct column_set *set = &screen->segments.columns;

	if (index >= SETUP_ITEMS)
		return false;
	if (index < SETUP_SETTINGS) {
		snprintf(name, SETUP_VALUE_LEN, "%s", setup_settings[index].name);
		setup_settings[index].value(screen, value);
		return true;
	}
	index -= SETUP_SETTINGS;
	snprintf(name, SETUP_VALUE_LEN, "[%c] %s", set->shown[set->ids[index]] ? 'x' : ' ',
		 column_table[set->ids[index]].name);
	snprintf(value, SETUP_VALUE_LEN * 2, "%s", column_table[set->ids[index]].help);
	return true;
}

static void setup_draw(struct screen *screen, const struct column_context *context,
		       struct area area)
{
	const struct theme *theme = &screen->theme;
	struct setup *setup = &screen->setup;
	char name[SETUP_VALUE_LEN], value[SETUP_VALUE_LEN * 2];
	attr_t heading = theme->attributes[THEME_HEADING];
	size_t line = 0;

	(void)context;
	draw_fill(area.top, area.left, area.width, heading);
	draw_text(theme, area.top, area.left + 1, SETUP_NAME_WIDTH, heading, "SETTING");
	draw_text(theme, area.top, area.left + 2 + SETUP_NAME_WIDTH,
		  area.width - 2 - SETUP_NAME_WIDTH, heading, "VALUE");
	setup->page = (size_t)area.height - 1;
	setup->top = view_top(setup->top, setup->index, SETUP_ITEMS, setup->page);
	for (; line < setup->page && setup_item(screen, setup->top + line, name, value); line++) {
		int row = area.top + 1 + (int)line;
		bool cursor = setup->top + line == setup->index;
		attr_t attributes = cursor ? theme->attributes[THEME_SELECTED] : A_NORMAL;

		if (cursor) {
			draw_fill(row, area.left, area.width, attributes);
			draw_text(theme, row, area.left, 1, attributes, ">");
		}
		draw_text(theme, row, area.left + 1, SETUP_NAME_WIDTH, attributes, name);
		draw_text(theme, row, area.left + 2 + SETUP_NAME_WIDTH,
			  area.width - 2 - SETUP_NAME_WIDTH, attributes, value);
	}
	mouse_note_rows(&screen->mouse,
			(struct area){area.top + 1, area.left, (int)line, area.width}, setup->top);
}

static void setup_move(struct screen *screen, const struct column_context *context,
		       enum view_move move)
{
	struct setup *setup = &screen->setup;

	(void)context;
	setup->index = view_moved(setup->index, SETUP_ITEMS, setup->page, move);
}

static void setup_status(const struct screen *screen, const struct column_context *context,
			 char out[static VIEW_LINE_LEN])
{
	size_t index = screen->setup.index;

	(void)context;
	if (index < SETUP_SETTINGS)
		snprintf(out, VIEW_LINE_LEN, "%s: %s", setup_settings[index].name,
			 setup_settings[index].help);
	else if (screen->segments.columns.ids[index - SETUP_SETTINGS] == COLUMN_NS)
		snprintf(out, VIEW_LINE_LEN, "shown where there are several namespaces");
	else
		snprintf(out, VIEW_LINE_LEN,
			 "columns that find no room are left out from the right; W saves");
}

static void setup_place(const struct screen *screen, const struct column_context *context,
			char out[static VIEW_LINE_LEN])
{
	(void)context;
	snprintf(out, VIEW_LINE_LEN, "%zu/%d", screen->setup.index + 1, SETUP_ITEMS);
}

static bool setup_segment(const struct screen *screen, const struct column_context *context,
			  struct segment_id *out)
{
	(void)screen, (void)context, (void)out;
	return false;
}

static bool setup_text(const struct screen *screen, const struct column_context *context,
		       size_t index, char out[static VIEW_LINE_LEN])
{
	char name[SETUP_VALUE_LEN], value[SETUP_VALUE_LEN * 2];

	(void)context;
	if (!setup_item(screen, index, name, value))
		return false;
	snprintf(out, VIEW_LINE_LEN, "%s %s", name, value);
	return true;
}

static size_t setup_index(const struct screen *screen, const struct column_context *context,
			  size_t *count)
{
	(void)context;
	*count = SETUP_ITEMS;
	return screen->setup.index;
}

static void setup_go(struct screen *screen, const struct column_context *context, size_t index)
{
	(void)context;
	screen->setup.index = index < SETUP_ITEMS ? index : SETUP_ITEMS - 1;
}

const struct view_ops setup_view = {
	.name = "Setup",
	.draw = setup_draw,
	.move = setup_move,
	.status = setup_status,
	.place = setup_place,
	.segment = setup_segment,
	.text = setup_text,
	.index = setup_index,
	.go = setup_go,
};
