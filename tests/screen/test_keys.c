/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search, tags, mouse and dumps in the live view. */
#include "tests/tap.h"

#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "stage.h"
#include "ui/screen.h"
#include "ui/view.h"

enum { ORPHAN = 1474560005, MONITOR = 98307, DATABASE = 32769 };

static bool is_reverse(struct stage *stage, const char *line, const char *text)
{
	int row = emulator_find(&stage->emulator, line);
	char *found = row >= 0 ? emulator_line(&stage->emulator, row) : NULL;
	const char *at = found ? strstr(found, text) : NULL;
	bool reverse = at && emulator_cell(&stage->emulator, row, (int)(at - found)).attrs.reverse;

	if (!at)
		fail_msg("no '%s' in a line with '%s'", text, line);
	free(found);
	return reverse;
}

/* ---- search ---------------------------------------------------------------------------------- */

static void test_search_in_the_segments(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	assert_int_equal(stage_cursor(stage), DATABASE);
	stage_press(stage, "/MONITOR\r");
	assert_shows(stage, "not found: MONITOR");
	assert_int_equal(stage_cursor(stage), DATABASE);
	stage_press(stage, F3 "flash\r");
	assert_int_equal(stage_cursor(stage), 196614);
	assert_true(is_reverse(stage, "163845 +x", "flash"));
	/* On the selected row, which is turned round, it is turned back. */
	assert_false(is_reverse(stage, ">    196614", "flash"));
	assert_true(is_reverse(stage, ">    196614", "196614"));
	stage_press(stage, "n");
	assert_int_equal(stage_cursor(stage), 163845);
	stage_press(stage, "n");
	assert_int_equal(stage_cursor(stage), 196614);
	assert_shows(stage, "end reached: on from the beginning");
	stage_press(stage, "N");
	assert_int_equal(stage_cursor(stage), 163845);
	assert_shows(stage, "beginning reached: on from the end");
	stage_press(stage, "N");
	assert_int_equal(stage_cursor(stage), 196614);
	assert_hides(stage, "reached");
	stage_press(stage, "/\r");
	assert_shows(stage, "the search is over");
	assert_false(is_reverse(stage, "163845 +x", "flash"));
	stage_press(stage, "n");
	assert_shows(stage, "nothing to search for yet");
}

static void test_search_says_when_there_is_no_other(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "/32769\r");
	assert_int_equal(stage_cursor(stage), DATABASE);
	assert_shows(stage, "nowhere else: 32769");
	/* Esc leaves everything as it was. */
	stage_press(stage, "/flash" ESCAPE);
	assert_int_equal(stage_cursor(stage), DATABASE);
	assert_shows(stage, "F1Help");
}

static void test_search_in_the_events(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "2/eacces\r");
	assert_shows(stage, "end reached: on from the beginning");
	/* That has been read. */
	stage_press(stage, DOWN UP);
	assert_shows(stage, "EACCES: the permissions of the segment do not let this user in");
	assert_hides(stage, "following");
	stage_press(stage, END);
	assert_shows(stage, "following");
	stage_press(stage, "/ipc_rmid\r");
	assert_hides(stage, "following");
	assert_true(is_reverse(stage, "shmctl(163845", "IPC_RMID"));
}

static void test_search_in_pages(void **state)
{
	struct stage *stage = *state;
	char *first;

	stage_open(stage, 14, 80);
	stage_press(stage, "h/noreserve\r");
	first = emulator_line(&stage->emulator, 2);
	assert_non_null(strstr(first, "noreserve"));
	free(first);
	assert_true(is_reverse(stage, "N  noreserve", "noreserve"));
	/* Near the end of the page the line is in sight, though not on top. */
	stage_press(stage, "/dtime\r");
	assert_true(is_reverse(stage, "  dtime ", "dtime"));
	stage_press(stage, "n");
	assert_shows(stage, "nowhere else: dtime");
	stage_press(stage, "/this help\r");
	assert_shows(stage, "end reached: on from the beginning");
	assert_true(is_reverse(stage, "F1 h ?", "this help"));
	stage_press(stage, "/no such text\r");
	assert_shows(stage, "not found: no such text");
	assert_true(stage_shows(stage, "F1 h ?"));

	stage_press(stage, ESCAPE "1" HOME "\r/checkpointer\r");
	assert_shows(stage, "[Segment]");
	assert_shows(stage, "checkpointer");
}

/* ---- tags ------------------------------------------------------------------------------------ */

static bool is_tagged(struct stage *stage, const char *shmid)
{
	char text[32];

	/* The column of the id is 10 wide. */
	snprintf(text, sizeof(text), "*%*s", 10, shmid);
	return stage_shows(stage, text);
}

/* The events of the segment fall out of the ring between a frame and the key. */
static void test_search_in_a_page_that_got_shorter(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 14, 80);
	stage_press(stage, "/131076\r");
	stage_press(stage, "\r/zzz\r");
	assert_shows(stage, "not found: zzz");
	for (int i = 0; i < 5000; i++)
		script_apply(stage->model, (struct event){.op = FACT_SHMCTL,
							  .time = SCRIPT_NOW,
							  .ipcns = SCRIPT_IPCNS,
							  .shmid = -1,
							  .pid = 1,
							  .ret = -22});
	stage_press(stage, "n");
	assert_shows(stage, "not found: zzz");
}

static void test_tags_stay_on_their_segments(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, HOME " ");
	assert_int_equal(stage_cursor(stage), MONITOR);
	stage_press(stage, " ");
	assert_int_equal(stage_cursor(stage), ORPHAN);
	assert_true(is_tagged(stage, "32769"));
	assert_true(is_tagged(stage, "98307"));
	assert_false(is_tagged(stage, "1474560005"));
	assert_shows(stage, "2 tagged");
	stage_press(stage, "I");
	assert_true(is_tagged(stage, "32769"));
	assert_true(is_tagged(stage, "98307"));
	assert_false(is_tagged(stage, "1474560005"));
	/* Once more takes it away. */
	stage_press(stage, END " ");
	assert_false(is_tagged(stage, "32769"));
	assert_shows(stage, "1 tagged");
	stage_press(stage, "U");
	assert_shows(stage, "1 tag taken away");
	assert_hides(stage, "1 tagged");
	assert_false(is_tagged(stage, "98307"));
}

/* ---- mouse ----------------------------------------------------------------------------------- */

/* Presses and lets go of a button at the text, as an xterm tells it. */
static enum screen_result click(struct stage *stage, int button, const char *line, const char *text)
{
	int row = emulator_find(&stage->emulator, line), column;
	char *found = emulator_line(&stage->emulator, row >= 0 ? row : 0);
	char *at = strstr(found, text);
	char keys[64];

	if (row < 0 || !at) {
		stage_print(stage);
		fail_msg("nothing to click on: %s", text);
		return SCREEN_QUIT;
	}
	*at = '\0';
	column = (int)mbstowcs(NULL, found, 0) + 1;
	free(found);
	snprintf(keys, sizeof(keys), "\033[<%d;%d;%dM\033[<%d;%d;%dm", button, column, row + 1,
		 button, column, row + 1);
	return stage_press(stage, keys);
}

static void open_with_mouse(struct stage *stage, int rows, int columns)
{
	stage->model = script_model();
	assert_int_equal(stage_start(stage, rows, columns, &(struct screen_options){.mouse = true}),
			 0);
	stage_draw(stage);
}

static void test_clicks(void **state)
{
	struct stage *stage = *state;

	open_with_mouse(stage, 24, 100);
	assert_true(stage->emulator.mouse);
	click(stage, 0, " 98307", "512M");
	assert_int_equal(stage_cursor(stage), MONITOR);
	assert_shows(stage, "[1:Segments]");
	click(stage, 0, " 98307", "512M");
	assert_shows(stage, "[Segment]");
	assert_shows(stage, "98307  key");
	click(stage, 0, "EscBack", "EscBack");
	assert_shows(stage, "[1:Segments]");

	click(stage, 0, "SHMID", "SHMID");
	assert_shows(stage, "by shmid up");
	click(stage, 0, "SHMID", "SHMID");
	assert_shows(stage, "by shmid down");
	click(stage, 0, "SHMID", "SIZE");
	assert_shows(stage, "by size down");

	click(stage, 0, "2:Events", "2:Events");
	assert_shows(stage, "[2:Events]");
	click(stage, 0, "shmctl(131076, IPC_RMID)", "shmctl");
	assert_hides(stage, "following");
	click(stage, 0, "qQuit", "F2Setup");
	assert_shows(stage, "[Setup]");
	assert_int_equal(click(stage, 0, "EscBack", "EscBack"), SCREEN_GO_ON);
	assert_int_equal(click(stage, 0, "qQuit", "qQuit"), SCREEN_QUIT);
	stage_close(stage);
	assert_false(stage->emulator.mouse);
}

/* Events that leave a full ring between a frame and the click on it */
static void test_click_on_a_ring_that_moves_on(void **state)
{
	struct stage *stage = *state;

	open_with_mouse(stage, 24, 100);
	for (int i = 0; i < 5000; i++)
		script_create(stage->model, 300001 + i, 4096, SCRIPT_NOW - 1);
	stage_press(stage, "2");
	for (int i = 0; i < 7; i++)
		script_create(stage->model, 400001 + i, 4096, SCRIPT_NOW - 1);
	click(stage, 0, " 304998 ", "flash");
	assert_shows(stage, ">11:59:59.999    7800 flash          304998");
	/* The second click is for the same event, and so is Enter. */
	for (int i = 0; i < 7; i++)
		script_create(stage->model, 500001 + i, 4096, SCRIPT_NOW - 1);
	click(stage, 0, " 304998 ", "flash");
	assert_shows(stage, " Segment   304998  key");
	stage_press(stage, ESCAPE END);
	assert_shows(stage, "following");
	script_create(stage->model, 600001, 4096, SCRIPT_NOW - 1);
	stage_press(stage, "\r");
	assert_shows(stage, " Segment   500007  key");
	/* What is searched is the ring as it is now. */
	stage_press(stage, ESCAPE);
	script_create(stage->model, 600002, 4096, SCRIPT_NOW - 1);
	stage_press(stage, "/304999\r");
	assert_shows(stage, ">11:59:59.999    7800 flash          304999");
	stage_press(stage, "/600002\r");
	assert_shows(stage, ">11:59:59.999    7800 flash          600002");
}

static void test_wheel(void **state)
{
	struct stage *stage = *state;

	open_with_mouse(stage, 24, 80);
	assert_int_equal(stage_cursor(stage), DATABASE);
	click(stage, 65, "98307", "512M");
	assert_int_equal(stage_cursor(stage), 131076);
	click(stage, 64, "98307", "512M");
	assert_int_equal(stage_cursor(stage), DATABASE);
	stage_press(stage, "h");
	assert_shows(stage, " 1-");
	click(stage, 65, "Keys", "Keys");
	assert_shows(stage, " 4-");
}

static void test_clicks_on_nothing(void **state)
{
	struct stage *stage = *state;

	open_with_mouse(stage, 24, 80);
	click(stage, 0, "Mem[", "Mem[");
	click(stage, 0, "── Events", "Events");
	assert_int_equal(stage_cursor(stage), DATABASE);
	assert_shows(stage, "[1:Segments]");
	/* Below the last row of the list */
	stage_press(stage, "\033[<0;5;13M\033[<0;5;13m");
	assert_int_equal(stage_cursor(stage), DATABASE);
	/* While something is typed, keys are for that. */
	stage_press(stage, "/");
	click(stage, 0, " 98307", "512M");
	stage_press(stage, ESCAPE);
	assert_int_equal(stage_cursor(stage), DATABASE);
}

/* Buttons that nobody has, and reports that are torn or of another kind: none is waited for, none is keys. */
static void test_strange_clicks(void **state)
{
	static const char *const strange[] = {
		"\033[<99;5;5M", "\033[<35;5;5M", "\033[<0;5M", "\033[<0;500;500M",
		"\033[<;;M",     "\033[<0;0;0M",  "\033[M !q",  "\033[<0;99999999999999999999;1M",
		"\033[<0;5;5",
	};
	struct stage *stage = *state;

	open_with_mouse(stage, 24, 80);
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		assert_int_equal(stage_press(stage, strange[i]), SCREEN_GO_ON);
		assert_int_equal(stage_cursor(stage), DATABASE);
		assert_shows(stage, "[1:Segments]");
	}
}

static void test_mouse_is_off_unless_asked_for(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	assert_false(stage->emulator.mouse);
}

/* ---- dumps ----------------------------------------------------------------------------------- */

static char *read_file(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	text[fread(text, 1, (1 << 20) - 1, in)] = '\0';
	fclose(in);
	return text;
}

static void test_dumps(void **state)
{
	static const char *const names[] = {"shmtop-db01-20250101-120000.txt",
					    "shmtop-db01-20250101-120000.json", NULL};
	struct stage *stage = *state;
	char *folder = stage_make_folder(), *here = getcwd(NULL, 0);
	char *shown, *written;
	struct json_object *document, *member;
	struct stat status;

	assert_int_equal(chdir(folder), 0);
	stage_open(stage, 24, 80);
	shown = emulator_text(&stage->emulator);
	stage_press(stage, "P");
	assert_shows(stage, "written: /tmp/shmtop-screen-");
	assert_shows(stage, "/shmtop-db01-20250101-120000.txt");
	written = read_file(names[0]);
	assert_string_equal(written, shown);
	assert_int_equal(stat(names[0], &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	/* What is there stays. */
	stage_press(stage, "2P");
	assert_shows(stage, "shmtop-db01-20250101-120000.txt: File exists");
	free(written);
	written = read_file(names[0]);
	assert_string_equal(written, shown);

	stage_press(stage, "1" F4 "nattch>0\rE");
	assert_shows(stage, "/shmtop-db01-20250101-120000.json");
	assert_int_equal(stat(names[1], &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	document = json_object_from_file(names[1]);
	assert_non_null(document);
	assert_true(json_object_object_get_ex(document, "schema", &member));
	assert_string_equal(json_object_get_string(member), "shmtop.list/1");
	assert_true(json_object_object_get_ex(document, "segments", &member));
	assert_int_equal(json_object_array_length(member), 3);
	assert_true(json_object_object_get_ex(document, "events", &member));
	assert_int_equal(json_object_array_length(member),
			 model_events_end(stage->model) - model_events_first(stage->model));
	json_object_put(document);
	assert_int_equal(chdir(here), 0);
	free(here);
	free(shown);
	free(written);
	stage_remove_folder(folder, names);
}

static void test_dumps_that_cannot_be_written(void **state)
{
	static const char *const names[] = {"shmtop-db01-20250101-120000.txt", NULL};
	struct stage *stage = *state;
	char *folder = stage_make_folder(), *here = getcwd(NULL, 0);

	assert_int_equal(chdir(folder), 0);
	/* A link that somebody has put there leads nowhere. */
	assert_int_equal(symlink("elsewhere", names[0]), 0);
	stage_open(stage, 24, 80);
	stage_press(stage, "P");
	assert_shows(stage, "File exists");
	assert_int_equal(access("elsewhere", F_OK), -1);
	assert_int_equal(chdir(here), 0);
	free(here);
	stage_remove_folder(folder, names);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void test_moving_up_stops_the_following(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 12, 100);
	stage_press(stage, "2");
	assert_shows(stage, "following");
	stage_press(stage, UP);
	assert_hides(stage, "following");
	/* Back on the last line it is still only read. */
	stage_press(stage, DOWN);
	assert_hides(stage, "following");
	script_create(stage->model, 555001, 4096, SCRIPT_NOW - 1);
	stage_draw(stage);
	assert_hides(stage, "following");
	stage_press(stage, END);
	assert_shows(stage, "following");
	assert_shows(stage, "555001");
	stage_press(stage, PGUP);
	assert_hides(stage, "following");
	stage_press(stage, "G");
	assert_shows(stage, "following");
	stage_press(stage, "g");
	assert_hides(stage, "following");
}

/* Shift-F2, Ctrl-Left, End of another terminal, an unknown one of the other kind: their letters are no keys. */
static void test_sequences_that_are_not_known(void **state)
{
	static const char *const sequences[] = {"\033[1;2Q", "\033[1;95D", "\033[44~", "\033Oz"};
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		assert_int_not_equal(stage_press(stage, sequences[i]), SCREEN_QUIT);
		assert_shows(stage, "[1:Segments]");
		assert_hides(stage, "--allow-remove");
		assert_hides(stage, "paused");
	}
	/* An Esc before a key is one, and so is the key. */
	stage_press(stage, "\r");
	stage_press(stage, ESCAPE "2");
	assert_shows(stage, "[2:Events]");
}

/* ---- many keys ------------------------------------------------------------------------------- */

/* What the key `r` asks: takes longer than the view has for all keys. */
static int slow_resident(void *context, const struct process *process, uint64_t address,
			 uint64_t length, uint64_t *bytes)
{
	const uint64_t end = clock_now() + 100 * CLOCK_MS;
	const wchar_t *behind = context;

	(void)process, (void)address, (void)length;
	while (clock_now() < end)
		continue;
	if (*behind)
		unget_wch(*behind);
	*bytes = 4096;
	return 0;
}

static void open_slow(struct stage *stage, wchar_t *behind)
{
	const struct screen_options options = {
		.interval = CLOCK_SECOND,
		.machine = {.resident = slow_resident, .context = behind},
	};

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 80, &options), 0);
	stage_draw(stage);
	stage_press(stage, "\r");
}

static int keys_left(const struct stage *stage)
{
	int left = 0;

	assert_int_equal(ioctl(stage->slave, FIONREAD, &left), 0);
	return left;
}

/* The rest is there for the next turn, which the loop takes as the terminal is still readable. */
static void test_a_flood_of_keys_is_left_in_time(void **state)
{
	struct stage *stage = *state;
	wchar_t none = L'\0';
	int turns = 1;

	open_slow(stage, &none);
	stage_press(stage, "rrr2");
	assert_int_equal(keys_left(stage), 3);
	assert_shows(stage, "[Segment]");
	for (; keys_left(stage) > 0; turns++)
		stage_press(stage, "");
	assert_int_equal(turns, 4);
	assert_shows(stage, "[2:Events]");
}

/* Nobody would call for a key that curses has read ahead. */
static void test_keys_read_ahead_are_not_left(void **state)
{
	struct stage *stage = *state;
	wchar_t behind = L'2';

	open_slow(stage, &behind);
	stage_press(stage, "r");
	assert_shows(stage, "[2:Events]");
}

static void test_key_behind_a_broken_character(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "\303" DOWN);
	assert_int_equal(stage_cursor(stage), MONITOR);
}

int main(void)
{
#define KEYS_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		KEYS_TEST(test_search_in_the_segments),
		KEYS_TEST(test_search_says_when_there_is_no_other),
		KEYS_TEST(test_search_in_the_events),
		KEYS_TEST(test_search_in_pages),
		KEYS_TEST(test_search_in_a_page_that_got_shorter),
		KEYS_TEST(test_tags_stay_on_their_segments),
		KEYS_TEST(test_clicks),
		KEYS_TEST(test_click_on_a_ring_that_moves_on),
		KEYS_TEST(test_wheel),
		KEYS_TEST(test_clicks_on_nothing),
		KEYS_TEST(test_strange_clicks),
		KEYS_TEST(test_mouse_is_off_unless_asked_for),
		KEYS_TEST(test_dumps),
		KEYS_TEST(test_dumps_that_cannot_be_written),
		KEYS_TEST(test_moving_up_stops_the_following),
		KEYS_TEST(test_sequences_that_are_not_known),
		KEYS_TEST(test_a_flood_of_keys_is_left_in_time),
		KEYS_TEST(test_keys_read_ahead_are_not_left),
		KEYS_TEST(test_key_behind_a_broken_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
