/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <string.h>

#include "base/fact.h"

static const char *const fact_op_names[FACT_OPS] = {
	[FACT_SHMGET] = "shmget", [FACT_SHMAT] = "shmat",     [FACT_SHMDT] = "shmdt",
	[FACT_SHMCTL] = "shmctl", [FACT_FORK] = "fork",       [FACT_EXEC] = "exec",
	[FACT_EXIT] = "exit",     [FACT_ATTACH] = "attach",   [FACT_DETACH] = "detach",
	[FACT_CREATE] = "create", [FACT_DESTROY] = "destroy",
};

static const char *const fact_reason_names[FACT_REASONS] = {
	[FACT_REASON_UNKNOWN] = "unknown",     [FACT_REASON_EXIT] = "exit",
	[FACT_REASON_EXEC] = "exec",           [FACT_REASON_SHMDT] = "shmdt",
	[FACT_REASON_IPC_RMID] = "ipc_rmid",   [FACT_REASON_LAST_DETACH] = "last_detach",
	[FACT_REASON_NAMESPACE] = "namespace", [FACT_REASON_SHMAT] = "shmat",
	[FACT_REASON_FORK] = "fork",           [FACT_REASON_SPLIT] = "split",
	[FACT_REASON_MREMAP] = "mremap",       [FACT_REASON_MUNMAP] = "munmap",
	[FACT_REASON_REMAP] = "remap",         [FACT_REASON_FORCED] = "shm_rmid_forced",
};

const char *fact_op_name(enum fact_op op)
{
	return (unsigned int)op < FACT_OPS ? fact_op_names[op] : "unknown";
}

enum fact_op fact_op_by_name(const char *name)
{
	for (size_t i = 0; i < FACT_OPS; i++) {
		if (!strcmp(name, fact_op_names[i]))
			return (enum fact_op)i;
	}
	return FACT_OPS;
}

const char *fact_reason_name(enum fact_reason reason)
{
	return (unsigned int)reason < FACT_REASONS ? fact_reason_names[reason] : "unknown";
}
