/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/caller.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "observe/process.h"

enum { PATH_LEN = 32 };

/* A process's text, one line after the other, until the taker has had enough. What was opened by the pid
 * belongs to the process that had it then, so it is checked behind. */
typedef bool taker(void *context, const char *line);

static bool each_line(int32_t pid, uint64_t start_time, const char *name, taker *take,
		      void *context)
{
	char path[PATH_LEN], *line = NULL;
	size_t capacity = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/%s", pid, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (getline(&line, &capacity, file) >= 0 && take(context, line))
		continue;
	free(line);

	const bool good = !ferror(file) && process_check(pid, start_time) == 0;

	fclose(file);
	return good;
}

/* ---- groups ---------------------------------------------------------------------------------- */

void caller_parse_groups(const char *text, struct group_facts *groups)
{
	char *end;

	*groups = (struct group_facts){.known = true};
	for (;;) {
		const unsigned long group = strtoul(text, &end, 10);

		if (end == text)
			return;
		if (groups->count == FACT_GROUPS) {
			groups->known = false;
			return;
		}
		groups->groups[groups->count++] = (uint32_t)group;
		text = end;
	}
}

static bool take_groups(void *context, const char *line)
{
	static const char title[] = "Groups:";

	if (strncmp(line, title, sizeof(title) - 1) != 0)
		return true;
	caller_parse_groups(line + sizeof(title) - 1, context);
	return false;
}

void caller_groups(int32_t pid, uint64_t start_time, struct group_facts *groups)
{
	*groups = (struct group_facts){0};
	if (!each_line(pid, start_time, "status", take_groups, groups))
		*groups = (struct group_facts){0};
}

/* ---- mappings -------------------------------------------------------------------------------- */

/* A segment's name has its key, and its inode number is the shmid. */
bool caller_parse_mapping(const char *line, struct address_facts *mapping)
{
	uint64_t start, end, inode;
	int name = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*x %*s %" SCNu64 " %n", &start, &end, &inode,
		   &name) != 3 ||
	    !name)
		return false;
	*mapping = (struct address_facts){
		.found = FACT_FOUND_THERE,
		.start = start,
		.end = end,
		.shmid = -1,
	};
	if (strncmp(line + name, "/SYSV", 5) == 0 && strstr(line + name, " (deleted)"))
		mapping->shmid = (int32_t)inode;
	text_safe(mapping->name, sizeof(mapping->name), line + name, strcspn(line + name, "\n"));
	return true;
}

struct search {
	uint64_t start, end;
	struct address_facts *mapping;
};

static bool take_mapping(void *context, const char *line)
{
	const struct search *search = context;
	struct address_facts mapping;

	if (!caller_parse_mapping(line, &mapping) || mapping.end <= search->start)
		return true;
	if (mapping.start < search->end)
		*search->mapping = mapping;
	return false;
}

void caller_mapping(int32_t pid, uint64_t start_time, uint64_t start, uint64_t end,
		    struct address_facts *mapping)
{
	struct search search = {.start = start, .end = end, .mapping = mapping};

	*mapping = (struct address_facts){.found = FACT_FOUND_NONE, .shmid = -1};
	if (!each_line(pid, start_time, "maps", take_mapping, &search))
		*mapping = (struct address_facts){.shmid = -1};
}
