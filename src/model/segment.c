/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/model_internal.h"

#include <errno.h>
#include <utlist.h>

/* The part of the identity that is known before the life is. */
#define SEGMENT_KEY_LEN offsetof(struct segment_id, generation)

struct segment *segment_newest(const struct model *model, uint32_t ipcns, int32_t shmid)
{
	const struct segment_id id = {.ipcns = ipcns, .shmid = shmid};
	struct segment *segment;

	if (shmid < 0)
		return NULL;
	HASH_FIND(hh, model->index, &id, SEGMENT_KEY_LEN, segment);
	return segment;
}

struct segment *segment_living(const struct model *model, uint32_t ipcns, int32_t shmid)
{
	struct segment *segment = segment_newest(model, ipcns, shmid);

	return segment && !segment->gone ? segment : NULL;
}

/* A life known by a snapshot alone may have begun at any time after the end of the one before. */
static bool segment_began_after(const struct segment *segment, uint64_t time)
{
	if (segment->witnessed)
		return segment->born > time;
	return segment->older && time <= segment->older->gone;
}

struct segment *segment_at(const struct model *model, uint32_t ipcns, int32_t shmid, uint64_t time)
{
	struct segment *segment = segment_newest(model, ipcns, shmid);

	while (segment && segment_began_after(segment, time))
		segment = segment->older;
	return segment;
}

int segment_new(struct model *model, uint32_t ipcns, int32_t shmid, uint64_t time,
		struct segment **out)
{
	struct segment *older = segment_newest(model, ipcns, shmid);
	struct namespace_state *state = namespace_get(model, ipcns);
	struct segment *segment = state ? pool_get(&model->segment_pool) : NULL;

	if (!segment)
		return -ENOMEM;
	segment->id = (struct segment_id){ipcns, shmid, model->generation + 1};
	segment->first_seen = time;
	segment->facts.shmid = shmid;
	segment->facts.known = FACT_COL_SHMID;
	/* what was there before the first scan is distrusted */
	segment->trusted = model_is_told(model, MODEL_MAPPINGS) && !model->distrusted;

	/* Should the new one find no room, the older stays out of the index too: it is over anyway,
	 * and segment_forget() copes. */
	if (older)
		HASH_DEL(model->index, older);
	HASH_ADD(hh, model->index, id, SEGMENT_KEY_LEN, segment);
	if (!segment->hh.tbl) {
		pool_put(&model->segment_pool, segment);
		return -ENOMEM;
	}
	segment->older = older;
	if (older)
		older->newer = segment;
	model->generation++;
	DL_APPEND(model->living, segment);
	model->living_count++;
	state->segments++;
	if (state->seen < time)
		state->seen = time;
	*out = segment;
	return 0;
}

/* ---- the gone ------------------------------------------------------------------------------ */

static void sibling_add(struct segment *segment)
{
	struct process *creator = segment->creator;

	if (!creator)
		return;
	DL_APPEND2(creator->gone, segment, sibling_prev, sibling_next);
	creator->gone_count++;
}

static void sibling_remove(struct segment *segment)
{
	struct process *creator = segment->creator;

	if (!creator)
		return;
	DL_DELETE2(creator->gone, segment, sibling_prev, sibling_next);
	creator->gone_count--;
}

void segment_made_by(struct model *model, struct segment *segment, struct process *process)
{
	if (segment->gone)
		sibling_remove(segment);
	if (segment->creator && segment->creator != process)
		family_disown(model, segment, segment->creator);
	process_use(model, &segment->creator, process);
	family_use(model, segment, process, segment->witnessed ? segment->born : 0);
	if (segment->gone)
		sibling_add(segment);
}

static void segment_forget(struct model *model, struct segment *segment)
{
	struct segment *indexed = segment_newest(model, segment->id.ipcns, segment->id.shmid);

	if (indexed == segment) {
		HASH_DEL(model->index, segment);
		if (segment->older)
			HASH_ADD(hh, model->index, id, SEGMENT_KEY_LEN, segment->older);
	}
	if (segment->newer)
		segment->newer->older = segment->older;
	if (segment->older)
		segment->older->newer = segment->newer;
	segment_made_by(model, segment, NULL);
	process_use(model, &segment->last, NULL);
	process_use(model, &segment->refused_to, NULL);
	change_forget(model, segment);
	nattch_forget(model, segment);
	DL_DELETE(model->gone, segment);
	model->gone_count--;
	pool_put(&model->segment_pool, segment);
}

static bool has_too_many_gone(const struct model *model, const struct process *creator)
{
	size_t most = model->limits.gone_of_creator;

	return creator && most && creator->gone_count > most;
}

void segment_trim(struct model *model)
{
	while (model->gone_count > model->limits.gone_segments)
		segment_forget(model, model->gone);
}

/* Ends may be told late: by time, since the last ones are looked up by it. */
static void gone_add(struct model *model, struct segment *segment)
{
	struct segment *before = model->gone ? model->gone->prev : NULL;

	while (before && before->gone > segment->gone)
		before = before == model->gone ? NULL : before->prev;
	DL_APPEND_ELEM(model->gone, before, segment);
	model->gone_count++;
}

void segment_end(struct model *model, struct segment *segment, uint64_t time,
		 enum fact_reason reason, const struct event *cause)
{
	struct namespace_state *state = namespace_find(model, segment->id.ipcns);

	while (segment->mappings) {
		struct holder *holder = segment->mappings->holder;

		mapping_remove(model, segment->mappings, reason, time);
		holder_settle(model, holder);
	}
	family_forget(model, segment);
	process_cite(model, &segment->starter, NULL);
	group_set(model, &segment->group, 0);
	nattch_note_end(model, segment, time);
	DL_DELETE(model->living, segment);
	model->living_count--;
	if (state)
		state->segments--;
	segment->gone = time ? time : 1; /* 0 means that it exists */
	gone_add(model, segment);
	change_tell_end(model, segment, reason, cause);
	segment->nattch = 0;
	segment->disturbed = segment->doubted = false;
	segment->unrecorded = !cause && model_is_told(model, FACT_EXACT_DESTROY);
	sibling_add(segment);
	if (has_too_many_gone(model, segment->creator))
		segment_forget(model, segment->creator->gone);
	history_derive(model, segment,
		       &(struct history_derived){.op = FACT_DESTROY,
						 .reason = reason,
						 .inferred = !cause,
						 .time = time,
						 .cause = cause});
}

void segment_revive(struct model *model, struct segment *segment)
{
	struct namespace_state *state = namespace_find(model, segment->id.ipcns);

	sibling_remove(segment);
	DL_DELETE(model->gone, segment);
	DL_APPEND(model->living, segment);
	model->gone_count--;
	model->living_count++;
	if (state)
		state->segments++;
	segment->gone = 0;
	segment->gone_reason = FACT_REASON_UNKNOWN;
	change_revoke_end(model, segment);
	segment->trusted = segment->unrecorded = segment->unbroken = false;
}

void segment_check_end(struct model *model, struct segment *segment, const struct event *cause)
{
	/* one that is known by its id alone may have holders that nobody told of */
	bool counted = segment->witnessed || segment->facts_time;

	if (model_is_told(model, FACT_EXACT_DESTROY))
		return;
	if (!segment->gone && counted && (segment->facts.mode & FACT_MODE_DEST) &&
	    segment->nattch == 0 && segment->mapped == 0)
		segment_end(model, segment, cause->time, FACT_REASON_LAST_DETACH, cause);
}

void segment_count(const struct model *model, struct segment *segment, int64_t change,
		   uint64_t time)
{
	uint64_t less = change < 0 ? (uint64_t)-change : 0;

	/* whether the row has the event already, nobody knows; but all that is mapped is known */
	if (segment->trusted && model_is_told(model, MODEL_MAPPINGS))
		segment->nattch = segment->mapped;
	else if (!segment_moves_nattch(segment, time))
		return;
	else if (change > 0)
		segment->nattch += (uint64_t)change;
	else
		segment->nattch -= less < segment->nattch ? less : segment->nattch;
}

void segment_unsettle(struct segment *segment, uint64_t time)
{
	if (segment->touched < time)
		segment->touched = time;
}

void segment_let_go(struct segment *segment, uint64_t time, enum fact_reason reason, int32_t pid)
{
	if (segment->detached > time)
		return;
	segment->detached = time;
	segment->detached_reason = reason;
	segment->detached_pid = pid;
}

void segment_idle_at(struct segment *segment, uint64_t time)
{
	if (segment->has_idle && segment->idle_since > time)
		return;
	segment->has_idle = true;
	segment->idle_since = time;
}

void segment_idle_by_facts(const struct model *model, struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;
	const uint32_t times = FACT_COL_ATIME | FACT_COL_DTIME | FACT_COL_CTIME;

	if (!model->has_wall || (facts->known & times) != times)
		return;
	int64_t second = facts->atime > facts->dtime ? facts->atime : facts->dtime;

	/* ctime moves with IPC_SET: it counts only while it is the creation of an unused one */
	if (second <= 0)
		second = facts->ctime;
	if (second <= 0)
		return;
	/* the start of the second: an event in it is later and stays */
	int64_t wall = second * (int64_t)CLOCK_SECOND - model->wall_offset;
	uint64_t time = wall > 0 ? (uint64_t)wall : 0;

	segment_idle_at(segment, time < segment->facts_time ? time : segment->facts_time);
}

void segment_used_by(struct model *model, struct segment *segment, struct process *process,
		     uint64_t time)
{
	bool newest = time >= segment->facts_time && time >= segment->touched;

	if (process && (newest || !segment->last))
		process_use(model, &segment->last, process);
	segment_unsettle(segment, time);
	segment_idle_at(segment, time);
}

void segment_attached_by(struct model *model, struct segment *segment, struct process *process,
			 uint64_t time)
{
	if (segment->attached < time)
		segment->attached = time;
	/* it was under way when the row was read */
	if (time <= segment->unseen && !family_is_unseen(model, segment))
		segment->unseen = 0;
	family_use(model, segment, process, time);
}

uint64_t segment_creator_latest(const struct model *model, const struct segment *segment)
{
	return segment->facts.known & FACT_COL_CTIME
		       ? process_latest_start(model, segment->facts.ctime)
		       : 0;
}

uint64_t segment_last_latest(const struct model *model, const struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;
	int64_t atime = facts->known & FACT_COL_ATIME ? facts->atime : 0;
	int64_t dtime = facts->known & FACT_COL_DTIME ? facts->dtime : 0;

	return process_latest_start(model, atime > dtime ? atime : dtime);
}
