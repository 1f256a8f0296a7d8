/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

struct groups_entry {
	size_t row;
	UT_hash_handle hh;
	char name[];
};

int groups_row(struct groups *groups, const char *name, size_t next, size_t *row)
{
	const size_t length = strlen(name);
	struct groups_entry *entry;

	HASH_FIND(hh, groups->entries, name, length, entry);
	if (!entry) {
		entry = calloc(1, sizeof(*entry) + length + 1);
		if (!entry)
			return -ENOMEM;
		memcpy(entry->name, name, length);
		entry->row = next;
		HASH_ADD_KEYPTR(hh, groups->entries, entry->name, length, entry);
		if (!entry->hh.tbl) {
			free(entry);
			return -ENOMEM;
		}
	}
	*row = entry->row;
	return 0;
}

void groups_free(struct groups *groups)
{
	struct groups_entry *entry, *next;

	HASH_ITER (hh, groups->entries, entry, next) {
		HASH_DEL(groups->entries, entry);
		free(entry);
	}
}
