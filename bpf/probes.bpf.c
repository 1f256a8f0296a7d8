/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: the four calls, and the life of the thread groups that hold or made a segment.
 *
 * A call is one record, joined from its enter and its exit. What passes no filter leaves at enter and
 * costs no more. Programs run on the call's own path: fields are written straight into the reserved
 * record, and nobody is woken for a single one.
 */
#include "task.bpf.h"
#include <bpf/bpf_tracing.h>
#include "shm_event.h"
#include "known.bpf.h"
#include "shm_vma.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define EVENT_BIT(kind) (1u << (kind))
#define LOOK_INTERVAL   1000000 /* ns */
#define MAX_ERRNO       4095
#define CALLS_MAX       8192

/* Set before loading; the verifier removes what they switch off. */
const volatile __u32 wanted = ~0u;      /* EVENT_BIT of the kinds to deliver */
const volatile bool follow_life = true; /* keep the table of known groups */
const volatile bool use_storage = true; /* pair by task storage (5.12), else by a hash table */
const volatile __u64 wake_level = 0;    /* bytes in the ring from which the reader is woken */
const volatile __u32 filter_pid = 0;
const volatile bool filter_has_uid = false;
const volatile __u32 filter_uid = 0;
const volatile bool filter_has_comm = false;
const volatile __u64 filter_comm[SHM_EVENT_COMM_LEN / sizeof(__u64)] = {0};
const volatile bool filter_failed = false;
const volatile bool filter_tree = false;
const volatile __u32 viewer_pid = 0; /* who looks is not looked at */

/* Records that were not delivered, by reason and kind; user space maps it. */
__u64 losses[SHM_LOSS_REASONS][SHM_EVENT_KINDS];
__u64 last_look; /* when the ring's fill was last looked at; near enough without a lock */

/* A call that has entered and not left */
struct call {
	__u64 time;
	__u64 args[3];
	__u64 saved;  /* shmget: newest segment of the task at enter; shmdt: shmid */
	__u32 kind;   /* enum shm_event_kind; 0 none */
	__u32 number; /* of the system call */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} ring SEC(".maps");

/* One of the two pairs the calls; the other is not created. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call);
} call_storage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS_MAX);
	__type(key, __u64); /* pid_tgid */
	__type(value, struct call);
} call_table SEC(".maps");

static __always_inline void lose(enum shm_loss_reason reason, __u32 kind)
{
	__sync_fetch_and_add(&losses[reason][kind], 1);
}

/* Run by user space, never attached: see enum shm_know_argument. */
SEC("raw_tp")
int know(struct bpf_raw_tracepoint_args *ctx)
{
	return known_add(ctx->args[SHM_KNOW_PID], ctx->args[SHM_KNOW_ROLE], ctx->args[SHM_KNOW_MM]);
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

/* A record with all that is said of the current task; NULL when it was lost. */
static __always_inline struct shm_event *event_reserve(struct task_struct *task, __u32 kind)
{
	struct shm_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	struct task_struct *leader, *parent;
	__u64 uid_gid;

	if (!event) {
		lose(SHM_LOSS_RING, kind);
		return NULL;
	}
	event->size = sizeof(*event);
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
	return event;
}

/* Wakes the reader when the ring fills up; looks at that once in a while only. */
static __always_inline void event_submit(struct shm_event *event)
{
	__u64 now = event->time;
	__u64 flags = BPF_RB_NO_WAKEUP;

	/* signed: another CPU may have looked later than this record's time */
	if ((__s64)(now - last_look) > LOOK_INTERVAL) {
		last_look = now;
		if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > wake_level)
			flags = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_submit(event, flags);
}

/* ---- calls --------------------------------------------------------------------------------- */

/* Where the call that enters is noted, over what an earlier one may have left there; NULL: lost. */
static __always_inline struct call *call_begin(struct task_struct *task, enum shm_event_kind kind,
					       __u32 number, struct call *spare)
{
	struct call *call = spare;

	if (use_storage) {
		call = bpf_task_storage_get(&call_storage, task, NULL,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (!call) {
			lose(SHM_LOSS_PAIRS, kind);
			return NULL;
		}
		barrier_var(call); /* no address is computed before the check */
	}
	call->kind = kind;
	call->number = number;
	call->time = bpf_ktime_get_boot_ns();
	return call;
}

static __always_inline void call_note(const struct call *call, enum shm_event_kind kind)
{
	__u64 id;

	if (use_storage)
		return;
	id = bpf_get_current_pid_tgid();
	if (bpf_map_update_elem(&call_table, &id, call, BPF_ANY))
		lose(SHM_LOSS_PAIRS, kind);
}

/* The call that leaves; NULL when its enter was not seen or did not pass the filter. */
static __always_inline struct call *call_find(struct task_struct *task, __u32 number)
{
	struct call *call;

	if (use_storage) {
		call = bpf_task_storage_get(&call_storage, task, NULL, 0);
	} else {
		__u64 id = bpf_get_current_pid_tgid();

		call = bpf_map_lookup_elem(&call_table, &id);
	}
	if (!call)
		return NULL;
	barrier_var(call);
	return call->kind && call->number == number ? call : NULL;
}

static __always_inline void call_end(struct call *call)
{
	__u64 id;

	if (use_storage) {
		call->kind = 0;
		return;
	}
	id = bpf_get_current_pid_tgid();
	bpf_map_delete_elem(&call_table, &id);
}

static __always_inline bool is_error(__s64 ret)
{
	return (__u64)ret >= (__u64)-MAX_ERRNO;
}

static __always_inline bool call_wanted(enum shm_event_kind kind, __s64 ret)
{
	if (!(wanted & EVENT_BIT(kind)))
		return false;
	return !filter_failed || is_error(ret);
}

/* The newest of the segments that the task made and that still exist (list head: none) */
static __always_inline struct list_head *newest_segment(struct task_struct *task)
{
	return READ(task, sysvshm.shm_clist.next);
}

/* Did this shmget make the segment, or find it? With IPC_CREAT alone only the task's own list of
 * segments tells: newseg() puts a new one in front. */
static __always_inline bool shmget_created(struct task_struct *task, const struct call *call,
					   __s64 ret)
{
	__s32 key = call->args[0];
	__u32 flags = call->args[2];
	struct list_head *head;
	struct shmid_kernel *segment;

	if (ret < 0)
		return false;
	if (key == IPC_PRIVATE)
		return true;
	if (!(flags & IPC_CREAT))
		return false;
	if (flags & IPC_EXCL)
		return true;
	if (!bpf_core_field_exists(struct shmid_kernel, shm_clist))
		return false;
	head = newest_segment(task);
	if ((__u64)head == call->saved || (__u64)BPF_CORE_READ(head, next) != call->saved)
		return false;
	segment = (void *)head - bpf_core_field_offset(struct shmid_kernel, shm_clist);
	return BPF_CORE_READ(segment, shm_perm.id) == ret;
}

SEC("tracepoint/syscalls/sys_enter_shmget")
int sys_enter_shmget(struct syscall_enter *ctx)
{
	struct task_struct *task = task_current();
	struct call spare = {0};
	struct call *call;

	if (!admits(task))
		return 0;
	call = call_begin(task, SHM_EVENT_SHMGET, ctx->number, &spare);
	if (!call)
		return 0;
	call->args[0] = ctx->args[0];
	call->args[1] = ctx->args[1];
	call->args[2] = ctx->args[2];
	if (bpf_core_field_exists(struct task_struct, sysvshm))
		call->saved = (__u64)newest_segment(task);
	call_note(call, SHM_EVENT_SHMGET);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_shmat")
int sys_enter_shmat(struct syscall_enter *ctx)
{
	struct task_struct *task = task_current();
	struct call spare = {0};
	struct call *call;

	if (!admits(task))
		return 0;
	call = call_begin(task, SHM_EVENT_SHMAT, ctx->number, &spare);
	if (!call)
		return 0;
	call->args[0] = ctx->args[0];
	call->args[1] = ctx->args[1];
	call->args[2] = ctx->args[2];
	call_note(call, SHM_EVENT_SHMAT);
	return 0;
}

static __always_inline void shmdt_enter(struct task_struct *task, const struct syscall_enter *ctx,
					__s32 shmid)
{
	struct call spare = {0};
	struct call *call = call_begin(task, SHM_EVENT_SHMDT, ctx->number, &spare);

	if (!call)
		return;
	call->args[0] = ctx->args[0];
	call->saved = (__u32)shmid;
	call_note(call, SHM_EVENT_SHMDT);
}

SEC("tracepoint/syscalls/sys_enter_shmdt")
int sys_enter_shmdt(struct syscall_enter *ctx)
{
	struct task_struct *task = task_current();

	if (admits(task))
		shmdt_enter(task, ctx, -1);
	return 0;
}

static long shmid_of_vma(struct task_struct *task, struct vm_area_struct *vma, __s32 *found)
{
	struct shm_file_data data;

	if (shm_vma_read(vma, &data))
		*found = data.id;
	return 0;
}

/* Was user space told of all that the group has mapped? Then it knows the mapping by its address. */
static __always_inline bool mappings_were_told(struct task_struct *task)
{
	struct shm_known *group;
	__u32 key;

	if (!follow_life || !call_wanted(SHM_EVENT_SHMAT, 0))
		return false;
	key = known_key(task);
	group = bpf_map_lookup_elem(&known, &key);
	return group && group->holder;
}

/* The same for 5.17 and newer, where the mapping can be looked up; loaded in place of the above. That
 * takes the lock of the address space and as long as all else here together: only where it tells news. */
SEC("tracepoint/syscalls/sys_enter_shmdt")
int sys_enter_shmdt_vma(struct syscall_enter *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__s32 shmid = -1;

	if (!admits(task))
		return 0;
	if (!mappings_were_told(task))
		bpf_find_vma(task, ctx->args[0], shmid_of_vma, &shmid, 0);
	shmdt_enter(task, ctx, shmid);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_shmctl")
int sys_enter_shmctl(struct syscall_enter *ctx)
{
	struct task_struct *task = task_current();
	struct call spare = {0};
	struct call *call;

	if (!admits(task))
		return 0;
	call = call_begin(task, SHM_EVENT_SHMCTL, ctx->number, &spare);
	if (!call)
		return 0;
	call->args[0] = ctx->args[0];
	call->args[1] = ctx->args[1];
	call_note(call, SHM_EVENT_SHMCTL);
	return 0;
}

/* Who made or attached a segment is known from now on. */
static __always_inline void call_know(struct task_struct *task, enum shm_event_kind kind, __s64 ret,
				      bool created)
{
	long err = 0;

	if (kind == SHM_EVENT_SHMGET && created)
		err = known_add(known_key(task), SHM_ROLE_CREATOR, 0);
	else if (kind == SHM_EVENT_SHMAT && !is_error(ret))
		err = known_add(known_key(task), SHM_ROLE_HOLDER, (__u64)READ(task, mm));
	if (err)
		lose(SHM_LOSS_KNOWN, kind);
}

static __always_inline void call_arguments(const struct call *call, struct shm_event *event)
{
	switch (call->kind) {
	case SHM_EVENT_SHMGET:
		event->shmget.key = call->args[0];
		event->shmget.flags = call->args[2];
		event->shmget.bytes = call->args[1];
		break;
	case SHM_EVENT_SHMAT:
		event->shmat.shmid = call->args[0];
		event->shmat.flags = call->args[2];
		event->shmat.addr = call->args[1];
		break;
	case SHM_EVENT_SHMDT:
		event->shmdt.addr = call->args[0];
		event->shmdt.shmid = call->saved;
		break;
	case SHM_EVENT_SHMCTL:
		event->shmctl.shmid = call->args[0];
		event->shmctl.cmd = call->args[1];
		break;
	}
}

/* Attached to the exits of all four: its long part is the same, and a verifier reads it once. */
SEC("tracepoint")
int sys_exit(struct syscall_exit *ctx)
{
	struct task_struct *task = task_current();
	struct call *call = call_find(task, ctx->number);
	struct shm_event *event = NULL;
	bool created;
	__u32 kind;

	if (!call)
		return 0;
	kind = call->kind & (SHM_EVENT_KINDS - 1);
	created = kind == SHM_EVENT_SHMGET && shmget_created(task, call, ctx->ret);
	if (follow_life)
		call_know(task, kind, ctx->ret, created);
	if (call_wanted(kind, ctx->ret))
		event = event_reserve(task, kind);
	if (event) {
		event->flags = created ? SHM_EVENT_CREATED : 0;
		event->took = event->time - call->time;
		event->ret = ctx->ret;
		call_arguments(call, event);
		event_submit(event);
	}
	call_end(call);
	return 0;
}

/* ---- life ---------------------------------------------------------------------------------- */

/* The current task is the parent. A child that shares its address space holds nothing by itself. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 key = known_key(parent);
	struct shm_known *group = bpf_map_lookup_elem(&known, &key);
	struct shm_event *event;
	bool holder, tree;
	__u64 child_mm;
	long err = 0;

	if (!group || child->tgid == parent->tgid)
		return 0;
	holder = group->holder;
	tree = group->tree;
	child_mm = (__u64)child->mm;
	if (holder && child_mm != (__u64)parent->mm)
		err = known_add(known_key(child), SHM_ROLE_HOLDER, child_mm);
	if (!err && tree)
		err = known_add(known_key(child), SHM_ROLE_TREE, 0);
	if (err)
		lose(SHM_LOSS_KNOWN, SHM_EVENT_FORK);
	if (!(holder || tree) || !(wanted & EVENT_BIT(SHM_EVENT_FORK)) || !admits(parent))
		return 0;
	event = event_reserve(parent, SHM_EVENT_FORK);
	if (!event)
		return 0;
	event->fork.child_mm = child_mm;
	event->fork.child_start_time = task_start_time(child);
	event->fork.child = task_tgid(child);
	event_submit(event);
	return 0;
}

/* The new address space is in place, and the old one was left by this group. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task)
{
	__u32 key = known_key(task);
	struct shm_known *group = bpf_map_lookup_elem(&known, &key);
	struct shm_event *event;
	__u64 mm;

	if (!group || !group->holder)
		return 0;
	mm = group->mm;
	group->holder = 0;
	if (!(wanted & EVENT_BIT(SHM_EVENT_EXEC)) || !admits(task))
		return 0;
	event = event_reserve(task, SHM_EVENT_EXEC);
	if (!event)
		return 0;
	event->mm = mm;
	event->exec.new_mm = (__u64)task->mm;
	event_submit(event);
	return 0;
}

static __always_inline __s32 wait_status(struct task_struct *task)
{
	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		return task->signal->group_exit_code;
	return task->group_leader->exit_code;
}

/* The count of living threads is lowered before this runs, so several that end together may all see
 * 0: who deletes the entry tells. Some kernels have dropped the address space by now, others not. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	__u32 key = known_key(task);
	struct shm_known *group = bpf_map_lookup_elem(&known, &key);
	struct shm_event *event;
	bool admitted;
	__u64 mm;

	if (!group || task->signal->live.counter)
		return 0;
	mm = group->holder ? group->mm : 0;
	admitted = admits(task);
	if (bpf_map_delete_elem(&known, &key))
		return 0;
	if (!(wanted & EVENT_BIT(SHM_EVENT_EXIT)) || !admitted)
		return 0;
	event = event_reserve(task, SHM_EVENT_EXIT);
	if (!event)
		return 0;
	event->mm = mm;
	event->exit.status = wait_status(task);
	event_submit(event);
	return 0;
}
