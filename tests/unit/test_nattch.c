/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How nattch went: a point a tick at which it changed, and bounded memory. */
#include "model_fixture.h"

#define ADDR UINT64_C(0x7f0000000000)

enum { MANY = 1100, TRACES = 1024 };

static struct nattch_point points[MODEL_NATTCH_POINTS];

static size_t history(const struct model *model, int32_t shmid)
{
	return model_nattch_history(find(model, shmid), points);
}

static void assert_point(size_t index, uint64_t time, uint64_t nattch)
{
	assert_int_equal(points[index].time, time);
	assert_int_equal(points[index].nattch, nattch);
}

static void a_change_gives_one_point_a_tick(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	model_expire(model, AT(101));
	model_expire(model, AT(102));
	assert_int_equal(history(model, 5), 0);
	attach(model, 5, 200, AT(102.1), ADDR);
	attach(model, 5, 200, AT(102.2), ADDR + 0x10000);
	detach(model, 5, 200, AT(102.3), ADDR);
	attach(model, 5, 200, AT(102.4), ADDR + 0x20000);
	assert_int_equal(history(model, 5), 0);
	model_expire(model, AT(103));
	model_expire(model, AT(104));
	assert_int_equal(history(model, 5), 2);
	assert_point(0, AT(101), 0);
	assert_point(1, AT(103), 2);
	exited(model, 200, AT(104.5), 0);
	model_expire(model, AT(105));
	assert_int_equal(history(model, 5), 3);
	assert_point(2, AT(105), 0);
}

static void only_the_newest_points_stay(void **state)
{
	struct model *model = *state;
	const int ticks = MODEL_NATTCH_POINTS + 7;

	make(model, 5, 100, AT(100));
	for (int i = 0; i < ticks; i++) {
		model_expire(model, AT(101 + i));
		attach(model, 5, 200, AT(101.5 + i), ADDR + (uint64_t)i * 0x10000);
	}
	model_expire(model, AT(101 + ticks));
	assert_int_equal(history(model, 5), MODEL_NATTCH_POINTS);
	assert_point(MODEL_NATTCH_POINTS - 1, AT(101 + ticks), (uint64_t)ticks);
	assert_point(0, AT(101 + ticks - MODEL_NATTCH_POINTS + 1),
		     (uint64_t)(ticks - MODEL_NATTCH_POINTS + 1));
}

static void a_gone_one_ends_at_zero_and_is_forgotten_with_it(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 200, AT(100.5), ADDR);
	model_expire(model, AT(101));
	control(model, 5, 100, AT(101.5), IPC_RMID, 0);
	exited(model, 200, AT(102), 0);
	model_expire(model, AT(103));
	ended(model, 5, FACT_REASON_LAST_DETACH);
	assert_int_equal(history(model, 5), 2);
	assert_point(0, AT(101), 1);
	assert_point(1, AT(102), 0);
	make(model, 6, 100, AT(104));
	control(model, 6, 100, AT(105), IPC_RMID, 0);
	assert_null(find(model, 5));
}

/* A removed one whose last row counts more than is known to be mapped, and which the next table lacks */
static void an_end_that_a_table_tells_is_a_point(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 3);

	snapshot(model, &row, 1, AT(100));
	model_expire(model, AT(100.1));
	snapshot(model, NULL, 0, AT(101));
	assert_int_equal(history(model, 5), 2);
	assert_point(0, AT(100.1), 3);
	assert_point(1, AT(101), 0);
}

static void those_that_changed_last_are_remembered(void **state)
{
	struct model *model = *state;

	for (int32_t shmid = 0; shmid < MANY; shmid++)
		make(model, shmid, 100, AT(100));
	model_expire(model, AT(101));
	for (int32_t shmid = 0; shmid < MANY; shmid++) {
		attach(model, shmid, 200, AT(102), ADDR + (uint64_t)shmid * 0x10000);
		/* the first one changes at each tick, and so outlives those that do not */
		attach(model, 0, 300, AT(102), ADDR + (uint64_t)shmid * 0x10000);
		model_expire(model, AT(103 + shmid));
	}
	assert_int_equal(history(model, 0), MODEL_NATTCH_POINTS);
	assert_int_equal(history(model, 1), 0);
	assert_int_equal(history(model, MANY - TRACES), 0);
	assert_int_equal(history(model, MANY - TRACES + 1), 2);
	assert_int_equal(history(model, MANY - 1), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(a_change_gives_one_point_a_tick),
		MODEL_TEST(only_the_newest_points_stay),
		FORGETFUL_MODEL_TEST(a_gone_one_ends_at_zero_and_is_forgotten_with_it),
		MODEL_TEST(an_end_that_a_table_tells_is_a_point),
		MODEL_TEST(those_that_changed_last_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
