/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys, the letters and the columns, from the tables that define them. */
#include "ui/keys.h"
#include "ui/view.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "report/report.h"
#include "report/source.h"

enum { HELP_NAMES_WIDTH = 16, HELP_ROWS = 128 };

struct help_row {
	char name[KEYS_NAMES_LEN]; /* of a heading: all of it */
	const char *text;          /* NULL: a heading */
	size_t bytes;              /* of the text */
};

struct help_page {
	struct help_row rows[HELP_ROWS];
	size_t count;
	size_t width; /* of the texts */
	char unseen[SOURCE_TEXT_LEN];
};

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
	case COLUMN_FLAG_LEAK:
		return "likely or surely a leak: see its verdict";
	case COLUMN_FLAG_NEW:
		return "seen made in the last seconds";
	case COLUMN_FLAG_GONE:
		return "gone: it ended in the last seconds";
	}
	return "";
}

static struct help_row *help_add(struct help_page *page, const char *name)
{
	struct help_row *row = &page->rows[page->count];

	if (page->count + 1 < HELP_ROWS)
		page->count++;
	*row = (struct help_row){0};
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

/* A heading, with a blank line before it unless it is the first */
static void help_add_heading(struct help_page *page, const char *heading)
{
	if (page->count > 0)
		help_add(page, "");
	help_add(page, heading);
}

static void help_add_line(struct help_page *page, const char *name, const char *text)
{
	struct help_row *row = help_add(page, name);

	row->text = text;
	row->bytes = strlen(text);
}

/* As many rows as it takes, each cut at a blank where there is one */
static void help_add_wrapped(struct help_page *page, const char *name, const char *text)
{
	while (text_width(text) > page->width) {
		struct help_row *row = help_add(page, name);
		size_t fits = text_prefix(text, page->width), cut = fits;

		while (cut > 0 && text[cut] != ' ')
			cut--;
		row->text = text;
		row->bytes = cut > 0 ? cut : fits;
		text += row->bytes;
		text += strspn(text, " ");
		name = "";
	}
	help_add_line(page, name, text);
}

/* What limits the view; nothing when nothing does */
static void help_add_source(struct help_page *page, const struct source_status *status)
{
	const char *unseen = source_unseen(page->unseen, status);
	char heading[KEYS_NAMES_LEN], name[SOURCE_NAME_LEN];

	if (!unseen[0] && !status->why[0])
		return;
	snprintf(heading, sizeof(heading), "How it looks: %s (shmtop doctor tells more)",
		 source_name(name, status));
	help_add_heading(page, heading);
	help_add_wrapped(page, "not seen", unseen[0] ? unseen : "nothing is missed");
	if (source_offer(status)[0])
		help_add_wrapped(page, "--compat",
				 "follows calls of 32-bit programs; every system call pays");
	if (status->why[0])
		help_add_wrapped(page, "why not better", status->why);
}

static void help_fill(struct help_page *page, const struct source_status *status)
{
	char name[KEYS_NAMES_LEN];

	help_add_source(page, status);
	help_add_heading(page, "Keys");
	for (size_t i = 0; i < key_count; i++)
		help_add_line(page, keys_names(name, &key_table[i]), key_table[i].help);
	help_add_heading(page, "Letters in the column FLAG");
	for (size_t i = 0; i < COLUMN_FLAGS_COUNT; i++) {
		snprintf(name, sizeof(name), "%c  %s", column_flag_table[i].letter,
			 column_flag_table[i].word);
		help_add_line(page, name, help_flag(column_flag_table[i].flag));
	}
	help_add_heading(page, "How a holder came to a segment, in the column HOW");
	help_add_line(page, "shmat", "by its own call");
	help_add_line(page, "by fork", "inherited from its parent");
	help_add_line(page, "found", "it was there before shmtop looked: > that long ago");
	help_add_heading(page, "Events");
	help_add_line(page, EVENT_INFERRED, "nobody saw it happen: two looks at the tables differ");
	help_add_heading(page, "Columns, by the names that a filter takes");
	for (size_t i = 0; i < COLUMNS_COUNT; i++)
		help_add_line(page, column_table[i].name, column_table[i].help);
}

static void help_draw_row(const struct theme *theme, struct area area, const struct help_row *row)
{
	if (!row->text) {
		draw_text(theme, area.top, area.left, area.width, theme->attributes[THEME_HEADING],
			  row->name);
		return;
	}
	draw_text(theme, area.top, area.left + 2, HELP_NAMES_WIDTH - 1,
		  theme->attributes[THEME_STRONG], row->name);
	draw_format(theme, area.top, area.left + 2 + HELP_NAMES_WIDTH,
		    area.width - 2 - HELP_NAMES_WIDTH, A_NORMAL, "%.*s", (int)row->bytes,
		    row->text);
}

static void help_draw(struct screen *screen, const struct column_context *context, struct area area)
{
	struct help_page page = {.width = (size_t)(area.width - 2 - HELP_NAMES_WIDTH)};
	size_t top;

	help_fill(&page, model_status(context->model));
	top = page_fit(&screen->help, page.count, (size_t)area.height);
	for (size_t at = top; at < page.count && at - top < (size_t)area.height; at++) {
		struct area row = {area.top + (int)(at - top), area.left, 1, area.width};

		help_draw_row(&screen->theme, row, &page.rows[at]);
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

static struct page *help_page(struct screen *screen)
{
	return &screen->help;
}

const struct view_ops help_view = {
	.name = "Help",
	.draw = help_draw,
	.move = help_move,
	.status = help_status,
	.place = help_place,
	.segment = help_segment,
	.page = help_page,
};
