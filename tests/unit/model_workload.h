/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tasks do to the kernel of model_kernel.h, at random, as the real ones may. Ids and pids are used again
 * soon.
 *
 * Told by tracepoints, with `quiet`, they also do what no event tells (munmap, mprotect), and events get lost;
 * `lost` says so. With `exact` they do everything: splits, moves, attaches that fail, address spaces shared for
 * longer than a vfork or dropped last by somebody else; and calls may be slow to return.
 */
#ifndef TESTS_UNIT_MODEL_WORKLOAD_H
#define TESTS_UNIT_MODEL_WORKLOAD_H

#include "model_kernel.h"

/* ---- what tasks do ------------------------------------------------------------------------- */

static inline void do_shmget(struct kernel *kernel, struct kernel_task *task)
{
	const int32_t shmid = (int32_t)chance_below(&kernel->chance, IDS);
	struct kernel_segment *segment = &kernel->segments[shmid];
	struct event *event;

	if (segment->exists)
		return;
	/* an id is not given again before who made it before is told of it */
	kernel_return_all(kernel);
	*segment = (struct kernel_segment){.exists = true};
	segment->facts = a_row(shmid, task->pid, 0);
	segment->facts.ctime = EPOCH + kernel_second(kernel);
	segment->facts.size = PAGE * (2 + chance_below(&kernel->chance, 3));
	segment->facts.key = chance_below(&kernel->chance, 2) ? 0 : 0x77;
	kernel_moment(kernel, true);
	event = kernel_tell_call(kernel, task, FACT_SHMGET);
	event->created = true;
	event->ret = event->shmid = shmid;
	event->key = segment->facts.key;
	event->size = segment->facts.size;
	event->flags = 0640;
}

/* Told by tracepoints: what the new mapping covers ends as a whole. */
static inline void kernel_replace(struct kernel *kernel, const struct kernel_task *task,
				  const struct kernel_vma *new)
{
	for (size_t i = 0; i < VMAS; i++) {
		struct kernel_vma *old = &kernel->vmas[i];

		if (old != new && old->shmid >= 0 && old->mm == new->mm &&
		    old->start < new->start + new->length && old->start + old->length > new->start)
			kernel_unmap(kernel, task, old, FACT_REASON_REMAP);
	}
}

static inline void do_shmat(struct kernel *kernel, struct kernel_task *task)
{
	const int32_t shmid = (int32_t)chance_below(&kernel->chance, IDS);
	struct segment_facts *facts = &kernel->segments[shmid].facts;
	struct kernel_vma vma = {.shmid = shmid, .mm = task->mm};
	const struct kernel_vma *over = kernel_some_vma(kernel, task);
	const bool fails = kernel->exact && chance_below(&kernel->chance, 6) == 0;
	const struct kernel_vma *new = NULL;
	struct event *event;

	/* Told by tracepoints no vfork child attaches: when its parent held nothing before, no event tells that
	 * the address space is not its own. */
	if (!kernel->segments[shmid].exists || (task->vfork_of >= 0 && !kernel->exact) ||
	    kernel_room(kernel) < 3)
		return;
	vma.length = facts->size;
	vma.start = kernel_some_address(kernel);
	if (over && over->length <= vma.length && over->offset == 0)
		vma.start = over->start; /* SHM_REMAP */
	else
		over = NULL;
	facts->nattch++; /* for as long as the call lasts */
	kernel_moment(kernel, true);
	if (!fails) {
		if (over && kernel->exact)
			kernel_unmap_range(kernel, task, vma.start, vma.start + vma.length,
					   FACT_REASON_REMAP);
		new = kernel_map(kernel, task, &vma, FACT_REASON_SHMAT);
		if (over && !kernel->exact)
			kernel_replace(kernel, task, new);
		kernel_moment(kernel, true);
	}
	kernel_put(kernel, task, shmid);
	event = kernel_tell_call(kernel, task, FACT_SHMAT);
	event->shmid = shmid;
	event->ret = fails ? -ENOMEM : (int64_t)vma.start;
	event->flags = over ? SHM_REMAP : 0;
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
			kernel_unmap(kernel, task, part, FACT_REASON_SHMDT);
	}
	event = kernel_tell_call(kernel, task, FACT_SHMDT);
	event->shmid = chance_below(&kernel->chance, 4) ? shmid : -1;
	event->addr = base;
}

static inline void do_rmid(struct kernel *kernel, struct kernel_task *task)
{
	const int32_t shmid = (int32_t)chance_below(&kernel->chance, IDS);
	struct kernel_segment *segment = &kernel->segments[shmid];
	const bool existed = segment->exists;
	struct event *event;

	segment->facts.key = 0;
	if (existed && !segment->facts.nattch)
		kernel_destroy(kernel, task, shmid, FACT_REASON_IPC_RMID);
	segment->dest = true;
	segment->facts.mode |= FACT_MODE_DEST;
	event = kernel_tell_call(kernel, task, FACT_SHMCTL);
	event->shmid = shmid;
	event->cmd = IPC_RMID;
	event->ret = existed ? 0 : -EINVAL;
}

static inline size_t kernel_count(const struct kernel *kernel, uint64_t mm)
{
	size_t count = 0;

	for (size_t i = 0; i < VMAS; i++)
		count += kernel->vmas[i].shmid >= 0 && kernel->vmas[i].mm == mm;
	return count;
}

/* With all that the parent has. false: there was no room or memory, and all is as if it never was. */
static inline bool kernel_copy(struct kernel *kernel, const struct kernel_task *task, uint64_t mm)
{
	/* only records tell of a fork that fails half-way */
	if (!kernel->exact && kernel_count(kernel, task->mm) > kernel_room(kernel))
		return false;
	for (size_t i = 0; i < VMAS; i++) {
		struct kernel_vma copy = kernel->vmas[i];

		if (copy.shmid < 0 || copy.mm != task->mm)
			continue;
		copy.mm = mm;
		if (!kernel_map(kernel, task, &copy, FACT_REASON_FORK) ||
		    (kernel->fails && chance_below(&kernel->chance, 20) == 0)) {
			kernel_drop(kernel, task, mm, FACT_REASON_UNKNOWN);
			return false;
		}
	}
	return true;
}

static inline void do_fork(struct kernel *kernel, struct kernel_task *task)
{
	const bool vfork = chance_below(&kernel->chance, 3) == 0;
	const bool shares = vfork || (kernel->exact && chance_below(&kernel->chance, 4) == 0);
	struct kernel_task *child = kernel_new_task(kernel);
	struct event *event;

	if (!child)
		return;
	const int32_t pid = child->pid;

	if (shares)
		child->mm = task->mm;
	if (vfork)
		child->vfork_of = (int)(task - kernel->tasks);
	child->pid = 0; /* not to be seen yet */
	if (!shares && !kernel_copy(kernel, task, child->mm))
		return;
	child->pid = pid;
	for (size_t i = 0; !shares && i < VMAS; i++)
		kernel->vmas[i].hidden = kernel->vmas[i].hidden && kernel->vmas[i].mm != child->mm;
	kernel_moment(kernel, true);
	event = kernel_tell(kernel, task, FACT_FORK);
	event->child = child->pid;
	event->child_mm = child->mm;
	event->child_start_time = child->start_time;
}

static inline void do_exec(struct kernel *kernel, struct kernel_task *task)
{
	const uint64_t left = task->mm;
	struct event *event;

	task->vfork_of = -1;
	task->mm = ++kernel->mms;
	kernel_leave(kernel, task, left, FACT_REASON_EXEC);
	event = kernel_tell(kernel, task, FACT_EXEC);
	event->mm = left;
	event->child_mm = task->mm;
}

static inline void do_exit(struct kernel *kernel, struct kernel_task *task)
{
	const struct kernel_task last = *task;
	const bool first = !kernel->exact || kernel->exit_first;

	if (first)
		kernel_tell(kernel, task, FACT_EXIT);
	kernel_moment(kernel, true);
	task->pid = 0;
	kernel_leave(kernel, &last, last.mm, FACT_REASON_EXIT);
	if (!first)
		kernel_tell(kernel, &last, FACT_EXIT);
}

/* mprotect of the first page, or munmap of it or of all; no event tells. */
static inline void do_unseen(struct kernel *kernel, struct kernel_task *task)
{
	struct kernel_vma *vma = kernel_some_vma(kernel, task);

	if (!vma)
		return;
	if (vma->length == PAGE || chance_below(&kernel->chance, 3) == 0) {
		kernel_unmap(kernel, task, vma, FACT_REASON_MUNMAP);
		return;
	}
	struct kernel_vma first = *vma;

	first.length = PAGE;
	if (chance_below(&kernel->chance, 2) &&
	    !kernel_map(kernel, task, &first, FACT_REASON_SPLIT))
		return;
	kernel->segments[vma->shmid].facts.lpid = task->pid;
	kernel->segments[vma->shmid].facts.dtime = EPOCH + kernel_second(kernel);
	vma->start += PAGE;
	vma->offset += PAGE;
	vma->length -= PAGE;
}

/* Some pages of it; at times all */
static inline void kernel_some_part(struct kernel *kernel, const struct kernel_vma *vma,
				    uint64_t *start, uint64_t *length)
{
	const uint64_t pages = vma->length / PAGE;
	const uint64_t first = chance_below(&kernel->chance, pages);

	*start = vma->start + first * PAGE;
	*length = (1 + chance_below(&kernel->chance, pages - first)) * PAGE;
}

/* What mprotect, munmap and mremap do to a part of a mapping */
static inline void do_part(struct kernel *kernel, struct kernel_task *task)
{
	struct kernel_vma *vma = kernel_some_vma(kernel, task);
	const size_t what = chance_below(&kernel->chance, 4);
	uint64_t start, length;

	if (!vma || kernel_room(kernel) < 4)
		return;
	kernel_some_part(kernel, vma, &start, &length);
	struct kernel_vma moved = *vma;

	moved.start = kernel_some_address(kernel);
	moved.offset += start - vma->start;
	moved.length = length;
	if (what == 0 && vma->start < start)
		kernel_split(kernel, task, vma, start, true);
	if (what == 0 && vma->start + vma->length > start + length)
		kernel_split(kernel, task, vma, start + length, false);
	if (what == 1 || what == 2) /* moved, or doubled */
		kernel_map(kernel, task, &moved, FACT_REASON_SPLIT);
	if (what == 1 || what == 3) /* moved, or unmapped */
		kernel_unmap_range(kernel, task, start, start + length, FACT_REASON_MUNMAP);
}

/* mprotect makes a part of one mapping like its neighbour, and the border moves. */
static inline void do_shift(struct kernel *kernel, struct kernel_task *task)
{
	struct kernel_vma *below = kernel_some_vma(kernel, task);

	if (!below || !kernel->shifts)
		return;
	const uint64_t border = below->start + below->length;
	const bool up = chance_below(&kernel->chance, 2);

	for (size_t i = 0; i < VMAS; i++) {
		struct kernel_vma *above = &kernel->vmas[i];

		if (above->shmid != below->shmid || above->mm != below->mm ||
		    above->start != border || above->offset != below->offset + below->length ||
		    (up ? above : below)->length == PAGE)
			continue;
		below->length += up ? PAGE : -(uint64_t)PAGE;
		above->start += up ? PAGE : -(uint64_t)PAGE;
		above->offset += up ? PAGE : -(uint64_t)PAGE;
		above->length -= up ? PAGE : -(uint64_t)PAGE;
		return;
	}
}

/* Somebody lets go of an address space that is not its own, and is the last one. */
static inline void do_unpin(struct kernel *kernel, struct kernel_task *task)
{
	const uint64_t mm = kernel->pinned;

	kernel->pinned = 0;
	if (mm)
		kernel_drop(kernel, task, mm, FACT_REASON_UNKNOWN);
}

/* ---- time goes on -------------------------------------------------------------------------- */

static inline void kernel_step(struct kernel *kernel)
{
	typedef void action(struct kernel * kernel, struct kernel_task * task);
	static action *const common[] = {do_shmget, do_shmat, do_shmat, do_shmat, do_shmdt,
					 do_shmdt,  do_rmid,  do_fork,  do_exec,  do_exit};
	static action *const unseen[] = {do_unseen};
	static action *const exact[] = {do_part, do_part, do_part, do_shift, do_unpin};
	const size_t commons = sizeof(common) / sizeof(common[0]);
	const size_t more = kernel->exact   ? sizeof(exact) / sizeof(exact[0])
			    : kernel->quiet ? 1
					    : 0;
	struct kernel_task *task = kernel_some_task(kernel);
	const size_t before = kernel->count;
	const size_t index = chance_below(&kernel->chance, commons + more);

	/* tables tell times to the second: what no event tells and cancels out within one is not to be
	 * seen at all */
	kernel->now += 1 + chance_below(&kernel->chance, 40 * CLOCK_MS);
	if (kernel->quiet)
		kernel->now += CLOCK_SECOND;
	if (!task)
		task = kernel_new_task(kernel);
	if (task && task->in_call)
		kernel_return(kernel, task);
	else if (task && index < commons)
		common[index](kernel, task);
	else if (task)
		(kernel->exact ? exact : unseen)[index - commons](kernel, task);
	if (kernel->quiet && kernel->count > before && chance_below(&kernel->chance, 50) == 0) {
		kernel->count = before;
		kernel->lost = true;
	}
}

#endif
