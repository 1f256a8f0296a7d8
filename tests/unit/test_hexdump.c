/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#include "report/hexdump.h"

static struct contents contents;

/* A piece of this text */
static void fill(uint64_t offset, const char *text, size_t length)
{
	memset(&contents, 0, sizeof(contents));
	contents.offset = offset;
	contents.length = length;
	memcpy(contents.bytes, text, length);
}

static void add_hole(uint64_t offset, uint64_t length)
{
	contents.holes[contents.hole_count++] =
		(struct contents_hole){.offset = offset, .length = length};
}

static void assert_line(size_t columns, uint64_t size, size_t count, uint32_t changes,
			const char *expected)
{
	const struct hexdump_layout layout = hexdump_layout(size, columns);
	char line[HEXDUMP_LINE_LEN];

	assert_string_equal(hexdump_line(line, &layout, &contents, contents.offset, count, changes),
			    expected);
}

static void test_line(void **state)
{
	(void)state;
	fill(0x10, "Hello, world\n\0\0\0", 16);
	assert_line(0, 4096, 16, 0,
		    "00000010  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 0a 00 00 00  "
		    "|Hello, world....|");
	/* The last one may be shorter, and its text stands where it always does. */
	assert_line(0, 4096, 3, 0,
		    "00000010  48 65 6c                                          |Hel|");
	assert_line(29, 4096, 4, 0, "00000010  48 65 6c 6c  |Hell|");
}

/* Only printable ASCII is shown as it is: no escape, no other encoding. */
static void test_hostile_bytes(void **state)
{
	char all[HEXDUMP_LINE_LEN], line[HEXDUMP_LINE_LEN], byte;

	(void)state;
	for (int i = 0; i < 256; i++) {
		const struct hexdump_layout layout = hexdump_layout(1, 0);

		byte = (char)i;
		fill(0, &byte, 1);
		snprintf(all, sizeof(all), "00000000  %02x%*s|%c|", i, 48, "",
			 i >= 0x20 && i <= 0x7e ? i : '.');
		assert_string_equal(hexdump_line(line, &layout, &contents, 0, 1, 0), all);
	}
}

static void test_changed_bytes_have_a_star(void **state)
{
	(void)state;
	fill(0, "abcdefgh", 8);
	assert_line(46, 4096, 8, 1 | 1 << 3 | 1 << 7,
		    "00000000 *61 62 63*64 65 66 67*68  |abcdefgh|");
}

static void test_changes(void **state)
{
	struct contents *before = calloc(1, sizeof(*before));

	(void)state;
	fill(16, "abcdefgh", 8);
	*before = contents;
	assert_int_equal(hexdump_changes(NULL, &contents, 16, 8), 0);
	assert_int_equal(hexdump_changes(before, &contents, 16, 8), 0);
	contents.bytes[0] = 'A';
	contents.bytes[7] = 'H';
	assert_int_equal(hexdump_changes(before, &contents, 16, 8), 0x81);
	assert_int_equal(hexdump_changes(before, &contents, 17, 7), 0x40);
	/* What was not read before has not changed. */
	before->length = 4;
	assert_int_equal(hexdump_changes(before, &contents, 16, 8), 0x01);
	before->offset = 20;
	memcpy(before->bytes, "efgh", 4);
	assert_int_equal(hexdump_changes(before, &contents, 16, 8), 0x80);
	before->length = 0;
	assert_int_equal(hexdump_changes(before, &contents, 16, 8), 0);
	free(before);
}

static void test_layouts(void **state)
{
	static const struct {
		uint64_t size;
		size_t columns, bytes, digits;
	} cases[] = {
		{4096, 0, 16, 8},
		{4096, 160, 32, 8},
		{4096, 144, 32, 8},
		{4096, 143, 16, 8},
		{4096, 78, 16, 8},
		{4096, 77, 8, 8},
		{4096, 45, 8, 8},
		{4096, 44, 4, 8},
		{4096, 29, 4, 8},
		{4096, 10, 4, 8},
		{UINT64_C(1) << 32, 0, 16, 8},
		{(UINT64_C(1) << 32) + 1, 0, 16, 9},
		{UINT64_MAX, 0, 16, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct hexdump_layout layout =
			hexdump_layout(cases[i].size, cases[i].columns);
		char line[HEXDUMP_LINE_LEN];

		assert_int_equal(layout.bytes, cases[i].bytes);
		assert_int_equal(layout.digits, cases[i].digits);
		/* A line takes no more than it has, but for the least one. */
		fill(0, "0123456789abcdef0123456789abcdef", 32);
		hexdump_line(line, &layout, &contents, 0, layout.bytes, 0);
		if (cases[i].columns >= 29)
			assert_true(strlen(line) <= cases[i].columns);
		assert_int_equal(line[hexdump_digits_at(&layout, 3) + 1], '3');
		assert_int_equal(line[hexdump_character_at(&layout, 3)], '3');
	}
}

/* ---- a stream ------------------------------------------------------------------------------ */

static char *text;
static size_t text_size;
static struct hexdump dump;

static void dump_begin(void)
{
	dump = (struct hexdump){.out = open_memstream(&text, &text_size),
				.layout = hexdump_layout(4096, 0)};
	assert_non_null(dump.out);
}

static void assert_dump(const char *expected)
{
	hexdump_end(&dump);
	fclose(dump.out);
	assert_string_equal(text, expected);
	free(text);
}

#define ZEROS "00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"

static void test_same_lines_are_one_star(void **state)
{
	static const char same[64];

	(void)state;
	dump_begin();
	fill(0, same, 48);
	hexdump_print(&dump, &contents);
	/* Over the border of two pieces, too */
	fill(48, same, 32);
	contents.bytes[31] = 1;
	hexdump_print(&dump, &contents);
	assert_dump("00000000  " ZEROS "*\n"
		    "00000040  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 01  "
		    "|................|\n"
		    "00000050\n");
}

/* A shorter line is never the same. */
static void test_the_last_line(void **state)
{
	static const char same[64];

	(void)state;
	dump_begin();
	fill(0, same, 33);
	hexdump_print(&dump, &contents);
	assert_dump("00000000  " ZEROS "*\n"
		    "00000020  00                                                |.|\n"
		    "00000021\n");
}

static void test_holes(void **state)
{
	static const char none[CONTENTS_MAX];

	(void)state;
	dump_begin();
	fill(0, none, 12288);
	memcpy(contents.bytes, "data", 4);
	add_hole(4096, 8192);
	hexdump_print(&dump, &contents);
	/* Two pieces, one hole */
	fill(12288, none, 8192);
	add_hole(12288, 4096);
	memcpy(contents.bytes + 4096, "more", 4);
	hexdump_print(&dump, &contents);
	assert_dump("00000000  64 61 74 61 00 00 00 00  00 00 00 00 00 00 00 00  "
		    "|data............|\n"
		    "00000010  " ZEROS "*\n"
		    "00001000  (hole: 12288 bytes, 12.0K, never written)\n"
		    "00004000  6d 6f 72 65 00 00 00 00  00 00 00 00 00 00 00 00  "
		    "|more............|\n"
		    "00004010  " ZEROS "*\n"
		    "00005000\n");
}

/* Lines before a hole end with it; those that look the same on its two sides are told on both. */
static void test_holes_and_lines(void **state)
{
	static const char none[CONTENTS_MAX];

	(void)state;
	dump_begin();
	fill(4096 - 24, none, 24 + 4096 + 16);
	add_hole(4096, 4096);
	hexdump_print(&dump, &contents);
	assert_dump("00000fe8  " ZEROS
		    "00000ff8  00 00 00 00 00 00 00 00                           |........|\n"
		    "00001000  (hole: 4096 bytes, 4.00K, never written)\n"
		    "00002000  " ZEROS "00002010\n");
	dump_begin();
	fill(4096 - 16, none, 16 + 4096 + 16);
	add_hole(4096, 4096);
	hexdump_print(&dump, &contents);
	assert_dump("00000ff0  " ZEROS "00001000  (hole: 4096 bytes, 4.00K, never written)\n"
		    "00002000  " ZEROS "00002010\n");
}

static void test_nothing_but_a_hole(void **state)
{
	static const char none[16];

	(void)state;
	dump_begin();
	fill(0, none, 10);
	add_hole(0, 10);
	hexdump_print(&dump, &contents);
	assert_dump("00000000  (hole: 10 bytes never written)\n0000000a\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_changed_bytes_have_a_star),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_same_lines_are_one_star),
		cmocka_unit_test(test_the_last_line),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_holes_and_lines),
		cmocka_unit_test(test_nothing_but_a_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
