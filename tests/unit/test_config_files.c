/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of configuration files, and which of several files has the last word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "observe/config_files.h"
#include "tests/unit/chance.h"
#include "tests/unit/file_tree.h"

/* "PATH [SECTION] #KEY=VALUE\n" for each */
struct said {
	char text[4096];
	size_t length;
};

static void take(void *context, const struct config_line *line)
{
	struct said *said = context;

	said->length += (size_t)snprintf(
		said->text + said->length, sizeof(said->text) - said->length, "%s [%s] %s%s=%s\n",
		line->path, line->section, line->comment ? "#" : "", line->key, line->value);
	assert_true(said->length < sizeof(said->text));
}

/* Parses from memory that ends where the text ends, for the address sanitizer. */
static void parse_bytes(const char *text, size_t length, config_take *taker, void *context)
{
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	config_files_parse("f", copy, length, taker, context);
	free(copy);
}

static void assert_parsed(const char *text, const char *expected)
{
	struct said said = {0};

	parse_bytes(text, strlen(text), take, &said);
	assert_string_equal(said.text, expected);
}

static void lines(void **state)
{
	(void)state;
	assert_parsed("", "");
	assert_parsed("a=1", "f [] a=1\n");
	assert_parsed("a=1\n\nb = 2 \r\n\t c\t=\t3 4\t\n", "f [] a=1\nf [] b=2\nf [] c=3 4\n");
	assert_parsed("a=b=c\na=\n=a\n=\nword\n-a.b=1\n", "f [] a=b=c\nf [] a=\nf [] -a.b=1\n");
	assert_parsed("[One]\na=1\n[Two]\nb=2\n[broken\nc=3\n",
		      "f [One] a=1\nf [Two] b=2\nf [Two] c=3\n");
}

/* "# a = 1" is prose, "#A=1" is what applies where nobody sets it. */
static void comments(void **state)
{
	(void)state;
	assert_parsed("#a=1\n;b=2\n# c=3\n; d = 4\n##\n#\n  #e=5\n#[No]\nf=6\n",
		      "f [] #a=1\nf [] #b=2\nf [] #e=5\nf [] f=6\n");
}

static void what_is_too_long_or_no_text_is_passed_over(void **state)
{
	static char text[8192];
	struct said said = {0};

	(void)state;
	memset(text, 'x', sizeof(text));
	text[4000] = '=';
	memcpy(text + 5000, "\na=1\nb\0=2\nc=3", 13);
	parse_bytes(text, 5013, take, &said);
	assert_string_equal(said.text, "f [] a=1\nf [] c=3\n");
}

static void pass_over(void *context, const struct config_line *line)
{
	(void)context;
	assert_true(strlen(line->key) > 0);
}

static void fuzz(void **state)
{
	static const char sample[] = "[Login]\n#RemoveIPC=yes\n kernel/shmmni = 4096\n; no\n-a=b\n";
	static const char likely[] = "\n=#;[] \t\r\0";
	struct chance chance = {.state = 6};
	char text[sizeof(sample) + 64] = "";

	(void)state;
	for (int round = 0; round < 100000; round++)
		parse_bytes(text,
			    chance_input(&chance, text, sample, sizeof(sample) - 1, likely,
					 sizeof(likely) - 1),
			    pass_over, NULL);
}

static const char *const folders[] = {"/etc/x.d", "/run/x.d", "/lib/x.d", NULL};

static void folders_by_the_names_of_the_files(void **state)
{
	static const struct file_tree tree[] = {
		{"/lib/x.d/10-first.conf", "a=lib10\n"},
		{"/lib/x.d/50-same.conf", "a=lib50\n"},
		{"/lib/x.d/90-masked.conf", "a=lib90\n"},
		{"/run/x.d/50-same.conf", "a=run50\n"},
		{"/run/x.d/60-mine.conf", "a=run60\n"},
		{"/etc/x.d/20-mine.conf", "a=etc20\n"},
		{"/etc/x.d/50-same.conf", "a=etc50\n"},
		{"/etc/x.d/90-masked.conf", "->/dev/null"},
		{"/etc/x.d/99-gone.conf", "->/nowhere/at/all"},
		{"/etc/x.d/99-no", "a=no\n"},
		{"/etc/x.d/.conf", "a=no\n"},
		{"/etc/x.d/.hidden.conf", "a=no\n"},
	};
	struct said said = {0};
	char root[FILE_TREE_LEN];

	(void)state;
	file_tree_make(root, tree, sizeof(tree) / sizeof(tree[0]));
	config_files_read_folders(root, folders, take, &said);
	file_tree_remove(root);
	assert_string_equal(said.text, "/lib/x.d/10-first.conf [] a=lib10\n"
				       "/etc/x.d/20-mine.conf [] a=etc20\n"
				       "/etc/x.d/50-same.conf [] a=etc50\n"
				       "/run/x.d/60-mine.conf [] a=run60\n");
}

static void files_that_are_not_there(void **state)
{
	struct said said = {0};

	(void)state;
	assert_false(config_files_read("/nowhere/at/all", "/x", take, &said));
	config_files_read_folders("/nowhere/at/all", folders, take, &said);
	assert_true(config_files_read("", "/dev/null", take, &said));
	assert_string_equal(said.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(comments),
		cmocka_unit_test(what_is_too_long_or_no_text_is_passed_over),
		cmocka_unit_test(fuzz),
		cmocka_unit_test(folders_by_the_names_of_the_files),
		cmocka_unit_test(files_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
