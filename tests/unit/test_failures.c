/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that failed are told apart, counted, gathered anew when their facts hold no more, and forgotten. */
#include "tests/tap.h"

#include <errno.h>
#include <sys/shm.h>

#include "base/clock.h"
#include "judge/failures.h"

enum { NS = 77, KEY = 0x1234, STORM = 100000, OTHERS = 15 };

static struct event failed(enum fact_op op, int error)
{
	return (struct event){
		.op = op,
		.ret = -error,
		.time = 100 * CLOCK_SECOND,
		.start_time = 5,
		.ipcns = NS,
		.pid = 100,
		.key = op == FACT_SHMGET ? KEY : 0,
		.shmid = op == FACT_SHMGET ? -1 : 7,
		.size = op == FACT_SHMGET ? 4096 : 0,
	};
}

static int setup(void **state)
{
	return failures_new((struct failures **)state);
}

static int teardown(void **state)
{
	failures_free(*state);
	return 0;
}

/* As whoever gathers does it */
static uint32_t tell(struct failures *failures, const struct event *event, unsigned int *gathered)
{
	struct failure facts = {.event = *event, .gathered = event->time};
	const uint32_t id = failures_repeat(failures, event);

	if (id)
		return id;
	facts.has_caller = event->caller;
	if (event->caller)
		facts.caller = *event->caller;
	++*gathered;
	return failures_add(failures, &facts);
}

static void a_storm_is_gathered_once(void **state)
{
	struct event event = failed(FACT_SHMGET, ENOENT);
	unsigned int gathered = 0;
	const uint32_t first = tell(*state, &event, &gathered);

	for (unsigned int i = 1; i < STORM; i++) {
		event.time += 10000; /* 100,000 a second */
		assert_int_equal(tell(*state, &event, &gathered), first);
	}
	assert_int_equal(gathered, 1);
	assert_int_equal(failures_get(*state, first)->count, STORM);
	assert_int_equal(failures_get(*state, first)->first, 100 * CLOCK_SECOND);
}

static void others_are_others(void **state)
{
	const struct event like = failed(FACT_SHMGET, EINVAL);
	const struct caller_facts user = {.euid = 1000}, another = {.euid = 1001};
	struct event others[OTHERS];
	unsigned int gathered = 0;

	for (size_t i = 0; i < OTHERS; i++)
		others[i] = like;
	others[1].ipcns++;
	others[2].ret = -ENOENT;
	others[3].key++;
	others[4].pid++;
	others[5].start_time++;
	others[6].size++;
	others[7].flags++;
	others[8].addr++;
	others[9] = failed(FACT_SHMAT, EINVAL);
	others[10] = failed(FACT_SHMCTL, EINVAL);
	others[11] = failed(FACT_SHMCTL, EINVAL);
	others[11].cmd++;
	others[12] = failed(FACT_SHMCTL, EINVAL);
	others[12].set_uid++;
	others[13].caller = &user;
	others[14].caller = &another; /* of the same process */
	for (unsigned int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < OTHERS; i++)
			tell(*state, &others[i], &gathered);
	assert_int_equal(gathered, OTHERS);
	assert_int_equal(failures_get(*state, OTHERS)->count, 2);
}

static void assert_gathered_anew(void **state, struct event event, const struct event *between)
{
	unsigned int gathered = 0;
	const uint32_t first = tell(*state, &event, &gathered);
	uint32_t second;

	assert_int_equal(failures_repeat(*state, between), 0);
	event.time++;
	second = tell(*state, &event, &gathered);
	assert_int_equal(gathered, 2);
	assert_int_not_equal(first, second);
	assert_int_equal(failures_get(*state, second)->count, 2);
	assert_int_equal(failures_get(*state, second)->first, event.time - 1);
	assert_int_equal(failures_get(*state, first)->count, 1);
}

static void what_happens_to_it_makes_the_facts_old(void **state)
{
	const struct event made = {.op = FACT_SHMGET, .ipcns = NS, .key = KEY, .created = true};
	const struct event removed = {.op = FACT_SHMCTL, .ipcns = NS, .shmid = 7, .cmd = IPC_RMID};
	const struct event changed = {.op = FACT_SHMCTL, .ipcns = NS, .shmid = 7, .cmd = IPC_SET};
	const struct event ended = {.op = FACT_DESTROY, .ipcns = NS, .shmid = 7};

	assert_gathered_anew(state, failed(FACT_SHMGET, ENOENT), &made);
	assert_gathered_anew(state, failed(FACT_SHMAT, EACCES), &removed);
	assert_gathered_anew(state, failed(FACT_SHMCTL, EPERM), &changed);
	assert_gathered_anew(state, failed(FACT_SHMAT, EINVAL), &ended);
}

/* One that was found by its key is known by its id, too. */
static void what_happens_to_its_segment_does_so_too(void **state)
{
	const struct event removed = {.op = FACT_SHMCTL, .ipcns = NS, .shmid = 9, .cmd = IPC_RMID};
	const struct event event = failed(FACT_SHMGET, EEXIST);
	const struct failure facts = {.event = event,
				      .gathered = event.time,
				      .found = FACT_FOUND_THERE,
				      .segment = {.facts = {.shmid = 9}}};

	assert_int_equal(failures_add(*state, &facts), 1);
	assert_int_equal(failures_repeat(*state, &event), 1);
	assert_int_equal(failures_repeat(*state, &removed), 0);
	assert_int_equal(failures_repeat(*state, &event), 0);
}

static void what_happens_elsewhere_does_not(void **state)
{
	const struct event others[] = {
		{.op = FACT_SHMGET, .ipcns = NS + 1, .key = KEY, .created = true, .shmid = 7},
		{.op = FACT_SHMGET, .ipcns = NS, .key = KEY, .shmid = 7}, /* found */
		{.op = FACT_SHMCTL, .ipcns = NS, .shmid = 7, .cmd = IPC_RMID, .ret = -EPERM},
		{.op = FACT_SHMCTL, .ipcns = NS, .shmid = 7, .cmd = IPC_STAT},
		{.op = FACT_SHMAT, .ipcns = NS, .shmid = 7},
		{.op = FACT_EXIT, .ipcns = NS},
	};
	const struct event by_key = failed(FACT_SHMGET, ENOENT);
	const struct event by_id = failed(FACT_SHMAT, EINVAL);
	unsigned int gathered = 0;

	tell(*state, &by_key, &gathered);
	tell(*state, &by_id, &gathered);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		failures_repeat(*state, &others[i]);
	tell(*state, &by_key, &gathered);
	tell(*state, &by_id, &gathered);
	assert_int_equal(gathered, 2);
}

static void old_facts_are_gathered_anew(void **state)
{
	struct event event = failed(FACT_SHMGET, ENOSPC);
	unsigned int gathered = 0;

	tell(*state, &event, &gathered);
	event.time += 10 * CLOCK_SECOND;
	tell(*state, &event, &gathered);
	assert_int_equal(gathered, 1);
	event.time++;
	tell(*state, &event, &gathered);
	assert_int_equal(gathered, 2);
}

static void the_oldest_are_forgotten(void **state)
{
	struct event event = failed(FACT_SHMGET, ENOENT);
	unsigned int gathered = 0;

	for (int32_t i = 0; i <= 3 * FAILURES_MAX; i++) {
		event.key = i;
		assert_int_equal(tell(*state, &event, &gathered), i + 1);
	}
	assert_null(failures_get(*state, 0));
	assert_null(failures_get(*state, 2 * FAILURES_MAX + 1));
	assert_int_equal(failures_get(*state, 2 * FAILURES_MAX + 2)->event.key,
			 2 * FAILURES_MAX + 1);
	assert_null(failures_get(*state, 3 * FAILURES_MAX + 2));
	/* Nothing of it is left to be found. */
	event.key = 0;
	assert_int_equal(failures_repeat(*state, &event), 0);
	assert_int_equal(tell(*state, &event, &gathered), 3 * FAILURES_MAX + 2);
	assert_int_equal(failures_get(*state, 3 * FAILURES_MAX + 2)->count, 1);
	assert_null(failures_get(NULL, 1));
}

static void what_is_no_failure_is_not_wanted(void **state)
{
	struct event event = failed(FACT_SHMGET, ENOENT);

	(void)state;
	assert_true(failures_want(&event));
	event.ret = 0;
	assert_false(failures_want(&event));
	event.flags = SHM_HUGETLB;
	assert_true(failures_want(&event)); /* it was found, whatever its pages */
	event.created = true;
	assert_false(failures_want(&event));
	event = (struct event){.op = FACT_SHMAT, .ret = 0x7f0000000000, .flags = SHM_HUGETLB};
	assert_false(failures_want(&event));
	event = (struct event){.op = FACT_EXIT, .ret = -1};
	assert_false(failures_want(&event));
	event = failed(FACT_SHMCTL, EPERM);
	assert_true(failures_want(&event));
}

/* Nobody may follow a pointer that was valid while the event was told. */
static void the_caller_is_not_kept_by_address(void **state)
{
	const struct caller_facts caller = {.euid = 5};
	struct event event = failed(FACT_SHMCTL, EPERM);
	struct failure facts;

	event.caller = &caller;
	facts = (struct failure){.event = event, .has_caller = true, .caller = caller};
	assert_int_equal(failures_add(*state, &facts), 1);
	assert_null(failures_get(*state, 1)->event.caller);
	assert_int_equal(failures_get(*state, 1)->caller.euid, 5);
	assert_int_equal(failures_get(*state, 1)->event.failure, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_storm_is_gathered_once, setup, teardown),
		cmocka_unit_test_setup_teardown(others_are_others, setup, teardown),
		cmocka_unit_test_setup_teardown(what_happens_to_it_makes_the_facts_old, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_happens_to_its_segment_does_so_too, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_happens_elsewhere_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(old_facts_are_gathered_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_are_forgotten, setup, teardown),
		cmocka_unit_test(what_is_no_failure_is_not_wanted),
		cmocka_unit_test_setup_teardown(the_caller_is_not_kept_by_address, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
