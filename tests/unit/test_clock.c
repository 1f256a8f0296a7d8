/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "tests/tap.h"

#include "base/clock.h"

static void test_now(void **state)
{
	struct timespec now;
	uint64_t before = clock_now();

	(void)state;
	clock_gettime(CLOCK_BOOTTIME, &now);
	assert_in_range((uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec, before,
			clock_now());
}

static void test_wall(void **state)
{
	int64_t before = (int64_t)time(NULL) - 1;
	int64_t wall = clock_wall(clock_now());
	int64_t past = clock_wall(clock_now() - 3 * CLOCK_SECOND);

	(void)state;
	assert_true(wall / (int64_t)CLOCK_SECOND >= before);
	assert_true(wall / (int64_t)CLOCK_SECOND <= (int64_t)time(NULL) + 1);
	/* An instant 3 s earlier, give or take what the machine did between the calls */
	assert_true(wall - past <= 3 * (int64_t)CLOCK_SECOND + (int64_t)CLOCK_MS);
	assert_true(wall - past >= 2 * (int64_t)CLOCK_SECOND);
}

static void test_cpu(void **state)
{
	const struct timespec pause = {.tv_nsec = 5 * CLOCK_MS};
	uint64_t begin = clock_cpu();
	uint64_t wall = clock_now();

	(void)state;
	while (clock_cpu() - begin < CLOCK_MS)
		;
	assert_true(clock_now() - wall >= CLOCK_MS / 2);
	/* Who sleeps uses none. */
	begin = clock_cpu();
	for (wall = clock_now(); clock_now() - wall < 20 * CLOCK_MS;)
		nanosleep(&pause, NULL);
	assert_true(clock_cpu() - begin < 10 * CLOCK_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_wall),
		cmocka_unit_test(test_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
