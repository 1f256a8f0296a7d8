/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/draw.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "ui/canvas.h"

enum { DRAW_CELLS = 1024 };

/* A character whose width the terminal library sees otherwise than base/text.h would push the rest of
 * the line out of its columns, even onto the next line: it becomes question marks. */
static size_t draw_widen(const struct theme *theme, const char *text, size_t bytes,
			 wchar_t out[static DRAW_CELLS])
{
	size_t count = 0, at = 0;

	while (at < bytes && count + 3 < DRAW_CELLS) {
		char piece[5] = {text[at++]};
		size_t length = 1, columns;
		mbstate_t state = {0};
		wchar_t wide;

		if ((unsigned char)piece[0] < 0x80) {
			out[count++] = (wchar_t)piece[0];
			continue;
		}
		while (at < bytes && length < 4 && ((unsigned char)text[at] & 0xc0) == 0x80)
			piece[length++] = text[at++];
		columns = text_width(piece);
		if (theme->utf8 && mbrtowc(&wide, piece, length, &state) == length &&
		    wcwidth(wide) == (int)columns)
			out[count++] = wide;
		else
			for (; columns > 0; columns--)
				out[count++] = L'?';
	}
	out[count] = L'\0';
	return count;
}

int draw_text(const struct theme *theme, int row, int left, int width, attr_t attributes,
	      const char *text)
{
	wchar_t wide[DRAW_CELLS];
	size_t columns, bytes, count;

	if (width <= 0 || row < 0 || row >= LINES || left >= COLS)
		return 0;
	if (width > COLS - left)
		width = COLS - left;
	columns = text_width(text);
	if (columns <= (size_t)width) {
		count = draw_widen(theme, text, strlen(text), wide);
		canvas_write(row, left, attributes, wide, count);
		return (int)columns;
	}
	bytes = text_prefix(text, (size_t)width - 1);
	count = draw_widen(theme, text, bytes, wide);
	wide[count++] = theme->blocks ? L'…' : L'~';
	canvas_write(row, left, attributes, wide, count);
	return width;
}

int draw_format(const struct theme *theme, int row, int left, int width, attr_t attributes,
		const char *format, ...)
{
	char text[DRAW_CELLS];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return draw_text(theme, row, left, width, attributes, text);
}

void draw_tail(const struct theme *theme, int row, int left, int width, attr_t attributes,
	       const char *text)
{
	size_t columns = text_width(text), skip;

	if (columns <= (size_t)(width > 0 ? width : 0)) {
		draw_text(theme, row, left, width, attributes, text);
		return;
	}
	if (width <= 0)
		return;
	/* A wide character that the cut would go through is left out, too. */
	skip = text_prefix(text, columns - (size_t)width + 1);
	if (text_width(text + skip) > (size_t)width - 1)
		skip += text_prefix(text + skip, 2);
	draw_text(theme, row, left, 1, attributes, theme->blocks ? "…" : "~");
	draw_text(theme, row, left + 1, width - 1, attributes, text + skip);
}

void draw_right(const struct theme *theme, int row, int left, int width, attr_t attributes,
		const char *text)
{
	int columns = (int)text_width(text);
	int blank = columns < width ? width - columns : 0;

	draw_text(theme, row, left + blank, width - blank, attributes, text);
}

static void draw_repeat(int row, int left, int count, attr_t attributes, wchar_t character)
{
	wchar_t wide[DRAW_CELLS];

	if (count > COLS - left)
		count = COLS - left;
	for (; count > 0; count -= DRAW_CELLS, left += DRAW_CELLS) {
		size_t cells = (size_t)(count < DRAW_CELLS ? count : DRAW_CELLS);

		wmemset(wide, character, cells);
		canvas_write(row, left, attributes, wide, cells);
	}
}

void draw_fill(int row, int left, int width, attr_t attributes)
{
	draw_repeat(row, left, width, attributes, L' ');
}

void draw_rule(const struct theme *theme, int row, int left, int width, const char *title)
{
	if (row < 0 || row >= LINES)
		return;
	if (width > COLS - left)
		width = COLS - left;
	draw_repeat(row, left, width, theme->attributes[THEME_FAINT], theme->blocks ? L'─' : L'-');
	draw_format(theme, row, left + 2, width - 4, theme->attributes[THEME_STRONG], " %s ",
		    title);
}

static int draw_pieces_width(const struct draw_piece *pieces, int count)
{
	int width = 0;

	for (int i = 0; i < count; i++)
		if (pieces[i].text[0])
			width += (int)text_width(pieces[i].text) + (width > 0 ? 2 : 0);
	return width;
}

void draw_pieces(const struct theme *theme, int row, int left, int width, struct draw_piece *pieces,
		 int count)
{
	int at = left, end = left + width;

	while (draw_pieces_width(pieces, count) > width) {
		int worst = 0;

		for (int i = 1; i < count; i++)
			if (pieces[i].text[0] &&
			    (!pieces[worst].text[0] || pieces[i].rank > pieces[worst].rank))
				worst = i;
		if (!pieces[worst].text[0] || pieces[worst].rank == 0)
			break;
		pieces[worst].text[0] = '\0';
	}
	for (int i = 0; i < count; i++)
		if (pieces[i].text[0] && !pieces[i].right)
			at += 2 + draw_text(theme, row, at, end - at,
					    theme->attributes[pieces[i].role], pieces[i].text);
	for (int i = count - 1; i >= 0; i--) {
		int columns = (int)text_width(pieces[i].text);

		if (!pieces[i].text[0] || !pieces[i].right || end - columns < at)
			continue;
		draw_text(theme, row, end - columns, columns, theme->attributes[pieces[i].role],
			  pieces[i].text);
		end -= columns + 2;
	}
}

/* "Nam[" ... "figures]"; returns the columns between the bracket and the figures. */
static int draw_frame(const struct theme *theme, int row, int left, int width, const char *name,
		      const char *figures)
{
	int columns = (int)text_width(figures);

	draw_text(theme, row, left, 3, theme->attributes[THEME_STRONG], name);
	draw_text(theme, row, left + 3, 1, theme->attributes[THEME_STRONG], "[");
	draw_text(theme, row, left + width - 1, 1, theme->attributes[THEME_STRONG], "]");
	draw_right(theme, row, left + 4, width - 5, A_NORMAL, figures);
	return width - 6 - columns > 0 ? width - 6 - columns : 0;
}

/* Columns of a share of the whole: no more than there are, and what is there at all is seen. */
static int draw_share(double share, int room)
{
	if (share >= 1)
		return room;
	return share > 0 && share * room < 0.5 ? room > 0 : (int)(share * room + 0.5);
}

void draw_gauge(const struct theme *theme, int row, int left, int width,
		const struct draw_gauge *gauge)
{
	int room = draw_frame(theme, row, left, width, gauge->name, gauge->figures);
	int first = draw_share(gauge->share, room), second = draw_share(gauge->second, room);

	if (second > room - first)
		second = room - first;
	draw_repeat(row, left + 4, first, theme->attributes[gauge->role],
		    theme->blocks ? L'█' : L'|');
	draw_repeat(row, left + 4 + first, second, theme->attributes[gauge->role],
		    theme->blocks ? L'▒' : L':');
}

void draw_bar(const struct theme *theme, int row, int left, int width, double share,
	      enum theme_role role)
{
	draw_repeat(row, left, width, theme->attributes[THEME_FAINT], theme->blocks ? L'░' : L'.');
	draw_repeat(row, left, draw_share(share, width), theme->attributes[role],
		    theme->blocks ? L'█' : L'|');
}

void draw_levels(const struct theme *theme, int row, int left, int width, const uint32_t *values,
		 size_t count)
{
	static const wchar_t blocks[] = L"▁▂▃▄▅▆▇█", ascii[] = L"_.:|";
	const wchar_t *levels = theme->blocks ? blocks : ascii;
	uint64_t top = wcslen(levels) - 1;
	size_t room = width > 0 ? (size_t)width : 0;
	uint32_t most = 1;

	if (count > room) {
		values += count - room;
		count = room;
	}
	for (size_t i = 0; i < count; i++)
		if (values[i] > most)
			most = values[i];
	for (size_t i = 0; i < count; i++) {
		uint64_t level = (values[i] * top + most - 1) / most;

		draw_repeat(row, left + (int)(room - count + i), 1, A_NORMAL, levels[level]);
	}
}

void draw_spark(const struct theme *theme, int row, int left, int width, const char *name,
		const uint32_t *values, size_t count, const char *figures)
{
	int room = draw_frame(theme, row, left, width, name, figures);

	draw_levels(theme, row, left + 4, room, values, count);
}
