/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live view: the only room that includes curses. */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include "cmd/screen.h"

extern const struct screen_ops curses_screen;

#endif
