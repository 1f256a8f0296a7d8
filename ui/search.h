/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search of a text in what a view shows, as less does it. */
#ifndef UI_SEARCH_H
#define UI_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/prompt.h"

struct search {
	char text[PROMPT_LEN]; /* "" none */
	size_t line;           /* of a page, at which the last search ended */
};

/* The byte at which the pattern first stands in the text. Case counts once an upper-case letter is in the
 * pattern. An empty one stands nowhere. */
#define SEARCH_NONE ((size_t)-1)
size_t search_find(const char *pattern, const char *text);
bool search_matches(const char *pattern, const char *text);

#endif
