/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "judge/trend.h"

/* A digit a second */
static struct trend trend_of(const char *counts)
{
	struct trend trend = {0};

	for (size_t i = 0; counts[i]; i++)
		trend_note(&trend, (i + 1) * CLOCK_SECOND, (uint64_t)(counts[i] - '0'), 0);
	return trend;
}

static void assert_grows(const char *counts, bool expected)
{
	const struct trend trend = trend_of(counts);

	if (trend_grows(&trend) != expected)
		fail_msg("%s", counts);
}

static void steady_growth_is_seen(void **state)
{
	(void)state;
	assert_grows("0123", true);
	assert_grows("01122334455", true);
	assert_grows("0123456789876789", false); /* falls */
	assert_grows("00000123456787889", true); /* one fall of many */
}

static void what_is_no_growth_is_not(void **state)
{
	(void)state;
	assert_grows("", false);
	assert_grows("1", false);
	assert_grows("123", false);          /* too early */
	assert_grows("1115555555", false);   /* a step */
	assert_grows("0123333333", false);   /* a start */
	assert_grows("5555555558", false);   /* a step */
	assert_grows("012345677777", false); /* it ended */
	assert_grows("012345677778", true);
	assert_grows("9876543210", false);
	assert_grows("0101010101", false);
	assert_grows("0246024602", false); /* a saw */
}

static void it_is_noted_once_a_second(void **state)
{
	struct trend trend = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		trend_note(&trend, CLOCK_SECOND + (uint64_t)i * 10 * CLOCK_MS, (uint64_t)i, 0);
	assert_int_equal(trend.count, 2); /* a tick may come early */
	assert_int_equal(trend.points[0].count, 0);
}

/* Its memory is bounded: it goes back for minutes, then forgets what is older. */
static void it_goes_back_for_minutes(void **state)
{
	struct trend trend = {0};
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	for (uint64_t second = 1; second <= 7200; second++) {
		trend_note(&trend, second * CLOCK_SECOND, second, second);
		assert_true(trend.count <= TREND_POINTS);
		uint64_t span = trend.points[trend.count - 1].time - trend.points[0].time;

		if (second < 4)
			continue;
		assert_true(trend_grows(&trend));
		most = span > most ? span : most;
		if (second > 600)
			least = span < least ? span : least;
		for (size_t i = 0; i + 1 < trend.count; i++)
			assert_true(trend.points[i].time < trend.points[i + 1].time);
	}
	assert_true(least >= 300 * CLOCK_SECOND);
	assert_true(most <= 600 * CLOCK_SECOND);
	for (uint64_t second = 7201; second <= 8000; second++)
		trend_note(&trend, second * CLOCK_SECOND, 0, 0);
	assert_true(trend_is_nothing(&trend));
	assert_false(trend_grows(&trend));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_growth_is_seen),
		cmocka_unit_test(what_is_no_growth_is_not),
		cmocka_unit_test(it_is_noted_once_a_second),
		cmocka_unit_test(it_goes_back_for_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
