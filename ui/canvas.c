/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/canvas.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* What precedes the characters of a write, in units of a character */
struct write_head {
	attr_t attributes;
	int left;
	int count;
};
enum { HEAD_UNITS = (sizeof(struct write_head) + sizeof(wchar_t) - 1) / sizeof(wchar_t) };

struct writes {
	wchar_t *units; /* heads and their characters */
	size_t count, capacity;
};

struct canvas_row {
	struct writes now, shown;
	bool spoiled; /* the window may have something else */
};

static struct {
	struct canvas_row *rows;
	int lines;
} canvas;

void canvas_forget(void)
{
	for (int row = 0; row < canvas.lines; row++) {
		free(canvas.rows[row].now.units);
		free(canvas.rows[row].shown.units);
	}
	free(canvas.rows);
	canvas.rows = NULL;
	canvas.lines = 0;
}

void canvas_begin(void)
{
	if (canvas.lines != LINES) {
		canvas_forget();
		canvas.rows = calloc((size_t)LINES, sizeof(*canvas.rows));
		canvas.lines = canvas.rows ? LINES : 0;
		for (int row = 0; row < canvas.lines; row++)
			canvas.rows[row].spoiled = true;
	}
	for (int row = 0; row < canvas.lines; row++)
		canvas.rows[row].now.count = 0;
}

static void put(int row, const struct write_head *head, const wchar_t *text)
{
	attr_set(head->attributes & ~(attr_t)A_COLOR, (short)PAIR_NUMBER((int)head->attributes),
		 NULL);
	mvaddnwstr(row, head->left, text, head->count);
	attr_set(A_NORMAL, 0, NULL);
}

static void keep(struct writes *writes, const struct write_head *head, const wchar_t *text)
{
	const size_t count = (size_t)head->count;
	void *units = writes->units;

	if (array_reserve(&units, &writes->capacity, writes->count + HEAD_UNITS + count,
			  sizeof(*writes->units)))
		return;
	writes->units = units;
	memcpy(writes->units + writes->count, head, sizeof(*head));
	memcpy(writes->units + writes->count + HEAD_UNITS, text, count * sizeof(*text));
	writes->count += HEAD_UNITS + count;
}

void canvas_write(int row, int left, attr_t attributes, const wchar_t *text, size_t count)
{
	const struct write_head head = {attributes, left, (int)count};

	if (row >= 0 && row < canvas.lines)
		keep(&canvas.rows[row].now, &head, text);
}

static void show_row(int row, const struct writes *writes)
{
	struct write_head head;

	move(row, 0);
	clrtoeol();
	for (size_t at = 0; at < writes->count; at += HEAD_UNITS + (size_t)head.count) {
		memcpy(&head, writes->units + at, sizeof(head));
		put(row, &head, writes->units + at + HEAD_UNITS);
	}
}

static bool is_same(const struct writes *one, const struct writes *other)
{
	return one->count == other->count &&
	       (one->count == 0 ||
		memcmp(one->units, other->units, one->count * sizeof(*one->units)) == 0);
}

void canvas_show(void)
{
	for (int at = 0; at < canvas.lines; at++) {
		struct canvas_row *row = &canvas.rows[at];
		const struct writes now = row->now;

		if (!row->spoiled && is_same(&row->now, &row->shown))
			continue;
		show_row(at, &row->now);
		row->spoiled = false;
		row->now = row->shown;
		row->shown = now;
	}
}

void canvas_spoil(int row)
{
	if (row < canvas.lines)
		canvas.rows[row].spoiled = true;
}
