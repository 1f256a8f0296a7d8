/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of text typed on the status line. */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "ui/theme.h"

enum { PROMPT_LEN = 256, PROMPT_ERROR_LEN = 192 };

struct prompt {
	bool active;
	const char *label;     /* "Filter: " */
	const char *help;      /* shown below while there is no error */
	char text[PROMPT_LEN]; /* safe */
	size_t length;
	size_t cursor;                /* byte of text, at the start of a character */
	char error[PROMPT_ERROR_LEN]; /* "" none */
	size_t error_at;              /* byte of text */
};

enum prompt_result {
	PROMPT_EDITING,
	PROMPT_DONE,
	PROMPT_CANCELLED,
};

/* `label` and `help` must outlive the prompt. */
void prompt_open(struct prompt *prompt, const char *label, const char *help, const char *text);
/* `function`: key is a KEY_ code of curses, not a character. DONE leaves it open for an error. */
enum prompt_result prompt_key(struct prompt *prompt, bool function, wint_t key);
/* Keeps it open with the error shown below the byte at which it is. */
void prompt_fail(struct prompt *prompt, size_t position, const char *message);
/* In two rows from `row` on. Returns the column of the cursor. */
int prompt_draw(const struct prompt *prompt, const struct theme *theme, int row, int width);

#endif
