/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done to a segment, and by whom. */
#include "ui/detail_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

enum {
	CHANGES_TIME_WIDTH = 8,
	CHANGES_TEXT_MIN = 20,
	CHANGES_RESULT_WIDTH = 7,
	CHANGES_WHO_WIDTH = 24,
};

void detail_take_changes(struct detail *detail, const struct segment *segment)
{
	detail->change_count =
		changes_known(segment) ? changes_collect(segment, detail->changes) : 0;
}

size_t detail_change_lines(const struct detail *detail)
{
	return detail->change_count > 0 ? 1 + detail->change_count : 0;
}

/* As wide as the longest, where that leaves room for who did it; but that it was done matters more. */
static int changes_width(const struct column_context *context, const struct detail *detail,
			 int width)
{
	int room = width - CHANGES_RESULT_WIDTH - CHANGES_WHO_WIDTH - 2;
	char text[CHANGES_LINE_LEN];
	int widest = (int)text_width("CHANGE");

	for (size_t i = 0; i < detail->change_count; i++) {
		int columns = (int)text_width(changes_text(context, &detail->changes[i], text));

		if (columns > widest)
			widest = columns;
	}
	if (room < CHANGES_TEXT_MIN)
		room = CHANGES_TEXT_MIN;
	return widest > room ? room : widest;
}

static enum theme_role changes_role(const struct segment_change *change)
{
	if (change->ret < 0)
		return THEME_BAD;
	return change->kind == CHANGE_REMOVE ? THEME_WARNING : THEME_PLAIN;
}

/* "by 7713 ipcrm (root), 3 times"; without whom where nobody is to be named */
static void changes_by(const struct column_context *context, const struct segment_change *change,
		       char out[static CHANGES_LINE_LEN])
{
	char who[CHANGES_LINE_LEN] = "", times[32] = "";

	if (change->kind != CHANGE_END || change->pid)
		changes_who(context, change, who);
	if (change->count > 1)
		snprintf(times, sizeof(times), ", %" PRIu64 " times", change->count);
	snprintf(out, CHANGES_LINE_LEN, "%s%.31s", who, times);
}

static void changes_draw(const struct theme *theme, const struct column_context *context,
			 struct area row, int width, const struct segment_change *change)
{
	const attr_t attributes = theme->attributes[changes_role(change)];
	const int end = row.left + row.width;
	char text[CHANGES_LINE_LEN], name[LOG_ERRNO_LEN];
	int left = row.left + 1;

	draw_text(theme, row.top, left, end - left, attributes,
		  changes_clock(context, change->time, text));
	left += CHANGES_TIME_WIDTH + 1;
	draw_text(theme, row.top, left, width < end - left ? width : end - left, attributes,
		  changes_text(context, change, text));
	left += width + 1;
	if (left >= end)
		return;
	draw_text(theme, row.top, left, end - left, attributes, changes_result(change, name));
	left += CHANGES_RESULT_WIDTH + 1;
	changes_by(context, change, text);
	if (left < end)
		draw_text(theme, row.top, left, end - left, attributes, text);
}

void detail_draw_change_line(const struct theme *theme, const struct column_context *context,
			     struct area row, const struct detail *detail, size_t line)
{
	const int width = changes_width(context, detail, row.width - CHANGES_TIME_WIDTH - 2);
	const attr_t heading = theme->attributes[THEME_HEADING];
	const int left = row.left + 1 + CHANGES_TIME_WIDTH + 1, end = row.left + row.width;

	if (line > 0) {
		changes_draw(theme, context, row, width, &detail->changes[line - 1]);
		return;
	}
	draw_fill(row.top, row.left, row.width, heading);
	draw_text(theme, row.top, row.left + 1, CHANGES_TIME_WIDTH, heading, "TIME");
	draw_text(theme, row.top, left, end - left, heading, "CHANGE");
	if (left + width + 1 < end)
		draw_text(theme, row.top, left + width + 1, end - left - width - 1, heading,
			  "RESULT  BY");
}
