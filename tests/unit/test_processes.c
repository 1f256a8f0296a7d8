/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is who: pids are used again, names come late, the dead keep theirs. */
#include "model_fixture.h"

#define ADDR UINT64_C(0x7f0000000000)

static struct process_facts facts_of(int32_t pid, uint64_t start_time)
{
	struct process_facts facts = {
		.pid = pid,
		.has_uid = true,
		.uid = 33,
		.start_time = start_time / (10 * CLOCK_MS) * (10 * CLOCK_MS),
		.exe = "/usr/bin/php",
		.cgroup = "/system.slice",
	};

	snprintf(facts.comm, sizeof(facts.comm), "php%d", pid);
	snprintf(facts.cmdline, sizeof(facts.cmdline), "php -f %d", pid);
	return facts;
}

/* Answers the one that is wanted, which must have this pid. */
static void answer(struct model *model, int32_t pid, uint64_t start_time, uint64_t now)
{
	const struct process *wanted = model_next_wanted(model);
	const struct process_facts facts = facts_of(pid, start_time);

	assert_non_null(wanted);
	assert_int_equal(wanted->pid, pid);
	model_process_known(model, wanted, &facts, now);
}

static void each_new_process_is_wanted_once(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 200, AT(101), ADDR);
	attach(model, 5, 100, AT(102), ADDR);
	assert_int_equal(model_next_wanted(model)->pid, 100);
	assert_int_equal(model_next_wanted(model)->pid, 200);
	assert_null(model_next_wanted(model));
	attach(model, 5, 100, AT(103), ADDR + 8192);
	assert_null(model_next_wanted(model));
	model_expire(model, AT(104));
	assert_null(model_next_wanted(model));
}

static void facts_fill_in_what_events_do_not_tell(void **state)
{
	struct model *model = *state;
	struct event event = made(5, 100, AT(100), 8192);

	event.inner_pid = 7;
	apply(model, &event);

	const struct process *creator = living(model, 5)->creator;

	assert_string_equal(creator->comm, "comm100");
	assert_string_equal(creator->cmdline, "");
	assert_string_equal(creator->exe, "");
	assert_string_equal(creator->cgroup, "");
	assert_false(creator->resolved);
	answer(model, 100, start_of(100), AT(101));
	assert_true(creator->resolved && creator->alive);
	assert_string_equal(creator->comm, "php100");
	assert_string_equal(creator->cmdline, "php -f 100");
	assert_string_equal(creator->exe, "/usr/bin/php");
	assert_string_equal(creator->cgroup, "/system.slice");
	assert_int_equal(creator->uid, 33);
	assert_int_equal(creator->inner_pid, 7);
	assert_int_equal(creator->start_time, start_of(100)); /* finer than /proc's */
	attach(model, 5, 100, AT(102), ADDR);                 /* by a thread of another name */
	assert_string_equal(creator->comm, "php100");
}

static void a_later_process_with_that_pid_tells_nothing(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	answer(model, 100, start_of(100) + AT(90), AT(101));

	const struct process *creator = living(model, 5)->creator;

	assert_true(creator->resolved && creator->checked);
	assert_false(creator->alive);
	assert_string_equal(creator->comm, "comm100");
	assert_string_equal(creator->cmdline, "");
}

static void the_dead_keep_their_names(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	answer(model, 100, start_of(100), AT(101));
	exited(model, 100, AT(102), 9);
	exited(model, 100, AT(102.5), 1); /* once is enough */
	model_expire(model, AT(200));

	const struct process *creator = living(model, 5)->creator;

	assert_false(creator->alive);
	assert_int_equal(creator->ended, AT(102));
	assert_true(creator->has_status);
	assert_int_equal(creator->status, 9);
	assert_string_equal(creator->comm, "php100");
	assert_string_equal(creator->cmdline, "php -f 100");

	/* another that gets the pid is somebody else */
	struct event event = made(6, 100, AT(203), 8192);

	event.start_time = AT(202);
	apply(model, &event);
	assert_ptr_not_equal(living(model, 6)->creator, creator);
	assert_true(living(model, 6)->creator->alive);
	assert_false(creator->alive);
	event.op = FACT_EXIT;
	event.status = 1;
	event.time = AT(204);
	apply(model, &event);
	assert_false(living(model, 6)->creator->alive);
	assert_int_equal(creator->status, 9);
}

static void one_that_ended_is_not_asked_for(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	exited(model, 100, AT(101), 0);
	assert_null(model_next_wanted(model));
	assert_true(living(model, 5)->creator->resolved);
	make(model, 6, 200, AT(102));
	model_process_missing(model, model_next_wanted(model), AT(103));
	assert_true(living(model, 6)->creator->resolved && living(model, 6)->creator->checked);
	assert_false(living(model, 6)->creator->alive);
	assert_int_equal(living(model, 6)->creator->ended, 0); /* nobody saw it */
}

static void exec_makes_another_program_of_it(void **state)
{
	struct model *model = *state;
	struct event event = an_event(FACT_EXEC, 100, AT(102));

	make(model, 5, 100, AT(100));
	answer(model, 100, start_of(100), AT(101));
	snprintf(event.comm, sizeof(event.comm), "sleep");
	apply(model, &event);
	assert_string_equal(living(model, 5)->creator->comm, "sleep");
	answer(model, 100, start_of(100), AT(103));
	assert_null(model_next_wanted(model));
}

static void fork_tells_of_the_child(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	forked(model, 100, 110, AT(102));

	const struct process *child = living(model, 5)->mappings->segment_next->holder->process;

	assert_int_equal(child->pid, 110);
	assert_true(child->alive);
	assert_string_equal(child->comm, "comm100");
	assert_int_equal(model_next_wanted(model)->pid, 100);
	assert_int_equal(model_next_wanted(model)->pid, 110);
}

/* ---- known by a pid of the table alone ------------------------------------------------------- */

static void a_creator_of_the_table_is_the_one_that_was_there(void **state)
{
	static const struct {
		double start;
		bool same;
	} cases[] = {
		{10, true},     {50.99, true},
		{51.01, true}, /* a tick late: see the kernel's clock */
		{51.03, false}, {60, false},
	};
	struct model *model = *state;

	for (int32_t i = 0; i < 5; i++) {
		const struct segment_facts row = a_row(i, 100 + i, 0); /* made in second 50 */

		snapshot(model, &row, 1, AT(100 + i));
		answer(model, 100 + i, AT(cases[i].start), AT(100 + i));

		const struct process *creator = living(model, i)->creator;

		assert_int_equal(creator->pid, 100 + i);
		assert_true(creator->checked && creator->resolved);
		assert_int_equal(creator->alive, cases[i].same);
		assert_int_equal(creator->comm[0] != '\0', cases[i].same);
		assert_int_equal(creator->start_time != 0, cases[i].same);
		assert_null(model_next_wanted(model));
	}
}

static void the_last_user_of_the_table_is_judged_by_its_use(void **state)
{
	struct model *model = *state;
	struct segment_facts rows[] = {a_row(5, 100, 0), a_row(6, 100, 0)};

	for (int i = 0; i < 2; i++) {
		rows[i].lpid = 200 + i;
		rows[i].atime = EPOCH + 80;
		rows[i].dtime = EPOCH + 70;
	}
	snapshot(model, rows, 2, AT(100));
	answer(model, 100, AT(10), AT(101));
	answer(model, 200, AT(75), AT(101));
	answer(model, 201, AT(82), AT(101));
	assert_true(living(model, 5)->last->alive);
	assert_false(living(model, 6)->last->alive);
}

static void one_pid_may_be_two_creators(void **state)
{
	struct model *model = *state;
	struct segment_facts rows[] = {a_row(5, 100, 0), a_row(6, 100, 0), a_row(7, 100, 0)};

	rows[0].ctime = EPOCH + 90; /* the later first */
	rows[0].lpid = 100;
	rows[0].dtime = EPOCH + 60;
	rows[1].lpid = 100;
	rows[1].dtime = EPOCH + 95;
	snapshot(model, rows, 3, AT(100));
	assert_ptr_equal(living(model, 5)->creator, living(model, 6)->creator);
	answer(model, 100, AT(85), AT(101)); /* it made the first one only */
	assert_null(model_next_wanted(model));
	assert_true(living(model, 5)->creator->alive);
	assert_string_equal(living(model, 5)->creator->comm, "php100");
	assert_false(living(model, 5)->last->alive);
	assert_true(living(model, 6)->last->alive);
	assert_false(living(model, 6)->creator->alive);
	assert_true(living(model, 6)->creator->checked);
	assert_string_equal(living(model, 6)->creator->comm, "");
	assert_ptr_equal(living(model, 6)->creator, living(model, 7)->creator);
	snapshot(model, rows, 3, AT(102));
	assert_null(model_next_wanted(model));
	assert_false(living(model, 6)->creator->alive);
}

static void a_creator_that_is_gone_is_not_the_next_with_its_pid(void **state)
{
	struct model *model = *state;
	struct segment_facts rows[] = {a_row(5, 100, 0), a_row(6, 100, 0), a_row(7, 100, 0)};

	snapshot(model, rows, 1, AT(100));
	model_process_missing(model, model_next_wanted(model), AT(101));
	rows[1].ctime = EPOCH + 40; /* of the same time */
	rows[2].ctime = EPOCH + 110;
	snapshot(model, rows, 3, AT(111));
	assert_ptr_equal(living(model, 6)->creator, living(model, 5)->creator);
	answer(model, 100, AT(105), AT(112));
	assert_null(model_next_wanted(model));
	assert_false(living(model, 5)->creator->alive);
	assert_true(living(model, 7)->creator->alive);
}

static void a_row_without_times_does_not_spoil_the_others(void **state)
{
	struct model *model = *state;
	struct segment_facts rows[] = {a_row(5, 100, 0), a_row(6, 100, 0)};

	rows[0].known &= ~(uint32_t)FACT_COL_CTIME;
	snapshot(model, rows, 2, AT(100));
	answer(model, 100, AT(10), AT(101));
	answer(model, 100, AT(10), AT(101));
	assert_false(living(model, 5)->creator->checked);
	assert_true(living(model, 6)->creator->alive);
}

static void an_address_space_goes_to_its_next_owner(void **state)
{
	struct model *model = *state;
	struct event event = attached(5, 200, AT(103), ADDR + 65536);

	make(model, 5, 300, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	while (model_next_wanted(model)->pid != 100)
		;
	model_process_missing(model, living(model, 5)->mappings->holder->process, AT(102));
	event.mm = mm_of(100);
	apply(model, &event);
	assert_int_equal(living(model, 5)->mappings->holder->process->pid, 200);
}

static void a_pid_of_the_table_finds_who_is_known_already(void **state)
{
	struct model *model = *state;
	struct segment_facts rows[] = {a_row(5, 100, 1), a_row(6, 100, 0)};
	const struct attachment seen = a_mapping(5, 100, ADDR);

	/* unknown, then the scan tells who the 100 is */
	snapshot(model, rows, 1, AT(100));
	scan(model, &seen, 1, AT(101));
	assert_ptr_equal(living(model, 5)->creator, living(model, 5)->mappings->holder->process);
	assert_int_equal(living(model, 5)->creator->start_time, start_of(100));
	snapshot(model, rows, 2, AT(102));
	assert_ptr_equal(living(model, 6)->creator, living(model, 5)->creator);

	/* made after it ended: another */
	exited(model, 100, AT(103), 0);
	rows[1] = a_row(7, 100, 0);
	rows[1].ctime = EPOCH + 110;
	snapshot(model, rows, 2, AT(120));
	assert_ptr_not_equal(living(model, 7)->creator, living(model, 5)->creator);
	assert_int_equal(living(model, 7)->creator->start_time, 0);
}

static void exit_finds_one_known_by_its_pid_alone(void **state)
{
	struct model *model = *state;
	const struct segment_facts rows[] = {a_row(5, 100, 0), a_row(6, 800, 0)};

	snapshot(model, rows, 2, AT(100));
	exited(model, 100, AT(101), 0); /* started at 10 s: it was there at 50 s */
	exited(model, 800, AT(101), 0); /* started at 80 s: it was not */
	assert_int_equal(living(model, 5)->creator->ended, AT(101));
	assert_int_equal(living(model, 6)->creator->ended, 0);
}

static void without_the_wall_clock_nobody_can_tell(void **state)
{
	const struct segment_facts row = a_row(5, 100, 0);
	struct model *model;

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	snapshot(model, &row, 1, AT(100));
	answer(model, 100, AT(10), AT(101));
	assert_false(living(model, 5)->creator->checked);
	assert_true(living(model, 5)->creator->resolved);
	assert_string_equal(living(model, 5)->creator->comm, "");
	model_free(model);
}

/* ---- life of the structs --------------------------------------------------------------------- */

static void recheck_asks_for_those_thought_alive(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	make(model, 6, 200, AT(100));
	make(model, 7, 300, AT(100));
	while (model_next_wanted(model))
		;
	exited(model, 200, AT(101), 0);
	model_recheck_processes(model);
	answer(model, 100, start_of(100), AT(102));
	model_process_missing(model, model_next_wanted(model), AT(102));
	assert_null(model_next_wanted(model));
	assert_true(living(model, 5)->creator->alive);
	assert_false(living(model, 7)->creator->alive);
	model_recheck_processes(model);
	answer(model, 100, start_of(100), AT(103));
	assert_null(model_next_wanted(model));
}

static void those_that_nobody_refers_to_are_forgotten(void **state)
{
	struct model *model = *state;

	/* what was freed would be found by the sanitizer; what is found again is new, so wanted */
	for (int32_t i = 0; i < 3; i++) {
		const struct process *wanted;

		make(model, 5 + i, 100, AT(100 + 100 * i));
		wanted = model_next_wanted(model);
		assert_non_null(wanted);
		model_process_known(model, wanted, &(struct process_facts){.pid = 100}, AT(100));
		control(model, 5 + i, 100, AT(101 + 100 * i), IPC_RMID, 0);
		model_expire(model, AT(102 + 100 * i)); /* remembered as gone, with its creator */
		assert_int_equal(find(model, 5 + i)->creator->pid, 100);
		make(model, 9, 900, AT(103 + 100 * i));
		while (model_next_wanted(model))
			;
		control(model, 9, 900, AT(104 + 100 * i), IPC_RMID, 0);
		model_expire(model, AT(120 + 100 * i));
		assert_null(find(model, 5 + i));
	}
}

static void the_first_of_a_pid_carries_the_others(void **state)
{
	struct model *model = *state;
	struct event event = made(6, 100, AT(103), 8192);

	make(model, 5, 100, AT(100));
	exited(model, 100, AT(101), 0);
	control(model, 5, 200, AT(102), IPC_RMID, 0);
	event.start_time = AT(102.5);
	apply(model, &event);
	while (model_next_wanted(model))
		;
	model_expire(model, AT(200)); /* the first has no use any more */
	model_expire(model, AT(201));
	event.op = FACT_SHMAT;
	event.ret = ADDR;
	event.time = AT(202);
	apply(model, &event);
	assert_ptr_equal(living(model, 6)->last, living(model, 6)->creator);
}

static void one_found_again_before_it_is_forgotten_is_wanted(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	make(model, 6, 100, AT(100));
	attach(model, 6, 200, AT(101), ADDR);
	detach(model, 6, 200, AT(102), ADDR);
	control(model, 6, 100, AT(102), IPC_RMID, 0);
	attach(model, 5, 300, AT(103), ADDR);
	make(model, 7, 300, AT(104));
	control(model, 7, 300, AT(105), IPC_RMID, 0);
	model_expire(model, AT(120)); /* nobody refers to 200 any more, not even as gone */
	assert_int_equal(model_next_wanted(model)->pid, 100);
	assert_int_equal(model_next_wanted(model)->pid, 300);
	assert_null(model_next_wanted(model));
	attach(model, 5, 200, AT(104), ADDR);
	assert_int_equal(model_next_wanted(model)->pid, 200);
	assert_null(model_next_wanted(model));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(each_new_process_is_wanted_once),
		MODEL_TEST(facts_fill_in_what_events_do_not_tell),
		MODEL_TEST(a_later_process_with_that_pid_tells_nothing),
		MODEL_TEST(the_dead_keep_their_names),
		MODEL_TEST(one_that_ended_is_not_asked_for),
		MODEL_TEST(exec_makes_another_program_of_it),
		MODEL_TEST(fork_tells_of_the_child),
		MODEL_TEST(a_creator_of_the_table_is_the_one_that_was_there),
		MODEL_TEST(the_last_user_of_the_table_is_judged_by_its_use),
		MODEL_TEST(one_pid_may_be_two_creators),
		MODEL_TEST(a_creator_that_is_gone_is_not_the_next_with_its_pid),
		MODEL_TEST(a_row_without_times_does_not_spoil_the_others),
		MODEL_TEST(an_address_space_goes_to_its_next_owner),
		MODEL_TEST(the_first_of_a_pid_carries_the_others),
		MODEL_TEST(a_pid_of_the_table_finds_who_is_known_already),
		MODEL_TEST(exit_finds_one_known_by_its_pid_alone),
		cmocka_unit_test(without_the_wall_clock_nobody_can_tell),
		MODEL_TEST(recheck_asks_for_those_thought_alive),
		FORGETFUL_MODEL_TEST(those_that_nobody_refers_to_are_forgotten),
		FORGETFUL_MODEL_TEST(one_found_again_before_it_is_forgotten_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
