/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots. Every row is stamped; what has an older stamp afterwards is over, unless an event newer
 * than the snapshot told otherwise.
 */
#include "model/model_internal.h"

#include <errno.h>
#include <stdio.h>

/* ---- the table of segments ----------------------------------------------------------------- */

static bool differ(bool known, uint64_t a, uint64_t b)
{
	return known && a != b;
}

/* Whether the row tells of another creation under the same id. Owners and times of a segment that no
 * snapshot had yet are unknown or an event's, which does not tell the effective ids. */
static bool is_other_creation(const struct segment *segment, const struct segment_facts *row)
{
	const struct segment_facts *facts = &segment->facts;
	uint32_t both = facts->known & row->known;
	bool pids = (both & FACT_COL_CPID) && facts->cpid && row->cpid;
	bool keys = segment->has_key && (row->known & FACT_COL_KEY) && row->key;

	if (pids && facts->cpid != row->cpid)
		return true;
	if (differ(both & FACT_COL_SIZE, facts->size, row->size))
		return true;
	if (keys && segment->key != row->key)
		return true;
	if (!segment->facts_time)
		return false;
	return differ(both & FACT_COL_CUID, facts->cuid, row->cuid) ||
	       differ(both & FACT_COL_CGID, facts->cgid, row->cgid) ||
	       ((both & FACT_COL_CTIME) && row->ctime < facts->ctime);
}

/* Events may end a removed segment too early: one that exits may still have its mappings. */
static bool is_alive_after_all(const struct segment *gone, const struct segment_facts *row)
{
	uint32_t both = gone->facts.known & row->known;

	return (row->known & FACT_COL_MODE) && (row->mode & FACT_MODE_DEST) &&
	       (both & FACT_COL_CPID) && (both & FACT_COL_SIZE) &&
	       !differ(both & FACT_COL_CTIME, (uint64_t)gone->facts.ctime, (uint64_t)row->ctime) &&
	       !is_other_creation(gone, row);
}

static void reconcile_key(struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;

	if (!(facts->known & FACT_COL_KEY))
		return;
	/* removal makes it 0; else a 0 is IPC_PRIVATE */
	if (facts->key || ((facts->known & FACT_COL_MODE) && !(facts->mode & FACT_MODE_DEST))) {
		segment->key = facts->key;
		segment->has_key = true;
	}
}

/* 0 or -ENOMEM; a process that is there already by that pid stays: an event knew it better. */
static int reconcile_process(struct model *model, struct process **place, bool known, int32_t pid,
			     uint64_t latest)
{
	if (!known || pid == 0 || (*place && (*place)->pid == pid))
		return 0;
	struct process *process = process_get(model, pid, 0, latest);

	if (!process)
		return -ENOMEM;
	process_use(model, place, process);
	return 0;
}

static bool row_changed(const struct segment_facts *before, const struct segment_facts *row)
{
	uint32_t both = before->known & row->known;

	return differ(both & FACT_COL_NATTCH, before->nattch, row->nattch) ||
	       differ(both & FACT_COL_ATIME, (uint64_t)before->atime, (uint64_t)row->atime) ||
	       differ(both & FACT_COL_DTIME, (uint64_t)before->dtime, (uint64_t)row->dtime) ||
	       ((both & FACT_COL_LPID) && before->lpid != row->lpid);
}

static int reconcile_row(struct model *model, struct segment *segment,
			 const struct segment_facts *row, uint64_t began)
{
	uint64_t before_time = segment->facts_time;
	bool changed = before_time ? row_changed(&segment->facts, row) : row->nattch > 0;
	bool creator_known = row->known & FACT_COL_CPID;
	bool last_known = row->known & FACT_COL_LPID;
	bool told = model_is_told(model, MODEL_MAPPINGS);

	change_note_row(model, segment, row, began);
	segment->before_time = segment->facts.known & FACT_COL_NATTCH ? before_time : 0;
	segment->before_nattch = segment->facts.nattch;
	segment->facts = *row;
	segment->facts_time = began;
	segment->missed = 0;
	/* Newer kernels multiply the pages of huge ones twice (shm_add_rss_swap()). */
	if (segment->hugetlb)
		segment->facts.known &= ~(uint32_t)(FACT_COL_RSS | FACT_COL_SWAP);
	if (row->known & FACT_COL_NATTCH)
		segment->nattch = row->nattch;
	drift_doubt(segment, began);
	family_doubt(model, segment, began);
	/* what was told since a little before the reading may be in the row or not */
	if (told && segment->trusted && segment->touched + DRIFT_REST >= began)
		segment->nattch = segment->mapped;
	reconcile_key(segment);
	segment_idle_by_facts(model, segment);

	/* Where munmap, mprotect and mremap tell no event they may cancel out: even if events explain the
	 * change, only a scan can confirm it. Else the count tells when something is wrong. */
	if (changed && !told) {
		segment->disturbed = true;
		if (!segment->unexplained_since)
			segment->unexplained_since = before_time;
	}
	if (segment->nattch == segment->mapped)
		segment->accepted_drift = 0;

	const struct process *creator = segment->creator;
	int error = reconcile_process(model, &segment->creator, creator_known, row->cpid,
				      segment_creator_latest(model, segment));

	if (segment->creator != creator)
		family_use(model, segment, segment->creator, 0);
	if (!error && segment->touched < began)
		error = reconcile_process(model, &segment->last, last_known, row->lpid,
					  segment_last_latest(model, segment));
	return error;
}

/* The snapshot has it no more; but a record will tell who ended it and why, once it is drained. */
static bool end_is_awaited(const struct model *model, struct segment *segment)
{
	if (!segment->missed)
		segment->missed = model->stamp;
	return segment->missed == model->stamp && model_is_told(model, FACT_EXACT_DESTROY) &&
	       !model->distrusted;
}

/* The segment that the row is about; NULL when events know better by now, or will. */
static int find_row(struct model *model, uint32_t ipcns, const struct segment_facts *row,
		    uint64_t began, bool first, struct segment **out)
{
	struct segment *segment = segment_newest(model, ipcns, row->shmid);

	*out = NULL;
	if (segment && !segment->gone && is_other_creation(segment, row)) {
		if (segment->first_seen >= began || end_is_awaited(model, segment))
			return 0;
		segment_end(model, segment, began, FACT_REASON_UNKNOWN, NULL);
	} else if (segment && !segment->gone) {
		*out = segment;
		return 0;
	} else if (segment && segment->gone >= began) {
		return 0;
	} else if (segment && !model_is_told(model, FACT_EXACT_DESTROY) &&
		   is_alive_after_all(segment, row)) {
		segment_revive(model, segment);
		*out = segment;
		return 0;
	}
	int error = segment_new(model, ipcns, row->shmid, began, out);

	if (!error && !first)
		(*out)->born = began;
	return error;
}

static void end_missing(struct model *model, uint32_t ipcns, uint64_t stamp, uint64_t began)
{
	struct segment *next;

	for (struct segment *segment = model->living; segment; segment = next) {
		bool newer = segment->first_seen >= began || segment->touched >= began;
		/* nothing else ends a removed one */
		bool last_detach = (segment->facts.mode & FACT_MODE_DEST) && segment->detached &&
				   segment->mapped == 0;

		next = segment->next;
		if (segment->id.ipcns == ipcns && segment->snapshot != stamp && !newer &&
		    !end_is_awaited(model, segment))
			segment_end(model, segment, began,
				    last_detach ? FACT_REASON_LAST_DETACH : FACT_REASON_UNKNOWN,
				    NULL);
	}
}

/* Where no event tells who made it the row does, as far as it goes. */
static void tell_creation(struct model *model, struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;
	const struct process *creator = segment->creator;
	struct event event = {
		.op = FACT_CREATE,
		.inferred = true,
		.time = segment->born,
		.ipcns = segment->id.ipcns,
		.shmid = segment->id.shmid,
		.key = segment->key,
		.size = facts->size,
		.pid = facts->cpid,
		.uid = facts->known & FACT_COL_CUID ? facts->cuid : FACT_UID_UNKNOWN,
		.gid = facts->cgid,
	};

	if (creator) {
		event.start_time = creator->start_time;
		snprintf(event.comm, sizeof(event.comm), "%s", creator->comm);
	}
	history_add(model, &event, segment);
}

int model_reconcile_segments(struct model *model, uint32_t ipcns, const struct segment_facts *rows,
			     size_t count, size_t unreadable, uint64_t began)
{
	struct namespace_state *state = namespace_get(model, ipcns);
	uint64_t stamp = ++model->stamp;
	size_t seen = 0;

	model->revision++;
	if (!state)
		return -ENOMEM;
	bool first = state->read == 0;

	if (model->scan_over == UINT64_MAX)
		model->scan_over = began;
	for (size_t i = 0; i < count; i++) {
		struct segment *segment;
		int error = find_row(model, ipcns, &rows[i], began, first, &segment);

		if (!error && segment)
			error = reconcile_row(model, segment, &rows[i], began);
		if (error)
			return error;
		if (!segment)
			continue;
		seen += segment->snapshot != stamp;
		if (model->infers && segment->snapshot == 0 && !first)
			tell_creation(model, segment);
		segment->snapshot = stamp;
	}
	if (seen < state->segments && unreadable == 0)
		end_missing(model, ipcns, stamp, began);
	state->readable = true;
	state->error = 0;
	state->unreadable_rows = unreadable;
	state->read = began;
	if (state->seen < began)
		state->seen = began;
	segment_trim(model);
	return 0;
}

/* ---- the list of mappings ------------------------------------------------------------------ */

/* One scan, while it is taken in */
struct scan {
	struct model *model;
	uint64_t stamp;
	uint64_t began;
	bool infers;            /* what it finds anew was attached since the scan before */
	struct holder *holder;  /* of the row before */
	struct mapping *cursor; /* the mapping of that row */
};

static bool is_new(const struct scan *scan, const struct mapping *mapping)
{
	return mapping->scan == scan->stamp && mapping->origin == MAPPING_SCAN &&
	       mapping->since == scan->began;
}

/* An address space that no process has is not to be seen: one of a child that is still being made, or one
 * that its process has left and somebody holds on to. Only the kernel's count tells of it. */
static bool is_out_of_sight(const struct scan *scan, const struct mapping *mapping)
{
	const struct holder *holder = mapping->holder;
	bool unborn = holder->unnamed && scan->began - mapping->since < CLOCK_SECOND;

	return holder->scan != scan->stamp &&
	       (unborn || (holder->left && !mapping->segment->surplus));
}

static bool is_unseen(const struct scan *scan, const struct mapping *mapping)
{
	return mapping->scan != scan->stamp && mapping->since < scan->began &&
	       !mapping->segment->by_records && !is_out_of_sight(scan, mapping);
}

/* Keeps what it knows of a mapping that is still there; gives it the extents of today. */
static int reconcile_mapping(struct scan *scan, struct segment *segment,
			     const struct attachment *row)
{
	struct mapping *from =
		scan->cursor && scan->cursor->start <= row->start ? scan->cursor : NULL;
	struct mapping *mapping = holder_mapping(scan->holder, from, row->start, segment);
	const struct mapping new = {
		.segment = segment,
		.holder = scan->holder,
		.start = row->start,
		.length = row->length,
		.offset = row->offset,
		.flags = row->flags,
		.origin = MAPPING_SCAN,
		.since = scan->began,
	};
	int error = 0;

	if (!mapping && segment->by_records)
		return 0;
	if (!mapping) {
		segment_unsettle(segment, scan->began);
		error = mapping_add(scan->model, &new, &mapping);
		if (error)
			return error;
		family_use(scan->model, segment, scan->holder->process, scan->began);
	}
	mapping->length = row->length;
	mapping->offset = row->offset;
	mapping->flags = row->flags;
	mapping->scan = scan->stamp;
	scan->cursor = mapping;
	return 0;
}

/* Finds the holder and names it; one that records have not told of is made only where they are not
 * believed. */
static int find_holder(struct scan *scan, const struct segment *segment,
		       const struct attachment *row)
{
	struct model *model = scan->model;
	struct holder *known = holder_find(model, row->mm);

	scan->cursor = NULL;
	scan->holder = NULL;
	if (!known && segment->by_records)
		return 0;
	struct process *process = process_get(model, row->pid, row->start_time, scan->began);
	int error = holder_get(model, row->mm, process, &scan->holder);

	if (error)
		return error;
	scan->holder->scan = scan->stamp;
	/* what was to name it may be lost */
	if (model->distrusted)
		scan->holder->unnamed = false;
	/* Of several that share it one may be seen there for the last time. Where it is told who leaves, the
	 * label that has not left is as good. */
	if (process != scan->holder->process &&
	    (model->distrusted || !model_is_told(model, FACT_EXACT_DETACH)))
		holder_label(model, scan->holder, process);
	if (process == scan->holder->process && process->ended &&
	    model_is_told(model, FACT_EXACT_DETACH))
		holder_left(model, scan->holder, FACT_REASON_EXIT);
	return 0;
}

static int reconcile_attachment(struct scan *scan, const struct attachment *row)
{
	struct segment *segment = segment_living(scan->model, row->ipcns, row->shmid);

	if (!segment && row->ipcns)
		namespace_attached(scan->model, row->ipcns, scan->began);
	if (!segment || row->mm == 0)
		return 0;
	if (row->flags & ATTACHMENT_HUGETLB)
		segment->hugetlb = true;
	if (!scan->holder || scan->holder->mm != row->mm) {
		int error = find_holder(scan, segment, row);

		if (error || !scan->holder)
			return error;
	}
	return reconcile_mapping(scan, segment, row);
}

/* A holder has more mappings of the segment than before, or fewer. `mapping` is one of those. */
static void tell_change(struct scan *scan, const struct mapping *mapping)
{
	struct segment *segment = mapping->segment;
	const size_t coming = segment->coming;
	const size_t leaving = segment->leaving;
	/* what it was mapped by before it was known, nobody knows */
	bool attached = coming > leaving && scan->infers && (segment->confirmed || segment->born);

	segment->coming = segment->leaving = 0;
	if (!attached && leaving <= coming)
		return;
	history_derive(scan->model, segment,
		       &(struct history_derived){
			       .op = attached ? FACT_ATTACH : FACT_DETACH,
			       .inferred = true,
			       .time = scan->began,
			       .maps = attached ? coming - leaving : leaving - coming,
			       .mapping = coming + leaving == 1 ? mapping : NULL,
			       .process = mapping->holder->process,
		       });
}

/* Removes what the scan did not see, and tells of each segment that the holder has more of, or less. */
static void reconcile_holder(struct scan *scan, struct holder *holder)
{
	struct mapping *next;

	for (struct mapping *mapping = holder->mappings; mapping; mapping = mapping->holder_next) {
		mapping->segment->leaving += is_unseen(scan, mapping);
		mapping->segment->coming += is_new(scan, mapping);
	}
	for (struct mapping *mapping = holder->mappings; mapping; mapping = next) {
		bool unseen = is_unseen(scan, mapping);

		/* of each segment the first one that comes or goes tells of all */
		next = mapping->holder_next;
		if (unseen || is_new(scan, mapping))
			tell_change(scan, mapping);
		if (unseen) {
			segment_unsettle(mapping->segment, scan->began);
			mapping_remove(scan->model, mapping, FACT_REASON_UNKNOWN, scan->began);
		}
	}
	if (holder->scan != scan->stamp)
		holder_accept(scan->model, holder);
	holder_settle(scan->model, holder);
}

/* A scan is the truth about mappings: what still does not add up, it cannot mend. */
static void confirm(struct segment *segment, uint64_t began)
{
	segment->disturbed = segment->doubted = false;
	segment->unexplained_since = 0;
	if (segment->by_records)
		return;
	segment->agreed = began;
	segment->confirmed = began;
	segment->trusted = true;
	segment->accepted_drift = model_drift(segment);
}

/* What the scan is to decide for this segment. After a loss the last row is as good a witness as there is. */
static void prepare(const struct model *model, struct segment *segment)
{
	int64_t drift = segment->trusted ? model_drift(segment)
					 : (int64_t)(segment->nattch - segment->mapped);

	segment->surplus = drift < 0;
	segment->by_records =
		segment->trusted && drift == 0 && model_is_told(model, MODEL_MAPPINGS);
}

int model_reconcile_attachments(struct model *model, const struct attachment *rows, size_t count,
				uint64_t began)
{
	struct scan scan = {
		.model = model,
		.stamp = ++model->stamp,
		.began = began,
		.infers = model->infers && model->scans > 0,
	};
	struct holder *holder, *next;

	model->revision++;
	model->scan_stamp = scan.stamp;
	model->scan_over = UINT64_MAX;
	namespace_scan(model);
	for (struct segment *segment = model->living; segment; segment = segment->next)
		prepare(model, segment);
	for (size_t i = 0; i < count; i++) {
		int error = reconcile_attachment(&scan, &rows[i]);

		if (error)
			return error;
	}
	HASH_ITER (hh, model->holders, holder, next)
		reconcile_holder(&scan, holder);
	for (struct segment *segment = model->living; segment; segment = segment->next)
		confirm(segment, began);
	model->scans++;
	model->distrusted = false;
	segment_trim(model);
	return 0;
}
