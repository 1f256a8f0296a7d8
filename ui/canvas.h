/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture on the standard window. A frame is written whole each time, but curses is given only the rows that
 * are not as they were: it compares and copies each cell that it is given, which costs more than all the rest
 * of a frame in which little changed.
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <wchar.h>

#include "ui/curses.h"

/* An empty picture of LINES rows */
void canvas_begin(void);
/* Later writes stand over earlier ones. Rows outside the screen are ignored; without memory a write is left out. */
void canvas_write(int row, int left, attr_t attributes, const wchar_t *text, size_t count);
/* Brings the window to what was written since canvas_begin(); once. */
void canvas_show(void);
/* Somebody else writes on this row of the window: it is given to curses again with the next picture. */
void canvas_spoil(int row);
/* Nothing is known of the window any more: it ends, or has another size. */
void canvas_forget(void);

#endif
