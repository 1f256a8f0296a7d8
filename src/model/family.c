/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who knows a segment: those that made or attached it, and what they forked since.
 *
 * Each segment names a few of the former, and those that know any are the ancestors of what they forked. A fork
 * of one that knows nothing itself counts as its ancestor's. So all that is asked of a dead one is its last fork:
 * whoever stands in its list lives, or has descendants of its own. One that knows nothing any more hands its
 * descendants on to its ancestor, as forked when it was: for that one it comes to the same.
 */
#include "model/model_internal.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

/* ---- ancestors and descendants ------------------------------------------------------------- */

static void family_link(struct process *ancestor, struct process *process, uint64_t forked)
{
	struct process *earlier = ancestor->descendants;

	while (earlier && earlier->forked > forked)
		earlier = earlier->descendant_next;
	process->ancestor = ancestor;
	process->forked = forked;
	DL_PREPEND_ELEM2(ancestor->descendants, earlier, process, descendant_prev, descendant_next);
}

static void family_unlink(struct model *model, struct process *process)
{
	DL_DELETE2(process->ancestor->descendants, process, descendant_prev, descendant_next);
	process->ancestor = NULL;
	process_list(model, process);
}

static void hand_on(struct model *model, struct process *process)
{
	struct process *ancestor = process->ancestor;
	struct process *descendant;

	while ((descendant = process->descendants)) {
		family_unlink(model, descendant);
		if (!ancestor)
			continue;
		descendant->ancestor = ancestor;
		descendant->forked = process->forked;
		DL_PREPEND_ELEM2(ancestor->descendants, process, descendant, descendant_prev,
				 descendant_next);
	}
}

/* It ended, or knows one segment less. */
static void family_settle(struct model *model, struct process *process)
{
	if (!process->knows)
		hand_on(model, process);
	while (process->ancestor && !process->descendants && !process_may_live(process)) {
		struct process *ancestor = process->ancestor;

		family_unlink(model, process);
		process = ancestor;
	}
}

void family_end(struct model *model, struct process *process)
{
	family_settle(model, process);
}

int family_fork(struct model *model, const struct event *event)
{
	struct process *parent = process_find(model, event->pid, event->start_time);
	struct process *ancestor = !parent || parent->knows ? parent : parent->ancestor;

	if (!ancestor)
		return 0;
	struct process *child = process_of_child(model, event);

	if (!child) {
		family_distrust(model);
		return -ENOMEM;
	}
	/* One that has descendants was not made just now. */
	if (!child->ancestor && !child->descendants && child != parent && process_may_live(child))
		family_link(ancestor, child, ancestor == parent ? event->time : parent->forked);
	return 0;
}

/* Somebody who lives and comes from this process by forks since then, or is it. */
static const struct process *family_living(const struct process *process, uint64_t since)
{
	const bool since_then = process->descendants && process->descendants->forked >= since;

	while (!process_may_live(process)) {
		if (!since_then)
			return NULL;
		process = process->descendants;
	}
	return process;
}

/* ---- users of a segment -------------------------------------------------------------------- */

static void user_release(struct model *model, struct segment_user *user)
{
	struct process *process = user->process;

	if (!process)
		return;
	process->knows--;
	family_settle(model, process);
	process_use(model, &user->process, NULL);
}

static const struct segment_user *user_find(const struct segment *segment,
					    const struct process *process)
{
	for (size_t i = 0; i < MODEL_USERS; i++)
		if (segment->users[i].process == process)
			return &segment->users[i];
	return NULL;
}

bool family_includes(const struct segment *segment, const struct process *process)
{
	const struct segment_user *user = user_find(segment, process);

	for (; !user && process->ancestor; process = process->ancestor) {
		user = user_find(segment, process->ancestor);
		if (user && user->since > process->forked)
			user = NULL;
	}
	return user;
}

/* One that is free, or whose process and family are gone; NULL: all live. */
static struct segment_user *user_spare(struct segment *segment)
{
	for (size_t i = 0; i < MODEL_USERS; i++) {
		struct segment_user *user = &segment->users[i];

		if (!user->process || !family_living(user->process, user->since))
			return user;
	}
	return NULL;
}

void family_use(struct model *model, struct segment *segment, struct process *process,
		uint64_t since)
{
	if (!process || segment->gone)
		return;
	segment->shared = segment->shared || (segment->creator && process != segment->creator);
	if (family_includes(segment, process) || !family_living(process, since))
		return;
	struct segment_user *user = user_spare(segment);

	if (!user) {
		segment->crowded = true;
		return;
	}
	user_release(model, user);
	process_use(model, &user->process, process);
	user->since = since;
	process->knows++;
}

void family_disown(struct model *model, struct segment *segment, const struct process *process)
{
	for (size_t i = 0; i < MODEL_USERS; i++)
		if (segment->users[i].process == process)
			user_release(model, &segment->users[i]);
}

void family_forget(struct model *model, struct segment *segment)
{
	for (size_t i = 0; i < MODEL_USERS; i++)
		user_release(model, &segment->users[i]);
}

void family_distrust(struct model *model)
{
	for (struct segment *segment = model->living; segment; segment = segment->next)
		segment->unbroken = false;
}

/* ---- what is told of it -------------------------------------------------------------------- */

const struct process *model_living_user(const struct segment *segment, const struct process **user)
{
	for (size_t i = 0; i < MODEL_USERS; i++) {
		const struct segment_user *at = &segment->users[i];
		const struct process *living =
			at->process ? family_living(at->process, at->since) : NULL;

		if (!living)
			continue;
		if (user)
			*user = at->process;
		return living;
	}
	return NULL;
}

/* The table tells whole seconds. */
bool family_is_unseen(const struct model *model, const struct segment *segment)
{
	const int64_t told =
		segment->attached ? (int64_t)segment->attached + model->wall_offset : 0;

	return model->has_wall && (segment->facts.known & FACT_COL_ATIME) &&
	       segment->facts.atime > told / (int64_t)CLOCK_SECOND;
}

/* Calls that nobody follows leave their time in the table. The next one hides it: so it is kept, unless it was told
 * by an event that was still under way. */
void family_doubt(const struct model *model, struct segment *segment, uint64_t began)
{
	if (!segment->unseen && family_is_unseen(model, segment))
		segment->unseen = began + DRIFT_REST;
}

bool model_knows_users(const struct model *model, const struct segment *segment)
{
	return segment->witnessed && segment->unbroken && !segment->crowded &&
	       strcmp(model->status.life, "none") != 0 && !segment->unseen &&
	       !family_is_unseen(model, segment);
}
