/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/event_line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum {
	LINE_PID_WIDTH = 7, /* what the kernel's largest pid takes, and the largest shmid */
	LINE_SHMID_WIDTH = 10,
	LINE_COMM_WIDTH = 15,
	LINE_NS_WIDTH = 24,
	LINE_CALL_WIDTH = 60, /* nearly all calls */
	LINE_RESULT_WIDTH = 24,
	LINE_TOOK_WIDTH = 6,
	LINE_SINCE_WIDTH = 12,

	LINE_CALL_LEAST = 46, /* where columns are worth it */
	LINE_RESULT_LEAST = 18,
	LINE_NARROW_COMM = 10,
	LINE_NARROW_NS = 10,
	LINE_NARROW = 60,     /* below: who and what, not when */
	LINE_TEXT_LEAST = 20, /* the terminal may be as narrow as it likes */
	LINE_HANGING = 2,     /* further indent of what goes on below */
};

/* Call, result and time joined */
enum { LINE_TEXT_LEN = 2 * EVENT_PART_LEN + UNITS_LEN + 8 };

static const size_t line_time_widths[] = {
	[EVENT_TIME_USUAL] = 15, [EVENT_TIME_SECONDS] = 8, [EVENT_TIME_MICRO] = 15,
	[EVENT_TIME_EPOCH] = 17, [EVENT_TIME_NONE] = 0,
};
enum { LINE_NARROW_TIME = 12 };

/* ---- layout ---------------------------------------------------------------------------------- */

/* All that stands left of the call, blanks included */
static size_t line_left(const struct event_layout *layout)
{
	const size_t widths[] = {layout->time, layout->since, layout->pid,
				 layout->comm, layout->ns,    layout->shmid};
	size_t left = 0;

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		left += widths[i] ? widths[i] + 1 : 0;
	return left;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void line_narrow(struct event_layout *layout, bool took)
{
	layout->call = layout->result = 0;
	layout->took = took ? LINE_TOOK_WIDTH : 0;
	layout->comm = layout->width < LINE_NARROW ? 0 : LINE_NARROW_COMM;
	layout->ns = least(layout->ns, LINE_NARROW_NS);
	if (layout->format == EVENT_TIME_USUAL)
		layout->time = layout->width < LINE_NARROW ? 0 : LINE_NARROW_TIME;
}

struct event_layout event_layout(const struct event_style *style)
{
	struct event_layout layout = {
		.format = style->time,
		.time = line_time_widths[style->time],
		.since = style->relative ? LINE_SINCE_WIDTH : 0,
		.pid = LINE_PID_WIDTH,
		.comm = LINE_COMM_WIDTH,
		.ns = least(style->ns, LINE_NS_WIDTH),
		.shmid = LINE_SHMID_WIDTH,
		.call = LINE_CALL_WIDTH,
		.result = LINE_RESULT_WIDTH,
		.took = LINE_TOOK_WIDTH,
		.width = style->width,
	};
	size_t needed =
		line_left(&layout) + LINE_CALL_LEAST + 1 + LINE_RESULT_LEAST + 1 + LINE_TOOK_WIDTH;

	if (!style->width)
		return layout;
	if (style->width < needed) {
		line_narrow(&layout, style->took);
		return layout;
	}
	layout.call = least(LINE_CALL_LEAST + style->width - needed, LINE_CALL_WIDTH);
	needed += layout.call - LINE_CALL_LEAST;
	layout.result = least(LINE_RESULT_LEAST + style->width - needed, LINE_RESULT_WIDTH);
	return layout;
}

/* ---- columns --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void line_append(char out[static EVENT_LINE_LEN],
							      const char *format, ...)
{
	size_t length = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + length, EVENT_LINE_LEN - length, format, args);
	va_end(args);
}

/* Text and blanks up to `width` columns, and one more; nothing where there is no column. */
static void line_append_text(char out[static EVENT_LINE_LEN], const char *text, size_t width,
			     bool may_cut)
{
	size_t taken = text_width(text);

	if (!width)
		return;
	if (taken > width && may_cut)
		line_append(out, "%.*s~ ", (int)text_prefix(text, width - 1), text);
	else
		line_append(out, "%s%*s", text, (int)(taken < width ? width - taken : 0) + 1, "");
}

static void line_append_right(char out[static EVENT_LINE_LEN], const char *text, size_t width)
{
	if (width)
		line_append(out, "%*s ", (int)width, text);
}

static void line_append_number(char out[static EVENT_LINE_LEN], bool known, int32_t number,
			       size_t width)
{
	char text[16] = "-";

	if (known)
		snprintf(text, sizeof(text), "%" PRId32, number);
	line_append_right(out, text, width);
}

static void line_append_time(char out[static EVENT_LINE_LEN], const struct event_layout *layout,
			     const struct event *event)
{
	int64_t wall = clock_wall(event->time);
	char text[EVENT_PART_LEN];

	if (layout->format == EVENT_TIME_EPOCH)
		snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, wall / (int64_t)CLOCK_SECOND,
			 wall % (int64_t)CLOCK_SECOND / 1000);
	else
		event_clock(text, event);
	if (layout->time)
		line_append(out, "%.*s ", (int)layout->time, text);
}

static void line_append_since(char out[static EVENT_LINE_LEN], const struct event_layout *layout,
			      int64_t since)
{
	uint64_t distance = since < 0 ? -(uint64_t)since : (uint64_t)since;
	char text[EVENT_PART_LEN];

	snprintf(text, sizeof(text), "%s%" PRIu64 ".%06" PRIu64, since < 0 ? "-" : "",
		 distance / CLOCK_SECOND, distance % CLOCK_SECOND / 1000);
	line_append_right(out, text, layout->since);
}

static void line_trim(char *out)
{
	size_t length = strlen(out);

	while (length > 0 && out[length - 1] == ' ')
		out[--length] = '\0';
}

/* ---- what happened --------------------------------------------------------------------------- */

static void line_append_folded(char out[static EVENT_LINE_LEN], const struct event_layout *layout,
			       const char *text)
{
	size_t left = line_left(layout), room = LINE_TEXT_LEAST;

	if (layout->width > left + LINE_TEXT_LEAST)
		room = layout->width - left;
	for (bool first = true; *text; first = false) {
		size_t length = text_fold(text, first ? room : room - LINE_HANGING);

		if (!first)
			line_append(out, "\n%*s", (int)(left + LINE_HANGING), "");
		line_append(out, "%.*s", (int)length, text);
		text += length;
		text += strspn(text, " ");
	}
}

char *event_layout_line(char out[static EVENT_LINE_LEN], const struct event_layout *layout,
			const struct event *event, const char *ns, int64_t since)
{
	char call[EVENT_PART_LEN], result[EVENT_PART_LEN], took[UNITS_LEN] = "";
	char text[LINE_TEXT_LEN];
	bool on_terminal = layout->width > 0;

	event_call(call, event);
	event_result(result, event);
	if (event->took && layout->took)
		units_duration(took, event->took);
	out[0] = '\0';
	line_append_time(out, layout, event);
	line_append_since(out, layout, since);
	line_append_number(out, event->pid > 0, event->pid, layout->pid);
	line_append_text(out, event->comm[0] ? event->comm : "-", layout->comm, on_terminal);
	line_append_text(out, ns, layout->ns, on_terminal);
	line_append_number(out, event->shmid >= 0, event->shmid, layout->shmid);

	size_t left = strlen(out);

	if (layout->result) {
		line_append_text(out, call, layout->call, false);
		line_append_text(out, result, layout->result, false);
		line_append(out, "%s", took);
		line_trim(out);
		if (!on_terminal || text_width(out) <= layout->width)
			return out;
	}
	snprintf(text, sizeof(text), "%s%s%s%s%s%s", call, result[0] ? " " : "", result,
		 took[0] ? " <" : "", took, took[0] ? ">" : "");
	out[left] = '\0';
	line_append_folded(out, layout, text);
	return out;
}

char *event_layout_heading(char out[static EVENT_LINE_LEN], const struct event_layout *layout)
{
	out[0] = '\0';
	line_append_text(out, "TIME", layout->time, false);
	line_append_right(out, "SINCE", layout->since);
	line_append_right(out, "PID", layout->pid);
	line_append_text(out, "COMM", layout->comm, false);
	line_append_text(out, "NS", layout->ns, false);
	line_append_right(out, "SHMID", layout->shmid);
	if (layout->result) {
		line_append_text(out, "CALL", layout->call, false);
		line_append_text(out, "RESULT", layout->result, false);
		line_append(out, "TOOK");
	} else {
		line_append(out, "CALL = RESULT%s", layout->took ? " <TOOK>" : "");
	}
	return out;
}

void event_print_folded(FILE *out, const char *text, size_t indent, size_t width)
{
	size_t room = width > indent + LINE_TEXT_LEAST ? width - indent : LINE_TEXT_LEAST;

	size_t behind = 0;

	do {
		size_t length = width ? text_fold(text, room) : strlen(text);

		fprintf(out, "%*s%.*s\n", (int)behind, "", (int)length, text);
		text += length;
		text += strspn(text, " ");
		behind = indent;
	} while (*text);
}

/* ---- the usual line -------------------------------------------------------------------------- */

static const struct event_style line_usual;

char *event_line(char out[static EVENT_LINE_LEN], const struct event *event)
{
	const struct event_layout layout = event_layout(&line_usual);

	return event_layout_line(out, &layout, event, "", 0);
}

char *event_heading(char out[static EVENT_LINE_LEN])
{
	const struct event_layout layout = event_layout(&line_usual);

	return event_layout_heading(out, &layout);
}
