/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal: taken over, and given back on every way out, a crash included.
 *
 * One at a time. How it was found is kept in the only mutable global of the program, since a signal
 * handler has no other way to it.
 */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Starts curses on a terminal. TERM that terminfo does not know is taken for an xterm. 0, or -errno with
 * one line for people in why[]: -ENOTTY for no terminal, -ENOTSUP for one without a movable cursor. */
int terminal_open(FILE *in, FILE *out, char why[static 256]);
/* Leaves the screen, restores the modes. May be called twice. */
void terminal_close(void);
/* Gives the terminal back, stops the process as ^Z does, and takes it again when continued. */
void terminal_suspend(void);
/* Whether clicks and the wheel are reported: see escape_read(). A terminal that has no mouse by terminfo is not asked. Most then select text with Shift held. */
void terminal_mouse(bool on);
/* Asks the terminal for its size and tells curses. */
void terminal_resize(void);

#endif
