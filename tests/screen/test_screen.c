/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the live view does with keys, sizes and a model that changes. */
#include "tests/tap.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "report/filter.h"
#include "stage.h"
#include "ui/keys.h"
#include "ui/screen.h"
#include "ui/view.h"

/* ---- the list of segments -------------------------------------------------------------------- */

static void test_selection_stays_on_its_segment(void **state)
{
	struct stage *stage = *state;
	int row;

	stage_open(stage, 24, 80);
	assert_int_equal(stage_cursor(stage), 32769);
	stage_press(stage, DOWN DOWN);
	assert_int_equal(stage_cursor(stage), 1474560005);
	row = emulator_find(&stage->emulator, ">1474560005");
	script_create(stage->model, 229383, UINT64_C(1) << 40, SCRIPT_NOW - 1);
	stage_draw(stage);
	assert_int_equal(stage_cursor(stage), 1474560005);
	assert_int_equal(emulator_find(&stage->emulator, ">1474560005"), row + 1);
	stage_press(stage, "I");
	assert_int_equal(stage_cursor(stage), 1474560005);
}

/* With many segments the selection takes long: it is made for a tick, not for a key. */
static void test_keys_do_not_select_again(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	script_create(stage->model, 229383, UINT64_C(1) << 40, SCRIPT_NOW - 1);
	stage_press(stage, DOWN);
	stage_press(stage, HOME);
	assert_int_equal(stage_cursor(stage), 32769);
	stage_press(stage, "II" HOME);
	assert_int_equal(stage_cursor(stage), 229383);
	script_create(stage->model, 229384, UINT64_C(2) << 40, SCRIPT_NOW - 1);
	stage_draw(stage);
	stage_press(stage, HOME);
	assert_int_equal(stage_cursor(stage), 229384);
}

static void test_selection_goes_to_the_neighbour(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, DOWN);
	assert_int_equal(stage_cursor(stage), 98307);
	stage_press(stage, F4 "not id=98307\r");
	assert_hides(stage, "  98307");
	assert_int_equal(stage_cursor(stage), 1474560005);
	/* The status line goes with it. */
	assert_shows(stage, "1474560005: 256M of 256M resident");
}

/* Without memory for another order the rows of the frame before stay. */
static void test_no_memory_to_sort(void **state)
{
	struct rlimit before, none = {0, 0};
	struct stage *stage = *state;

	/* What it takes, it takes anew, and gives back. */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	stage_open(stage, 24, 80);
	for (int i = 0; i < 20000; i++)
		script_create(stage->model, 200001 + i, 4096, SCRIPT_NOW - 1);
	stage_draw(stage);
	assert_shows(stage, "1/20006");
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	stage_press(stage, "I");
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_shows(stage, "1/20006");
	assert_int_equal(stage_cursor(stage), 32769);
	stage_press(stage, "I");
	stage_press(stage, "I" HOME);
	assert_int_equal(stage_cursor(stage), 163845);
}

static void test_follow_scrolls_with_the_segment(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 10, 80);
	for (int i = 0; i < 30; i++)
		script_create(stage->model, 1000 + i, (UINT64_C(1) << 40) + (uint64_t)i,
			      SCRIPT_NOW - 1);
	stage_draw(stage);
	assert_int_equal(stage_cursor(stage), 32769);
	stage_press(stage, "F"
			   "I");
	assert_int_equal(stage_cursor(stage), -1);
	stage_press(stage, "F");
	assert_int_equal(stage_cursor(stage), 32769);
	stage_press(stage, HOME);
	assert_int_equal(stage_cursor(stage), 163845);
	stage_press(stage, PGDN);
	assert_int_not_equal(stage_cursor(stage), 163845);
	stage_press(stage, "G");
	assert_int_equal(stage_cursor(stage), 1029);
}

static void test_sorting(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_shows(stage, "by size down");
	stage_press(stage, ">");
	assert_shows(stage, "by rss down");
	stage_press(stage, F6);
	assert_shows(stage, "by nattch down");
	stage_press(stage, "<<<" HOME);
	assert_shows(stage, "by flags down");
	stage_press(stage, "<" HOME);
	assert_shows(stage, "by shmid up");
	assert_int_equal(stage_cursor(stage), 32769);
	stage_press(stage, "I" HOME);
	assert_shows(stage, "by shmid down");
	assert_int_equal(stage_cursor(stage), 1474560005);
}

static void test_options_order_and_filter(void **state)
{
	struct stage *stage = *state;
	struct screen_options options = {.interval = 1,
					 .has_order = true,
					 .order = COLUMN_NATTCH,
					 .descending = false,
					 .filter_text = "nattch>0",
					 .title = "demo"};
	struct filter_error error;
	struct filter *filter;

	stage->model = script_model();
	assert_int_equal(filter_parse(options.filter_text, &filter, &error), 0);
	options.filter = filter;
	assert_int_equal(stage_start(stage, 24, 100, &options), 0);
	stage_draw(stage);
	assert_shows(stage, "by nattch up  filter nattch>0");
	assert_shows(stage, "demo");
	assert_hides(stage, "1474560005");
	assert_int_equal(stage_cursor(stage), 131076);
	/* An empty expression shows all again. */
	stage_press(stage, "\\\025\r");
	assert_shows(stage, "1474560005");
	curses_screen.close(stage->screen);
	stage->screen = NULL;
	filter_free(filter);
}

static void test_new_and_gone_are_marked(void **state)
{
	struct stage *stage = *state;
	int gone, born, old;

	stage_open(stage, 24, 80);
	gone = emulator_find(&stage->emulator, "163845 +x");
	born = emulator_find(&stage->emulator, "     196614 +");
	old = emulator_find(&stage->emulator, "      98307 L");
	assert_true(gone > 0 && born > 0 && old > 0);
	assert_true(emulator_cell(&stage->emulator, born, 6).attrs.bold);
	assert_false(emulator_cell(&stage->emulator, old, 6).attrs.bold);
	assert_int_equal(emulator_cell(&stage->emulator, gone, 12).chars[0], '+');
	assert_int_equal(emulator_cell(&stage->emulator, gone, 13).chars[0], 'x');
}

static void test_no_segments(void **state)
{
	struct stage *stage = *state;

	assert_int_equal(model_new(NULL, &stage->model), 0);
	assert_int_equal(model_reconcile_namespaces(
				 stage->model, &(struct namespace_facts){SCRIPT_IPCNS, 1, 1}, 1, 2),
			 0);
	model_set_status(stage->model,
			 &(struct source_status){.calls = "none",
						 .life = "none",
						 .attachers = "none",
						 .why = "no CAP_BPF: run it as root"});
	assert_int_equal(stage_start(stage, 24, 80, NULL), 0);
	stage_draw(stage);
	assert_shows(stage, "no segments in this namespace; try: shmtop demo");
	assert_shows(stage, "!poll  lost -");
	assert_shows(stage, "Not all is seen (h tells more): no CAP_BPF: run it as root");
	stage_press(stage, "\r");
	assert_shows(stage, "no segment here to open");
	stage_press(stage, UP PGDN END "2" UP END "\r"
				       "G");
	assert_shows(stage, "no events yet");
}

/* ---- what is not seen ------------------------------------------------------------------------ */

static void test_what_is_not_seen_is_said_once(void **state)
{
	struct stage *stage = *state;
	struct source_status better;

	stage_open(stage, 24, 80);
	assert_shows(stage, "!tracepoint  lost 0");
	assert_shows(stage, "Not all is seen (h tells more): calls of 32-bit programs, munmap and");
	/* Then the line is for what is under the cursor, as long as nothing changes. */
	stage_press(stage, DOWN);
	stage_draw(stage);
	assert_hides(stage, "Not all is seen");
	assert_shows(stage, "!tracepoint  lost 0");
	stage_press(stage, "h");
	assert_shows(stage, "How it looks: tracepoint");
	assert_shows(stage, "not seen        calls of 32-bit programs, munmap and mremap");
	assert_shows(stage,
		     "--compat        follows calls of 32-bit programs; every system call pays");
	assert_shows(stage, "why not better  refused by the kernel (EPERM): it is hardened, or a");
	assert_shows(stage, "                  module says so");
	stage_press(stage, "\033");

	better = *model_status(stage->model);
	better.compat = "raw";
	better.unseen[0] = better.why[0] = '\0';
	model_set_status(stage->model, &better);
	stage_draw(stage);
	assert_shows(stage, " tracepoint  lost 0");
	assert_hides(stage, "Not all is seen");
	stage_press(stage, "h");
	assert_hides(stage, "How it looks");

	better.partial = true;
	model_set_status(stage->model, &better);
	stage_draw(stage);
	assert_shows(stage, "Not all is seen (h tells more): holders that may not be looked at");
}

static void test_what_stands_is_in_the_header(void **state)
{
	static const struct {
		const char *calls, *life, *shown;
	} cases[] = {
		{"fexit", "exact", "  fexit  lost 0"},
		{"fexit", "mixed", "  fexit/mixed  lost 0"},
		{"mixed", "mixed", "  mixed  lost 0"},
		{"none", "none", "  !poll  lost -"},
	};
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct source_status status = {
			.calls = cases[i].calls, .life = cases[i].life, .attachers = "iter"};

		model_set_status(stage->model, &status);
		stage_draw(stage);
		assert_shows(stage, cases[i].shown);
	}
}

static void test_what_looks_tell_is_marked(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	stage_press(stage, "2");
	script_unmap(stage->model);
	stage_draw(stage);
	assert_shows(stage, "881 monitor         98307 ~detach 2 mappings");
	assert_shows(stage, "~detach 2 mappings  (nobody saw it: two looks differ)");
	stage_press(stage, UP);
	assert_hides(stage, "nobody saw it");
}

/* ---- colours --------------------------------------------------------------------------------- */

static bool is_red(VTermScreenCell cell)
{
	return VTERM_COLOR_IS_INDEXED(&cell.fg) && !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) &&
	       cell.fg.indexed.idx % 8 == 1;
}

static bool is_coloured(const struct emulator *emulator)
{
	for (int row = 0; row < emulator->rows; row++) {
		for (int column = 0; column < emulator->columns; column++) {
			VTermScreenCell cell = emulator_cell(emulator, row, column);

			if (!VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ||
			    !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg))
				return true;
		}
	}
	return false;
}

static void test_failed_calls_are_red_and_named(void **state)
{
	struct stage *stage = *state;
	int failed, fine;

	stage_open(stage, 24, 80);
	stage_press(stage, "2");
	failed = emulator_find(&stage->emulator, "EACCES");
	fine = emulator_find(&stage->emulator, "fork()");
	assert_true(failed > 0 && fine > 0);
	assert_true(is_red(emulator_cell(&stage->emulator, failed, 2)));
	assert_false(is_red(emulator_cell(&stage->emulator, fine, 2)));
}

static void test_no_color(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_true(is_coloured(&stage->emulator));
	stage_clear(stage);
	setenv("NO_COLOR", "1", 1);
	stage_open(stage, 24, 80);
	assert_false(is_coloured(&stage->emulator));
	assert_shows(stage, "EACCES");
}

/* ---- events ---------------------------------------------------------------------------------- */

static void test_events_are_followed(void **state)
{
	struct stage *stage = *state;
	int row;

	stage_open(stage, 12, 80);
	stage_press(stage, "\t");
	assert_shows(stage, "[2:Events]");
	assert_shows(stage, "following");
	script_create(stage->model, 555001, 4096, SCRIPT_NOW - 1);
	stage_draw(stage);
	assert_shows(stage, "555001");
	stage_press(stage, UP UP);
	assert_hides(stage, "following");
	row = emulator_find(&stage->emulator, ">");
	script_create(stage->model, 555002, 4096, SCRIPT_NOW - 1);
	stage_draw(stage);
	assert_hides(stage, "555002");
	assert_int_equal(emulator_find(&stage->emulator, ">"), row);
	stage_press(stage, END);
	assert_shows(stage, "555002");
	assert_shows(stage, "following");
	stage_press(stage, STAB);
	assert_shows(stage, "[1:Segments]");
}

static void test_event_opens_its_segment(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "2\r");
	assert_shows(stage, "196614  key -  IPC namespace host");
	stage_press(stage, ESCAPE);
	assert_shows(stage, "[2:Events]");
}

/* ---- the prompt ------------------------------------------------------------------------------ */

static void test_filter_shows_its_error_where_it_is(void **state)
{
	struct stage *stage = *state;
	char *line;

	stage_open(stage, 24, 80);
	stage_press(stage, "\\nattch=0 and sise>1\r");
	line = emulator_line(&stage->emulator, 23);
	/* "Filter: nattch=0 and sise>1": the column of "sise" */
	assert_int_equal(strcspn(line, "^"), 21);
	assert_non_null(strstr(line, "sise"));
	free(line);
	assert_true(stage->emulator.cursor_visible);
	/* Back to "nattch=0 and s", then right */
	stage_press(stage, "\027"
			   "size>1\r");
	assert_shows(stage, "filter nattch=0 and size>1");
	assert_false(stage->emulator.cursor_visible);
	assert_hides(stage, "98307");
}

/* What was wrong and where, wherever that is; the names that would be right take too much room. */
static void test_filter_error_fits(void **state)
{
	static const char *const before[] = {"", "nattch=0 and ", "nattch=0 and size>1G and ",
					     "nattch=0 and size>1G and owner=nobody and "};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		char *line;

		stage_open(stage, 24, 80);
		stage_press(stage, F4);
		stage_press(stage, before[i][0] ? before[i] : " \177");
		stage_press(stage, "creatort=x\r");
		line = emulator_line(&stage->emulator, 23);
		assert_int_equal(strcspn(line, "^"), strlen("Filter: ") + strlen(before[i]));
		assert_non_null(strstr(line, "unknown column 'creatort'"));
		assert_null(strstr(line, "…"));
		free(line);
		stage_clear(stage);
	}
}

static void test_filter_is_edited(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, F4 "ü\177xsize>1Z\177\001\033[3~\006é\033OC\033OD");
	assert_shows(stage, "Filter: ésize>1");
	stage_press(stage, ESCAPE);
	assert_hides(stage, "Filter:");
	assert_shows(stage, "[1:Segments]");
	/* q is a letter here, and more text than fits keeps its end in sight. */
	stage_press(stage, F4);
	for (int i = 0; i < 40; i++)
		stage_press(stage, "qwertz");
	stage_press(stage, "END");
	assert_shows(stage, "qwertzEND");
}

/* ---- the frame ------------------------------------------------------------------------------- */

static void test_size_of_the_environment_is_not_believed(void **state)
{
	struct stage *stage = *state;

	setenv("LINES", "50", 1);
	setenv("COLUMNS", "132", 1);
	stage_open(stage, 24, 80);
	assert_int_equal(emulator_find(&stage->emulator, "F1Help"), 23);
}

static void test_ascii_option(void **state)
{
	struct stage *stage = *state;
	const struct screen_options options = {.interval = UINT64_C(1000000000), .ascii = true};

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 80, &options), 0);
	stage_draw(stage);
	for (int row = 0; row < 24; row++) {
		char *line = emulator_line(&stage->emulator, row);

		for (const char *at = line; *at; at++)
			assert_true((unsigned char)*at < 0x80);
		free(line);
	}
	/* What processes are called is no drawing. */
	stage_press(stage, "\r");
	assert_shows(stage, "übersicht");
}

static void test_every_size(void **state)
{
	static const int sizes[][2] = {{1, 1},     {1, 500}, {200, 1},  {2, 2},    {8, 39},
				       {7, 40},    {8, 40},  {9, 41},   {12, 45},  {16, 79},
				       {24, 80},   {25, 81}, {30, 119}, {33, 121}, {50, 160},
				       {200, 500}, {3, 7}};
	static const char *const keys[] = {"1", "2", "\r", "h", "q", "q"};
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			stage_resize(stage, sizes[i][0], sizes[i][1]);
			if (sizes[i][0] >= VIEW_MIN_HEIGHT && sizes[i][1] >= VIEW_MIN_WIDTH)
				assert_shows(stage, "tracepoint");
			else if (sizes[i][1] >= 20)
				assert_shows(stage, "shmtop needs 40x8");
		}
		stage_resize(stage, 24, 80);
		stage_press(stage, keys[k]);
	}
}

static void test_too_small_still_quits(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 7, 39);
	assert_shows(stage, "shmtop needs 40x8");
	assert_int_equal(stage_press(stage, "j"), SCREEN_GO_ON);
	assert_int_equal(stage_press(stage, "q"), SCREEN_QUIT);
}

static void test_quit(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_int_equal(stage_press(stage, "q"), SCREEN_QUIT);
	assert_int_equal(stage_press(stage, F10), SCREEN_QUIT);
	assert_int_equal(stage_press(stage, "2Q"), SCREEN_QUIT);
	assert_int_equal(stage_press(stage, "hQ"), SCREEN_QUIT);
	assert_true(stage->emulator.alternate);
	stage_close(stage);
	assert_false(stage->emulator.alternate);
	assert_true(stage->emulator.cursor_visible);
}

static void test_help_shows_every_key(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 120, 80);
	stage_press(stage, "?");
	for (size_t i = 0; i < key_count; i++) {
		char names[KEYS_NAMES_LEN];

		assert_shows(stage, keys_names(names, &key_table[i]));
		assert_shows(stage, key_table[i].help);
	}
	assert_shows(stage, "orphan");
	assert_shows(stage, column_table[COLUMN_NATTCH].help);
	stage_press(stage, F1);
	assert_shows(stage, "[Help]");
}

static void test_keys_mean_one_thing_in_a_view(void **state)
{
	(void)state;
	for (int view = 0; view < VIEWS_COUNT; view++) {
		for (int key = 1; key < KEY_MAX; key++) {
			int meanings = 0;

			for (size_t i = 0; i < key_count; i++) {
				if (!(key_table[i].views & VIEW_BIT(view)))
					continue;
				for (size_t k = 0; k < KEYS_PER_ACTION && key_table[i].keys[k]; k++)
					meanings += key_table[i].keys[k] == key;
			}
			assert_in_range(meanings, 0, 1);
		}
	}
}

int main(void)
{
#define SCREEN_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		SCREEN_TEST(test_selection_stays_on_its_segment),
		SCREEN_TEST(test_keys_do_not_select_again),
		SCREEN_TEST(test_selection_goes_to_the_neighbour),
		SCREEN_TEST(test_no_memory_to_sort),
		SCREEN_TEST(test_follow_scrolls_with_the_segment),
		SCREEN_TEST(test_sorting),
		SCREEN_TEST(test_options_order_and_filter),
		SCREEN_TEST(test_new_and_gone_are_marked),
		SCREEN_TEST(test_no_segments),
		SCREEN_TEST(test_what_is_not_seen_is_said_once),
		SCREEN_TEST(test_what_stands_is_in_the_header),
		SCREEN_TEST(test_what_looks_tell_is_marked),
		SCREEN_TEST(test_failed_calls_are_red_and_named),
		SCREEN_TEST(test_no_color),
		SCREEN_TEST(test_events_are_followed),
		SCREEN_TEST(test_event_opens_its_segment),
		SCREEN_TEST(test_filter_shows_its_error_where_it_is),
		SCREEN_TEST(test_filter_error_fits),
		SCREEN_TEST(test_filter_is_edited),
		SCREEN_TEST(test_size_of_the_environment_is_not_believed),
		SCREEN_TEST(test_ascii_option),
		SCREEN_TEST(test_every_size),
		SCREEN_TEST(test_too_small_still_quits),
		SCREEN_TEST(test_quit),
		SCREEN_TEST(test_help_shows_every_key),
		SCREEN_TEST(test_keys_mean_one_thing_in_a_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
