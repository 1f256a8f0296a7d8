/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a call that failed: with what the kernel knew of its caller, who may be gone when somebody
 * asks why. */
#ifndef FAILURE_BPF_H
#define FAILURE_BPF_H

#include "event.bpf.h"

static __always_inline __u32 failure_flags(struct task_struct *task, struct cred *cred)
{
	struct nsproxy *nsproxy = READ(task, nsproxy);
	struct ipc_namespace *ipc = READ(nsproxy, ipc_ns);
	struct user_namespace *own = READ(cred, user_ns);
	bool initial = !READ(own, level);

	return (initial ? SHM_CALLER_INITIAL : 0) |
	       (initial || own == READ(ipc, user_ns) ? SHM_CALLER_IPC_OWNER : 0);
}

/* Older kernels keep the capabilities in two words, one behind the other. */
static __always_inline __u64 failure_capabilities(struct cred *cred)
{
	__u64 bits = 0;

	bpf_probe_read_kernel(&bits, sizeof(bits),
			      (const void *)cred +
				      bpf_core_field_offset(struct cred, cap_effective));
	return bits;
}

static __always_inline void failure_caller(struct shm_caller *caller, struct task_struct *task)
{
	struct cred *cred = READ(task, cred);
	struct signal_struct *signal = READ(task, signal);
	struct mm_struct *mm = READ(task, mm);

	caller->capabilities = failure_capabilities(cred);
	caller->pages = READ(mm, total_vm);
	caller->locked_pages = READ(mm, locked_vm);
	caller->mm_flags = READ(mm, def_flags);
	caller->most_bytes = READ(signal, rlim[RLIMIT_AS].rlim_cur);
	caller->most_locked = READ(signal, rlim[RLIMIT_MEMLOCK].rlim_cur);
	caller->mappings = READ(mm, map_count);
	caller->euid = READ(cred, euid.val);
	caller->fsgid = READ(cred, fsgid.val);
	caller->flags = failure_flags(task, cred);
}

/* As event_reserve() */
static __always_inline struct shm_event *failure_reserve(struct task_struct *task, __u32 kind)
{
	struct shm_failure *failure = bpf_ringbuf_reserve(&ring, sizeof(*failure), 0);

	if (!failure) {
		lose(SHM_LOSS_RING, kind);
		return NULL;
	}
	event_fill(&failure->event, task, kind, sizeof(*failure));
	failure->event.flags = SHM_EVENT_CALLER;
	failure_caller(&failure->caller, task);
	return &failure->event;
}

#endif
