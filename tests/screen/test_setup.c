/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The setup page of the live view, the saved configuration, and the themes. */
#include "tests/tap.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "stage.h"
#include "ui/screen.h"
#include "ui/view.h"

/* ---- the page -------------------------------------------------------------------------------- */

static void test_columns_are_chosen(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 40, 100);
	assert_shows(stage, "SHMID FLAG  SIZE▼");
	stage_press(stage, F2);
	assert_shows(stage, "[Setup]");
	stage_press(stage, "/flags\r");
	assert_shows(stage, "[x] flags");
	stage_press(stage, " ");
	assert_shows(stage, "[ ] flags");
	stage_press(stage, "/size\r" F8 F8);
	stage_press(stage, "/dtime\r\r");
	assert_shows(stage, "[x] dtime");
	stage_press(stage, "/[x] nattch\r[[]" ESCAPE);
	assert_shows(stage, "SHMID  ATT   RSS  SIZE▼");
	assert_hides(stage, "FLAG");
	/* One at least stays. */
	stage_press(stage, F2 HOME DOWN DOWN DOWN DOWN DOWN);
	for (int i = 0; i < COLUMNS_COUNT; i++) {
		stage_press(stage, DOWN);
		if (stage_shows(stage, ">[x]"))
			stage_press(stage, " ");
	}
	stage_press(stage, "/[x]\r ");
	assert_shows(stage, "one column at least is shown");
}

static void test_settings_are_changed(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, F2 HOME);
	assert_shows(stage, ">sort           size");
	stage_press(stage, " ");
	assert_shows(stage, ">sort           rss");
	stage_press(stage, "\033OD");
	assert_shows(stage, ">sort           size");
	stage_press(stage, DOWN "\r");
	assert_shows(stage, ">order          smallest first");
	stage_press(stage, DOWN DOWN "\033OC");
	assert_shows(stage, ">interval       2 s");
	assert_int_equal(curses_screen.interval(stage->screen), UINT64_C(2000000000));
	stage_press(stage, "\033OD\033OD");
	assert_shows(stage, ">interval       0.5 s");
	stage_press(stage, DOWN " ");
	assert_shows(stage, ">characters     ASCII");
	assert_hides(stage, "█");
	stage_press(stage, F7);
	assert_shows(stage, "only columns have a place");
	stage_press(stage, DOWN);
	assert_shows(stage, ">mouse          off");
	assert_false(stage->emulator.mouse);
	stage_press(stage, " ");
	assert_true(stage->emulator.mouse);
	stage_press(stage, " ");
	assert_false(stage->emulator.mouse);
	stage_press(stage, "q");
	assert_shows(stage, "by size up");
}

static const char *const saved_names[] = {"shmtop/shmtoprc", "shmtop", NULL};

static void test_what_is_saved_is_there_next_time(void **state)
{
	struct stage *stage = *state;
	const struct screen_options options = {
		.interval = UINT64_C(500000000), .has_order = true, .order = COLUMN_AGE};
	char *folder = stage_make_folder();

	setenv("XDG_CONFIG_HOME", folder, 1);
	stage_open(stage, 24, 100);
	stage_press(stage, F2 HOME DOWN " " DOWN "  ");
	assert_shows(stage, "mono");
	stage_press(stage, "/[x] key\r ++W");
	assert_shows(stage, "saved in /tmp/shmtop-screen-");
	assert_shows(stage, "/shmtop/shmtoprc");
	stage_clear(stage);

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 100, &(struct screen_options){0}), 0);
	stage_draw(stage);
	assert_shows(stage, "by size up");
	assert_shows(stage, "LIVE 5.0s");
	assert_hides(stage, " KEY ");
	stage_press(stage, F2);
	assert_shows(stage, "theme          mono");
	assert_hides(stage, "passed over");
	stage_clear(stage);

	/* Options win. */
	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 100, &options), 0);
	stage_draw(stage);
	assert_shows(stage, "by age up");
	assert_shows(stage, "LIVE 0.5s");
	assert_hides(stage, " KEY ");
	stage_clear(stage);
	setenv("XDG_CONFIG_HOME", "/dev/null/none", 1);
	stage_remove_folder(folder, saved_names);
}

static void test_mistakes_in_it_are_said(void **state)
{
	struct stage *stage = *state;
	char *folder = stage_make_folder();
	char path[PATH_MAX];
	FILE *out;

	snprintf(path, sizeof(path), "%s/shmtop", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	strcat(path, "/shmtoprc");
	out = fopen(path, "w");
	assert_non_null(out);
	fputs("interval = 2\ncolour = red\n", out);
	fclose(out);
	setenv("XDG_CONFIG_HOME", folder, 1);
	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 120, &(struct screen_options){0}), 0);
	stage_draw(stage);
	assert_shows(stage, "/shmtop/shmtoprc:2: unknown name 'colour', passed over");
	assert_shows(stage, "LIVE 2.0s");
	stage_clear(stage);

	/* Where nothing can be written, that is said. */
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	stage_open(stage, 24, 120);
	assert_shows(stage, "shmtoprc: Is a directory");
	stage_press(stage, "W");
	assert_shows(stage, "/shmtop/shmtoprc: Is a directory");
	setenv("XDG_CONFIG_HOME", "/dev/null/none", 1);
	stage_remove_folder(folder, saved_names);
}

/* What is saved is on, and an option switches it off. */
static void test_options_switch_off(void **state)
{
	struct stage *stage = *state;
	const struct screen_options options = {.ascii = OPTION_NO, .mouse = OPTION_NO};
	char *folder = stage_make_folder();

	setenv("XDG_CONFIG_HOME", folder, 1);
	stage->model = script_model();
	assert_int_equal(
		stage_start(stage, 24, 100,
			    &(struct screen_options){.ascii = OPTION_YES, .mouse = OPTION_YES}),
		0);
	stage_draw(stage);
	stage_press(stage, "W");
	assert_shows(stage, "saved in");
	stage_clear(stage);

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 100, &(struct screen_options){0}), 0);
	stage_draw(stage);
	assert_hides(stage, "█");
	assert_true(stage->emulator.mouse);
	stage_clear(stage);

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 100, &options), 0);
	stage_draw(stage);
	assert_shows(stage, "█");
	assert_false(stage->emulator.mouse);
	stage_clear(stage);
	setenv("XDG_CONFIG_HOME", "/dev/null/none", 1);
	stage_remove_folder(folder, saved_names);
}

/* ---- themes ---------------------------------------------------------------------------------- */

/* Colour of the text of a removed segment's row; -1: that of the terminal */
static int warning_colour(struct stage *stage)
{
	int row = emulator_find(&stage->emulator, " 131076 D");
	VTermScreenCell cell;

	assert_true(row >= 0);
	cell = emulator_cell(&stage->emulator, row, 7);
	return VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ? -1 : cell.fg.indexed.idx;
}

static void test_themes(void **state)
{
	static const struct {
		enum screen_theme theme;
		const char *terminal, *no_color;
		int colour;
	} cases[] = {
		{SCREEN_THEME_UNSET, "xterm-256color", "", 3},
		{SCREEN_THEME_DARK, "xterm", "", 3},
		{SCREEN_THEME_LIGHT, "xterm-256color", "", 130},
		{SCREEN_THEME_LIGHT, "xterm", "", 5},
		{SCREEN_THEME_MONO, "xterm-256color", "", -1},
		{SCREEN_THEME_UNSET, "xterm-256color", "1", -1},
		{SCREEN_THEME_DARK, "xterm-256color", "1", 3},
		{SCREEN_THEME_DARK, "vt100", "", -1},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct screen_options options = {.theme = cases[i].theme};

		setenv("TERM", cases[i].terminal, 1);
		setenv("NO_COLOR", cases[i].no_color, 1);
		stage->model = script_model();
		assert_int_equal(stage_start(stage, 24, 80, &options), 0);
		stage_draw(stage);
		assert_int_equal(warning_colour(stage), cases[i].colour);
		stage_clear(stage);
	}
	/* Chosen in the setup, it is used at once, and more than NO_COLOR. */
	setenv("TERM", "xterm-256color", 1);
	setenv("NO_COLOR", "1", 1);
	stage_open(stage, 24, 80);
	assert_int_equal(warning_colour(stage), -1);
	stage_press(stage, F2 HOME DOWN DOWN);
	assert_shows(stage, "mono, by NO_COLOR");
	stage_press(stage, " " ESCAPE);
	assert_int_equal(warning_colour(stage), 130);
}

int main(void)
{
#define SETUP_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		SETUP_TEST(test_columns_are_chosen),
		SETUP_TEST(test_settings_are_changed),
		SETUP_TEST(test_what_is_saved_is_there_next_time),
		SETUP_TEST(test_mistakes_in_it_are_said),
		SETUP_TEST(test_options_switch_off),
		SETUP_TEST(test_themes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
