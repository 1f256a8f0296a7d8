/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/search.h"

#include <string.h>

/* Of ASCII alone: case is not the same in all languages, and the bytes of other letters always count. */
static bool search_has_capital(const char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			return true;
	return false;
}

static char search_fold(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

size_t search_find(const char *pattern, const char *text)
{
	bool exact = search_has_capital(pattern);
	size_t length = strlen(pattern);

	for (size_t at = 0; text[at]; at++) {
		size_t same = 0;

		while (same < length &&
		       (exact ? text[at + same] : search_fold(text[at + same])) == pattern[same])
			same++;
		if (same == length && length > 0)
			return at;
	}
	return SEARCH_NONE;
}

bool search_matches(const char *pattern, const char *text)
{
	return search_find(pattern, text) != SEARCH_NONE;
}
