/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watching for a while before something is told, for commands that else look once. */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include <stdio.h>

#include "cmd/collector.h"

struct watch {
	struct collector *collector; /* with events */
	uint64_t duration;           /* ns; SIGINT, SIGTERM or SIGHUP ends it earlier */
	/* Ends the line that tells how it goes, "watching: 12 s left, 7 events" on a terminal: ", 3 suspects".
	 * NULL: nothing more to tell. */
	void (*tell)(void *context, FILE *out);
	void *context;

	uint64_t events, watched; /* how many came, and for how long it was: ns */

	/* its own */
	struct loop *loop;
	uint64_t began, ticked;
	bool shown; /* the line stands on the terminal */
};

/* Starts with the first four set and the rest zeroed. At the end all that the kernel holds is taken in, and the
 * tables are read once more. 0 or -errno. */
int watch_run(struct watch *watch);

#endif
