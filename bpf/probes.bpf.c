/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: the programs, by the rung that they stand on. User space attaches those that it can, the best
 * first: src/observe/probe_table.c.
 *
 * Programs run on the call's own path: fields are written straight into the reserved record, and nobody is
 * woken for a single one.
 */
#include "abi.bpf.h"
#include "call.bpf.h"
#include <bpf/bpf_tracing.h>
#include "known.bpf.h"
#include "life.bpf.h"
#include "shm_vma.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Run by user space, never attached: see enum shm_know_argument. */
SEC("raw_tp")
int know(struct bpf_raw_tracepoint_args *ctx)
{
	return known_add(ctx->args[SHM_KNOW_PID], ctx->args[SHM_KNOW_ROLE], ctx->args[SHM_KNOW_MM]);
}

/* Run by user space: can tasks have storage? Since 7.0 or so its memory takes a processor that can
 * exchange 16 bytes at once. */
SEC("raw_tp")
int try_storage(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return bpf_task_storage_get(&call_storage, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE) !=
	       NULL;
}

/* ---- calls: fentry and fexit --------------------------------------------------------------- */

/* A program can be attached to the one function that it was loaded for, which user space names. Behind
 * the arguments of a function its context has the result: these have one argument. */
#define CALL_BY_FEXIT(name, call_kind)                                                           \
	SEC("fentry")                                                                            \
	int fentry_##name(unsigned long long *ctx)                                               \
	{                                                                                        \
		struct task_struct *task = task_current();                                       \
		struct call_enter enter = {.kind = call_kind, .door = DOOR_NATIVE, .shmid = -1}; \
                                                                                                 \
		native_arguments(ctx, enter.args);                                               \
		if (admits(task))                                                                \
			call_enter(task, &enter);                                                \
		return 0;                                                                        \
	}                                                                                        \
                                                                                                 \
	SEC("fexit")                                                                             \
	int fexit_##name(unsigned long long *ctx)                                                \
	{                                                                                        \
		call_exit(task_current(), DOOR_NATIVE, call_kind, ctx[1], STACKS_ELSEWHERE);     \
		return 0;                                                                        \
	}

CALL_BY_FEXIT(shmget, SHM_EVENT_SHMGET)
CALL_BY_FEXIT(shmat, SHM_EVENT_SHMAT)
CALL_BY_FEXIT(shmdt, SHM_EVENT_SHMDT)
CALL_BY_FEXIT(shmctl, SHM_EVENT_SHMCTL)

/* ---- calls of 32-bit programs -------------------------------------------------------------- */

/* ipc(2): one call for all of System V IPC (include/uapi/linux/ipc.h). Leaves no kind where it is about
 * something else. */
static __always_inline void ipc_decode(const __u64 args[COMPAT_ARGUMENTS], struct call_enter *enter)
{
	const __u64 first = args[1], second = args[2], third = args[3], pointer = args[4];

	enter->args[0] = first;
	switch (args[0] & IPC_CALL_MASK) {
	case IPC_CALL_SHMGET:
		enter->kind = SHM_EVENT_SHMGET;
		enter->args[1] = second;
		enter->args[2] = third;
		break;
	case IPC_CALL_SHMAT:
		enter->kind = SHM_EVENT_SHMAT;
		enter->args[1] = pointer;
		enter->args[2] = second;
		enter->result = third;
		break;
	case IPC_CALL_SHMDT:
		enter->kind = SHM_EVENT_SHMDT;
		enter->args[0] = pointer;
		break;
	case IPC_CALL_SHMCTL:
		enter->kind = SHM_EVENT_SHMCTL;
		enter->args[1] = second;
		break;
	}
}

static __always_inline enum shm_event_kind compat_kind(long number)
{
	switch (number) {
	case NR_SHMGET:
		return SHM_EVENT_SHMGET;
	case NR_SHMAT:
		return SHM_EVENT_SHMAT;
	case NR_SHMDT:
		return SHM_EVENT_SHMDT;
	case NR_SHMCTL:
		return SHM_EVENT_SHMCTL;
	}
	return 0;
}

static __always_inline void compat_enter(struct task_struct *task, const struct pt_regs *regs,
					 long number, enum call_door door)
{
	struct call_enter enter = {.door = door, .shmid = -1};
	__u64 args[COMPAT_ARGUMENTS];

	compat_arguments(regs, args);
	if (number == NR_IPC) {
		ipc_decode(args, &enter);
	} else {
		enter.kind = compat_kind(number);
		enter.args[0] = args[0];
		enter.args[1] = args[1];
		enter.args[2] = args[2];
	}
	if (enter.kind && admits(task))
		call_enter(task, &enter);
}

#define COMPAT_BY_FEXIT(name, number)                                                 \
	SEC("fentry")                                                                 \
	int fentry_compat_##name(unsigned long long *ctx)                             \
	{                                                                             \
		compat_enter(task_current(), untyped_regs(ctx), number, DOOR_COMPAT); \
		return 0;                                                             \
	}                                                                             \
                                                                                      \
	SEC("fexit")                                                                  \
	int fexit_compat_##name(unsigned long long *ctx)                              \
	{                                                                             \
		call_exit(task_current(), DOOR_COMPAT, 0, ctx[1], STACKS_ELSEWHERE);  \
		return 0;                                                             \
	}

COMPAT_BY_FEXIT(shmget, NR_SHMGET)
COMPAT_BY_FEXIT(shmat, NR_SHMAT)
COMPAT_BY_FEXIT(shmdt, NR_SHMDT)
COMPAT_BY_FEXIT(shmctl, NR_SHMCTL)
COMPAT_BY_FEXIT(ipc, NR_IPC)

/* On every system call of the machine: what is none of ours leaves at once. */
SEC("raw_tp/sys_enter")
int raw_sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = task_current();
	long number = ctx->args[1];

	if ((number == NR_IPC || compat_kind(number)) && task_calls_compat(task))
		compat_enter(task, (const struct pt_regs *)ctx->args[0], number, DOOR_RAW);
	return 0;
}

SEC("raw_tp/sys_exit")
int raw_sys_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = task_current();

	if (task_calls_compat(task))
		call_exit(task, DOOR_RAW, 0, ctx->args[1], STACKS_ELSEWHERE);
	return 0;
}

/* ---- calls: tracepoints -------------------------------------------------------------------- */

/* What the context has no room for must not be read: the tracepoint of shmdt has one argument. */
#define CALL_BY_TRACEPOINT(name, call_kind, ...)                                                   \
	SEC("tracepoint/syscalls/sys_enter_" #name)                                                \
	int sys_enter_##name(struct syscall_enter *ctx)                                            \
	{                                                                                          \
		struct task_struct *task = task_current();                                         \
		const struct call_enter enter = {.kind = call_kind,                                \
						 .door = DOOR_TRACEPOINT,                          \
						 .args = {__VA_ARGS__},                            \
						 .shmid = -1};                                     \
                                                                                                   \
		if (admits(task))                                                                  \
			call_enter(task, &enter);                                                  \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	SEC("tracepoint")                                                                          \
	int sys_exit_##name(struct syscall_exit *ctx)                                              \
	{                                                                                          \
		call_exit(task_current(), DOOR_TRACEPOINT, call_kind, ctx->ret, STACKS_ELSEWHERE); \
		return 0;                                                                          \
	}

CALL_BY_TRACEPOINT(shmget, SHM_EVENT_SHMGET, ctx->args[0], ctx->args[1], ctx->args[2])
CALL_BY_TRACEPOINT(shmat, SHM_EVENT_SHMAT, ctx->args[0], ctx->args[1], ctx->args[2])
CALL_BY_TRACEPOINT(shmdt, SHM_EVENT_SHMDT, ctx->args[0])
CALL_BY_TRACEPOINT(shmctl, SHM_EVENT_SHMCTL, ctx->args[0], ctx->args[1], ctx->args[2])

/* ---- calls: with stacks ---------------------------------------------------------------------- */

/* 5.15 and newer, loaded where stacks are wanted: a second program on the function, which the kernel runs
 * before the one that was attached earlier; and one in place of that on the tracepoint. */
#define EXIT_WITH_STACK(name, call_kind)                                                     \
	SEC("fexit")                                                                         \
	int fexit_##name##_stack(unsigned long long *ctx)                                    \
	{                                                                                    \
		call_exit_stack(bpf_get_current_task_btf(), DOOR_NATIVE, call_kind, ctx[1]); \
		return 0;                                                                    \
	}                                                                                    \
                                                                                             \
	SEC("tracepoint")                                                                    \
	int sys_exit_##name##_stack(struct syscall_exit *ctx)                                \
	{                                                                                    \
		call_exit(bpf_get_current_task_btf(), DOOR_TRACEPOINT, call_kind, ctx->ret,  \
			  STACKS_HERE);                                                      \
		return 0;                                                                    \
	}

EXIT_WITH_STACK(shmget, SHM_EVENT_SHMGET)
EXIT_WITH_STACK(shmat, SHM_EVENT_SHMAT)

/* ---- calls: shmdt by what is mapped ---------------------------------------------------------- */

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
	struct call_enter enter = {.kind = SHM_EVENT_SHMDT,
				   .door = DOOR_TRACEPOINT,
				   .args = {ctx->args[0]},
				   .shmid = -1};

	if (!admits(task))
		return 0;
	if (!mappings_were_told(task))
		bpf_find_vma(task, ctx->args[0], shmid_of_vma, &enter.shmid, 0);
	call_enter(task, &enter);
	return 0;
}

/* ---- mappings and segments ----------------------------------------------------------------- */

/* Only while it makes one: a look-up does not come here. */
SEC("fexit")
int BPF_PROG(newseg, void *ns, void *params, int ret)
{
	struct call *call = call_current(task_current());

	if (ret >= 0 && call_is(call, SHM_EVENT_SHMGET))
		call->created = 1;
	return 0;
}

SEC("fexit")
int BPF_PROG(shm_mmap, struct file *file, struct vm_area_struct *vma, int ret)
{
	if (!ret)
		life_mmap(task_current(), vma);
	return 0;
}

SEC("fexit")
int BPF_PROG(shm_open, struct vm_area_struct *vma)
{
	life_open(task_current(), vma);
	return 0;
}

SEC("fentry")
int BPF_PROG(shm_close, struct vm_area_struct *vma)
{
	life_close(task_current(), vma);
	return 0;
}

SEC("fentry")
int BPF_PROG(shm_destroy, struct ipc_namespace *ns, struct shmid_kernel *segment)
{
	life_destroy(task_current(), ns, segment);
	return 0;
}

/* ---- thread groups ------------------------------------------------------------------------- */

/* The current task is the parent. A child that shares its address space holds nothing by itself, but knows of
 * the segments as any other does. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 key = known_key(parent);
	struct shm_known *group = bpf_map_lookup_elem(&known, &key);
	struct shm_event *event;
	bool holder, tree, knows;
	__u64 child_mm;
	long err = 0;

	if (!group || child->tgid == parent->tgid)
		return 0;
	holder = group->holder;
	tree = group->tree;
	knows = holder || group->creator || group->knows;
	child_mm = (__u64)child->mm;
	if (holder && child_mm != (__u64)parent->mm)
		err = known_add(known_key(child), SHM_ROLE_HOLDER, child_mm);
	if (!err && tree)
		err = known_add(known_key(child), SHM_ROLE_TREE, 0);
	if (!err && knows)
		err = known_add(known_key(child), SHM_ROLE_KNOWS, 0);
	if (err)
		lose(SHM_LOSS_KNOWN, SHM_EVENT_FORK);
	if (!(knows || tree) || !(wanted & EVENT_BIT(SHM_EVENT_FORK)) || !admits(parent))
		return 0;
	event = event_reserve(parent, SHM_EVENT_FORK);
	if (!event)
		return 0;
	event->flags = holder || tree ? 0 : SHM_EVENT_ASIDE;
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
	group->knows = 1; /* what it held */
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
	bool admitted, aside;
	__u64 mm;

	if (!group)
		return 0;
	if (filter_tree && group->tree)
		tree_leave(task);
	if (task->signal->live.counter)
		return 0;
	mm = group->holder ? group->mm : 0;
	aside = !group->holder && !group->creator && !group->tree;
	admitted = admits(task);
	if (bpf_map_delete_elem(&known, &key))
		return 0;
	if (!(wanted & EVENT_BIT(SHM_EVENT_EXIT)) || !admitted)
		return 0;
	event = event_reserve(task, SHM_EVENT_EXIT);
	if (!event)
		return 0;
	event->flags = aside ? SHM_EVENT_ASIDE : 0;
	event->mm = mm;
	event->exit.status = wait_status(task);
	event_submit(event);
	return 0;
}
