/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done to each segment, or refused: as calls tell it, else by what two tables have otherwise. */
#include "model/model_internal.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

/* One of each kind that is a call, done and refused, must have room. */
_Static_assert(MODEL_CHANGES >= 2 * CHANGE_END, "room for each kind and outcome");

/* As the kernel's headers have them (linux/ipc.h, linux/shm.h): the same on every architecture. */
static const struct {
	int32_t cmd;
	enum change_kind kind;
} change_commands[] = {
	{0, CHANGE_REMOVE},
	{1, CHANGE_SET},
	{11, CHANGE_LOCK},
	{12, CHANGE_UNLOCK},
};

/* CHANGE_KINDS: the command changes nothing. */
static enum change_kind change_kind(int32_t cmd)
{
	for (size_t i = 0; i < sizeof(change_commands) / sizeof(change_commands[0]); i++)
		if (change_commands[i].cmd == cmd)
			return change_commands[i].kind;
	return CHANGE_KINDS;
}

static bool is_alike(const struct segment_change *a, const struct segment_change *b)
{
	return a->kind == b->kind && (a->ret < 0) == (b->ret < 0);
}

/* The newest of this kind that was done, or that was refused; NULL: none */
static struct segment_change *find_newest(const struct segment *segment, enum change_kind kind,
					  bool done)
{
	struct segment_change *found = NULL;

	for (struct segment_change *change = segment->changes; change; change = change->next)
		if (change->kind == kind && (change->ret >= 0) == done)
			found = change;
	return found;
}

/* ---- the list ------------------------------------------------------------------------------ */

static void change_free(struct model *model, struct segment_change *change)
{
	process_cite(model, &change->process, NULL);
	pool_put(&model->change_pool, change);
}

static void insert(struct segment *segment, struct segment_change *change)
{
	struct segment_change **place = &segment->changes;

	while (*place && (*place)->time <= change->time)
		place = &(*place)->next;
	change->next = *place;
	*place = change;
}

static bool has_newer(const struct segment_change *change)
{
	const struct segment_change *newer = change->next;

	while (newer && !is_alike(newer, change))
		newer = newer->next;
	return newer;
}

static void make_room(struct model *model, struct segment *segment)
{
	struct segment_change *oldest = segment->changes;

	if (segment->change_count <= MODEL_CHANGES)
		return;
	while (!has_newer(oldest))
		oldest = oldest->next;
	LL_DELETE(segment->changes, oldest);
	change_free(model, oldest);
	segment->change_count--;
	segment->changes_dropped++;
}

static bool rights_same(const struct segment_rights *a, const struct segment_rights *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->mode == b->mode;
}

/* Once it is removed another IPC_RMID changes nothing, whoever does it. */
static bool is_repeat(const struct segment_change *change, const struct segment_change *before)
{
	if (change->kind != before->kind || change->ret != before->ret)
		return false;
	if (change->kind == CHANGE_REMOVE && change->ret >= 0)
		return true;
	return !before->inferred && change->pid == before->pid &&
	       strcmp(change->comm, before->comm) == 0 && change->has_old == before->has_old &&
	       change->has_new == before->has_new && rights_same(&change->old, &before->old) &&
	       rights_same(&change->new, &before->new);
}

static void add(struct model *model, struct segment *segment, const struct segment_change *new,
		struct process *process)
{
	struct segment_change *change = segment->changes;

	while (change && !is_repeat(new, change))
		change = change->next;
	if (change) {
		LL_DELETE(segment->changes, change);
		change->count++;
		if (change->time < new->time)
			change->time = new->time;
		insert(segment, change);
		return;
	}
	change = pool_get(&model->change_pool);
	if (!change) {
		segment->changes_dropped++;
		return;
	}
	*change = *new;
	process_cite(model, &change->process, process);
	insert(segment, change);
	segment->change_count++;
	make_room(model, segment);
}

/* ---- the rights ---------------------------------------------------------------------------- */

static bool rights_of(const struct segment_facts *facts, struct segment_rights *out)
{
	const uint32_t all = FACT_COL_UID | FACT_COL_GID | FACT_COL_MODE;

	*out = (struct segment_rights){facts->uid, facts->gid, facts->mode & CHANGE_PERMISSIONS};
	return (facts->known & all) == all;
}

/* What it had until this call. A row that is newer may have what the call set. */
static bool rights_before(const struct segment *segment, uint64_t time, struct segment_rights *out)
{
	const struct segment_change *set = find_newest(segment, CHANGE_SET, true);

	if (set && (set->time >= segment->facts_time || time < segment->facts_time)) {
		*out = set->new;
		return set->has_new;
	}
	return time >= segment->facts_time && rights_of(&segment->facts, out);
}

/* ---- calls --------------------------------------------------------------------------------- */

static void who(struct segment_change *change, const struct event *event)
{
	change->pid = event->pid;
	change->uid = event->uid;
	snprintf(change->comm, sizeof(change->comm), "%s", event->comm);
}

/* The table was quicker: what it had otherwise was this call. */
static bool adopt(struct model *model, struct segment *segment, const struct segment_change *told,
		  struct process *process)
{
	struct segment_change *change = find_newest(segment, told->kind, true);

	if (told->ret < 0 || !change || !change->inferred || change->time < told->time)
		return false;
	LL_DELETE(segment->changes, change);
	change->inferred = false;
	change->first = change->time = told->time;
	change->pid = told->pid;
	change->uid = told->uid;
	memcpy(change->comm, told->comm, sizeof(change->comm));
	/* it need not have been the last that the table had */
	if (told->has_new) {
		change->seen = rights_same(&change->new, &told->new);
		change->new = told->new;
	}
	process_cite(model, &change->process, process);
	insert(segment, change);
	return true;
}

void change_note(struct model *model, struct segment *segment, const struct event *event)
{
	struct segment_change change = {
		.kind = change_kind(event->cmd),
		.ret = event->ret,
		.first = event->time,
		.time = event->time,
		.count = 1,
	};

	if (change.kind == CHANGE_KINDS)
		return;
	who(&change, event);
	if (change.kind == CHANGE_SET) {
		change.has_old = rights_before(segment, event->time, &change.old);
		change.has_new = event->has_set;
		if (!change.has_old)
			change.old = (struct segment_rights){0};
		if (change.has_new)
			change.new = (struct segment_rights){event->set_uid, event->set_gid,
							     event->set_mode & CHANGE_PERMISSIONS};
	}
	struct process *process = process_of_event(model, event);

	if (!adopt(model, segment, &change, process))
		add(model, segment, &change, process);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void infer(struct model *model, struct segment *segment, struct segment_change change,
		  uint64_t began)
{
	change.first = change.time = began;
	change.count = 1;
	change.inferred = true;
	change.uid = FACT_UID_UNKNOWN;
	add(model, segment, &change, NULL);
}

static void note_rights(struct model *model, struct segment *segment,
			const struct segment_facts *row, uint64_t began)
{
	struct segment_change *set = find_newest(segment, CHANGE_SET, true);
	struct segment_change change = {
		.kind = CHANGE_SET, .has_old = true, .has_new = true, .seen = true};

	if (!rights_of(row, &change.new))
		return;
	if (set && set->time >= segment->facts_time) {
		if (!set->has_new && set->time < began) {
			set->new = change.new;
			set->has_new = set->seen = true;
		}
		return;
	}
	if (segment->facts_time && rights_of(&segment->facts, &change.old) &&
	    !rights_same(&change.old, &change.new))
		infer(model, segment, change, began);
}

void change_note_row(struct model *model, struct segment *segment, const struct segment_facts *row,
		     uint64_t began)
{
	const bool both = segment->facts.known & row->known & FACT_COL_MODE;
	/* what a call told stands in the mode since then */
	const uint32_t flipped = segment->facts.mode ^ row->mode;
	const enum change_kind lock = row->mode & FACT_MODE_LOCKED ? CHANGE_LOCK : CHANGE_UNLOCK;

	note_rights(model, segment, row, began);
	if (!segment->facts_time || !both)
		return;
	if (flipped & FACT_MODE_LOCKED)
		infer(model, segment, (struct segment_change){.kind = lock}, began);
	if (flipped & row->mode & FACT_MODE_DEST)
		infer(model, segment, (struct segment_change){.kind = CHANGE_REMOVE}, began);
}

/* ---- the end ------------------------------------------------------------------------------- */

void change_tell_end(struct model *model, struct segment *segment, enum fact_reason reason,
		     const struct event *cause)
{
	struct segment_change *end = segment->end ? segment->end : pool_get(&model->change_pool);

	segment->gone_reason = reason;
	segment->end = end;
	if (!end)
		return;
	end->kind = CHANGE_END;
	end->reason = reason;
	end->first = end->time = segment->gone;
	end->count = 1;
	end->inferred = !cause;
	end->uid = FACT_UID_UNKNOWN;
	/* a namespace is taken down by a thread of the kernel */
	if (!cause || reason == FACT_REASON_NAMESPACE)
		return;
	who(end, cause);
	process_cite(model, &end->process, process_find(model, cause->pid, cause->start_time));
}

void change_revoke_end(struct model *model, struct segment *segment)
{
	if (segment->end)
		change_free(model, segment->end);
	segment->end = NULL;
}

void change_forget(struct model *model, struct segment *segment)
{
	struct segment_change *change;

	change_revoke_end(model, segment);
	while ((change = segment->changes)) {
		segment->changes = change->next;
		change_free(model, change);
	}
	segment->change_count = 0;
}

/* ---- what is told of it -------------------------------------------------------------------- */

const struct segment_change *model_removal(const struct segment *segment)
{
	const struct segment_change *done = find_newest(segment, CHANGE_REMOVE, true);

	return done ? done : find_newest(segment, CHANGE_REMOVE, false);
}

const struct segment_change *model_event_change(const struct model *model,
						const struct model_event *entry)
{
	const struct segment *segment =
		entry->segment.generation ? model_find(model, &entry->segment) : NULL;
	const struct segment_change *change = segment ? segment->changes : NULL;
	const struct event *event = &entry->event;

	if (event->op != FACT_SHMCTL)
		return NULL;
	while (change && (change->kind != change_kind(event->cmd) || change->pid != event->pid ||
			  (change->time != event->time && change->first != event->time)))
		change = change->next;
	return change;
}
