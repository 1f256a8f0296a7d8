/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/palette.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first eight colours, which every terminal with colours has, and its owner has chosen. */
static const char *const palette_starts[PALETTE_ROLES] = {
	[PALETTE_PLAIN] = "",        [PALETTE_BAD] = "\033[31m",    [PALETTE_ENDING] = "\033[33m",
	[PALETTE_FAINT] = "\033[2m", [PALETTE_HEADING] = "\033[1m",
};

int palette_parse(const char *text, void *field)
{
	static const char *const names[] = {
		[PALETTE_AUTO] = "auto",
		[PALETTE_ALWAYS] = "always",
		[PALETTE_NEVER] = "never",
	};

	for (int when = PALETTE_AUTO; when <= PALETTE_NEVER; when++)
		if (strcmp(text ? text : "always", names[when]) == 0) {
			*(enum palette_when *)field = (enum palette_when)when;
			return 0;
		}
	return -EINVAL;
}

bool palette_wanted(enum palette_when when, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (when != PALETTE_AUTO)
		return when == PALETTE_ALWAYS;
	return isatty(fd) && !(no_color && *no_color) && terminal && *terminal &&
	       strcmp(terminal, "dumb") != 0;
}

void palette_print(FILE *out, bool coloured, enum palette_role role, const char *line)
{
	const char *start = coloured ? palette_starts[role] : "";

	fprintf(out, "%s%s%s\n", start, line, *start ? "\033[0m" : "");
}
