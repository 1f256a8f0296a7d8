/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who maps which segment, by /proc/PID/maps: for where the iterator over mappings cannot run. */
#ifndef OBSERVE_ATTACHERS_MAPS_H
#define OBSERVE_ATTACHERS_MAPS_H

#include "observe/attachers.h"

/* The address space of a thread group, where it could be found out */
struct attachers_identity {
	int32_t pid;
	uint64_t mm;
};

/* Appends the mappings of all processes. `identities`, ordered by pid, may be empty: an address space
 * is then called by the pid of a process with the top bit set, and processes that share one are told by
 * kcmp(2). 0 or -errno. */
int attachers_maps_scan(const struct attachers_identity *identities, size_t count,
			struct attachment_list *list);

#endif
