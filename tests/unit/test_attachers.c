/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of /proc/PID/maps that are attached segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "observe/attachment_list.h"
#include "tests/unit/chance.h"

#define LIBC    "7f0c00000000-7f0c00002000 r-xp 00026000 fe:01 1234567   /usr/lib/libc.so.6\n"
#define SEGMENT "7f0c10000000-7f0c10002000 rw-s 00001000 00:01 32769     /SYSV52010203 (deleted)\n"
#define HUGE    "7f0c20000000-7f0c20200000 r-xs 00000000 00:0f 0         /SYSV00000000 (deleted)\n"
#define FORGED  "7f0c30000000-7f0c30001000 rw-s 00000000 00:2a 7         /SYSV00000000 (deleted)\n"

static struct attachment_list list;

static int teardown(void **state)
{
	(void)state;
	attachers_list_free(&list);
	return 0;
}

static struct attachers_devices devices(void)
{
	struct attachers_devices known = {.count = 2};

	known.rows[0].number = makedev(0, 1);
	known.rows[1].number = makedev(0, 15);
	known.rows[1].hugetlb = true;
	return known;
}

/* Parses from memory that ends where the text ends, for the address sanitizer. */
static void parse_bytes(const char *text, size_t length)
{
	const struct attachers_devices known = devices();
	const struct attachment label = {.mm = 77, .pid = 42, .ipcns = 5, .start_time = 9};
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	assert_int_equal(attachers_parse_maps(copy, length, &known, &label, &list), 0);
	free(copy);
}

static void expect_rows(const char *text, size_t rows)
{
	list.count = 0;
	parse_bytes(text, strlen(text));
	if (list.count != rows)
		print_error("in: %s\n", text);
	assert_int_equal(list.count, rows);
}

static void test_fields(void **state)
{
	(void)state;
	expect_rows(LIBC SEGMENT LIBC, 1);

	const struct attachment *row = &list.rows[0];

	assert_int_equal(row->start, 0x7f0c10000000);
	assert_int_equal(row->length, 0x2000);
	assert_int_equal(row->offset, 0x1000);
	assert_int_equal(row->shmid, 32769);
	assert_int_equal(row->flags, ATTACHMENT_READ | ATTACHMENT_WRITE);
	assert_int_equal(row->mm, 77);
	assert_int_equal(row->pid, 42);
	assert_int_equal(row->ipcns, 5);
	assert_int_equal(row->start_time, 9);
}

static void test_rows_are_appended(void **state)
{
	(void)state;
	expect_rows(SEGMENT HUGE, 2);
	assert_int_equal(list.rows[1].shmid, 0);
	assert_int_equal(list.rows[1].flags,
			 ATTACHMENT_READ | ATTACHMENT_EXEC | ATTACHMENT_HUGETLB);
	parse_bytes(SEGMENT, strlen(SEGMENT));
	assert_int_equal(list.count, 3);
}

static void test_last_line_without_newline(void **state)
{
	(void)state;
	expect_rows("", 0);
	expect_rows("7f0c10000000-7f0c10002000 rw-s 00000000 00:01 5 /SYSV00000000 (deleted)", 1);
	expect_rows("7f0c10000000-7f0c10002000 rw-s 00000000 00:01 5 /SYSV00000000 (delet", 0);
}

static void test_what_is_no_segment(void **state)
{
	static const char *const paths[] = {
		"/tmp/SYSV00000000 (deleted)", "/SYSV00000000",
		"/SYSV0000000 (deleted)",      "/SYSV000000000 (deleted)",
		"/SYSV0000000g (deleted)",     "/SYSV00000000 (deleted) (deleted)",
		"/SYSV00000000x(deleted)",     "/x /SYSV00000000 (deleted)",
		"//SYSV00000000 (deleted)",    "/SYSV/SYSV00000000 (deleted)",
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(line, sizeof(line), "1000-2000 rw-s 00000000 00:01 7  %s\n", paths[i]);
		expect_rows(line, 0);
	}
}

static void test_bad_fields(void **state)
{
	static const char *const heads[] = {
		"",
		"1000 rw-s 0 00:01 7",
		"1000-1000 rw-s 0 00:01 7",
		"2000-1000 rw-s 0 00:01 7",
		"-2000 rw-s 0 00:01 7",
		"1000-2000 rw- 0 00:01 7",
		"1000-2000 rw-s  00:01 7",
		"1000-2000 rw-s 0 0001 7",
		"1000-2000 rw-s 0 00:01 x",
		"1000-2000 rw-s 0 00:01 7f",
		"1000-2000 rw-s 0 00:01 2147483648",
		"10000000000001000-10000000000002000 rw-s 0 00:01 7",
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		snprintf(line, sizeof(line), "%s /SYSV00000000 (deleted)\n", heads[i]);
		expect_rows(line, 0);
	}
	expect_rows("1000-2000 rw-s 0 00:01 2147483647 /SYSV00000000 (deleted)\n", 1);
}

/* Anybody can make a file of that name, but not on a file system that is mounted nowhere. */
static void test_devices(void **state)
{
	const struct attachers_devices unknown = {.count = 0};
	const struct attachment label = {.pid = 1};

	(void)state;
	expect_rows(FORGED SEGMENT, 1);
	assert_int_equal(list.rows[0].shmid, 32769);
	list.count = 0;
	assert_int_equal(attachers_parse_maps(FORGED, strlen(FORGED), &unknown, &label, &list), 0);
	assert_int_equal(list.count, 1);
}

static void add_row(uint64_t mm, uint64_t start, int32_t pid, uint64_t start_time)
{
	const struct attachment row = {
		.mm = mm,
		.start = start,
		.pid = pid,
		.start_time = start_time,
	};

	assert_int_equal(attachment_list_add(&list, &row), 0);
}

static void expect_row(size_t at, uint64_t mm, uint64_t start, int32_t pid)
{
	assert_int_equal(list.rows[at].mm, mm);
	assert_int_equal(list.rows[at].start, start);
	assert_int_equal(list.rows[at].pid, pid);
}

/* Several thread groups may be seen with one address space: it is told once, by the oldest. */
static void test_settle(void **state)
{
	(void)state;
	attachment_list_settle(&list);
	assert_int_equal(list.count, 0);
	add_row(2, 0x3000, 30, 300);
	add_row(1, 0x2000, 20, 200);
	add_row(1, 0x1000, 20, 200);
	add_row(1, 0x1000, 10, 100);
	add_row(2, 0x1000, 31, 300);
	add_row(2, 0x3000, 31, 300);
	attachment_list_settle(&list);
	assert_int_equal(list.count, 4);
	expect_row(0, 1, 0x1000, 10);
	expect_row(1, 1, 0x2000, 10);
	assert_int_equal(list.rows[1].start_time, 100);
	expect_row(2, 2, 0x1000, 30);
	expect_row(3, 2, 0x3000, 30);
}

static void test_noise(void **state)
{
	static const char sample[] = LIBC SEGMENT HUGE FORGED;
	static const char likely[] = "/SYSV0 -:\n(deleted)f";
	struct chance chance = {.state = 4711};
	char text[sizeof(sample) + 64] = "";

	(void)state;
	for (int i = 0; i < 20000; i++) {
		list.count = 0;
		parse_bytes(text, chance_input(&chance, text, sample, sizeof(sample) - 1, likely,
					       sizeof(likely) - 1));
		for (size_t row = 0; row < list.count; row++) {
			assert_true(list.rows[row].length > 0);
			assert_true(list.rows[row].shmid >= 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_fields, teardown),
		cmocka_unit_test_teardown(test_rows_are_appended, teardown),
		cmocka_unit_test_teardown(test_last_line_without_newline, teardown),
		cmocka_unit_test_teardown(test_what_is_no_segment, teardown),
		cmocka_unit_test_teardown(test_bad_fields, teardown),
		cmocka_unit_test_teardown(test_devices, teardown),
		cmocka_unit_test_teardown(test_settle, teardown),
		cmocka_unit_test_teardown(test_noise, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
