/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One segment: its facts in words, who holds it, what happened to it. */
#include "ui/detail_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "report/report.h"

/* Where there are none a line says so. */
static size_t detail_holder_lines(const struct detail *detail)
{
	return detail->holders.count > 0 ? detail->holders.count : 1;
}

static void detail_draw_holder_line(const struct theme *theme, const struct column_context *context,
				    struct area row, const struct detail *detail,
				    const struct segment *segment, size_t line)
{
	if (line == 0)
		detail_draw_holders_heading(theme, row, detail);
	else if (detail->holders.count == 0)
		draw_text(theme, row.top, row.left + 1, row.width - 1,
			  theme->attributes[THEME_FAINT], "nobody is known to have it attached");
	else
		detail_draw_holder(theme, context, row, segment, detail,
				   &detail->holders.rows[line - 1]);
}

/* A line of the list of events: the number of the event, and above its bits which line of it this is: 0 its row,
 * else of why it failed. */
enum { DETAIL_SEQUENCE_BITS = 56 };
#define DETAIL_SEQUENCE ((UINT64_C(1) << DETAIL_SEQUENCE_BITS) - 1)

/* Without memory the reasons are left out. */
static void detail_add_reasons(const struct column_context *context, struct detail *detail,
			       int width)
{
	size_t lines = 0, at;

	for (size_t i = 0; i < detail->event_count; i++)
		lines += 1 + explanation_lines(context,
					       model_event(context->model, detail->events[i]),
					       width);

	void *grown = detail->events;

	if (array_reserve(&grown, &detail->event_capacity, lines, sizeof(*detail->events)))
		return;
	detail->events = grown;
	at = lines;
	for (size_t i = detail->event_count; i-- > 0;) {
		const uint64_t sequence = detail->events[i];

		for (size_t line = explanation_lines(context, model_event(context->model, sequence),
						     width);
		     line > 0; line--)
			detail->events[--at] = sequence | (uint64_t)line << DETAIL_SEQUENCE_BITS;
		detail->events[--at] = sequence;
	}
	detail->event_count = lines;
}

static void detail_draw_event(struct screen *screen, const struct column_context *context,
			      struct area row, uint64_t line)
{
	const struct model_event *entry = model_event(context->model, line & DETAIL_SEQUENCE);

	if (line >> DETAIL_SEQUENCE_BITS)
		explanation_draw(&screen->theme, context, entry, row,
				 (line >> DETAIL_SEQUENCE_BITS) - 1);
	else
		events_draw_row(screen, context, row, entry, false);
}

static void detail_draw_event_line(struct screen *screen, const struct column_context *context,
				   struct area row, const struct detail *detail,
				   const struct segment *segment, size_t line)
{
	const struct theme *theme = &screen->theme;

	if (line == 0)
		events_draw_heading(screen, row);
	else if (detail->event_count == 0)
		draw_text(theme, row.top, row.left + 1, row.width - 1,
			  theme->attributes[THEME_FAINT],
			  segment->last_event ? "its events are no longer kept"
					      : "no event of it was seen");
	else
		detail_draw_event(screen, context, row, detail->events[line - 1]);
}

/* Is the line one of the next `count`? Else it is counted from behind them. */
static bool detail_is_in(size_t *line, size_t count)
{
	if (*line < count)
		return true;
	*line -= count;
	return false;
}

/* The page: facts, the holders under a heading, the changes and the events under theirs, with a blank line
 * between them. */
static void detail_draw_line(struct screen *screen, const struct column_context *context,
			     struct area row, const struct detail *detail,
			     const struct segment *segment, const struct detail_facts *facts,
			     size_t line)
{
	const struct theme *theme = &screen->theme;
	const size_t changes = detail_change_lines(detail);

	if (detail_is_in(&line, facts->count)) {
		detail_draw_fact(theme, context, row, segment, &facts->rows[line]);
		return;
	}
	if (detail_is_in(&line, 1))
		return;
	if (detail_is_in(&line, 1 + detail_holder_lines(detail))) {
		detail_draw_holder_line(theme, context, row, detail, segment, line);
		return;
	}
	if (detail_is_in(&line, 1))
		return;
	if (detail_is_in(&line, changes)) {
		detail_draw_change_line(theme, context, row, detail, line);
		return;
	}
	if (changes > 0 && detail_is_in(&line, 1))
		return;
	detail_draw_event_line(screen, context, row, detail, segment, line);
}

static void detail_draw_page(struct screen *screen, const struct column_context *context,
			     struct area area, struct detail *detail)
{
	const struct segment *segment = model_find(context->model, &detail->id);
	struct detail_facts facts;
	size_t top, lines, holders = 0;

	if (!segment) {
		draw_format(&screen->theme, area.top, area.left + 1, area.width - 1,
			    screen->theme.attributes[THEME_FAINT],
			    "segment %" PRId32 " ended and is forgotten; Esc goes back",
			    detail->id.shmid);
		return;
	}
	/* Without memory there are no holders or events to be seen in this frame. */
	holders_collect_lately(context, segment, &detail->holders);
	event_history(context->model, segment, &detail->events, &detail->event_count,
		      &detail->event_capacity);
	detail_add_reasons(context, detail, area.width);
	detail->inner = false;
	for (size_t i = 0; i < detail->holders.count; i++) {
		holders += detail->holders.rows[i].gone == 0;
		detail->inner |= detail_has_inner(detail->holders.rows[i].process);
	}
	detail_facts(context, segment, holders, &facts);

	detail_take_changes(detail, segment);
	lines = facts.count + 2 + detail_holder_lines(detail) + 2 + detail->event_count;
	if (detail->change_count > 0)
		lines += detail_change_lines(detail) + 1;
	if (detail->event_count == 0)
		lines++;
	top = page_fit(&detail->page, lines, (size_t)area.height);
	for (size_t line = top; line < lines && line - top < (size_t)area.height; line++) {
		struct area row = {area.top + (int)(line - top), area.left, 1, area.width};

		detail_draw_line(screen, context, row, detail, segment, &facts, line);
	}
}

static void detail_draw(struct screen *screen, const struct column_context *context,
			struct area area)
{
	detail_draw_page(screen, context, area, &screen->detail);
}

void detail_draw_pane(struct screen *screen, const struct column_context *context, struct area area,
		      const struct segment_id *id)
{
	struct detail *pane = &screen->pane;
	size_t hidden;

	pane->id = *id;
	pane->page.top = 0;
	detail_draw_page(screen, context, area, pane);
	hidden = pane->page.lines > pane->page.height ? pane->page.lines - pane->page.height : 0;
	if (hidden == 0 || !model_find(context->model, id))
		return;
	draw_fill(area.top + area.height - 1, area.left, area.width, A_NORMAL);
	draw_format(&screen->theme, area.top + area.height - 1, area.left + 1, area.width - 1,
		    screen->theme.attributes[THEME_FAINT], "%zu more lines: Enter opens it",
		    hidden + 1);
}

static void detail_move(struct screen *screen, const struct column_context *context,
			enum view_move move)
{
	(void)context;
	page_move(&screen->detail.page, move);
}

static void detail_status(const struct screen *screen, const struct column_context *context,
			  char out[static VIEW_LINE_LEN])
{
	/* All there is to say is on the page. */
	(void)screen, (void)context;
	out[0] = '\0';
}

static void detail_place(const struct screen *screen, const struct column_context *context,
			 char out[static VIEW_LINE_LEN])
{
	(void)context;
	page_place(&screen->detail.page, out);
}

static bool detail_segment(const struct screen *screen, const struct column_context *context,
			   struct segment_id *out)
{
	*out = screen->detail.id;
	return model_find(context->model, out) != NULL;
}

void detail_open(struct screen *screen, const struct segment_id *id)
{
	screen->detail.id = *id;
	screen->detail.page.top = 0;
	view_open(screen, VIEW_DETAIL);
}

void detail_free(struct detail *detail)
{
	holders_free(&detail->holders);
	free(detail->events);
	*detail = (struct detail){0};
}

static struct page *detail_page(struct screen *screen)
{
	return &screen->detail.page;
}

const struct view_ops detail_view = {
	.name = "Segment",
	.draw = detail_draw,
	.move = detail_move,
	.status = detail_status,
	.place = detail_place,
	.segment = detail_segment,
	.page = detail_page,
};
