/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time: events carry CLOCK_BOOTTIME, people and segments use the epoch. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND UINT64_C(1000000000)
#define CLOCK_MS     UINT64_C(1000000)

/* ns of CLOCK_BOOTTIME */
uint64_t clock_now(void);

/* ns since the epoch of a CLOCK_BOOTTIME instant, by today's offset (so a step of the wall clock
 * moves past instants too, as dmesg -T does) */
int64_t clock_wall(uint64_t boottime);

/* ns of CPU that this process has used */
uint64_t clock_cpu(void);

#endif
