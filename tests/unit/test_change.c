/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who changed a segment, who removed it, who tried: as calls tell it, and as two tables do. */
#include "model_fixture.h"

#include <errno.h>

#define ADDR UINT64_C(0x7f0000000000)

static void set(struct model *model, int32_t shmid, int32_t pid, uint64_t time, uint32_t uid,
		uint32_t mode, int64_t ret)
{
	struct event event = an_event(FACT_SHMCTL, pid, time);

	event.shmid = shmid;
	event.cmd = IPC_SET;
	event.ret = ret;
	event.has_set = true;
	event.set_uid = uid;
	event.set_gid = 1000;
	event.set_mode = mode;
	apply(model, &event);
}

/* The change number `index` of the segment, oldest first */
static const struct segment_change *change(const struct segment *segment, int index)
{
	const struct segment_change *at = segment->changes;

	while (at && index-- > 0)
		at = at->next;
	assert_non_null(at);
	return at;
}

static void assert_change(const struct segment_change *change, enum change_kind kind, int64_t ret,
			  int32_t pid, uint64_t time)
{
	assert_int_equal(change->kind, kind);
	assert_int_equal(change->ret, ret);
	assert_int_equal(change->pid, pid);
	assert_int_equal(change->time, time);
}

static void assert_rights(const struct segment_rights *rights, uint32_t uid, uint32_t mode)
{
	assert_int_equal(rights->uid, uid);
	assert_int_equal(rights->gid, 1000);
	assert_int_equal(rights->mode, mode);
}

/* ---- calls --------------------------------------------------------------------------------- */

static void each_call_is_remembered_with_who(void **state)
{
	struct model *model = *state;
	const struct segment *segment;

	make(model, 5, 100, AT(100));
	attach(model, 5, 300, AT(100), ADDR);
	set(model, 5, 100, AT(101), 2000, 0666, 0);
	set(model, 5, 200, AT(102), 3000, 0600, -EPERM);
	control(model, 5, 100, AT(103), SHM_LOCK, 0);
	control(model, 5, 100, AT(104), SHM_UNLOCK, 0);
	control(model, 5, 100, AT(104), IPC_STAT, 0);
	control(model, 5, 200, AT(105), IPC_RMID, 0);
	segment = living(model, 5);
	assert_int_equal(segment->change_count, 5);
	assert_change(change(segment, 0), CHANGE_SET, 0, 100, AT(101));
	assert_change(change(segment, 1), CHANGE_SET, -EPERM, 200, AT(102));
	assert_change(change(segment, 2), CHANGE_LOCK, 0, 100, AT(103));
	assert_change(change(segment, 3), CHANGE_UNLOCK, 0, 100, AT(104));
	assert_change(change(segment, 4), CHANGE_REMOVE, 0, 200, AT(105));
	assert_string_equal(change(segment, 4)->comm, "comm200");
	assert_int_equal(change(segment, 4)->uid, 1000);
	assert_ptr_equal(model_removal(segment), change(segment, 4));
	assert_null(segment->end);
}

static void the_rights_before_and_after(void **state)
{
	struct model *model = *state;
	const struct segment *segment;

	make(model, 5, 100, AT(100));
	set(model, 5, 100, AT(101), 2000, 0666, 0);
	set(model, 5, 200, AT(102), 3000, 01600, -EPERM); /* as asked for: it stays */
	set(model, 5, 100, AT(103), 2000, 0600, 0);
	segment = living(model, 5);
	assert_rights(&change(segment, 0)->old, 1000, 0640);
	assert_rights(&change(segment, 0)->new, 2000, 0666);
	assert_rights(&change(segment, 1)->old, 2000, 0666);
	assert_rights(&change(segment, 1)->new, 3000, 0600);
	assert_rights(&change(segment, 2)->old, 2000, 0666);
	assert_rights(&change(segment, 2)->new, 2000, 0600);
	assert_false(change(segment, 2)->seen);
}

static void what_was_asked_for_is_found_in_the_next_table(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100));
	control(model, 5, 200, AT(101), IPC_SET, 0);
	assert_false(change(living(model, 5), 0)->has_new);
	assert_rights(&change(living(model, 5), 0)->old, 1000, 0640);
	row.uid = 2000;
	snapshot(model, &row, 1, AT(100.5)); /* read before the call */
	assert_false(change(living(model, 5), 0)->has_new);
	snapshot(model, &row, 1, AT(102));
	assert_int_equal(living(model, 5)->change_count, 1);
	assert_true(change(living(model, 5), 0)->seen);
	assert_rights(&change(living(model, 5), 0)->new, 2000, 0640);
	control(model, 5, 200, AT(103), IPC_SET, 0);
	assert_rights(&change(living(model, 5), 1)->old, 2000, 0640);
}

static void repeats_are_counted(void **state)
{
	struct model *model = *state;
	const struct segment *segment;

	make(model, 5, 100, AT(100));
	attach(model, 5, 300, AT(100), ADDR);
	for (int i = 0; i < 20; i++) {
		control(model, 5, 200, AT(101 + i), SHM_LOCK, 0);
		control(model, 5, 200, AT(101.5 + i), SHM_UNLOCK, 0);
	}
	control(model, 5, 100, AT(130), IPC_RMID, 0);
	control(model, 5, 200, AT(131), IPC_RMID, 0); /* it was removed already */
	segment = living(model, 5);
	assert_int_equal(segment->change_count, 3);
	assert_change(change(segment, 0), CHANGE_LOCK, 0, 200, AT(120));
	assert_int_equal(change(segment, 0)->first, AT(101));
	assert_int_equal(change(segment, 0)->count, 20);
	assert_change(model_removal(segment), CHANGE_REMOVE, 0, 100, AT(131));
	assert_int_equal(model_removal(segment)->first, AT(130));
	assert_int_equal(model_removal(segment)->count, 2);
	assert_int_equal(segment->changes_dropped, 0);
}

static void a_flood_leaves_what_matters(void **state)
{
	struct model *model = *state;
	const struct segment *segment;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(100), ADDR);
	set(model, 5, 100, AT(101), 2000, 0666, 0);
	control(model, 5, 200, AT(102), IPC_RMID, -EPERM);
	control(model, 5, 100, AT(103), IPC_RMID, 0);
	for (int i = 0; i < 100; i++)
		set(model, 5, 1000 + i, AT(104 + i), 1, 0600, -EPERM);
	segment = living(model, 5);
	assert_int_equal(segment->change_count, MODEL_CHANGES);
	assert_int_equal(segment->changes_dropped, 103 - MODEL_CHANGES);
	assert_change(change(segment, 0), CHANGE_SET, 0, 100, AT(101));
	assert_change(change(segment, 1), CHANGE_REMOVE, -EPERM, 200, AT(102));
	assert_change(change(segment, 2), CHANGE_REMOVE, 0, 100, AT(103));
	assert_change(change(segment, MODEL_CHANGES - 1), CHANGE_SET, -EPERM, 1099, AT(203));
}

static void one_told_late_stands_where_it_belongs(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	control(model, 5, 100, AT(103), SHM_LOCK, 0);
	control(model, 5, 200, AT(102), SHM_LOCK, -EPERM);
	assert_int_equal(change(living(model, 5), 0)->pid, 200);
	assert_int_equal(change(living(model, 5), 1)->pid, 100);
}

static const struct segment_change *told;

static void ask(void *context, const struct model_event *entry)
{
	told = model_event_change(context, entry);
}

static void who_hears_of_the_call_finds_its_change(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	model_set_sink(model, ask, model);
	set(model, 5, 100, AT(101), 2000, 0666, 0);
	assert_non_null(told);
	assert_rights(&told->old, 1000, 0640);
	set(model, 5, 100, AT(102), 2000, 0666, -EINVAL);
	assert_int_equal(told->ret, -EINVAL);
	control(model, 5, 100, AT(103), IPC_STAT, 0);
	assert_null(told);
	control(model, 5, 100, AT(104), SHM_LOCK, 0);
	control(model, 5, 100, AT(105), SHM_LOCK, 0);
	assert_int_equal(told->count, 2);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void what_no_call_told_two_tables_do(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct segment *segment;

	snapshot(model, &row, 1, AT(100));
	assert_null(living(model, 5)->changes);
	row.uid = 2000;
	snapshot(model, &row, 1, AT(101));
	row.mode |= FACT_MODE_LOCKED;
	snapshot(model, &row, 1, AT(102));
	row.mode &= ~(uint32_t)FACT_MODE_LOCKED;
	snapshot(model, &row, 1, AT(103));
	row.mode |= FACT_MODE_DEST;
	row.key = 0;
	snapshot(model, &row, 1, AT(104));
	snapshot(model, &row, 1, AT(105));
	segment = living(model, 5);
	assert_int_equal(segment->change_count, 4);
	assert_change(change(segment, 0), CHANGE_SET, 0, 0, AT(101));
	assert_rights(&change(segment, 0)->old, 1000, 0640);
	assert_rights(&change(segment, 0)->new, 2000, 0640);
	assert_change(change(segment, 1), CHANGE_LOCK, 0, 0, AT(102));
	assert_change(change(segment, 2), CHANGE_UNLOCK, 0, 0, AT(103));
	assert_change(model_removal(segment), CHANGE_REMOVE, 0, 0, AT(104));
	for (int i = 0; i < 4; i++) {
		assert_true(change(segment, i)->inferred);
		assert_int_equal(change(segment, i)->uid, FACT_UID_UNKNOWN);
	}
}

static void a_call_told_after_the_table_is_the_same_change(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct segment *segment;

	snapshot(model, &row, 1, AT(100));
	row.uid = 2000;
	row.mode |= FACT_MODE_DEST;
	snapshot(model, &row, 1, AT(102));
	set(model, 5, 100, AT(101), 2000, 0640, 0);
	control(model, 5, 200, AT(101.5), IPC_RMID, 0);
	segment = living(model, 5);
	assert_int_equal(segment->change_count, 2);
	assert_change(change(segment, 0), CHANGE_SET, 0, 100, AT(101));
	assert_false(change(segment, 0)->inferred);
	assert_rights(&change(segment, 0)->old, 1000, 0640);
	assert_rights(&change(segment, 0)->new, 2000, 0640);
	assert_change(model_removal(segment), CHANGE_REMOVE, 0, 200, AT(101.5));
	assert_string_equal(model_removal(segment)->comm, "comm200");
}

static void two_calls_told_after_the_table(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct segment *segment;

	snapshot(model, &row, 1, AT(100));
	row.mode = 0600;
	snapshot(model, &row, 1, AT(102));
	set(model, 5, 100, AT(101), 1000, 0666, 0);
	set(model, 5, 200, AT(101.5), 1000, 0600, 0);
	segment = living(model, 5);
	assert_int_equal(segment->change_count, 2);
	assert_rights(&change(segment, 0)->old, 1000, 0640);
	assert_rights(&change(segment, 0)->new, 1000, 0666);
	assert_false(change(segment, 0)->seen);
	assert_rights(&change(segment, 1)->old, 1000, 0666);
	assert_rights(&change(segment, 1)->new, 1000, 0600);
}

static void a_removal_that_a_table_told_is_not_done_again(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);

	snapshot(model, &row, 1, AT(100));
	row.mode |= FACT_MODE_DEST;
	snapshot(model, &row, 1, AT(101));
	control(model, 5, 200, AT(102), IPC_RMID, 0);
	assert_int_equal(living(model, 5)->change_count, 1);
	assert_int_equal(model_removal(living(model, 5))->pid, 0);
	assert_int_equal(model_removal(living(model, 5))->count, 2);
}

static void a_call_told_before_the_table_is_no_other_change(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);

	snapshot(model, &row, 1, AT(100));
	set(model, 5, 100, AT(101), 2000, 0666, 0);
	control(model, 5, 100, AT(101), SHM_LOCK, 0);
	control(model, 5, 100, AT(101), IPC_RMID, 0);
	row.uid = 2000;
	row.mode = 0666 | FACT_MODE_LOCKED | FACT_MODE_DEST;
	snapshot(model, &row, 1, AT(102));
	assert_int_equal(living(model, 5)->change_count, 3);
	for (int i = 0; i < 3; i++)
		assert_false(change(living(model, 5), i)->inferred);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void who_ended_it(void **state)
{
	struct model *model = *state;
	const struct segment *segment;

	make(model, 5, 100, AT(100));
	attach(model, 5, 300, AT(101), ADDR);
	control(model, 5, 200, AT(102), IPC_RMID, 0);
	exited(model, 300, AT(103), 0);
	segment = ended(model, 5, FACT_REASON_LAST_DETACH);
	assert_change(segment->end, CHANGE_END, 0, 300, AT(103));
	assert_int_equal(segment->end->reason, FACT_REASON_LAST_DETACH);
	assert_string_equal(segment->end->comm, "comm300");
	assert_int_equal(model_removal(segment)->pid, 200);
}

static void a_late_word_tells_who_ended_it(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100));
	snapshot(model, NULL, 0, AT(101));
	assert_int_equal(ended(model, 5, FACT_REASON_UNKNOWN)->end->pid, 0);
	assert_true(find(model, 5)->end->inferred);
	control(model, 5, 200, AT(100.5), IPC_RMID, 0);
	assert_int_equal(ended(model, 5, FACT_REASON_IPC_RMID)->end->pid, 200);
	assert_false(find(model, 5)->end->inferred);
}

static void one_that_lives_on_has_no_end(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);

	snapshot(model, &row, 1, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	detach(model, 5, 100, AT(103), ADDR);
	detach(model, 5, 100, AT(103), ADDR);
	ended(model, 5, FACT_REASON_LAST_DETACH);
	row.mode |= FACT_MODE_DEST;
	snapshot(model, &row, 1, AT(104));
	assert_null(living(model, 5)->end);
	assert_int_equal(model_removal(living(model, 5))->pid, 100);
}

/* Whoever only changes a segment has no part in its life: nobody needs to know how its own goes on. */
static void who_changes_one_is_looked_up_but_not_followed(void **state)
{
	struct model *model = *state;
	const struct process_facts facts = {
		.pid = 200, .start_time = start_of(200), .comm = "ipcrm", .cgroup = "/system"};
	const struct process *wanted;

	make(model, 5, 100, AT(100));
	while (model_next_wanted(model))
		;
	control(model, 5, 200, AT(101), IPC_RMID, 0);
	wanted = model_next_wanted(model);
	assert_non_null(wanted);
	assert_int_equal(wanted->pid, 200);
	assert_false(model_process_known(model, wanted, &facts, AT(102)));
	assert_string_equal(model_removal(find(model, 5))->process->cgroup, "/system");
	assert_string_equal(model_removal(find(model, 5))->comm, "comm200");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(each_call_is_remembered_with_who),
		MODEL_TEST(the_rights_before_and_after),
		MODEL_TEST(what_was_asked_for_is_found_in_the_next_table),
		MODEL_TEST(repeats_are_counted),
		MODEL_TEST(a_flood_leaves_what_matters),
		MODEL_TEST(one_told_late_stands_where_it_belongs),
		MODEL_TEST(who_hears_of_the_call_finds_its_change),
		MODEL_TEST(what_no_call_told_two_tables_do),
		MODEL_TEST(a_call_told_after_the_table_is_the_same_change),
		MODEL_TEST(two_calls_told_after_the_table),
		MODEL_TEST(a_removal_that_a_table_told_is_not_done_again),
		MODEL_TEST(a_call_told_before_the_table_is_no_other_change),
		MODEL_TEST(who_ended_it),
		MODEL_TEST(a_late_word_tells_who_ended_it),
		MODEL_TEST(one_that_lives_on_has_no_end),
		MODEL_TEST(who_changes_one_is_looked_up_but_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
