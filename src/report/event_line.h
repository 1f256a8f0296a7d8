/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events one below the other: which columns, how wide, and what becomes of a line that is wider than its terminal. */
#ifndef REPORT_EVENT_LINE_H
#define REPORT_EVENT_LINE_H

#include "report/report.h"

enum event_time {
	EVENT_TIME_USUAL,   /* 12:04:30.118204; to the millisecond where the terminal is narrow */
	EVENT_TIME_SECONDS, /* 12:04:30 */
	EVENT_TIME_MICRO,   /* 12:04:30.118204 */
	EVENT_TIME_EPOCH,   /* 1714565070.118204 */
	EVENT_TIME_NONE,
};

/* What is wanted */
struct event_style {
	enum event_time time;
	bool relative; /* how long after the line before, in seconds */
	bool took;     /* how long a call took, also where the terminal is narrow */
	size_t ns;     /* columns for the namespace; 0: there is but one */
	size_t width;  /* columns of the terminal; 0: no limit (a pipe) */
};

/* What becomes of it: widths of columns, 0 for those that are left out */
struct event_layout {
	enum event_time format;
	size_t time, since, pid, comm, ns, shmid;
	size_t call, result, took; /* result 0: it stands right behind the call */
	size_t width;
};

/* On a pipe, and where there is room, each thing has its column. Else the result stands behind the call as strace
 * has it, and below 60 columns there is no time and no comm, unless that time was asked for. */
struct event_layout event_layout(const struct event_style *style);

/* Heading that fits. Returns out. */
char *event_layout_heading(char out[static EVENT_LINE_LEN], const struct event_layout *layout);

/* The event without newline at the end. On a terminal comm and namespace are cut, marked with ~; call and result
 * never: what is too long goes on below, indented. What is too long on a pipe pushes the rest to the right.
 * `since`: ns after the line before, for that column. Returns out. */
char *event_layout_line(char out[static EVENT_LINE_LEN], const struct event_layout *layout,
			const struct event *event, const char *ns, int64_t since);

/* Prints words behind the `indent` columns that stand in the line already, and a newline; what does not fit into
 * `width` (0: no limit) goes on below, behind as many blanks. */
void event_print_folded(FILE *out, const char *text, size_t indent, size_t width);

#endif
