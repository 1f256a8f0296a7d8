/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One segment: its facts in words, who holds it, what happened to it. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "report/report.h"

enum { DETAIL_FACTS = 12, DETAIL_NAME_WIDTH = 10 };

struct detail_fact {
	const char *name;
	enum theme_role role;
	char text[VIEW_LINE_LEN];
};

struct detail_facts {
	struct detail_fact rows[DETAIL_FACTS];
	size_t count;
};

__attribute__((format(printf, 4, 5))) static void fact_add(struct detail_facts *facts,
							   const char *name, enum theme_role role,
							   const char *format, ...)
{
	struct detail_fact *fact = &facts->rows[facts->count++];
	va_list arguments;

	fact->name = name;
	fact->role = role;
	va_start(arguments, format);
	vsnprintf(fact->text, sizeof(fact->text), format, arguments);
	va_end(arguments);
}

static const char *cell(const struct column_context *context, const struct segment *segment,
			enum column_id id, char out[static COLUMN_CELL_LEN])
{
	return column_cell(id, context, segment, out);
}

/* "3m", the time since an instant */
static const char *ago(const struct column_context *context, uint64_t time,
		       char out[static UNITS_LEN])
{
	return units_age(out, context->now > time ? (context->now - time) / CLOCK_SECOND : 0);
}

static void facts_identity(const struct column_context *context, const struct segment *segment,
			   struct detail_facts *facts)
{
	char a[COLUMN_CELL_LEN], b[COLUMN_CELL_LEN], c[COLUMN_CELL_LEN];

	fact_add(facts, "Segment", THEME_STRONG, "%" PRId32 "  key %s  IPC namespace %s",
		 segment->id.shmid, cell(context, segment, COLUMN_KEY, a),
		 cell(context, segment, COLUMN_NS, b));
	fact_add(facts, "Size", THEME_PLAIN, "%s, resident %s, swapped out %s",
		 cell(context, segment, COLUMN_SIZE, a), cell(context, segment, COLUMN_RSS, b),
		 cell(context, segment, COLUMN_SWAP, c));
	fact_add(facts, "Owner", THEME_PLAIN, "%s, permissions %s",
		 cell(context, segment, COLUMN_OWNER, a), cell(context, segment, COLUMN_PERM, b));
}

static void facts_people(const struct column_context *context, const struct segment *segment,
			 struct detail_facts *facts)
{
	char a[COLUMN_CELL_LEN], b[COLUMN_CELL_LEN];

	fact_add(facts, "Creator", THEME_PLAIN, "%s  %s", cell(context, segment, COLUMN_CREATOR, a),
		 segment->creator ? segment->creator->cmdline : "");
	fact_add(facts, "Last user", THEME_PLAIN, "%s  %s", cell(context, segment, COLUMN_LAST, a),
		 segment->last ? segment->last->cmdline : "");
	fact_add(facts, "Age", THEME_PLAIN, "%s, idle %s", cell(context, segment, COLUMN_AGE, a),
		 cell(context, segment, COLUMN_IDLE, b));
}

static void facts_attached(const struct model *model, const struct segment *segment, size_t holders,
			   struct detail_facts *facts)
{
	bool has_drift = model_has_drift(model, segment);
	int64_t drift = model_drift(segment);

	if (!(segment->facts.known & FACT_COL_NATTCH))
		fact_add(facts, "Attached", THEME_PLAIN, "-");
	else if (!has_drift)
		fact_add(facts, "Attached", THEME_WARNING,
			 "%" PRIu64 " mappings, %" PRIu64
			 " known: not all processes may be looked at",
			 segment->nattch, segment->mapped);
	else if (drift)
		fact_add(facts, "Attached", THEME_WARNING,
			 "nattch %" PRIu64 ", mappings known %" PRIu64 ": drift %" PRId64,
			 segment->nattch, segment->mapped, drift);
	else
		fact_add(facts, "Attached", THEME_PLAIN, "%" PRIu64 " mapping%s in %zu process%s",
			 segment->nattch, segment->nattch == 1 ? "" : "s", holders,
			 holders == 1 ? "" : "es");
}

static void facts_state(const struct column_context *context, const struct segment *segment,
			struct detail_facts *facts)
{
	unsigned int flags = column_flags(context, segment);
	char age[UNITS_LEN], name[LOG_ERRNO_LEN];

	if (segment->gone)
		fact_add(facts, "x gone", THEME_FAINT, "%s ago: %s",
			 ago(context, segment->gone, age), fact_reason_name(segment->gone_reason));
	if (flags & COLUMN_FLAG_ORPHAN)
		fact_add(facts, "! orphan", THEME_BAD,
			 "nobody has it attached and its creator is gone");
	if (flags & COLUMN_FLAG_DEST)
		fact_add(facts, "D dest", THEME_WARNING, "removed: goes with its last holder");
	if (flags & (COLUMN_FLAG_LOCKED | COLUMN_FLAG_HUGETLB | COLUMN_FLAG_NORESERVE))
		fact_add(facts, "Memory", THEME_PLAIN, "%s%s%s",
			 flags & COLUMN_FLAG_LOCKED ? "L locked  " : "",
			 flags & COLUMN_FLAG_HUGETLB ? "H huge pages  " : "",
			 flags & COLUMN_FLAG_NORESERVE ? "N no swap reserved" : "");
	if (segment->removal)
		fact_add(facts, "IPC_RMID", segment->removal_ret < 0 ? THEME_BAD : THEME_PLAIN,
			 "%s ago by %" PRId32 ": %s", ago(context, segment->removal, age),
			 segment->removal_pid,
			 segment->removal_ret < 0 ? log_errno_name((int)segment->removal_ret, name)
						  : "accepted");
}

static void detail_draw_fact(const struct theme *theme, struct area row,
			     const struct detail_fact *fact)
{
	attr_t attributes = theme->attributes[fact->role];

	draw_text(theme, row.top, row.left + 1, DETAIL_NAME_WIDTH,
		  fact->role == THEME_PLAIN ? theme->attributes[THEME_STRONG] : attributes,
		  fact->name);
	draw_text(theme, row.top, row.left + 1 + DETAIL_NAME_WIDTH,
		  row.width - 1 - DETAIL_NAME_WIDTH, attributes, fact->text);
}

enum { DETAIL_PID_WIDTH = 7, DETAIL_COMM_WIDTH = 15 };

static void detail_draw_holder(const struct screen *screen, const struct column_context *context,
			       struct area row, const struct segment *segment,
			       const struct holder_row *holder)
{
	const struct process *process = holder->holder->process;
	char age[UNITS_LEN + 1] = "";

	/* What a scan found had been there before: so long at least. */
	if (holder->origin == MAPPING_SCAN)
		strcpy(age, ">");
	ago(context, holder->since, age + strlen(age));
	draw_format(&screen->theme, row.top, row.left + 1, DETAIL_PID_WIDTH, A_NORMAL, "%*" PRId32,
		    DETAIL_PID_WIDTH, process->pid);
	draw_text(&screen->theme, row.top, row.left + 2 + DETAIL_PID_WIDTH, DETAIL_COMM_WIDTH,
		  A_NORMAL, process->comm[0] ? process->comm : "-");
	draw_format(&screen->theme, row.top, row.left + 3 + DETAIL_PID_WIDTH + DETAIL_COMM_WIDTH,
		    row.width - 3 - DETAIL_PID_WIDTH - DETAIL_COMM_WIDTH, A_NORMAL,
		    "%4zu %-4s %6s %-5s %-7s 0x%-14" PRIx64 " %s", holder->maps,
		    holders_mode(holder->flags), age, holders_origin(holder->origin),
		    process == segment->creator ? "creator" : "", holder->addr, process->cmdline);
}

static void detail_draw_holders_heading(const struct screen *screen, struct area row)
{
	attr_t heading = screen->theme.attributes[THEME_HEADING];

	draw_fill(row.top, row.left, row.width, heading);
	draw_format(&screen->theme, row.top, row.left + 1, row.width - 1, heading,
		    "%*s %-*s %4s %-4s %6s %-5s %-7s %-16s %s", DETAIL_PID_WIDTH, "PID",
		    DETAIL_COMM_WIDTH, "HOLDER", "MAPS", "MODE", "SINCE", "HOW", "", "ADDRESS",
		    "COMMAND");
}

/* The page: facts, a blank line, the holders under a heading, a blank line, the events under theirs. */
static void detail_draw_line(const struct screen *screen, const struct column_context *context,
			     struct area row, const struct segment *segment,
			     const struct detail_facts *facts, size_t line)
{
	const struct detail *detail = &screen->detail;

	if (line < facts->count) {
		detail_draw_fact(&screen->theme, row, &facts->rows[line]);
		return;
	}
	line -= facts->count;
	if (line == 1)
		detail_draw_holders_heading(screen, row);
	else if (line > 1 && line < 2 + detail->holders.count)
		detail_draw_holder(screen, context, row, segment, &detail->holders.rows[line - 2]);
	if (line < 3 + detail->holders.count)
		return;
	line -= 3 + detail->holders.count;
	if (line == 0)
		events_draw_heading(screen, row);
	else if (detail->event_count == 0)
		draw_text(&screen->theme, row.top, row.left + 1, row.width - 1,
			  screen->theme.attributes[THEME_FAINT], "no event of it was seen yet");
	else
		events_draw_row(screen, context, row,
				model_event(context->model, detail->events[line - 1]), false);
}

static void detail_draw(struct screen *screen, const struct column_context *context,
			struct area area)
{
	struct detail *detail = &screen->detail;
	const struct segment *segment = model_find(context->model, &detail->id);
	struct detail_facts facts = {0};
	size_t top, lines;

	if (!segment) {
		draw_format(&screen->theme, area.top, area.left + 1, area.width - 1,
			    screen->theme.attributes[THEME_FAINT],
			    "segment %" PRId32 " ended and is forgotten; Esc goes back",
			    detail->id.shmid);
		return;
	}
	/* Without memory there are no holders or events to be seen in this frame. */
	holders_collect(segment, &detail->holders);
	event_history(context->model, segment, &detail->events, &detail->event_count,
		      &detail->event_capacity);
	facts_identity(context, segment, &facts);
	facts_people(context, segment, &facts);
	facts_attached(context->model, segment, detail->holders.count, &facts);
	facts_state(context, segment, &facts);

	lines = facts.count + 2 + detail->holders.count + 2 + detail->event_count;
	if (detail->event_count == 0)
		lines++;
	top = page_fit(&detail->page, lines, (size_t)area.height);
	for (size_t line = top; line < lines && line - top < (size_t)area.height; line++) {
		struct area row = {area.top + (int)(line - top), area.left, 1, area.width};

		detail_draw_line(screen, context, row, segment, &facts, line);
	}
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

void detail_free(struct detail *detail)
{
	holders_free(&detail->holders);
	free(detail->events);
	*detail = (struct detail){0};
}

const struct view_ops detail_view = {
	.name = "Segment",
	.draw = detail_draw,
	.move = detail_move,
	.status = detail_status,
	.place = detail_place,
	.segment = detail_segment,
};
