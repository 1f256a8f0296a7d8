/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which columns the list of segments shows, in which order, and how wide. */
#ifndef UI_COLUMNS_H
#define UI_COLUMNS_H

#include "report/column.h"

/* All columns, so that one that is taken back stands where it stood. */
struct column_set {
	enum column_id ids[COLUMNS_COUNT];
	bool shown[COLUMNS_COUNT]; /* by id */
};

void columns_usual(struct column_set *set);
/* These are shown, in this order; the others stand behind them. */
void columns_choose(struct column_set *set, const enum column_id *ids, size_t count);
/* Those that are shown. Returns how many. */
size_t columns_chosen(const struct column_set *set, enum column_id ids[static COLUMNS_COUNT]);
/* Changes places with the neighbour, before (-1) or behind (1) it. Returns the new index. */
size_t columns_move(struct column_set *set, size_t index, int step);

struct columns_layout {
	enum column_id ids[COLUMNS_COUNT];
	int widths[COLUMNS_COUNT];
	size_t count;
};

/* What fits into `width`, from the left, one blank between two. `ns_width` is that of the longest name of a
 * namespace, in columns; 0: namespaces are left out. */
void columns_layout(const struct column_set *set, int ns_width, int width,
		    struct columns_layout *layout);

#endif
