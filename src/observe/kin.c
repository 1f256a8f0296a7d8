/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/kin.h"

#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "observe/process.h"

enum { PATH_LEN = 32 };

static bool only_looks(const struct event *event)
{
	if (event->op == FACT_SHMGET)
		return event->size == 0 && event->flags == 0;
	return event->op == FACT_SHMCTL && event->cmd != IPC_RMID && event->cmd != IPC_SET &&
	       event->cmd != SHM_LOCK && event->cmd != SHM_UNLOCK;
}

/* Where nobody can tell any more its name has to do. */
static bool runs_the_same(int32_t pid, uint64_t start_time)
{
	struct stat own, other;
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat("/proc/self/exe", &own) || stat(path, &other) || process_check(pid, start_time))
		return true;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

bool kin_looks(struct kin *kin, const struct event *event)
{
	if (strcmp(event->comm, "shmtop") != 0 || !only_looks(event))
		return false;
	if (kin->pid != event->pid || kin->start_time != event->start_time)
		*kin = (struct kin){
			.pid = event->pid,
			.start_time = event->start_time,
			.is_kin = runs_the_same(event->pid, event->start_time),
		};
	return kin->is_kin;
}
