/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/model_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* /proc tells start times to the clock tick; so they are compared. */
#define PROCESS_TICK (10 * CLOCK_MS)
/* The second in which a process acted is taken from a clock that the kernel advances by ticks: it may
 * lag behind the start time of that process. */
#define PROCESS_LAG (20 * CLOCK_MS)

/* 0: it may live */
static uint64_t process_end(const struct process *process)
{
	return process->ended ? process->ended : process->missing;
}

static bool same_start(uint64_t a, uint64_t b)
{
	return a / PROCESS_TICK == b / PROCESS_TICK;
}

uint64_t process_latest_start(const struct model *model, int64_t second)
{
	if (!model->has_wall || second <= 0)
		return 0;
	int64_t end =
		(second + 1) * (int64_t)CLOCK_SECOND + (int64_t)PROCESS_LAG - model->wall_offset;

	return end > 0 ? (uint64_t)end : 0;
}

/* ---- index and lists ----------------------------------------------------------------------- */

static struct process *process_first(const struct model *model, int32_t pid)
{
	struct process *first;

	if (pid <= 0)
		return NULL;
	HASH_FIND(hh, model->processes, &pid, sizeof(pid), first);
	return first;
}

void process_list(struct model *model, struct process *process)
{
	if (process->listed)
		return;
	process->listed = true;
	process->next_listed = model->listed;
	model->listed = process;
}

static void process_want(struct model *model, struct process *process)
{
	process->resolved = false;
	if (process->queued)
		return;
	process->queued = true;
	process->next_wanted = NULL;
	if (model->wanted)
		model->wanted_last->next_wanted = process;
	else
		model->wanted = process;
	model->wanted_last = process;
}

static struct process *process_new(struct model *model, int32_t pid)
{
	struct process *first = process_first(model, pid);
	struct process *process = pool_get(&model->process_pool);

	if (!process)
		return NULL;
	process->pid = pid;
	process->cmdline = process->exe = process->cgroup = "";
	if (first) {
		process->same_pid = first->same_pid;
		first->same_pid = process;
	} else {
		HASH_ADD(hh, model->processes, pid, sizeof(process->pid), process);
		if (!process->hh.tbl) {
			pool_put(&model->process_pool, process);
			return NULL;
		}
	}
	process_list(model, process);
	return process;
}

void process_use(struct model *model, struct process **place, struct process *process)
{
	struct process *before = *place;

	if (process && process->references++ == 0 && !process->resolved)
		process_want(model, process);
	*place = process;
	if (before && --before->references == 0)
		process_list(model, before);
}

static void process_free(struct model *model, struct process *process)
{
	struct process *first = process_first(model, process->pid);

	if (first == process) {
		HASH_DEL(model->processes, process);
	} else {
		while (first->same_pid != process)
			first = first->same_pid;
		first->same_pid = process->same_pid;
	}
	free(process->texts);
	pool_put(&model->process_pool, process);
}

void process_cite(struct model *model, struct process **place, struct process *process)
{
	if (*place)
		(*place)->cited--;
	if (process)
		process->cited++;
	process_use(model, place, process);
}

/* Those that were looked at before `since` */
static void want_heirs_of(struct model *model, struct segment *segment, uint64_t since)
{
	struct process *starter = segment->starter;

	if (starter && process_may_live(starter) && starter->looked < since)
		process_want(model, starter);
	if (segment->group && segment->group->asked < since)
		group_want(model, segment->group);
}

/* Who has the key needs no id. */
void process_want_heirs(struct model *model, uint64_t now)
{
	const bool due = now >= model->heirs_due;

	if (!due && !model->creator_ended)
		return;
	model->creator_ended = false;
	if (due)
		model->heirs_due = now + MODEL_HEIRS_INTERVAL;
	for (struct segment *segment = model->living; segment; segment = segment->next) {
		const struct process *creator = segment->creator;

		if (segment->key == 0 && creator && !process_may_live(creator))
			want_heirs_of(model, segment, due ? now : process_end(creator));
	}
}

void model_recheck_heirs(struct model *model)
{
	model->heirs_due = 0;
}

void process_sweep(struct model *model)
{
	struct process *process = model->listed;

	model->listed = NULL;
	while (process) {
		struct process *next = process->next_listed;
		/* the first of a pid carries the others: it stays until it is alone */
		bool carries = process->same_pid && process == process_first(model, process->pid);

		process->listed = false;
		if (!process->references && !process->ancestor) {
			if (process->queued || carries)
				process_list(model, process);
			else
				process_free(model, process);
		}
		process = next;
	}
}

void process_free_all(struct model *model)
{
	struct process *first, *next_first;

	HASH_ITER (hh, model->processes, first, next_first)
		for (struct process *process = first; process; process = process->same_pid)
			free(process->texts);
}

/* ---- who is who ---------------------------------------------------------------------------- */

/* Whether it can have acted in the second (and a little) that ended at `latest`. */
static bool process_lived(const struct process *process, uint64_t latest)
{
	const uint64_t end = process_end(process);

	return process->start_time <= latest &&
	       (!end || end + CLOCK_SECOND + 2 * PROCESS_LAG >= latest);
}

/* One whose start is not known is the one that started then, if it was there so early. */
static bool process_is(const struct process *process, uint64_t start_time)
{
	if (process->start_time)
		return same_start(process->start_time, start_time);
	return !process->missing && process->latest && start_time <= process->latest;
}

static struct process *process_by_start(struct model *model, int32_t pid, uint64_t start_time)
{
	struct process *first = process_first(model, pid);
	struct process *process = first;

	while (process && !(process->start_time && same_start(process->start_time, start_time)))
		process = process->same_pid;
	for (struct process *met = first; !process && met; met = met->same_pid)
		if (process_is(met, start_time))
			process = met;
	if (!process)
		process = process_new(model, pid);
	if (process && !process->start_time)
		process->start_time = start_time;
	return process;
}

/* Of a pid alone: the youngest known that can have been it, else one whose start is not known. */
static struct process *process_by_latest(struct model *model, int32_t pid, uint64_t latest)
{
	struct process *best = NULL;
	struct process *unknown = NULL;

	for (struct process *process = process_first(model, pid); process;
	     process = process->same_pid) {
		if (process->start_time) {
			if (latest && process_lived(process, latest) &&
			    (!best || best->start_time < process->start_time))
				best = process;
		} else if (!process->latest == !latest &&
			   (!process->missing || process->missing >= latest)) {
			unknown = process;
		}
	}
	if (best)
		return best;
	if (!unknown) {
		unknown = process_new(model, pid);
		if (!unknown)
			return NULL;
		unknown->latest = latest;
	}
	if (unknown->latest > latest)
		unknown->latest = latest;
	return unknown;
}

struct process *process_get(struct model *model, int32_t pid, uint64_t start_time, uint64_t latest)
{
	if (pid <= 0)
		return NULL;
	return start_time ? process_by_start(model, pid, start_time)
			  : process_by_latest(model, pid, latest);
}

struct process *process_find(const struct model *model, int32_t pid, uint64_t start_time)
{
	struct process *process = process_first(model, pid);

	while (process &&
	       !(start_time ? process_is(process, start_time) : process_may_live(process)))
		process = process->same_pid;
	return process;
}

static void process_over(struct model *model, struct process *process)
{
	model->creator_ended = model->creator_ended || process->knows;
	family_end(model, process);
}

/* ---- what events tell ---------------------------------------------------------------------- */

static void process_told(struct process *process, const struct event *event)
{
	process->has_uid = true;
	process->uid = event->uid;
	process->checked = true;
	process->alive = process_may_live(process);
	process->cgroup_id = event->cgroup ? event->cgroup : process->cgroup_id;
}

static void process_seen(struct process *process, const struct event *event)
{
	/* a thread may bear another name than its group: /proc knows better */
	if (!process->resolved || process->comm[0] == '\0')
		snprintf(process->comm, sizeof(process->comm), "%s", event->comm);
	process_told(process, event);
}

struct process *process_of_event(struct model *model, const struct event *event)
{
	struct process *process = process_get(model, event->pid, event->start_time, event->time);

	if (process) {
		process_seen(process, event);
		if (event->inner_pid)
			process->inner_pid = event->inner_pid;
	}
	return process;
}

struct process *process_of_child(struct model *model, const struct event *event)
{
	struct process *process =
		process_get(model, event->child, event->child_start_time, event->time);

	if (process)
		process_seen(process, event);
	return process;
}

void process_exec(struct model *model, const struct event *event)
{
	for (struct process *process = process_first(model, event->pid); process;
	     process = process->same_pid) {
		if (!event->start_time || !process_is(process, event->start_time))
			continue;
		process->resolved = false;
		if (process->references)
			process_want(model, process);
		process_seen(process, event);
	}
}

void process_exit(struct model *model, const struct event *event)
{
	for (struct process *process = process_first(model, event->pid); process;
	     process = process->same_pid) {
		bool same = event->start_time ? process_is(process, event->start_time)
					      : process->start_time <= event->time;

		if (!same || !process_may_live(process))
			continue;
		if (!process->start_time)
			process->start_time = event->start_time;
		/* it goes by the name under which it did what is known of it */
		if (process->comm[0] == '\0')
			process_seen(process, event);
		process_told(process, event);
		process->alive = false;
		process->ended = event->time;
		process->has_status = true;
		process->status = event->status;
		process_over(model, process);
	}
}

/* ---- what /proc tells ---------------------------------------------------------------------- */

const struct process *model_next_wanted(struct model *model)
{
	struct process *process;

	while ((process = model->wanted)) {
		model->wanted = process->next_wanted;
		process->queued = false;
		/* nothing is left in /proc of one that ended, and nobody asks for an unused one */
		if (process->ended)
			process->resolved = true;
		if ((process->references || process->ancestor) && !process->resolved)
			break;
	}
	return process;
}

/* The caller's pointer, if it still is one of ours. */
static struct process *process_own(const struct model *model, const struct process *process)
{
	struct process *own = process_first(model, process->pid);

	while (own && own != process)
		own = own->same_pid;
	return own;
}

static void process_set_gone(struct model *model, struct process *process, uint64_t now)
{
	process->resolved = true;
	process->checked = true;
	process->alive = false;
	if (!process->missing)
		process->missing = now;
	process_over(model, process);
}

/* Uses from before the process now seen had started go to one that is gone. */
static void process_split(struct model *model, struct process *process, uint64_t start_time,
			  uint64_t now)
{
	struct segment *const lists[] = {model->living, model->gone};
	struct process *earlier = process_new(model, process->pid);

	if (earlier) {
		earlier->latest = start_time;
		process_set_gone(model, earlier, now);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (struct segment *segment = lists[i]; segment; segment = segment->next) {
			if (segment->creator == process &&
			    segment_creator_latest(model, segment) < start_time)
				segment_made_by(model, segment, earlier);
			if (segment->last == process &&
			    segment_last_latest(model, segment) < start_time)
				process_use(model, &segment->last, earlier);
			if (segment->starter == process && segment->born < start_time)
				process_cite(model, &segment->starter, earlier);
		}
	}
}

static void process_set_texts(struct process *process, const struct process_facts *facts)
{
	const char *const texts[] = {facts->cmdline, facts->exe, facts->cgroup};
	const char **const places[] = {&process->cmdline, &process->exe, &process->cgroup};
	size_t lengths[3];
	size_t total = 0;
	bool same = true;

	for (size_t i = 0; i < 3; i++) {
		lengths[i] = strlen(texts[i]) + 1;
		total += lengths[i];
		same = same && strcmp(texts[i], *places[i]) == 0;
	}
	char *block = same ? NULL : malloc(total);

	if (!block)
		return;
	free(process->texts);
	process->texts = block;
	for (size_t i = 0; i < 3; i++) {
		*places[i] = memcpy(block, texts[i], lengths[i]);
		block += lengths[i];
	}
}

bool model_process_known(struct model *model, const struct process *process,
			 const struct process_facts *facts, uint64_t now)
{
	struct process *own = process_own(model, process);

	model->revision++;
	if (!own)
		return false;
	own->resolved = true;
	if (!own->start_time) {
		if (!own->latest)
			return false; /* nobody can tell whether it is the same: not even whether it lives */
		if (facts->start_time > own->latest)
			process_split(model, own, facts->start_time, now);
		own->start_time = facts->start_time;
	} else if (!same_start(own->start_time, facts->start_time)) {
		process_set_gone(model, own, now);
		return false;
	}
	own->checked = true;
	own->alive = !own->ended;
	own->missing = 0;
	own->looked = now;
	own->state = facts->state;
	if (facts->has_uid) {
		own->has_uid = true;
		own->uid = facts->uid;
	}
	if (facts->inner_pid)
		own->inner_pid = facts->inner_pid;
	if (facts->comm[0] != '\0')
		snprintf(own->comm, sizeof(own->comm), "%s", facts->comm);
	process_set_texts(own, facts);
	return own->alive && (own->ancestor || own->references > own->cited);
}

void model_process_missing(struct model *model, const struct process *process, uint64_t now)
{
	struct process *own = process_own(model, process);

	model->revision++;
	if (own)
		process_set_gone(model, own, now);
}

void model_recheck_processes(struct model *model)
{
	struct process *first, *next_first;

	HASH_ITER (hh, model->processes, first, next_first)
		for (struct process *process = first; process; process = process->same_pid)
			if ((process->references || process->ancestor) && process_may_live(process))
				process_want(model, process);
}
