/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/sysvipc/shm: the kernel's own table of one IPC namespace (ipc/shm.c, sysvipc_shm_proc_show).
 *
 * Parsed by the names in its header line, since columns were added over time. Not an atomic snapshot:
 * the kernel hands out some 24 rows a read. Pids are in the reader's pid namespace, 0 when not visible.
 * The file shows the namespace of the task that opened it, and pins it while open: hence open, read
 * and close in one call.
 */
#ifndef OBSERVE_SYSVIPC_H
#define OBSERVE_SYSVIPC_H

#include <stddef.h>

#include "base/fact.h"

struct sysvipc_table {
	struct segment_facts *rows; /* in the kernel's order; owned; reused by the next read */
	size_t count;
	size_t capacity;
	size_t unreadable; /* lines that were skipped: no shmid, or not numbers; a cut last line */
	char *buffer;
	size_t buffer_capacity;
};

/* Parses `length` bytes of text. Pure. A missing column leaves its bit in `known` unset; an rss above
 * the size (rounded up to 2 MiB pages) is the kernel's overcount on hugetlb segments and is unknown, as
 * is the swap beside it. A last line without a newline is taken only if it has all columns.
 * 0, -EINVAL when there is no header with a shmid column, or -ENOMEM. */
int sysvipc_parse(const char *text, size_t length, struct sysvipc_table *table);

/* Whether there is a table to read at all. 0, or -errno with one line for people in why[]: a kernel
 * without System V IPC, or a /proc without the table. */
enum { SYSVIPC_WHY_LEN = 256 };
int sysvipc_check(char why[static SYSVIPC_WHY_LEN]);

/* Reads the table of the calling thread's namespace. 0, or -errno (-ENOENT: a kernel without SYSVIPC,
 * or no /proc). */
int sysvipc_read(struct sysvipc_table *table);

/* What the kernel adds up over the table of the calling thread's namespace (SHM_INFO): while it stays the
 * same no segment came or went, and the memory of all together is the same. 0 or -errno. */
struct sysvipc_sum {
	uint64_t segments, pages, rss, swap; /* the last three in pages */
};
int sysvipc_sum(struct sysvipc_sum *sum);

void sysvipc_free(struct sysvipc_table *table);

#endif
