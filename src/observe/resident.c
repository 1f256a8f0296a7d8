/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/resident.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "observe/process.h"

enum { PATH_LEN = 32, RESIDENT_ENTRIES = 4096 };

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT (UINT64_C(1) << 63)

uint64_t resident_count(const uint64_t *entries, uint64_t count, uint64_t page_size)
{
	uint64_t pages = 0;

	for (uint64_t i = 0; i < count; i++)
		pages += (entries[i] & PAGE_PRESENT) != 0;
	return pages * page_size;
}

static int resident_error(int pid, int error)
{
	char path[PATH_LEN];

	if (error == EACCES)
		return -EPERM;
	if (error != ENOENT)
		return -error;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	return access(path, F_OK) == 0 ? -ENOENT : -ESRCH;
}

/* A read that comes back empty is one of a process that let go of its memory. */
static int resident_walk(int fd, uint64_t first, uint64_t end, uint64_t page_size, uint64_t *bytes)
{
	const uint64_t deadline = clock_now() + RESIDENT_BUDGET;
	uint64_t entries[RESIDENT_ENTRIES];

	while (first < end) {
		uint64_t count = end - first < RESIDENT_ENTRIES ? end - first : RESIDENT_ENTRIES;
		ssize_t got = pread(fd, entries, count * sizeof(*entries),
				    (off_t)(first * sizeof(*entries)));

		if (got < (ssize_t)sizeof(*entries))
			return got < 0 ? -errno : -ESRCH;
		count = (uint64_t)got / sizeof(*entries);
		*bytes += resident_count(entries, count, page_size);
		first += count;
		if (first < end && clock_now() >= deadline)
			return -ETIMEDOUT;
	}
	return 0;
}

int resident_read(int pid, uint64_t start_time, uint64_t address, uint64_t length, uint64_t *bytes)
{
	const uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	char path[PATH_LEN];
	int error;

	*bytes = 0;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);

	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return resident_error(pid, errno);
	/* The descriptor stays with its process, whoever has the pid later. */
	error = process_check(pid, start_time);
	if (!error)
		error = resident_walk(fd, address / page_size,
				      (address + length + page_size - 1) / page_size, page_size,
				      bytes);
	close(fd);
	return error;
}
