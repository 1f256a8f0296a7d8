/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread groups that hold, made or know of a segment, or belong to the traced tree: whose life matters. */
#ifndef KNOWN_BPF_H
#define KNOWN_BPF_H

#include "task.bpf.h"
#include "shm_event.h"

#define KNOWN_MAX 32768

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KNOWN_MAX);
	__type(key, __u32);
	__type(value, struct shm_known);
} known SEC(".maps");

static __always_inline __u32 known_key(struct task_struct *task)
{
	struct task_struct *leader;
	__u32 number;

	if (!viewer_pidns)
		return READ(task, tgid);
	leader = READ(task, group_leader);
	number = task_viewer_number(READ(leader, thread_pid));
	return number ? number : READ(task, tgid) | SHM_KNOWN_HIDDEN;
}

/* Gives the group a role. 0, or the negative errno of a full table. */
static __always_inline long known_add(__u32 key, enum shm_role role, __u64 mm)
{
	struct shm_known *group = bpf_map_lookup_elem(&known, &key);

	if (!group) {
		struct shm_known fresh = {0};
		long err = bpf_map_update_elem(&known, &key, &fresh, BPF_NOEXIST);

		group = bpf_map_lookup_elem(&known, &key);
		if (!group)
			return err;
	}
	if (role == SHM_ROLE_HOLDER) {
		if (group->mm != mm)
			group->mm = mm;
		group->holder = 1;
	} else if (role == SHM_ROLE_CREATOR) {
		group->creator = 1;
	} else if (role == SHM_ROLE_KNOWS) {
		group->knows = 1;
	} else {
		group->tree = 1;
	}
	return 0;
}

#endif
