/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys, the letters and the columns, from the tables that define them. */
#include "ui/keys.h"
#include "ui/view.h"

#include <stdio.h>

enum { HELP_NAMES_WIDTH = 16 };

/* The page: a heading, then its lines, with a blank line between two parts */
enum help_part {
	HELP_KEYS,
	HELP_FLAGS,
	HELP_COLUMNS,
	HELP_PARTS,
};

static const char *const help_headings[HELP_PARTS] = {
	[HELP_KEYS] = "Keys",
	[HELP_FLAGS] = "Letters in the column FLAG",
	[HELP_COLUMNS] = "Columns, by the names that a filter takes",
};

static size_t help_lines(enum help_part part)
{
	switch (part) {
	case HELP_KEYS:
		return key_count;
	case HELP_FLAGS:
		return COLUMN_FLAGS_COUNT;
	default:
		return COLUMNS_COUNT;
	}
}

static const char *help_flag(enum column_flag flag)
{
	switch (flag) {
	case COLUMN_FLAG_DEST:
		return "removed: goes with its last holder";
	case COLUMN_FLAG_LOCKED:
		return "locked in memory";
	case COLUMN_FLAG_HUGETLB:
		return "in huge pages";
	case COLUMN_FLAG_NORESERVE:
		return "no swap reserved";
	case COLUMN_FLAG_ORPHAN:
		return "nobody has it attached and its creator is gone";
	case COLUMN_FLAG_NEW:
		return "seen made in the last seconds";
	case COLUMN_FLAG_GONE:
		return "gone: it ended in the last seconds";
	}
	return "";
}

static void help_draw_line(const struct screen *screen, struct area row, enum help_part part,
			   size_t line)
{
	const struct theme *theme = &screen->theme;
	char names[KEYS_NAMES_LEN];
	const char *text;

	switch (part) {
	case HELP_KEYS:
		keys_names(names, &key_table[line]);
		text = key_table[line].help;
		break;
	case HELP_FLAGS:
		snprintf(names, sizeof(names), "%c  %s", column_flag_table[line].letter,
			 column_flag_table[line].word);
		text = help_flag(column_flag_table[line].flag);
		break;
	default:
		snprintf(names, sizeof(names), "%s", column_table[line].name);
		text = column_table[line].help;
		break;
	}
	draw_text(theme, row.top, row.left + 2, HELP_NAMES_WIDTH - 1,
		  theme->attributes[THEME_STRONG], names);
	draw_text(theme, row.top, row.left + 2 + HELP_NAMES_WIDTH, row.width - 2 - HELP_NAMES_WIDTH,
		  A_NORMAL, text);
}

static void help_draw(struct screen *screen, const struct column_context *context, struct area area)
{
	size_t total = 0, top, at = 0;

	(void)context;
	for (enum help_part part = 0; part < HELP_PARTS; part++)
		total += help_lines(part) + 2;
	top = page_fit(&screen->help, total - 1, (size_t)area.height);
	for (enum help_part part = 0; part < HELP_PARTS; part++) {
		size_t lines = help_lines(part) + 2;

		for (size_t line = 0; line < lines; line++, at++) {
			struct area row = {area.top + (int)(at - top), area.left, 1, area.width};

			if (at < top || at >= top + (size_t)area.height || line == lines - 1)
				continue;
			if (line == 0)
				draw_text(&screen->theme, row.top, row.left, row.width,
					  screen->theme.attributes[THEME_HEADING],
					  help_headings[part]);
			else
				help_draw_line(screen, row, part, line - 1);
		}
	}
}

static void help_move(struct screen *screen, const struct column_context *context,
		      enum view_move move)
{
	(void)context;
	page_move(&screen->help, move);
}

static void help_status(const struct screen *screen, const struct column_context *context,
			char out[static VIEW_LINE_LEN])
{
	(void)screen, (void)context;
	snprintf(out, VIEW_LINE_LEN, "a filter: size>1G and owner=oracle, flag=dest, comm~php");
}

static void help_place(const struct screen *screen, const struct column_context *context,
		       char out[static VIEW_LINE_LEN])
{
	(void)context;
	page_place(&screen->help, out);
}

static bool help_segment(const struct screen *screen, const struct column_context *context,
			 struct segment_id *out)
{
	(void)screen, (void)context, (void)out;
	return false;
}

const struct view_ops help_view = {
	.name = "Help",
	.draw = help_draw,
	.move = help_move,
	.status = help_status,
	.place = help_place,
	.segment = help_segment,
};
