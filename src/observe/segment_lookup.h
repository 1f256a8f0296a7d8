/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One segment of the calling thread's namespace, by two calls that change nothing, where the whole table would
 * take long. */
#ifndef OBSERVE_SEGMENT_LOOKUP_H
#define OBSERVE_SEGMENT_LOOKUP_H

#include "base/fact.h"

/* As the kernel has it at this moment: all but rss and swap. 0; -ENOENT: there is none; -EACCES: it may not be
 * looked at, and at least its shmid is known; or another -errno. */
int segment_lookup_id(int32_t shmid, struct segment_facts *facts);
/* The key must not be IPC_PRIVATE. */
int segment_lookup_key(int32_t key, struct segment_facts *facts);

#endif
