/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a call failed, in as many lines as that takes. */
#include "ui/view.h"

#include <string.h>

#include "base/text.h"
#include "report/report.h"

/* The bytes of the next line: up to the last blank that still fits, if there is one. */
static size_t explanation_cut(const char *text, size_t width)
{
	size_t fits = text_prefix(text, width), cut = fits;

	if (!text[fits])
		return fits;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut ? cut : fits;
}

size_t explanation_lines(const struct column_context *context, const struct model_event *entry,
			 int width)
{
	char text[EVENT_EXPLAIN_LEN];
	const char *rest = event_explain(text, context, &entry->event);
	size_t lines = 0;

	if (width <= EXPLANATION_INDENT)
		return 0;
	while (*rest) {
		size_t cut = explanation_cut(rest, (size_t)(width - EXPLANATION_INDENT));

		if (!cut)
			return lines;
		lines++;
		rest += cut;
		rest += *rest == ' ';
	}
	return lines;
}

void explanation_draw(const struct theme *theme, const struct column_context *context,
		      const struct model_event *entry, struct area row, size_t line)
{
	char text[EVENT_EXPLAIN_LEN];
	char *rest = event_explain(text, context, &entry->event);
	int left = row.left + EXPLANATION_INDENT, width = row.width - EXPLANATION_INDENT;

	if (width <= 0)
		return;
	for (; line > 0; line--) {
		rest += explanation_cut(rest, (size_t)width);
		rest += *rest == ' ';
	}
	rest[explanation_cut(rest, (size_t)width)] = '\0';
	draw_fill(row.top, row.left, row.width, A_NORMAL);
	draw_text(theme, row.top, left, width, theme->attributes[THEME_PLAIN], rest);
}
