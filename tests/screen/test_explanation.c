/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a call failed: at the foot of the events, and below its row on the segment's page. */
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "stage.h"

#define WHY "only its owner, its creator or a privileged user may"

/* A stranger tries to remove the first segment, `times` times. */
static void refuse(struct stage *stage, int times)
{
	for (int i = 0; i < times; i++)
		script_apply(stage->model, (struct event){.op = FACT_SHMCTL,
							  .time = SCRIPT_NOW,
							  .ipcns = SCRIPT_IPCNS,
							  .shmid = 32769,
							  .cmd = IPC_RMID,
							  .pid = 8801,
							  .ret = -EPERM,
							  .comm = "stranger"});
}

/* The rows in which `text` begins behind the indent */
static int rows_of(struct stage *stage, const char *text)
{
	int rows = 0;

	for (int row = 0; row < stage->emulator.rows; row++) {
		char *line = emulator_line(&stage->emulator, row);

		rows += strspn(line, " ") == 4 && strncmp(line + 4, text, strlen(text)) == 0;
		free(line);
	}
	return rows;
}

/* While the newest is followed the list does not jump: the status line tells. */
static void at_the_foot_of_the_events(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	refuse(stage, 2);
	stage_press(stage, "2");
	assert_int_equal(rows_of(stage, WHY), 0);
	assert_shows(stage, "EPERM: " WHY);
	stage_press(stage, UP);
	assert_int_equal(rows_of(stage, WHY), 1);
	assert_shows(stage, "EPERM: " WHY);
	stage_press(stage, UP);
	assert_int_equal(rows_of(stage, WHY), 0);
	stage_press(stage, DOWN END);
	assert_int_equal(rows_of(stage, WHY), 0);
}

/* The row that has the cursor stays in sight. */
static void the_list_makes_room(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 12, 80);
	refuse(stage, 20);
	stage_press(stage, "2" UP DOWN);
	assert_int_equal(rows_of(stage, WHY), 1);
	assert_line(stage, ">", "stranger");
	for (int i = 0; i < 12; i++) {
		stage_press(stage, UP);
		assert_line(stage, ">", "stranger");
	}
}

static void it_is_broken_between_words(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 40);
	refuse(stage, 2);
	stage_press(stage, "2" UP);
	assert_int_equal(rows_of(stage, "only its owner, its creator or a"), 1);
	assert_int_equal(rows_of(stage, "privileged user may"), 1);
}

/* Each of its lines is one to scroll by. */
static void below_the_row_on_a_page(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 50, 80);
	refuse(stage, 3);
	stage_draw(stage);
	stage_press(stage, "/32769\r");
	stage_press(stage, "\r");
	stage_press(stage, END);
	assert_int_equal(rows_of(stage, WHY), 3);
	stage_resize(stage, 24, 40);
	stage_press(stage, END);
	assert_int_equal(rows_of(stage, "privileged user may"), 3);
}

int main(void)
{
#define EXPLANATION_TEST(function) \
	cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		EXPLANATION_TEST(at_the_foot_of_the_events),
		EXPLANATION_TEST(the_list_makes_room),
		EXPLANATION_TEST(it_is_broken_between_words),
		EXPLANATION_TEST(below_the_row_on_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
