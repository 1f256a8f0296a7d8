/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes and their calls: the sums stay exact, however many there are. */
#include "tests/tap.h"

#include <stdio.h>
#include <string.h>

#include "report/callers.h"

enum { TOP = 3 };

static void count(struct callers *callers, int32_t pid, uint64_t start_time, uint64_t took,
		  int64_t ret)
{
	struct event event = {.op = FACT_SHMAT,
			      .pid = pid,
			      .start_time = start_time,
			      .uid = 1000,
			      .took = took,
			      .ret = ret};

	snprintf(event.comm, sizeof(event.comm), "p%d", pid);
	callers_count(callers, &event);
}

static void those_that_took_most_come_first(void **state)
{
	struct callers callers = {0};
	const struct caller *rows[TOP];
	struct call_sum others;

	(void)state;
	count(&callers, 1, 1, 10, 0);
	count(&callers, 2, 1, 70, -2);
	count(&callers, 2, 1, 30, 0);
	count(&callers, 3, 1, 5, 0);
	count(&callers, 4, 1, 50, -1);
	assert_int_equal(callers_top(&callers, TOP, rows, &others), TOP);
	assert_int_equal(rows[0]->id.pid, 2);
	assert_int_equal(rows[0]->sum.calls, 2);
	assert_int_equal(rows[0]->sum.failed, 1);
	assert_int_equal(rows[0]->sum.took, 100);
	assert_int_equal(rows[0]->sum.longest, 70);
	assert_int_equal(rows[0]->uid, 1000);
	assert_string_equal(rows[0]->comm, "p2");
	assert_int_equal(rows[1]->id.pid, 4);
	assert_int_equal(rows[2]->id.pid, 1);
	assert_int_equal(others.calls, 1);
	assert_int_equal(others.took, 5);
	assert_int_equal(others.failed, 0);
	callers_free(&callers);
	assert_int_equal(callers_known(&callers), 0);
}

static void a_pid_used_again_is_another(void **state)
{
	struct callers callers = {0};
	const struct caller *rows[TOP];
	struct call_sum others;

	(void)state;
	count(&callers, 7, 1, 10, 0);
	count(&callers, 7, 2, 20, 0);
	assert_int_equal(callers_top(&callers, TOP, rows, &others), 2);
	assert_int_equal(rows[0]->id.start_time, 2);
	assert_int_equal(others.calls, 0);
	callers_free(&callers);
}

static void the_last_name_counts(void **state)
{
	struct callers callers = {0};
	struct event event = {.op = FACT_SHMGET, .pid = 7, .comm = "sh"};
	const struct caller *rows[TOP];
	struct call_sum others;

	(void)state;
	callers_count(&callers, &event);
	strcpy(event.comm, "server");
	callers_count(&callers, &event);
	assert_int_equal(callers_top(&callers, TOP, rows, &others), 1);
	assert_string_equal(rows[0]->comm, "server");
	callers_free(&callers);
}

/* One that lives on among a great many short ones */
static void sums_stay_exact_when_there_are_too_many(void **state)
{
	const int32_t many = 5 * CALLERS_MOST;
	struct callers callers = {0};
	const struct caller *rows[TOP];
	struct call_sum sum;

	(void)state;
	for (int32_t pid = 10; pid < 10 + many; pid++) {
		count(&callers, pid, 1, 1000, pid % 2 ? -1 : 0);
		count(&callers, 1, 1, 10, 0);
		assert_true(callers_known(&callers) <= CALLERS_MOST);
	}
	assert_int_equal(callers_top(&callers, TOP, rows, &sum), TOP);
	assert_int_equal(rows[0]->id.pid, 1);
	assert_int_equal(rows[0]->sum.calls, many);
	for (int i = 0; i < TOP; i++)
		call_sum_join(&sum, &rows[i]->sum);
	assert_int_equal(sum.calls, 2 * many);
	assert_int_equal(sum.failed, many / 2);
	assert_int_equal(sum.took, 1010 * (uint64_t)many);
	assert_int_equal(sum.longest, 1000);
	callers_free(&callers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_took_most_come_first),
		cmocka_unit_test(a_pid_used_again_is_another),
		cmocka_unit_test(the_last_name_counts),
		cmocka_unit_test(sums_stay_exact_when_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
