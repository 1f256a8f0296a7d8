/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel with a few segments, processes and mappings. It does at random what the real one may do, and
 * keeps the events that tell of it until somebody takes them.
 *
 * Ids and pids are used again soon. With `quiet` it also does what no event tells (munmap, mprotect) and
 * loses events; it says so in `lost`.
 */
#ifndef TESTS_UNIT_MODEL_KERNEL_H
#define TESTS_UNIT_MODEL_KERNEL_H

#include <errno.h>

#include "chance.h"
#include "model_fixture.h"

enum { IDS = 6, TASKS = 8, VMAS = 64, PENDING = 4096, PAGE = 4096 };

struct kernel_segment {
	bool exists, dest;
	struct segment_facts facts;
};

struct kernel_vma {
	int32_t shmid; /* -1: this place is free */
	uint64_t mm, start, length, offset;
};

struct kernel_task {
	int32_t pid; /* 0: none */
	uint64_t mm, start_time;
	int vfork_of; /* index of its parent, or -1 */
};

struct kernel {
	struct chance chance;
	struct kernel_segment segments[IDS];
	struct kernel_task tasks[TASKS];
	struct kernel_vma vmas[VMAS];
	struct event pending[PENDING];
	size_t count;
	uint64_t now, mms, address;
	int32_t pids;
	bool quiet;
	bool lost;
};

static inline struct event *kernel_tell(struct kernel *kernel, const struct kernel_task *task,
					enum fact_op op)
{
	struct event *event = &kernel->pending[kernel->count++];

	assert_true(kernel->count < PENDING);
	*event = an_event(op, task->pid, kernel->now);
	event->mm = task->mm;
	event->start_time = task->start_time;
	event->took = 10;
	return event;
}

static inline int32_t kernel_second(const struct kernel *kernel)
{
	return (int32_t)(kernel->now / CLOCK_SECOND);
}

static inline struct kernel_vma *kernel_map(struct kernel *kernel, const struct kernel_vma *like)
{
	struct kernel_vma *vma = kernel->vmas;

	while (vma < kernel->vmas + VMAS && vma->shmid >= 0)
		vma++;
	if (vma == kernel->vmas + VMAS)
		return NULL;
	*vma = *like;
	kernel->segments[like->shmid].facts.nattch++;
	kernel->segments[like->shmid].facts.atime = EPOCH + kernel_second(kernel);
	return vma;
}

static inline void kernel_unmap(struct kernel *kernel, struct kernel_vma *vma, int32_t pid)
{
	struct kernel_segment *segment = &kernel->segments[vma->shmid];

	vma->shmid = -1;
	segment->facts.lpid = pid;
	segment->facts.dtime = EPOCH + kernel_second(kernel);
	if (--segment->facts.nattch == 0 && segment->dest)
		segment->exists = false;
}

static inline void kernel_leave(struct kernel *kernel, const struct kernel_task *task)
{
	for (size_t i = 0; i < VMAS; i++)
		if (kernel->vmas[i].shmid >= 0 && kernel->vmas[i].mm == task->mm)
			kernel_unmap(kernel, &kernel->vmas[i], task->pid);
}

static inline struct kernel_task *kernel_new_task(struct kernel *kernel)
{
	for (size_t i = 0; i < TASKS; i++) {
		struct kernel_task *task = &kernel->tasks[i];

		if (task->pid)
			continue;
		/* pids are used again after a while */
		task->pid = 100 + kernel->pids++ % 40;
		for (size_t j = 0; j < TASKS; j++)
			if (j != i && kernel->tasks[j].pid == task->pid) {
				task->pid = 0;
				return NULL;
			}
		task->mm = ++kernel->mms;
		task->start_time = kernel->now;
		task->vfork_of = -1;
		return task;
	}
	return NULL;
}

/* One that is not waiting for a vfork child; NULL when chance picked none. */
static inline struct kernel_task *kernel_some_task(struct kernel *kernel)
{
	const int index = (int)chance_below(&kernel->chance, TASKS);

	for (size_t i = 0; i < TASKS; i++)
		if (kernel->tasks[i].pid && kernel->tasks[i].vfork_of == index)
			return NULL;
	return kernel->tasks[index].pid ? &kernel->tasks[index] : NULL;
}

static inline struct kernel_vma *kernel_some_vma(struct kernel *kernel,
						 const struct kernel_task *task)
{
	struct kernel_vma *vma = &kernel->vmas[chance_below(&kernel->chance, VMAS)];

	return vma->shmid >= 0 && vma->mm == task->mm ? vma : NULL;
}

static inline void do_shmget(struct kernel *kernel, struct kernel_task *task)
{
	const int32_t shmid = (int32_t)chance_below(&kernel->chance, IDS);
	struct kernel_segment *segment = &kernel->segments[shmid];
	struct event *event;

	if (segment->exists)
		return;
	*segment = (struct kernel_segment){.exists = true};
	segment->facts = a_row(shmid, task->pid, 0);
	segment->facts.ctime = EPOCH + kernel_second(kernel);
	segment->facts.size = PAGE * (2 + chance_below(&kernel->chance, 2));
	segment->facts.key = chance_below(&kernel->chance, 2) ? 0 : 0x77;
	event = kernel_tell(kernel, task, FACT_SHMGET);
	event->created = true;
	event->ret = event->shmid = shmid;
	event->key = segment->facts.key;
	event->size = segment->facts.size;
	event->flags = 0640;
}

static inline void do_shmat(struct kernel *kernel, struct kernel_task *task)
{
	const int32_t shmid = (int32_t)chance_below(&kernel->chance, IDS);
	struct kernel_vma vma = {.shmid = shmid, .mm = task->mm};
	struct kernel_vma *over = kernel_some_vma(kernel, task);
	struct event *event;

	/* No vfork child attaches: when its parent held nothing before, no event tells that the address
	 * space is not its own. */
	if (!kernel->segments[shmid].exists || task->vfork_of >= 0)
		return;
	vma.length = kernel->segments[shmid].facts.size;
	vma.start = kernel->address += PAGE * 8;
	if (chance_below(&kernel->chance, 2))
		vma.start = (UINT64_C(1) << 46) - vma.start; /* downwards, as the kernel likes it */
	if (over && over->length <= vma.length && over->offset == 0)
		vma.start = over->start; /* SHM_REMAP */
	else
		over = NULL;
	if (!kernel_map(kernel, &vma))
		return;
	kernel->segments[shmid].facts.lpid = task->pid;
	event = kernel_tell(kernel, task, FACT_SHMAT);
	event->shmid = shmid;
	event->ret = (int64_t)vma.start;
	if (!over)
		return;
	event->flags = SHM_REMAP;
	for (size_t i = 0; i < VMAS; i++) {
		struct kernel_vma *old = &kernel->vmas[i];
		bool fresh = old->start == vma.start && old->length == vma.length &&
			     old->shmid == shmid && old != over;

		if (old->shmid >= 0 && old->mm == vma.mm && !fresh &&
		    old->start < vma.start + vma.length && old->start + old->length > vma.start)
			kernel_unmap(kernel, old, task->pid);
	}
}

static inline void do_shmdt(struct kernel *kernel, struct kernel_task *task)
{
	const struct kernel_vma *vma = kernel_some_vma(kernel, task);
	struct event *event;

	if (!vma)
		return;
	const uint64_t base = vma->start - vma->offset;
	const int32_t shmid = vma->shmid;

	for (size_t i = 0; i < VMAS; i++) {
		struct kernel_vma *part = &kernel->vmas[i];

		if (part->shmid == shmid && part->mm == task->mm &&
		    part->start - part->offset == base)
			kernel_unmap(kernel, part, task->pid);
	}
	event = kernel_tell(kernel, task, FACT_SHMDT);
	event->shmid = chance_below(&kernel->chance, 4) ? shmid : -1;
	event->addr = base;
}

static inline void do_rmid(struct kernel *kernel, struct kernel_task *task)
{
	const int32_t shmid = (int32_t)chance_below(&kernel->chance, IDS);
	struct kernel_segment *segment = &kernel->segments[shmid];
	struct event *event = kernel_tell(kernel, task, FACT_SHMCTL);

	event->shmid = shmid;
	event->cmd = IPC_RMID;
	event->ret = segment->exists ? 0 : -EINVAL;
	segment->dest = true;
	segment->facts.key = 0;
	segment->facts.mode |= FACT_MODE_DEST;
	segment->exists = segment->exists && segment->facts.nattch;
}

static inline void do_fork(struct kernel *kernel, struct kernel_task *task)
{
	const bool vfork = chance_below(&kernel->chance, 3) == 0;
	struct kernel_task *child = kernel_new_task(kernel);
	struct event *event;

	if (!child)
		return;
	if (vfork) {
		child->mm = task->mm;
		child->vfork_of = (int)(task - kernel->tasks);
	}
	for (size_t i = 0; !vfork && i < VMAS; i++) {
		struct kernel_vma copy = kernel->vmas[i];

		if (copy.shmid < 0 || copy.mm != task->mm)
			continue;
		copy.mm = child->mm;
		if (!kernel_map(kernel, &copy)) { /* no room: as if it never was */
			kernel_leave(kernel, child);
			child->pid = 0;
			return;
		}
		kernel->segments[copy.shmid].facts.lpid = task->pid;
	}
	event = kernel_tell(kernel, task, FACT_FORK);
	event->child = child->pid;
	event->child_mm = child->mm;
	event->child_start_time = child->start_time;
}

static inline void do_exec(struct kernel *kernel, struct kernel_task *task)
{
	struct event *event = kernel_tell(kernel, task, FACT_EXEC);

	if (task->vfork_of < 0)
		kernel_leave(kernel, task);
	task->vfork_of = -1;
	task->mm = event->child_mm = ++kernel->mms;
}

static inline void do_exit(struct kernel *kernel, struct kernel_task *task)
{
	kernel_tell(kernel, task, FACT_EXIT);
	if (task->vfork_of < 0)
		kernel_leave(kernel, task);
	task->pid = 0;
}

/* mprotect of the first page, or munmap of it or of all. */
static inline void do_unseen(struct kernel *kernel, struct kernel_task *task)
{
	struct kernel_vma *vma = kernel_some_vma(kernel, task);

	if (!vma)
		return;
	if (vma->length == PAGE || chance_below(&kernel->chance, 3) == 0) {
		kernel_unmap(kernel, vma, task->pid);
		return;
	}
	struct kernel_vma first = *vma;

	first.length = PAGE;
	if (chance_below(&kernel->chance, 2) && !kernel_map(kernel, &first))
		return;
	kernel->segments[vma->shmid].facts.lpid = task->pid;
	kernel->segments[vma->shmid].facts.dtime = EPOCH + kernel_second(kernel);
	vma->start += PAGE;
	vma->offset += PAGE;
	vma->length -= PAGE;
}

static inline void kernel_step(struct kernel *kernel)
{
	static void (*const actions[])(struct kernel *, struct kernel_task *) = {
		do_shmget, do_shmat, do_shmat, do_shmat, do_shmdt, do_shmdt,
		do_rmid,   do_fork,  do_exec,  do_exit,  do_unseen};
	const size_t known = sizeof(actions) / sizeof(actions[0]) - !kernel->quiet;
	struct kernel_task *task = kernel_some_task(kernel);
	const size_t before = kernel->count;

	/* tables tell times to the second: what no event tells and cancels out within one is not to be
	 * seen at all */
	kernel->now += 1 + chance_below(&kernel->chance, 40 * CLOCK_MS);
	if (kernel->quiet)
		kernel->now += CLOCK_SECOND;
	if (!task)
		task = kernel_new_task(kernel);
	if (task)
		actions[chance_below(&kernel->chance, known)](kernel, task);
	if (kernel->quiet && kernel->count > before && chance_below(&kernel->chance, 50) == 0) {
		kernel->count = before;
		kernel->lost = true;
	}
}

static inline void kernel_new(struct kernel *kernel, uint64_t seed)
{
	*kernel = (struct kernel){.chance.state = seed, .now = AT(100)};
	for (size_t i = 0; i < VMAS; i++)
		kernel->vmas[i].shmid = -1;
}

#endif
