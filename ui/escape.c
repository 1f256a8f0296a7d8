/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequences as ECMA-48 has them: ESC [ parameters final, where a final byte is one from @ on; or ESC O and one
 * more. Reports of the mouse (xterm's mode 1006) are ESC [ < button ; column ; row M.
 *
 * curses could read these reports, but waits for the next key when it finds one that it does not want.
 */
#include "ui/escape.h"

#include <stdio.h>

#include "ui/curses.h"

enum { ESCAPE_PARAMETERS = 32, MOUSE_MODIFIERS = 4 | 8 | 16, MOUSE_OLD_BYTES = 3 };

static enum escape escape_mouse(const char *parameters, struct mouse_press *press)
{
	int button, column, row;

	if (sscanf(parameters, "<%4d;%4d;%4d", &button, &column, &row) != 3)
		return ESCAPE_UNKNOWN;
	*press = (struct mouse_press){button & ~MOUSE_MODIFIERS, row - 1, column - 1};
	return ESCAPE_MOUSE;
}

static enum escape escape_control(struct mouse_press *press)
{
	char parameters[ESCAPE_PARAMETERS] = "";
	size_t length = 0;
	wint_t key;

	while (get_wch(&key) == OK && (key < '@' || key > '~'))
		if (length + 1 < sizeof(parameters))
			parameters[length++] = key < 0x80 ? (char)key : '?';
	if (key != 'M')
		return ESCAPE_UNKNOWN;
	/* A terminal that does not have that mode tells the same in three characters behind it. */
	for (int i = 0; length == 0 && i < MOUSE_OLD_BYTES; i++)
		get_wch(&key);
	return escape_mouse(parameters, press);
}

enum escape escape_read(struct mouse_press *press)
{
	wint_t key;
	const int kind = get_wch(&key);

	if (kind == OK && key == '[')
		return escape_control(press);
	if (kind == OK && key == 'O') {
		get_wch(&key);
		return ESCAPE_UNKNOWN;
	}
	if (kind == KEY_CODE_YES)
		ungetch((int)key);
	else if (kind == OK)
		unget_wch((wchar_t)key);
	return ESCAPE_KEY;
}
