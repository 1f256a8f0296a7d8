/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on their way to user space: which are wanted, how they are filled in, and what is lost. */
#ifndef EVENT_BPF_H
#define EVENT_BPF_H

#include "task.bpf.h"
#include "shm_event.h"
#include "known.bpf.h"

#define EVENT_BIT(kind) (1u << (kind))
#define LOOK_INTERVAL   1000000 /* ns */

/* Set before loading; the verifier removes what they switch off. */
const volatile __u32 wanted = ~0u;   /* EVENT_BIT of the kinds to deliver */
const volatile __u64 wake_level = 0; /* bytes in the ring from which the reader is woken */
const volatile __u32 filter_pid = 0;
const volatile bool filter_has_uid = false;
const volatile __u32 filter_uid = 0;
const volatile bool filter_has_comm = false;
const volatile __u64 filter_comm[SHM_EVENT_COMM_LEN / sizeof(__u64)] = {0};
const volatile bool filter_failed = false;
const volatile bool filter_tree = false;
const volatile __u32 viewer_pid = 0; /* who looks is not looked at */

/* Records that were not delivered, by reason and kind; user space maps it. */
__u64 losses[SHM_LOSS_REASONS][SHM_LOSS_KINDS];
__u64 last_look; /* when the ring's fill was last looked at; near enough without a lock */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} ring SEC(".maps");

static __always_inline void lose(enum shm_loss_reason reason, __u32 kind)
{
	__sync_fetch_and_add(&losses[reason][kind & (SHM_LOSS_KINDS - 1)], 1);
}

static __always_inline bool event_wanted(enum shm_event_kind kind)
{
	return wanted & EVENT_BIT(kind);
}

/* ---- filters ------------------------------------------------------------------------------- */

static __always_inline bool admits_comm(void)
{
	__u64 comm[SHM_EVENT_COMM_LEN / sizeof(__u64)] = {0};

	bpf_get_current_comm(comm, sizeof(comm));
	return comm[0] == filter_comm[0] && comm[1] == filter_comm[1];
}

/* Does the filter let the current task through? */
static __always_inline bool admits(struct task_struct *task)
{
	/* by its key: a process outside the viewer's pid namespace may have the same number */
	__u32 key = known_key(task);

	if (key == viewer_pid || (filter_pid && task_tgid(task) != filter_pid))
		return false;
	if (filter_has_uid && (__u32)bpf_get_current_uid_gid() != filter_uid)
		return false;
	if (filter_has_comm && !admits_comm())
		return false;
	if (filter_tree) {
		struct shm_known *group = bpf_map_lookup_elem(&known, &key);

		return group && group->tree;
	}
	return true;
}

/* ---- records ------------------------------------------------------------------------------- */

/* Two loads where a helper would cost more than the rest of the record's fields together */
static __always_inline void event_comm(struct shm_event *event, struct task_struct *task)
{
	if (TASK_IS_TYPED) {
		*(__u64 *)event->comm = *(__u64 *)task->comm;
		*(__u64 *)(event->comm + 8) = *(__u64 *)(task->comm + 8);
	} else {
		bpf_get_current_comm(event->comm, sizeof(event->comm));
	}
}

/* All that is said of the current task */
static __always_inline void event_fill(struct shm_event *event, struct task_struct *task,
				       __u32 kind, __u16 size)
{
	struct task_struct *leader, *parent;
	__u64 uid_gid;

	event->size = size;
	event->kind = kind;
	event->flags = 0;
	event->ipcns = task_ipcns(task);
	event->time = bpf_ktime_get_boot_ns();
	event->took = 0;
	event->mm = (__u64)READ(task, mm);
	leader = READ(task, group_leader);
	event->start_time = READ(leader, start_boottime);
	event->inner_pid = task_inner_pid(leader);
	event->tgid = task_tgid(leader);
	event->tid = task_tid(task);
	parent = READ(task, real_parent);
	event->ppid = task_tgid(parent);
	event->cgroup = bpf_get_current_cgroup_id();
	uid_gid = bpf_get_current_uid_gid();
	event->uid = uid_gid;
	event->gid = uid_gid >> 32;
	event_comm(event, task);
	event->ret = 0;
}

/* A record of the current task; NULL when it was lost. */
static __always_inline struct shm_event *event_reserve(struct task_struct *task, __u32 kind)
{
	struct shm_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

	if (!event) {
		lose(SHM_LOSS_RING, kind);
		return NULL;
	}
	event_fill(event, task, kind, sizeof(*event));
	return event;
}

/* Flags of a record: wakes the reader when the ring fills up; looks at that once in a while only. */
static __always_inline __u64 ring_wakeup(void *map, __u64 *looked, __u64 level, __u64 now)
{
	/* signed: another CPU may have looked later than this record's time */
	if ((__s64)(now - *looked) <= LOOK_INTERVAL)
		return BPF_RB_NO_WAKEUP;
	*looked = now;
	if (bpf_ringbuf_query(map, BPF_RB_AVAIL_DATA) > level)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

static __always_inline void event_submit(struct shm_event *event)
{
	__u64 flags = ring_wakeup(&ring, &last_look, wake_level, event->time);

	bpf_ringbuf_submit(event, flags);
}

#endif
