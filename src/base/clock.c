/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "base/clock.h"

static uint64_t clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_now(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

int64_t clock_wall(uint64_t boottime)
{
	/* The wall clock is read between two readings of the other: their middle is the same
	 * instant. */
	uint64_t before = clock_now();
	uint64_t wall = clock_read(CLOCK_REALTIME);
	uint64_t after = clock_now();

	return (int64_t)(wall - (before + (after - before) / 2) + boottime);
}

uint64_t clock_cpu(void)
{
	return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}
