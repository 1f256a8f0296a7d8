/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/theme.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

enum { PAIR_GREEN = 1, PAIR_YELLOW, PAIR_RED };

static bool theme_wants_colours(void)
{
	const char *no_color = getenv("NO_COLOR");

	return (!no_color || !*no_color) && has_colors();
}

void theme_init(struct theme *theme, bool ascii)
{
	*theme = (struct theme){
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.attributes =
			{
				[THEME_STRONG] = A_BOLD,
				[THEME_FAINT] = A_DIM,
				[THEME_HEADING] = A_BOLD | A_UNDERLINE,
				[THEME_SELECTED] = A_REVERSE,
				[THEME_BAD] = A_BOLD,
			},
	};
	theme->blocks = theme->utf8 && !ascii;

	if (!theme_wants_colours() || start_color() != OK || use_default_colors() != OK)
		return;
	init_pair(PAIR_GREEN, COLOR_GREEN, -1);
	init_pair(PAIR_YELLOW, COLOR_YELLOW, -1);
	init_pair(PAIR_RED, COLOR_RED, -1);
	theme->attributes[THEME_GOOD] |= (attr_t)COLOR_PAIR(PAIR_GREEN);
	theme->attributes[THEME_WARNING] |= (attr_t)COLOR_PAIR(PAIR_YELLOW);
	theme->attributes[THEME_BAD] |= (attr_t)COLOR_PAIR(PAIR_RED);
}
