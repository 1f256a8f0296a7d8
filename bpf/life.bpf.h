/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of mappings and segments, told where the kernel makes it: exactly, whatever leads there.
 *
 * Functions that the kernel calls through pointers (vm_operations_struct, file_operations, ipc_ops) or
 * from many places, so that none of them is inlined. A mapping is told once it is there, and its end before
 * it comes: so the last detach of a removed segment is told before the segment's end, which
 * happens inside.
 */
#ifndef LIFE_BPF_H
#define LIFE_BPF_H

#include "call.bpf.h"
#include "shm_vma.bpf.h"

/* Processes of the traced tree that end: by the start time of the group, which tells it apart from all
 * others. Some kernels tell of an exit before the address space is let go of, by whichever thread: its
 * end belongs to the tree all the same. Created where a tree is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32); /* known_key() */
} leaving SEC(".maps");

static __always_inline void tree_leave(struct task_struct *task)
{
	__u64 start_time = task_start_time(task);
	__u32 key = known_key(task);

	bpf_map_update_elem(&leaving, &start_time, &key, BPF_ANY);
}

static __always_inline bool tree_left(struct task_struct *task)
{
	__u64 start_time = task_start_time(task);
	__u32 *key = bpf_map_lookup_elem(&leaving, &start_time);

	return key && *key == known_key(task);
}

/* Does anything narrow down which processes are told of? */
static __always_inline bool is_filtered(void)
{
	return filter_pid || filter_has_uid || filter_has_comm || filter_tree;
}

/* A mapping may be ended by anybody, the viewer too, who lets go of a dying address space last. */
static __always_inline bool life_admits(struct task_struct *task)
{
	if (!is_filtered())
		return true;
	if (filter_tree && READ(task, flags) & PF_EXITING && tree_left(task))
		return true;
	return admits(task);
}

static __always_inline void mapping_tell(struct task_struct *task, struct vm_area_struct *vma,
					 const struct shm_file_data *data, __u32 kind,
					 enum shm_reason reason)
{
	struct ipc_namespace *ns = data->ns;
	struct shm_event *event;

	if (!event_wanted(kind) || !life_admits(task))
		return;
	event = event_reserve(task, kind);
	if (!event)
		return;
	event->ipcns = BPF_CORE_READ(ns, ns.inum);
	event->mm = (__u64)vma->vm_mm;
	event->attach.start = vma->vm_start;
	event->attach.end = vma->vm_end;
	event->attach.offset = shm_vma_offset(vma);
	event->attach.shmid = data->id;
	event->attach.vm_flags = vma->vm_flags;
	event->attach.reason = reason;
	event_submit(event);
}

/* Who has a mapping is a holder: its fork is told, which names the child that gets a copy. */
static __always_inline void mapping_know(struct task_struct *task, __u32 kind)
{
	if (follow_life && known_add(known_key(task), SHM_ROLE_HOLDER, (__u64)READ(task, mm)))
		lose(SHM_LOSS_KNOWN, kind);
}

/* file_operations.mmap: each attach by shmat, also by one whose enter was not seen; what
 * remap_file_pages() maps anew, too */
static __always_inline void life_mmap(struct task_struct *task, struct vm_area_struct *vma)
{
	struct call *call = call_current(task);
	bool by_shmat = call_is(call, SHM_EVENT_SHMAT);
	struct shm_file_data data;

	if (!shm_vma_read(vma, &data))
		return;
	if (by_shmat)
		call->addr = vma->vm_start;
	mapping_know(task, SHM_EVENT_ATTACH);
	mapping_tell(task, vma, &data, SHM_EVENT_ATTACH,
		     by_shmat ? SHM_REASON_SHMAT : SHM_REASON_UNKNOWN);
}

/* vm_operations_struct.open: a copy, by fork for the child's address space, or within one */
static __always_inline void life_open(struct task_struct *task, struct vm_area_struct *vma)
{
	bool by_fork = (__u64)vma->vm_mm != (__u64)READ(task, mm);
	struct shm_file_data data;

	if (!shm_vma_read(vma, &data))
		return;
	mapping_know(task, SHM_EVENT_ATTACH);
	mapping_tell(task, vma, &data, SHM_EVENT_ATTACH,
		     by_fork ? SHM_REASON_FORK : SHM_REASON_SPLIT);
}

/* An address space in use loses a mapping by a call; one that nobody uses any more loses all of them. */
static __always_inline enum shm_reason detach_reason(struct task_struct *task,
						     const struct call *call,
						     struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct shm_known *group;
	__u32 key;

	if (mm->mm_users.counter > 0) {
		if (call_is(call, SHM_EVENT_SHMDT))
			return SHM_REASON_SHMDT;
		if (call_is(call, SHM_EVENT_SHMAT))
			return SHM_REASON_REMAP;
		/* by a call whose enter was not seen, and so by one that is not told */
		return task_attaches(task) ? SHM_REASON_UNKNOWN : SHM_REASON_MUNMAP;
	}
	if (READ(task, flags) & PF_EXITING)
		return SHM_REASON_EXIT;
	/* exec has another address space by now */
	key = known_key(task);
	group = bpf_map_lookup_elem(&known, &key);
	return group && group->mm == (__u64)mm ? SHM_REASON_EXEC : SHM_REASON_UNKNOWN;
}

/* vm_operations_struct.close, before it runs */
static __always_inline void life_close(struct task_struct *task, struct vm_area_struct *vma)
{
	struct call *call = call_current(task);
	struct shm_file_data data;

	if (!shm_vma_read(vma, &data))
		return;
	if (call_is(call, SHM_EVENT_SHMDT))
		call->shmid = data.id;
	mapping_tell(task, vma, &data, SHM_EVENT_DETACH, detach_reason(task, call, vma));
}

static __always_inline enum shm_reason destroy_reason(struct task_struct *task,
						      struct ipc_namespace *ns,
						      struct shmid_kernel *segment)
{
	if (segment->shm_perm.mode & SHM_DEST)
		return SHM_REASON_LAST_DETACH;
	if (call_is(call_current(task), SHM_EVENT_SHMCTL))
		return SHM_REASON_IPC_RMID;
	/* namespaces are taken down by a kernel thread */
	if (READ(task, flags) & PF_KTHREAD)
		return SHM_REASON_NAMESPACE;
	return ns->shm_rmid_forced ? SHM_REASON_FORCED : SHM_REASON_UNKNOWN;
}

/* shm_destroy(), before it runs */
static __always_inline void life_destroy(struct task_struct *task, struct ipc_namespace *ns,
					 struct shmid_kernel *segment)
{
	struct shm_event *event;

	if (!event_wanted(SHM_EVENT_DESTROY) || !life_admits(task))
		return;
	event = event_reserve(task, SHM_EVENT_DESTROY);
	if (!event)
		return;
	event->ipcns = ns->ns.inum;
	event->destroy.shmid = segment->shm_perm.id;
	event->destroy.reason = destroy_reason(task, ns, segment);
	event_submit(event);
}

#endif
