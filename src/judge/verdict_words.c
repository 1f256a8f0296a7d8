/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evidence for a verdict: each reason can be checked by who reads it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/units.h"
#include "judge/verdict_parts.h"

enum { WORDS_NAME_LEN = FACT_COMM_LEN + 16 };

__attribute__((format(printf, 2, 3))) static void because(struct verdict *out, const char *format,
							  ...)
{
	va_list args;

	if (out->count == VERDICT_REASONS)
		return;
	va_start(args, format);
	vsnprintf(out->because[out->count++], VERDICT_REASON_LEN, format, args);
	va_end(args);
}

/* "9912 php-fpm" */
static const char *name_of(const struct process *process, char out[static WORDS_NAME_LEN])
{
	snprintf(out, WORDS_NAME_LEN, "%" PRId32 "%s%s", process->pid, process->comm[0] ? " " : "",
		 process->comm);
	return out;
}

static const char *age_of(const struct verdict_look *look, uint64_t time,
			  char out[static UNITS_LEN])
{
	const uint64_t now = look->context->now;

	return units_age(out, now > time ? (now - time) / CLOCK_SECOND : 0);
}

/* ---- who ----------------------------------------------------------------------------------- */

static void tell_end(struct verdict *out, const char *role, const struct process *process,
		     const char *age)
{
	char name[WORDS_NAME_LEN];

	name_of(process, name);
	if (process->has_status && WIFSIGNALED(process->status))
		because(out, "%s %s was killed by signal %d %s ago", role, name,
			WTERMSIG(process->status), age);
	else if (process->has_status && WEXITSTATUS(process->status))
		because(out, "%s %s exited with status %d %s ago", role, name,
			WEXITSTATUS(process->status), age);
	else
		because(out, "%s %s exited %s ago", role, name, age);
}

static void tell_fate(const struct verdict_look *look, struct verdict *out, const char *role,
		      const struct process *process)
{
	char name[WORDS_NAME_LEN], age[UNITS_LEN];

	if (process->ended)
		tell_end(out, role, process, age_of(look, process->ended, age));
	else
		because(out, "%s %s %s", role, name_of(process, name),
			verdict_is_gone(process) ? "is gone"
			: process->checked       ? "lives"
						 : "may live");
}

static void tell_creator(const struct verdict_look *look, struct verdict *out)
{
	if (look->segment->creator)
		tell_fate(look, out, "creator", look->segment->creator);
	else
		because(out, "its creator is not known");
}

/* By its key it may have been looked up only. */
static const char *used(const struct segment *segment)
{
	return segment->key ? "used" : "attached";
}

/* Somebody else than the creator who knows it and lives */
static void tell_living(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	char living[WORDS_NAME_LEN], user[WORDS_NAME_LEN];

	if (look->living && look->living != look->user)
		because(out, "%s, which comes from %s by fork, %s", name_of(look->living, living),
			name_of(look->user, user), look->living->checked ? "lives" : "may live");
	else if (look->living && look->living != segment->creator)
		because(out, "%s, which %s it, %s", name_of(look->living, living), used(segment),
			look->living->checked ? "lives" : "may live");
	else if (!look->living && segment->last && segment->last != segment->creator)
		tell_fate(look, out, "last user", segment->last);
}

static void tell_starter(const struct verdict_look *look, struct verdict *out)
{
	const struct process *starter = look->segment->starter;
	char name[WORDS_NAME_LEN];

	if (starter)
		because(out,
			"its id may have been handed on: nobody attached it, and %s that started "
			"its "
			"creator %s",
			name_of(starter, name), starter->checked ? "lives" : "may live");
	else
		because(out,
			"its id may have been handed on: nobody attached it, and who started its "
			"creator is not known");
}

static void tell_group(const struct verdict_look *look, struct verdict *out)
{
	const struct process_group *group = look->segment->group;

	if (!group)
		because(out,
			"its id may have been handed on: its creator's process group is not known");
	else if (group->leader[0])
		because(out,
			"its id may have been handed on: %" PRId32 " %s, of its creator's process "
			"group, lives",
			group->pgid, group->leader);
	else
		because(out,
			"its id may have been handed on: its creator's process group %" PRId32
			" %s empty",
			group->pgid, group->asked ? "is not" : "may not be");
}

/* Who else may know it, as far as that can be told */
static void tell_others(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;

	if (look->living)
		return;
	if (!look->complete && !segment->witnessed)
		because(out, "made when nobody watched: who else knows it is not known");
	else if (!look->complete && segment->crowded)
		because(out, "more than %d at once have attached it: not all are known",
			MODEL_USERS);
	else if (!look->complete && !segment->unbroken)
		because(out, "events were lost since it was made: others may know it");
	else if (!look->complete)
		because(out, "not every attach or fork was seen: others may know it");
	else if (verdict_is_with_starter(look))
		tell_starter(look, out);
	else if (verdict_is_with_group(look))
		tell_group(look, out);
	else if (segment->shared)
		because(out, "all others that %s it are gone", used(segment));
	else
		because(out, "nobody else ever attached it");
}

/* ---- what ---------------------------------------------------------------------------------- */

static void tell_nattch(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	const bool never = verdict_was_never_used(segment);
	char age[UNITS_LEN];

	if (segment->has_idle)
		because(out, "%s %s", never ? "never attached in" : "nattch 0 for",
			age_of(look, segment->idle_since, age));
	else
		because(out, never ? "never attached" : "nattch 0");
}

static void tell_key(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;

	if (verdict_is_of_tool(segment))
		because(out, "made by ipcmk: its id was printed for somebody");
	if (!segment->has_key)
		because(out, "its key is not known: processes may attach it by key");
	else if (segment->key)
		because(out, "key 0x%08" PRIx32 ": any process may attach it by key",
			(uint32_t)segment->key);
}

static void tell_growth(const struct verdict_look *look, struct verdict *out)
{
	const struct growth_row *row = verdict_growth(look);
	char age[UNITS_LEN], full[UNITS_LEN];

	if (!row)
		return;
	if (row->has_full)
		because(out, "one of %zu left behind, %.0f more an hour: %s is used up in %s",
			row->count, row->rate, row->full_of, units_age(full, row->full));
	else
		because(out, "one of %zu left behind, %.0f more an hour (%zu %s ago)", row->count,
			row->rate, row->before, age_of(look, row->since, age));
}

static void tell_refusal(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	char error[LOG_ERRNO_LEN], name[WORDS_NAME_LEN], age[UNITS_LEN];

	because(out, "IPC_RMID refused (%s) to %s %s ago",
		log_errno_name((int)segment->refused_ret, error),
		name_of(segment->refused_to, name), age_of(look, segment->refused, age));
}

/* ---- one a rule ---------------------------------------------------------------------------- */

/* "9912 php-fpm", as it was then; "somebody" */
static const char *name_then(const struct segment_change *change, char out[static WORDS_NAME_LEN])
{
	if (change->pid)
		snprintf(out, WORDS_NAME_LEN, "%" PRId32 "%s%s", change->pid,
			 change->comm[0] ? " " : "", change->comm);
	else
		snprintf(out, WORDS_NAME_LEN, "somebody");
	return out;
}

/* The IPC_RMID that was done; NULL: none is known. */
static const struct segment_change *removal_of(const struct segment *segment)
{
	const struct segment_change *removal = model_removal(segment);

	return removal && removal->ret >= 0 ? removal : NULL;
}

/* Who let go last */
static void tell_last(const struct segment *segment, struct verdict *out)
{
	const struct segment_change *end = segment->end;
	char name[WORDS_NAME_LEN];

	if (end && end->pid)
		because(out, "%s let go last%s%s%s", name_then(end, name),
			segment->detached_reason ? " (" : "",
			segment->detached_reason ? fact_reason_name(segment->detached_reason) : "",
			segment->detached_reason ? ")" : "");
}

void verdict_tell_gone(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	const struct segment_change *removal = removal_of(segment);
	char age[UNITS_LEN], name[WORDS_NAME_LEN];

	out->since = segment->gone;
	age_of(look, segment->gone, age);
	switch (segment->gone_reason) {
	case FACT_REASON_IPC_RMID:
		because(out, "removed %s ago by %s: nobody had it attached", age,
			segment->end ? name_then(segment->end, name) : "somebody");
		return;
	case FACT_REASON_LAST_DETACH:
		because(out, "destroyed %s ago: removed before, and its last holder let go", age);
		tell_last(segment, out);
		break;
	case FACT_REASON_FORCED:
		because(out, "destroyed %s ago by kernel.shm_rmid_forced: nobody had it attached",
			age);
		/* also by the end of its maker, or by whoever set that */
		if (segment->detached && segment->end && segment->end->pid == segment->detached_pid)
			tell_last(segment, out);
		break;
	case FACT_REASON_NAMESPACE:
		because(out, "ended %s ago with its IPC namespace", age);
		break;
	default:
		because(out, "ended %s ago: nobody saw why", age);
	}
	if (removal)
		because(out, "removed %s ago by %s", age_of(look, removal->first, age),
			name_then(removal, name));
}

static void tell_removed(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	const struct segment_change *removal = removal_of(segment);
	char age[UNITS_LEN], name[WORDS_NAME_LEN], left[64] = "";

	out->since = removal ? removal->first : 0;
	if (look->counted)
		snprintf(left, sizeof(left), ", %" PRIu64 " attachment%s left", segment->nattch,
			 segment->nattch == 1 ? "" : "s");
	if (removal)
		because(out, "removed %s ago by %s, goes with its last holder%s",
			age_of(look, removal->first, age), name_then(removal, name), left);
	else
		because(out, "removed, goes with its last holder%s", left);
}

/* For whom it waits */
void verdict_tell_removed(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	const struct mapping *first = segment->mappings;
	const struct process *creator = segment->creator;
	bool others = false, own = false;
	char name[WORDS_NAME_LEN];

	tell_removed(look, out);
	for (const struct mapping *at = first; at; at = at->segment_next) {
		others = others || at->holder != first->holder;
		own = own || at->holder->process == creator;
	}
	if (!first)
		return;
	because(out, "held by %s%s%s", name_of(first->holder->process, name),
		others ? " and others" : "",
		creator && !own ? ", but not by its creator any more" : "");
	if (!own)
		tell_creator(look, out);
}

void verdict_tell_pinned(const struct verdict_look *look, struct verdict *out)
{
	const struct process *holder;
	char name[WORDS_NAME_LEN];
	size_t count = verdict_pinned(look, &holder);

	tell_removed(look, out);
	because(out, "only %s holds it, which is not its creator", name_of(holder, name));
	because(out, "one of %zu removed segments that it holds, and they become more", count);
	tell_creator(look, out);
}

void verdict_tell_unknown(const struct verdict_look *look, struct verdict *out)
{
	(void)look;
	because(out, "its nattch is not known");
}

void verdict_tell_attaches(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	const struct process *process = NULL;
	char name[WORDS_NAME_LEN];
	uint64_t from;
	size_t count = verdict_attaches(segment, &process);

	if (!process)
		return;
	because(out, "%s has attached it %zu times", name_of(process, name), count);
	if (verdict_nattch_rises(segment, &from))
		because(out, "nattch went from %" PRIu64 " to %" PRIu64, from, segment->nattch);
}

void verdict_tell_in_use(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	const struct mapping *mapping = segment->mappings;
	const struct mapping *other = mapping;
	char name[WORDS_NAME_LEN];

	while (other && other->holder == mapping->holder)
		other = other->segment_next;
	because(out, "nattch %" PRIu64 "%s%s%s", segment->nattch, mapping ? ", held by " : "",
		mapping ? name_of(mapping->holder->process, name) : "", other ? " and others" : "");
	if (segment->refused)
		tell_refusal(look, out);
}

void verdict_tell_new(const struct verdict_look *look, struct verdict *out)
{
	const struct segment *segment = look->segment;
	char age[UNITS_LEN];

	out->since = verdict_newest(segment);
	because(out, "%s %s ago", segment->born ? "made" : "made or last used",
		age_of(look, out->since, age));
	because(out, verdict_was_never_used(segment) ? "nobody has attached it yet" : "nattch 0");
}

void verdict_tell_mailbox(const struct verdict_look *look, struct verdict *out)
{
	out->since = look->segment->has_idle ? look->segment->idle_since : 0;
	because(out, "key 0x%08" PRIx32 " (%s): meant to stay, and to be used again",
		(uint32_t)look->segment->key, look->mailbox);
	tell_nattch(look, out);
}

/* Since when that was so: nobody attached, and whoever made it gone */
static uint64_t since_of(const struct segment *segment)
{
	const struct process *creator = segment->creator;
	const uint64_t end = creator && verdict_is_gone(creator) ? creator->ended : 0;
	const uint64_t idle = segment->has_idle ? segment->idle_since : 0;

	return end > idle ? end : idle;
}

void verdict_tell_unattached(const struct verdict_look *look, struct verdict *out)
{
	out->since = since_of(look->segment);
	tell_nattch(look, out);
	if (look->over)
		because(out, "all that was run is over");
	tell_creator(look, out);
	tell_living(look, out);
	tell_growth(look, out);
	tell_key(look, out);
	if (!look->over)
		tell_others(look, out);
}

void verdict_tell_refused(const struct verdict_look *look, struct verdict *out)
{
	tell_refusal(look, out);
	verdict_tell_unattached(look, out);
}
