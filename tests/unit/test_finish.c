/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the output ends: well, into a closed pipe, onto a full disk; before and after the buffer was full. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/report.h"

enum { MUCH = 1 << 20 };

static void print(FILE *out, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		fputc('x', out);
}

/* Returns what report_finish() did, with what it said on stderr in `said`. */
static int finish(FILE *out, char said[static 256])
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	int status;
	size_t length;

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	status = report_finish(out);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	length = fread(said, 1, 255, file);
	said[length] = '\0';
	fclose(file);
	fclose(out);
	return status;
}

static FILE *open_closed_pipe(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	return fdopen(ends[1], "w");
}

static void all_is_well(void **state)
{
	FILE *out = tmpfile();
	char said[256];

	(void)state;
	print(out, MUCH);
	assert_int_equal(finish(out, said), 0);
	assert_string_equal(said, "");
}

static void closed_pipe_is_no_error(void **state)
{
	static const size_t sizes[] = {0, 1, MUCH};
	char said[256];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		FILE *out = open_closed_pipe();

		print(out, sizes[i]);
		assert_int_equal(finish(out, said), 0);
		assert_string_equal(said, "");
	}
}

static void full_disk_is_an_error(void **state)
{
	char said[256];
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	print(out, 1);
	assert_int_equal(finish(out, said), 1);
	assert_string_equal(said, "shmtop: cannot write the output: No space left on device\n");
}

/* The write that failed lies in the past, and nothing is left to write. */
static void lost_parts_are_an_error(void **state)
{
	char said[256];
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	print(out, 1);
	assert_int_equal(finish(out, said), 1);
	assert_string_equal(said, "shmtop: cannot write the output: parts of it are lost\n");
}

static void closed_pipe_seen_before_is_no_error(void **state)
{
	char said[256];
	FILE *out = open_closed_pipe();

	(void)state;
	setvbuf(out, NULL, _IONBF, 0);
	print(out, 1);
	assert_int_equal(finish(out, said), 0);
	assert_string_equal(said, "");
}

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(closed_pipe_is_no_error),
		cmocka_unit_test(full_disk_is_an_error),
		cmocka_unit_test(lost_parts_are_an_error),
		cmocka_unit_test(closed_pipe_seen_before_is_no_error),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
