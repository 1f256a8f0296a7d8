/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/hugepools.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "observe/text_file.h"

enum { NAME_LEN = 320 };

static const struct hugepools_file {
	const char *name;
	size_t field;
} hugepools_files[] = {
	{"nr_hugepages", offsetof(struct fact_hugepool, total)},
	{"free_hugepages", offsetof(struct fact_hugepool, free)},
	{"resv_hugepages", offsetof(struct fact_hugepool, reserved)},
	{"surplus_hugepages", offsetof(struct fact_hugepool, surplus)},
	{"nr_overcommit_hugepages", offsetof(struct fact_hugepool, overcommit)},
};

static bool pool_read(int folder, const char *size, struct fact_hugepool *pool)
{
	char name[NAME_LEN];

	for (size_t i = 0; i < sizeof(hugepools_files) / sizeof(hugepools_files[0]); i++) {
		const struct hugepools_file *file = &hugepools_files[i];

		int64_t number;

		snprintf(name, sizeof(name), "%s/%s", size, file->name);
		if (!text_file_number(folder, name, &number) || number < 0)
			return false;
		*(uint64_t *)((char *)pool + file->field) = (uint64_t)number;
	}
	return true;
}

static int pool_order(const void *left, const void *right)
{
	const struct fact_hugepool *a = left;
	const struct fact_hugepool *b = right;

	return a->size < b->size ? -1 : a->size > b->size;
}

void hugepools_read(const char *folder, struct fact_hugepools *pools)
{
	DIR *sizes = opendir(folder);
	const struct dirent *entry;

	*pools = (struct fact_hugepools){0};
	if (!sizes)
		return;
	while (pools->count < FACT_HUGEPOOLS && (entry = readdir(sizes))) {
		struct fact_hugepool *pool = &pools->rows[pools->count];
		uint64_t kilobytes;

		if (sscanf(entry->d_name, "hugepages-%" SCNu64 "kB", &kilobytes) != 1 ||
		    __builtin_mul_overflow(kilobytes, 1024u, &pool->size) ||
		    !pool_read(dirfd(sizes), entry->d_name, pool))
			continue;
		pools->count++;
	}
	closedir(sizes);
	qsort(pools->rows, pools->count, sizeof(pools->rows[0]), pool_order);
}
