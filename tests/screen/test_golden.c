/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole frames against those in golden/. SCREEN_GOLDEN=write writes them anew: look at the difference. */
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "base/contents.h"

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (in && text) {
		text[fread(text, 1, (1 << 20) - 1, in)] = '\0';
		fclose(in);
	}
	return text;
}

/* Lines that differ, the expected one first */
static void print_difference(const char *expected, const char *found)
{
	for (int line = 1; *expected || *found; line++) {
		size_t a = strcspn(expected, "\n"), b = strcspn(found, "\n");

		if (a != b || memcmp(expected, found, a) != 0)
			print_error("%3d -%.*s\n    +%.*s\n", line, (int)a, expected, (int)b,
				    found);
		expected += a + (expected[a] == '\n');
		found += b + (found[b] == '\n');
	}
}

/* Whether the frame is the one that is kept */
static bool same_as_golden(const char *path, const char *found)
{
	const char *mode = getenv("SCREEN_GOLDEN");
	char *expected;
	bool same;

	if (mode && strcmp(mode, "write") == 0) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fputs(found, out);
		assert_int_equal(fclose(out), 0);
		return true;
	}
	expected = read_file(path);
	same = strcmp(expected, found) == 0;
	if (!same) {
		print_error("%s:\n", path);
		print_difference(expected, found);
	}
	free(expected);
	return same;
}

/* A view, reached by keys from the start, in three sizes and two character sets */
static void compare(struct stage *stage, const char *view, const char *keys)
{
	static const struct {
		int rows, columns;
		bool utf8;
	} frames[] = {
		{24, 80, true},  {50, 160, true},  {10, 40, true},
		{24, 80, false}, {50, 160, false}, {10, 40, false},
	};
	size_t different = 0;

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		char path[256];
		char *text;

		setenv("LC_ALL", frames[i].utf8 ? "C.UTF-8" : "C", 1);
		snprintf(path, sizeof(path), "tests/screen/golden/%s-%dx%d-%s.txt", view,
			 frames[i].columns, frames[i].rows, frames[i].utf8 ? "utf8" : "ascii");
		stage_open(stage, frames[i].rows, frames[i].columns);
		stage_press(stage, keys);
		text = emulator_text(&stage->emulator);
		stage_clear(stage);
		different += !same_as_golden(path, text);
		free(text);
	}
	assert_int_equal(different, 0);
}

static void test_segments(void **state)
{
	compare(*state, "segments", DOWN DOWN DOWN);
}

static void test_events(void **state)
{
	compare(*state, "events", "2" UP UP UP UP);
}

static void test_detail(void **state)
{
	compare(*state, "detail", "\r");
}

static void test_detail_of_a_removed_segment(void **state)
{
	compare(*state, "removed", DOWN DOWN DOWN "\r");
}

static void test_leaks(void **state)
{
	compare(*state, "leaks", "3" DOWN);
}

static void test_owners(void **state)
{
	compare(*state, "owners", "4" DOWN);
}

static void test_limits(void **state)
{
	compare(*state, "limits", "5" END);
}

static int golden_contents(void *context, const struct segment *segment, uint64_t offset,
			   size_t length, struct contents *out, const struct process **through)
{
	static const char text[] = "PostgreSQL\0\x1b[31m\xc3\xa9 16384 pg_control";
	static const struct process process = {.pid = 1021, .comm = "postgres"};

	(void)context, (void)segment;
	*through = &process;
	out->offset = offset;
	out->length = length;
	out->hole_count = 1;
	out->holes[0] = (struct contents_hole){.offset = 0x80, .length = UINT32_MAX};
	memset(out->bytes, 0, length);
	for (size_t i = 0; offset + i < sizeof(text) && i < length; i++)
		out->bytes[i] = (unsigned char)text[offset + i];
	return 0;
}

static void test_contents(void **state)
{
	struct stage *stage = *state;

	stage->machine.contents = golden_contents;
	compare(stage, "contents", "x");
}

static void test_help(void **state)
{
	compare(*state, "help", "h");
}

static void test_setup(void **state)
{
	compare(*state, "setup", F2 DOWN DOWN);
}

static void test_prompt(void **state)
{
	compare(*state, "prompt", "\\size>1G and sise<2\r");
}

int main(void)
{
#define GOLDEN_TEST(function) cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		GOLDEN_TEST(test_segments), GOLDEN_TEST(test_events),
		GOLDEN_TEST(test_detail),   GOLDEN_TEST(test_detail_of_a_removed_segment),
		GOLDEN_TEST(test_leaks),    GOLDEN_TEST(test_owners),
		GOLDEN_TEST(test_limits),   GOLDEN_TEST(test_contents),
		GOLDEN_TEST(test_help),     GOLDEN_TEST(test_setup),
		GOLDEN_TEST(test_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
