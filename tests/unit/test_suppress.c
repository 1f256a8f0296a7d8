/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suppressions: their file, and what they match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "paths_sample.h"
#include "report/suppress.h"

static char why[SUPPRESS_WHY_LEN];

static int parse(const char *text, struct suppressions *out)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int error;

	assert_non_null(in);
	*out = (struct suppressions){0};
	error = suppress_parse(in, "known.supp", out, why);
	fclose(in);
	return error;
}

static void lines_are_read(void **state)
{
	struct suppressions list;

	(void)state;
	assert_int_equal(parse("# what is known\n"
			       "\n"
			       "  key=0x4e54*\tcomm=ntpd  # the clock\n"
			       "function=init_*\n"
			       "comm=#1",
			       &list),
			 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.rows[0].line, 3);
	assert_int_equal(list.rows[0].word_count, 2);
	assert_string_equal(list.rows[0].text, "key=0x4e54*\\x09comm=ntpd  # the clock");
	assert_int_equal(list.rows[1].line, 4);
	assert_int_equal(list.rows[2].word_count, 1);
	assert_string_equal(list.name, "known.supp");
	suppress_free(&list);
	assert_int_equal(list.count, 0);
	suppress_free(&list);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
	static const char *const wrong[] = {"shmid=4", "key", "key=", "comm =x", "=x", "KEY=0x1"};
	struct suppressions list;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "comm=good\n%s\n", wrong[i]);
		assert_int_equal(parse(text, &list), -EINVAL);
		assert_int_equal(list.count, 0);
		assert_null(list.rows);
		assert_memory_equal(why, "known.supp:2: '", 15);
	}
	assert_int_equal(parse("comm=x\n\033[31m\n", &list), -EINVAL);
	assert_non_null(strstr(why, "'\\x1b[31m'"));
	assert_int_equal(suppress_read("/nowhere/known.supp", &list, why), -ENOENT);
	assert_non_null(strstr(why, "'/nowhere/known.supp'"));
	assert_int_equal(suppress_read("/", &list, why), -EISDIR);
	assert_non_null(strstr(why, "/: "));
}

static struct process creator = {.pid = 1, .comm = "tmux: server"};
static struct segment segment = {.has_key = true, .key = 0x4e545031, .creator = &creator};

static bool matches(const char *text, const struct call_paths *paths)
{
	struct suppressions list;
	bool matched;

	assert_int_equal(parse(text, &list), 0);
	matched = suppress_match(&list, &segment, paths);
	suppress_free(&list);
	return matched;
}

static void keys_are_matched(void **state)
{
	(void)state;
	assert_true(matches("key=0x4e545031", NULL));
	assert_true(matches("key=0X4E5450*", NULL));
	assert_false(matches("key=0x4e54503", NULL));
	assert_true(matches("key=1314148401", NULL)); /* the same number */
	segment.key = 0x777;
	assert_true(matches("key=0x777", NULL));
	assert_true(matches("key=0x00000777", NULL));
	assert_false(matches("key=0x77", NULL));
	assert_false(matches("key=private", NULL));
	segment.key = -2;
	assert_true(matches("key=0xfffffffe", NULL));
	segment.key = 0;
	assert_true(matches("key=private", NULL));
	assert_true(matches("key=*", NULL));
	assert_false(matches("key=0x00000000", NULL));
	segment.has_key = false;
	assert_false(matches("key=*", NULL));
	segment.has_key = true;
	segment.key = 0x4e545031;
}

static void creators_are_matched(void **state)
{
	(void)state;
	assert_true(matches("comm=tmux:?server", NULL));
	assert_true(matches("comm=[st]mux*", NULL));
	assert_false(matches("comm=tmux", NULL));
	assert_false(matches("comm=Tmux*", NULL));
	segment.creator = NULL;
	assert_false(matches("comm=*", NULL));
	segment.creator = &creator;
}

static void functions_are_those_of_the_stack(void **state)
{
	struct call_paths *paths;

	(void)state;
	assert_int_equal(call_paths_new(&paths), 0);
	assert_false(matches("function=*", paths));
	segment.stack = paths_sample(paths, "init_pool", 0x100);
	assert_true(matches("function=init_*", paths));
	assert_true(matches("function=main", paths));
	assert_false(matches("function=init", paths));
	assert_false(matches("function=*", NULL));
	segment.stack = 0;
	call_paths_free(paths);
}

static void all_words_of_a_line_must_hold_and_one_line_is_enough(void **state)
{
	struct suppressions list;

	(void)state;
	assert_false(matches("key=0x4e54* comm=ntpd", NULL));
	assert_true(matches("key=0x4e54* comm=tmux*", NULL));
	assert_int_equal(parse("comm=ntpd\ncomm=tmux*\nkey=0x4e54*\n", &list), 0);
	assert_true(suppress_match(&list, &segment, NULL));
	assert_true(suppress_match(&list, &segment, NULL));
	assert_int_equal(list.used, 2);
	assert_int_equal(list.rows[0].used, 0);
	assert_int_equal(list.rows[1].used, 2);
	assert_int_equal(list.rows[2].used, 0);
	suppress_free(&list);
	assert_false(suppress_match(&list, &segment, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(what_is_wrong_is_told_with_its_place),
		cmocka_unit_test(keys_are_matched),
		cmocka_unit_test(creators_are_matched),
		cmocka_unit_test(functions_are_those_of_the_stack),
		cmocka_unit_test(all_words_of_a_line_must_hold_and_one_line_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
