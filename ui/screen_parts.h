/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ui/screen.c offers inside the room, and to its tests. */
#ifndef UI_SCREEN_PARTS_H
#define UI_SCREEN_PARTS_H

#include <stdio.h>

#include "cmd/screen.h"

/* As screen_ops.open, on another terminal than that of stdin and stdout, and for another host. */
int screen_start(FILE *in, FILE *out, const char *host, const struct screen_options *options,
		 struct screen **screen, char why[static 256]);
void screen_suspend(struct screen *screen, const struct column_context *context);

#endif
