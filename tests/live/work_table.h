/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the workers of test_workload are told to do: chance, from a seed. */
#ifndef TESTS_LIVE_WORK_TABLE_H
#define TESTS_LIVE_WORK_TABLE_H

#include <stdbool.h>

#include "tests/live/worker.h"

/* How often each comes, in the plain part and in the rest. Plain is what events explain; the end of a
 * vfork child that attached something is not: it ends nothing, since its parent has the same mappings. */
static const struct {
	const char *name;
	unsigned int plain, wild;
} work_table[WORK_COUNT] = {
	[WORK_SHMGET] = {"shmget", 10, 10},
	[WORK_SHMGET_KEY] = {"shmget key", 4, 4},
	[WORK_SHMAT] = {"shmat", 24, 24},
	[WORK_SHMAT_READONLY] = {"shmat ro", 4, 4},
	[WORK_SHMAT_EXEC] = {"shmat exec", 2, 2},
	[WORK_SHMDT] = {"shmdt", 22, 16},
	[WORK_REMOVE] = {"IPC_RMID", 8, 8},
	[WORK_STAT] = {"IPC_STAT", 2, 2},
	[WORK_LOCK] = {"SHM_LOCK", 2, 2},
	[WORK_FORK] = {"fork", 5, 5},
	[WORK_EXEC] = {"exec", 1, 1},
	[WORK_EXIT] = {"exit", 2, 2},
	[WORK_KILL] = {"kill", 2, 1},
	[WORK_KILL_BUSY] = {"kill busy", 0, 1},
	[WORK_LEADER_EXIT] = {"leader exit", 2, 2},
	[WORK_VFORK] = {"vfork", 0, 3},
	[WORK_VFORK_EXEC] = {"vfork exec", 1, 1},
	[WORK_MUNMAP] = {"munmap", 0, 6},
	[WORK_MPROTECT] = {"mprotect", 0, 6},
	[WORK_MOVE] = {"mremap", 0, 4},
	[WORK_DUPLICATE] = {"mremap 0", 0, 2},
	[WORK_REMAP] = {"SHM_REMAP", 0, 4},
	[WORK_DONTFORK] = {"DONTFORK", 0, 2},
};

/* A worker with more mappings than this is made to let go. */
enum { MAPPINGS_MANY = 30 };

static const enum work work_letting_go[] = {WORK_SHMDT, WORK_EXEC, WORK_EXIT, WORK_KILL};

/* splitmix64: the same seed gives the same numbers everywhere */
static inline uint32_t chance(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static inline unsigned int work_weight(int work, bool plain)
{
	return plain ? work_table[work].plain : work_table[work].wild;
}

static inline enum work work_choose(uint64_t *state, uint32_t mappings, bool plain)
{
	unsigned int sum = 0, at;
	int work = 0;

	if (mappings > MAPPINGS_MANY)
		return work_letting_go[chance(state) % 4];
	for (int i = 0; i < WORK_COUNT; i++)
		sum += work_weight(i, plain);
	for (at = chance(state) % sum; at >= work_weight(work, plain); work++)
		at -= work_weight(work, plain);
	return (enum work)work;
}

#endif
