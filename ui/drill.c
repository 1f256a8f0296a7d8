/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a row of another view to its segments, and back with the filter that was there before. */
#include "ui/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DRILL_NAME_LEN = PROMPT_LEN - 48 };

void drill_open(struct screen *screen, const struct column_context *context, const char *expression)
{
	struct segment_list *list = &screen->segments;
	struct drill *drill = &screen->drill;
	struct filter_error error = {0};
	struct filter *filter;

	if (filter_parse(expression, &filter, &error)) {
		view_say(screen, context, "cannot show them: %s", error.message);
		return;
	}
	/* A second one starts from the filter of the first: what was there before stays kept. */
	if (drill->active) {
		filter_free(list->own_filter);
	} else {
		drill->filter = list->filter;
		drill->own_filter = list->own_filter;
		memcpy(drill->filter_text, list->filter_text, sizeof(drill->filter_text));
	}
	drill->active = true;
	drill->from = screen->view;
	list->filter = list->own_filter = filter;
	snprintf(list->filter_text, sizeof(list->filter_text), "%s", expression);
	list->index = list->top = 0;
	list->cursor = (struct segment_id){0};
	list->stale = true;
	view_open(screen, VIEW_SEGMENTS);
	view_say(screen, context, "Esc goes back; only segments with %s", expression);
}

bool drill_back(struct screen *screen)
{
	struct segment_list *list = &screen->segments;
	struct drill *drill = &screen->drill;

	if (!drill->active)
		return false;
	filter_free(list->own_filter);
	list->filter = drill->filter;
	list->own_filter = drill->own_filter;
	memcpy(list->filter_text, drill->filter_text, sizeof(list->filter_text));
	list->stale = true;
	view_open(screen, drill->from);
	*drill = (struct drill){0};
	return true;
}

void drill_free(struct drill *drill)
{
	filter_free(drill->own_filter);
	*drill = (struct drill){0};
}

/* Text in quotes that it does not have. One with both kinds is looked for by what stands before the second
 * kind. */
static void drill_quote(const char *text, char out[static VIEW_LINE_LEN])
{
	char quote = strchr(text, '\'') ? '"' : '\'';
	size_t length = strcspn(text, (char[]){quote, '\0'});

	snprintf(out, VIEW_LINE_LEN, "%c%.*s%c", quote, (int)length, text, quote);
}

char *drill_name(const char *column, const char *name, char out[static VIEW_LINE_LEN])
{
	char quoted[VIEW_LINE_LEN];
	const char *tail = name;
	size_t bytes = strlen(name);

	if (strcmp(name, "-") == 0) {
		snprintf(out, VIEW_LINE_LEN, "not %s~''", column);
		return out;
	}
	/* What a prompt can hold */
	if (bytes > DRILL_NAME_LEN)
		tail += bytes - DRILL_NAME_LEN;
	while ((*tail & 0xc0) == 0x80)
		tail++;
	drill_quote(tail, quoted);
	snprintf(out, VIEW_LINE_LEN, "%s%s%s", column,
		 tail == name && strlen(quoted) == bytes + 2 ? "=" : "~", quoted);
	return out;
}
