/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One without a key whose users are gone: who may have been told its id, and lives? */
#include "verdict_fixture.h"

/* As a shell does that takes the id from the output of what it ran. */
static void while_the_starter_lives_the_id_may_be_handed_on(void **state)
{
	struct process_facts shell = {.pid = 50, .start_time = AT(5), .comm = "sh"};
	const struct process *wanted;

	make_and_end(*state, 5, 100, 50, &shell);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict,
		      "its id may have been handed on: nobody attached it, and 50 sh that "
		      "started its creator lives");
	/* nothing tells of its end: it is looked at again, and by its start time */
	model_expire(*state, AT(105));
	wanted = model_next_wanted(*state);
	assert_int_equal(wanted->pid, 50);
	assert_false(
		model_process_known(*state, wanted, &shell, AT(105))); /* nor need it be followed */
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);
	model_expire(*state, AT(109.9));
	assert_null(model_next_wanted(*state));
	model_expire(*state, AT(110));
	shell.start_time = AT(105.5);
	model_process_known(*state, model_next_wanted(*state), &shell, AT(110));
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_HIGH);
	model_expire(*state, AT(120));
	assert_null(model_next_wanted(*state));
}

static void a_starter_that_nobody_looked_at_or_knows_may_live(void **state)
{
	const struct process_facts later = {.pid = 60, .start_time = AT(500)};
	struct event event = made(5, 100, AT(100), 8192);

	event.key = IPC_PRIVATE;
	event.ppid = 50;
	apply(*state, &event);
	exited(*state, 100, AT(103), 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict, "its id may have been handed on: nobody attached it, and 50 that "
				"started its creator may live");
	make_and_end(*state, 6, 110, 0, NULL);
	assert_verdict(*state, 6, VERDICT_ORPHAN, VERDICT_MEDIUM);
	/* its pid is another's by now */
	make_and_end(*state, 7, 120, 60, &later);
	assert_verdict(*state, 7, VERDICT_ORPHAN, VERDICT_HIGH);
}

/* The id that one in the group printed is read by another: of a script, by the script. */
static void while_its_creators_group_has_a_process_the_id_may_be_handed_on(void **state)
{
	const struct process_group *group;
	struct event event = made(5, 100, AT(100), 8192);
	struct verdict verdict;

	event.key = IPC_PRIVATE;
	event.pgid = 50;
	apply(*state, &event);
	attach(*state, 5, 100, AT(101), ADDR);
	detach(*state, 5, 100, AT(102), ADDR);
	exited(*state, 100, AT(103), 0);
	verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);
	assert_reason(&verdict,
		      "its id may have been handed on: its creator's process group 50 may "
		      "not be empty");
	model_expire(*state, AT(104));
	group = model_next_group(*state);
	assert_int_equal(group->pgid, 50);
	model_group_known(*state, group, false, "bash", AT(104));
	verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);
	assert_reason(&verdict, "its id may have been handed on: 50 bash, of its creator's process "
				"group, lives");
	model_group_known(*state, group, false, "", AT(109));
	verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);
	assert_reason(&verdict, "its id may have been handed on: its creator's process group 50 is "
				"not empty");
	model_group_known(*state, group, true, "", AT(114));
	verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_HIGH);
	assert_reason(&verdict, "nobody else ever attached it");
	assert_int_equal(verdict.count, 3);
}

/* Nobody attached it, and its starter is gone: a subshell, which the script goes on without. */
static void the_group_counts_where_the_starter_is_gone(void **state)
{
	struct event event = made(5, 100, AT(100), 8192);
	struct verdict verdict;

	event.key = IPC_PRIVATE;
	event.pgid = 50;
	event.ppid = 60;
	apply(*state, &event);
	exited(*state, 100, AT(103), 0);
	model_process_missing(*state, find(*state, 5)->starter, AT(104));
	model_group_known(*state, find(*state, 5)->group, false, "bash", AT(104));
	verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);
	assert_reason(&verdict, "its id may have been handed on: 50 bash, of its creator's process "
				"group, lives");
	nobody_is_left(*state);
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_HIGH);
}

/* Of one outside of the viewer's pid namespace nobody can tell. */
static void a_group_that_is_not_known_may_have_processes(void **state)
{
	struct event event = made(5, 100, AT(100), 8192);

	event.key = IPC_PRIVATE;
	event.pgid = 0;
	apply(*state, &event);
	attach(*state, 5, 100, AT(101), ADDR);
	exited(*state, 100, AT(103), 0);
	nobody_is_left(*state);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict,
		      "its id may have been handed on: its creator's process group is not "
		      "known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(while_the_starter_lives_the_id_may_be_handed_on),
		MODEL_TEST(a_starter_that_nobody_looked_at_or_knows_may_live),
		MODEL_TEST(while_its_creators_group_has_a_process_the_id_may_be_handed_on),
		MODEL_TEST(the_group_counts_where_the_starter_is_gone),
		MODEL_TEST(a_group_that_is_not_known_may_have_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
