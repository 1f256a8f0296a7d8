/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls, fork, exec and exit. What the source tells by records of its own is left to attachment.c: then
 * these change no mapping, and end no segment.
 */
#include "model/model_internal.h"

#include <errno.h>

/* As the kernel's headers have them (linux/ipc.h, linux/shm.h): the same on every architecture. */
enum {
	APPLY_IPC_RMID = 0,
	APPLY_IPC_SET = 1,
	APPLY_SHM_LOCK = 11,
	APPLY_SHM_UNLOCK = 12,

	APPLY_SHM_HUGETLB = 04000,
	APPLY_SHM_RDONLY = 010000,
	APPLY_SHM_REMAP = 040000,
	APPLY_SHM_EXEC = 0100000,

	APPLY_PERMISSIONS = 0777,
	APPLY_PAGE = 4096,
	APPLY_HUGE_PAGE = 2 << 20,
};

/* ---- the segment that an event is about ---------------------------------------------------- */

/* Whether a living segment, met by a snapshot or by an earlier event, is the one that this shmget made.
 * A snapshot lasts, and another process may use the segment before its creator is back from the call. */
static bool is_creation_of(const struct segment *segment, const struct event *event)
{
	const struct segment_facts *facts = &segment->facts;
	bool in_time = segment->first_seen + event->took >= event->time ||
		       segment->first_seen == segment->facts_time;

	if (segment->witnessed || !in_time)
		return false;
	if ((facts->known & FACT_COL_CPID) && facts->cpid && facts->cpid != event->pid)
		return false;
	if ((facts->known & FACT_COL_SIZE) && facts->size != event->size)
		return false;
	return !segment->has_key || segment->key == event->key;
}

static void take_creation(struct segment *segment, const struct event *event)
{
	struct segment_facts *facts = &segment->facts;

	segment->born = event->time;
	segment->witnessed = true;
	segment->unbroken = true;
	segment->key = event->key;
	segment->has_key = true;
	segment->create_flags = event->flags;
	segment->hugetlb = segment->hugetlb || (event->flags & APPLY_SHM_HUGETLB);
	segment_idle_at(segment, event->time);
	if (segment->facts_time)
		return;
	facts->known |= FACT_COL_KEY | FACT_COL_MODE | FACT_COL_SIZE | FACT_COL_CPID |
			FACT_COL_NATTCH | FACT_COL_UID | FACT_COL_GID | FACT_COL_CUID |
			FACT_COL_CGID;
	facts->key = event->key;
	facts->mode |= event->flags & APPLY_PERMISSIONS;
	facts->size = event->size;
	facts->cpid = event->pid;
	facts->uid = facts->cuid = event->uid;
	facts->gid = facts->cgid = event->gid;
}

/* One that is over, since others had removed it before its creator was back from the call. */
static struct segment *find_made_and_gone(const struct model *model, const struct event *event)
{
	struct segment *segment = segment_newest(model, event->ipcns, event->shmid);

	if (!segment || segment->gone > event->time ||
	    segment->first_seen + event->took < event->time || !is_creation_of(segment, event))
		return NULL;
	return segment;
}

static int find_created(struct model *model, const struct event *event, struct segment **out)
{
	struct segment *segment = segment_living(model, event->ipcns, event->shmid);

	if (!segment && (*out = find_made_and_gone(model, event))) {
		take_creation(*out, event);
		(*out)->born = (*out)->first_seen;
		return 0;
	}
	if (segment && segment->witnessed && segment->born >= event->time) {
		*out = segment->born == event->time ? segment : NULL;
		return 0;
	}
	if (!segment || !is_creation_of(segment, event)) {
		if (segment && segment->facts_time > event->time)
			return 0; /* a life before the one that a snapshot shows since */
		if (segment)
			segment_end(model, segment, event->time, FACT_REASON_UNKNOWN, NULL);
		int error = segment_new(model, event->ipcns, event->shmid, event->time, &segment);

		if (error)
			return error;
		segment->trusted = true;
	}
	take_creation(segment, event);
	*out = segment;
	return 0;
}

/* Calls of two processes may be told in another order than the kernel had them: an attach that was under
 * way when its segment was given up for destroyed, and succeeded, was the quicker one. */
static bool was_quicker(const struct model *model, const struct event *event,
			const struct segment *gone)
{
	return !model_is_told(model, FACT_EXACT_DESTROY) &&
	       (gone->gone_reason == FACT_REASON_IPC_RMID ||
		gone->gone_reason == FACT_REASON_LAST_DETACH) &&
	       event->time - event->took <= gone->gone;
}

/* A successful shmat proves that the segment exists; unless a later snapshot has told otherwise. */
static int find_attached(struct model *model, const struct event *event, struct segment **out)
{
	const struct namespace_state *state = namespace_find(model, event->ipcns);
	struct segment *segment = segment_at(model, event->ipcns, event->shmid, event->time);
	bool over = segment && segment->gone && segment->gone < event->time;

	*out = segment;
	if ((segment && !over) || (state && state->read > event->time) ||
	    segment_living(model, event->ipcns, event->shmid))
		return 0;
	if (over && was_quicker(model, event, segment)) {
		segment_revive(model, segment);
		segment->facts.mode |= FACT_MODE_DEST;
		segment->facts.key = 0;
		return 0;
	}
	return segment_new(model, event->ipcns, event->shmid, event->time, out);
}

/* What a shmdt closed. The mapping tells it best: the caller may live in another namespace than the one
 * it attached in, and the shmid may be unknown. */
static struct segment *find_detached(const struct model *model, const struct event *event)
{
	const struct holder *holder = holder_find(model, event->mm);
	const struct mapping *mapping = holder ? holder_attached_at(holder, event->addr) : NULL;
	struct segment *segment = mapping ? mapping->segment : NULL;

	if (segment && segment_moves_mappings(segment, event->time) &&
	    (event->shmid < 0 || event->shmid == segment->id.shmid))
		return segment;
	return segment_at(model, event->ipcns, event->shmid, event->time);
}

static int find_segment(struct model *model, const struct event *event, struct segment **out)
{
	bool attached = event->op == FACT_SHMAT && event->ret >= 0;
	bool detached = event->op == FACT_SHMDT && event->ret == 0;

	*out = NULL;
	if (event->op == FACT_SHMGET && event->created && event->shmid >= 0)
		return find_created(model, event, out);
	if ((attached && model_is_told(model, FACT_EXACT_ATTACH)) ||
	    (detached && model_is_told(model, FACT_EXACT_DETACH)))
		*out = attachment_segment(model, event);
	else if (attached && event->shmid >= 0)
		return find_attached(model, event, out);
	else if (detached)
		*out = find_detached(model, event);
	else
		*out = segment_at(model, event->ipcns, event->shmid, event->time);
	return 0;
}

/* ---- attach and detach --------------------------------------------------------------------- */

/* `count` mappings of the segment ended. */
static void detach(struct model *model, struct segment *segment, const struct event *event,
		   enum fact_reason reason, uint64_t count)
{
	segment_count(model, segment, -(int64_t)count, event->time);
	segment_used_by(model, segment, process_of_event(model, event), event->time);
	segment_let_go(segment, event->time, reason, event->pid);
}

/* Tells what ended without a shmdt, and what that leads to. `last` is the last of these mappings. */
static void detach_derived(struct model *model, const struct mapping *last,
			   const struct event *event, enum fact_reason reason, uint64_t count)
{
	struct segment *segment = last->segment;

	detach(model, segment, event, reason, count);
	history_derive(model, segment,
		       &(struct history_derived){.op = FACT_DETACH,
						 .reason = reason,
						 .time = event->time,
						 .maps = count,
						 .mapping = count == 1 ? last : NULL,
						 .cause = event});
	segment_check_end(model, segment, event);
}

/* SHM_REMAP: what was there is unmapped. A mapping that it covers in part leaves a rest, which the
 * next scan finds by the drift. */
static void remap(struct model *model, struct holder *holder, const struct mapping *over,
		  const struct event *event)
{
	uint64_t end = over->start + (over->length ? over->length : 1);
	struct mapping *next;

	for (struct mapping *mapping = holder->mappings; mapping && mapping->start < end;
	     mapping = next) {
		struct segment *segment = mapping->segment;
		uint64_t mapping_end = mapping->start + (mapping->length ? mapping->length : 1);

		next = mapping->holder_next;
		if (mapping_end <= over->start || !segment_moves_mappings(segment, event->time))
			continue;
		const struct mapping covered = *mapping;

		mapping_remove(model, mapping, FACT_REASON_REMAP, event->time);
		detach_derived(model, &covered, event, FACT_REASON_REMAP, 1);
	}
}

static struct mapping mapping_of_shmat(const struct segment *segment, const struct event *event)
{
	uint64_t page = segment->hugetlb ? APPLY_HUGE_PAGE : APPLY_PAGE;
	uint64_t size = segment->facts.known & FACT_COL_SIZE ? segment->facts.size : 0;
	uint32_t flags = ATTACHMENT_READ;

	if (!(event->flags & APPLY_SHM_RDONLY))
		flags |= ATTACHMENT_WRITE;
	if (event->flags & APPLY_SHM_EXEC)
		flags |= ATTACHMENT_EXEC;
	if (segment->hugetlb)
		flags |= ATTACHMENT_HUGETLB;
	return (struct mapping){
		.start = (uint64_t)event->ret,
		.length = (size + page - 1) / page * page,
		.flags = flags,
		.origin = MAPPING_SHMAT,
		.since = event->time,
	};
}

static struct mapping *mapping_at(const struct model *model, uint64_t mm, uint64_t start)
{
	const struct holder *holder = holder_find(model, mm);
	struct mapping *mapping = holder ? holder_seek(holder, NULL, start) : NULL;

	return mapping && mapping->start == start ? mapping : NULL;
}

static int attach_mapping(struct model *model, struct segment *segment, const struct event *event,
			  struct process *process)
{
	struct mapping new = mapping_of_shmat(segment, event);
	struct mapping *there = mapping_at(model, event->mm, new.start);
	int error = holder_get(model, event->mm, process, &new.holder);

	if (error)
		return error;
	if (there && there->segment == segment && there->origin == MAPPING_SCAN) {
		there->origin = MAPPING_SHMAT; /* the scan was quicker than the event */
		there->since = event->time;
		return 0;
	}
	/* what was there may have gone by its own record */
	bool unseen = !model_is_told(model, FACT_EXACT_DETACH);

	if (unseen && event->flags & APPLY_SHM_REMAP)
		remap(model, new.holder, &new, event);
	else if (unseen && there)
		mapping_remove(model, there, FACT_REASON_MUNMAP, event->time);
	new.segment = segment;
	error = mapping_add(model, &new, NULL);
	holder_settle(model, new.holder);
	return error;
}

/* ---- one function an op -------------------------------------------------------------------- */

static int apply_shmget(struct model *model, const struct event *event, struct segment *segment)
{
	if (!segment || event->ret < 0)
		return 0;
	struct process *process = process_of_event(model, event);

	if (!process)
		return -ENOMEM;
	if (!event->created) {
		family_use(model, segment, process, event->time);
		return 0;
	}
	segment_made_by(model, segment, process);
	process_cite(model, &segment->starter, process_get(model, event->ppid, 0, event->time));
	group_set(model, &segment->group, event->pgid);
	return 0;
}

static int apply_shmat(struct model *model, const struct event *event, struct segment *segment)
{
	if (!segment || segment->gone)
		return 0;
	/* somebody has a use for it */
	if (event->ret >= 0 && segment->refused && segment->refused < event->time &&
	    segment->refused_to->pid != event->pid)
		segment->refused = 0;
	/* while it ran the kernel counted one more, even where it failed */
	if (event->ret < 0 || model_is_told(model, FACT_EXACT_ATTACH)) {
		segment_unsettle(segment, event->time);
		return 0;
	}
	const struct mapping *there = mapping_at(model, event->mm, (uint64_t)event->ret);

	if (there && there->segment == segment && there->origin == MAPPING_SHMAT &&
	    there->since == event->time)
		return 0; /* told before */
	struct process *process = process_of_event(model, event);

	/* first the count: a remap of its own mapping is not the end of a removed segment */
	segment_count(model, segment, 1, event->time);
	segment_used_by(model, segment, process, event->time);
	segment_attached_by(model, segment, process, event->time);
	if (event->mm == 0 || !segment_moves_mappings(segment, event->time))
		return process ? 0 : -ENOMEM;
	return attach_mapping(model, segment, event, process);
}

/* A late word on how a segment ended that a snapshot missed. */
static void apply_to_gone(struct model *model, struct segment *segment, const struct event *event)
{
	bool removed = segment->facts.mode & FACT_MODE_DEST;

	if (segment->gone_reason != FACT_REASON_UNKNOWN || event->time > segment->gone)
		return;
	if (event->op == FACT_SHMDT && removed)
		change_tell_end(model, segment, FACT_REASON_LAST_DETACH, event);
	if (event->op == FACT_SHMCTL && segment->facts.nattch == 0)
		change_tell_end(model, segment, FACT_REASON_IPC_RMID, event);
}

static int apply_shmdt(struct model *model, const struct event *event, struct segment *segment)
{
	struct holder *holder = holder_find(model, event->mm);
	uint64_t count = 0;
	struct mapping *next;

	if (event->ret != 0 || !segment)
		return 0;
	uint64_t reach = segment->facts.known & FACT_COL_SIZE ? segment->facts.size : UINT64_MAX;

	if (segment->gone) {
		apply_to_gone(model, segment, event);
		return 0;
	}
	if (model_is_told(model, FACT_EXACT_DETACH))
		return 0;
	if (holder && segment_moves_mappings(segment, event->time)) {
		/* as the kernel does it: no further than one attach can reach */
		for (struct mapping *mapping = holder_attached_at(holder, event->addr);
		     mapping && mapping->start - event->addr < reach; mapping = next) {
			next = mapping->holder_next;
			if (mapping->segment != segment || mapping_base(mapping) != event->addr)
				continue;
			mapping_remove(model, mapping, FACT_REASON_SHMDT, event->time);
			count++;
		}
		holder_settle(model, holder);
	}
	/* the call succeeded: it closed at least one, known or not */
	detach(model, segment, event, FACT_REASON_SHMDT, count ? count : 1);
	segment_check_end(model, segment, event);
	return 0;
}

/* Whoever has nothing to do with the segment may well be refused. */
static void apply_refusal(struct model *model, const struct event *event, struct segment *segment)
{
	struct process *process = process_find(model, event->pid, event->start_time);

	if ((event->ret != -EPERM && event->ret != -EACCES) || segment->gone ||
	    segment->refused > event->time || !process || !family_includes(segment, process))
		return;
	segment->refused = event->time;
	segment->refused_ret = event->ret;
	process_use(model, &segment->refused_to, process);
}

static void apply_removal(struct model *model, const struct event *event, struct segment *segment)
{
	bool counted = segment->witnessed || segment->facts_time;

	if (event->ret < 0) {
		apply_refusal(model, event, segment);
		return;
	}
	if (segment->gone) {
		apply_to_gone(model, segment, event);
		return;
	}
	if (!segment_moves_nattch(segment, event->time))
		return;
	if (segment->nattch || segment->mapped || !counted ||
	    model_is_told(model, FACT_EXACT_DESTROY)) {
		segment->facts.mode |= FACT_MODE_DEST;
		segment->facts.key = 0;
	} else {
		segment_end(model, segment, event->time, FACT_REASON_IPC_RMID, event);
	}
}

static int apply_shmctl(struct model *model, const struct event *event, struct segment *segment)
{
	if (!segment)
		return 0;
	if (event->cmd == APPLY_IPC_RMID) {
		apply_removal(model, event, segment);
		return 0;
	}
	if (event->ret < 0 || segment->gone || !segment_moves_nattch(segment, event->time))
		return 0;
	if (event->cmd == APPLY_IPC_SET)
		segment->outdated = event->time;               /* the owner may be another now */
	if (event->cmd == APPLY_SHM_LOCK && !segment->hugetlb) /* huge pages are never swapped */
		segment->facts.mode |= FACT_MODE_LOCKED;
	if (event->cmd == APPLY_SHM_UNLOCK)
		segment->facts.mode &= ~(uint32_t)FACT_MODE_LOCKED;
	return 0;
}

static int inherit(struct model *model, const struct mapping *from, struct holder *child,
		   const struct event *event, struct process *parent)
{
	struct segment *segment = from->segment;
	struct mapping *there = holder_seek(child, NULL, from->start);
	struct mapping new = {
		.segment = segment,
		.holder = child,
		.start = from->start,
		.length = from->length,
		.offset = from->offset,
		.flags = from->flags,
		.origin = MAPPING_FORK,
		.since = event->time,
	};

	bool met = there && there->start == from->start;

	if (met && there->origin != MAPPING_SCAN)
		return 0; /* told before */
	if (!met) {
		int error = mapping_add(model, &new, &there);

		if (error)
			return error;
	}
	there->origin = MAPPING_FORK; /* where it was met the scan was quicker than the event */
	there->since = event->time;
	segment_count(model, segment, 1, event->time);
	segment_used_by(model, segment, parent, event->time);
	segment_attached_by(model, segment, parent, event->time);
	segment->shared = true;
	attachment_tell_inherited(model, there, event);
	return 0;
}

static int apply_fork(struct model *model, const struct event *event, struct segment *segment)
{
	const struct holder *parent = holder_find(model, event->mm);
	struct holder *child;

	int error = family_fork(model, event);

	(void)segment;
	if (error || event->child_mm == 0 || event->child_mm == event->mm)
		return error;
	if (model_is_told(model, FACT_EXACT_INHERIT))
		return attachment_name(model, event);
	if (!parent)
		return 0;
	struct process *process = process_of_event(model, event);

	error = holder_get(model, event->child_mm, process_of_child(model, event), &child);

	if (error)
		return error;
	for (const struct mapping *mapping = parent->mappings; mapping && !error;
	     mapping = mapping->holder_next)
		if (segment_moves_mappings(mapping->segment, event->time))
			error = inherit(model, mapping, child, event, process);
	holder_settle(model, child);
	return error;
}

/* The address space is left for good, with all that it maps. A thread group that only borrowed it (a vfork child) leaves it
 * to its owner. */
static void leave(struct model *model, const struct event *event, enum fact_reason reason)
{
	struct holder *holder = holder_find(model, event->mm);
	struct mapping *next;

	if (!holder || holder->process->pid != event->pid)
		return;
	if (model_is_told(model, FACT_EXACT_DETACH)) {
		holder_left(model, holder, reason);
		return;
	}
	for (struct mapping *mapping = holder->mappings; mapping; mapping = mapping->holder_next)
		if (segment_moves_mappings(mapping->segment, event->time))
			mapping->segment->leaving++;

	/* A segment's end takes only mappings of its own, and by then it has none left; so `next`
	 * stays. The holder is looked up no more once it may be gone. */
	for (struct mapping *mapping = holder->mappings; mapping; mapping = next) {
		struct segment *departing = mapping->segment;

		next = mapping->holder_next;
		if (!segment_moves_mappings(departing, event->time))
			continue;
		const struct mapping last = *mapping;

		mapping_remove(model, mapping, reason, event->time);
		departing->left++;
		if (departing->left < departing->leaving)
			continue;
		uint64_t count = departing->leaving;

		departing->leaving = departing->left = 0;
		detach_derived(model, &last, event, reason, count);
	}
	holder_settle(model, holder);
}

static int apply_exec(struct model *model, const struct event *event, struct segment *segment)
{
	(void)segment;
	leave(model, event, FACT_REASON_EXEC);
	process_exec(model, event);
	return 0;
}

static int apply_exit(struct model *model, const struct event *event, struct segment *segment)
{
	(void)segment;
	leave(model, event, FACT_REASON_EXIT);
	process_exit(model, event);
	return 0;
}

typedef int apply_function(struct model *model, const struct event *event, struct segment *segment);

static apply_function *const apply_table[FACT_OPS] = {
	[FACT_SHMGET] = apply_shmget, [FACT_SHMAT] = apply_shmat, [FACT_SHMDT] = apply_shmdt,
	[FACT_SHMCTL] = apply_shmctl, [FACT_FORK] = apply_fork,   [FACT_EXEC] = apply_exec,
	[FACT_EXIT] = apply_exit,
};

static int apply_call(struct model *model, const struct event *event)
{
	struct segment *segment;
	int error = find_segment(model, event, &segment);

	/* whoever is told of the call may ask what it changed */
	if (event->op == FACT_SHMCTL && segment)
		change_note(model, segment, event);
	if (!event->aside)
		history_add(model, event, segment);
	return error ? error : apply_table[event->op](model, event, segment);
}

int model_apply(struct model *model, const struct event *event)
{
	int error =
		apply_table[event->op] ? apply_call(model, event) : attachment_apply(model, event);

	segment_trim(model);
	model->revision++;
	return error;
}
