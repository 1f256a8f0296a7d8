/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

#include "base/text.h"

struct text_case {
	const char *source;
	const char *safe;
};

static void safe_is(const char *source, size_t length, const char *wanted)
{
	char out[512];
	size_t written = text_safe(out, sizeof(out), source, length);

	assert_string_equal(out, wanted);
	assert_int_equal(written, strlen(wanted));
}

static void test_keeps(void **state)
{
	static const char *const kept[] = {
		"",
		"postgres",
		" two  blanks ",
		"back\\slash and 'quotes\"",
		"caf\xc3\xa9",                  /* two bytes */
		"\xc2\xa0\xe2\x82\xac",         /* the first printable one, the euro */
		"\xe6\xbc\xa2\xe5\xad\x97",     /* wide */
		"\xf0\x9f\x90\x98",             /* four bytes */
		"e\xcc\x81",                    /* combining */
		"\xef\xbf\xbd\xf0\xbf\xbf\xbd", /* U+FFFD, U+3FFFD: the last before the line */
		"\xed\x9f\xbb\xef\xa4\x80",     /* around surrogates and private use */
		"\xe2\x80\xa7\xe2\x80\xaf",     /* around the separators and bidi controls */
		"\xe2\x80\x8a\xe2\x80\x90",     /* around U+200B-200F */
		"~\xc2\xac\xc2\xae",
		"\xe0\xa0\x80\xf0\x90\x80\x80", /* the shortest forms of their lengths */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		safe_is(kept[i], strlen(kept[i]), kept[i]);
}

static void test_escapes(void **state)
{
	static const struct text_case cases[] = {
		{"a\nb", "a\\x0ab"},
		{"\x01\x1b[2J\x1f\x7f", "\\x01\\x1b[2J\\x1f\\x7f"},
		{"\xc2\x80\xc2\x9b\xc2\x9f", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f"}, /* C1 */
		{"\xc2\xad", "\\xc2\\xad"},                                     /* soft hyphen */
		{"\xe2\x80\x8b", "\\xe2\\x80\\x8b"},                            /* zero width */
		{"\xe2\x80\x8f", "\\xe2\\x80\\x8f"},                            /* U+200F */
		{"\xe2\x80\xae"
		 "abc",
		 "\\xe2\\x80\\xae"
		 "abc"},                                                        /* U+202E */
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},                            /* U+2028 */
		{"\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"}, /* U+2066, 69 */
		{"\xd8\x9c", "\\xd8\\x9c"},                                     /* U+061C */
		{"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},                            /* U+FEFF */
		{"\xef\xb8\x8f", "\\xef\\xb8\\x8f"},                            /* U+FE0F */
		{"\xe3\x85\xa4", "\\xe3\\x85\\xa4"},                            /* filler */
		{"\xee\x80\x80\xef\xa3\xbf", "\\xee\\x80\\x80\\xef\\xa3\\xbf"}, /* private */
		{"\xef\xb7\x90\xef\xbf\xbe", "\\xef\\xb7\\x90\\xef\\xbf\\xbe"}, /* none */
		{"\xf0\x9f\xbf\xbf", "\\xf0\\x9f\\xbf\\xbf"},                   /* U+1FFFF */
		{"\xf1\x80\x80\x80", "\\xf1\\x80\\x80\\x80"},                   /* U+40000 */
		{"\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"},                   /* tag */
		{"\xf4\x8f\xbf\xbf", "\\xf4\\x8f\\xbf\\xbf"},                   /* U+10FFFF */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		safe_is(cases[i].source, strlen(cases[i].source), cases[i].safe);
}

static void test_invalid_bytes(void **state)
{
	static const struct text_case cases[] = {
		{"\x80", "\\x80"}, /* continuation alone */
		{"\xff\xfe"
		 "a",
		 "\\xff\\xfe"
		 "a"},
		{"\xc3", "\\xc3"}, /* ends too early */
		{"\xc3"
		 "a",
		 "\\xc3"
		 "a"},
		{"\xe2\x82", "\\xe2\\x82"},
		{"\xe2\x82\xc3\xa9", "\\xe2\\x82\xc3\xa9"}, /* takes up again at once */
		{"\xc0\xaf", "\\xc0\\xaf"},                 /* overlong */
		{"\xc1\xbf", "\\xc1\\xbf"},
		{"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
		{"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
		{"\xed\xa0\x80\xed\xbf\xbf", "\\xed\\xa0\\x80\\xed\\xbf\\xbf"}, /* surrogates */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},                   /* above U+10FFFF */
		{"\xf8\xb0\x80\x80", "\\xf8\\xb0\\x80\\x80"},                   /* no such length */
		{"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		safe_is(cases[i].source, strlen(cases[i].source), cases[i].safe);
}

/* The source has no terminator of its own: a sanitizer sees a read behind its end. */
static void test_length(void **state)
{
	char *source = malloc(4);

	(void)state;
	assert_non_null(source);
	memcpy(source, "ab\xe2\x82", 4);
	safe_is(source, 4, "ab\\xe2\\x82");
	safe_is(source, 1, "a");
	safe_is(source, 0, "");
	memcpy(source, "a\0bc", 4);
	safe_is(source, 4, "a");
	free(source);
}

/* Every capacity gives the longest whole part that fits, and nothing behind it is touched. */
static void test_capacity(void **state)
{
	static const char source[] = "a\xc3\xa9\n\xe2\x80\x8b";
	static const char wanted[] = "a\xc3\xa9\\x0a\\xe2\\x80\\x8b";
	static const size_t ends[] = {0, 1, 3, 7, 19};

	(void)state;
	for (size_t capacity = 1; capacity <= sizeof(wanted); capacity++) {
		char *out = malloc(capacity);
		size_t fits = 0;

		assert_non_null(out);
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			if (ends[i] < capacity)
				fits = ends[i];
		}
		assert_int_equal(text_safe(out, capacity, source, strlen(source)), fits);
		assert_memory_equal(out, wanted, fits);
		assert_int_equal(out[fits], '\0');
		free(out);
	}
}

static void words_are(const char *source, size_t length, const char *wanted)
{
	char out[64];

	assert_int_equal(text_safe_words(out, sizeof(out), source, length), strlen(wanted));
	assert_string_equal(out, wanted);
}

static void test_words(void **state)
{
	(void)state;
	words_are("", 0, "");
	words_are("\0\0", 2, "");
	words_are("cat\0", 4, "cat");
	words_are("cat", 3, "cat");
	words_are("cat\0-n\0a b\0", 11, "cat -n a b");
	words_are("a\0\0\0b\0", 6, "a b");
	words_are("title\0\0\0\0", 9, "title");
	words_are("a\nb\0\x1b\0", 6, "a\\x0ab \\x1b");
}

static void test_words_capacity(void **state)
{
	static const char *const wanted[] = {"",    "a",   "a",   "a b",      "a b",
					     "a b", "a b", "a b", "a b \\x0a"};
	char out[16];

	(void)state;
	for (size_t capacity = 1; capacity <= sizeof(wanted) / sizeof(wanted[0]); capacity++) {
		size_t written = text_safe_words(out, capacity, "a\0b\0\n\0", 6);

		assert_string_equal(out, wanted[capacity - 1]);
		assert_int_equal(written, strlen(out));
	}
	/* A short word does not slip in behind a cut one. */
	text_safe_words(out, 4, "a\0long\0b\0", 9);
	assert_string_equal(out, "a l");
}

static void widths(void)
{
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("shmtop"), 6);
	assert_int_equal(text_width("caf\xc3\xa9"), 4);
	assert_int_equal(text_width("cafe\xcc\x81"), 4);             /* combining */
	assert_int_equal(text_width("\xe6\xbc\xa2\xe5\xad\x97"), 4); /* wide */
	assert_int_equal(text_width("\xf0\x9f\x90\x98!"), 3);        /* an elephant */
	assert_int_equal(text_width("\xef\xbc\xa1"), 2);             /* fullwidth */
	assert_int_equal(text_width("\xef\xbd\xb1"), 1);             /* halfwidth */
	assert_int_equal(text_width("\xe1\x84\x80\xe1\x85\xa1"), 2); /* conjoining jamo */
	assert_int_equal(text_width("\xe2\x94\x80\xe2\x96\x88"), 2); /* line drawing */
}

static void test_width(void **state)
{
	(void)state;
	widths();
	/* The locale makes no difference; where there is no such locale, nothing is shown by this. */
	if (setlocale(LC_ALL, "C.UTF-8"))
		widths();
	setlocale(LC_ALL, "C");
}

static void test_prefix(void **state)
{
	static const char text[] = "a\xe6\xbc\xa2"
				   "e\xcc\x81"
				   "b";
	static const size_t bytes[] = {0, 1, 1, 4, 7, 8, 8};

	(void)state;
	for (size_t columns = 0; columns < sizeof(bytes) / sizeof(bytes[0]); columns++)
		assert_int_equal(text_prefix(text, columns), bytes[columns]);
}

static void test_fold(void **state)
{
	static const struct {
		const char *text;
		size_t columns, length;
	} cases[] = {
		{"all of it", 9, 9}, {"all of it", 8, 6},      {"all of it", 6, 6},
		{"all of it", 5, 3}, {"A|B|C", 3, 2},          {"A|B C", 4, 3},
		{"unbroken", 3, 3},  {"\xe6\xbc\xa2 x", 2, 3}, {"", 5, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(text_fold(cases[i].text, cases[i].columns), cases[i].length);
}

/* Whatever comes in: the result is UTF-8 that text_safe() leaves as it is, within its bounds. */
static void test_chance(void **state)
{
	unsigned int seed = 1;
	char source[24], out[64], again[64];

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t length = (size_t)(rand_r(&seed) % (int)sizeof(source));
		size_t capacity = 1 + (size_t)(rand_r(&seed) % (int)sizeof(out));
		size_t written;

		for (size_t i = 0; i < length; i++)
			source[i] = (char)(rand_r(&seed) >> 8);
		written = text_safe(out, capacity, source, length);
		assert_true(written < capacity);
		assert_int_equal(out[written], '\0');
		assert_int_equal(text_safe(again, sizeof(again), out, written), written);
		assert_memory_equal(out, again, written);
		assert_true(text_width(out) <= written);
		assert_int_equal(text_prefix(out, text_width(out)), written);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps),          cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_invalid_bytes),  cmocka_unit_test(test_length),
		cmocka_unit_test(test_capacity),       cmocka_unit_test(test_words),
		cmocka_unit_test(test_words_capacity), cmocka_unit_test(test_width),
		cmocka_unit_test(test_prefix),         cmocka_unit_test(test_fold),
		cmocka_unit_test(test_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
