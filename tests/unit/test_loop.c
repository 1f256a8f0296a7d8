/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/tap.h"

#include "base/clock.h"
#include "base/loop.h"

enum { SOURCES_MAX = 4 };

/* What the handlers of a test have seen, and what they are to do */
struct seen {
	struct loop *loop;
	int pipes[SOURCES_MAX][2];
	size_t calls;
	size_t stop_after; /* calls */
	int result;        /* of the call that stops; 0: by loop_stop() */
	uint32_t events[16];
	int signals;
	int timer;
};

static int setup(void **state)
{
	static struct seen seen;

	seen = (struct seen){.stop_after = 1};
	for (size_t i = 0; i < SOURCES_MAX; i++) {
		if (pipe(seen.pipes[i]) < 0)
			return -1;
	}
	*state = &seen;
	return loop_new(&seen.loop);
}

static int teardown(void **state)
{
	struct seen *seen = *state;

	loop_free(seen->loop);
	for (size_t i = 0; i < SOURCES_MAX; i++) {
		close(seen->pipes[i][0]);
		close(seen->pipes[i][1]);
	}
	return 0;
}

static int count(void *context, uint32_t events)
{
	struct seen *seen = context;

	if (seen->calls < sizeof(seen->events) / sizeof(seen->events[0]))
		seen->events[seen->calls] = events;
	if (++seen->calls < seen->stop_after)
		return 0;
	if (seen->result == 0)
		loop_stop(seen->loop);
	return seen->result;
}

static void fill(const struct seen *seen, size_t i)
{
	assert_int_equal(write(seen->pipes[i][1], "x", 1), 1);
}

static void test_descriptor(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(loop_add(seen->loop, seen->pipes[0][0], count, seen), 0);
	fill(seen, 0);
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->calls, 1);
	assert_int_equal(seen->events[0], EPOLLIN);
	/* It was not read: the next run finds it again. */
	seen->stop_after = 3;
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->calls, 3);
}

static void test_hangup(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(loop_add(seen->loop, seen->pipes[0][0], count, seen), 0);
	close(seen->pipes[0][1]);
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->events[0], EPOLLHUP);
	seen->pipes[0][1] = dup(seen->pipes[0][0]);
}

static void test_handler_fails(void **state)
{
	struct seen *seen = *state;

	seen->result = -EIO;
	assert_int_equal(loop_add(seen->loop, seen->pipes[0][0], count, seen), 0);
	fill(seen, 0);
	assert_int_equal(loop_run(seen->loop), -EIO);
	assert_int_equal(seen->calls, 1);
}

static void test_refuses(void **state)
{
	struct seen *seen = *state;
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(loop_add(seen->loop, fileno(file), count, seen), -EPERM);
	fclose(file);
	assert_int_equal(loop_add(seen->loop, -1, count, seen), -EBADF);
	assert_int_equal(loop_add(seen->loop, seen->pipes[0][0], count, seen), 0);
	assert_int_equal(loop_add(seen->loop, seen->pipes[0][0], count, seen), -EEXIST);
}

static int remove_all(void *context, uint32_t events)
{
	struct seen *seen = context;

	for (size_t i = 0; i < SOURCES_MAX; i++)
		loop_remove(seen->loop, seen->pipes[i][0]);
	return count(context, events);
}

/* All are readable at once, and the first that is called takes away all, itself included. */
static void test_remove_in_handler(void **state)
{
	struct seen *seen = *state;
	int timer;

	for (size_t i = 0; i < SOURCES_MAX; i++) {
		assert_int_equal(loop_add(seen->loop, seen->pipes[i][0], remove_all, seen), 0);
		fill(seen, i);
	}
	/* The second call can only be the timer's. */
	seen->stop_after = 2;
	assert_int_equal(loop_add_timer(seen->loop, 10 * CLOCK_MS, count, seen, &timer), 0);
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->calls, 2);
	/* What is watched no more is nothing to complain about. */
	loop_remove(seen->loop, seen->pipes[0][0]);
}

static int take_turns(void *context, uint32_t events)
{
	struct seen *seen = context;

	seen->signals++;
	return count(seen, events);
}

/* One that is always ready does not starve the others. */
static void test_fairness(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(loop_add(seen->loop, seen->pipes[0][0], count, seen), 0);
	assert_int_equal(loop_add(seen->loop, seen->pipes[1][0], take_turns, seen), 0);
	fill(seen, 0);
	fill(seen, 1);
	seen->stop_after = 10;
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->signals, 5);
}

static void test_timer(void **state)
{
	struct seen *seen = *state;
	uint64_t begin = clock_now(), cpu = clock_cpu();
	int timer;

	seen->stop_after = 3;
	assert_int_equal(loop_add_timer(seen->loop, 20 * CLOCK_MS, count, seen, &timer), 0);
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->calls, 3);
	assert_true(clock_now() - begin >= 60 * CLOCK_MS);
	/* It slept in between. */
	assert_true(clock_cpu() - cpu < 10 * CLOCK_MS);
	loop_free(seen->loop);
	assert_int_equal(fcntl(timer, F_GETFD), -1);
	assert_int_equal(loop_new(&seen->loop), 0);
}

static int late(void *context, uint32_t events)
{
	/* Longer than several periods, as measured. */
	for (uint64_t begin = clock_now(); clock_now() - begin < 10 * CLOCK_MS;)
		sched_yield();
	return count(context, events);
}

static int later(void *context, uint32_t events)
{
	struct seen *seen = context;

	/* The periods that were missed would have come by now. */
	seen->stop_after = seen->calls + 1;
	return count(context, events);
}

static void test_missed_periods(void **state)
{
	struct seen *seen = *state;
	int fast, slow;

	seen->stop_after = SIZE_MAX;
	assert_int_equal(loop_add_timer(seen->loop, CLOCK_MS, late, seen, &fast), 0);
	assert_int_equal(loop_add_timer(seen->loop, 30 * CLOCK_MS, later, seen, &slow), 0);
	assert_int_equal(loop_run(seen->loop), 0);
	/* A call a round of 10 ms, and not one for each of the periods; and the slow one's */
	assert_in_range(seen->calls, 2, 8);
}

static int hurry(void *context, uint32_t events)
{
	struct seen *seen = context;

	assert_int_equal(loop_set_timer(seen->loop, seen->timer, CLOCK_MS), 0);
	return count(context, events);
}

static void test_set_timer(void **state)
{
	struct seen *seen = *state;
	int other;

	/* An hour, unless it is set anew. */
	assert_int_equal(loop_add_timer(seen->loop, 3600 * CLOCK_SECOND, count, seen, &seen->timer),
			 0);
	assert_int_equal(loop_add_timer(seen->loop, CLOCK_MS, hurry, seen, &other), 0);
	assert_int_equal(loop_set_timer(seen->loop, seen->timer, 0), -EINVAL);
	assert_int_equal(loop_add_timer(seen->loop, 0, count, seen, &other), -EINVAL);
	seen->stop_after = 1;
	assert_int_equal(loop_run(seen->loop), 0);
	loop_remove(seen->loop, other);
	seen->stop_after = 2;
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->calls, 2);
}

static bool blocked(int signal)
{
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	return sigismember(&mask, signal) == 1;
}

/* Both are pending at once: each gets a call of its own. */
static void test_signals(void **state)
{
	struct seen *seen = *state;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	assert_false(blocked(SIGUSR1));
	assert_int_equal(loop_add_signals(seen->loop, &signals, count, seen), 0);
	assert_true(blocked(SIGUSR1));
	raise(SIGUSR2);
	raise(SIGUSR1);
	seen->stop_after = 2;
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->events[0], SIGUSR1);
	assert_int_equal(seen->events[1], SIGUSR2);
	loop_restore_signals(seen->loop);
	assert_false(blocked(SIGUSR1));
}

static void test_signals_twice(void **state)
{
	struct seen *seen = *state;
	sigset_t one, two;

	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	sigemptyset(&two);
	sigaddset(&two, SIGUSR2);
	assert_int_equal(loop_add_signals(seen->loop, &one, count, seen), 0);
	assert_int_equal(loop_add_signals(seen->loop, &two, count, seen), 0);
	assert_true(blocked(SIGUSR1) && blocked(SIGUSR2));
	loop_free(seen->loop);
	assert_false(blocked(SIGUSR1) || blocked(SIGUSR2));
	assert_int_equal(loop_new(&seen->loop), 0);
}

static void test_stop_before_run(void **state)
{
	struct seen *seen = *state;

	loop_stop(seen->loop);
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->calls, 0);
	loop_free(NULL);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_descriptor),
		LOOP_TEST(test_hangup),
		LOOP_TEST(test_handler_fails),
		LOOP_TEST(test_refuses),
		LOOP_TEST(test_remove_in_handler),
		LOOP_TEST(test_fairness),
		LOOP_TEST(test_timer),
		LOOP_TEST(test_missed_periods),
		LOOP_TEST(test_set_timer),
		LOOP_TEST(test_signals),
		LOOP_TEST(test_signals_twice),
		LOOP_TEST(test_stop_before_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
