/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel with a few segments, processes and mappings. It keeps the events that tell of what is done to
 * them (model_workload.h) until somebody takes them.
 *
 * Told by tracepoints, calls and the life of processes are all that there is. With `exact` there is a record
 * of each change of a mapping, too, and of the end of a segment. Others may look between a change and its
 * record: `moment` is called there.
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
	int64_t by_calls; /* attachments that shmat brought, less those that shmdt took */
};

struct kernel_vma {
	int32_t shmid; /* -1: this place is free */
	uint64_t mm, start, length, offset;
	bool hidden; /* a scan does not come to it: not linked yet, or no more */
};

struct kernel_task {
	int32_t pid; /* 0: none */
	uint64_t mm, start_time;
	int vfork_of;      /* index of its parent, or -1 */
	bool in_call;      /* which has done its work, and returns later */
	struct event call; /* then: its record */
};

struct kernel {
	struct chance chance;
	struct kernel_segment segments[IDS];
	struct kernel_task tasks[TASKS];
	struct kernel_vma vmas[VMAS];
	struct event pending[PENDING];
	size_t count;
	uint64_t now, mms, address;
	uint64_t
		pinned; /* an address space that lives on without a process, by somebody's reference; 0 none */
	int32_t pids;
	size_t seen; /* tasks that a scan under way has come to: new ones come after them, as pids do */
	bool quiet, lost;

	bool exact;
	bool exit_first; /* the exit is told before the detaches that it brings, as newer kernels do */
	bool pins;   /* somebody may hold on to an address space when its last process leaves it */
	bool fails;  /* forks may, half-way */
	bool shifts; /* mprotect moves the border between two mappings, and nothing tells */
	void (*moment)(struct kernel *kernel, bool scannable); /* NULL: nobody looks */
	void *watcher;
};

/* ---- what is told -------------------------------------------------------------------------- */

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

/* A call that has done its work, and returns now or later. */
static inline struct event *kernel_tell_call(struct kernel *kernel, struct kernel_task *task,
					     enum fact_op op)
{
	if (!kernel->exact || op == FACT_SHMAT || chance_below(&kernel->chance, 3))
		return kernel_tell(kernel, task, op);
	task->in_call = true;
	task->call = *kernel_tell(kernel, task, op);
	kernel->count--;
	return &task->call;
}

static inline void kernel_return(struct kernel *kernel, struct kernel_task *task)
{
	if (!task->in_call)
		return;
	task->in_call = false;
	task->call.took += ++kernel->now - task->call.time;
	task->call.time = kernel->now;
	kernel->pending[kernel->count++] = task->call;
}

static inline void kernel_return_all(struct kernel *kernel)
{
	for (size_t i = 0; i < TASKS; i++)
		kernel_return(kernel, &kernel->tasks[i]);
}

static inline void kernel_record(struct kernel *kernel, const struct kernel_task *task,
				 enum fact_op op, enum fact_reason reason,
				 const struct kernel_vma *vma)
{
	struct event *event;

	if (!kernel->exact)
		return;
	kernel->now++;
	event = kernel_tell(kernel, task, op);
	event->took = 0;
	event->reason = reason;
	event->shmid = vma->shmid;
	if (op == FACT_DESTROY)
		return;
	event->mm = vma->mm;
	event->addr = vma->start;
	event->size = vma->length;
	event->offset = vma->offset;
	event->flags = ATTACHMENT_READ | ATTACHMENT_WRITE;
	event->maps = 1;
}

static inline void kernel_moment(struct kernel *kernel, bool scannable)
{
	if (kernel->moment)
		kernel->moment(kernel, scannable);
}

static inline int32_t kernel_second(const struct kernel *kernel)
{
	return (int32_t)(kernel->now / CLOCK_SECOND);
}

/* ---- mappings ------------------------------------------------------------------------------ */

static inline size_t kernel_room(const struct kernel *kernel)
{
	size_t room = 0;

	for (size_t i = 0; i < VMAS; i++)
		room += kernel->vmas[i].shmid < 0;
	return room;
}

/* Told before others can come to it. A child that is being made may be looked for, and is not there. */
static inline struct kernel_vma *kernel_map(struct kernel *kernel, const struct kernel_task *task,
					    const struct kernel_vma *like, enum fact_reason reason)
{
	struct segment_facts *facts = &kernel->segments[like->shmid].facts;
	const bool forking = reason == FACT_REASON_FORK;
	struct kernel_vma *vma = kernel->vmas;

	while (vma < kernel->vmas + VMAS && vma->shmid >= 0)
		vma++;
	if (vma == kernel->vmas + VMAS)
		return NULL;
	*vma = *like;
	vma->hidden = true;
	facts->nattch++;
	facts->atime = EPOCH + kernel_second(kernel);
	facts->lpid = task->pid;
	kernel->segments[like->shmid].by_calls += reason == FACT_REASON_SHMAT;
	kernel_moment(kernel, forking);
	kernel_record(kernel, task, FACT_ATTACH, reason, vma);
	kernel_moment(kernel, forking);
	vma->hidden = forking;
	return vma;
}

static inline void kernel_destroy(struct kernel *kernel, const struct kernel_task *task,
				  int32_t shmid, enum fact_reason reason)
{
	const struct kernel_vma of = {.shmid = shmid};

	kernel_record(kernel, task, FACT_DESTROY, reason, &of);
	kernel->segments[shmid].exists = false;
}

/* One less; the last one takes a removed segment along. */
static inline void kernel_put(struct kernel *kernel, const struct kernel_task *task, int32_t shmid)
{
	struct kernel_segment *segment = &kernel->segments[shmid];

	if (--segment->facts.nattch == 0 && segment->dest)
		kernel_destroy(kernel, task, shmid, FACT_REASON_LAST_DETACH);
}

/* Out of everybody's sight, then told, then done. */
static inline void kernel_unmap(struct kernel *kernel, const struct kernel_task *task,
				struct kernel_vma *vma, enum fact_reason reason)
{
	const int32_t shmid = vma->shmid;
	struct segment_facts *facts = &kernel->segments[shmid].facts;

	vma->hidden = true;
	kernel_moment(kernel, true);
	kernel_record(kernel, task, FACT_DETACH, reason, vma);
	kernel_moment(kernel, true);
	vma->shmid = -1;
	kernel->segments[shmid].by_calls -= reason == FACT_REASON_SHMDT;
	facts->lpid = task->pid;
	facts->dtime = EPOCH + kernel_second(kernel);
	kernel_put(kernel, task, shmid);
}

/* The new mapping is the lower or the upper part. */
static inline void kernel_split(struct kernel *kernel, const struct kernel_task *task,
				struct kernel_vma *vma, uint64_t at, bool below)
{
	struct kernel_vma new = *vma;
	const uint64_t cut = at - vma->start;

	if (below) {
		new.length = cut;
	} else {
		new.start += cut;
		new.offset += cut;
		new.length -= cut;
	}
	kernel_map(kernel, task, &new, FACT_REASON_SPLIT);
	if (below) {
		vma->start += cut;
		vma->offset += cut;
		vma->length -= cut;
	} else {
		vma->length = cut;
	}
}

/* There must be room for two more. */
static inline void kernel_unmap_range(struct kernel *kernel, const struct kernel_task *task,
				      uint64_t start, uint64_t end, enum fact_reason reason)
{
	for (size_t i = 0; i < VMAS; i++) {
		struct kernel_vma *vma = &kernel->vmas[i];

		if (vma->shmid < 0 || vma->mm != task->mm || vma->hidden || vma->start >= end ||
		    vma->start + vma->length <= start)
			continue;
		if (vma->start < start)
			kernel_split(kernel, task, vma, start, true);
		if (vma->start + vma->length > end)
			kernel_split(kernel, task, vma, end, false);
		kernel_unmap(kernel, task, vma, reason);
	}
}

/* ---- tasks --------------------------------------------------------------------------------- */

static inline bool kernel_uses(const struct kernel *kernel, uint64_t mm)
{
	for (size_t i = 0; i < TASKS; i++)
		if (kernel->tasks[i].pid && kernel->tasks[i].mm == mm)
			return true;
	return false;
}

/* The last one to let go of an address space ends its mappings. */
static inline void kernel_drop(struct kernel *kernel, const struct kernel_task *task, uint64_t mm,
			       enum fact_reason reason)
{
	for (size_t i = 0; i < VMAS; i++)
		kernel->vmas[i].hidden = kernel->vmas[i].hidden || kernel->vmas[i].mm == mm;
	for (size_t i = 0; i < VMAS; i++)
		if (kernel->vmas[i].shmid >= 0 && kernel->vmas[i].mm == mm)
			kernel_unmap(kernel, task, &kernel->vmas[i], reason);
}

static inline void kernel_leave(struct kernel *kernel, const struct kernel_task *task, uint64_t mm,
				enum fact_reason reason)
{
	if (kernel_uses(kernel, mm))
		return;
	if (kernel->pins && !kernel->pinned && chance_below(&kernel->chance, 3) == 0)
		kernel->pinned = mm;
	else
		kernel_drop(kernel, task, mm, reason);
}

static inline struct kernel_task *kernel_new_task(struct kernel *kernel)
{
	for (size_t i = kernel->seen; i < TASKS; i++) {
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

static inline uint64_t kernel_some_address(struct kernel *kernel)
{
	kernel->address += PAGE * 8;
	/* at times downwards, as the kernel likes it */
	return chance_below(&kernel->chance, 2) ? (UINT64_C(1) << 46) - kernel->address
						: kernel->address;
}

static inline void kernel_new(struct kernel *kernel, uint64_t seed)
{
	*kernel = (struct kernel){.chance.state = seed, .now = AT(100)};
	for (size_t i = 0; i < VMAS; i++)
		kernel->vmas[i].shmid = -1;
}

#endif
