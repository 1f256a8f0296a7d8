/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/theme.h"

#include <langinfo.h>
#include <string.h>

enum { PAIR_GREEN = 1, PAIR_YELLOW, PAIR_RED };

/* Yellow on white cannot be read: orange can, and where there are but eight colours, magenta. */
static short theme_warning(enum screen_theme look)
{
	enum { THEME_ORANGE = 130, THEME_MANY = 256 };

	if (look != SCREEN_THEME_LIGHT)
		return COLOR_YELLOW;
	return COLORS >= THEME_MANY ? THEME_ORANGE : COLOR_MAGENTA;
}

void theme_init(struct theme *theme, bool ascii, enum screen_theme look)
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

	if (look == SCREEN_THEME_MONO || !has_colors() || start_color() != OK ||
	    use_default_colors() != OK)
		return;
	init_pair(PAIR_GREEN, COLOR_GREEN, -1);
	init_pair(PAIR_YELLOW, theme_warning(look), -1);
	init_pair(PAIR_RED, COLOR_RED, -1);
	theme->attributes[THEME_GOOD] |= (attr_t)COLOR_PAIR(PAIR_GREEN);
	theme->attributes[THEME_WARNING] |= (attr_t)COLOR_PAIR(PAIR_YELLOW);
	theme->attributes[THEME_BAD] |= (attr_t)COLOR_PAIR(PAIR_RED);
}
