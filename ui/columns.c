/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/columns.h"

/* The usual ones, in the order in which they are given up from the right. `least` is enough to be of use;
 * more, up to the usual width of report/column.h, comes from what is left over. */
static const struct {
	enum column_id id;
	int least;
} columns_table[] = {
	{COLUMN_SHMID, 10}, {COLUMN_FLAGS, 4},    {COLUMN_NS, 10},   {COLUMN_SIZE, 5},
	{COLUMN_RSS, 5},    {COLUMN_NATTCH, 4},   {COLUMN_OWNER, 8}, {COLUMN_KEY, 10},
	{COLUMN_AGE, 5},    {COLUMN_CREATOR, 14}, {COLUMN_IDLE, 5},  {COLUMN_HOLDERS, 10},
	{COLUMN_PERM, 4},   {COLUMN_SWAP, 5},     {COLUMN_LAST, 14}, {COLUMN_COMMAND, 12},
};

enum { COLUMNS_USUAL = sizeof(columns_table) / sizeof(columns_table[0]) };

void columns_usual(struct column_set *set)
{
	enum column_id ids[COLUMNS_USUAL];

	for (size_t i = 0; i < COLUMNS_USUAL; i++)
		ids[i] = columns_table[i].id;
	columns_choose(set, ids, COLUMNS_USUAL);
}

void columns_choose(struct column_set *set, const enum column_id *ids, size_t count)
{
	size_t length = 0;

	*set = (struct column_set){0};
	for (size_t i = 0; i < count; i++) {
		if (set->shown[ids[i]])
			continue;
		set->shown[ids[i]] = true;
		set->ids[length++] = ids[i];
	}
	for (int id = 0; id < COLUMNS_COUNT; id++)
		if (!set->shown[id])
			set->ids[length++] = (enum column_id)id;
}

size_t columns_chosen(const struct column_set *set, enum column_id ids[static COLUMNS_COUNT])
{
	size_t count = 0;

	for (size_t i = 0; i < COLUMNS_COUNT; i++)
		if (set->shown[set->ids[i]])
			ids[count++] = set->ids[i];
	return count;
}

size_t columns_move(struct column_set *set, size_t index, int step)
{
	size_t to = index + (size_t)step;
	enum column_id moved = set->ids[index];

	if (to >= COLUMNS_COUNT)
		return index;
	set->ids[index] = set->ids[to];
	set->ids[to] = moved;
	return to;
}

/* A container with its short id, but not all of a pod's */
enum { COLUMNS_NS_LEAST = 10, COLUMNS_NS_ENOUGH = 19 };

static int columns_least(enum column_id id, int ns_width)
{
	if (id == COLUMN_NS)
		return ns_width < COLUMNS_NS_LEAST    ? COLUMNS_NS_LEAST
		       : ns_width > COLUMNS_NS_ENOUGH ? COLUMNS_NS_ENOUGH
						      : ns_width;
	for (size_t i = 0; i < COLUMNS_USUAL; i++)
		if (columns_table[i].id == id)
			return columns_table[i].least;
	return (int)column_table[id].width;
}

/* Names of namespaces take what they need, and no more. */
static int columns_most(enum column_id id, int ns_width)
{
	int width = (int)column_table[id].width;

	return id == COLUMN_NS && ns_width < width ? ns_width : width;
}

void columns_layout(const struct column_set *set, int ns_width, int width,
		    struct columns_layout *layout)
{
	int room = width;

	layout->count = 0;
	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		enum column_id id = set->ids[i];
		int needed = columns_least(id, ns_width) + (layout->count > 0 ? 1 : 0);

		if (!set->shown[id] || (id == COLUMN_NS && !ns_width))
			continue;
		if (needed > room)
			break;
		room -= needed;
		layout->ids[layout->count] = id;
		layout->widths[layout->count++] = columns_least(id, ns_width);
	}
	for (size_t i = 0; i < layout->count && room > 0; i++) {
		int more = columns_most(layout->ids[i], ns_width) - layout->widths[i];

		if (more > room)
			more = room;
		if (more > 0) {
			layout->widths[i] += more;
			room -= more;
		}
	}
	/* Only a command line is longer than any column. */
	if (layout->count > 0 && layout->ids[layout->count - 1] == COLUMN_COMMAND)
		layout->widths[layout->count - 1] += room;
}
