/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a segment as events tell it, shmget and shmctl; and how much of the past is kept. */
#include "model_fixture.h"

#include <errno.h>

#define ADDR UINT64_C(0x7f0000000000)

/* ---- shmget ---------------------------------------------------------------------------------- */

static void shmget_that_creates_makes_a_segment(void **state)
{
	struct model *model = *state;
	struct event event = made(5, 100, AT(100), 5000);

	event.flags |= SHM_NORESERVE | 0600;
	apply(model, &event);

	const struct segment *segment = living(model, 5);

	assert_int_equal(segment->id.ipcns, NS);
	assert_int_equal(segment->id.generation, 1);
	assert_int_equal(segment->born, AT(100));
	assert_true(segment->has_key);
	assert_int_equal(segment->key, 0x1005);
	assert_int_equal(segment->create_flags, event.flags);
	assert_false(segment->hugetlb);
	assert_int_equal(segment->facts.mode, 0640);
	assert_int_equal(segment->facts.size, 5000);
	assert_int_equal(segment->facts.cpid, 100);
	assert_int_equal(segment->facts.uid, 1000);
	assert_int_equal(segment->facts.cuid, 1000);
	assert_false(segment->facts.known & (FACT_COL_CTIME | FACT_COL_RSS | FACT_COL_LPID));
	assert_true(segment->facts.known & FACT_COL_NATTCH);
	assert_int_equal(segment->creator->pid, 100);
	assert_int_equal(segment->creator->start_time, start_of(100));
	assert_string_equal(segment->creator->comm, "comm100");
	assert_true(segment->creator->alive && segment->creator->checked);
	assert_null(segment->last);
	assert_true(segment->has_idle);
	assert_int_equal(segment->idle_since, AT(100));
	assert_int_equal(model_segment_count(model), 1);
	assert_int_equal(model_drift(segment), 0);
}

static void shmget_that_finds_or_fails_is_only_history(void **state)
{
	struct model *model = *state;
	struct event found = made(5, 101, AT(101), 0);
	struct event failed = made(-1, 101, AT(102), 0);

	make(model, 5, 100, AT(100));
	found.created = false;
	apply(model, &found);
	failed.created = false;
	failed.ret = -ENOSPC;
	apply(model, &failed);
	assert_int_equal(model_segment_count(model), 1);
	assert_int_equal(living(model, 5)->creator->pid, 100);
	assert_int_equal(living(model, 5)->last_event, 2);
	assert_int_equal(model_event(model, 2)->segment.generation, 0);
}

static void shmget_of_a_living_id_begins_another_life(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	make(model, 5, 200, AT(102));

	const struct segment *segment = living(model, 5);
	const struct segment_id first = {NS, 5, 1};

	assert_int_equal(segment->id.generation, 2);
	assert_int_equal(segment->creator->pid, 200);
	assert_counts(segment, 0, 0);
	assert_int_equal(model_gone_count(model), 1);
	assert_ptr_equal(model_find(model, &first), model_gone(model));
	assert_int_equal(model_gone(model)->gone_reason, FACT_REASON_UNKNOWN);
	assert_int_equal(holders(model), 0);
	/* the end is told before the new beginning */
	assert_derived(newest(model, 1), FACT_DESTROY, 5, FACT_REASON_UNKNOWN, 0, 0);
	assert_int_equal(newest(model, 0)->op, FACT_SHMGET);
	assert_int_equal(model_event(model, 3)->previous, 0);
	assert_int_equal(model_event(model, 2)->previous, 2);
}

static void shmget_told_twice_or_late_changes_nothing(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	make(model, 5, 100, AT(100));
	make(model, 5, 300, AT(99));
	assert_int_equal(living(model, 5)->id.generation, 1);
	assert_int_equal(living(model, 5)->creator->pid, 100);
	assert_int_equal(model_gone_count(model), 0);
}

static void shmget_fills_in_what_a_snapshot_showed_first(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100.1));
	assert_int_equal(living(model, 5)->born, AT(100.1));
	make(model, 5, 100, AT(100)); /* before the snapshot, told after it */
	assert_int_equal(living(model, 5)->id.generation, 1);
	assert_int_equal(living(model, 5)->born, AT(100));
	assert_int_equal(living(model, 5)->creator->start_time, start_of(100));

	const struct segment_facts rows[] = {row, a_row(6, 100, 0)};

	snapshot(model, rows, 2, AT(101));
	make(model, 6, 100, AT(101.01)); /* made while the table was read */
	assert_int_equal(living(model, 6)->id.generation, 2);
	assert_int_equal(living(model, 6)->born, AT(101.01));
}

static void shmget_of_a_life_before_the_row_is_only_history(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 200, 0);

	snapshot(model, &row, 1, AT(100));
	make(model, 5, 100, AT(99));
	assert_int_equal(living(model, 5)->id.generation, 1);
	assert_int_equal(living(model, 5)->creator->pid, 200);
	assert_int_equal(model_gone_count(model), 0);
}

static void shmget_after_two_snapshots_is_another_life(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100));
	snapshot(model, &row, 1, AT(101));
	make(model, 5, 100, AT(102));
	assert_int_equal(living(model, 5)->id.generation, 2);
	assert_int_equal(model_gone_count(model), 1);
}

static void shmget_of_which_another_was_quicker_to_attach(void **state)
{
	struct model *model = *state;
	struct event event = made(5, 100, AT(100), 8192);

	attach(model, 5, 200, AT(99.9), ADDR);
	assert_int_equal(living(model, 5)->born, 0);
	assert_false(living(model, 5)->facts.known & FACT_COL_SIZE);
	event.took = AT(0.2);
	apply(model, &event);
	assert_int_equal(living(model, 5)->id.generation, 1);
	assert_int_equal(living(model, 5)->facts.size, 8192);
	assert_counts(living(model, 5), 1, 1);
}

/* ---- shmctl ---------------------------------------------------------------------------------- */

static void rmid_of_an_unattached_one_destroys_it(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	control(model, 5, 200, AT(101), IPC_RMID, 0);

	const struct segment *segment = ended(model, 5, FACT_REASON_IPC_RMID);

	assert_int_equal(segment->gone, AT(101));
	assert_int_equal(model_removal(segment)->time, AT(101));
	assert_int_equal(model_removal(segment)->pid, 200);
	assert_int_equal(model_segment_count(model), 0);
	assert_derived(newest(model, 0), FACT_DESTROY, 5, FACT_REASON_IPC_RMID, 200, 0);
	assert_string_equal(newest(model, 0)->comm, "comm200");
	control(model, 5, 200, AT(102), IPC_RMID, -EINVAL); /* once more: only noted */
	assert_int_equal(model_removal(model_gone(model))->ret, 0);
	assert_int_equal(model_gone(model)->changes->next->ret, -EINVAL);
	assert_int_equal(model_gone_count(model), 1);
}

static void rmid_of_an_attached_one_marks_it_until_the_last_detach(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	assert_true(living(model, 5)->facts.mode & FACT_MODE_DEST);
	assert_int_equal(living(model, 5)->facts.key, 0);
	assert_int_equal(living(model, 5)->key, 0x1005);
	attach(model, 5, 200, AT(103), ADDR); /* by id that still works */
	detach(model, 5, 100, AT(104), ADDR);
	assert_counts(living(model, 5), 1, 1);
	detach(model, 5, 200, AT(105), ADDR);
	assert_int_equal(ended(model, 5, FACT_REASON_LAST_DETACH)->gone, AT(105));
	assert_derived(newest(model, 0), FACT_DESTROY, 5, FACT_REASON_LAST_DETACH, 200, 0);
	assert_int_equal(newest(model, 1)->op, FACT_SHMDT);
	/* the whole story hangs together */
	assert_int_equal(model_gone(model)->last_event, 7);
	for (uint64_t sequence = 0; sequence < 7; sequence++)
		assert_int_equal(model_event(model, sequence)->previous, sequence);
}

static void rmid_of_one_known_by_its_id_only_marks_it(void **state)
{
	struct model *model = *state;

	attach(model, 5, 100, AT(101), ADDR);
	detach(model, 5, 100, AT(102), ADDR);
	control(model, 5, 100, AT(103), IPC_RMID, 0); /* who knows who else holds it */
	assert_true(living(model, 5)->facts.mode & FACT_MODE_DEST);
	assert_false(living(model, 5)->facts.known & FACT_COL_MODE);
	attach(model, 5, 100, AT(104), ADDR);
	detach(model, 5, 100, AT(105), ADDR);
	living(model, 5);
}

static void rmid_that_failed_is_remembered(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	control(model, 5, 200, AT(101), IPC_RMID, -EPERM);
	assert_int_equal(model_removal(living(model, 5))->time, AT(101));
	assert_int_equal(model_removal(living(model, 5))->ret, -EPERM);
	assert_int_equal(model_removal(living(model, 5))->pid, 200);
	assert_false(living(model, 5)->facts.mode & FACT_MODE_DEST);
}

static void rmid_told_late_explains_an_end(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100));
	snapshot(model, NULL, 0, AT(101));
	ended(model, 5, FACT_REASON_UNKNOWN);
	control(model, 5, 200, AT(100.5), IPC_RMID, 0);
	assert_int_equal(model_removal(ended(model, 5, FACT_REASON_IPC_RMID))->pid, 200);
}

static void rmid_told_late_does_not_change_what_is_known(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	detach(model, 5, 100, AT(104), ADDR);
	control(model, 5, 200, AT(103), IPC_RMID, 0);
	assert_int_equal(model_removal(ended(model, 5, FACT_REASON_LAST_DETACH))->pid, 100);
}

static void rmid_told_late_goes_to_the_life_that_it_ended(void **state)
{
	struct model *model = *state;
	const struct segment_facts first = a_row(5, 100, 0);
	const struct segment_facts second = a_row(5, 200, 0);

	snapshot(model, &first, 1, AT(100));
	snapshot(model, &second, 1, AT(101));
	control(model, 5, 100, AT(100.5), IPC_RMID, 0);
	assert_null(model_removal(living(model, 5)));
	assert_int_equal(model_removal(model_gone(model))->time, AT(100.5));
	assert_int_equal(model_gone(model)->gone_reason, FACT_REASON_IPC_RMID);
}

static void an_end_at_the_beginning_of_time_is_an_end(void **state)
{
	struct model *model;

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	make(model, 5, 100, 0);
	control(model, 5, 100, 0, IPC_RMID, 0);
	ended(model, 5, FACT_REASON_IPC_RMID);
	model_free(model);
}

static void rmid_of_before_the_row_marks_nothing(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 200, 0);

	snapshot(model, &row, 1, AT(100));
	control(model, 5, 100, AT(99), IPC_RMID, 0);
	assert_int_equal(living(model, 5)->facts.mode, 0640);
}

static void lock_and_unlock_set_the_bit(void **state)
{
	struct model *model = *state;
	struct event huge = made(6, 100, AT(100), 1 << 21);

	make(model, 5, 100, AT(100));
	control(model, 5, 100, AT(101), SHM_LOCK, 0);
	assert_int_equal(living(model, 5)->facts.mode, 0640 | FACT_MODE_LOCKED);
	control(model, 5, 100, AT(102), SHM_UNLOCK, 0);
	assert_int_equal(living(model, 5)->facts.mode, 0640);
	control(model, 5, 100, AT(103), SHM_LOCK, -EPERM);
	assert_int_equal(living(model, 5)->facts.mode, 0640);
	huge.flags |= SHM_HUGETLB;
	apply(model, &huge);
	control(model, 6, 100, AT(104), SHM_LOCK,
		0); /* the kernel lets it pass and marks nothing */
	assert_int_equal(living(model, 6)->facts.mode, 0640);
}

static void set_asks_for_a_look_and_stat_does_not(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	control(model, 5, 100, AT(101), IPC_STAT, 0);
	control(model, 5, 100, AT(102), IPC_SET, -EPERM);
	assert_false(needs(model).look);
	control(model, 5, 100, AT(103), IPC_SET, 0);
	assert_true(needs(model).look);
	assert_false(needs(model).scan || needs(model).settle);

	const struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(102.5)); /* it may have been read before */
	assert_true(needs(model).look);
	snapshot(model, &row, 1, AT(104));
	assert_false(needs(model).look || needs(model).scan || needs(model).settle);
}

/* ---- the past -------------------------------------------------------------------------------- */

static void a_generation_finds_its_life(void **state)
{
	struct model *model = *state;
	struct segment_id id = {NS, 5, 0};

	for (int i = 0; i < 3; i++) {
		make(model, 5, 100, AT(100 + i));
		control(model, 5, 100, AT(100.5 + i), IPC_RMID, 0);
	}
	assert_int_equal(model_find(model, &id)->born, AT(102)); /* the last one gone */
	make(model, 5, 100, AT(103));
	assert_int_equal(model_find(model, &id)->born, AT(103)); /* the living one */
	for (id.generation = 1; id.generation <= 4; id.generation++)
		assert_int_equal(model_find(model, &id)->born, AT(99 + id.generation));
	assert_null(model_find(model, &id));
	assert_int_equal(model_generation(model), 4);
	model_expire(model, AT(100000)); /* time alone makes none forgotten */
	assert_int_equal(model_gone_count(model), 3);
}

static void gone_segments_are_bounded(void **state)
{
	const struct model_limits limits = {.events = 4, .gone_segments = 3};
	struct model *model;

	(void)state;
	assert_int_equal(model_new(&limits, &model), 0);
	for (int i = 0; i < 10; i++) {
		make(model, i, 100, AT(100 + i));
		control(model, i, 100, AT(100 + i), IPC_RMID, 0);
		assert_true(model_gone_count(model) <= 3);
	}
	assert_int_equal(model_gone(model)->id.shmid, 7); /* oldest end first */
	assert_int_equal(model_gone(model)->next->id.shmid, 8);
	assert_null(find(model, 6));
	model_free(model);
}

static void those_that_ended_since_are_found_by_time(void **state)
{
	struct model *model = *state;
	const double ends[] = {101, 103, 102, 102}; /* one was told late */
	const int32_t order[] = {0, 2, 3, 1};

	assert_null(model_gone_since(model, 0));
	for (int32_t i = 0; i < 4; i++)
		make(model, i, 100, AT(100));
	for (int32_t i = 0; i < 4; i++)
		control(model, i, 100, AT(ends[i]), IPC_RMID, 0);
	const struct segment *at = model_gone(model);

	for (int32_t i = 0; i < 4; i++, at = at->next)
		assert_int_equal(at->id.shmid, order[i]);
	assert_null(at);
	assert_ptr_equal(model_gone_since(model, 0), model_gone(model));
	assert_int_equal(model_gone_since(model, AT(102))->id.shmid, 2);
	assert_int_equal(model_gone_since(model, AT(102) + 1)->id.shmid, 1);
	assert_null(model_gone_since(model, AT(103) + 1));
}

static void one_creator_leaves_room_for_the_others(void **state)
{
	const struct model_limits limits = {.events = 4, .gone_segments = 6, .gone_of_creator = 2};
	struct model *model;

	(void)state;
	assert_int_equal(model_new(&limits, &model), 0);
	make(model, 1, 200, AT(100));
	control(model, 1, 200, AT(100), IPC_RMID, 0);
	for (int i = 0; i < 10; i++) {
		make(model, 10, 100, AT(101 + i)); /* the same id: older lives go, newer stay */
		control(model, 10, 100, AT(101 + i), IPC_RMID, 0);
		assert_true(model_gone_count(model) <= 3);
	}
	assert_non_null(find(model, 1));
	assert_int_equal(model_gone(model)->id.shmid, 1);
	assert_int_equal(model_gone(model)->next->gone, AT(109));
	assert_int_equal(find(model, 10)->gone, AT(110));

	/* the newest life of an id goes first: the older one is found again */
	make(model, 2, 100, AT(120));
	control(model, 2, 100, AT(120), IPC_RMID, 0);
	make(model, 1, 100, AT(121));
	control(model, 1, 100, AT(121), IPC_RMID, 0);
	assert_int_equal(find(model, 1)->creator->pid, 100);
	make(model, 3, 100, AT(122));
	control(model, 3, 100, AT(122), IPC_RMID, 0);
	make(model, 4, 100, AT(123));
	control(model, 4, 100, AT(123), IPC_RMID, 0);
	assert_int_equal(find(model, 1)->creator->pid, 200);
	model_free(model);
}

static void a_model_may_keep_no_past_at_all(void **state)
{
	const struct model_limits limits = {0};
	struct model *model;

	(void)state;
	assert_int_equal(model_new(&limits, &model), 0);
	for (int i = 0; i < 10; i++) {
		make(model, 5, 100, AT(100 + i));
		attach(model, 5, 100, AT(100.1 + i), 4096);
		control(model, 5, 100, AT(100.2 + i), IPC_RMID, 0);
		exited(model, 100, AT(100.3 + i), 0);
		assert_int_equal(model_gone_count(model), 0);
		assert_null(find(model, 5));
		model_expire(model, AT(100.4 + i));
	}
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(shmget_that_creates_makes_a_segment),
		MODEL_TEST(shmget_that_finds_or_fails_is_only_history),
		MODEL_TEST(shmget_of_a_living_id_begins_another_life),
		MODEL_TEST(shmget_told_twice_or_late_changes_nothing),
		MODEL_TEST(shmget_fills_in_what_a_snapshot_showed_first),
		MODEL_TEST(shmget_of_a_life_before_the_row_is_only_history),
		MODEL_TEST(shmget_after_two_snapshots_is_another_life),
		MODEL_TEST(shmget_of_which_another_was_quicker_to_attach),
		MODEL_TEST(rmid_of_an_unattached_one_destroys_it),
		MODEL_TEST(rmid_of_an_attached_one_marks_it_until_the_last_detach),
		MODEL_TEST(rmid_of_one_known_by_its_id_only_marks_it),
		MODEL_TEST(rmid_that_failed_is_remembered),
		MODEL_TEST(rmid_told_late_explains_an_end),
		MODEL_TEST(rmid_told_late_does_not_change_what_is_known),
		MODEL_TEST(rmid_told_late_goes_to_the_life_that_it_ended),
		cmocka_unit_test(an_end_at_the_beginning_of_time_is_an_end),
		MODEL_TEST(rmid_of_before_the_row_marks_nothing),
		MODEL_TEST(lock_and_unlock_set_the_bit),
		MODEL_TEST(set_asks_for_a_look_and_stat_does_not),
		MODEL_TEST(a_generation_finds_its_life),
		cmocka_unit_test(gone_segments_are_bounded),
		MODEL_TEST(those_that_ended_since_are_found_by_time),
		cmocka_unit_test(one_creator_leaves_room_for_the_others),
		cmocka_unit_test(a_model_may_keep_no_past_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
