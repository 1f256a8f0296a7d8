/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows an ESC that get_wch() did not take for a key: a report of the mouse, a sequence that terminfo
 * does not know, or nothing of the kind. */
#ifndef UI_ESCAPE_H
#define UI_ESCAPE_H

enum escape {
	ESCAPE_KEY,     /* the Escape key itself; what came behind it is still to be read */
	ESCAPE_UNKNOWN, /* read to its end: its letters are no keys */
	ESCAPE_MOUSE,
};

enum { MOUSE_LEFT = 0, MOUSE_WHEEL_UP = 64, MOUSE_WHEEL_DOWN = 65 };

/* A button was pressed: its number as an xterm counts them, with no account of Shift, Alt or Ctrl; row and
 * column from 0, which need not be on the screen */
struct mouse_press {
	int button, row, column;
};

/* Never waits. *press is set for ESCAPE_MOUSE alone. */
enum escape escape_read(struct mouse_press *press);

#endif
