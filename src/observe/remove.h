/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The removal of a segment: beside an attachment that is asked for (observe/contents.h) the only thing that
 * shmtop ever does to one.
 *
 * A shmid is used again, and what a person has read on a screen is seconds old: so the segment is looked
 * at again right before, and removed only if it still is the one that was meant.
 */
#ifndef OBSERVE_REMOVE_H
#define OBSERVE_REMOVE_H

#include "base/fact.h"

/* What must still hold, by shmid, size, ctime and cpid, which have to be known. Enters the namespace for
 * the time of the two calls (namespaces_visit). 0: *nattch is how many attachments the segment had at that
 * moment; with none of them it is gone, else it goes with the last. Or -errno: -ESTALE when the shmid is
 * another segment's by now, or this one was changed by IPC_SET; -EIDRM when there is none any more;
 * -EBUSY when it is attached, unless `attached` allows that; -EPERM or -EACCES; -ESRCH when `place` leads
 * into the namespace no more; -EINVAL when not all of the facts are known. *call is the IPC_RMID by this process with what the kernel said of it, as a source tells
 * calls; its time is 0 when none was made. */
int remove_segment(const struct namespace_facts *place, const struct segment_facts *facts,
		   bool attached, uint64_t *nattch, struct event *call);

#endif
