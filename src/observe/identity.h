/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a segment still is the one that was meant: a shmid is used again, and what a person has read on a
 * screen is seconds old.
 */
#ifndef OBSERVE_IDENTITY_H
#define OBSERVE_IDENTITY_H

#include <sys/shm.h>

#include "base/fact.h"

/* Looks at the segment of this shmid in the caller's own IPC namespace. 0: size, ctime and cpid are those of
 * the facts, which have to be known; *found is what the kernel says of it. Or -errno: -ESTALE when the shmid is
 * another segment's by now, or this one was changed by IPC_SET; -EIDRM when there is none any more; -EACCES;
 * -EINVAL when not all of the facts are known. */
int identity_check(const struct segment_facts *facts, struct shmid_ds *found);

/* What a failed call on a shmid means: -EIDRM for EINVAL, which the kernel says where there is none. */
int identity_error(int error);

#endif
