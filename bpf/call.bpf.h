/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call: noted when it enters, told as one record when it leaves. What passes no filter leaves at enter
 * and costs no more. How it is hooked does not matter here.
 */
#ifndef CALL_BPF_H
#define CALL_BPF_H

#include "event.bpf.h"
#include "failure.bpf.h"
#include "stack.bpf.h"

#define MAX_ERRNO 4095
#define CALLS_MAX 8192

/* Set before loading */
const volatile bool follow_life = true; /* keep the table of known groups */
const volatile bool use_storage = true; /* pair by task storage (6.2), else by a hash table */
const volatile bool newseg_tells =
	false; /* a program on newseg() tells which call makes a segment */

/* How the kernel was entered: an exit ends only what came in by the same door. */
enum call_door {
	DOOR_TRACEPOINT = 1,
	DOOR_NATIVE = 2, /* fentry */
	DOOR_COMPAT = 3, /* fentry, 32-bit callers */
	DOOR_RAW = 4,    /* sys_enter, 32-bit callers */
};

/* Who takes the stack of a call that leaves: nobody, or a program that ran before, if it did; or this one, which
 * nothing can preempt */
enum call_stacks { STACKS_ELSEWHERE, STACKS_HERE };

/* A call that has entered and not left; one a task, kept for the next */
struct call {
	__u64 time;
	__u64 args[3];
	__u64 saved; /* shmget: newest segment of the task at enter; shmat by ipc(2): where its caller
		      * wants the address */
	__u64 stack_time; /* when its stack was sent; 0: it was not */
	__u64 addr;       /* shmat: where the mapping was made, and told; 0 unknown */
	__s32 shmid;      /* shmdt: of the mapping that ends, -1 unknown */
	__u16 kind;       /* enum shm_event_kind; 0 none */
	__u8 door;
	__u8 created; /* shmget: newseg() made a segment */
};

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

/* The call that the task is in, or NULL. */
static __always_inline struct call *call_current(struct task_struct *task)
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
	barrier_var(call); /* no address is computed before the check */
	return call->kind ? call : NULL;
}

static __always_inline bool call_is(const struct call *call, enum shm_event_kind kind)
{
	return call && call->kind == kind;
}

/* Where the call that enters is noted, over what an earlier one may have left there; NULL: lost. */
static __always_inline struct call *call_begin(struct task_struct *task, enum shm_event_kind kind,
					       enum call_door door, struct call *spare)
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
	call->door = door;
	call->created = 0;
	call->addr = 0;
	call->saved = 0;
	call->stack_time = 0;
	call->shmid = -1;
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

/* ---- creation or lookup? ------------------------------------------------------------------- */

/* The newest of the segments that the task made and that still exist (list head: none) */
static __always_inline struct list_head *newest_segment(struct task_struct *task)
{
	return READ(task, sysvshm.shm_clist.next);
}

/* Where newseg() cannot be hooked: with IPC_CREAT alone only the task's own list of segments tells,
 * since a new one is put in front. */
static __always_inline bool created_by_list(struct task_struct *task, const struct call *call,
					    __s64 ret)
{
	struct list_head *head;
	struct shmid_kernel *segment;

	if (!bpf_core_field_exists(struct shmid_kernel, shm_clist))
		return false;
	head = newest_segment(task);
	if ((__u64)head == call->saved || (__u64)BPF_CORE_READ(head, next) != call->saved)
		return false;
	segment = (void *)head - bpf_core_field_offset(struct shmid_kernel, shm_clist);
	return BPF_CORE_READ(segment, shm_perm.id) == ret;
}

static __always_inline bool shmget_created(struct task_struct *task, const struct call *call,
					   __s64 ret)
{
	__s32 key = call->args[0];
	__u32 flags = call->args[2];

	if (ret < 0)
		return false;
	if (newseg_tells)
		return call->created;
	if (key == IPC_PRIVATE)
		return true;
	if (!(flags & IPC_CREAT))
		return false;
	return flags & IPC_EXCL || created_by_list(task, call, ret);
}

/* ---- enter --------------------------------------------------------------------------------- */

struct call_enter {
	enum shm_event_kind kind;
	enum call_door door;
	__u64 args[3];
	__u64 result; /* shmat by ipc(2): where its caller wants the address */
	__s32 shmid;  /* shmdt */
};

static __always_inline void call_enter(struct task_struct *task, const struct call_enter *enter)
{
	struct call spare = {0};
	struct call *call = call_begin(task, enter->kind, enter->door, &spare);

	if (!call)
		return;
	call->args[0] = enter->args[0];
	call->args[1] = enter->args[1];
	call->args[2] = enter->args[2];
	if (enter->kind == SHM_EVENT_SHMDT)
		call->shmid = enter->shmid;
	if (enter->kind == SHM_EVENT_SHMAT)
		call->saved = enter->result;
	if (enter->kind == SHM_EVENT_SHMGET && !newseg_tells &&
	    bpf_core_field_exists(struct task_struct, sysvshm))
		call->saved = (__u64)newest_segment(task);
	call_note(call, enter->kind);
}

/* ---- exit ---------------------------------------------------------------------------------- */

static __always_inline bool is_error(__s64 ret)
{
	return (__u64)ret >= (__u64)-MAX_ERRNO;
}

static __always_inline bool call_wanted(enum shm_event_kind kind, __s64 ret)
{
	return event_wanted(kind) && (!filter_failed || is_error(ret));
}

/* Told beside calls that failed, since it explains those to come: where segments come from and go */
static __always_inline bool call_explains(const struct call *call, enum shm_event_kind kind,
					  __s64 ret, bool created)
{
	return created ||
	       (kind == SHM_EVENT_SHMCTL && !ret && ((__u32)call->args[1] & ~IPC_64) == IPC_RMID);
}

/* Who made or attached a segment is known from now on. */
static __always_inline void call_know(struct task_struct *task, const struct call *call, __s64 ret,
				      bool created)
{
	__u32 kind = call->kind;
	long err = 0;

	if (created)
		err = known_add(known_key(task), SHM_ROLE_CREATOR, 0);
	else if (kind == SHM_EVENT_SHMAT && !is_error(ret) && !call->addr)
		err = known_add(known_key(task), SHM_ROLE_HOLDER, (__u64)READ(task, mm));
	if (err)
		lose(SHM_LOSS_KNOWN, kind);
}

/* The result as shmat(2) has it: ipc(2) returns 0, and the address by its caller's pointer. */
static __always_inline __s64 call_result(const struct call *call, __s64 ret)
{
	__u32 addr = 0;

	if (call->kind != SHM_EVENT_SHMAT || ret || !call->saved)
		return ret;
	if (call->addr)
		return call->addr;
	bpf_probe_read_user(&addr, sizeof(addr), (const void *)call->saved);
	return addr;
}

/* What an IPC_SET asks for. The kernel has just read it. */
static __always_inline void call_set(const struct call *call, struct shm_event *event)
{
	const void *buffer = (const void *)call->args[2];
	struct {
		__u32 uid, gid, cuid, cgid, mode;
	} set;

	if (call->door != DOOR_NATIVE && call->door != DOOR_TRACEPOINT)
		return; /* another layout */
	if (bpf_probe_read_user(&set, sizeof(set), buffer + IPC_PERM_UID))
		return;
	event->shmctl.set_uid = set.uid;
	event->shmctl.set_gid = set.gid;
	event->shmctl.set_mode = set.mode;
	event->flags |= SHM_EVENT_SET;
}

static __always_inline void call_arguments(struct task_struct *task, const struct call *call,
					   struct shm_event *event)
{
	switch (call->kind) {
	case SHM_EVENT_SHMGET:
		event->shmget.key = call->args[0];
		event->shmget.flags = call->args[2];
		event->shmget.bytes = call->args[1];
		event->shmget.pgid = event->flags & SHM_EVENT_CREATED ? task_pgid(task) : 0;
		break;
	case SHM_EVENT_SHMAT:
		event->shmat.shmid = call->args[0];
		event->shmat.flags = call->args[2];
		event->shmat.addr = call->args[1];
		break;
	case SHM_EVENT_SHMDT:
		event->shmdt.addr = call->args[0];
		event->shmdt.shmid = call->shmid;
		break;
	case SHM_EVENT_SHMCTL:
		event->shmctl.shmid = call->args[0];
		event->shmctl.cmd = call->args[1];
		if ((__u32)call->args[1] == IPC_SET)
			call_set(call, event);
		break;
	}
}

/* Is it a call whose stack is wanted: one that made a segment, or attached one? */
static __always_inline bool call_has_stack(struct task_struct *task, enum shm_event_kind kind,
					   __s64 ret, bool created)
{
	if (!(stack_kinds & EVENT_BIT(kind)) || task_calls_compat(task))
		return false;
	return kind == SHM_EVENT_SHMAT ? !is_error(ret) : created;
}

static __always_inline bool call_send_stack(struct task_struct *task, const struct call *call,
					    enum shm_event_kind kind, __s64 ret, __u64 time)
{
	struct stack_call stack = {
		.time = time,
		.shmid = kind == SHM_EVENT_SHMAT ? (__s32)call->args[0] : (__s32)ret,
		.kind = kind,
	};

	return stack_send(task, &stack);
}

/* Before call_exit(), in a program of its own. A task that is preempted within a program keeps all others on its CPU
 * from running the same one: while a stack is taken, which is long, others lose no more than theirs. */
static __always_inline void call_exit_stack(struct task_struct *task, enum call_door door,
					    enum shm_event_kind kind, __s64 ret)
{
	struct call *call = call_current(task);
	__u64 time = bpf_ktime_get_boot_ns();
	bool created;

	if (!call || call->door != door || call->kind != kind || !call_wanted(kind, ret))
		return;
	created = kind == SHM_EVENT_SHMGET && shmget_created(task, call, ret);
	if (call_has_stack(task, kind, ret, created) &&
	    call_send_stack(task, call, kind, ret, time))
		call->stack_time = time;
}

/* Tells of the stack in the record, which has its place already: none of another call passes it meanwhile. */
static __always_inline void call_sample(struct task_struct *task, const struct call *call,
					struct shm_event *event, enum shm_event_kind kind,
					enum call_stacks stacks)
{
	/* Read again: so the verifier need not follow each way of finding it out to here. */
	const __u8 flags = *(volatile __u8 *)&event->flags;
	__u64 time = call->stack_time;

	if (filter_failed || !call_has_stack(task, kind, event->ret, flags & SHM_EVENT_CREATED))
		return;
	if (stacks == STACKS_HERE)
		time = call_send_stack(task, call, kind, event->ret, event->time) ? event->time : 0;
	if (time) {
		event->time = time;
		event->flags |= SHM_EVENT_SAMPLED;
	} else {
		__sync_fetch_and_add(&stacks_lost, 1);
	}
}

/* What has entered by this door leaves: a call of this kind, 0: of whichever has entered. An exit whose
 * enter was not seen, or passed no filter, is none of ours. */
static __always_inline void call_exit(struct task_struct *task, enum call_door door,
				      enum shm_event_kind known_kind, __s64 result,
				      enum call_stacks stacks)
{
	struct call *call = call_current(task);
	struct shm_event *event = NULL;
	__s64 ret;
	bool created;
	__u32 kind;

	if (!call || call->door != door || (known_kind && call->kind != known_kind)) {
		if (known_kind && admits(task))
			lose(SHM_LOSS_ENTER, known_kind);
		return;
	}
	kind = known_kind ? known_kind : call->kind;
	ret = call_result(call, result);
	created = kind == SHM_EVENT_SHMGET && shmget_created(task, call, ret);
	if (follow_life)
		call_know(task, call, ret, created);
	if (is_error(ret))
		event = event_wanted(kind) ? failure_reserve(task, kind) : NULL;
	else if (call_wanted(kind, ret) ||
		 (event_wanted(kind) && call_explains(call, kind, ret, created)))
		event = event_reserve(task, kind);
	if (event) {
		event->flags |= created ? SHM_EVENT_CREATED : 0;
		event->ret = ret;
		call_arguments(task, call, event);
		if (known_kind == SHM_EVENT_SHMGET || known_kind == SHM_EVENT_SHMAT)
			call_sample(task, call, event, known_kind, stacks);
		event->took = event->time - call->time;
		event_submit(event);
	}
	call_end(call);
}

#endif
