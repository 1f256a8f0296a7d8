/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches what is written to a terminal, byte by byte, from a thread of its own: that nothing gets there
 * but text that can be seen and the sequences of an xterm, and which modes these leave behind.
 */
#ifndef SCREEN_WATCHER_H
#define SCREEN_WATCHER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WATCHER_MODES = 2100, WATCHER_CSI_LEN = 64, WATCHER_FAULT_LEN = 160 };

enum watcher_state {
	WATCHER_TEXT,
	WATCHER_ESCAPE,
	WATCHER_CSI,
	WATCHER_CHARSET,
};

struct watcher {
	int master; /* of the pty */
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t synced;
	enum watcher_state state;
	char csi[WATCHER_CSI_LEN];
	size_t csi_length;
	char utf8[4]; /* a character that is not complete yet */
	size_t utf8_length;
	bool modes[WATCHER_MODES]; /* private ones that were set and not reset */
	bool cursor_hidden, no_wrap, keypad, coloured;
	unsigned long syncs;
	uint64_t bytes;
	char fault[WATCHER_FAULT_LEN]; /* the first that was seen; "" none */
};

void watcher_start(struct watcher *watcher, int master);
/* Closes the master, too. */
void watcher_stop(struct watcher *watcher);
/* Waits until all that was written to `slave` is read. Returns the first fault, or NULL. */
const char *watcher_sync(struct watcher *watcher, int slave);
/* After a sync: whether everything is as it was before the program came. Else says what is not. */
bool watcher_is_clean(struct watcher *watcher, char why[static WATCHER_FAULT_LEN]);

#endif
