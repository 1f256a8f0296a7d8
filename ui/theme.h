/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How things look: colours mark state only, and never without a letter or a number beside them. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

#include "cmd/screen.h"
#include "ui/curses.h"

enum theme_role {
	THEME_PLAIN,
	THEME_STRONG, /* names, what is active */
	THEME_FAINT,  /* frames and what is gone */
	THEME_HEADING,
	THEME_SELECTED,
	THEME_GOOD,
	THEME_WARNING,
	THEME_BAD,
	THEME_ROLES,
};

struct theme {
	bool utf8;   /* the terminal takes UTF-8: text of processes is shown as it is */
	bool blocks; /* drawing characters beyond ASCII may be used */
	attr_t attributes[THEME_ROLES];
};

/* After the terminal stands, and whenever one of these changes. `ascii` forbids drawing characters whatever
 * the locale. Colours are used where the terminal has them, unless `look` is mono; which ones can be read
 * depends on the background: UNSET is taken for dark. */
void theme_init(struct theme *theme, bool ascii, enum screen_theme look);

#endif
