/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key z: what a pause holds, and what may be done with it. */
#include "tests/tap.h"

#include <inttypes.h>
#include <stdio.h>

#include "stage.h"
#include "ui/screen.h"
#include "ui/view.h"

#define SECOND UINT64_C(1000000000)
#define GIB    (UINT64_C(1) << 30)

static void test_pause_and_interval(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_shows(stage, "LIVE 1.0s");
	assert_int_equal(stage_press(stage, "z"), SCREEN_GO_ON);
	assert_true(curses_screen.paused(stage->screen));
	assert_shows(stage, "PAUSED");
	script_create(stage->model, 777001, UINT64_C(1) << 40, SCRIPT_NOW - 1);
	stage_press(stage, DOWN);
	assert_hides(stage, "777001");
	assert_int_equal(stage_press(stage, "Z"), SCREEN_REFRESH);
	assert_false(curses_screen.paused(stage->screen));
	stage_draw(stage);
	assert_shows(stage, "777001");
	stage_press(stage, "+");
	assert_shows(stage, "LIVE 2.0s");
	assert_int_equal(curses_screen.interval(stage->screen), UINT64_C(2000000000));
	stage_press(stage, "----------");
	assert_int_equal(curses_screen.interval(stage->screen), UINT64_C(100000000));
	stage_press(stage, "++++++++++++");
	assert_int_equal(curses_screen.interval(stage->screen), UINT64_C(60000000000));
}

/* ---- segments -------------------------------------------------------------------------------- */

static void test_held_picture_outlives_its_segments(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "z");
	script_forget(stage->model);
	stage_press(stage, END);
	assert_int_equal(stage_cursor(stage), 163845);
	assert_shows(stage, "163845 x");
	stage_press(stage, "\r");
	assert_shows(stage, "no segment here to open");
	stage_press(stage, "Z");
	stage_draw(stage);
	assert_hides(stage, "163845 x");
}

/* A pause keeps the segments that it began with, whatever is asked of the list. */
static void test_held_rows_are_sorted_and_filtered(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	stage_press(stage, "z");
	script_create(stage->model, 777001, UINT64_C(1) << 40, SCRIPT_NOW - 1);
	stage_press(stage, "I" END);
	assert_int_equal(stage_cursor(stage), 32769);
	assert_hides(stage, ">    777001");
	assert_shows(stage, "6/6");
	stage_press(stage, F4 "size>1G\r");
	assert_shows(stage, "1/1");
	assert_hides(stage, "1.00T");
	stage_press(stage, F4 "\025\r");
	assert_shows(stage, "6/6");
	/* Nor by the way over an owner. */
	stage_press(stage, "4b/70033\r\r");
	assert_shows(stage, "1/4");
	assert_hides(stage, "1.00T");
	stage_press(stage, ESCAPE "1Z");
	stage_draw(stage);
	assert_shows(stage, "1.00T");
}

static void test_held_rows_outlive_the_order(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "z");
	script_forget(stage->model);
	stage_press(stage, "I" END);
	assert_int_equal(stage_cursor(stage), 163845);
	assert_shows(stage, "163845 x");
	assert_shows(stage, "6/6");
	stage_press(stage, HOME "/163845\r");
	assert_int_equal(stage_cursor(stage), 163845);
	/* Nothing is known of it that a filter could ask for. */
	stage_press(stage, F4 "size>0\r");
	assert_hides(stage, "163845 x");
	assert_shows(stage, "5/5");
}

/* ---- events ---------------------------------------------------------------------------------- */

static void flood(struct stage *stage, int count)
{
	for (int i = 0; i < count; i++)
		script_apply(stage->model, (struct event){.op = FACT_SHMCTL,
							  .time = SCRIPT_NOW,
							  .ipcns = SCRIPT_IPCNS,
							  .shmid = -1,
							  .pid = 1,
							  .ret = -22});
}

static void test_held_events_that_are_gone(void **state)
{
	struct stage *stage = *state;
	char place[32];
	uint64_t held;

	stage_open(stage, 24, 80);
	held = model_events_end(stage->model);
	snprintf(place, sizeof(place), "held at %" PRIu64, held);
	stage_press(stage, "2z");
	assert_shows(stage, place);
	flood(stage, 100);
	stage_press(stage, UP END);
	assert_shows(stage, place);
	assert_shows(stage, "196614");
	assert_hides(stage, "EINVAL");
	flood(stage, 4900);
	stage_press(stage, UP);
	assert_shows(stage, "gone: 5000 events came since; z goes on");
	assert_hides(stage, "no events yet");
	assert_shows(stage, place);
	flood(stage, 11);
	stage_press(stage, UP);
	assert_shows(stage, "gone: 5011 events came since; z goes on");
	stage_press(stage, "1");
	assert_shows(stage, "gone: 5011 events came since; z goes on");
	stage_press(stage, "2z");
	stage_draw(stage);
	assert_shows(stage, "EINVAL");
}

/* The pause begins when it is asked for, also for what was not shown then. */
static void test_events_are_held_from_another_view(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "3");
	flood(stage, 1);
	stage_press(stage, "z2");
	assert_shows(stage, "EINVAL");
}

/* ---- other lists ----------------------------------------------------------------------------- */

static void test_held_lists(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "4z");
	script_create(stage->model, 555001, 900 * GIB, SCRIPT_NOW - SECOND);
	stage_draw(stage);
	assert_line(stage, ">  ", "/bin/postgres");
	assert_hides(stage, "900G");
	stage_press(stage, "z");
	stage_draw(stage);
	assert_shows(stage, "900G");
}

/* Of a view that was left long ago the pause holds what is true when it is looked at. */
static void test_held_lists_are_not_old(void **state)
{
	static const struct {
		const char *key, *shown;
	} cases[] = {{"1", "2/7"}, {"3", "<900G"}, {"4", "  900G "}};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage_open(stage, 24, 80);
		stage_press(stage, cases[i].key);
		stage_press(stage, "5");
		script_leak(stage->model, 555001, 900 * GIB, SCRIPT_NOW - 11 * SECOND);
		stage_draw(stage);
		stage_press(stage, "z");
		stage_press(stage, cases[i].key);
		assert_shows(stage, cases[i].shown);
		script_leak(stage->model, 555002, 1900 * GIB, SCRIPT_NOW - 11 * SECOND);
		stage_draw(stage);
		assert_shows(stage, cases[i].shown);
		stage_clear(stage);
	}
}

int main(void)
{
#define PAUSE_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		PAUSE_TEST(test_pause_and_interval),
		PAUSE_TEST(test_held_picture_outlives_its_segments),
		PAUSE_TEST(test_held_rows_are_sorted_and_filtered),
		PAUSE_TEST(test_held_rows_outlive_the_order),
		PAUSE_TEST(test_held_events_that_are_gone),
		PAUSE_TEST(test_events_are_held_from_another_view),
		PAUSE_TEST(test_held_lists),
		PAUSE_TEST(test_held_lists_are_not_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
