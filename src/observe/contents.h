/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in a segment, read without touching it.
 *
 * The file that a process has mapped is opened through its /proc/PID/map_files and read at the segment's own
 * offsets: nattch, atime, dtime, lpid and rss stay as they are, and pages that nobody has written are not
 * made. What was swapped out comes back in. While the process that is asked ends, the same can happen as with a
 * scan (observe/attachers.h). An open file keeps the memory of a segment that ended: so each read opens it anew,
 * and closes it.
 */
#ifndef OBSERVE_CONTENTS_H
#define OBSERVE_CONTENTS_H

#include "base/contents.h"
#include "base/fact.h"

/* A mapping of the segment: any of them leads to all of it. */
struct contents_mapping {
	int32_t pid;
	uint64_t start_time;    /* of the process; 0: any */
	uint64_t start, length; /* addresses */
};

/* Reads `length` bytes, CONTENTS_MAX at most, from `offset` on, or up to the end of the segment's memory. 0, or
 * -errno: -EPERM when this process may not be looked into (it takes CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE, and the right to trace it), -ESRCH when it is gone, -ENOENT when it has no such mapping,
 * -ESTALE when that is no mapping of a segment with this shmid. */
int contents_read(const struct contents_mapping *mapping, int32_t shmid, uint64_t offset,
		  size_t length, struct contents *out);

/* The same by shmat, for where nobody else has it attached: atime, dtime and lpid change, nattch does for the
 * moment; without the capabilities pages that nobody has written are made. Enters the namespace
 * (namespaces_visit). 0, or -errno as identity_check(), and: -EBUSY when the segment is marked for removal, or
 * -ENOTSUP when kernel.shm_rmid_forced is set there, since the last to let go of it would end it. */
int contents_attach(const struct namespace_facts *place, const struct segment_facts *facts,
		    uint64_t offset, size_t length, struct contents *out);

#endif
