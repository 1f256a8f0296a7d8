/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdicts on what was removed: who did it, who keeps it, and how it ended. */
#include "verdict_fixture.h"

static void a_removed_one_goes_by_itself(void **state)
{
	make(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(101), ADDR);
	attach(*state, 5, 200, AT(101), ADDR);
	control(*state, 5, 100, AT(102), IPC_RMID, 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_DEST, VERDICT_NONE);

	assert_int_equal(verdict.since, AT(102));
	assert_reason(
		&verdict,
		"removed 58m ago by 100 comm100, goes with its last holder, 2 attachments left");
	assert_reason(&verdict, "held by 100 comm100 and others");
}

static void a_removed_one_tells_who_keeps_it(void **state)
{
	make(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(101), ADDR);
	attach(*state, 5, 200, AT(101), ADDR);
	control(*state, 5, 100, AT(102), IPC_RMID, 0);
	detach(*state, 5, 100, AT(103), ADDR);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_DEST, VERDICT_NONE);

	assert_reason(&verdict, "held by 200 comm200, but not by its creator any more");
	assert_reason(&verdict, "creator 100 comm100 lives");
}

static void one_that_ended_is_gone(void **state)
{
	make(*state, 5, 100, AT(100));
	control(*state, 5, 100, AT(101), IPC_RMID, 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_GONE, VERDICT_NONE);

	assert_int_equal(verdict.since, AT(101));
	assert_reason(&verdict, "removed 58m ago by 100 comm100: nobody had it attached");
}

/* How it ended, and by whom; 300 attached it last, 200 removed it. */
static void the_end_is_told_with_who(void **state)
{
	static const struct {
		enum fact_reason reason;
		const char *because[3];
	} cases[] = {
		{FACT_REASON_LAST_DETACH,
		 {"destroyed 58m ago: removed before, and its last holder let go",
		  "300 comm300 let go last (exit)", "removed 58m ago by 200 comm200"}},
		{FACT_REASON_FORCED,
		 {"destroyed 58m ago by kernel.shm_rmid_forced: nobody had it attached",
		  "300 comm300 let go last (exit)", NULL}},
		{FACT_REASON_NAMESPACE, {"ended 58m ago with its IPC namespace", NULL, NULL}},
		{FACT_REASON_UNKNOWN, {"ended 58m ago: nobody saw why", NULL, NULL}},
	};

	stand_on(*state, "fexit", FACT_EXACT_ALL);
	for (int32_t i = 0; i < 4; i++) {
		struct event end = an_event(FACT_DESTROY, 300, AT(102));
		struct event left = an_event(FACT_DETACH, 300, AT(102));
		struct event map = an_event(FACT_ATTACH, 300, AT(101));

		end.shmid = left.shmid = map.shmid = i;
		map.reason = FACT_REASON_SHMAT;
		map.addr = left.addr = ADDR;
		map.size = left.size = 8192;
		map.maps = left.maps = 1;
		left.reason = FACT_REASON_EXIT;
		end.reason = cases[i].reason;
		make(*state, i, 100, AT(100));
		apply(*state, &map);
		if (cases[i].because[2])
			control(*state, i, 200, AT(101.5), IPC_RMID, 0);
		apply(*state, &left);
		apply(*state, &end);
		const struct verdict verdict =
			assert_verdict(*state, i, VERDICT_GONE, VERDICT_NONE);

		for (size_t k = 0; k < 3 && cases[i].because[k]; k++)
			assert_reason(&verdict, cases[i].because[k]);
	}
}

/* By the end of its maker, who never had it attached */
static void nobody_let_go_of_one_that_was_never_attached(void **state)
{
	struct event end = an_event(FACT_DESTROY, 100, AT(101));

	stand_on(*state, "fexit", FACT_EXACT_ALL);
	make(*state, 5, 100, AT(100));
	end.shmid = 5;
	end.reason = FACT_REASON_FORCED;
	apply(*state, &end);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_GONE, VERDICT_NONE);

	assert_reason(&verdict,
		      "destroyed 58m ago by kernel.shm_rmid_forced: nobody had it attached");
	for (size_t i = 0; i < sizeof(verdict.because) / sizeof(verdict.because[0]); i++)
		assert_null(strstr(verdict.because[i], "let go"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(a_removed_one_goes_by_itself),
		MODEL_TEST(a_removed_one_tells_who_keeps_it),
		MODEL_TEST(one_that_ended_is_gone),
		MODEL_TEST(the_end_is_told_with_who),
		MODEL_TEST(nobody_let_go_of_one_that_was_never_attached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
