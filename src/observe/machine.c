/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/machine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "observe/hugepools.h"

enum {
	PATH_LEN = 96,
	NUMBER_LEN = 32,
	MEMINFO_LEN = 16 * 1024,
};

/* The file in one read: the kernel hands out these whole. */
static bool text_read(const char *path, char *out, size_t capacity)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, out, capacity - 1);
	close(fd);
	if (length < 0)
		return false;
	out[length] = '\0';
	return true;
}

static bool number_read(const char *path, uint64_t *value)
{
	char text[NUMBER_LEN], *end;

	if (!text_read(path, text, sizeof(text)))
		return false;
	*value = strtoull(text, &end, 10);
	return end != text;
}

bool machine_setting(const char *name, uint64_t *value)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	return number_read(path, value);
}

/* In bytes; `title` begins with the newline before it. */
static bool meminfo_figure(const char *text, const char *title, uint64_t *bytes)
{
	const char *line = strstr(text, title);
	uint64_t kilobytes;

	if (!line || sscanf(line + strlen(title), " %" SCNu64, &kilobytes) != 1)
		return false;
	*bytes = kilobytes * 1024;
	return true;
}

void machine_memory(struct memory_facts *memory)
{
	char text[MEMINFO_LEN] = "\n";
	uint64_t overcommit;

	*memory = (struct memory_facts){0};
	if (!text_read("/proc/meminfo", text + 1, sizeof(text) - 1) ||
	    !machine_setting("vm/overcommit_memory", &overcommit))
		return;
	memory->overcommit = (unsigned int)overcommit;
	memory->known = meminfo_figure(text, "\nMemTotal:", &memory->total) &&
			meminfo_figure(text, "\nSwapTotal:", &memory->swap) &&
			meminfo_figure(text, "\nCommitLimit:", &memory->limit) &&
			meminfo_figure(text, "\nCommitted_AS:", &memory->committed);
}

void machine_pool(uint64_t page_size, struct pool_facts *pool)
{
	char text[MEMINFO_LEN] = "\n";
	struct fact_hugepools pools;

	*pool = (struct pool_facts){.page_size = page_size};
	if (!page_size && (!text_read("/proc/meminfo", text + 1, sizeof(text) - 1) ||
			   !meminfo_figure(text, "\nHugepagesize:", &pool->page_size))) {
		pool->found = text[1] ? FACT_FOUND_NONE : FACT_FOUND_UNKNOWN;
		return;
	}
	hugepools_read(HUGEPOOLS_FOLDER, &pools);
	if (pools.count)
		pool->found = FACT_FOUND_NONE;
	for (size_t i = 0; i < pools.count; i++) {
		const struct fact_hugepool *row = &pools.rows[i];

		if (row->size != pool->page_size)
			continue;
		pool->found = FACT_FOUND_THERE;
		pool->total = row->total;
		pool->free = row->free;
		pool->reserved = row->reserved;
	}
}
