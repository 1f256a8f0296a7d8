/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a limit will be reached: only what grows all the time has an end in sight. */
#include "model_fixture.h"

static const struct namespace_state *place(const struct model *model)
{
	size_t count;
	const struct namespace_state *state = model_namespaces(model, &count);

	assert_int_equal(count, 1);
	return state;
}

static void use(struct model *model, uint64_t time, uint64_t segments, uint64_t pages)
{
	const struct limits_facts limits = {
		.ipcns = NS,
		.time = time,
		.segments = {segments, 4096},
		.pages = {pages, UINT64_MAX - 100},
		.hugepages_total = 10,
		.hugepages_free = 8,
		.hugepages_reserved = 3,
	};

	model_set_limits(model, &limits);
}

static void assert_end(const struct model *model, enum model_resource resource, uint64_t expected)
{
	uint64_t seconds = 12345;

	assert_true(model_exhaustion(place(model), resource, &seconds));
	assert_in_range(seconds, expected - expected / 50, expected + expected / 50);
}

static void assert_endless(const struct model *model, enum model_resource resource)
{
	uint64_t seconds;

	assert_false(model_exhaustion(place(model), resource, &seconds));
}

static void steady_growth_has_an_end(void **state)
{
	struct model *model = *state;

	use(model, 0, 90, 5); /* nobody knows when */
	for (int second = 0; second < 14; second++)
		use(model, AT(100 + second), 96 + (uint64_t)second * 2, 5);
	assert_endless(model, MODEL_SEGMENTS); /* too little is known */
	for (int second = 14; second <= 1000; second++)
		use(model, AT(100 + second), 96 + (uint64_t)second * 2, 5 + (uint64_t)second);
	assert_end(model, MODEL_SEGMENTS, 1000); /* 2,000 left at 2 a second */
	assert_endless(model, MODEL_PAGES);      /* it grows, but there is room for ages */
	assert_endless(model, MODEL_QUEUES);
	/* the slope is that of the last minutes */
	for (int second = 1; second <= 300; second++)
		use(model, AT(1100 + second), 2096 + (uint64_t)second / 2, 0);
	assert_end(model, MODEL_SEGMENTS, (4096 - 2246) * 2);
}

static void a_step_is_no_growth(void **state)
{
	struct model *model = *state;

	for (int second = 0; second <= 200; second++)
		use(model, AT(100 + second), second < 120 ? 100 : 900, 5);
	assert_endless(model, MODEL_SEGMENTS);
	for (int second = 201; second <= 260; second++) /* the older half has it now */
		use(model, AT(100 + second), 900, 5);
	assert_endless(model, MODEL_SEGMENTS);
	for (int second = 0; second <= 200; second++)
		use(model, AT(400 + second), 900 - (uint64_t)second, 5);
	assert_endless(model, MODEL_SEGMENTS);
}

static void what_is_full_has_no_time_left(void **state)
{
	struct model *model = *state;

	for (int second = 0; second <= 60; second++)
		use(model, AT(100 + second), 4036 + (uint64_t)second, 5);
	assert_end(model, MODEL_SEGMENTS, 0);
}

static void without_times_there_is_no_trend(void **state)
{
	struct model *model = *state;

	for (int i = 0; i <= 60; i++)
		use(model, 0, (uint64_t)i, 5);
	assert_endless(model, MODEL_SEGMENTS);
	assert_int_equal(model_use(place(model), MODEL_SEGMENTS).used, 60);
	assert_int_equal(model_use(place(model), MODEL_SEGMENTS).max, 4096);
	assert_int_equal(model_use(place(model), MODEL_HUGEPAGES).used, 5);
	assert_int_equal(model_use(place(model), MODEL_HUGEPAGES).max, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(steady_growth_has_an_end),
		MODEL_TEST(a_step_is_no_growth),
		MODEL_TEST(what_is_full_has_no_time_left),
		MODEL_TEST(without_times_there_is_no_trend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
