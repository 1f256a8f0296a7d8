/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/prompt.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/draw.h"

#define CONTROL(letter) ((letter)&0x1f)
enum { PROMPT_DELETE = 0x7f, PROMPT_ESCAPE = 0x1b };

void prompt_open(struct prompt *prompt, const char *label, const char *help, const char *text)
{
	*prompt = (struct prompt){.active = true, .label = label, .help = help};
	prompt->length = text_safe(prompt->text, sizeof(prompt->text), text, strlen(text));
	prompt->cursor = prompt->length;
}

/* Whether a byte goes on with a character that began before it */
static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t prompt_before(const struct prompt *prompt, size_t at)
{
	const char *text = prompt->text;

	for (size_t before = at; before > 0; before--)
		if (!continues(text[before - 1]))
			return before - 1;
	return 0;
}

static size_t prompt_after(const struct prompt *prompt, size_t at)
{
	const char *text = prompt->text;

	for (size_t after = at + 1; after < prompt->length; after++)
		if (!continues(text[after]))
			return after;
	return prompt->length;
}

static void prompt_remove(struct prompt *prompt, size_t from, size_t to)
{
	memmove(prompt->text + from, prompt->text + to, prompt->length - to + 1);
	prompt->length -= to - from;
	prompt->cursor = from;
}

/* Back over blanks, then over what is not blank */
static size_t prompt_word(const struct prompt *prompt)
{
	size_t at = prompt->cursor;

	while (at > 0 && prompt->text[at - 1] == ' ')
		at--;
	while (at > 0 && prompt->text[at - 1] != ' ')
		at--;
	return at;
}

static void prompt_insert(struct prompt *prompt, wint_t character)
{
	char typed[MB_LEN_MAX], safe[4 * MB_LEN_MAX + 1];
	mbstate_t state = {0};
	size_t length = wcrtomb(typed, (wchar_t)character, &state);

	/* What would have to be escaped cannot be meant. */
	if (length == (size_t)-1 || text_safe(safe, sizeof(safe), typed, length) != length ||
	    prompt->length + length >= sizeof(prompt->text))
		return;
	memmove(prompt->text + prompt->cursor + length, prompt->text + prompt->cursor,
		prompt->length - prompt->cursor + 1);
	memcpy(prompt->text + prompt->cursor, typed, length);
	prompt->length += length;
	prompt->cursor += length;
}

static void prompt_function_key(struct prompt *prompt, wint_t key)
{
	switch (key) {
	case KEY_LEFT:
		prompt->cursor = prompt_before(prompt, prompt->cursor);
		break;
	case KEY_RIGHT:
		prompt->cursor = prompt_after(prompt, prompt->cursor);
		break;
	case KEY_HOME:
		prompt->cursor = 0;
		break;
	case KEY_END:
		prompt->cursor = prompt->length;
		break;
	case KEY_BACKSPACE:
		prompt_remove(prompt, prompt_before(prompt, prompt->cursor), prompt->cursor);
		break;
	case KEY_DC:
		prompt_remove(prompt, prompt->cursor, prompt_after(prompt, prompt->cursor));
		break;
	default:
		break;
	}
}

static void prompt_character(struct prompt *prompt, wint_t key)
{
	switch (key) {
	case CONTROL('A'):
		prompt->cursor = 0;
		break;
	case CONTROL('E'):
		prompt->cursor = prompt->length;
		break;
	case CONTROL('U'):
		prompt_remove(prompt, 0, prompt->cursor);
		break;
	case CONTROL('W'):
		prompt_remove(prompt, prompt_word(prompt), prompt->cursor);
		break;
	case CONTROL('H'):
	case PROMPT_DELETE:
		prompt_remove(prompt, prompt_before(prompt, prompt->cursor), prompt->cursor);
		break;
	default:
		prompt_insert(prompt, key);
		break;
	}
}

enum prompt_result prompt_key(struct prompt *prompt, bool function, wint_t key)
{
	if (function ? key == KEY_ENTER : key == '\r' || key == '\n')
		return PROMPT_DONE;
	if (!function && (key == PROMPT_ESCAPE || key == CONTROL('G'))) {
		prompt->active = false;
		return PROMPT_CANCELLED;
	}
	prompt->error[0] = '\0';
	if (function)
		prompt_function_key(prompt, key);
	else
		prompt_character(prompt, key);
	return PROMPT_EDITING;
}

void prompt_fail(struct prompt *prompt, size_t position, const char *message)
{
	prompt->error_at = position < prompt->length ? position : prompt->length;
	snprintf(prompt->error, sizeof(prompt->error), "%s", message);
}

/* Columns of the text between two of its bytes */
static int prompt_columns(const struct prompt *prompt, size_t from, size_t to)
{
	char part[PROMPT_LEN];

	if (to <= from)
		return 0;
	memcpy(part, prompt->text + from, to - from);
	part[to - from] = '\0';
	return (int)text_width(part);
}

static void prompt_draw_error(const struct prompt *prompt, const struct theme *theme, int row,
			      int column, int width)
{
	attr_t bad = theme->attributes[THEME_BAD];
	char error[PROMPT_ERROR_LEN];
	int before, behind;
	char *hint;

	if (column >= width)
		column = width - 1;
	before = column - 1;
	behind = width - column - 2;
	draw_text(theme, row, column, 1, bad, "^");
	/* What was wrong is told whole, if it can be: the hint that follows is given up for it. */
	strcpy(error, prompt->error);
	hint = strstr(error, "; ");
	if (hint && (int)text_width(error) > (before > behind ? before : behind))
		*hint = '\0';
	/* Where there is more room, if not all of it fits behind */
	if ((int)text_width(error) <= behind || behind >= before)
		draw_text(theme, row, column + 2, behind, bad, error);
	else
		draw_right(theme, row, 0, before, bad, error);
}

int prompt_draw(const struct prompt *prompt, const struct theme *theme, int row, int width)
{
	int label = draw_text(theme, row, 0, width, theme->attributes[THEME_STRONG], prompt->label);
	size_t first = 0;

	/* The cursor stays in sight. */
	while (prompt_columns(prompt, first, prompt->cursor) >= width - label &&
	       first < prompt->cursor)
		first = prompt_after(prompt, first);
	draw_text(theme, row, label, width - label, A_NORMAL, prompt->text + first);
	if (prompt->error[0])
		prompt_draw_error(prompt, theme, row + 1,
				  label + prompt_columns(prompt, first, prompt->error_at), width);
	else
		draw_text(theme, row + 1, 0, width, theme->attributes[THEME_FAINT], prompt->help);
	return label + prompt_columns(prompt, first, prompt->cursor);
}
