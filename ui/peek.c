/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in a segment, read anew at each tick while the page is open; bytes that changed are marked. */
#include "ui/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "report/hexdump.h"

enum { PEEK_LEFT = 1 };

/* ---- reading --------------------------------------------------------------------------------- */

void peek_open(struct screen *screen, const struct column_context *context)
{
	struct peek *peek = &screen->peek;
	struct segment_id id;

	if (!view_table[screen->view]->segment(screen, context, &id)) {
		view_say(screen, context, "no segment here to look into");
		return;
	}
	if (!peek->now)
		peek->now = malloc(sizeof(*peek->now));
	if (!peek->before)
		peek->before = malloc(sizeof(*peek->before));
	if (!peek->now || !peek->before) {
		view_say(screen, context, "no memory");
		return;
	}
	peek->id = id;
	peek->at = 0;
	peek->page.top = 0;
	peek->now->length = peek->before->length = 0;
	view_open(screen, VIEW_PEEK);
}

void peek_tick(struct peek *peek)
{
	struct contents *before = peek->before;

	if (!peek->now || !peek->before)
		return;
	peek->before = peek->now;
	peek->now = before;
	peek->now->length = 0;
}

void peek_free(struct peek *peek)
{
	free(peek->now);
	free(peek->before);
	*peek = (struct peek){0};
}

static bool peek_has(const struct contents *contents, uint64_t from, uint64_t to)
{
	return contents->length > 0 && from >= contents->offset &&
	       to <= contents->offset + contents->length;
}

/* What is in sight. Between two ticks it is read once: else what changed would be marked no more. */
static void peek_read(struct screen *screen, const struct segment *segment, uint64_t from,
		      uint64_t to)
{
	const struct screen_machine *machine = &screen->machine;
	struct peek *peek = &screen->peek;
	const struct process *process = NULL;

	if (peek_has(peek->now, from, to))
		return;
	peek->now->length = 0;
	peek->error = machine->contents ? machine->contents(machine->context, segment, from,
							    to - from, peek->now, &process)
					: -ENOTSUP;
	if (!peek->error && !peek_has(peek->now, from, to))
		peek->error = -EIO;
	if (peek->error)
		peek->now->length = 0;
	if (process)
		snprintf(peek->through, sizeof(peek->through), "%" PRId32 " %s", process->pid,
			 process->comm);
}

static void peek_why(int error, char out[static VIEW_LINE_LEN])
{
	char name[LOG_ERRNO_LEN];

	switch (error) {
	case -ENOTCONN:
		strcpy(out, "nobody has it attached: to look would mean to attach it "
			    "(shmtop peek --attach)");
		break;
	case -ENOENT:
		strcpy(out, "those who had it attached let go of it: who else has it is looked up");
		break;
	case -ENOTSUP:
		strcpy(out, "there is nobody to ask here");
		break;
	case -EPERM:
		strcpy(out, "those who have it attached may not be looked into: that takes root");
		break;
	default:
		snprintf(out, VIEW_LINE_LEN, "it cannot be looked into: %s",
			 log_errno_name(error, name));
	}
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void peek_draw_line(const struct theme *theme, struct area row, const struct peek *peek,
			   const struct hexdump_layout *layout, uint64_t at, size_t count)
{
	const struct contents *before = peek->before->length ? peek->before : NULL;
	uint32_t changes = hexdump_changes(before, peek->now, at, count);
	attr_t marked = theme->attributes[THEME_WARNING] | A_BOLD;
	char line[HEXDUMP_LINE_LEN];

	if (contents_hole(peek->now, at)) {
		draw_format(theme, row.top, row.left, row.width, theme->attributes[THEME_FAINT],
			    "%0*" PRIx64 "  never written", (int)layout->digits, at);
		return;
	}
	hexdump_line(line, layout, peek->now, at, count, changes);
	draw_text(theme, row.top, row.left, row.width, A_NORMAL, line);
	for (size_t i = 0; i < count; i++) {
		size_t digits = hexdump_digits_at(layout, i) - 1;
		size_t character = hexdump_character_at(layout, i);

		if (!(changes >> i & 1))
			continue;
		draw_format(theme, row.top, row.left + (int)digits, 3, marked, "%.3s",
			    line + digits);
		draw_format(theme, row.top, row.left + (int)character, 1, marked, "%.1s",
			    line + character);
	}
}

static void peek_draw_head(struct screen *screen, const struct column_context *context,
			   struct area area, const struct segment *segment)
{
	char cell[COLUMN_CELL_LEN], size[UNITS_LEN];

	draw_format(&screen->theme, area.top, area.left + PEEK_LEFT, area.width - PEEK_LEFT,
		    screen->theme.attributes[THEME_HEADING], "%" PRId32 " in %s: %s, through %s",
		    segment->id.shmid, column_ns_name(context, segment->id.ipcns, cell),
		    units_size(size, segment->facts.size), screen->peek.through);
}

static void peek_draw_page(struct screen *screen, struct area area, const struct segment *segment)
{
	struct peek *peek = &screen->peek;
	const uint64_t size = segment->facts.size;
	const struct hexdump_layout layout = hexdump_layout(size, (size_t)area.width);
	const size_t lines = (size + layout.bytes - 1) / layout.bytes;
	char why[VIEW_LINE_LEN];
	uint64_t end;

	/* Lines are longer on a wider terminal. */
	peek->page.top = peek->at / layout.bytes;
	peek->at = page_fit(&peek->page, lines, (size_t)area.height) * layout.bytes;
	peek->bytes = layout.bytes;
	end = peek->at + (uint64_t)area.height * layout.bytes;
	if (end > size)
		end = size;
	if (end - peek->at > CONTENTS_MAX)
		end = peek->at + CONTENTS_MAX;
	peek_read(screen, segment, peek->at, end);
	if (peek->error) {
		peek_why(peek->error, why);
		draw_text(&screen->theme, area.top, area.left, area.width,
			  screen->theme.attributes[THEME_FAINT], why);
		return;
	}
	for (uint64_t at = peek->at; at < end; at += layout.bytes) {
		size_t count = end - at < layout.bytes ? end - at : layout.bytes;

		peek_draw_line(&screen->theme, area, peek, &layout, at, count);
		area.top++;
	}
}

static void peek_draw(struct screen *screen, const struct column_context *context, struct area area)
{
	const struct segment *segment = model_find(context->model, &screen->peek.id);
	struct area body = {area.top + 1, area.left + PEEK_LEFT, area.height - 1,
			    area.width - PEEK_LEFT};

	if (!segment || segment->gone || !(segment->facts.known & FACT_COL_SIZE) ||
	    segment->facts.size == 0) {
		draw_format(&screen->theme, area.top, area.left + PEEK_LEFT, area.width - PEEK_LEFT,
			    screen->theme.attributes[THEME_FAINT],
			    "segment %" PRId32 " %s; Esc goes back", screen->peek.id.shmid,
			    !segment || segment->gone ? "ended: nothing is left to look into"
						      : "has a size that is not known");
		return;
	}
	peek_draw_page(screen, body, segment);
	if (!screen->peek.error)
		peek_draw_head(screen, context, area, segment);
}

/* ---- the operations -------------------------------------------------------------------------- */

static void peek_move(struct screen *screen, const struct column_context *context,
		      enum view_move move)
{
	struct peek *peek = &screen->peek;

	(void)context;
	page_move(&peek->page, move);
	peek->at = peek->page.top * peek->bytes;
}

static void peek_status(const struct screen *screen, const struct column_context *context,
			char out[static VIEW_LINE_LEN])
{
	(void)context;
	strcpy(out, screen->peek.error
			    ? ""
			    : "a star stands before each byte that changed since the last frame");
}

static void peek_place(const struct screen *screen, const struct column_context *context,
		       char out[static VIEW_LINE_LEN])
{
	const struct segment *segment = model_find(context->model, &screen->peek.id);

	out[0] = '\0';
	if (segment && segment->facts.size > 0)
		snprintf(out, VIEW_LINE_LEN, "0x%" PRIx64 "/0x%" PRIx64, screen->peek.at,
			 segment->facts.size);
}

static bool peek_segment(const struct screen *screen, const struct column_context *context,
			 struct segment_id *out)
{
	*out = screen->peek.id;
	return model_find(context->model, out) != NULL;
}

const struct view_ops peek_view = {
	.name = "Contents",
	.draw = peek_draw,
	.move = peek_move,
	.status = peek_status,
	.place = peek_place,
	.segment = peek_segment,
};
