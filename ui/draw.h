/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drawing on the standard window. Text must be safe (base/text.h). Nothing is written outside the
 * columns that are given; text that does not fit ends with a mark. Rows outside the screen are
 * ignored.
 */
#ifndef UI_DRAW_H
#define UI_DRAW_H

#include <stdint.h>

#include "ui/theme.h"

struct area {
	int top, left, height, width;
};

/* Returns the columns taken, at most `width`. */
int draw_text(const struct theme *theme, int row, int left, int width, attr_t attributes,
	      const char *text);
int draw_format(const struct theme *theme, int row, int left, int width, attr_t attributes,
		const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Of text that does not fit the end is shown, behind the mark. */
void draw_tail(const struct theme *theme, int row, int left, int width, attr_t attributes,
	       const char *text);
/* At the right end of its columns */
void draw_right(const struct theme *theme, int row, int left, int width, attr_t attributes,
		const char *text);
/* Blanks with these attributes */
void draw_fill(int row, int left, int width, attr_t attributes);
/* A line across with a title near its left end */
void draw_rule(const struct theme *theme, int row, int left, int width, const char *title);

/* Pieces of one line, the most important ones first to stay. */
enum { DRAW_PIECE_LEN = 96 };
struct draw_piece {
	char text[DRAW_PIECE_LEN];
	enum theme_role role;
	int rank;   /* the highest goes first when there is no room; 0 stays */
	bool right; /* belongs to the group at the right end */
};
void draw_pieces(const struct theme *theme, int row, int left, int width, struct draw_piece *pieces,
		 int count);

/* "Mem[|||||:::      7.91G/8.00G]": shares are of the whole, 0 to 1. */
struct draw_gauge {
	const char *name; /* 3 columns */
	double share;     /* | */
	double second;    /* : behind it */
	enum theme_role role;
	const char *figures;
};
void draw_gauge(const struct theme *theme, int row, int left, int width,
		const struct draw_gauge *gauge);

/* Its bar alone, on a faint ground */
void draw_bar(const struct theme *theme, int row, int left, int width, double share,
	      enum theme_role role);

/* Values as heights, newest last, at the right end of the columns */
void draw_levels(const struct theme *theme, int row, int left, int width, const uint32_t *values,
		 size_t count);

/* The newest values of `values`, newest last, in a frame as that of a gauge. */
void draw_spark(const struct theme *theme, int row, int left, int width, const char *name,
		const uint32_t *values, size_t count, const char *figures);

#endif
