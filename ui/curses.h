/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ncurses with wide characters and without its macros, which would take words like move and erase. Its
 * own `struct screen` is renamed: src/cmd/screen.h means another one by it. */
#ifndef UI_CURSES_H
#define UI_CURSES_H

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#define screen           ncurses_screen
#include <curses.h>
#undef screen

#endif
