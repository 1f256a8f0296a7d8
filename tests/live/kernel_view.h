/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says, read by the tests themselves: nothing of src/ is used, so that a mistake
 * there cannot hide.
 */
#ifndef TESTS_LIVE_KERNEL_VIEW_H
#define TESTS_LIVE_KERNEL_VIEW_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct kernel_segment {
	int shmid;
	unsigned long nattch;
};

/* One line of a maps file that belongs to a segment. */
struct kernel_mapping {
	int pid;
	int shmid;
	uint64_t start, length;
	char perms[4]; /* "rwx", '-' for what is missing */
};

/* Rows of /proc/sysvipc/shm in the caller's namespace, at most `max`. -1 when it cannot be read. */
static inline long kernel_segments_read(struct kernel_segment *rows, long max)
{
	FILE *file = fopen("/proc/sysvipc/shm", "re");
	char line[512];
	long count = 0;

	if (!file)
		return -1;
	while (count < max && fgets(line, sizeof(line), file)) {
		struct kernel_segment *row = &rows[count];

		if (sscanf(line, "%*d %d %*o %*u %*d %*d %lu", &row->shmid, &row->nattch) == 2)
			count++;
	}
	fclose(file);
	return count;
}

/* Appends the segments' lines of one maps file. Returns the new count, or -1 when it cannot be
 * read. */
static inline long kernel_maps_read(const char *path, int pid, struct kernel_mapping *rows,
				    long count, long max)
{
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return -1;
	while (count < max && fgets(line, sizeof(line), file)) {
		struct kernel_mapping *row = &rows[count];
		uint64_t end;

		if (!strstr(line, "/SYSV") ||
		    sscanf(line, "%lx-%lx %3s%*c %*x %*x:%*x %d", &row->start, &end, row->perms,
			   &row->shmid) != 4)
			continue;
		row->pid = pid;
		row->length = end - row->start;
		count++;
	}
	fclose(file);
	return count;
}

/* Appends the mappings of a thread group, by any of its threads: when the first one has ended its
 * own file is empty. A process that is gone has none. */
static inline long kernel_mappings_read(int pid, struct kernel_mapping *rows, long count, long max)
{
	long before = count;
	struct dirent *entry;
	char path[512];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return count;
	while (count == before && (entry = readdir(tasks))) {
		long found;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/maps", pid, entry->d_name);
		found = kernel_maps_read(path, pid, rows, count, max);
		if (found > count)
			count = found;
	}
	closedir(tasks);
	return count;
}

static inline int kernel_mapping_order(const void *left, const void *right)
{
	const struct kernel_mapping *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return 0;
}

/* What is left is how often each process has each segment. */
static inline void kernel_mappings_forget_places(struct kernel_mapping *rows, long count)
{
	for (long i = 0; i < count; i++)
		rows[i] = (struct kernel_mapping){
			.pid = rows[i].pid,
			.shmid = rows[i].shmid,
			.start = (unsigned long)rows[i].shmid,
		};
}

/* Told of each mapping that only one side has, or has otherwise; `side` is "kernel" or "found". */
typedef void kernel_mapping_teller(void *context, const char *side,
				   const struct kernel_mapping *row);

/* Sorts both lists and counts the differences. `tell` may be NULL. */
static inline unsigned long kernel_mappings_compare(struct kernel_mapping *kernel,
						    long kernel_count, struct kernel_mapping *found,
						    long found_count, kernel_mapping_teller *tell,
						    void *context)
{
	unsigned long differences = 0;
	long i = 0, j = 0;

	qsort(kernel, (size_t)kernel_count, sizeof(*kernel), kernel_mapping_order);
	qsort(found, (size_t)found_count, sizeof(*found), kernel_mapping_order);
	while (i < kernel_count || j < found_count) {
		int order = i == kernel_count  ? 1
			    : j == found_count ? -1
					       : kernel_mapping_order(&kernel[i], &found[j]);
		bool same = order == 0 && kernel[i].shmid == found[j].shmid &&
			    kernel[i].length == found[j].length &&
			    !memcmp(kernel[i].perms, found[j].perms, 3);

		if (!same && tell && order <= 0)
			tell(context, "kernel", &kernel[i]);
		if (!same && tell && order >= 0)
			tell(context, "found ", &found[j]);
		differences += !same;
		i += order <= 0;
		j += order >= 0;
	}
	return differences;
}

#endif
