/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "report/report.h"

enum {
	TABLE_CUT_MIN = 8, /* a last column is cut to no less, rather left out */
};

const enum column_id table_default_columns[] = {
	COLUMN_NS,   COLUMN_SHMID, COLUMN_KEY,     COLUMN_OWNER,   COLUMN_PERM,
	COLUMN_SIZE, COLUMN_RSS,   COLUMN_NATTCH,  COLUMN_CREATOR, COLUMN_AGE,
	COLUMN_IDLE, COLUMN_FLAGS, COLUMN_HOLDERS,
};
const size_t table_default_column_count =
	sizeof(table_default_columns) / sizeof(table_default_columns[0]);

/* All cells of a table one after the other, row by row, each terminated. */
struct table_cells {
	char *text;
	size_t used;
	size_t capacity;
	size_t rows;
};

struct table_layout {
	size_t width[COLUMNS_COUNT]; /* by position in the options */
	bool left_out[COLUMNS_COUNT];
	size_t last;  /* position of the last column that is printed */
	bool all_own; /* each segment is of one's own namespace */
};

/* ---- raw ----------------------------------------------------------------------------------- */

static void table_print_raw_field(FILE *out, const char *text, bool first)
{
	if (!first)
		putc_unlocked(' ', out);
	if (!text[0])
		putc_unlocked('-', out);
	for (; *text; text++) {
		if (*text == ' ')
			fputs("\\x20", out);
		else
			putc_unlocked(*text, out);
	}
}

static void table_print_raw(FILE *out, const struct column_context *context,
			    const struct segment_id *ids, size_t count,
			    const struct table_options *options)
{
	char cell[COLUMN_CELL_LEN];

	for (size_t i = 0; options->headings && i < options->column_count; i++)
		table_print_raw_field(out, column_table[options->columns[i]].title, i == 0);
	if (options->headings)
		putc_unlocked('\n', out);
	for (size_t row = 0; row < count; row++) {
		const struct segment *segment = model_find(context->model, &ids[row]);

		if (!segment)
			continue;
		for (size_t i = 0; i < options->column_count; i++)
			table_print_raw_field(
				out, column_cell(options->columns[i], context, segment, cell),
				i == 0);
		putc_unlocked('\n', out);
	}
}

/* ---- aligned ------------------------------------------------------------------------------- */

/* Most cells are ASCII: as wide as long. */
static size_t table_text_width(const char *text)
{
	size_t length = 0;

	while (text[length] > 0)
		length++;
	return text[length] ? text_width(text) : length;
}

static int table_add_cell(struct table_cells *cells, const char *text)
{
	size_t length = strlen(text) + 1;
	void *grown = cells->text;
	int err = array_reserve(&grown, &cells->capacity, cells->used + length, 1);

	if (err)
		return err;
	cells->text = grown;
	memcpy(cells->text + cells->used, text, length);
	cells->used += length;
	return 0;
}

/* The heading is the first row. */
static int table_add_titles(const struct table_options *options, struct table_cells *cells)
{
	for (size_t i = 0; i < options->column_count; i++) {
		if (table_add_cell(cells, column_table[options->columns[i]].title))
			return -ENOMEM;
	}
	cells->rows++;
	return 0;
}

/* Numbers get the width that most need, so that it seldom changes; texts as much as they take. */
static void table_start_widths(const struct table_options *options, struct table_layout *layout)
{
	for (size_t i = 0; i < options->column_count; i++) {
		const struct column *column = &column_table[options->columns[i]];
		size_t title = options->headings ? strlen(column->title) : 1;

		layout->width[i] = column->right && column->width > title ? column->width : title;
	}
}

static int table_collect(const struct column_context *context, const struct segment_id *ids,
			 size_t count, const struct table_options *options,
			 struct table_cells *cells, struct table_layout *layout)
{
	char cell[COLUMN_CELL_LEN];

	if (options->headings && table_add_titles(options, cells))
		return -ENOMEM;
	layout->all_own = true;
	for (size_t row = 0; row < count; row++) {
		const struct segment *segment = model_find(context->model, &ids[row]);

		if (!segment)
			continue;
		layout->all_own &= segment->id.ipcns == context->own_ipcns;
		for (size_t i = 0; i < options->column_count; i++) {
			column_cell(options->columns[i], context, segment, cell);
			size_t width = table_text_width(cell);

			if (width > layout->width[i])
				layout->width[i] = width;
			if (table_add_cell(cells, cell))
				return -ENOMEM;
		}
		cells->rows++;
	}
	return 0;
}

static size_t table_total(const struct table_layout *layout)
{
	size_t total = 0;

	for (size_t i = 0; i <= layout->last; i++) {
		if (!layout->left_out[i])
			total += layout->width[i] + (total > 0);
	}
	return total;
}

/* Numbers are never cut: a part of one is a wrong one. */
static bool table_may_cut(const struct table_options *options, size_t position)
{
	enum column_kind kind = column_table[options->columns[position]].kind;

	return kind == COLUMN_KIND_TEXT || options->columns[position] == COLUMN_HOLDERS;
}

static void table_cut_texts(const struct table_options *options, struct table_layout *layout)
{
	for (size_t i = 0; i < options->column_count; i++) {
		const struct column *column = &column_table[options->columns[i]];

		if (table_may_cut(options, i) && layout->width[i] > column->width)
			layout->width[i] = column->width;
	}
}

/* Makes the layout fit the width, in the order in which things can be missed. */
static void table_fit(const struct table_options *options, struct table_layout *layout)
{
	if (!options->width || table_total(layout) <= options->width)
		return;
	for (size_t i = 0; i < layout->last; i++)
		layout->left_out[i] = options->columns[i] == COLUMN_NS && layout->all_own;
	if (table_total(layout) > options->width)
		table_cut_texts(options, layout);
	while (table_total(layout) > options->width) {
		size_t others = table_total(layout) - layout->width[layout->last];

		if (table_may_cut(options, layout->last) &&
		    (others + TABLE_CUT_MIN <= options->width || layout->last == 0)) {
			layout->width[layout->last] = options->width - others;
			return;
		}
		if (layout->last == 0)
			return;
		layout->last--;
	}
}

/* Blanks are owed until text follows: no line ends in one. */
static void table_pay(FILE *out, size_t *owed)
{
	for (; *owed > 0; --*owed)
		putc_unlocked(' ', out);
}

static void table_print_cell(FILE *out, const struct column *column, size_t room, const char *text,
			     size_t *owed)
{
	size_t width = table_text_width(text);
	size_t pad = width < room ? room - width : 0;

	if (column->right)
		*owed += pad;
	if (width > 0)
		table_pay(out, owed);
	if (width <= room) {
		fputs_unlocked(text, out);
	} else {
		fwrite_unlocked(text, 1, text_prefix(text, room - 1), out);
		putc_unlocked('~', out);
	}
	*owed += 1 + (column->right ? 0 : pad);
}

/* Prints one row of texts that stand one after the other; returns what is behind them. */
static const char *table_print_row(FILE *out, const struct table_options *options,
				   const struct table_layout *layout, const char *text)
{
	size_t owed = 0;

	for (size_t i = 0; i < options->column_count; i++) {
		if (i <= layout->last && !layout->left_out[i])
			table_print_cell(out, &column_table[options->columns[i]], layout->width[i],
					 text, &owed);
		text += strlen(text) + 1;
	}
	putc_unlocked('\n', out);
	return text;
}

int table_print(FILE *out, const struct column_context *context, const struct segment_id *ids,
		size_t count, const struct table_options *options)
{
	struct table_layout layout = {.last = options->column_count - 1};
	struct table_cells cells = {0};
	int err;

	if (options->raw) {
		table_print_raw(out, context, ids, count, options);
		return 0;
	}
	table_start_widths(options, &layout);
	err = table_collect(context, ids, count, options, &cells, &layout);
	if (!err) {
		const char *text = cells.text;

		table_fit(options, &layout);
		for (size_t row = 0; row < cells.rows; row++)
			text = table_print_row(out, options, &layout, text);
	}
	free(cells.text);
	return err;
}
