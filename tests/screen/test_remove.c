/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guarded removal, with a machine that only notes what it is asked for. */
#include "tests/tap.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>

#include "stage.h"
#include "ui/view.h"

#define F9 "\033[20~"
enum { ORPHAN = 1474560005, SHARED = 32769, DEST = 131076 };

struct machine {
	unsigned int asked;
	uint32_t ipcns;
	struct segment_facts facts;
	int error; /* the answer */
	uint64_t nattch;
};

static int machine_remove(void *context, uint32_t ipcns, const struct segment_facts *facts,
			  uint64_t *nattch)
{
	struct machine *machine = context;

	machine->asked++;
	machine->ipcns = ipcns;
	machine->facts = *facts;
	*nattch = machine->nattch;
	return machine->error;
}

static void open_with(struct stage *stage, struct machine *machine, int rows, int columns)
{
	const struct screen_options options = {
		.interval = UINT64_C(1000000000),
		.machine = {.remove = machine ? machine_remove : NULL, .context = machine},
	};

	stage->model = script_model();
	assert_int_equal(stage_start(stage, rows, columns, &options), 0);
	stage_draw(stage);
}

/* Moves down until the cursor is on the segment. */
static void go_to(struct stage *stage, long shmid)
{
	stage_press(stage, HOME);
	for (int i = 0; i < 20 && stage_cursor(stage) != shmid; i++)
		stage_press(stage, DOWN);
	assert_int_equal(stage_cursor(stage), shmid);
}

/* The caller of the view draws once it has collected. */
static void answer(struct stage *stage, const char *keys)
{
	assert_int_equal(stage_press(stage, keys), SCREEN_REFRESH);
	stage_draw(stage);
}

static void test_nothing_without_the_option(void **state)
{
	struct stage *stage = *state;

	open_with(stage, NULL, 24, 100);
	stage_press(stage, F9);
	assert_shows(stage, "without --allow-remove");
	assert_hides(stage, "Type ");
}

static void test_says_who_holds_it(void **state)
{
	struct machine machine = {.nattch = 3};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 100);
	go_to(stage, SHARED);
	stage_press(stage, F9);
	assert_shows(stage, "Remove segment 32769 of namespace host?");
	assert_shows(stage, "D It stays, marked dest, until the last of 3 attachments ends");
	assert_shows(stage, "key 0x52010203");
	assert_shows(stage, "Made 41d ago by 1021 postgres");
	assert_shows(stage, "Held by 3 processes:");
	assert_shows(stage, "1044 postgres");
	assert_shows(stage, "4411 übersicht");
	assert_shows(stage, "Type 32769 to remove it:");
	answer(stage, "32769\r");
	assert_int_equal(machine.asked, 1);
	assert_shows(stage, "32769 is marked dest: goes with the last of 3 attachments");
	assert_hides(stage, "Type ");
}

static void test_asks_for_the_very_number(void **state)
{
	static const char *const wrong[] = {"\r",          "y\r",           "1\r",
					    "147456000\r", "14745600055\r", "-1\r"};
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 100);
	go_to(stage, ORPHAN);
	stage_press(stage, "D");
	assert_shows(stage, "It goes at once: 256M, with what is in it.");
	assert_shows(stage, "Nobody holds it.");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		stage_press(stage, wrong[i]);
		assert_shows(stage, "another number is asked for");
		stage_press(stage, "\025"); /* ^U */
	}
	/* What means something else outside of the dialog */
	stage_press(stage, "q");
	assert_int_equal(machine.asked, 0);
	stage_press(stage, ESCAPE);
	assert_shows(stage, "nothing was removed");
	answer(stage, F9 "1474560005\r");
	assert_int_equal(machine.asked, 1);
	assert_int_equal(machine.ipcns, SCRIPT_IPCNS);
	assert_int_equal(machine.facts.shmid, ORPHAN);
	assert_int_equal(machine.facts.cpid, 9912);
	assert_int_equal(machine.facts.size, 256 << 20);
	assert_true(machine.facts.known & FACT_COL_CTIME);
	assert_shows(stage, "1474560005 is removed (256M)");
}

static void test_says_why_not(void **state)
{
	static const struct {
		int error;
		const char *text;
	} answers[] = {
		{-ESTALE, "it was changed, or is another one by now"},
		{-EIDRM, "somebody else was faster"},
		{-EPERM, "EPERM: only its owner"},
		{-EACCES, "EACCES"},
		{-ESRCH, "no process leads into its namespace"},
		{-EIO, "EIO"},
	};
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 100);
	go_to(stage, ORPHAN);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		machine.error = answers[i].error;
		answer(stage, F9 "1474560005\r");
		assert_shows(stage, "1474560005 was not removed: ");
		assert_shows(stage, answers[i].text);
	}
}

/* The facts are those that were shown when it was asked, whatever happens until the answer. */
static void test_keeps_what_was_shown(void **state)
{
	struct machine machine = {.error = -ESTALE};
	struct stage *stage = *state;
	struct segment_facts row = {
		.known = FACT_COL_ALL,
		.shmid = ORPHAN,
		.size = 4096,
		.cpid = 4711,
		.ctime = SCRIPT_WALL / INT64_C(1000000000),
	};

	open_with(stage, &machine, 24, 100);
	go_to(stage, ORPHAN);
	stage_press(stage, F9);
	assert_int_equal(
		model_reconcile_segments(stage->model, SCRIPT_IPCNS, &row, 1, 0, SCRIPT_NOW - 1),
		0);
	stage_draw(stage);
	assert_shows(stage, "It has ended meanwhile");
	stage_press(stage, "1474560005\r");
	assert_int_equal(machine.asked, 1);
	assert_int_equal(machine.facts.cpid, 9912);
	assert_int_equal(machine.facts.size, 256 << 20);
}

/* IPC_SET between the question and the answer: the kernel has another ctime now, and refuses. */
static void test_keeps_what_was_shown_of_a_changed_one(void **state)
{
	struct machine machine = {.error = -ESTALE};
	struct stage *stage = *state;
	struct segment_id id = {0};
	struct segment_facts row;

	open_with(stage, &machine, 24, 100);
	go_to(stage, ORPHAN);
	for (const struct segment *at = model_segments(stage->model); at; at = at->next)
		if (at->id.shmid == ORPHAN)
			id = at->id;
	row = model_find(stage->model, &id)->facts;
	stage_press(stage, F9);
	row.ctime += 5;
	assert_int_equal(
		model_reconcile_segments(stage->model, SCRIPT_IPCNS, &row, 1, 0, SCRIPT_NOW - 1),
		0);
	assert_int_equal(model_find(stage->model, &id)->facts.ctime, row.ctime);
	stage_draw(stage);
	stage_press(stage, "1474560005\r");
	assert_int_equal(machine.asked, 1);
	assert_int_equal(machine.facts.ctime, row.ctime - 5);
}

static void test_what_is_removed_already(void **state)
{
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 100);
	go_to(stage, 163845);
	stage_press(stage, F9);
	assert_shows(stage, "not removed: it has ended");
	assert_hides(stage, "Type ");
}

static void test_from_the_detail(void **state)
{
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 100);
	go_to(stage, ORPHAN);
	stage_press(stage, "\r");
	stage_press(stage, F9 "1474560005\r");
	assert_int_equal(machine.asked, 1);
	assert_int_equal(machine.facts.shmid, ORPHAN);
}

static void test_small(void **state)
{
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 8, 40);
	stage_press(stage, F9);
	assert_shows(stage, "Remove segment 32769");
	assert_shows(stage, "D It stays, marked dest");
	assert_shows(stage, "Type 32769 to remove it:");
	/* What cannot be seen is not answered. */
	stage_resize(stage, 5, 40);
	stage_press(stage, "32769\r");
	assert_int_equal(machine.asked, 0);
	stage_resize(stage, 8, 40);
	assert_shows(stage, "Type 32769 to remove it:");
}

static void test_many(void **state)
{
	struct machine machine = {.error = -EPERM};
	struct stage *stage = *state;
	const struct segment_id ids[] = {{SCRIPT_IPCNS, SHARED, 0},
					 {SCRIPT_IPCNS, ORPHAN, 0},
					 {SCRIPT_IPCNS, 163845, 0},
					 {SCRIPT_IPCNS, 196614, 0}};
	struct column_context context;

	open_with(stage, &machine, 24, 100);
	context = script_context(stage->model);
	remove_ask(stage->screen, &context, ids, 4, 0);
	stage_draw(stage);
	/* One of them has ended. */
	assert_shows(stage, "Remove 3 segments?");
	assert_shows(stage, "1 passed over: it has ended");
	assert_shows(stage, "2 will go at once: 272M");
	assert_shows(stage,
		     "D 1 will stay, marked dest, until the last of 3 attachments ends: 8.00G");
	assert_shows(stage, "Type 3 to remove all of these:");
	stage_press(stage, "32769\r");
	assert_int_equal(machine.asked, 0);
	answer(stage, "\0253\r");
	assert_int_equal(machine.asked, 3);
	assert_int_equal(emulator_find(&stage->emulator, "3 not removed (32769: EPERM: only"), 22);
	assert_hides(stage, "marked dest");

	machine.error = 0;
	remove_ask(stage->screen, &context, ids, 4, 0);
	answer(stage, "3\r");
	assert_int_equal(machine.asked, 6);
	assert_shows(stage, "3 removed");
	assert_hides(stage, "marked dest");
	assert_hides(stage, "not");

	machine.nattch = 1;
	remove_ask(stage->screen, &context, ids, 4, 0);
	answer(stage, "3\r");
	assert_shows(stage, "3 marked dest");
	assert_hides(stage, "removed");
}

static void create_many(struct stage *stage, int count)
{
	for (int i = 0; i < count; i++)
		script_create(stage->model, 1001 + i, (uint64_t)(count - i) << 40, SCRIPT_NOW - 1);
	stage_draw(stage);
}

/* The list is scrolled while the number is typed. */
static void test_more_than_fit(void **state)
{
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 80);
	create_many(stage, 40);
	stage_press(stage, HOME);
	for (int i = 0; i < 40; i++)
		stage_press(stage, " ");
	stage_press(stage, F9);
	assert_shows(stage, "Remove 40 segments?  1-14 of 40");
	assert_shows(stage, "Up Down PgUp PgDn scroll");
	assert_shows(stage, " 1001 host");
	assert_hides(stage, " 1015 host");
	stage_press(stage, "4" DOWN DOWN);
	assert_shows(stage, "Remove 40 segments?  3-16 of 40");
	assert_hides(stage, " 1002 host");
	assert_shows(stage, " 1016 host");
	stage_press(stage, PGDN PGDN PGDN);
	assert_shows(stage, "27-40 of 40");
	assert_shows(stage, " 1040 host");
	stage_press(stage, UP);
	assert_shows(stage, "26-39 of 40");
	stage_press(stage, PGUP PGUP PGUP);
	assert_shows(stage, "1-14 of 40");
	/* A smaller screen leaves out the rest for it. */
	stage_resize(stage, 8, 40);
	assert_shows(stage, "Remove 40 segments?  1-1 of 40");
	stage_press(stage, DOWN);
	assert_shows(stage, "2-2 of 40");
	stage_resize(stage, 24, 80);
	answer(stage, "0\r");
	assert_int_equal(machine.asked, 40);
	assert_shows(stage, "40 removed");
}

static void test_more_holders_than_fit(void **state)
{
	struct machine machine = {.nattch = 3};
	struct stage *stage = *state;

	open_with(stage, &machine, 8, 80);
	stage_press(stage, F9);
	assert_shows(stage, "Remove segment 32769 of namespace host?  1-1 of 3");
	assert_shows(stage, " 1021 postgres");
	stage_press(stage, DOWN DOWN DOWN);
	assert_shows(stage, "3-3 of 3");
	assert_shows(stage, " 4411 übersicht");
	stage_resize(stage, 24, 80);
	assert_hides(stage, "of 3  ");
	assert_hides(stage, "scroll");
	assert_shows(stage, " 1021 postgres");
}

/* What a filter hides is not removed with the rest, tagged or not. */
static void test_tagged_ones_that_are_not_listed(void **state)
{
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 100);
	go_to(stage, ORPHAN);
	stage_press(stage, " \\nattch>0\r");
	stage_press(stage, F9);
	assert_shows(stage, "none of the tagged segments is listed");
	assert_hides(stage, "Type ");
	stage_press(stage, HOME " " F9);
	assert_shows(stage, "Type 32769");
	assert_shows(stage, "1 tagged segment is not listed: it stays");
	stage_press(stage, "1474560005\r");
	assert_int_equal(machine.asked, 0);
}

static void test_a_group_leads_to_its_segments(void **state)
{
	struct machine machine = {0};
	struct stage *stage = *state;

	open_with(stage, &machine, 24, 100);
	script_attach_often(stage->model, 555001, UINT64_C(16) << 30);
	script_attach_often(stage->model, 555002, UINT64_C(16) << 30);
	stage_press(stage, "3" DOWN F9);
	assert_shows(stage, "not one segment: Enter lists those of a row");
	stage_press(stage, "\r" F9);
	assert_shows(stage, "Type 55500");
}

int main(void)
{
#define REMOVE_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		REMOVE_TEST(test_nothing_without_the_option),
		REMOVE_TEST(test_says_who_holds_it),
		REMOVE_TEST(test_asks_for_the_very_number),
		REMOVE_TEST(test_says_why_not),
		REMOVE_TEST(test_keeps_what_was_shown),
		REMOVE_TEST(test_keeps_what_was_shown_of_a_changed_one),
		REMOVE_TEST(test_what_is_removed_already),
		REMOVE_TEST(test_from_the_detail),
		REMOVE_TEST(test_small),
		REMOVE_TEST(test_many),
		REMOVE_TEST(test_more_than_fit),
		REMOVE_TEST(test_more_holders_than_fit),
		REMOVE_TEST(test_tagged_ones_that_are_not_listed),
		REMOVE_TEST(test_a_group_leads_to_its_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
