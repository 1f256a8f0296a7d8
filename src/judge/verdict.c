/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of rules. What they look at is gathered once; the words are made for the rule that holds.
 */
#include "judge/verdict.h"

#include <inttypes.h>
#include <string.h>

#include "judge/growth.h"
#include "judge/mailbox.h"
#include "judge/verdict_parts.h"

/* Removed segments that one stranger holds, and mappings of one segment in one process, until they are worth a
 * word */
enum { PINNED_LEAST = 8, ATTACHED_LEAST = 16 };
/* Holders that are looked at for that */
enum { ATTACHED_LOOKS = 64 };
/* Changes of nattch that can tell anything, and how many of them for each fall */
enum { NATTCH_LEAST = 4, NATTCH_PER_FALL = 8 };

/* ---- what rules look at -------------------------------------------------------------------- */

bool verdict_is_gone(const struct process *process)
{
	return process->checked && !process->alive;
}

uint64_t verdict_newest(const struct segment *segment)
{
	if (segment->born)
		return segment->born;
	return segment->has_idle ? segment->idle_since : 0;
}

bool verdict_was_never_used(const struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;
	const uint32_t times = FACT_COL_ATIME | FACT_COL_DTIME;

	if (segment->attached || segment->detached)
		return false;
	if ((facts->known & times) == times)
		return !facts->atime && !facts->dtime;
	return segment->witnessed;
}

/* Where not all is known that happened to it the table's word for who was last counts, too. */
static enum verdict_who find_who(const struct verdict_look *look)
{
	const struct segment *segment = look->segment;
	const struct process *const known[] = {look->living, segment->creator, segment->last};
	const size_t count = look->complete ? 1 : sizeof(known) / sizeof(known[0]);
	const bool all = look->complete ||
			 (segment->creator && (segment->last || verdict_was_never_used(segment)));
	bool some_may_live = false, some_are_gone = look->complete;

	for (size_t i = 0; i < count; i++) {
		if (known[i] && known[i]->checked && known[i]->alive)
			return WHO_LIVES;
		some_may_live = some_may_live || (known[i] && !known[i]->checked);
		some_are_gone = some_are_gone || (known[i] && verdict_is_gone(known[i]));
	}
	if (some_may_live || !some_are_gone)
		return WHO_MAY_LIVE;
	return all ? WHO_GONE : WHO_UNKNOWN;
}

static void look_at(struct verdict_look *look, const struct judge_context *context,
		    const struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;

	*look = (struct verdict_look){
		.context = context,
		.segment = segment,
		.dest = facts->mode & FACT_MODE_DEST,
		.counted = facts->known & FACT_COL_NATTCH,
	};
	if (segment->gone || look->dest || !look->counted || segment->nattch)
		return;
	look->mailbox = mailbox_of(segment);
	look->complete = model_knows_users(context->model, segment);
	look->living = model_living_user(segment, &look->user);
	look->who = find_who(look);
	look->over = context->over && look->who != WHO_LIVES;
}

bool verdict_is_of_tool(const struct segment *segment)
{
	return segment->creator && strcmp(segment->creator->comm, "ipcmk") == 0;
}

/* Only by its id, and all that attached it are known */
static bool is_private(const struct verdict_look *look)
{
	const struct segment *segment = look->segment;

	return look->complete && segment->has_key && segment->key == 0 && segment->creator;
}

/* Of one that nobody attached: what is its maker for, if not for others? */
bool verdict_is_with_starter(const struct verdict_look *look)
{
	const struct segment *segment = look->segment;

	return is_private(look) && verdict_was_never_used(segment) &&
	       !(segment->starter && verdict_is_gone(segment->starter));
}

/* A shell, its subshells and what they run, but for the jobs of an interactive one, are one group: any of them may
 * have read the id from the output of its creator, which may have attached it before. */
bool verdict_is_with_group(const struct verdict_look *look)
{
	const struct process_group *group = look->segment->group;

	return is_private(look) && !(group && group->empty);
}

/* Nobody can come by a key, and nobody who may have been given the id lives. */
static bool is_out_of_reach(const struct verdict_look *look)
{
	return is_private(look) && !verdict_is_of_tool(look->segment) &&
	       !verdict_is_with_starter(look) && !verdict_is_with_group(look);
}

const struct growth_row *verdict_growth(const struct verdict_look *look)
{
	const struct growth *growth = look->context->growth;
	const struct growth_row *row =
		growth && growth_growing(growth) ? growth_of(growth, look->segment) : NULL;

	return row && row->grows ? row : NULL;
}

size_t verdict_pinned(const struct verdict_look *look, const struct process **holder)
{
	const struct growth *growth = look->context->growth;
	bool grows = false;
	size_t count;

	*holder = growth ? growth_pinner(look->segment) : NULL;
	count = *holder ? growth_pinned(growth, *holder, &grows) : 0;
	return grows ? count : 0;
}

static size_t count_attaches(const struct holder *holder, const struct segment *segment)
{
	size_t count = 0;

	for (const struct mapping *at = holder->mappings; at; at = at->holder_next)
		count += at->segment == segment && at->offset == 0;
	return count;
}

size_t verdict_attaches(const struct segment *segment, const struct process **process)
{
	const struct holder *last = NULL;
	int looks = ATTACHED_LOOKS;
	size_t most = 0;

	if (segment->mapped < ATTACHED_LEAST)
		return 0;
	for (const struct mapping *at = segment->mappings; at && looks; at = at->segment_next) {
		if (at->holder == last || at->holder->count < ATTACHED_LEAST)
			continue;
		last = at->holder;
		looks--;
		size_t count = count_attaches(last, segment);

		if (count > most) {
			most = count;
			*process = last->process;
		}
	}
	return most >= ATTACHED_LEAST ? most : 0;
}

bool verdict_nattch_rises(const struct segment *segment, uint64_t *from)
{
	struct nattch_point points[MODEL_NATTCH_POINTS];
	size_t count = model_nattch_history(segment, points);
	size_t rises = 0, falls = 0;

	for (size_t i = 0; i + 1 < count; i++) {
		rises += points[i + 1].nattch > points[i].nattch;
		falls += points[i + 1].nattch < points[i].nattch;
	}
	*from = count ? points[0].nattch : 0;
	return count > NATTCH_LEAST && falls * NATTCH_PER_FALL <= rises;
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Whether it holds, and how sure it is then */
typedef bool rule_holds(const struct verdict_look *look, enum verdict_confidence *confidence);

static bool is_over(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	(void)confidence;
	return look->segment->gone;
}

static bool is_pinned(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	const struct process *holder;

	*confidence = VERDICT_MEDIUM;
	return look->dest && verdict_pinned(look, &holder) >= PINNED_LEAST;
}

static bool is_removed(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	(void)confidence;
	return look->dest;
}

static bool is_unknown(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	(void)confidence;
	return !look->counted;
}

static bool is_attached_again(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	const struct process *process;
	uint64_t from;

	if (!look->segment->nattch || !verdict_attaches(look->segment, &process))
		return false;
	*confidence = verdict_nattch_rises(look->segment, &from) ? VERDICT_MEDIUM : VERDICT_LOW;
	return true;
}

static bool is_in_use(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	(void)confidence;
	return look->segment->nattch;
}

/* Nobody had the time to attach it. Of one that was made before shmtop looked the last use tells no less. */
static bool is_new(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	const uint64_t since = verdict_newest(look->segment);

	(void)confidence;
	return !look->over && since && look->context->now < since + look->context->grace;
}

static bool is_mailbox(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	(void)confidence;
	return look->mailbox;
}

/* Those who had a use for it wanted it gone; but who only looked its key up may be waiting to attach it. */
static bool is_removal_refused(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	*confidence = look->over || is_out_of_reach(look) ? VERDICT_HIGH : VERDICT_MEDIUM;
	return look->segment->refused && (look->over || look->who == WHO_GONE);
}

static bool is_surely_orphan(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	*confidence = VERDICT_HIGH;
	return look->over || (look->who == WHO_GONE && is_out_of_reach(look));
}

static bool is_growing(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	const struct growth_row *row = verdict_growth(look);

	*confidence = row && row->has_full ? VERDICT_MEDIUM : VERDICT_LOW;
	if (look->who == WHO_GONE)
		*confidence = VERDICT_MEDIUM;
	return row;
}

static bool is_orphan(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	*confidence = look->who == WHO_GONE ? VERDICT_MEDIUM : VERDICT_LOW;
	return look->who == WHO_GONE || look->who == WHO_UNKNOWN;
}

static bool is_idle(const struct verdict_look *look, enum verdict_confidence *confidence)
{
	*confidence = look->who == WHO_LIVES ? VERDICT_NONE : VERDICT_LOW;
	return true;
}

struct rule {
	enum verdict_kind kind;
	rule_holds *holds;
	verdict_words *tell;
};

/* The first that holds. */
static const struct rule rules[] = {
	{VERDICT_GONE, is_over, verdict_tell_gone},
	{VERDICT_DEST_PINNED, is_pinned, verdict_tell_pinned},
	{VERDICT_DEST, is_removed, verdict_tell_removed},
	{VERDICT_UNKNOWN, is_unknown, verdict_tell_unknown},
	{VERDICT_ATTACH_LEAK, is_attached_again, verdict_tell_attaches},
	{VERDICT_IN_USE, is_in_use, verdict_tell_in_use},
	/* nobody has it attached */
	{VERDICT_NEW, is_new, verdict_tell_new},
	{VERDICT_MAILBOX, is_mailbox, verdict_tell_mailbox},
	{VERDICT_FAILED_REMOVAL, is_removal_refused, verdict_tell_refused},
	{VERDICT_ORPHAN, is_surely_orphan, verdict_tell_unattached},
	{VERDICT_GROWING, is_growing, verdict_tell_unattached},
	{VERDICT_ORPHAN, is_orphan, verdict_tell_unattached},
	{VERDICT_IDLE, is_idle, verdict_tell_unattached},
};

/* The last one always holds. */
static const struct rule *find_rule(const struct verdict_look *look,
				    enum verdict_confidence *confidence)
{
	const struct rule *rule = rules;

	for (;; rule++) {
		*confidence = VERDICT_NONE;
		if (rule->holds(look, confidence))
			return rule;
	}
}

enum verdict_kind verdict_kind(const struct judge_context *context, const struct segment *segment,
			       enum verdict_confidence *confidence)
{
	enum verdict_confidence ignored;
	struct verdict_look look;

	look_at(&look, context, segment);
	return find_rule(&look, confidence ? confidence : &ignored)->kind;
}

void verdict_judge(const struct judge_context *context, const struct segment *segment,
		   struct verdict *out)
{
	struct verdict_look look;

	*out = (struct verdict){0};
	look_at(&look, context, segment);
	const struct rule *rule = find_rule(&look, &out->confidence);

	out->kind = rule->kind;
	rule->tell(&look, out);
}

/* ---- names --------------------------------------------------------------------------------- */

static const char *const verdict_kind_names[VERDICT_KINDS] = {
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_GONE] = "gone",
	[VERDICT_IN_USE] = "in-use",
	[VERDICT_NEW] = "new",
	[VERDICT_DEST] = "dest",
	[VERDICT_IDLE] = "idle",
	[VERDICT_MAILBOX] = "mailbox",
	[VERDICT_ORPHAN] = "orphan",
	[VERDICT_GROWING] = "growing",
	[VERDICT_DEST_PINNED] = "dest-pinned",
	[VERDICT_FAILED_REMOVAL] = "failed-removal",
	[VERDICT_ATTACH_LEAK] = "attach-leak",
};

static const struct {
	const char *name, *word;
} verdict_confidences[VERDICT_CONFIDENCES] = {
	[VERDICT_NONE] = {"none", ""},
	[VERDICT_LOW] = {"low", "watch"},
	[VERDICT_MEDIUM] = {"medium", "likely"},
	[VERDICT_HIGH] = {"high", "sure"},
};

const char *verdict_kind_name(enum verdict_kind kind)
{
	return verdict_kind_names[(unsigned int)kind < VERDICT_KINDS ? kind : VERDICT_UNKNOWN];
}

const char *verdict_confidence_name(enum verdict_confidence confidence)
{
	return verdict_confidences[confidence].name;
}

const char *verdict_confidence_word(enum verdict_confidence confidence)
{
	return verdict_confidences[confidence].word;
}
