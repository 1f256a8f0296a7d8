/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a text is found. */
#include "tests/tap.h"

#include "ui/search.h"

static void texts_are_found(void **state)
{
	static const struct {
		const char *pattern, *text;
		size_t at;
	} cases[] = {
		{"php", "9912+php-fpm", 5},
		{"php", "9912+PHP-fpm", 5},
		{"PHP", "9912+php-fpm", SEARCH_NONE},
		{"Php", "xPhp", 1},
		{"aab", "aaab", 1},
		{"", "abc", SEARCH_NONE},
		{"abc", "", SEARCH_NONE},
		{"abcd", "abc", SEARCH_NONE},
		{"c", "abc", 2},
		{"日本", "--日本語", 2},
		{"über", "Über", SEARCH_NONE},
		{"a b", "A B", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(search_find(cases[i].pattern, cases[i].text), cases[i].at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
