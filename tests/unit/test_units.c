/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

#include "base/units.h"

struct shown {
	uint64_t value;
	const char *text;
};

struct parsed {
	const char *text;
	int result;
	uint64_t value;
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define KIB          UINT64_C(1024)
#define MIB          (1024 * KIB)
#define GIB          (1024 * MIB)
#define EIB          (1024 * 1024 * 1024 * GIB)
#define SECOND       UINT64_C(1000000000)
#define DAY          UINT64_C(86400)

static void test_size(void **state)
{
	static const struct shown cases[] = {
		{0, "0"},
		{1, "1"},
		{1023, "1023"},
		{1024, "1.00K"},
		{1536, "1.50K"},
		{10 * KIB - 1, "9.99K"},
		{10 * KIB, "10.0K"},
		{100 * KIB - 1, "99.9K"},
		{100 * KIB, "100K"},
		{MIB - 1, "1023K"},
		{MIB, "1.00M"},
		{64 * MIB, "64.0M"},
		{512 * MIB, "512M"},
		{8 * GIB, "8.00G"},
		{EIB - 1, "1023P"},
		{EIB, "1.00E"},
		{UINT64_MAX, "15.9E"},
	};
	char out[UNITS_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(units_size(out, cases[i].value), cases[i].text);
		assert_true(strlen(out) <= 5);
	}
}

static void test_age(void **state)
{
	static const struct shown cases[] = {
		{0, "0s"},
		{59, "59s"},
		{60, "1m"},
		{3599, "59m"},
		{3600, "1h"},
		{DAY - 1, "23h"},
		{DAY, "1d00h"},
		{3 * DAY + 2 * 3600, "3d02h"},
		{10 * DAY - 1, "9d23h"},
		{10 * DAY, "10d"},
		{41 * DAY, "41d"},
		{1000 * DAY - 1, "999d"},
		{1000 * DAY, "2y"},
		{365 * 10 * DAY, "9y"},
		{UINT64_MAX, "9999y"},
	};
	char out[UNITS_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(units_age(out, cases[i].value), cases[i].text);
		assert_true(strlen(out) <= 5);
	}
}

static void test_duration(void **state)
{
	static const struct shown cases[] = {
		{0, "0ns"},
		{850, "850ns"},
		{999, "999ns"},
		{1000, "1.00us"},
		{12345, "12.3us"},
		{999999, "999us"},
		{4567890, "4.56ms"},
		{SECOND - 1, "999ms"},
		{SECOND, "1.00s"},
		{61 * SECOND, "61.0s"},
		{3600 * SECOND, "3600s"},
		{UINT64_MAX, "18446744073s"},
	};
	char out[UNITS_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(units_duration(out, cases[i].value), cases[i].text);
}

static void parses(int (*parse)(const char *, uint64_t *), const struct parsed *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 12345;

		if (parse(cases[i].text, &value) != cases[i].result)
			fail_msg("'%s'", cases[i].text);
		if (value != (cases[i].result ? 12345 : cases[i].value))
			fail_msg("'%s' is %ju", cases[i].text, (uintmax_t)value);
	}
}

static void test_parse_size(void **state)
{
	static const struct parsed cases[] = {
		{"0", 0, 0},
		{"4096", 0, 4096},
		{"4096b", 0, 4096},
		{"1k", 0, KIB},
		{"1kb", 0, KIB},
		{"64KiB", 0, 64 * KIB},
		{"1.5M", 0, MIB + 512 * KIB},
		{"1G", 0, GIB},
		{"0.001K", 0, 1},
		{"0.1234567891234567891234567G", 0, 132560717},
		{"15.5E", 0, 15 * EIB + EIB / 2},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"16E", -ERANGE, 0},
		{"99999999999999999999G", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"G", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"1.", -EINVAL, 0},
		{".G", -EINVAL, 0},
		{".", -EINVAL, 0},
		{".5G", 0, 512 << 20},
		{"1.2.3G", -EINVAL, 0},
		{"1iB", -EINVAL, 0},
		{"1GG", -EINVAL, 0},
		{"1Gi", -EINVAL, 0},
		{"1s", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
	};

	(void)state;
	parses(units_parse_size, cases, COUNT(cases));
}

static void test_parse_duration(void **state)
{
	static const struct parsed cases[] = {
		{"0", 0, 0},
		{"90", 0, 90 * SECOND},
		{"1.5", 0, 3 * SECOND / 2},
		{"0.000000001", 0, 1},
		{"90s", 0, 90 * SECOND},
		{"5m", 0, 300 * SECOND},
		{"1h", 0, 3600 * SECOND},
		{"3d", 0, 3 * DAY * SECOND},
		{"200ms", 0, SECOND / 5},
		{"5us", 0, 5000},
		{"7ns", 0, 7},
		{"584y", -EINVAL, 0},
		{"18446744073", 0, 18446744073 * SECOND},
		{"18446744074", -ERANGE, 0},
		{"300000d", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1m30s", -EINVAL, 0},
		{"abc", -EINVAL, 0},
		{"inf", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
	};

	(void)state;
	parses(units_parse_duration, cases, COUNT(cases));
}

static int parse_int32(const char *text, uint64_t *value)
{
	return units_parse_number(text, INT32_MAX, value);
}

static int parse_any(const char *text, uint64_t *value)
{
	return units_parse_number(text, UINT64_MAX, value);
}

static void test_parse_number(void **state)
{
	static const struct parsed any[] = {
		{"0", 0, 0},
		{"007", 0, 7},
		{"0xff", 0, 255},
		{"0XfF", 0, 255},
		{"18446744073709551615", 0, UINT64_MAX},
		{"0xffffffffffffffff", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"0x10000000000000000", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"x1", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"ff", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"99999999999999999999z", -EINVAL, 0},
	};
	static const struct parsed int32[] = {
		{"2147483647", 0, INT32_MAX},
		{"2147483648", -ERANGE, 0},
	};

	(void)state;
	parses(parse_any, any, COUNT(any));
	parses(parse_int32, int32, COUNT(int32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),           cmocka_unit_test(test_age),
		cmocka_unit_test(test_duration),       cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_parse_duration), cmocka_unit_test(test_parse_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
