/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of what stands in a segment: when it is read, and how what changed is marked. */
#include "tests/tap.h"

#include <errno.h>
#include <string.h>

#include "stage.h"
#include "base/contents.h"
#include "ui/view.h"

#define SECOND UINT64_C(1000000000)

/* A machine whose segments have the low byte of each 16 bytes' number in all of them, and this text in front */
struct machine {
	const char *text;
	uint64_t hole, hole_end;
	int error;
	unsigned int reads;
	uint64_t offset; /* of the last one */
	size_t length;
	struct process process;
};

static int fake_contents(void *context, const struct segment *segment, uint64_t offset,
			 size_t length, struct contents *out, const struct process **through)
{
	struct machine *machine = context;
	size_t text = strlen(machine->text);

	assert_true(offset + length <= segment->facts.size);
	assert_in_range(length, 1, CONTENTS_MAX);
	machine->reads++;
	machine->offset = offset;
	machine->length = length;
	if (machine->error)
		return machine->error;
	*through = &machine->process;
	out->offset = offset;
	out->length = length;
	out->hole_count = 0;
	for (size_t i = 0; i < length; i++) {
		uint64_t at = offset + i;

		out->bytes[i] =
			at < text ? (unsigned char)machine->text[at] : (unsigned char)(at / 16);
	}
	if (machine->hole < machine->hole_end)
		out->holes[out->hole_count++] =
			(struct contents_hole){machine->hole, machine->hole_end - machine->hole};
	return 0;
}

static struct machine machine;

static void open_peek(struct stage *stage, int rows, int columns)
{
	machine = (struct machine){.text = "Hello,\x1b[31m shared\nmemory",
				   .process = {.pid = 1021, .comm = "postgres", .cmdline = ""}};
	stage->machine = (struct screen_machine){.contents = fake_contents, .context = &machine};
	stage_open(stage, rows, columns);
	stage_press(stage, "x");
}

static void test_shows_what_is_there(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 24, 80);
	assert_shows(stage, "[Contents]");
	assert_shows(stage, "32769 in host: 8.00G, through 1021 postgres");
	assert_shows(stage, " 000000000  48 65 6c 6c 6f 2c 1b 5b  ");
	/* Nothing of it reaches the terminal but printable ASCII. */
	assert_shows(stage, "|Hello,.[");
	assert_shows(stage, "0x0/0x200000000");
	stage_press(stage, ESCAPE);
	assert_shows(stage, "[1:Segments]");
}

static void test_is_read_only_while_it_is_open(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 24, 80);
	assert_int_equal(machine.reads, 1);
	/* What is in sight, and no more */
	assert_in_range(machine.length, 8, 24 * 16);
	stage_draw(stage);
	assert_int_equal(machine.reads, 2);
	/* A key that shows the same again reads nothing. */
	stage_press(stage, "\x0c");
	assert_int_equal(machine.reads, 2);
	stage_press(stage, "h");
	stage_draw(stage);
	stage_press(stage, "q"
			   "q");
	stage_draw(stage);
	stage_press(stage, "\r");
	stage_draw(stage);
	assert_int_equal(machine.reads, 2);
	/* From the page about it, too; and back there */
	stage_press(stage, "x");
	assert_int_equal(machine.reads, 3);
	stage_press(stage, "q");
	assert_shows(stage, "[Segment]");
}

static void test_marks_what_changed(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 24, 160);
	assert_hides(stage, "*");
	machine.text = "Hallo,\x1b[31m shared\nmemory";
	stage_draw(stage);
	assert_shows(stage, "000000000  48*61 6c 6c 6f 2c");
	/* Until the next frame, whatever keys come */
	stage_press(stage, DOWN UP);
	assert_shows(stage, "000000000  48*61 6c 6c 6f 2c");
	stage_draw(stage);
	assert_shows(stage, "000000000  48 61 6c 6c 6f 2c");
	assert_hides(stage, "*");
}

static void test_what_was_opened_anew_has_not_changed(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 24, 160);
	stage_press(stage, "q");
	machine.text = "Hallo";
	stage_press(stage, "x");
	assert_shows(stage, "48 61 6c 6c 6f");
	assert_hides(stage, "*");
}

static void test_scrolls(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 24, 90);
	stage_press(stage, DOWN DOWN);
	assert_shows(stage, "000000020  02 02");
	assert_hides(stage, "000000010  ");
	stage_press(stage, PGDN PGUP UP);
	assert_shows(stage, "000000010  ");
	stage_press(stage, END);
	assert_shows(stage, "1fffffff0  ff ff");
	assert_int_equal(machine.offset + machine.length, UINT64_C(8) << 30);
	/* On a wider terminal a line has more, and begins elsewhere. */
	stage_resize(stage, 24, 160);
	assert_shows(stage, "1ffffffe0  fe fe");
	stage_press(stage, HOME);
	assert_shows(stage, "000000000  48 65");
}

static void test_small_terminals(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 8, 40);
	assert_shows(stage, "000000000  48 65 6c 6c  |Hell|");
	stage_press(stage, DOWN);
	assert_shows(stage, "000000004  6f 2c 1b 5b  |o,.[|");
	stage_resize(stage, 8, 60);
	assert_shows(stage, "000000000  48 65 6c 6c 6f 2c 1b 5b  |Hello,.[|");
}

static void test_holes(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 24, 90);
	machine.hole = 0x40;
	machine.hole_end = 0x60;
	stage_draw(stage);
	assert_shows(stage, "000000030  03 03");
	assert_shows(stage, "000000040  never written");
	assert_shows(stage, "000000050  never written");
	assert_shows(stage, "000000060  06 06");
}

static void test_why_not(void **state)
{
	static const struct {
		int error;
		const char *text;
	} cases[] = {
		{-ENOTCONN, "nobody has it attached: to look would mean to attach it"},
		{-EPERM, "may not be looked into: that takes root"},
		{-ENOENT, "let go of it"},
		{-EIO, "cannot be looked into: EIO"},
	};
	struct stage *stage = *state;

	open_peek(stage, 24, 100);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		machine.error = cases[i].error;
		stage_draw(stage);
		assert_shows(stage, cases[i].text);
		assert_hides(stage, "48 65 6c");
		assert_hides(stage, "through");
	}
	/* As soon as somebody has */
	machine.error = 0;
	stage_draw(stage);
	assert_shows(stage, "48 65 6c");
	assert_hides(stage, "*");
}

static void test_a_segment_that_ends(void **state)
{
	struct stage *stage = *state;

	open_peek(stage, 24, 90);
	stage_press(stage, "q" END "x");
	assert_int_equal(machine.reads, 1);
	assert_shows(stage, "segment 163845 ended: nothing is left to look into");
	script_forget(stage->model);
	stage_draw(stage);
	assert_shows(stage, "segment 163845 ended: nothing is left to look into");
	assert_int_equal(machine.reads, 1);
}

static void test_nobody_to_ask(void **state)
{
	struct stage *stage = *state;

	stage_open(stage, 24, 90);
	stage_press(stage, "x");
	assert_shows(stage, "there is nobody to ask here");
	assert_hides(stage, "F3Search");
	stage_press(stage, "q"
			   "2" HOME "x");
	stage_press(stage, ESCAPE);
	assert_hides(stage, "[Contents]");
}

int main(void)
{
#define PEEK_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		PEEK_TEST(test_shows_what_is_there),
		PEEK_TEST(test_is_read_only_while_it_is_open),
		PEEK_TEST(test_marks_what_changed),
		PEEK_TEST(test_what_was_opened_anew_has_not_changed),
		PEEK_TEST(test_scrolls),
		PEEK_TEST(test_small_terminals),
		PEEK_TEST(test_holes),
		PEEK_TEST(test_why_not),
		PEEK_TEST(test_a_segment_that_ends),
		PEEK_TEST(test_nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
