/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both BPF objects read of a task: its fields, and its pids as the viewer numbers them. */
#ifndef TASK_BPF_H
#define TASK_BPF_H

#include "vendor/kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Levels 0 to MAX_PID_NS_LEVEL, include/linux/pid_namespace.h */
#define PID_LEVELS 33
/* Above the size of all struct upid: verifiers of some kernels know no bound of a product. */
#define UPID_MASK 0xfff

/* Inode of the viewer's pid namespace; 0: the initial one, nothing to translate */
const volatile __u32 viewer_pidns = 0;

/* Typed pointers to the current task came with 5.11. They are read by plain loads, which cost a
 * fraction of a helper call; the verifier removes the branch that the kernel does not take. The barrier
 * keeps the compiler from computing one address for both. */
#define TASK_IS_TYPED bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

#define READ(pointer, field)                                                      \
	({                                                                        \
		typeof(pointer) pointer_ = (pointer);                             \
		typeof(pointer_->field) value_;                                   \
		if (TASK_IS_TYPED) {                                              \
			value_ = pointer_->field;                                 \
		} else {                                                          \
			barrier_var(pointer_);                                    \
			bpf_core_read(&value_, sizeof(value_), &pointer_->field); \
		}                                                                 \
		value_;                                                           \
	})

static __always_inline struct task_struct *task_current(void)
{
	if (TASK_IS_TYPED)
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline __u32 task_ipcns(struct task_struct *task)
{
	struct nsproxy *nsproxy = READ(task, nsproxy);
	struct ipc_namespace *ipc = READ(nsproxy, ipc_ns);

	return READ(ipc, ns.inum);
}

static __always_inline __u64 task_start_time(struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);

	return READ(leader, start_boottime);
}

/* The pid's number in the pid namespace of level `level`. An array at the end of a struct of varying
 * length: the address is computed, so the read is a checked one. */
static __always_inline void task_upid(struct pid *pid, __u32 level, struct upid *upid)
{
	const void *numbers = (const void *)pid + bpf_core_field_offset(struct pid, numbers);
	__u64 offset = (__u64)level * bpf_core_type_size(struct upid) & UPID_MASK;

	bpf_probe_read_kernel(upid, sizeof(*upid), numbers + offset);
}

/* Number of the pid in the viewer's namespace; 0 where it has none. */
static __always_inline __u32 task_viewer_number(struct pid *pid)
{
	__u32 level = READ(pid, level);

	for (__u32 i = 0; i < PID_LEVELS && i <= level; i++) {
		struct upid upid = {0};

		task_upid(pid, i, &upid);
		if (BPF_CORE_READ(upid.ns, ns.inum) == viewer_pidns)
			return upid.nr;
	}
	return 0;
}

static __always_inline __u32 task_tid(struct task_struct *task)
{
	__u32 number = 0;

	if (viewer_pidns)
		number = task_viewer_number(READ(task, thread_pid));
	return number ? number : (__u32)READ(task, pid);
}

static __always_inline __u32 task_tgid(struct task_struct *task)
{
	__u32 number = 0;

	if (viewer_pidns) {
		struct task_struct *leader = READ(task, group_leader);

		number = task_viewer_number(READ(leader, thread_pid));
	}
	return number ? number : (__u32)READ(task, tgid);
}

/* The group's pid as its own pid namespace numbers it. */
static __always_inline __u32 task_inner_pid(struct task_struct *leader)
{
	struct pid *pid = READ(leader, thread_pid);
	__u32 level = READ(pid, level);
	struct upid upid = {0};

	if (!level)
		return READ(leader, pid);
	task_upid(pid, level, &upid);
	return upid.nr;
}

/* Number of its process group in the viewer's namespace; 0 where it has none. */
static __always_inline __u32 task_pgid(struct task_struct *task)
{
	struct signal_struct *signal = READ(task, signal);
	struct pid *pid = READ(signal, pids[PIDTYPE_PGID]);
	struct upid upid = {0};

	if (viewer_pidns)
		return task_viewer_number(pid);
	task_upid(pid, 0, &upid);
	return upid.nr;
}

#endif
