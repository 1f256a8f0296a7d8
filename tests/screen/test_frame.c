/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame: what it writes and costs, what is marked in it, what a held one keeps. */
#include "tests/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"
#include "stage.h"
#include "ui/screen.h"
#include "ui/view.h"

#define SECOND UINT64_C(1000000000)
#define SYNC   "\033[5n"

/* ---- what is written ------------------------------------------------------------------------- */

/* Calls of write() in this process, or -1 where the kernel does not count them */
static long writes(void)
{
	FILE *in = fopen("/proc/self/io", "r");
	char line[64];
	long count = -1;

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "syscw: %ld", &count) == 1)
			break;
	if (in)
		fclose(in);
	return count;
}

/* A second later the clock and an age are others. All that was written before is not written again, what is
 * new goes out at once: nothing flickers. */
static void test_a_frame_writes_what_changed(void **state)
{
	enum { CHANGES = 300 };
	struct stage *stage = *state;
	struct column_context context;
	long before, after;
	size_t fed;

	stage_open(stage, 24, 80);
	stage_draw_later(stage, 10 * SECOND, 0);
	context = script_context(stage->model);
	context.now += 11 * SECOND;
	context.wall += 11 * (int64_t)SECOND;
	fed = stage->emulator.fed;
	before = writes();
	curses_screen.draw(stage->screen, &context);
	after = writes();
	emulator_sync(&stage->emulator, stage->slave);
	assert_shows(stage, "12:00:11");
	assert_in_range(stage->emulator.fed - fed - strlen(SYNC), 1, CHANGES);
	if (before < 0)
		skip_because("the kernel does not count what a process writes");
	assert_int_equal(after - before, 1);
}

static void scribble(struct stage *stage)
{
	static const char text[] = "\033[9;20Hscribbled\033[24;30Hscribbled";

	assert_int_equal(write(stage->slave, text, strlen(text)), strlen(text));
	emulator_sync(&stage->emulator, stage->slave);
	assert_shows(stage, "scribbled");
}

/* What somebody else has written over the frame stays until it is asked away. */
static void test_all_is_drawn_again(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	scribble(stage);
	stage_draw(stage);
	assert_shows(stage, "scribbled");
	stage_press(stage, "\f");
	assert_hides(stage, "scribbled");
	assert_shows(stage, "F1Help");
	scribble(stage);
	stage_resize(stage, 24, 80);
	assert_hides(stage, "scribbled");
}

/* Where the locale has another width for a character than shmtop's own table, the columns stand. */
static void test_widths_that_differ(void **state)
{
	struct stage *stage = *state;
	const wchar_t hexagram = 0x4dc0;

	stage_open(stage, 24, 80);
	if (wcwidth(hexagram) == (int)text_width("\u4dc0"))
		skip_because("this locale has no such character");
	script_apply(stage->model, (struct event){.op = FACT_SHMGET,
						  .time = SCRIPT_NOW,
						  .shmid = -1,
						  .pid = 1,
						  .tid = 1,
						  .ret = -22,
						  .comm = "a\u4dc0b"});
	stage_press(stage, "2");
	assert_shows(stage, "       1 a?b                 - shmget(");
}

static void test_a_filter_of_the_command_line_is_safe(void **state)
{
	struct stage *stage = *state;
	const struct screen_options options = {.filter_text = "comm~\033[31m"};

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 100, &options), 0);
	stage_draw(stage);
	assert_shows(stage, "filter comm~\\x1b[31m");
}

/* ---- what it costs --------------------------------------------------------------------------- */

static uint64_t cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/* CPU of the cheapest of some frames in which nothing is new but the time */
static uint64_t frame_cost(struct stage *stage, size_t count)
{
	struct segment_facts *rows = calloc(count, sizeof(*rows));
	uint64_t least = UINT64_MAX;

	assert_non_null(rows);
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct segment_facts){
			.known = FACT_COL_ALL, .shmid = (int32_t)i, .mode = 0600, .size = 4096};
	stage->model = script_model();
	assert_int_equal(
		model_reconcile_segments(stage->model, SCRIPT_IPCNS, rows, count, 0, SCRIPT_NOW),
		0);
	free(rows);
	assert_int_equal(stage_start(stage, 24, 80, NULL), 0);
	stage_draw(stage);
	for (uint64_t i = 1; i <= 9; i++) {
		struct column_context context = script_context(stage->model);
		uint64_t began = cpu(), took;

		context.now += i * SECOND;
		context.wall += (int64_t)(i * SECOND);
		curses_screen.draw(stage->screen, &context);
		took = cpu() - began;
		emulator_sync(&stage->emulator, stage->slave);
		if (took < least)
			least = took;
	}
	stage_clear(stage);
	return least;
}

/* Only rows that can be seen are made: 64 times as many cost about the same. */
static void test_a_frame_costs_what_is_seen(void **state)
{
	enum { TIMES = 8 };
	struct stage *stage = *state;
	uint64_t few = frame_cost(stage, 500), many = frame_cost(stage, 32000);

	print_message("# a frame: %" PRIu64 " ns with 500 segments, %" PRIu64 " with 32,000\n", few,
		      many);
	assert_true(many < TIMES * few);
}

/* ---- what is marked -------------------------------------------------------------------------- */

/* Colour of the text where it first stands; -1: that of the terminal */
static int colour_of(struct stage *stage, const char *text)
{
	int row = emulator_find(&stage->emulator, text);
	char *line;
	VTermScreenCell cell;

	if (row < 0) {
		stage_print(stage);
		fail_msg("not on screen: %s", text);
	}
	line = emulator_line(&stage->emulator, row);
	*strstr(line, text) = '\0';
	cell = emulator_cell(&stage->emulator, row, (int)text_width(line));
	free(line);
	return VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ? -1 : cell.fg.indexed.idx % 8;
}

/* The emulated terminal knows no dim: whether curses was told to */
static bool is_dim(struct stage *stage, const char *text)
{
	int row = emulator_find(&stage->emulator, text);

	if (row < 0) {
		stage_print(stage);
		fail_msg("not on screen: %s", text);
	}
	return mvinch(row, 12) & A_DIM;
}

static void test_states_have_their_colours(void **state)
{
	enum { RED = 1, YELLOW = 3 };
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_int_equal(colour_of(stage, "1474560005 !"), RED);
	assert_int_equal(colour_of(stage, "131076 D"), YELLOW);
	assert_int_equal(colour_of(stage, "98307 L"), -1);
	assert_true(is_dim(stage, "163845 +x"));
	assert_false(is_dim(stage, "98307 L"));
	stage_press(stage, "5");
	assert_int_equal(colour_of(stage, "84.3%"), YELLOW);
	assert_int_equal(colour_of(stage, "!96.8%"), RED);
	assert_int_equal(colour_of(stage, "36.7%"), -1);
}

static void test_a_holder_that_let_go_is_dim(void **state)
{
	struct stage *stage = *state;
	const struct event exit = {.op = FACT_EXIT,
				   .time = SCRIPT_NOW,
				   .mm = 0x30,
				   .start_time = SCRIPT_NOW - 30 * SECOND,
				   .shmid = -1,
				   .pid = 7713,
				   .tid = 7713,
				   .comm = "tst"};

	stage_open(stage, 24, 80);
	stage_press(stage, "/131076\r\r");
	assert_false(is_dim(stage, "    7713 tst"));
	script_apply(stage->model, exit);
	stage_draw(stage);
	assert_line(stage, "    7713 tst\\x1b", "gone exit");
	assert_true(is_dim(stage, "    7713 tst\\x1b"));
}

static void test_the_header_warns(void **state)
{
	enum { RED = 1, GREEN = 2, YELLOW = 3 };
	static const struct {
		uint64_t used;
		int colour;
	} cases[] = {{79, GREEN}, {80, YELLOW}, {94, YELLOW}, {95, RED}};
	struct stage *stage = *state;
	struct source_status status;

	stage_open(stage, 24, 80);
	status = *model_status(stage->model);
	assert_int_equal(colour_of(stage, "lost 0"), -1);
	status.lost = 3;
	model_set_status(stage->model, &status);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		model_set_limits(stage->model,
				 &(struct limits_facts){.ipcns = SCRIPT_IPCNS,
							.segments = {cases[i].used, 100},
							.time = SCRIPT_NOW + i + 1});
		stage_draw(stage);
		assert_int_equal(colour_of(stage, "█"), GREEN); /* the memory, above */
		assert_int_equal(emulator_cell(&stage->emulator, 2, 4).fg.indexed.idx,
				 cases[i].colour);
	}
	assert_int_equal(colour_of(stage, "lost 3"), RED);
}

static void test_the_newest_rate_is_told(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_shows(stage, " 0/s]");
	for (int i = 0; i < 7; i++)
		script_create(stage->model, 555001 + i, 4096, SCRIPT_NOW + 1);
	model_expire(stage->model, SCRIPT_NOW + SECOND);
	stage_draw_later(stage, SECOND, 0);
	assert_shows(stage, "█     7/s]");
}

/* ---- what stays ------------------------------------------------------------------------------ */

static void test_held_pictures(void **state)
{
	static const struct {
		const char *keys, *shown;
	} cases[] = {
		{"1z", "555001"},
		{"3z", "900G"},
		{"4z", "900G"},
		{"5z", " 4000 "},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage_open(stage, 24, 80);
		stage_press(stage, cases[i].keys);
		script_leak(stage->model, 555001, UINT64_C(900) << 30, SCRIPT_NOW - 11 * SECOND);
		model_set_limits(stage->model, &(struct limits_facts){.ipcns = SCRIPT_IPCNS,
								      .segments = {4000, 4096},
								      .time = SCRIPT_NOW});
		stage_draw(stage);
		/* The header goes on. */
		assert_int_equal(emulator_find(&stage->emulator, "4000/4096"), 2);
		for (int row = 5; row < 22; row++) {
			char *line = emulator_line(&stage->emulator, row);

			if (strstr(line, cases[i].shown))
				fail_msg("not held: %s", line);
			free(line);
		}
		stage_press(stage, "z");
		stage_draw(stage);
		assert_shows(stage, cases[i].shown);
		stage_clear(stage);
	}
}

static void test_tags_go_with_their_segments(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, END " " HOME " ");
	assert_shows(stage, "2 tagged");
	stage_draw_later(stage, 60 * SECOND, 0);
	assert_shows(stage, "1 tagged");
	assert_shows(stage, "/5");
}

static void test_a_page_opens_at_its_top(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 10, 80);
	stage_press(stage, "\r" END);
	assert_hides(stage, "32769  key");
	stage_press(stage, ESCAPE);
	stage_press(stage, "\r");
	assert_shows(stage, "32769  key");
}

int main(void)
{
#define FRAME_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		FRAME_TEST(test_a_frame_writes_what_changed),
		FRAME_TEST(test_all_is_drawn_again),
		FRAME_TEST(test_widths_that_differ),
		FRAME_TEST(test_a_filter_of_the_command_line_is_safe),
		FRAME_TEST(test_a_frame_costs_what_is_seen),
		FRAME_TEST(test_states_have_their_colours),
		FRAME_TEST(test_a_holder_that_let_go_is_dim),
		FRAME_TEST(test_the_header_warns),
		FRAME_TEST(test_the_newest_rate_is_told),
		FRAME_TEST(test_held_pictures),
		FRAME_TEST(test_tags_go_with_their_segments),
		FRAME_TEST(test_a_page_opens_at_its_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
