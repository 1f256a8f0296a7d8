/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaks, owners and limits: rows, cursor, the way to the segments behind them and back. */
#include "tests/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "stage.h"
#include "ui/screen.h"
#include "ui/view.h"

#define SECOND UINT64_C(1000000000)
#define GIB    (UINT64_C(1) << 30)

static void assert_cursor(struct stage *stage, const char *text)
{
	bool found = false;

	for (int row = 0; row < stage->emulator.rows && !found; row++) {
		char *line = emulator_line(&stage->emulator, row);

		found = line[0] == '>' && strstr(line, text);
		free(line);
	}
	if (!found) {
		stage_print(stage);
		fail_msg("the cursor is not on '%s'", text);
	}
}

static bool is_bad(struct stage *stage, const char *text)
{
	int row = emulator_find(&stage->emulator, text);
	char *line;
	VTermScreenCell cell;

	assert_true(row >= 0);
	line = emulator_line(&stage->emulator, row);
	*strstr(line, text) = '\0';
	cell = emulator_cell(&stage->emulator, row, (int)text_width(line));
	free(line);
	return VTERM_COLOR_IS_INDEXED(&cell.fg) && !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) &&
	       cell.fg.indexed.idx % 8 == 1;
}

static void model_of_nothing(struct stage *stage)
{
	const struct namespace_facts place = {SCRIPT_IPCNS, 1, 1};

	assert_int_equal(model_new(NULL, &stage->model), 0);
	assert_int_equal(model_reconcile_namespaces(stage->model, &place, 1, 2), 0);
	model_set_status(stage->model, &(struct source_status){.calls = "none",
							       .compat = "none",
							       .life = "none",
							       .attachers = "none"});
}

/* ---- tabs ------------------------------------------------------------------------------------ */

static void test_tabs(void **state)
{
	static const char *const names[] = {"[1:Segments]", "[2:Events]", "[3:Leaks(1)]",
					    "[4:Owners]", "[5:Limits]"};
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	for (size_t i = 0; i < 5; i++) {
		char key[] = {(char)('1' + i), '\0'};

		stage_press(stage, key);
		assert_shows(stage, names[i]);
	}
	for (size_t i = 0; i < 5; i++) {
		stage_press(stage, "\t");
		assert_shows(stage, names[i]);
	}
	for (size_t i = 4; i-- > 0;) {
		stage_press(stage, STAB);
		assert_shows(stage, names[i]);
	}
	stage_press(stage, STAB);
	assert_shows(stage, names[4]);
	/* From a page the next tab is that behind the one it was opened from. */
	stage_press(stage, "2\r");
	assert_shows(stage, "[Segment]");
	stage_press(stage, "\t");
	assert_shows(stage, "[3:Leaks(1)]");
}

static void test_tabs_where_there_is_no_room(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 10, 40);
	assert_shows(stage, "[1:Segments] 2  3(1)  4  5");
	stage_press(stage, "4");
	assert_shows(stage, " 1  2  3(1) [4:Owners] 5     by exe  1/5");
	/* A filter matters more than names. */
	stage_clear(stage);
	stage_open(stage, 24, 80);
	stage_press(stage, F4 "size>1M and owner=70026\r");
	assert_shows(stage, "[1:Segments] 2  3(1)  4  5");
	assert_shows(stage, "filter size>1M and owner=70026");
	/* So do tags, and both together. */
	stage_clear(stage);
	stage_open(stage, 24, 80);
	stage_press(stage, F4 "size>1M\r");
	assert_shows(stage, "5:Limits  filter size>1M   ");
	stage_press(stage, " ");
	assert_shows(stage, "[1:Segments] 2  3(1)  4  5  by size down  1 tagged  filter size>1M ");
}

/* ---- leaks ----------------------------------------------------------------------------------- */

static void test_leaks(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_shows(stage, "LEAKS 1  256M");
	assert_true(is_bad(stage, "LEAKS 1"));
	stage_press(stage, "3");
	assert_shows(stage, ">! likely orphan         1   256M  3d00h -");
	assert_true(is_bad(stage, "! likely"));
	assert_shows(stage,
		     "creator unknown: 256M would come back; nattch 0 for 3d00h, creator 9912");
	/* One to watch is no leak yet. */
	script_attach_often(stage->model, 555001, 4096);
	stage_draw(stage);
	assert_shows(
		stage,
		" ? watch  attach-le…     1 <4.00K    11s …/ci/bin/flash 7800 flash has attache");
	assert_shows(stage, "3:Leaks(1)");
	assert_false(is_bad(stage, "? watch"));
}

static void test_leak_opens_its_segments(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	script_attach_often(stage->model, 555001, 4096);
	stage_press(stage, F4 "size>100M\r"
			      "3");
	stage_press(stage, DOWN "\r");
	assert_shows(stage, "[1:Segments]");
	assert_shows(stage, "1/1");
	assert_int_equal(stage_cursor(stage), 555001);
	/* The way back is in sight, whatever room the rest takes. */
	assert_shows(stage,
		     "Esc goes back; only segments with verdict=attach-leak and exe='/home/ci");
	stage_press(stage, ESCAPE);
	assert_shows(stage, "[3:Leaks(1)]");
	assert_shows(stage, ">? watch");
	stage_press(stage, "1");
	assert_shows(stage, "filter size>100M");
	assert_shows(stage, "1/3");
	/* There is nothing more to go back to. */
	stage_press(stage, ESCAPE);
	assert_shows(stage, "filter size>100M");
}

static void test_a_creator_that_nobody_knows_is_opened(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "3\r");
	assert_shows(stage, "verdict=orphan and not exe~''");
	assert_int_equal(stage_cursor(stage), 1474560005);
	assert_shows(stage, "1/1");
}

/* ---- owners ---------------------------------------------------------------------------------- */

static void test_owners(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	stage_press(stage, "4");
	assert_shows(stage, "by exe  1/5");
	assert_shows(stage, ">    1  8.00G  7.91G      3     0      0      0      0      0 "
			    "/usr/lib/postgresql/15/bin/postgres");
	assert_shows(stage, "     1   256M   256M      0     1   256M      1   256M      0 -");
	/* What is not known of any is no number. */
	assert_shows(stage, "     1  16.0M      -      0     1  16.0M      0      0      2 "
			    "/home/ci/bin/flash");
	assert_shows(stage, "postgres: 1 segment, 8.00G; 0 unattached, 0; 0 leaked, 0");
	stage_press(stage, "b");
	assert_shows(stage, "by user");
	assert_shows(stage, "     3   336M  >256M      1     2   272M      1   256M      3 70033");
	stage_press(stage, "b");
	assert_shows(stage, "by cgroup");
	assert_shows(stage, "/system.slice/postgresql.service");
	stage_press(stage, "b");
	assert_shows(stage, "by exe");
}

static void test_owner_opens_its_segments(void **state)
{
	static const struct {
		const char *keys, *filter;
		long first;
	} cases[] = {
		{"4\r", "exe='/usr/lib/postgresql/15/bin/postgres'", 32769},
		{"4bG\r", "owner='70033'", 1474560005},
		{"4bb" DOWN "\r", "cgroup='/system.slice/monitor.service'", 98307},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < 3; i++) {
		stage_open(stage, 24, 140);
		stage_press(stage, cases[i].keys);
		assert_shows(stage, cases[i].filter);
		assert_int_equal(stage_cursor(stage), cases[i].first);
		stage_press(stage, ESCAPE);
		assert_shows(stage, "[4:Owners]");
		stage_clear(stage);
	}
}

static void test_cursor_stays_on_its_row(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "4" DOWN);
	assert_cursor(stage, "/usr/sbin/monitor");
	/* The last one becomes the first. */
	script_create(stage->model, 555001, 900 * GIB, SCRIPT_NOW - SECOND);
	stage_draw(stage);
	assert_shows(stage, "3/5");
	assert_cursor(stage, "/usr/sbin/monitor");
	stage_press(stage, HOME);
	assert_cursor(stage, "/bin/flash");
	/* A row that is listed no more hands it to the one that has its place. */
	stage_press(stage, "3");
	assert_cursor(stage, "likely");
	stage_press(stage, "4" END);
	assert_shows(stage, "5/5");
}

static void test_a_second_choice_keeps_the_first_filter(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 140);
	stage_press(stage, F4 "size>1\r"
			      "4\r");
	assert_shows(stage, "filter exe=");
	stage_press(stage, "3\r");
	assert_shows(stage, "filter verdict=orphan");
	stage_press(stage, ESCAPE);
	assert_shows(stage, "[3:Leaks(1)]");
	stage_press(stage, "1");
	assert_shows(stage, "filter size>1");
	/* What is typed over the choice ends with it, too. */
	stage_press(stage, "4\r" F4 "\025nattch=0\r");
	assert_shows(stage, "filter nattch=0");
	stage_press(stage, ESCAPE "1");
	assert_shows(stage, "filter size>1");
}

static void test_names_are_quoted(void **state)
{
	static const struct {
		const char *name, *expression;
	} cases[] = {
		{"plain", "exe='plain'"}, {"it's", "exe=\"it's\""},
		{"a\"b", "exe='a\"b'"},   {"it's \"both\"", "exe~\"it's \""},
		{"-", "not exe~''"},
	};
	char out[VIEW_LINE_LEN], name[FACT_TEXT_LEN], last[64];
	struct filter_error error;
	struct filter *filter;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(drill_name("exe", cases[i].name, out), cases[i].expression);
		assert_int_equal(filter_parse(out, &filter, &error), 0);
		filter_free(filter);
	}
	/* Of a long one the end is looked for: it fits into the prompt, and no character is cut. */
	memset(name, 'x', sizeof(name));
	strcpy(name + sizeof(name) - 5, "/end");
	for (size_t at = sizeof(name) - 1 - (PROMPT_LEN - 48) - 21, i = 0; i < 20; i++)
		memcpy(name + at + 2 * i, "ä", 2);
	assert_true(strlen(drill_name("cgroup", name, out)) < PROMPT_LEN);
	assert_memory_equal(out, "cgroup~'ä", 10);
	snprintf(last, sizeof(last), "%s", out + strlen(out) - 5);
	assert_string_equal(last, "/end'");
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void test_limits(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "5");
	assert_shows(stage, ">host       SHMMNI              4       4096    0.0%       - █");
	assert_shows(stage, "SHMALL          8.81G      24.0G   36.7%       - ███████░");
	assert_shows(stage, "SHMMAX          8.00G       none       -       -");
	assert_shows(stage, "MSGMNI          31000      32000  !96.8%");
	assert_true(is_bad(stage, "!96.8%"));
	assert_shows(stage, " machine    huge pages       864M      1.00G   84.3%");
	assert_shows(stage, "host SHMMNI, segments: 4 of 4096; set by sysctl kernel.shmmni");
	stage_press(stage, DOWN DOWN);
	assert_shows(stage, "host SHMMAX, largest segment: 8.00G, no limit; set by");
	stage_press(stage, "\r");
	assert_shows(stage, "filter ns=host");
	assert_shows(stage, "1/6");
	stage_press(stage, ESCAPE END "\r");
	assert_shows(stage, "no namespace here to open");
}

static void test_limits_creators(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "5");
	assert_shows(stage,
		     "           postgres (uid 70026): 1 segment, 8.00G, 0 unattached, made");
	assert_shows(stage, "           gone (uid 70033): 1 segment, 256M, 1 unattached");
	stage_press(stage, "/gone\r");
	assert_shows(stage, "host, by gone (uid 70033): 1 segment, 256M, 1 unattached");
	stage_press(stage, "\r");
	assert_shows(stage, "filter ns=host and not exe~'' and own");
	assert_shows(stage, "1/1");
	stage_press(stage, ESCAPE "/postgres\r\r");
	assert_shows(stage, "filter ns=host and exe='/usr/lib/post");
	assert_shows(stage, "1/1");
}

/* Takes in limits, so much used, a sample a minute. */
static void use_limits(struct stage *stage, uint32_t ipcns, uint64_t from, uint64_t step)
{
	struct limits_facts limits = {.ipcns = ipcns, .segments = {0, 100}, .page_size = 4096};

	for (uint64_t i = 0; i < 30; i++) {
		limits.segments.used = from + step * i;
		limits.time = SCRIPT_NOW + (i + 1) * 6 * SECOND;
		model_set_limits(stage->model, &limits);
		model_expire(stage->model, SCRIPT_NOW + (i + 1) * 6 * SECOND);
	}
}

static void test_limits_of_several_namespaces(void **state)
{
	const struct namespace_facts places[] = {
		{SCRIPT_IPCNS, 1, 1}, {4026532210u, 2, 2}, {4026532211u, 3, 3}};
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_int_equal(model_reconcile_namespaces(stage->model, places, 3, SCRIPT_NOW), 0);
	model_namespace_unreadable(stage->model, 4026532211u, -EPERM, SCRIPT_NOW);
	use_limits(stage, 4026532210u, 20, 2);
	stage_draw_later(stage, 180 * SECOND, 0);
	/* The gauge says whose it is, where there are several. */
	assert_shows(stage, " 4026532210 78/100]");
	stage_press(stage, "5");
	assert_shows(stage, " 4026532210 SHMMNI             78        100   78.0%      1m");
	assert_shows(stage, " 4026532211 only root may enter it");
	stage_press(stage, "/78\r");
	assert_shows(stage, "4026532210 SHMMNI");
	stage_press(stage, HOME);
	for (int i = 0; i < 9; i++)
		stage_press(stage, DOWN);
	assert_shows(stage, "4026532210 SHMMNI, segments: 78 of 100, full at this slope in 1m");
}

/* The status line tells of the row that stands above it, not of the frame before. */
static void test_status_is_of_this_frame(void **state)
{
	static const struct {
		const char *keys, *row, *status;
	} cases[] = {
		{"1", ">     32769", "32769: 7.91G of 8.00G resident"},
		{"3" DOWN, ">? watch  attach-le…     2", "flash: <32.0G would come back"},
		{"4" END HOME, ">    3  32.0G", "flash: 3 segments, 32.0G"},
		{"5", ">host       SHMMNI           4000", "SHMMNI, segments: 4000 of 4096"},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage_open(stage, 24, 80);
		script_attach_often(stage->model, 555001, 16 * GIB);
		stage_draw(stage);
		stage_press(stage, cases[i].keys);
		if (i == 0)
			stage_press(stage, "/32769\r");
		script_attach_often(stage->model, 555002, 16 * GIB);
		model_set_limits(stage->model, &(struct limits_facts){.ipcns = SCRIPT_IPCNS,
								      .segments = {4000, 4096},
								      .time = SCRIPT_NOW});
		stage_draw_later(stage, 6 * SECOND, 0);
		assert_shows(stage, cases[i].row);
		assert_shows(stage, cases[i].status);
		stage_clear(stage);
	}
}

/* ---- what there is when there is nothing ----------------------------------------------------- */

static void test_empty_views(void **state)
{
	struct stage *stage = *state;

	model_of_nothing(stage);
	assert_int_equal(stage_start(stage, 24, 80, NULL), 0);
	stage_draw(stage);
	assert_shows(stage, "no segments in this namespace; try: shmtop demo");
	assert_shows(stage, "leaks 0");
	stage_press(stage, "2");
	assert_shows(stage, "no events yet");
	stage_press(stage, "3");
	assert_shows(stage, "no segments in this namespace; try: shmtop demo");
	assert_shows(stage, "0/0");
	stage_press(stage, "\r");
	assert_shows(stage, "no leak here to open");
	stage_press(stage, "4");
	assert_shows(stage, "no segments in this namespace; try: shmtop demo");
	stage_press(stage, "\r" DOWN);
	assert_int_equal(
		model_reconcile_namespaces(
			stage->model,
			(const struct namespace_facts[]){{SCRIPT_IPCNS, 1, 1}, {4026532210u, 2, 2}},
			2, 3),
		0);
	stage_draw(stage);
	assert_shows(stage, "no segments in any namespace; try: shmtop demo");
	stage_press(stage, "5");
	assert_shows(stage, "not read yet");
	stage_press(stage, "\r" DOWN);
}

static void test_nothing_is_leaked(void **state)
{
	struct stage *stage = *state;

	model_of_nothing(stage);
	script_create(stage->model, 7, 4096, SCRIPT_NOW - SECOND);
	assert_int_equal(stage_start(stage, 24, 80, NULL), 0);
	stage_draw(stage);
	stage_press(stage, "3");
	assert_shows(stage, "nothing looks leaked");
	stage_press(stage, "1" F4 "size>1G\r");
	assert_shows(stage, "no segment passes the filter; F4 changes it");
}

int main(void)
{
#define VIEW_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		VIEW_TEST(test_tabs),
		VIEW_TEST(test_tabs_where_there_is_no_room),
		VIEW_TEST(test_leaks),
		VIEW_TEST(test_leak_opens_its_segments),
		VIEW_TEST(test_a_creator_that_nobody_knows_is_opened),
		VIEW_TEST(test_owners),
		VIEW_TEST(test_owner_opens_its_segments),
		VIEW_TEST(test_cursor_stays_on_its_row),
		VIEW_TEST(test_a_second_choice_keeps_the_first_filter),
		VIEW_TEST(test_names_are_quoted),
		VIEW_TEST(test_limits),
		VIEW_TEST(test_limits_creators),
		VIEW_TEST(test_limits_of_several_namespaces),
		VIEW_TEST(test_status_is_of_this_frame),
		VIEW_TEST(test_empty_views),
		VIEW_TEST(test_nothing_is_leaked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
