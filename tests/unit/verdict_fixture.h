/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model, judged in one line */
#ifndef TESTS_UNIT_VERDICT_FIXTURE_H
#define TESTS_UNIT_VERDICT_FIXTURE_H

#include "model_fixture.h"

#include <errno.h>

#include "judge/growth.h"
#include "judge/verdict.h"

#define ADDR UINT64_C(0x7f0000000000)

/* Long after all that the tests do, unless they say otherwise */
#define LATER AT(3600)

static inline struct judge_context context_at(const struct model *model, uint64_t now)
{
	return (struct judge_context){.model = model, .now = now, .grace = VERDICT_GRACE};
}

static inline struct verdict judge(const struct model *model, int32_t shmid)
{
	const struct judge_context context = context_at(model, LATER);
	enum verdict_confidence confidence;
	struct verdict out;

	verdict_judge(&context, find(model, shmid), &out);
	assert_int_equal(verdict_kind(&context, find(model, shmid), &confidence), out.kind);
	assert_int_equal(confidence, out.confidence);
	assert_int_equal(verdict_kind(&context, find(model, shmid), NULL), out.kind);
	assert_true(out.count > 0 && out.count <= VERDICT_REASONS);
	return out;
}

static inline bool has_reason(const struct verdict *verdict, const char *reason)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (strcmp(verdict->because[i], reason) == 0)
			return true;
	return false;
}

static inline void assert_reason(const struct verdict *verdict, const char *reason)
{
	if (has_reason(verdict, reason))
		return;
	for (size_t i = 0; i < verdict->count; i++)
		print_message("because: %s\n", verdict->because[i]);
	fail_msg("it does not say: %s", reason);
}

static inline struct verdict assert_verdict(const struct model *model, int32_t shmid,
					    enum verdict_kind kind,
					    enum verdict_confidence confidence)
{
	struct verdict verdict = judge(model, shmid);

	assert_string_equal(verdict_kind_name(verdict.kind), verdict_kind_name(kind));
	assert_string_equal(verdict_confidence_name(verdict.confidence),
			    verdict_confidence_name(confidence));
	return verdict;
}

static inline void make_with_key(struct model *model, int32_t shmid, int32_t pid, uint64_t time,
				 int32_t key)
{
	struct event event = made(shmid, pid, time, 8192);

	event.key = key;
	apply(model, &event);
}

static inline void make_private(struct model *model, int32_t shmid, int32_t pid, uint64_t time)
{
	make_with_key(model, shmid, pid, time, IPC_PRIVATE);
}

/* In the process groups of all creators */
static inline void nobody_is_left(struct model *model)
{
	for (const struct segment *at = model_segments(model); at; at = at->next)
		if (at->group)
			model_group_known(model, at->group, true, "", AT(104));
}

/* The same, by a child of `parent`, about which /proc says this; NULL: it is gone. Its creator is, too, and all of its
 * process group. */
static inline void make_and_end(struct model *model, int32_t shmid, int32_t pid, int32_t parent,
				const struct process_facts *facts)
{
	struct event event = made(shmid, pid, AT(100), 8192);
	const struct process *wanted;

	event.key = IPC_PRIVATE;
	event.ppid = parent;
	apply(model, &event);
	exited(model, pid, AT(103), 0);
	while ((wanted = model_next_wanted(model)))
		if (wanted->pid == parent && facts)
			model_process_known(model, wanted, facts, AT(104));
		else if (wanted->pid == parent)
			model_process_missing(model, wanted, AT(104));
	nobody_is_left(model);
}

/* Made by 100, attached and detached, and left behind */
static inline void leave_behind(struct model *model, int32_t shmid)
{
	make_private(model, shmid, 100, AT(100));
	attach(model, shmid, 100, AT(101), ADDR);
	detach(model, shmid, 100, AT(102), ADDR);
	exited(model, 100, AT(103), 0);
	nobody_is_left(model);
}

static inline void fork_aside(struct model *model, int32_t pid, int32_t child, uint64_t time)
{
	struct event event = an_event(FACT_FORK, pid, time);

	event.aside = true;
	event.child = child;
	event.child_mm = mm_of(child);
	event.child_start_time = start_of(child);
	apply(model, &event);
}

#endif
