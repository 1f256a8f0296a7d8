/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terminals that are unknown, unable, none, or closed. */
#include "tests/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"
#include "ui/curses.h"
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

static void test_escape_is_not_waited_for(void **state)
{
	setenv("ESCDELAY", "1000", 1);
	stage_open(*state, 24, 80);
	assert_int_equal(get_escdelay(), 25);
	unsetenv("ESCDELAY");
}

/* Each of these has another key beside it, which the other tests press. */
static void test_keys_of_other_programs(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "jj");
	assert_int_equal(stage_cursor(stage), 1474560005);
	stage_press(stage, "k");
	assert_int_equal(stage_cursor(stage), 98307);
	stage_press(stage, F1);
	assert_shows(stage, "[Help]");
}

/* Calls itself until the stack is used up. */
static int overflow(volatile int depth)
{
	volatile char used[4096] = {(char)depth};

	return depth < 0 ? used[0] : overflow(depth + 1) + used[0];
}

/* Its handler has no stack but its own then. */
static void test_overflow_gives_the_terminal_back(void **state)
{
	const struct rlimit no_core = {0, 0};
	struct stage *stage = *state;
	int status;
	pid_t child;

	stage_open(stage, 24, 80);
	assert_true(stage->emulator.alternate);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		_exit(overflow(0));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	emulator_sync(&stage->emulator, stage->slave);
	assert_false(stage->emulator.alternate);
	assert_true(stage->emulator.cursor_visible);
	assert_false(stage->emulator.keypad);
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
		TERMINAL_TEST(test_escape_is_not_waited_for),
		TERMINAL_TEST(test_keys_of_other_programs),
		TERMINAL_TEST(test_overflow_gives_the_terminal_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
