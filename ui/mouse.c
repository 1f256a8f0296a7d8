/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/mouse.h"

static void mouse_note(struct mouse_map *map, const struct mouse_spot *spot)
{
	if (map->count < MOUSE_SPOTS && spot->width > 0)
		map->spots[map->count++] = *spot;
}

void mouse_note_key(struct mouse_map *map, int row, int left, int width, int key)
{
	mouse_note(map, &(struct mouse_spot){row, left, width, key, COLUMNS_COUNT});
}

void mouse_note_column(struct mouse_map *map, int row, int left, int width, enum column_id column)
{
	mouse_note(map, &(struct mouse_spot){row, left, width, 0, column});
}

void mouse_note_rows(struct mouse_map *map, struct area rows, size_t first)
{
	map->rows = rows;
	map->first = first;
}

const struct mouse_spot *mouse_spot_at(const struct mouse_map *map, int row, int column)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct mouse_spot *spot = &map->spots[i];

		if (row == spot->row && column >= spot->left && column < spot->left + spot->width)
			return spot;
	}
	return NULL;
}

bool mouse_item_at(const struct mouse_map *map, int row, int column, size_t *index)
{
	const struct area *rows = &map->rows;

	if (row < rows->top || row >= rows->top + rows->height || column < rows->left ||
	    column >= rows->left + rows->width)
		return false;
	*index = map->first + (size_t)(row - rows->top);
	return true;
}
