/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who knows a segment: those that used it, and what they forked since. And where it was made. */
#include "model_fixture.h"

#include <errno.h>

#include "chance.h"

#define ADDR UINT64_C(0x7f0000000000)

/* A fork that is told only for what can be concluded from it */
static void forked_aside(struct model *model, int32_t pid, int32_t child, uint64_t time)
{
	struct event event = an_event(FACT_FORK, pid, time);

	event.aside = true;
	event.child = child;
	event.child_mm = mm_of(child);
	event.child_start_time = start_of(child);
	apply(model, &event);
}

static void ended_aside(struct model *model, int32_t pid, uint64_t time)
{
	struct event event = an_event(FACT_EXIT, pid, time);

	event.aside = true;
	event.mm = 0;
	apply(model, &event);
}

/* 0: nobody that is known of */
static int32_t who_lives(const struct model *model, int32_t shmid)
{
	const struct process *process = model_living_user(living(model, shmid), NULL);

	return process ? process->pid : 0;
}

static bool knows(const struct model *model, int32_t shmid)
{
	return model_knows_users(model, living(model, shmid));
}

static void its_creator_knows_it(void **state)
{
	struct model *model = *state;
	const struct process *user = NULL;

	make(model, 5, 100, AT(100));
	assert_true(knows(model, 5));
	assert_int_equal(model_living_user(living(model, 5), &user)->pid, 100);
	assert_int_equal(user->pid, 100);
	assert_false(living(model, 5)->shared);
	exited(model, 100, AT(101), 0);
	assert_int_equal(who_lives(model, 5), 0);
	assert_true(knows(model, 5));
}

static void who_attached_it_knows_it(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 200, AT(101), ADDR);
	detach(model, 5, 200, AT(102), ADDR);
	exited(model, 100, AT(103), 0);
	assert_int_equal(who_lives(model, 5), 200);
	assert_true(living(model, 5)->shared);
	exited(model, 200, AT(104), 0);
	assert_int_equal(who_lives(model, 5), 0);
	assert_true(knows(model, 5));
}

static void who_was_found_with_it_knows_it(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	const struct attachment mapping = a_mapping(5, 300, ADDR);

	snapshot(model, &row, 1, AT(60));
	scan(model, &mapping, 1, AT(61));
	exited(model, 100, AT(62), 0);
	assert_int_equal(who_lives(model, 5), 300);
	detach(model, 5, 300, AT(63), ADDR);
	assert_int_equal(who_lives(model, 5), 300);
	exited(model, 300, AT(64), 0);
	assert_int_equal(who_lives(model, 5), 0);
	assert_false(knows(model, 5)); /* nobody saw who used it before */
}

static void a_child_knows_what_was_there_when_it_was_forked(void **state)
{
	struct model *model = *state;
	const struct process *user = NULL;

	make(model, 5, 100, AT(100));
	forked_aside(model, 100, 200, AT(101));
	make(model, 6, 100, AT(102));
	exited(model, 100, AT(103), 0);
	assert_int_equal(model_living_user(living(model, 5), &user)->pid, 200);
	assert_int_equal(user->pid, 100);
	assert_int_equal(who_lives(model, 6), 0);
	ended_aside(model, 200, AT(104));
	assert_int_equal(who_lives(model, 5), 0);
}

/* Each is gone before the next one forks on. */
static void the_line_is_followed_through_the_dead(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	for (int pid = 200; pid < 300; pid++) {
		forked_aside(model, pid == 200 ? 100 : pid - 1, pid, AT(pid));
		if (pid == 200)
			exited(model, 100, AT(pid + 0.5), 0);
		else
			ended_aside(model, pid - 1, AT(pid + 0.5));
		model_expire(model, AT(pid + 0.6));
		assert_int_equal(who_lives(model, 5), pid);
	}
	ended_aside(model, 299, AT(400));
	assert_int_equal(who_lives(model, 5), 0);
}

/* 200 knows of 5 by its ancestor, of 6 by itself; what it forked knows both. */
static void a_descendant_may_be_a_user_too(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	forked_aside(model, 100, 200, AT(101));
	forked_aside(model, 200, 250, AT(102));
	make(model, 6, 200, AT(103));
	forked_aside(model, 200, 300, AT(104));
	exited(model, 100, AT(105), 0);
	exited(model, 200, AT(105), 0);
	assert_int_equal(who_lives(model, 6), 300);
	ended_aside(model, 250, AT(106));
	assert_int_equal(who_lives(model, 5), 300);
	/* with 6 goes what 200 knew: 300 still comes from 100 */
	control(model, 6, 400, AT(107), IPC_RMID, 0);
	model_expire(model, AT(108));
	model_expire(model, AT(130));
	assert_int_equal(who_lives(model, 5), 300);
	ended_aside(model, 300, AT(140));
	assert_int_equal(who_lives(model, 5), 0);
}

static void who_knows_nothing_any_more_is_forgotten(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	forked_aside(model, 100, 200, AT(101));
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	model_expire(model, AT(103));
	model_expire(model, AT(120));
	forked_aside(model, 200, 300, AT(121));
	make(model, 6, 100, AT(122));
	exited(model, 100, AT(123), 0);
	assert_int_equal(who_lives(model, 6), 0);
}

static void a_child_that_attaches_takes_no_place(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	for (int pid = 200; pid < 220; pid++) {
		forked_aside(model, 100, pid, AT(101));
		attach(model, 5, pid, AT(102), ADDR);
		detach(model, 5, pid, AT(103), ADDR);
	}
	assert_true(knows(model, 5));
	exited(model, 100, AT(104), 0);
	for (int pid = 200; pid < 220; pid++) {
		assert_int_not_equal(who_lives(model, 5), 0);
		exited(model, pid, AT(105), 0);
	}
	assert_int_equal(who_lives(model, 5), 0);
}

static void the_dead_make_room(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	for (int pid = 200; pid < 260; pid++) {
		attach(model, 5, pid, AT(101), ADDR);
		exited(model, pid, AT(102), 0);
	}
	assert_true(knows(model, 5));
	assert_int_equal(who_lives(model, 5), 100);
}

static void of_too_many_nobody_is_sure(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	for (int pid = 200; pid < 208; pid++) {
		assert_true(knows(model, 5));
		attach(model, 5, pid, AT(101), ADDR);
		detach(model, 5, pid, AT(102), ADDR);
	}
	assert_false(knows(model, 5));
}

static void after_a_loss_nobody_is_sure(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	model_distrust(model);
	assert_false(knows(model, 5));
	scan(model, NULL, 0, AT(101));
	assert_false(knows(model, 5));
	make(model, 6, 100, AT(102));
	assert_true(knows(model, 6));
}

/* Their exits may be among what was lost. */
static void after_a_loss_descendants_are_looked_at(void **state)
{
	struct model *model = *state;
	const struct process *wanted;
	bool asked = false;

	make(model, 5, 100, AT(100));
	forked_aside(model, 100, 200, AT(101));
	exited(model, 100, AT(102), 0);
	while ((wanted = model_next_wanted(model)))
		assert_int_not_equal(wanted->pid, 200);
	model_recheck_processes(model);
	while ((wanted = model_next_wanted(model))) {
		asked = asked || wanted->pid == 200;
		model_process_missing(model, wanted, AT(103));
	}
	assert_true(asked);
	assert_int_equal(who_lives(model, 5), 0);
}

static void where_no_life_is_told_nobody_is_sure(void **state)
{
	struct model *model = *state;
	const struct source_status status = {
		.calls = "tracepoint", .compat = "none", .life = "none", .attachers = "iter"};

	make(model, 5, 100, AT(100));
	model_set_status(model, &status);
	assert_false(knows(model, 5));
}

/* By a call that nobody follows */
static void an_attach_that_was_not_told_shows_in_its_times(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 0);

	make(model, 5, 100, AT(50));
	attach(model, 5, 100, AT(60.5), ADDR);
	detach(model, 5, 100, AT(60.6), ADDR);
	row.atime = EPOCH + 60;
	row.dtime = EPOCH + 60;
	snapshot(model, &row, 1, AT(70));
	assert_true(knows(model, 5));
	row.atime = EPOCH + 71;
	snapshot(model, &row, 1, AT(75));
	assert_false(knows(model, 5));
	attach(model, 5, 100, AT(71.2), ADDR); /* its event was under way */
	assert_true(knows(model, 5));
}

/* One that is told hides it from the table. */
static void an_attach_that_was_not_told_is_remembered(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 0);

	make(model, 5, 100, AT(50));
	row.atime = EPOCH + 60;
	snapshot(model, &row, 1, AT(70));
	assert_false(knows(model, 5));
	attach(model, 5, 100, AT(71.2), ADDR);
	assert_false(knows(model, 5));
	row.atime = EPOCH + 71;
	snapshot(model, &row, 1, AT(75));
	assert_false(knows(model, 5));
}

/* Then it has a use for it, as who attached it. */
static void who_looked_its_key_up_knows_it(void **state)
{
	struct model *model = *state;
	struct event event = made(5, 200, AT(101), 8192);

	make(model, 5, 100, AT(100));
	event.created = false;
	event.ret = -EACCES;
	apply(model, &event);
	exited(model, 100, AT(102), 0);
	assert_int_equal(who_lives(model, 5), 0);
	event.ret = 5;
	apply(model, &event);
	assert_int_equal(who_lives(model, 5), 200);
	exited(model, 200, AT(103), 0);
	assert_int_equal(who_lives(model, 5), 0);
}

static void a_fork_counts_as_an_attach(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 2);

	make(model, 5, 100, AT(50));
	attach(model, 5, 100, AT(60), ADDR);
	forked(model, 100, 200, AT(65));
	row.atime = EPOCH + 65;
	snapshot(model, &row, 1, AT(70));
	assert_true(knows(model, 5));
	assert_true(living(model, 5)->shared);
	exited(model, 100, AT(71), 0);
	assert_int_equal(who_lives(model, 5), 200);
}

/* What the table tells of its creator may turn out to be another process with that pid. */
static void a_later_process_with_that_pid_is_no_user(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);
	const struct process_facts facts = {.pid = 100, .start_time = AT(500)};

	snapshot(model, &row, 1, AT(600));
	assert_int_equal(who_lives(model, 5), 100);
	model_process_known(model, model_next_wanted(model), &facts, AT(601));
	assert_int_equal(who_lives(model, 5), 0);
	assert_false(living(model, 5)->creator->alive);
}

static void what_is_told_aside_enters_no_history(void **state)
{
	struct model *model = *state;
	uint64_t end;

	make(model, 5, 100, AT(100));
	end = model_events_end(model);
	forked_aside(model, 100, 200, AT(101));
	ended_aside(model, 200, AT(102));
	assert_int_equal(model_events_end(model), end);
	forked(model, 100, 300, AT(103));
	assert_int_equal(model_events_end(model), end + 1);
}

/* ---- by chance: against what each process is known to know ---------------------------------- */

enum { PROCESSES = 400, SEGMENTS = 12, FIRST_PID = 1000 };

struct world {
	struct model *model;
	struct chance chance;
	uint64_t time;
	bool lives[PROCESSES];
	bool was[PROCESSES];
	unsigned int knows[PROCESSES]; /* a bit a segment */
	bool exists[SEGMENTS];
};

static int pick_living(struct world *world)
{
	for (int i = 0; i < 50; i++) {
		int at = (int)chance_below(&world->chance, PROCESSES);

		if (world->lives[at])
			return at;
	}
	return 0; /* it never ends */
}

static void step_fork(struct world *world)
{
	int parent = pick_living(world);
	int child = (int)chance_below(&world->chance, PROCESSES);

	if (world->was[child])
		return;
	world->lives[child] = world->was[child] = true;
	world->knows[child] = world->knows[parent];
	forked_aside(world->model, FIRST_PID + parent, FIRST_PID + child, world->time);
}

static void step_exit(struct world *world)
{
	int process = pick_living(world);

	if (!process)
		return;
	world->lives[process] = false;
	ended_aside(world->model, FIRST_PID + process, world->time);
}

static void step_segment(struct world *world)
{
	int process = pick_living(world);
	int shmid = (int)chance_below(&world->chance, SEGMENTS);
	size_t what = chance_below(&world->chance, 3);

	if (!world->exists[shmid]) {
		make(world->model, shmid, FIRST_PID + process, world->time);
		world->exists[shmid] = true;
		world->knows[process] |= 1u << shmid;
	} else if (what == 0) {
		control(world->model, shmid, FIRST_PID + process, world->time, IPC_RMID, 0);
		world->exists[shmid] = false;
		for (int i = 0; i < PROCESSES; i++)
			world->knows[i] &= ~(1u << shmid);
	} else if (what == 1) {
		attach(world->model, shmid, FIRST_PID + process, world->time, ADDR);
		detach(world->model, shmid, FIRST_PID + process, world->time, ADDR);
		world->knows[process] |= 1u << shmid;
	}
}

static void compare(const struct world *world)
{
	for (int shmid = 0; shmid < SEGMENTS; shmid++) {
		bool known = false;

		if (!world->exists[shmid] || living(world->model, shmid)->crowded)
			continue;
		for (int i = 0; i < PROCESSES; i++)
			known = known || (world->lives[i] && (world->knows[i] & 1u << shmid));
		int32_t who = who_lives(world->model, shmid);

		assert_int_equal(who != 0, known);
		if (!who)
			continue;
		assert_true(world->lives[who - FIRST_PID]);
		assert_true(world->knows[who - FIRST_PID] & 1u << shmid);
	}
}

static void every_line_of_descent_is_followed(void **state)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct world world = {.model = *state, .time = AT(100)};

		if (seed > 1) {
			tear_down(state);
			set_up(state);
			world.model = *state;
		}
		world.chance.state = seed * 7919;
		world.lives[0] = world.was[0] = true;
		for (int i = 0; i < 900; i++) {
			size_t what = chance_below(&world.chance, 10);

			world.time += CLOCK_MS;
			if (what < 4)
				step_fork(&world);
			else if (what < 7)
				step_exit(&world);
			else
				step_segment(&world);
			compare(&world);
			if (what == 9)
				model_expire(world.model, world.time);
		}
	}
}

/* ---- a removal that was refused ------------------------------------------------------------- */

static void a_refusal_to_a_user_is_remembered(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 200, AT(101), ADDR);
	control(model, 5, 200, AT(102), IPC_RMID, -EPERM);
	assert_int_equal(living(model, 5)->refused, AT(102));
	assert_int_equal(living(model, 5)->refused_ret, -EPERM);
	assert_int_equal(living(model, 5)->refused_to->pid, 200);
	/* it may go on using it; others may not */
	attach(model, 5, 200, AT(103), ADDR + 0x10000);
	assert_int_equal(living(model, 5)->refused, AT(102));
	attach(model, 5, 300, AT(104), ADDR);
	assert_int_equal(living(model, 5)->refused, 0);
}

static void a_refusal_to_a_stranger_or_an_error_is_not(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	make(model, 6, 300, AT(100)); /* it is known, for another one */
	control(model, 5, 300, AT(101), IPC_RMID, -EPERM);
	control(model, 5, 400, AT(101), IPC_RMID, -EPERM);
	assert_int_equal(living(model, 5)->refused, 0);
	control(model, 5, 100, AT(102), IPC_RMID, -EINVAL);
	control(model, 5, 100, AT(102), IPC_RMID, -EIDRM);
	assert_int_equal(living(model, 5)->refused, 0);
	control(model, 5, 100, AT(103), IPC_RMID, -EACCES);
	assert_int_equal(living(model, 5)->refused, AT(103));
	/* the child knows it as well */
	forked_aside(model, 100, 400, AT(104));
	control(model, 5, 400, AT(105), IPC_RMID, -EPERM);
	assert_int_equal(living(model, 5)->refused_to->pid, 400);
}

static void the_cgroup_is_kept(void **state)
{
	struct model *model = *state;
	struct event event = made(5, 100, AT(100), 8192);

	event.cgroup = 4711;
	apply(model, &event);
	exited(model, 100, AT(101), 0);
	assert_int_equal(living(model, 5)->creator->cgroup_id, 4711);
	assert_string_equal(living(model, 5)->creator->comm, "comm100");
	assert_int_equal(living(model, 5)->creator->uid, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(its_creator_knows_it),
		MODEL_TEST(who_attached_it_knows_it),
		MODEL_TEST(who_was_found_with_it_knows_it),
		MODEL_TEST(a_child_knows_what_was_there_when_it_was_forked),
		MODEL_TEST(the_line_is_followed_through_the_dead),
		MODEL_TEST(a_descendant_may_be_a_user_too),
		MODEL_TEST(who_knows_nothing_any_more_is_forgotten),
		MODEL_TEST(a_child_that_attaches_takes_no_place),
		MODEL_TEST(the_dead_make_room),
		MODEL_TEST(of_too_many_nobody_is_sure),
		MODEL_TEST(after_a_loss_nobody_is_sure),
		MODEL_TEST(after_a_loss_descendants_are_looked_at),
		MODEL_TEST(where_no_life_is_told_nobody_is_sure),
		MODEL_TEST(an_attach_that_was_not_told_shows_in_its_times),
		MODEL_TEST(an_attach_that_was_not_told_is_remembered),
		MODEL_TEST(who_looked_its_key_up_knows_it),
		MODEL_TEST(a_fork_counts_as_an_attach),
		MODEL_TEST(a_later_process_with_that_pid_is_no_user),
		MODEL_TEST(what_is_told_aside_enters_no_history),
		MODEL_TEST(every_line_of_descent_is_followed),
		MODEL_TEST(a_refusal_to_a_user_is_remembered),
		MODEL_TEST(a_refusal_to_a_stranger_or_an_error_is_not),
		MODEL_TEST(the_cgroup_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
