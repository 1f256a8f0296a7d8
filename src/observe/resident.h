/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a mapping is in memory, as seen by one process (/proc/PID/pagemap): pages of a segment that
 * it never touched itself do not count, though others have them.
 */
#ifndef OBSERVE_RESIDENT_H
#define OBSERVE_RESIDENT_H

#include <stdint.h>

/* Walks `length` bytes from `address` on for at most RESIDENT_BUDGET. 0, or -errno: -ESRCH when the process that
 * started then (0: not known) is gone, whoever has its pid now, -EPERM when it may not be looked at, -ETIMEDOUT,
 * -ENOENT on a kernel without pagemap. */
#define RESIDENT_BUDGET UINT64_C(50000000) /* ns */
int resident_read(int pid, uint64_t start_time, uint64_t address, uint64_t length, uint64_t *bytes);

/* Bytes of the pages that are present in `count` entries of pagemap. Pure. */
uint64_t resident_count(const uint64_t *entries, uint64_t count, uint64_t page_size);

#endif
