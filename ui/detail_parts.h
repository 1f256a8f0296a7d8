/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page about one segment is made of. */
#ifndef UI_DETAIL_PARTS_H
#define UI_DETAIL_PARTS_H

#include "ui/view.h"

/* Frames of the stack that are shown, and all lines: its own, those and the reasons of the verdict */
enum { DETAIL_FRAMES = 24, DETAIL_FACTS = 14 + DETAIL_FRAMES + 1 + VERDICT_REASONS };

struct detail_fact {
	const char *name;
	enum theme_role role;
	bool history; /* of nattch: drawn, with the text behind it */
	char text[VIEW_LINE_LEN];
};

struct detail_facts {
	struct detail_fact rows[DETAIL_FACTS];
	size_t count;
};

/* detail_facts.c: `holders` address spaces have it attached. */
void detail_facts(const struct column_context *context, const struct segment *segment,
		  size_t holders, struct detail_facts *facts);
void detail_draw_fact(const struct theme *theme, const struct column_context *context,
		      struct area row, const struct segment *segment,
		      const struct detail_fact *fact);

/* detail_holders.c */
/* Does its own pid namespace give it another? Where any has one, `detail.inner` shows them. */
bool detail_has_inner(const struct process *process);
void detail_draw_holders_heading(const struct theme *theme, struct area row,
				 const struct detail *detail);
void detail_draw_holder(const struct theme *theme, const struct column_context *context,
			struct area row, const struct segment *segment, const struct detail *detail,
			const struct holder_row *holder);

/* detail_changes.c: the heading and an entry a line; no line at all where there is none. */
void detail_take_changes(struct detail *detail, const struct segment *segment);
size_t detail_change_lines(const struct detail *detail);
void detail_draw_change_line(const struct theme *theme, const struct column_context *context,
			     struct area row, const struct detail *detail, size_t line);

/* "3m", the time since an instant. Returns out. */
const char *detail_ago(const struct column_context *context, uint64_t time,
		       char out[static UNITS_LEN]);

#endif
