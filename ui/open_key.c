/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of a segment that is named: also of one that is gone. */
#include "ui/view.h"

#include <string.h>

#include "report/segment_id.h"

static enum screen_result open_done(struct screen *screen, const struct column_context *context)
{
	struct prompt *prompt = &screen->prompt;
	const char *text = prompt->text + strspn(prompt->text, " ");
	const struct segment *segment;
	struct segment_wanted wanted;
	char why[SEGMENT_ID_WHY_LEN];

	if (!*text) {
		prompt->active = false;
		return SCREEN_GO_ON;
	}
	if (segment_id_parse(text, &wanted)) {
		prompt_fail(prompt, (size_t)(text - prompt->text),
			    "this is no ID: a shmid (32769), 0xKEY or NS:SHMID");
		return SCREEN_GO_ON;
	}
	segment = segment_id_find_any(context, &wanted, why);
	if (!segment) {
		prompt_fail(prompt, (size_t)(text - prompt->text), why);
		return SCREEN_GO_ON;
	}
	prompt->active = false;
	detail_open(screen, &segment->id);
	return SCREEN_GO_ON;
}

enum screen_result open_ask(struct screen *screen, const struct column_context *context, int key)
{
	(void)context, (void)key;
	view_ask(screen, "Open: ", "Enter open  Esc cancel   SHMID, 0xKEY or NS:SHMID, gone or not",
		 "", open_done);
	return SCREEN_GO_ON;
}
