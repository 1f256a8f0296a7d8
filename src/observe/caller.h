/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of who made a call, while it lives: what the record of the call does not. */
#ifndef OBSERVE_CALLER_H
#define OBSERVE_CALLER_H

#include <stddef.h>

#include "base/call_facts.h"

/* The supplementary groups of a process. `start_time` as in process_check(). */
void caller_groups(int32_t pid, uint64_t start_time, struct group_facts *groups);
/* The line "Groups:" of /proc/PID/status. Pure. */
void caller_parse_groups(const char *text, struct group_facts *groups);

/* The first mapping of a process that lies in [start, end), in part at least. Reads /proc/PID/maps, which
 * holds the address space for that long. */
void caller_mapping(int32_t pid, uint64_t start_time, uint64_t start, uint64_t end,
		    struct address_facts *mapping);
/* A line of it. Pure. Whether it is one. */
bool caller_parse_mapping(const char *line, struct address_facts *mapping);

#endif
