/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal to look at: what a program writes to a pty ends up in libvterm, and its screen can be read
 * as text.
 */
#ifndef SCREEN_EMULATOR_H
#define SCREEN_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <vterm.h>

enum { EMULATOR_CSI_LEN = 32 };

struct emulator {
	VTerm *terminal;
	VTermScreen *screen;
	int rows, columns;
	int master;     /* of the pty; -1 none. Owned */
	bool alternate; /* the alternate screen is shown */
	bool cursor_visible;
	bool keypad;                /* its keys send sequences of their own */
	bool mouse;                 /* clicks are asked for */
	size_t fed;                 /* bytes that were written to it */
	unsigned int synced;        /* status reports that were asked for and came through */
	char csi[EMULATOR_CSI_LEN]; /* the sequence that is being read */
	size_t csi_length;
	char last; /* character printed last */
};

void emulator_open(struct emulator *emulator, int rows, int columns, int master);
void emulator_close(struct emulator *emulator);
/* Also tells the pty, which tells the program. */
void emulator_resize(struct emulator *emulator, int rows, int columns);
void emulator_feed(struct emulator *emulator, const char *bytes, size_t length);

/* Takes what the pty has within `ms`. Returns the bytes, 0 for none, or -1 when the other side is closed. */
long emulator_read(struct emulator *emulator, int ms);
/* Everything that was written to `slave` up to now: asks for a status report behind it and waits until the
 * question arrives. */
void emulator_sync(struct emulator *emulator, int slave);

/* Reads until the text stands on the screen. False after `ms` without. */
bool emulator_wait(struct emulator *emulator, const char *text, int ms);
bool emulator_shows(const struct emulator *emulator, const char *text);

/* One line without its trailing blanks; the whole screen as lines. Must be freed. */
char *emulator_line(const struct emulator *emulator, int row);
char *emulator_text(const struct emulator *emulator);
/* The line that contains the text, or -1 */
int emulator_find(const struct emulator *emulator, const char *text);
VTermScreenCell emulator_cell(const struct emulator *emulator, int row, int column);

/* ms of a clock that only goes on */
long emulator_clock(void);

#endif
