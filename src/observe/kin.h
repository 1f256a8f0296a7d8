/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other shmtops at work: what they only look at is nobody's business. */
#ifndef OBSERVE_KIN_H
#define OBSERVE_KIN_H

#include "base/fact.h"

/* Was this process asked about before? Starts zeroed. */
struct kin {
	int32_t pid;
	uint64_t start_time;
	bool is_kin;
};

/* Did another shmtop make this call, and is it one that only looks (SHM_INFO, IPC_STAT, a shmget without size and
 * flags)? By the name of the thread; who has that, and lives, must run the same executable file, too. */
bool kin_looks(struct kin *kin, const struct event *event);

#endif
