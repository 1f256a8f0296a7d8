/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Use and limits of the calling thread's IPC namespace (IPC_INFO, SHM_INFO, SEM_INFO, MSG_INFO, and what
 * /proc/sys/kernel shows to it), and the machine's default huge page pool (/proc/meminfo). */
#ifndef OBSERVE_LIMITS_H
#define OBSERVE_LIMITS_H

#include <stddef.h>

#include "base/fact.h"

/* `ipcns` only labels the result. 0 or -errno. */
int limits_read(uint32_t ipcns, struct limits_facts *limits);

/* The HugePages_* and Hugepagesize lines of /proc/meminfo. Pure. */
void limits_parse_meminfo(const char *text, size_t length, struct limits_facts *limits);

#endif
