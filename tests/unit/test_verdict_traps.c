/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What looks like a leak and is none; and the reverse */
#include "verdict_fixture.h"

/* ---- what looks like a leak and is none ---------------------------------------------------------- */

static void trap_mailboxes(void **state)
{
	static const int32_t keys[] = {0x4e545030, 0x4e545037, 0x47505344,
				       5678293,    5678294,    5682391};
	static const int32_t others[] = {0x4e54502f, 0x4e545038, 0x47505345, 5678292};
	int32_t shmid = 10;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		make_with_key(*state, shmid++, 100, AT(100), keys[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		make_with_key(*state, shmid++, 100, AT(100), others[i]);
	make_private(*state, shmid, 100, AT(100));
	/* its own removal failed: others still use it by design */
	control(*state, 10, 100, AT(101), IPC_RMID, -EPERM);
	exited(*state, 100, AT(102), 0);
	for (shmid = 10; shmid < 16; shmid++)
		assert_verdict(*state, shmid, VERDICT_MAILBOX, VERDICT_NONE);
	for (; shmid < 20; shmid++)
		assert_verdict(*state, shmid, VERDICT_ORPHAN, VERDICT_MEDIUM);
	const struct verdict verdict = judge(*state, 10);

	assert_reason(&verdict,
		      "key 0x4e545030 (NTP reference clock): meant to stay, and to be used again");
	attach(*state, 10, 200, AT(103), ADDR);
	assert_verdict(*state, 10, VERDICT_IN_USE, VERDICT_NONE);
}

static void trap_attach_per_operation(void **state)
{
	make_private(*state, 5, 100, AT(100));
	for (int i = 0; i < 100; i++) {
		attach(*state, 5, 100, AT(101 + i), ADDR);
		detach(*state, 5, 100, AT(101.5 + i), ADDR);
	}
	assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);
}

static void trap_removed_right_after_the_attach(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(101), ADDR);
	control(*state, 5, 100, AT(102), IPC_RMID, 0);
	attach(*state, 5, 200, AT(103), ADDR);
	exited(*state, 100, AT(104), 0);
	assert_verdict(*state, 5, VERDICT_DEST, VERDICT_NONE);
}

static void trap_just_made(void **state)
{
	const struct judge_context context = context_at(*state, AT(100.01));

	make_private(*state, 5, 100, AT(100));
	assert_int_equal(verdict_kind(&context, find(*state, 5), NULL), VERDICT_NEW);
}

/* PostgreSQL finds its dead segment by its key when it starts again. */
static void trap_crash_and_restart(void **state)
{
	make_with_key(*state, 5, 100, AT(100), 0x52e2c1);
	attach(*state, 5, 100, AT(101), ADDR);
	exited(*state, 100, AT(102), 9);
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);
	attach(*state, 5, 200, AT(103), ADDR);
	assert_verdict(*state, 5, VERDICT_IN_USE, VERDICT_NONE);
}

static void trap_workers_inherited_it(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(101), ADDR);
	forked(*state, 100, 200, AT(102));
	exited(*state, 100, AT(103), 0);
	assert_verdict(*state, 5, VERDICT_IN_USE, VERDICT_NONE);
	/* it lets go, and may attach it again */
	detach(*state, 5, 200, AT(104), ADDR);
	assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);
}

/* Somebody has the creator's pid by now: that one did not make it. And the other way round: it is not gone
 * because another with its pid is. */
static void trap_a_pid_is_used_again(void **state)
{
	const struct segment_facts row = a_row(5, 100, 0);
	const struct process_facts later = {.pid = 100, .start_time = AT(1500)};
	struct event event = an_event(FACT_EXIT, 200, AT(300));

	snapshot(*state, &row, 1, AT(2000));
	model_process_known(*state, model_next_wanted(*state), &later, AT(2001));
	assert_int_equal(judge(*state, 5).kind, VERDICT_ORPHAN);
	make_private(*state, 6, 200, AT(100));
	event.start_time = AT(250);
	apply(*state, &event);
	assert_verdict(*state, 6, VERDICT_IDLE, VERDICT_NONE);
}

static void trap_probes_and_deliberate_errors(void **state)
{
	struct event probe = an_event(FACT_SHMGET, 100, AT(99));

	probe.ret = -ENOENT;
	probe.key = 0x1234;
	apply(*state, &probe);
	assert_null(model_segments(*state));
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(100), ADDR);
	control(*state, 5, 100, AT(101), IPC_RMID, 0);
	control(*state, 5, 100, AT(102), IPC_RMID, -EIDRM);
	assert_verdict(*state, 5, VERDICT_DEST, VERDICT_NONE);
	exited(*state, 100, AT(103), 0);
	control(*state, 5, 100, AT(104), IPC_RMID, -EINVAL);
	assert_verdict(*state, 5, VERDICT_GONE, VERDICT_NONE);
}

/* pmap and lsfd try how the kernel names such a mapping. */
static void trap_a_tool_makes_one_of_its_own(void **state)
{
	const struct judge_context context = context_at(*state, AT(100.5));

	make_private(*state, 5, 100, AT(100));
	assert_int_equal(verdict_kind(&context, find(*state, 5), NULL), VERDICT_NEW);
	attach(*state, 5, 100, AT(100.1), ADDR);
	assert_int_equal(verdict_kind(&context, find(*state, 5), NULL), VERDICT_IN_USE);
	detach(*state, 5, 100, AT(100.2), ADDR);
	control(*state, 5, 100, AT(100.3), IPC_RMID, 0);
	assert_int_equal(verdict_kind(&context, find(*state, 5), NULL), VERDICT_GONE);
}

/* The reverse: it exits cleanly, but its removal was refused. */
static void trap_a_clean_exit_after_a_refusal(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(101), ADDR);
	detach(*state, 5, 100, AT(102), ADDR);
	control(*state, 5, 100, AT(103), IPC_RMID, -EPERM);
	exited(*state, 100, AT(104), 0);
	nobody_is_left(*state);
	assert_verdict(*state, 5, VERDICT_FAILED_REMOVAL, VERDICT_HIGH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(trap_mailboxes),
		MODEL_TEST(trap_attach_per_operation),
		MODEL_TEST(trap_removed_right_after_the_attach),
		MODEL_TEST(trap_just_made),
		MODEL_TEST(trap_crash_and_restart),
		MODEL_TEST(trap_workers_inherited_it),
		MODEL_TEST(trap_a_pid_is_used_again),
		MODEL_TEST(trap_probes_and_deliberate_errors),
		MODEL_TEST(trap_a_tool_makes_one_of_its_own),
		MODEL_TEST(trap_a_clean_exit_after_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
