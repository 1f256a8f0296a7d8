/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of attachments, and of the ends of segments, made where the kernel makes the change.
 *
 * Each brings or takes one mapping, so what there is needs only be counted. Which one it is, is known by
 * its address; but mprotect can move the border between two mappings of one attach without any record, so
 * what is known of their places may be old. What stays is the attach that a part belongs to: its base. A
 * record that finds no mapping where it should be takes another one of the same attach.
 *
 * A scan that is trusted over the records (the first one, or after a loss) may have seen what records under
 * way tell of. These then find their mapping there, or gone.
 */
#include "model/model_internal.h"

#include <errno.h>

/* The last scan may have been quicker than this record. */
static bool scan_may_know(const struct model *model, const struct event *event)
{
	return event->time <= model->scan_over;
}

static bool is_of(const struct segment *segment, const struct event *event)
{
	return segment->id.shmid == event->shmid && segment->id.ipcns == event->ipcns;
}

static uint64_t base_of(const struct event *event)
{
	return event->addr - event->offset;
}

static bool overlap(const struct mapping *mapping, const struct event *event)
{
	return mapping->start < event->addr + event->size &&
	       event->addr < mapping->start + mapping->length;
}

/* ---- attach -------------------------------------------------------------------------------- */

/* A record proves that its segment exists. It may be over by now: then its end will be told, too, or a newer
 * table has told it. */
static int find_attached(struct model *model, const struct event *event, struct segment **out)
{
	const struct namespace_state *state = namespace_find(model, event->ipcns);
	bool end_is_told = model_is_told(model, FACT_EXACT_DESTROY) && !model->distrusted;

	*out = segment_living(model, event->ipcns, event->shmid);
	if (*out || event->shmid < 0 || (!end_is_told && state && state->read > event->time))
		return 0;
	return segment_new(model, event->ipcns, event->shmid, event->time, out);
}

/* What the new mapping was split from: it overlaps, and what is left of it is beside. NULL when it is no
 * split, but a move or a doubling. */
static struct mapping *find_split(const struct holder *holder, const struct segment *segment,
				  const struct event *event)
{
	const uint64_t end = event->addr + event->size;
	struct mapping *found = NULL;
	int found_rank = -1;

	for (struct mapping *mapping = holder->mappings; mapping && mapping->start < end;
	     mapping = mapping->holder_next) {
		bool rest = mapping->start < event->addr || mapping->start + mapping->length > end;
		int rank = 2 * (mapping_base(mapping) == base_of(event)) + rest;

		if (mapping->segment != segment || !overlap(mapping, event) || rank <= found_rank)
			continue;
		found = mapping;
		found_rank = rank;
	}
	return found;
}

/* The new mapping is the lower or the upper part; the old one keeps the rest. */
static void split(struct mapping *mapping, const struct event *event)
{
	if (mapping->start < event->addr)
		mapping->length = event->addr - mapping->start;
	else
		mapping_cut(mapping, event->addr + event->size);
}

/* A mapping that is made anew within an address space came the way that this one did. */
static const struct mapping *find_like(const struct holder *holder, const struct segment *segment)
{
	const struct mapping *mapping = holder->mappings;

	while (mapping && mapping->segment != segment)
		mapping = mapping->holder_next;
	return mapping;
}

static struct mapping mapping_of(const struct event *event, struct segment *segment,
				 struct holder *holder)
{
	return (struct mapping){
		.segment = segment,
		.holder = holder,
		.start = event->addr,
		.length = event->size,
		.offset = event->offset,
		.flags = event->flags,
		.origin = event->reason == FACT_REASON_FORK ? MAPPING_FORK : MAPPING_SHMAT,
		.since = event->time,
	};
}

/* Within one address space; `known` by a scan that was quicker, or NULL. Tells what it finds that it was. */
static int copy_mapping(struct model *model, struct segment *segment, struct holder *holder,
			const struct event *event, const struct mapping *known)
{
	struct mapping new = mapping_of(event, segment, holder);
	struct mapping *from = known ? NULL : find_split(holder, segment, event);
	const struct mapping *like = from ? from : find_like(holder, segment);
	int error = 0;

	if (like) {
		new.origin = like->origin;
		new.since = like->since;
	}
	if (from)
		split(from, event);
	if (!known)
		error = mapping_add(model, &new, NULL);
	if (error)
		return error;
	segment_count(model, segment, 1, event->time);
	/* It may now be used for something else, as may its new neighbour: only a scan can tell. */
	segment->disturbed = segment->disturbed || from || known;
	history_derive(model, segment,
		       &(struct history_derived){.op = FACT_ATTACH,
						 .reason = from || known ? FACT_REASON_SPLIT
									 : FACT_REASON_MREMAP,
						 .time = event->time,
						 .maps = 1,
						 .mapping = &new,
						 .cause = event});
	return 0;
}

/* By shmat or fork; `known` as above. An attach whose call was not seen has no other line. */
static int add_mapping(struct model *model, struct segment *segment, struct holder *holder,
		       const struct event *event, struct mapping *known)
{
	const struct mapping new = mapping_of(event, segment, holder);
	int error = 0;

	if (event->reason == FACT_REASON_FORK)
		holder->unnamed = true;
	if (!known)
		error = mapping_add(model, &new, &known);
	if (error)
		return error;
	known->origin = new.origin;
	known->since = new.since;
	segment_count(model, segment, 1, event->time);
	if (event->reason == FACT_REASON_UNKNOWN)
		history_derive(model, segment,
			       &(struct history_derived){.op = FACT_ATTACH,
							 .time = event->time,
							 .maps = 1,
							 .mapping = &new,
							 .cause = event});
	return 0;
}

/* Of another mapping of the same address space */
static bool is_copy(const struct event *event)
{
	return event->reason == FACT_REASON_SPLIT;
}

static bool is_told(const struct mapping *mapping, const struct event *event)
{
	return mapping->since == event->time && mapping->origin != MAPPING_SCAN;
}

/* What the record tells of, if it was told before or seen by a scan that was quicker. One that starts there and
 * is neither lies elsewhere by now. */
static struct mapping *find_known(const struct model *model, const struct holder *holder,
				  const struct segment *segment, const struct event *event)
{
	struct mapping *mapping = holder_mapping(holder, NULL, event->addr, segment);

	if (!mapping || is_told(mapping, event))
		return mapping;
	bool seen = mapping->scan == model->scan_stamp && scan_may_know(model, event);
	/* of a split the lower part starts where the whole did */
	bool same = !is_copy(event) || mapping->length == event->size;

	return seen && same ? mapping : NULL;
}

static int enter_mapping(struct model *model, struct segment *segment, struct process *process,
			 const struct event *event)
{
	struct holder *holder;
	int error = holder_get(model, event->mm, process, &holder);

	if (error)
		return error;
	struct mapping *known = find_known(model, holder, segment, event);

	if (known && is_told(known, event))
		return 0;
	error = is_copy(event) ? copy_mapping(model, segment, holder, event, known)
			       : add_mapping(model, segment, holder, event, known);
	holder_settle(model, holder);
	return error;
}

static int apply_attach(struct model *model, const struct event *event)
{
	struct segment *segment;
	int error = find_attached(model, event, &segment);

	if (error || !segment)
		return error;
	struct process *process = process_of_event(model, event);

	if (!process)
		return -ENOMEM;
	if (event->mm && segment_moves_mappings(segment, event->time))
		error = enter_mapping(model, segment, process, event);
	else
		segment_count(model, segment, 1, event->time);
	segment_used_by(model, segment, process, event->time);
	segment_attached_by(model, segment, process, event->time);
	return error;
}

/* ---- detach -------------------------------------------------------------------------------- */

/* The mapping that ends, or NULL. What the last scan may have known is taken at its word: else one that it
 * saw would go in place of one that it found gone. */
static struct mapping *find_ended(const struct model *model, const struct holder *holder,
				  const struct event *event)
{
	const uint64_t end = event->addr + event->size;
	struct mapping *mapping = holder_seek(holder, NULL, event->addr);
	struct mapping *found = NULL;
	int found_rank = 0;

	if (mapping && mapping->start == event->addr && is_of(mapping->segment, event))
		return mapping; /* the common case */
	for (mapping = holder->mappings; mapping; mapping = mapping->holder_next) {
		bool same_attach = mapping_base(mapping) == base_of(event);
		bool same_end = mapping->start + mapping->length == end;
		int rank = mapping->start == event->addr ? 4
			   : same_attach && same_end     ? 3
			   : overlap(mapping, event)     ? 2
							 : same_attach;

		if (!is_of(mapping->segment, event) || rank <= found_rank ||
		    (rank < 4 && scan_may_know(model, event)))
			continue;
		found = mapping;
		found_rank = rank;
	}
	return found;
}

/* Who dropped a dying address space last may be anybody: its own process has gone before. */
static enum fact_reason reason_of(const struct holder *holder, const struct event *event)
{
	const struct process *process = holder->process;

	if (event->reason != FACT_REASON_UNKNOWN)
		return event->reason;
	if (holder->left)
		return holder->left;
	return process->ended || process->missing ? FACT_REASON_EXIT : FACT_REASON_UNKNOWN;
}

/* Post-mortem, and the line that tells it, where no call does and its beginning was told. */
static void tell_detach(struct model *model, const struct mapping *mapping,
			const struct event *event)
{
	const struct holder *holder = mapping->holder;
	enum fact_reason reason = reason_of(holder, event);
	bool of_holder = event->reason == FACT_REASON_EXIT || event->reason == FACT_REASON_UNKNOWN;
	bool by_holder = holder->process->pid == event->pid;

	if (holder->unnamed)
		return;
	segment_let_go(mapping->segment, event->time, reason,
		       of_holder ? holder->process->pid : event->pid);
	if (reason == FACT_REASON_SHMDT)
		return;
	history_derive(model, mapping->segment,
		       &(struct history_derived){.op = FACT_DETACH,
						 .reason = reason,
						 .time = event->time,
						 .maps = 1,
						 .mapping = mapping,
						 .cause = of_holder && !by_holder ? NULL : event,
						 .process = holder->process});
}

static int apply_detach(struct model *model, const struct event *event)
{
	struct holder *holder = holder_find(model, event->mm);
	struct mapping *mapping = holder ? find_ended(model, holder, event) : NULL;
	struct segment *segment =
		mapping ? mapping->segment : segment_living(model, event->ipcns, event->shmid);

	if (!segment) {
		namespace_let_go(model, event->ipcns);
		return 0;
	}
	struct process *process = process_of_event(model, event);

	if (!process)
		return -ENOMEM;
	if (event->reason == FACT_REASON_SHMDT)
		process->let_go = segment->id;
	if (mapping && segment_moves_mappings(segment, event->time)) {
		struct mapping ended = *mapping;

		ended.start = event->addr;
		ended.length = event->size;
		ended.offset = event->offset;
		mapping_remove(model, mapping, reason_of(holder, event), event->time);
		segment_count(model, segment, -1, event->time);
		tell_detach(model, &ended, event);
		holder_settle(model, holder);
	} else if (!segment->trusted) {
		segment_count(model, segment, -1, event->time);
	}
	segment_used_by(model, segment, process, event->time);
	segment_check_end(model, segment, event);
	return 0;
}

/* ---- the end of a segment ------------------------------------------------------------------ */

/* The life that ended. One that looks found to be over, or a namespace took along, has its record still to
 * come; NULL when nothing was known of any. */
static struct segment *find_destroyed(const struct model *model, const struct event *event)
{
	struct segment *segment = segment_newest(model, event->ipcns, event->shmid);
	struct segment *found = NULL;

	for (; segment; segment = segment->older) {
		if (!segment->gone && segment->first_seen <= event->time)
			return segment;
		if (segment->unrecorded || segment->gone >= event->time)
			found = segment;
	}
	return found;
}

static int apply_destroy(struct model *model, const struct event *event)
{
	struct segment *segment = find_destroyed(model, event);
	int error = 0;

	if (event->shmid < 0)
		return 0; /* could not be read: the table will miss the segment */
	if (!segment && segment_living(model, event->ipcns, event->shmid))
		return 0; /* of one before that a table shows since */
	/* one that was found and removed before its creator was back from the call */
	if (!segment)
		error = segment_new(model, event->ipcns, event->shmid, event->time, &segment);
	if (error)
		return error;
	segment->unrecorded = false;
	if (!segment->gone)
		segment_end(model, segment, event->time, event->reason, event);
	else if (segment->gone_reason == FACT_REASON_UNKNOWN)
		change_tell_end(model, segment, event->reason, event);
	return 0;
}

/* ---- what calls and forks add -------------------------------------------------------------- */

/* The one that this process let go of by a shmdt, which may live in another namespace than the process. */
static struct segment *take_let_go(struct model *model, const struct event *event)
{
	struct process *process = process_get(model, event->pid, event->start_time, event->time);

	if (!process || !process->let_go.generation)
		return NULL;
	const struct segment_id id = process->let_go;
	struct segment *segment = segment_newest(model, id.ipcns, id.shmid);

	process->let_go.generation = 0;
	while (segment && segment->id.generation != id.generation)
		segment = segment->older;
	return segment;
}

static struct segment *find_mapped(const struct model *model, const struct event *event)
{
	const struct holder *holder = holder_find(model, event->mm);
	const uint64_t start = (uint64_t)event->ret;
	const struct mapping *mapping = holder ? holder_seek(holder, NULL, start) : NULL;

	while (mapping && mapping->start == start && mapping->segment->id.shmid != event->shmid)
		mapping = mapping->holder_next;
	return mapping && mapping->start == start ? mapping->segment : NULL;
}

struct segment *attachment_segment(struct model *model, const struct event *event)
{
	struct segment *segment =
		event->op == FACT_SHMDT ? take_let_go(model, event) : find_mapped(model, event);

	if (segment && (event->shmid < 0 || event->shmid == segment->id.shmid))
		return segment;
	return segment_at(model, event->ipcns, event->shmid, event->time);
}

void attachment_tell_inherited(struct model *model, const struct mapping *mapping,
			       const struct event *fork)
{
	struct event cause = *fork;

	cause.ppid = fork->pid;
	cause.pid = cause.tid = fork->child;
	cause.start_time = fork->child_start_time;
	cause.inner_pid = 0;
	history_derive(model, mapping->segment,
		       &(struct history_derived){.op = FACT_ATTACH,
						 .reason = FACT_REASON_FORK,
						 .time = fork->time,
						 .maps = 1,
						 .mapping = mapping,
						 .cause = &cause});
}

int attachment_name(struct model *model, const struct event *event)
{
	struct holder *child = holder_find(model, event->child_mm);
	struct process *process = child ? process_of_child(model, event) : NULL;

	if (!child)
		return 0;
	if (!process)
		return -ENOMEM;
	holder_label(model, child, process);
	for (const struct mapping *mapping = child->unnamed ? child->mappings : NULL; mapping;
	     mapping = mapping->holder_next)
		if (mapping->origin == MAPPING_FORK) {
			mapping->segment->shared = true;
			attachment_tell_inherited(model, mapping, event);
		}
	child->unnamed = false;
	return 0;
}

int attachment_apply(struct model *model, const struct event *event)
{
	switch (event->op) {
	case FACT_ATTACH:
		return apply_attach(model, event);
	case FACT_DETACH:
		return apply_detach(model, event);
	case FACT_DESTROY:
		return apply_destroy(model, event);
	default:
		return 0;
	}
}
