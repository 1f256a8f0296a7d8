/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The language between test_workload and its worker processes (helpers/worker.c): commands go down
 * a socket a worker, one reply comes back for each, except from a worker that was told to end.
 */
#ifndef TESTS_LIVE_WORKER_H
#define TESTS_LIVE_WORKER_H

#include <stdint.h>

/* The worker of slot N talks through descriptor WORKER_FD + N; all are there in every worker. */
enum { WORKER_SLOTS = 12, WORKER_FD = 200 };

enum work {
	WORK_SHMGET,
	WORK_SHMGET_KEY,
	WORK_SHMAT,
	WORK_SHMAT_READONLY,
	WORK_SHMAT_EXEC,
	WORK_SHMDT,
	WORK_REMOVE, /* IPC_RMID */
	WORK_STAT,
	WORK_LOCK,
	WORK_FORK,
	WORK_EXEC,
	WORK_EXIT,
	WORK_KILL,        /* kill -9 while it waits: done by the test */
	WORK_KILL_BUSY,   /* shmat, and kill -9 at the same time */
	WORK_LEADER_EXIT, /* the thread that waits ends; a new one takes over */
	WORK_VFORK,       /* the child of a vfork attaches, then ends */
	WORK_VFORK_EXEC,
	WORK_MUNMAP, /* of a part, as in the following */
	WORK_MPROTECT,
	WORK_MOVE,
	WORK_DUPLICATE, /* mremap with an old length of 0 */
	WORK_REMAP,     /* shmat with SHM_REMAP, over an attachment where that fits */
	WORK_DONTFORK,
	WORK_COUNT,
};

struct work_command {
	uint32_t work;
	int32_t shmid;   /* to act on */
	int32_t slot;    /* WORK_FORK: the child's */
	uint32_t random; /* for whatever is left to chance */
};

/* Also sent unasked by a worker that just started, with its pid. */
struct work_reply {
	int64_t result;    /* shmget: the shmid; else 0 or more for success, -errno */
	int32_t pid;       /* the worker's */
	uint32_t mappings; /* that it has */
};

#endif
