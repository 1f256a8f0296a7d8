/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attachments as events tell them: what each may change, and what those that come late may not. */
#include "model_fixture.h"

#include <errno.h>

#define ADDR  UINT64_C(0x7f0000000000)
#define ADDR2 UINT64_C(0x7f0000100000)

/* ---- shmat ----------------------------------------------------------------------------------- */

static void shmat_adds_a_mapping(void **state)
{
	static const struct {
		uint32_t get, at, flags;
		uint64_t length;
	} cases[] = {
		{0, 0, ATTACHMENT_READ | ATTACHMENT_WRITE, 8192},
		{0, SHM_RDONLY, ATTACHMENT_READ, 8192},
		{0, SHM_EXEC | SHM_RDONLY, ATTACHMENT_READ | ATTACHMENT_EXEC, 8192},
		{SHM_HUGETLB, 0, ATTACHMENT_READ | ATTACHMENT_WRITE | ATTACHMENT_HUGETLB, 2 << 20},
	};
	struct model *model = *state;

	for (int32_t i = 0; i < 4; i++) {
		struct event get = made(i, 100, AT(100 + i), 5000);
		struct event at = attached(i, 200, AT(200 + i), ADDR + (uint64_t)i * 0x1000000);

		get.flags |= cases[i].get;
		apply(model, &get);
		at.flags = cases[i].at;
		apply(model, &at);

		const struct segment *segment = living(model, i);
		const struct mapping *mapping = segment->mappings;

		assert_counts(segment, 1, 1);
		assert_int_equal(mapping->start, at.ret);
		assert_int_equal(mapping->length, cases[i].length);
		assert_int_equal(mapping->flags, cases[i].flags);
		assert_int_equal(mapping->origin, MAPPING_SHMAT);
		assert_int_equal(mapping->since, at.time);
		assert_int_equal(mapping->holder->process->pid, 200);
		assert_int_equal(mapping->holder->count, i + 1);
		assert_int_equal(segment->last->pid, 200);
		assert_int_equal(segment->idle_since, at.time);
	}
	assert_int_equal(holders(model), 1);
}

static void shmat_that_failed_changes_nothing(void **state)
{
	struct model *model = *state;
	struct event event = attached(5, 200, AT(101), 0);

	event.ret = -EACCES;
	apply(model, &event);
	assert_null(find(model, 5));
	make(model, 5, 100, AT(102));
	event.time = AT(103);
	apply(model, &event);
	assert_counts(living(model, 5), 0, 0);
	assert_null(living(model, 5)->last);
	assert_int_equal(living(model, 5)->last_event, 3);
}

static void shmat_told_twice_counts_once(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	attach(model, 5, 100, AT(101), ADDR);
	assert_counts(living(model, 5), 1, 1);
}

static void shmat_that_a_scan_or_a_row_has_already(void **state)
{
	struct model *model = *state;
	const struct segment_facts rows[] = {a_row(5, 100, 0), a_row(6, 100, 1)};
	const struct attachment seen[] = {a_mapping(5, 200, ADDR), a_mapping(6, 200, ADDR2)};

	/* row, attach, scan, event: the row lacks it, the scan has it */
	snapshot(model, rows, 2, AT(100));
	scan(model, seen, 2, AT(102));
	attach(model, 5, 200, AT(101), ADDR);
	assert_counts(living(model, 5), 1, 1);
	/* attach, row, event: both have it */
	attach(model, 6, 200, AT(99), ADDR2);
	assert_counts(living(model, 6), 1, 1);
	/* in the scan, but newer than its start: the event tells how it came */
	attach(model, 6, 200, AT(102.001), ADDR2);
	assert_int_equal(living(model, 6)->mapped, 1);
	assert_int_equal(living(model, 6)->mappings->origin, MAPPING_SHMAT);
}

static void shmat_that_was_quicker_than_the_removal_told_before_it(void **state)
{
	struct model *model = *state;
	struct event late = attached(5, 200, AT(103), ADDR);

	make(model, 5, 100, AT(100));
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	ended(model, 5, FACT_REASON_IPC_RMID);
	late.took = AT(2);
	apply(model, &late);
	assert_counts(living(model, 5), 1, 1);
	assert_true(living(model, 5)->facts.mode & FACT_MODE_DEST);
	assert_int_equal(living(model, 5)->born, AT(100));
	assert_int_equal(living(model, 5)->creator->pid, 100);
	assert_int_equal(model_segment_count(model), 1);
	detach(model, 5, 200, AT(104), ADDR);
	ended(model, 5, FACT_REASON_LAST_DETACH);
	/* one that began after the end attached another segment with the same id */
	attach(model, 5, 200, AT(105), ADDR);
	assert_int_equal(living(model, 5)->born, 0);
	assert_null(living(model, 5)->creator);
}

static void shmat_of_before_the_snapshot_of_an_unknown_segment(void **state)
{
	struct model *model = *state;

	snapshot(model, NULL, 0, AT(100));
	attach(model, 5, 200, AT(99), ADDR);
	assert_null(find(model, 5)); /* it is over: the snapshot had it no more */
	attach(model, 5, 200, AT(101), ADDR);
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(living(model, 5)->born, 0);
	assert_int_equal(living(model, 5)->facts.known, FACT_COL_SHMID);
	assert_null(living(model, 5)->creator);
	assert_int_equal(living(model, 5)->mappings->length, 0);
}

static void shmat_with_remap_replaces_what_it_covers(void **state)
{
	struct model *model = *state;
	struct event event = attached(7, 100, AT(110), ADDR);

	make(model, 5, 100, AT(100));
	make(model, 6, 100, AT(101));
	make(model, 7, 100, AT(102));
	attach(model, 5, 100, AT(103), ADDR + 4096); /* overlaps */
	attach(model, 6, 100, AT(104), ADDR + 8192); /* touches the end only */
	event.flags = SHM_REMAP;
	apply(model, &event);
	assert_counts(living(model, 5), 0, 0);
	assert_counts(living(model, 6), 1, 1);
	assert_counts(living(model, 7), 1, 1);
	assert_derived(newest(model, 0), FACT_DETACH, 5, FACT_REASON_REMAP, 100, 1);
}

static void shmat_with_remap_over_itself_is_not_the_end(void **state)
{
	struct model *model = *state;
	struct event event = attached(5, 100, AT(110), ADDR);

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	event.flags = SHM_REMAP;
	apply(model, &event);
	assert_counts(living(model, 5), 1, 1);
}

static void shmat_where_another_segment_was_replaces_it(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	make(model, 6, 100, AT(101));
	attach(model, 5, 100, AT(102), ADDR);
	attach(model, 6, 100, AT(103), ADDR);
	assert_int_equal(living(model, 5)->mapped, 0);
	assert_counts(living(model, 6), 1, 1);
	assert_int_equal(living(model, 6)->mappings->holder->count, 1);
}

/* ---- shmdt ----------------------------------------------------------------------------------- */

static void shmdt_removes_the_mapping_and_the_holder(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	attach(model, 5, 100, AT(102), ADDR2);
	detach(model, 5, 100, AT(103), ADDR);
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(living(model, 5)->mappings->start, ADDR2);
	detach(model, -1, 100, AT(104), ADDR2); /* the shmid is not known: the address tells */
	assert_counts(living(model, 5), 0, 0);
	assert_int_equal(living(model, 5)->detached, AT(104));
	assert_int_equal(living(model, 5)->detached_reason, FACT_REASON_SHMDT);
	assert_int_equal(living(model, 5)->detached_pid, 100);
	assert_int_equal(living(model, 5)->idle_since, AT(104));
	assert_int_equal(living(model, 5)->last_event, model_events_end(model));
	assert_int_equal(holders(model), 0);
}

static void shmdt_closes_all_fragments_of_its_attach(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 4);
	struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 100, ADDR + 4096),
				    a_mapping(5, 100, ADDR + 8192), a_mapping(5, 100, ADDR2)};

	/* mprotect made three of the first */
	row.size = 3 * 4096;
	for (size_t i = 0; i < 3; i++) {
		seen[i].offset = 4096 * i;
		seen[i].length = 4096;
	}
	snapshot(model, &row, 1, AT(100));
	scan(model, seen, 4, AT(101));
	assert_counts(living(model, 5), 4, 4);
	detach(model, 5, 100, AT(102), ADDR);
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(living(model, 5)->mappings->start, ADDR2);
}

static void shmdt_of_one_whose_first_page_was_unmapped(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	struct attachment seen = a_mapping(5, 100, ADDR + 4096);

	seen.offset = 4096;
	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(101));
	detach(model, 5, 100, AT(102), ADDR);
	assert_counts(living(model, 5), 0, 0);
}

static void shmdt_from_another_namespace_is_known_by_the_mapping(void **state)
{
	struct model *model = *state;
	struct event event = detached(5, 100, AT(103), ADDR);

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	event.ipcns = NS + 1; /* it moved after the attach */
	apply(model, &event);
	assert_counts(living(model, 5), 0, 0);
	assert_int_equal(living(model, 5)->detached, AT(103));
}

static void shmdt_that_failed_or_is_late_removes_nothing(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen = a_mapping(5, 100, ADDR);
	struct event event = detached(5, 100, AT(102), ADDR);

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(101));
	event.ret = -EINVAL;
	apply(model, &event);
	assert_counts(living(model, 5), 1, 1);
	detach(model, 5, 100, AT(99), ADDR); /* attached again since */
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(living(model, 5)->detached, AT(99));
	detach(model, 5, 100, AT(100.5), ADDR); /* newer than the row, older than the scan */
	assert_counts(living(model, 5), 0, 1);
	assert_int_equal(model_drift(living(model, 5)), 0); /* nothing is settled now */
}

static void shmdt_closes_only_its_own(void **state)
{
	struct model *model = *state;
	const struct segment_facts rows[] = {a_row(5, 100, 1), a_row(6, 100, 1)};
	struct attachment seen[] = {a_mapping(6, 100, ADDR), a_mapping(5, 100, ADDR + 8192)};

	seen[1].offset = 8192; /* the rest of an attach at the same address */
	snapshot(model, rows, 2, AT(100));
	scan(model, seen, 2, AT(101));
	detach(model, -1, 100, AT(99), ADDR); /* what was there then, nobody knows */
	assert_int_equal(living(model, 6)->last_event, 0);
	detach(model, 6, 100, AT(102), ADDR);
	assert_counts(living(model, 5), 1, 1);
	assert_counts(living(model, 6), 0, 0);
}

static void shmdt_told_out_of_order_leaves_the_newest_word(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	attach(model, 5, 200, AT(102), ADDR);
	detach(model, 5, 100, AT(104), ADDR);
	detach(model, 5, 200, AT(103), ADDR);
	assert_counts(living(model, 5), 0, 0);
	assert_int_equal(living(model, 5)->detached, AT(104));
	assert_int_equal(living(model, 5)->detached_pid, 100);
	assert_int_equal(living(model, 5)->last->pid, 100);
	assert_int_equal(living(model, 5)->idle_since, AT(104));
}

static void shmdt_of_a_mapping_that_nobody_knew(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 2);

	snapshot(model, &row, 1, AT(100));
	detach(model, 5, 100, AT(101), ADDR);
	assert_counts(living(model, 5), 1, 0);
	detach(model, 5, 100, AT(102), ADDR);
	detach(model, 5, 100, AT(103), ADDR);
	assert_counts(living(model, 5), 0, 0);
}

/* ---- fork, exec, exit ------------------------------------------------------------------------ */

static void fork_copies_the_mappings(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	make(model, 6, 100, AT(100.5));
	attach(model, 5, 100, AT(101), ADDR);
	attach(model, 6, 100, AT(102), ADDR2);
	forked(model, 100, 110, AT(103));
	assert_counts(living(model, 5), 2, 2);
	assert_counts(living(model, 6), 2, 2);
	assert_int_equal(holders(model), 2);

	const struct mapping *copy = living(model, 5)->mappings->segment_next;

	assert_int_equal(copy->origin, MAPPING_FORK);
	assert_int_equal(copy->since, AT(103));
	assert_int_equal(copy->start, ADDR);
	assert_int_equal(copy->length, 8192);
	assert_int_equal(copy->holder->process->pid, 110);
	assert_int_equal(copy->holder->process->start_time, start_of(110));
	assert_int_equal(living(model, 5)->last->pid, 100); /* the parent did it */
	forked(model, 100, 110, AT(103));
	assert_counts(living(model, 5), 2, 2);
}

static void fork_that_shares_or_is_late_copies_nothing(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen = a_mapping(5, 100, ADDR);
	struct event vfork = an_event(FACT_FORK, 100, AT(102));

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(101));
	vfork.child = 110;
	vfork.child_mm = vfork.mm;
	apply(model, &vfork);
	vfork.child_mm = 0;
	apply(model, &vfork);
	forked(model, 100, 111, AT(100.5));
	forked(model, 300, 310, AT(103)); /* holds nothing */
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(holders(model), 1);
}

static void fork_that_a_scan_has_already_is_counted(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 110, ADDR)};

	/* row, start of the scan, fork, the scan comes to the child */
	snapshot(model, &row, 1, AT(100));
	scan(model, seen, 2, AT(101));
	assert_counts(living(model, 5), 1, 2);
	forked(model, 100, 110, AT(101.001));
	assert_counts(living(model, 5), 2, 2);
	assert_int_equal(living(model, 5)->mappings->segment_next->origin, MAPPING_FORK);
}

static void exec_and_exit_let_go_of_everything(void **state)
{
	static const struct {
		enum fact_op op;
		enum fact_reason reason;
	} cases[] = {{FACT_EXEC, FACT_REASON_EXEC}, {FACT_EXIT, FACT_REASON_EXIT}};
	struct model *model = *state;

	for (int32_t i = 0; i < 2; i++) {
		const int32_t shmid = 10 * i;
		struct event event = an_event(cases[i].op, 100 + i, AT(110));

		make(model, shmid, 300, AT(100));
		make(model, shmid + 1, 300, AT(100));
		attach(model, shmid, 100 + i, AT(101), ADDR);
		attach(model, shmid + 1, 100 + i, AT(102), ADDR2);
		attach(model, shmid, 100 + i, AT(103), ADDR + (2 << 20));
		attach(model, shmid, 300, AT(104), ADDR + AT(i));
		control(model, shmid + 1, 300, AT(105), IPC_RMID, 0);
		apply(model, &event);
		assert_counts(living(model, shmid), 1, 1);
		assert_int_equal(living(model, shmid)->detached_reason, cases[i].reason);
		assert_int_equal(living(model, shmid)->last->pid, 100 + i);
		ended(model, shmid + 1, FACT_REASON_LAST_DETACH);
		/* by address: the first twice, its detach told at the last of its mappings */
		assert_derived(newest(model, 2), FACT_DETACH, shmid + 1, cases[i].reason, 100 + i,
			       1);
		assert_derived(newest(model, 1), FACT_DESTROY, shmid + 1, FACT_REASON_LAST_DETACH,
			       100 + i, 0);
		assert_derived(newest(model, 0), FACT_DETACH, shmid, cases[i].reason, 100 + i, 2);
		assert_int_equal(newest(model, 3)->op, cases[i].op);
	}
	assert_int_equal(holders(model), 1);
}

static void exec_and_exit_of_a_vfork_child_leave_its_parent_alone(void **state)
{
	struct model *model = *state;
	struct event event = an_event(FACT_EXEC, 110, AT(103));

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	event.mm = mm_of(100);
	apply(model, &event);
	event.op = FACT_EXIT;
	apply(model, &event);
	assert_counts(living(model, 5), 1, 1);

	/* even one that attached: the space stays its parent's */
	struct event at = attached(5, 110, AT(104), ADDR2);

	at.mm = mm_of(100);
	apply(model, &at);
	assert_int_equal(living(model, 5)->mappings->holder->process->pid, 100);
	assert_int_equal(living(model, 5)->last->pid, 110);
	event.time = AT(105);
	apply(model, &event);
	assert_counts(living(model, 5), 2, 2);
	exited(model, 100, AT(106), 0);
	assert_counts(living(model, 5), 0, 0);
}

static void exit_of_a_group_whose_leader_went_first(void **state)
{
	struct model *model = *state;
	struct event event = an_event(FACT_EXIT, 100, AT(103));

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	event.tid = 104; /* the last thread is another */
	apply(model, &event);
	assert_counts(living(model, 5), 0, 0);
	assert_false(living(model, 5)->creator->alive);
	assert_int_equal(living(model, 5)->creator->ended, AT(103));
}

static void exit_of_before_the_scan_takes_nothing(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(101));
	exited(model, 100, AT(99), 0);
	assert_counts(living(model, 5), 1, 1);
}

static void a_segment_made_after_the_scan_takes_late_events(void **state)
{
	struct model *model = *state;

	/* the scan could not enter its mapping: it was not known yet */
	scan(model, NULL, 0, AT(105));
	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	assert_counts(living(model, 5), 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(shmat_adds_a_mapping),
		MODEL_TEST(shmat_that_failed_changes_nothing),
		MODEL_TEST(shmat_told_twice_counts_once),
		MODEL_TEST(shmat_that_a_scan_or_a_row_has_already),
		MODEL_TEST(shmat_that_was_quicker_than_the_removal_told_before_it),
		MODEL_TEST(shmat_of_before_the_snapshot_of_an_unknown_segment),
		MODEL_TEST(shmat_with_remap_replaces_what_it_covers),
		MODEL_TEST(shmat_with_remap_over_itself_is_not_the_end),
		MODEL_TEST(shmat_where_another_segment_was_replaces_it),
		MODEL_TEST(shmdt_removes_the_mapping_and_the_holder),
		MODEL_TEST(shmdt_closes_all_fragments_of_its_attach),
		MODEL_TEST(shmdt_of_one_whose_first_page_was_unmapped),
		MODEL_TEST(shmdt_from_another_namespace_is_known_by_the_mapping),
		MODEL_TEST(shmdt_that_failed_or_is_late_removes_nothing),
		MODEL_TEST(shmdt_closes_only_its_own),
		MODEL_TEST(shmdt_told_out_of_order_leaves_the_newest_word),
		MODEL_TEST(shmdt_of_a_mapping_that_nobody_knew),
		MODEL_TEST(fork_copies_the_mappings),
		MODEL_TEST(fork_that_shares_or_is_late_copies_nothing),
		MODEL_TEST(fork_that_a_scan_has_already_is_counted),
		MODEL_TEST(exec_and_exit_let_go_of_everything),
		MODEL_TEST(exec_and_exit_of_a_vfork_child_leave_its_parent_alone),
		MODEL_TEST(exit_of_a_group_whose_leader_went_first),
		MODEL_TEST(exit_of_before_the_scan_takes_nothing),
		MODEL_TEST(a_segment_made_after_the_scan_takes_late_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
