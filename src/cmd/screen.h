/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam between the live command (src/cmd/live.c, which owns the loop and the collector) and the
 * view (ui/, which owns curses and the terminal). The view reads a const model; it never collects.
 */
#ifndef CMD_SCREEN_H
#define CMD_SCREEN_H

#include <string.h>

#include "base/options.h"
#include "report/column.h"

struct screen;
struct filter;
struct contents;

/* What only the machine can tell or do: a view asks for it here, upon a key. `context` is handed to each. */
struct screen_machine {
	/* Removes the segment (IPC_RMID) if it still is the one of these facts, as remove_segment() does
	 * (observe/remove.h). 0: *nattch is how many attachments keep it; 0 of them: it is gone. -ESTALE: that
	 * shmid is another segment's by now. NULL: not allowed (--allow-remove). */
	int (*remove)(void *context, uint32_t ipcns, const struct segment_facts *facts,
		      uint64_t *nattch);
	/* Bytes of a range of a process's addresses that are in its page tables. 0, or -errno: -ESRCH gone,
	 * -EPERM, -ETIMEDOUT when it takes too long. NULL: nobody to ask. */
	int (*resident)(void *context, const struct process *process, uint64_t address,
			uint64_t length, uint64_t *bytes);
	/* What stands in the segment, from an offset on, CONTENTS_MAX bytes at most; *through is whom it was read
	 * through. 0, or -errno: -ENOTCONN when nobody has it attached, -ENOENT when those who had let go of
	 * it, -EPERM. NULL: nobody to ask. */
	int (*contents)(void *context, const struct segment *segment, uint64_t offset,
			size_t length, struct contents *out, const struct process **through);
	void *context;
};

enum screen_theme {
	SCREEN_THEME_UNSET, /* as the configuration says, or dark */
	SCREEN_THEME_DARK,
	SCREEN_THEME_LIGHT,
	SCREEN_THEME_MONO,
	SCREEN_THEMES,
};

/* "dark"; "" for UNSET */
static inline const char *screen_theme_name(enum screen_theme theme)
{
	static const char *const names[SCREEN_THEMES] = {
		[SCREEN_THEME_UNSET] = "",
		[SCREEN_THEME_DARK] = "dark",
		[SCREEN_THEME_LIGHT] = "light",
		[SCREEN_THEME_MONO] = "mono",
	};

	return names[theme];
}

/* UNSET for a name that there is not */
static inline enum screen_theme screen_theme_by_name(const char *name)
{
	int theme = SCREEN_THEME_DARK;

	while (theme < SCREEN_THEMES &&
	       strcmp(name, screen_theme_name((enum screen_theme)theme)) != 0)
		theme++;
	return theme < SCREEN_THEMES ? (enum screen_theme)theme : SCREEN_THEME_UNSET;
}

/* What the view starts with. What is not given is as the user's configuration says. */
struct screen_options {
	enum column_id order;
	bool has_order;
	bool descending;             /* when has_order */
	const struct filter *filter; /* NULL none; stays the caller's */
	const char *filter_text;     /* as typed; NULL none */
	uint64_t interval;           /* ns between ticks; 0 not given */
	enum option_switch ascii;    /* no UTF-8 drawing characters, whatever the locale */
	enum option_switch mouse;    /* clicks are for the view, not for the terminal */
	enum screen_theme theme;
	const char *title; /* shown in the header, e.g. "demo"; NULL none */
	struct screen_machine machine;
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
	/* Keys are there to be read on stdin: handles those that it can in a moment, and leaves the rest there
	 * to be read; draws if something changed. */
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
