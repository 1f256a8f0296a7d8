/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short files: what is in them, as far as there is room, and no waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>

#include "observe/text_file.h"
#include "tests/unit/file_tree.h"

static const struct file_tree tree[] = {
	{"/text", "one two\n"}, {"/empty", ""},    {"/number", " 42 of 43\n"}, {"/minus", "-1\n"},
	{"/words", "many\n"},   {"/folder/x", ""}, {"/gone", "->/nowhere/at"},
};

static char root[FILE_TREE_LEN];
static int folder;

static int set_up(void **state)
{
	(void)state;
	file_tree_make(root, tree, sizeof(tree) / sizeof(tree[0]));
	folder = open(root, O_PATH | O_CLOEXEC);
	assert_true(folder >= 0);
	assert_int_equal(mkfifoat(folder, "fifo", 0600), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(folder);
	file_tree_remove(root);
	return 0;
}

static void texts(void **state)
{
	char text[16] = "before";

	(void)state;
	assert_true(text_file_read(folder, "text", text, sizeof(text)));
	assert_string_equal(text, "one two\n");
	assert_true(text_file_read(folder, "text", text, 5));
	assert_string_equal(text, "one ");
	assert_true(text_file_read(folder, "empty", text, sizeof(text)));
	assert_string_equal(text, "");
	assert_true(text_file_read(AT_FDCWD, "/proc/self/comm", text, sizeof(text)));
	assert_string_equal(text, "test_text_file\n");
	assert_false(text_file_read(folder, "none", text, sizeof(text)));
	assert_false(text_file_read(folder, "gone", text, sizeof(text)));
	assert_false(text_file_read(folder, "folder", text, sizeof(text)));
	/* Nobody writes to it. */
	text_file_read(folder, "fifo", text, sizeof(text));
}

static void numbers(void **state)
{
	int64_t number;

	(void)state;
	assert_true(text_file_number(folder, "number", &number));
	assert_int_equal(number, 42);
	assert_true(text_file_number(folder, "minus", &number));
	assert_int_equal(number, -1);
	assert_false(text_file_number(folder, "words", &number));
	assert_false(text_file_number(folder, "empty", &number));
	assert_false(text_file_number(folder, "none", &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
