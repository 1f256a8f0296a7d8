/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam between the live command (src/cmd/live.c, which owns the loop and the collector) and the
 * view (ui/, which owns curses and the terminal). The view reads a const model; it never collects.
 */
#ifndef CMD_SCREEN_H
#define CMD_SCREEN_H

#include "report/column.h"

struct screen;
struct filter;

/* What the view starts with. */
struct screen_options {
	enum column_id order;
	bool has_order;
	bool descending;             /* when has_order */
	const struct filter *filter; /* NULL none; stays the caller's */
	const char *filter_text;     /* as typed; NULL none */
	uint64_t interval;           /* ns between ticks */
	bool ascii;                  /* no UTF-8 drawing characters, whatever the locale */
	const char *title;           /* shown in the header, e.g. "demo"; NULL none */
};

enum screen_result {
	SCREEN_GO_ON,
	SCREEN_QUIT,
	SCREEN_REFRESH, /* collect now and draw */
};

struct screen_ops {
	/* Takes over the terminal on stdin/stdout. 0, or -errno with one line for people in why[]. */
	int (*open)(const struct screen_options *options, struct screen **out,
		    char why[static 256]);
	/* Gives the terminal back. NULL is allowed. */
	void (*close)(struct screen *screen);
	/* Draws one frame. */
	void (*draw)(struct screen *screen, const struct column_context *context);
	/* Keys are there to be read on stdin: handles all of them; draws if something changed. */
	enum screen_result (*input)(struct screen *screen, const struct column_context *context);
	/* The terminal has another size: SIGWINCH. */
	void (*resize)(struct screen *screen, const struct column_context *context);
	/* ^Z: gives the terminal back and stops the process; takes it again when continued. */
	void (*suspend)(struct screen *screen, const struct column_context *context);
	/* ns between ticks as the user set it by keys */
	uint64_t (*interval)(const struct screen *screen);
	bool (*paused)(const struct screen *screen);
};

#endif
