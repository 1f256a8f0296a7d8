/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a call was made: registers, a piece of the user stack, and the executable mappings that they point
 * into, copied while the process stands in the call. Unwinding is for user space, and for later.
 *
 * Of the mappings only those are looked up that some word of the stack points into: walking all of them
 * takes several times as long. All is put together in memory of this CPU, and sent at the length that it
 * has. Functions that are not static are verified once, each by itself.
 */
#ifndef STACK_BPF_H
#define STACK_BPF_H

#include "abi.bpf.h"
#include "event.bpf.h"
#include "shm_vma.bpf.h"

/* All of these are bounds of work: what does not fit is told as cut. */
#define STACK_RANGES    64  /* a power of two */
#define STACK_LOOK_UPS  128 /* of mappings, for one stack */
#define STACK_NAME_MOST 256 /* NAME_MAX and the NUL */
#define STACK_STEPS     32  /* folders and mounts of a path */
#define STACK_PAGE      4096
#define STACK_WORDS     64
#define STACK_ARGUMENTS 64 /* bytes above the first frame of a program */

enum stack_look_up { LOOK_UP_NONE, LOOK_UP_FIND };

/* Set before loading */
const volatile __u32 stack_kinds = 0;        /* EVENT_BIT of the calls whose stacks are taken */
const volatile __u32 stack_most = 16 * 1024; /* bytes of the stack */
const volatile __u64 stack_wake_level = 0;
const volatile __u32 stack_look_up_best = LOOK_UP_FIND; /* where the kernel has it */

__u64 stacks_lost; /* of calls that were told */
__u64 stacks_last_look;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} stack_ring SEC(".maps");

/* Addresses that need not be looked up any more, [start, start + length) */
struct stack_range {
	__u64 start;
	__u64 length;
};

struct stack_work {
	__u32 busy; /* a task that was preempted here is not done yet */
	__u32 range_count;
	__u32 look_ups;
	__u32 paths_length;
	struct stack_range ranges[STACK_RANGES];
	struct shm_stack_mapping mappings[SHM_STACK_MAPPINGS];
	char paths[SHM_STACK_PATHS + STACK_NAME_MOST];
	struct shm_stack record;
	char data[]; /* of the record: stack, mappings, paths */
};

/* One a CPU: a map that does this by itself has no room for values of this size. User space makes
 * the values as large as stack_most needs them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct stack_work));
} stack_works SEC(".maps");

/* ---- paths --------------------------------------------------------------------------------- */

extern int LINUX_KERNEL_VERSION __kconfig;

#define KERNEL(major, minor) ((major) << 16 | (minor) << 8)

/* FMODE_BACKING, include/linux/fs.h */
static __always_inline __u32 backing_mode(void)
{
	return LINUX_KERNEL_VERSION >= KERNEL(6, 14) ? 1u << 24 : 1u << 25;
}

/* The path by which its user has opened the file, as /proc/PID/maps has it */
static __always_inline void file_user_path(struct file *file, struct path *path)
{
	/* Since 6.7 a file system that is stacked on another maps a struct backing_file in place of its own file: the
	 * user's path stands right behind. Not by that type: one that a kernel lacks makes libbpf look through
	 * its modules, which fails without CAP_SYS_ADMIN, and all probes with it. */
	if (LINUX_KERNEL_VERSION >= KERNEL(6, 7) && BPF_CORE_READ(file, f_mode) & backing_mode()) {
		bpf_probe_read_kernel(path, sizeof(*path),
				      (void *)file + bpf_core_type_size(struct file));
		return;
	}
	bpf_core_read(path, sizeof(*path), &file->f_path);
}

/* Adds the names from the file up to its process's root folder to the paths. Their length, 0: it has none; -1: there
 * was no room, or too many of them. */
__noinline int stack_path(struct stack_work *work, __u64 file_dentry, __u64 file_mount)
{
	struct dentry *dentry = (void *)file_dentry;
	struct vfsmount *mount = (void *)file_mount;
	struct task_struct *task = (void *)bpf_get_current_task();
	const __u64 inside = bpf_core_field_offset(struct mount, mnt);
	struct path root = {0};
	__u32 length;

	if (!work)
		return 0;
	length = work->paths_length;
	BPF_CORE_READ_INTO(&root, task, fs, root);
	for (int i = 0; i < STACK_STEPS; i++) {
		struct dentry *parent;
		__u32 at = length;
		long written;

		if (dentry == root.dentry && mount == root.mnt)
			return length - work->paths_length;
		if (dentry == BPF_CORE_READ(mount, mnt_root)) {
			struct mount *whole = (void *)mount - inside;
			struct mount *below = BPF_CORE_READ(whole, mnt_parent);

			if (below == whole)
				return length - work->paths_length;
			dentry = BPF_CORE_READ(whole, mnt_mountpoint);
			mount = (void *)below + inside;
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry) /* belongs to no folder: a memory file */
			return length - work->paths_length;
		if (length > SHM_STACK_PATHS - STACK_NAME_MOST)
			return -1;
		/* again, as verifiers of 6.1 or so forget a bound that was kept on the stack */
		barrier_var(at);
		written = bpf_probe_read_kernel_str(&work->paths[at & (SHM_STACK_PATHS - 1)],
						    STACK_NAME_MOST,
						    BPF_CORE_READ(dentry, d_name.name));
		if (written <= 0 || written > STACK_NAME_MOST)
			return -1;
		length += written;
		dentry = parent;
	}
	return -1;
}

/* ---- mappings ------------------------------------------------------------------------------ */

static __always_inline void range_add(struct stack_work *work, __u64 start, __u64 end)
{
	__u32 i = work->range_count;

	if (i >= STACK_RANGES) {
		work->record.flags |= SHM_STACK_CUT;
		work->look_ups = STACK_LOOK_UPS;
		return;
	}
	work->ranges[i].start = start;
	work->ranges[i].length = end - start;
	work->range_count = i + 1;
}

static __always_inline void mapping_file(struct stack_work *work, struct shm_stack_mapping *mapping,
					 struct file *file)
{
	__u32 offset = work->paths_length;
	struct path path = {0};
	struct inode *inode;
	int length;

	file_user_path(file, &path);
	inode = BPF_CORE_READ(path.dentry, d_inode);
	mapping->inode = BPF_CORE_READ(inode, i_ino);
	mapping->size = BPF_CORE_READ(inode, i_size);
	mapping->device = BPF_CORE_READ(inode, i_sb, s_dev);
	length = stack_path(work, (__u64)path.dentry, (__u64)path.mnt);
	if (length < 0) {
		work->record.flags |= SHM_STACK_CUT;
		return;
	}
	mapping->path = offset;
	mapping->path_length = length;
	work->paths_length = offset + length;
}

static __always_inline void mapping_add(struct stack_work *work, struct vm_area_struct *vma)
{
	__u32 i = work->record.mapping_count;
	struct shm_stack_mapping *mapping;
	struct file *file;

	range_add(work, vma->vm_start, vma->vm_end);
	if (!(vma->vm_flags & VM_EXEC))
		return;
	if (i >= SHM_STACK_MAPPINGS) {
		work->record.flags |= SHM_STACK_CUT;
		return;
	}
	mapping = &work->mappings[i];
	mapping->start = vma->vm_start;
	mapping->end = vma->vm_end;
	mapping->offset = (__u64)vma->vm_pgoff << page_shift;
	mapping->inode = 0;
	mapping->size = 0;
	mapping->device = 0;
	mapping->path = 0;
	mapping->path_length = 0;
	work->record.mapping_count = i + 1;
	file = vma->vm_file;
	if (file)
		mapping_file(work, mapping, file);
}

struct looking {
	struct stack_work *work;
};

static long mapping_found(struct task_struct *task, struct vm_area_struct *vma,
			  struct looking *looking)
{
	mapping_add(looking->work, vma);
	return 0;
}

/* The kernel knows no way, or another thread is about to change the mappings: the next one would fail, too. */
static __always_inline void look_up_fails(struct stack_work *work)
{
	work->record.flags |= SHM_STACK_UNMAPPED;
}

static __always_inline void look_up_by_find(struct stack_work *work, __u64 address)
{
	struct looking looking = {.work = work};
	long err = bpf_find_vma(bpf_get_current_task_btf(), address, mapping_found, &looking, 0);

	if (err == -ENOENT)
		range_add(work, address & ~(__u64)(STACK_PAGE - 1),
			  (address | (STACK_PAGE - 1)) + 1);
	else if (err)
		look_up_fails(work);
}

/* Takes the mapping that the address is in, unless that was done. */
__noinline int stack_look_up(struct stack_work *work, __u64 address)
{
	if (!work || work->record.flags & SHM_STACK_UNMAPPED)
		return 0;
	for (__u32 i = 0; i < STACK_RANGES && i < work->range_count; i++)
		if (address - work->ranges[i].start < work->ranges[i].length)
			return 0;
	if (work->look_ups >= STACK_LOOK_UPS) {
		work->record.flags |= SHM_STACK_CUT;
		return 0;
	}
	work->look_ups++;
	if (stack_look_up_best >= LOOK_UP_FIND &&
	    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_find_vma))
		look_up_by_find(work, address);
	else
		look_up_fails(work);
	return 0;
}

/* ---- the stack ----------------------------------------------------------------------------- */

/* How much stack there is from the stack pointer on: no more than its mapping, which may have more in it. Above the
 * first frame of a program stand its arguments and its environment, above that of a thread what is its own:
 * both tell nothing of calls. What ends below the pointer is none of this stack, and far above it here. */
static __always_inline __u64 stack_extent(struct stack_work *work, struct task_struct *task,
					  __u64 pointer)
{
	const __u64 first = task->mm->start_stack + STACK_ARGUMENTS - pointer;
	const __u64 own = thread_pointer(task) - pointer;
	__u64 extent = ~0ull;

	if (work->range_count && pointer - work->ranges[0].start < work->ranges[0].length)
		extent = work->ranges[0].start + work->ranges[0].length - pointer;
	if (first < extent)
		extent = first;
	return own < extent ? own : extent;
}

static __always_inline struct stack_work *stack_work_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&stack_works, &cpu);
}

/* The rest of a page, if it is there. How much that is. */
__noinline int stack_page(__u64 pointer, __u32 done, __u32 length)
{
	struct stack_work *work = stack_work_here();
	const __u64 from = pointer + done;
	__u32 size = STACK_PAGE - (from & (STACK_PAGE - 1));

	if (!work || done >= length || done >= stack_most)
		return 0;
	if (size > length - done)
		size = length - done;
	barrier_var(size); /* or the compiler knows better than the verifier, and drops the check */
	if (size > STACK_PAGE || bpf_probe_read_user(work->data + done, size, (const void *)from))
		return 0;
	return size;
}

/* All of it at once, else as far as its pages are there. Returns how much, in whole words. */
static __always_inline __u32 stack_copy(struct stack_work *work, __u64 pointer, __u32 length)
{
	__u32 done = 0;

	if (!bpf_probe_read_user(work->data, length, (const void *)pointer))
		return length;
	for (__u32 i = 0; i <= SHM_STACK_MOST / STACK_PAGE; i++) {
		__u32 size = stack_page(pointer, done, length);

		if (!size)
			break;
		done += size;
	}
	if (done < length)
		work->record.flags |= SHM_STACK_CUT;
	return done & ~7u;
}

/* Looks at some words of the stack: each may be the address behind a call. */
__noinline int stack_words(__u32 from, __u32 length)
{
	struct stack_work *work = stack_work_here();

	if (!work)
		return 0;
	for (__u32 i = 0; i < STACK_WORDS; i++) {
		__u32 offset = from + i * sizeof(__u64);
		__u64 address;

		if (offset >= length || offset >= stack_most)
			return 0;
		address = user_address(*(__u64 *)(work->data + offset));
		if (address && address - work->ranges[0].start >= work->ranges[0].length)
			stack_look_up(work, address);
	}
	return 0;
}

/* Which call it is */
struct stack_call {
	__u64 time; /* its record's */
	__s32 shmid;
	__u8 kind;
};

static __always_inline void stack_head(struct shm_stack *record, struct task_struct *task,
				       const struct stack_call *call)
{
	record->kind = call->kind;
	record->flags = 0;
	record->pad = 0;
	record->time = call->time;
	record->start_time = task_start_time(task);
	record->tgid = task_tgid(task);
	record->tid = task_tid(task);
	record->ppid = task_tgid(task->real_parent);
	record->ipcns = task_ipcns(task);
	record->shmid = call->shmid;
	record->mapping_count = 0;
}

/* Puts mappings and paths behind the stack. Returns the size of the whole. */
static __always_inline __u32 stack_finish(struct stack_work *work, __u32 length)
{
	__u32 mappings = work->record.mapping_count * sizeof(work->mappings[0]);
	__u32 paths = work->paths_length;

	if (length > stack_most || mappings > sizeof(work->mappings) || paths > SHM_STACK_PATHS)
		return 0;
	bpf_probe_read_kernel(work->data + length, mappings, work->mappings);
	bpf_probe_read_kernel(work->data + length + mappings, paths, work->paths);
	work->record.stack_length = length;
	work->record.paths_length = paths;
	work->record.size = sizeof(work->record) + length + mappings + paths;
	return work->record.size;
}

static __always_inline bool stack_take(struct stack_work *work, struct task_struct *task,
				       const struct stack_call *call)
{
	const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs(task);
	__u64 pointer, extent;
	__u32 length = stack_most, size;

	stack_head(&work->record, task, call);
	work->range_count = 0;
	work->ranges[0].length = 0;
	work->look_ups = 0;
	work->paths_length = 0;
	pointer = native_registers(regs, work->record.registers);
	stack_look_up(work, pointer);
	extent = stack_extent(work, task, pointer) & ~7ull;
	if (extent > length)
		work->record.flags |= SHM_STACK_CUT;
	else
		length = extent;
	length = stack_copy(work, pointer, length);
	stack_look_up(work, work->record.registers[STACK_PC]);
	for (__u32 from = 0; from < stack_most && from < length;
	     from += STACK_WORDS * sizeof(__u64))
		stack_words(from, length);
	size = stack_finish(work, length);
	return size && size <= SHM_STACK_RECORD_MOST(stack_most) &&
	       !bpf_ringbuf_output(
		       &stack_ring, &work->record, size,
		       ring_wakeup(&stack_ring, &stacks_last_look, stack_wake_level, call->time));
}

/* Sends the stack of the task, which is in this call. False: it was lost. */
static __always_inline bool stack_send(struct task_struct *task, const struct stack_call *call)
{
	struct stack_work *work;
	bool sent = false;

	work = stack_work_here();
	if (!work)
		return false;
	if (!__sync_lock_test_and_set(&work->busy, 1)) {
		sent = stack_take(work, task, call);
		work->busy = 0;
	}
	return sent;
}

#endif
