/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the machine is set up, as far as that decides what becomes of segments: facts, without a judgement. Texts are
 * safe; an empty one is unknown, or there is none. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SETTINGS_VALUE_LEN = 128,
	SETTINGS_PATH_LEN = 256,
	SETTINGS_TEXT_LEN = 256,
};

enum setting_id {
	SETTING_SHMMNI,
	SETTING_SHMALL,
	SETTING_SHMMAX,
	SETTING_RMID_FORCED,
	SETTING_SEM,
	SETTING_MSGMNI,
	SETTING_MSGMNB,
	SETTING_MSGMAX,
	SETTING_NR_HUGEPAGES,
	SETTING_OVERCOMMIT_HUGEPAGES,
	SETTING_HUGETLB_GROUP,
	SETTING_OVERCOMMIT,
	SETTINGS,
};

/* A sysctl */
struct setting {
	const char *name; /* "kernel.shmmni", static */
	char value
		[SETTINGS_VALUE_LEN]; /* in effect, in one's own IPC namespace: words with a blank between */
	char wanted[SETTINGS_VALUE_LEN]; /* what the configuration files ask for */
	char file[SETTINGS_PATH_LEN];    /* the one that has the last word */
};

struct settings {
	struct setting sysctls[SETTINGS];
	bool extended_ids; /* the kernel was booted with ipcmni_extend */

	bool has_systemd;                        /* it runs, and logind with it */
	bool remove_ipc;                         /* RemoveIPC of logind */
	char remove_ipc_file[SETTINGS_PATH_LEN]; /* the one that says so; "": nobody does */
	uint32_t system_uid_max;                 /* of users whom that spares */
	uint32_t logind_ipcns; /* where it removes: the IPC namespace of process 1; 0 unknown */

	char group[SETTINGS_TEXT_LEN];   /* name of vm.hugetlb_shm_group */
	char members[SETTINGS_TEXT_LEN]; /* "oracle, grid": those that have it beside another */

	char lockdown[SETTINGS_VALUE_LEN]; /* "none", "integrity", "confidentiality" */

	bool has_commit; /* bytes: CommitLimit and Committed_AS */
	uint64_t commit_limit, committed;
};

#endif
