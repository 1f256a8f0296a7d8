/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page about a segment, what stands side by side on a wide terminal, and the header. */
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "stage.h"
#include "ui/view.h"

#define SECOND UINT64_C(1000000000)

/* ---- the page about a segment ---------------------------------------------------------------- */

static void test_detail_scrolls_and_goes_back(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 10, 80);
	stage_press(stage, "\r");
	assert_shows(stage, "32769  key 0x52010203");
	assert_hides(stage, "checkpointer");
	stage_press(stage, END);
	assert_hides(stage, "32769  key 0x52010203");
	stage_press(stage, HOME "h");
	assert_shows(stage, "[Help]");
	stage_press(stage, "q");
	assert_shows(stage, "32769  key 0x52010203");
	stage_press(stage, "q");
	assert_shows(stage, "[1:Segments]");
}

static void test_detail_of_a_forgotten_segment(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, END "\r");
	assert_shows(stage, "x gone");
	/* Whoever looks at one that ended may do so for long. */
	stage_draw_later(stage, 3600 * SECOND, 0);
	assert_shows(stage, "x gone: removed 1h ago by 7800 flash: nobody had it attached");
	script_forget(stage->model);
	stage_draw(stage);
	assert_shows(stage, "ended and is forgotten");
	stage_press(stage, ESCAPE);
	assert_hides(stage, "163845 +x");
}

static void test_verdicts_in_words(void **state)
{
	static const struct {
		const char *filter, *verdict;
	} cases[] = {
		{"id=32769", "Verdict   in-use: nattch 3, held by 1021 postgres and others"},
		{"id=1474560005", "Verdict   ! orphan, likely: nattch 0 for 3d00h"},
		{"id=131076",
		 "Verdict   D dest: removed 8s ago by 7713 tst\\x1b[31m, goes with its last"},
		{"id=196614", "Verdict   + new: made 2s ago"},
		{"id=163845",
		 "Verdict   x gone: removed 2s ago by 7800 flash: nobody had it attached"},
		{"id=555001", "Verdict   idle: never attached in 11s"},
		{"id=555001", "           creator 7800 flash lives"},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage_open(stage, 24, 80);
		script_create(stage->model, 555001, 4096, SCRIPT_NOW - 11 * SECOND);
		stage_draw(stage);
		stage_press(stage, F4);
		stage_press(stage, cases[i].filter);
		stage_press(stage, "\r");
		stage_press(stage, "\r");
		assert_shows(stage, cases[i].verdict);
		stage_clear(stage);
	}
}

static void test_a_segment_is_opened_by_its_id(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	stage_press(stage, "o131076\r");
	assert_shows(stage, "[Segment]");
	assert_shows(stage, "Segment   131076");
	stage_press(stage, "o 0x52010203\r");
	assert_shows(stage, "Segment   32769");
	stage_press(stage, "o4026531839:163845\r");
	assert_shows(stage, "Segment   163845");
	/* From any view, and back to it */
	stage_press(stage, ESCAPE "4o131076\r");
	assert_shows(stage, "Segment   131076");
	stage_press(stage, ESCAPE);
	assert_shows(stage, "[4:Owners]");
	/* Of one that has left the lists, too */
	stage_draw_later(stage, 3600 * SECOND, 0);
	stage_press(stage, "1o163845\r");
	assert_shows(stage, "x gone: removed");
}

static void test_what_cannot_be_opened(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	stage_press(stage, "o7\r");
	assert_shows(stage, "no segment 7 was seen, living or gone, since shmtop started");
	stage_press(stage, "x\r");
	assert_shows(stage, "this is no ID: a shmid (32769), 0xKEY or NS:SHMID");
	assert_shows(stage, "[1:Segments]");
	stage_press(stage, "\025\r");
	assert_shows(stage, "F1Help");
	assert_shows(stage, "[1:Segments]");
	stage_press(stage, "o");
	stage_press(stage, ESCAPE);
	assert_shows(stage, "F1Help");
}

static void control(struct stage *stage, int cmd, uint32_t uid, int64_t ret, uint64_t before)
{
	script_apply(stage->model, (struct event){.op = FACT_SHMCTL,
						  .time = SCRIPT_NOW - before * SECOND,
						  .took = 1000,
						  .mm = 0x77,
						  .start_time = SECOND,
						  .shmid = 32769,
						  .cmd = cmd,
						  .ret = ret,
						  .pid = 4711,
						  .tid = 4711,
						  .uid = uid,
						  .has_set = cmd == IPC_SET,
						  .set_uid = 70033,
						  .set_mode = 0666,
						  .comm = "tool"});
}

static void test_who_changed_it(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 40, 100);
	stage_press(stage, "o32769\r");
	assert_hides(stage, "CHANGE");
	control(stage, IPC_SET, 70026, 0, 9);
	control(stage, IPC_RMID, 70033, -EPERM, 8);
	control(stage, IPC_RMID, 70033, -EPERM, 7);
	control(stage, SHM_LOCK, 70026, 0, 6);
	stage_draw(stage);
	assert_line(stage, " TIME     CHANGE", "RESULT  BY");
	assert_line(stage, " 11:59:51 IPC_SET owner 70026->70033 mode 0600->0666", "done");
	assert_line(stage, " 11:59:53 IPC_RMID", "EPERM   by 4711 tool (70033), 2 times");
	assert_line(stage, " 11:59:54 SHM_LOCK", "done    by 4711 tool (70026)");
	assert_line(stage, " TIME             PID COMM", "CALL");
	/* Where there is little room what was done goes before who did it. */
	stage_resize(stage, 40, 50);
	assert_shows(stage, " 11:59:53 IPC_RMID");
	assert_line(stage, " 11:59:53 IPC_RMID", "EPERM   by 47");
}

static void attach(struct stage *stage, enum fact_op op, int32_t pid, uint64_t mm, uint64_t time)
{
	script_apply(stage->model, (struct event){.op = op,
						  .time = time,
						  .took = op == FACT_SHMAT ? 1000 : 0,
						  .mm = mm,
						  .start_time = SECOND + mm,
						  .shmid = op == FACT_SHMAT ? 196614 : -1,
						  .ret = op == FACT_SHMAT ? 0x7f0000100000 : 0,
						  .pid = pid,
						  .tid = pid,
						  .comm = "worker"});
}

static void test_holders_come_and_go(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	attach(stage, FACT_SHMAT, 9001, 0x901, SCRIPT_NOW - SECOND);
	attach(stage, FACT_SHMAT, 9002, 0x902, SCRIPT_NOW - SECOND);
	stage_draw(stage);
	stage_press(stage, F4 "id=196614\r"
			      "\r");
	assert_line(stage, "   9001 worker",
		    "1 rw       1s shmat   new             - 0x7f0000100000");
	assert_shows(stage, "in-use: nattch 2, held by 9001 worker and others");
	attach(stage, FACT_EXIT, 9002, 0x902, SCRIPT_NOW);
	stage_draw_later(stage, 2 * SECOND, 0);
	assert_line(stage, "   9002 worker", "shmat   gone exit");
	assert_shows(stage, "in-use: nattch 1, held by 9001 worker");
	stage_draw_later(stage, 6 * SECOND, 0);
	assert_hides(stage, "9002 worker          1");
	/* What was new is so no more. */
	assert_line(stage, "   9001 worker", "shmat                   -");
}

static void test_inherited_by_fork(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	attach(stage, FACT_SHMAT, 9001, 0x901, SCRIPT_NOW - SECOND * 3 / 2);
	script_apply(stage->model, (struct event){.op = FACT_FORK,
						  .time = SCRIPT_NOW - SECOND,
						  .mm = 0x901,
						  .start_time = SECOND + 0x901,
						  .shmid = -1,
						  .pid = 9001,
						  .tid = 9001,
						  .child = 9003,
						  .child_mm = 0x903,
						  .child_start_time = SCRIPT_NOW - SECOND,
						  .comm = "worker"});
	stage_draw(stage);
	stage_press(stage, F4 "id=196614\r"
			      "\r");
	assert_line(stage, "   9001 worker", "shmat  ");
	assert_line(stage, "   9003 worker", "by fork new");
}

static void test_history_of_nattch(void **state)
{
	struct stage *stage = *state;
	char *line;
	int row;

	stage_open(stage, 24, 100);
	stage_press(stage, F4 "id=196614\r"
			      "\r");
	assert_hides(stage, "nattch    ");
	for (uint64_t i = 0; i < 8; i++) {
		attach(stage, FACT_SHMAT, 9001 + (int)i, 0x901 + i, SCRIPT_NOW + i * SECOND + 1);
		model_expire(stage->model, SCRIPT_NOW + (i + 1) * SECOND);
	}
	for (uint64_t i = 0; i < 4; i++)
		attach(stage, FACT_EXIT, 9001 + (int)i, 0x901 + i, SCRIPT_NOW + 9 * SECOND);
	model_expire(stage->model, SCRIPT_NOW + 10 * SECOND);
	stage_draw_later(stage, 10 * SECOND, 0);
	assert_shows(stage, "4 now, at most 8 in ");
	row = emulator_find(&stage->emulator, " nattch    ");
	line = emulator_line(&stage->emulator, row);
	/* It rises to the top, and falls to half of it. */
	assert_non_null(strstr(line, "▂"));
	assert_non_null(strstr(line, "█"));
	assert_non_null(strstr(line, "▅ 4 now"));
	free(line);
	/* Much later all of that is one part of the time: its peak is still seen. */
	stage_draw_later(stage, 600 * SECOND, 0);
	assert_shows(stage, "nattch    █▅▅");
}

/* What a view asks the machine for */
struct machine {
	int32_t asked[64];
	size_t count;
	int error;
};

static int fake_resident(void *context, const struct process *process, uint64_t address,
			 uint64_t length, uint64_t *bytes)
{
	struct machine *machine = context;

	machine->asked[machine->count++] = process->pid;
	*bytes = length / 4 + (address == 0x7f2a10000000 ? 4096 : 0);
	return process->pid == 1044 ? machine->error : 0;
}

static void test_resident_part_on_demand(void **state)
{
	struct stage *stage = *state;
	struct machine machine = {.error = 0};
	const struct screen_options options = {
		.interval = SECOND,
		.machine = {.resident = fake_resident, .context = &machine},
	};

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 100, &options), 0);
	stage_draw(stage);
	stage_press(stage, "\r");
	assert_line(stage, "    1021 postgres", "creator         - 0x");
	assert_int_equal(machine.count, 0);
	stage_press(stage, "r");
	assert_int_equal(machine.count, 3);
	assert_line(stage, "    1021 postgres", "creator     2.00G 0x");
	assert_shows(stage, "resident part of 3 of 3 holders");
	/* It stays until somebody asks again. */
	stage_draw(stage);
	assert_int_equal(machine.count, 3);
	assert_line(stage, "    1021 postgres", "creator     2.00G 0x");
	machine.error = -EPERM;
	stage_press(stage, "r");
	assert_shows(stage, "resident part known of 2 of 3 holders (EPERM)");
	assert_line(stage, "    1044 postgres", "      - 0x");
	/* Another segment has another answer; two mappings of one holder are summed up. */
	stage_press(stage, ESCAPE DOWN "\r");
	assert_line(stage, "     881 monitor", "creator         - 0x");
	stage_press(stage, "r");
	assert_line(stage, "     881 monitor", "creator      128M 0x");
	script_apply(stage->model, (struct event){.op = FACT_SHMAT,
						  .time = SCRIPT_NOW,
						  .took = 1000,
						  .mm = 0x20,
						  .start_time = SECOND,
						  .shmid = 196614,
						  .ret = 0x7f0000100000,
						  .pid = 881,
						  .tid = 881,
						  .comm = "monitor"});
	stage_draw(stage);
	stage_press(stage, ESCAPE F4 "id=196614\r");
	stage_press(stage, "\r");
	assert_line(stage, "     881 monitor", "new             - 0x");
}

/* Takes longer than there is time for all of them together */
static int slow_resident(void *context, const struct process *process, uint64_t address,
			 uint64_t length, uint64_t *bytes)
{
	const uint64_t end = clock_now() + 100 * CLOCK_MS;

	while (clock_now() < end)
		continue;
	return fake_resident(context, process, address, length, bytes);
}

static void test_resident_part_takes_its_time(void **state)
{
	struct stage *stage = *state;
	struct machine machine = {.error = -EPERM};
	const struct screen_options options = {
		.interval = SECOND,
		.machine = {.resident = slow_resident, .context = &machine},
	};

	stage->model = script_model();
	assert_int_equal(stage_start(stage, 24, 100, &options), 0);
	stage_draw(stage);
	stage_press(stage, "\r");
	stage_press(stage, "r");
	assert_int_equal(machine.count, 1);
	assert_shows(stage, "resident part known of 1 of 3 holders; r asks on");
	assert_line(stage, "    1021 postgres", "creator     2.00G 0x");
	assert_line(stage, "    1044 postgres", "      - 0x");
	stage_press(stage, "r");
	assert_int_equal(machine.count, 2);
	stage_press(stage, "r");
	/* Each was asked once, also the one that gave no answer. */
	assert_int_equal(machine.count, 3);
	assert_int_equal(machine.asked[2], 4411);
	assert_shows(stage, "resident part known of 2 of 3 holders (EPERM)");
	assert_line(stage, "    1021 postgres", "creator     2.00G 0x");
	stage_press(stage, "r");
	assert_int_equal(machine.asked[3], 1021);
	assert_shows(stage, "resident part known of 1 of 3 holders; r asks on");
}

static void test_resident_part_without_anybody_to_ask(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 80);
	stage_press(stage, "\rr");
	assert_shows(stage, "nobody to ask here");
}

/* ---- side by side ---------------------------------------------------------------------------- */

static void test_wide_layout(void **state)
{
	struct stage *stage = *state;
	int row;

	stage_open(stage, 50, 139);
	assert_hides(stage, "── Segment");
	stage_resize(stage, 50, 140);
	row = emulator_find(&stage->emulator, "SHMID FLAG");
	assert_int_equal(emulator_find(&stage->emulator, "│── Segment ──"), row);
	assert_line(stage, ">     32769", "│ Segment   32769  key 0x52010203");
	assert_true(emulator_find(&stage->emulator, "│── Events ──") > row);
	stage_press(stage, DOWN);
	assert_shows(stage, "│ Segment   98307  key 0x0000162e");
	assert_shows(stage, "│     881 monitor");
	stage_resize(stage, 50, 220);
	assert_int_equal(emulator_find(&stage->emulator, "│── Events ──"), row);
	/* There is room to tell when. */
	assert_shows(stage, "│ 11:59:58.000");
	/* The page that was opened is not that of the cursor. */
	stage_press(stage, "\r");
	assert_shows(stage, " Segment   98307  key 0x0000162e");
	assert_hides(stage, "── Events");
}

static void test_wide_layout_says_what_it_cuts(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 150);
	assert_shows(stage, "more lines: Enter opens it");
	stage_press(stage, F4 "size>1T\r");
	assert_hides(stage, "more lines");
	assert_shows(stage, "── Segment");
}

/* Columns that the list has no room for beside the rest are not sorted by. */
static void test_wide_layout_sorts_what_it_shows(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 50, 140);
	for (int i = 0; i < 20; i++) {
		stage_press(stage, ">");
		assert_hides(stage, "by command");
		assert_hides(stage, "by swap");
	}
}

/* ---- the header ------------------------------------------------------------------------------ */

static void test_own_cpu(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 100);
	stage_draw_later(stage, 0, 0.009);
	assert_hides(stage, "own cpu");
	stage_draw_later(stage, 0, 0.034);
	assert_shows(stage, "own cpu 3%");
	stage_draw_later(stage, 0, -1);
	assert_hides(stage, "own cpu");
}

int main(void)
{
#define DETAIL_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		DETAIL_TEST(test_detail_scrolls_and_goes_back),
		DETAIL_TEST(test_detail_of_a_forgotten_segment),
		DETAIL_TEST(test_verdicts_in_words),
		DETAIL_TEST(test_a_segment_is_opened_by_its_id),
		DETAIL_TEST(test_what_cannot_be_opened),
		DETAIL_TEST(test_who_changed_it),
		DETAIL_TEST(test_holders_come_and_go),
		DETAIL_TEST(test_inherited_by_fork),
		DETAIL_TEST(test_history_of_nattch),
		DETAIL_TEST(test_resident_part_on_demand),
		DETAIL_TEST(test_resident_part_takes_its_time),
		DETAIL_TEST(test_resident_part_without_anybody_to_ask),
		DETAIL_TEST(test_wide_layout),
		DETAIL_TEST(test_wide_layout_says_what_it_cuts),
		DETAIL_TEST(test_wide_layout_sorts_what_it_shows),
		DETAIL_TEST(test_own_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
