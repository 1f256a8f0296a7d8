/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terminals that are unknown, unable, none, or closed. */
#include "tests/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"
#include "ui/screen.h"
#include "ui/screen_parts.h"

static void test_unknown_terminal_falls_back(void **state)
{
	struct stage *stage = *state;

	setenv("TERM", "no-such-terminal", 1);
	stage_open(stage, 24, 80);
	assert_shows(stage, "[1:Segments]");
}

static void test_unable_terminal_is_refused(void **state)
{
	struct stage *stage = *state;

	setenv("TERM", "dumb", 1);
	assert_int_equal(stage_start(stage, 24, 80, NULL), -ENOTSUP);
	assert_non_null(strstr(stage->why, "cursor"));
	stage_clear(stage);
	setenv("TERM", "", 1);
	assert_int_equal(stage_start(stage, 24, 80, NULL), -ENOTSUP);
	assert_non_null(strstr(stage->why, "TERM is not set"));
	stage_clear(stage);
	unsetenv("TERM");
	assert_int_equal(stage_start(stage, 24, 80, NULL), -ENOTSUP);
	assert_non_null(strstr(stage->why, "TERM is not set"));
}

static void test_no_terminal_is_refused(void **state)
{
	struct stage *stage = *state;
	const struct screen_options options = {.interval = 1};
	FILE *null = fopen("/dev/null", "r+");

	assert_int_equal(screen_start(null, null, "", &options, &stage->screen, stage->why),
			 -ENOTTY);
	fclose(null);
}

static void test_closed_terminal_gives_no_keys(void **state)
{
	struct stage *stage = *state;
	struct column_context context;

	stage_open(stage, 24, 80);
	context = script_context(stage->model);
	close(stage->emulator.master);
	stage->emulator.master = -1;
	assert_int_equal(curses_screen.input(stage->screen, &context), SCREEN_GO_ON);
	curses_screen.draw(stage->screen, &context);
}

int main(void)
{
#define TERMINAL_TEST(function) \
	cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		TERMINAL_TEST(test_unknown_terminal_falls_back),
		TERMINAL_TEST(test_unable_terminal_is_refused),
		TERMINAL_TEST(test_no_terminal_is_refused),
		TERMINAL_TEST(test_closed_terminal_gives_no_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
