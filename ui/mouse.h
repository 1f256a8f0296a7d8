/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the mouse points at: places are noted while a frame is drawn, and looked up when there is a click,
 * which is put in its place here. */
#ifndef UI_MOUSE_H
#define UI_MOUSE_H

#include "report/column.h"
#include "ui/draw.h"
#include "ui/escape.h"

enum { MOUSE_SPOTS = 64 };

struct mouse_spot {
	int row, left, width;
	int key;               /* a click is the same as this key; 0: it sorts */
	enum column_id column; /* by this column */
};

struct mouse_map {
	struct mouse_spot spots[MOUSE_SPOTS];
	size_t count;
	struct area rows; /* one item of the view's list in each */
	size_t first;     /* index of the item in the first row */
	struct mouse_press press;
};

/* Those that find no room are not noted. */
void mouse_note_key(struct mouse_map *map, int row, int left, int width, int key);
void mouse_note_column(struct mouse_map *map, int row, int left, int width, enum column_id column);
/* `rows`: those that have an item */
void mouse_note_rows(struct mouse_map *map, struct area rows, size_t first);

/* NULL where there is none */
const struct mouse_spot *mouse_spot_at(const struct mouse_map *map, int row, int column);
bool mouse_item_at(const struct mouse_map *map, int row, int column, size_t *index);

#endif
