/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots. Every row is stamped; what has an older stamp afterwards is over, unless an event newer
 * than the snapshot told otherwise.
 */
#include "model/model_internal.h"

#include <errno.h>

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

	segment->facts = *row;
	segment->facts_time = began;
	/* Newer kernels multiply the pages of huge ones twice (shm_add_rss_swap()). */
	if (segment->hugetlb)
		segment->facts.known &= ~(uint32_t)(FACT_COL_RSS | FACT_COL_SWAP);
	if (row->known & FACT_COL_NATTCH)
		segment->nattch = row->nattch;
	reconcile_key(segment);
	segment_idle_by_facts(model, segment);

	/* munmap, mprotect and mremap tell no event, and may cancel out: even where events explain the
	 * change, only a scan can confirm it */
	if (changed) {
		segment->disturbed = true;
		if (!segment->unexplained_since)
			segment->unexplained_since = before_time;
	}
	if (segment->nattch == segment->mapped)
		segment->accepted_drift = 0;

	int error = reconcile_process(model, &segment->creator, creator_known, row->cpid,
				      segment_creator_latest(model, segment));

	if (!error && segment->touched < began)
		error = reconcile_process(model, &segment->last, last_known, row->lpid,
					  segment_last_latest(model, segment));
	return error;
}

/* The segment that the row is about; NULL when events know better by now. */
static int find_row(struct model *model, uint32_t ipcns, const struct segment_facts *row,
		    uint64_t began, bool first, struct segment **out)
{
	struct segment *segment = segment_newest(model, ipcns, row->shmid);

	*out = NULL;
	if (segment && !segment->gone && is_other_creation(segment, row)) {
		if (segment->first_seen >= began)
			return 0;
		segment_end(model, segment, began, FACT_REASON_UNKNOWN, NULL);
	} else if (segment && !segment->gone) {
		*out = segment;
		return 0;
	} else if (segment && segment->gone >= began) {
		return 0;
	} else if (segment && is_alive_after_all(segment, row)) {
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
		if (segment->id.ipcns == ipcns && segment->snapshot != stamp && !newer)
			segment_end(model, segment, began,
				    last_detach ? FACT_REASON_LAST_DETACH : FACT_REASON_UNKNOWN,
				    NULL);
	}
}

int model_reconcile_segments(struct model *model, uint32_t ipcns, const struct segment_facts *rows,
			     size_t count, size_t unreadable, uint64_t began)
{
	struct namespace_state *state = namespace_get(model, ipcns);
	uint64_t stamp = ++model->stamp;
	size_t seen = 0;

	if (!state)
		return -ENOMEM;
	bool first = state->read == 0;

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
	segment_trim(model, 0);
	return 0;
}

/* ---- the list of mappings ------------------------------------------------------------------ */

/* Keeps what it knows of a mapping that is still there; gives it the extents of today. */
static int reconcile_mapping(struct model *model, struct segment *segment, struct holder *holder,
			     const struct attachment *row, uint64_t stamp, uint64_t began,
			     struct mapping **cursor)
{
	struct mapping *from = *cursor && (*cursor)->start <= row->start ? *cursor : NULL;
	struct mapping *mapping = holder_seek(holder, from, row->start);
	const struct mapping new = {
		.segment = segment,
		.holder = holder,
		.start = row->start,
		.length = row->length,
		.offset = row->offset,
		.flags = row->flags,
		.origin = MAPPING_SCAN,
		.since = began,
	};
	int error = 0;

	if (mapping && mapping->start == row->start && mapping->segment != segment) {
		mapping->segment->touched = began;
		mapping_remove(model, mapping);
		mapping = NULL;
	}
	if (!mapping || mapping->start != row->start) {
		segment->touched = began > segment->touched ? began : segment->touched;
		error = mapping_add(model, &new, &mapping);
		if (error)
			return error;
	}
	mapping->length = row->length;
	mapping->offset = row->offset;
	mapping->flags = row->flags;
	mapping->scan = stamp;
	*cursor = mapping;
	return 0;
}

static int reconcile_attachment(struct model *model, const struct attachment *row, uint64_t stamp,
				uint64_t began, struct holder **holder, struct mapping **cursor)
{
	struct segment *segment = segment_living(model, row->ipcns, row->shmid);

	if (!segment || row->mm == 0)
		return 0;
	if (row->flags & ATTACHMENT_HUGETLB)
		segment->hugetlb = true;
	if (!*holder || (*holder)->mm != row->mm) {
		struct process *process = process_get(model, row->pid, row->start_time, began);
		int error = holder_get(model, row->mm, process, holder);

		if (error)
			return error;
		process_use(model, &(*holder)->process, process);
		*cursor = NULL;
	}
	return reconcile_mapping(model, segment, *holder, row, stamp, began, cursor);
}

static bool is_unseen(const struct mapping *mapping, uint64_t stamp, uint64_t began)
{
	return mapping->scan != stamp && mapping->since < began;
}

/* Removes what the scan did not see, and tells of each segment that the holder let go of. */
static void reconcile_holder(struct model *model, struct holder *holder, uint64_t stamp,
			     uint64_t began)
{
	struct mapping *next;

	for (struct mapping *mapping = holder->mappings; mapping; mapping = mapping->holder_next) {
		if (is_unseen(mapping, stamp, began))
			mapping->segment->leaving++;
		else
			mapping->segment->staying++;
	}
	for (struct mapping *mapping = holder->mappings; mapping; mapping = next) {
		struct segment *segment = mapping->segment;
		size_t leaving = segment->leaving;
		size_t staying = segment->staying;

		/* counts are taken at the first mapping of each segment */
		next = mapping->holder_next;
		segment->leaving = segment->staying = 0;
		if (is_unseen(mapping, stamp, began)) {
			segment->touched = began > segment->touched ? began : segment->touched;
			mapping_remove(model, mapping);
		}
		if (leaving && !staying)
			history_derive(model, segment,
				       &(struct history_derived){.op = FACT_DETACH,
								 .time = began,
								 .maps = leaving,
								 .process = holder->process});
	}
	holder_settle(model, holder);
}

/* A scan is the truth about mappings: what still does not add up, it cannot mend. */
static void confirm(struct segment *segment, uint64_t began)
{
	segment->accepted_drift = segment->facts_time > segment->touched
					  ? (int64_t)(segment->nattch - segment->mapped)
					  : 0;
	segment->confirmed = began;
	segment->trusted = true;
	segment->disturbed = false;
	segment->unexplained_since = 0;
}

int model_reconcile_attachments(struct model *model, const struct attachment *rows, size_t count,
				uint64_t began)
{
	struct mapping *cursor = NULL;
	struct holder *holder = NULL;
	struct holder *next;
	uint64_t stamp = ++model->stamp;

	for (size_t i = 0; i < count; i++) {
		int error = reconcile_attachment(model, &rows[i], stamp, began, &holder, &cursor);

		if (error)
			return error;
	}
	HASH_ITER (hh, model->holders, holder, next)
		reconcile_holder(model, holder, stamp, began);
	for (struct segment *segment = model->living; segment; segment = segment->next)
		confirm(segment, began);
	model->distrusted = false;
	segment_trim(model, 0);
	return 0;
}
