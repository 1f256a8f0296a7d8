/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colours of lines that a command prints without curses. They mark state only, and each has a word or a mark
 * beside it: without them nothing is lost. */
#ifndef BASE_PALETTE_H
#define BASE_PALETTE_H

#include <stdbool.h>
#include <stdio.h>

enum palette_role {
	PALETTE_PLAIN,
	PALETTE_BAD,     /* it failed */
	PALETTE_ENDING,  /* it ends, or will */
	PALETTE_FAINT,   /* nobody saw it */
	PALETTE_HEADING, /* what stands below it */
	PALETTE_ROLES,
};

enum palette_when { PALETTE_AUTO, PALETTE_ALWAYS, PALETTE_NEVER };

/* enum palette_when: "auto", "always" or "never"; NULL is always. An option_parser. */
int palette_parse(const char *text, void *field);

/* Whether colours are wanted: with auto on a terminal, unless NO_COLOR is set, or TERM is dumb or not set. */
bool palette_wanted(enum palette_when when, int fd);

/* Prints a line and a newline, in colour if `coloured`. It may have newlines inside. */
void palette_print(FILE *out, bool coloured, enum palette_role role, const char *line);

#endif
