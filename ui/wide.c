/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the terminal is wide: the list of segments, the one under its cursor and the newest events side by
 * side. */
#include "ui/view.h"

enum {
	WIDE_FROM = 140,
	WIDE_WIDER_FROM = 220, /* the events have columns of their own */
	WIDE_ROWS = 14,
	WIDE_LIST = 54, /* percent of the columns */
	WIDE_LIST_WIDER = 42,
	WIDE_DETAIL_WIDER = 30,
	WIDE_EVENTS = 34, /* percent of the rows, where they share columns with the detail */
};

bool wide_divide(struct area body, struct wide_layout *out)
{
	bool wider = body.width >= WIDE_WIDER_FROM;
	struct area rest = body;

	if (body.width < WIDE_FROM || body.height < WIDE_ROWS)
		return false;
	out->list = body;
	out->list.width = body.width * (wider ? WIDE_LIST_WIDER : WIDE_LIST) / 100;
	rest.left += out->list.width + 1;
	rest.width -= out->list.width + 1;
	out->detail = out->events = rest;
	if (wider) {
		out->detail.width = body.width * WIDE_DETAIL_WIDER / 100;
		out->events.left += out->detail.width + 1;
		out->events.width -= out->detail.width + 1;
	} else {
		out->events.height = body.height * WIDE_EVENTS / 100;
		out->detail.height -= out->events.height;
		out->events.top += out->detail.height;
	}
	return true;
}

/* A line down the column to the left of an area */
static void wide_draw_line(const struct theme *theme, struct area area)
{
	for (int row = area.top; row < area.top + area.height; row++)
		draw_text(theme, row, area.left - 1, 1, theme->attributes[THEME_FAINT],
			  theme->blocks ? "│" : "|");
}

/* An area without its first line, which has a title now */
static struct area wide_titled(const struct theme *theme, struct area area, const char *title)
{
	draw_rule(theme, area.top, area.left, area.width, title);
	area.top++;
	area.height--;
	return area;
}

void wide_draw(struct screen *screen, const struct column_context *context,
	       const struct wide_layout *layout, const struct segment_id *selected)
{
	const struct theme *theme = &screen->theme;

	wide_draw_line(theme, layout->detail);
	wide_draw_line(theme, layout->events);
	if (selected)
		detail_draw_pane(screen, context, wide_titled(theme, layout->detail, "Segment"),
				 selected);
	else
		wide_titled(theme, layout->detail, "Segment");
	events_draw_newest(screen, context, wide_titled(theme, layout->events, "Events"));
}
