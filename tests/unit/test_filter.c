/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter language: what matches, what is refused and where, and 100,000 texts that chance wrote. */
#include "sample.h"

#include <errno.h>
#include <stdio.h>

#include "chance.h"
#include "report/filter.h"

enum { FUZZ_ROUNDS = 100000 };

static int set_up(void **state)
{
	static struct column_context context;

	context = sample_new();
	*state = &context;
	return 0;
}

static int tear_down(void **state)
{
	sample_free(*state);
	return 0;
}

/* The segments of the sample, by place: a bit each */
enum {
	HELD = 1 << 0,   /* 32769 */
	ORPHAN = 1 << 1, /* 65538 */
	DEST = 1 << 2,   /* 0 in the other namespace */
	GONE = 1 << 3,   /* 229383 */
	ALL = HELD | ORPHAN | DEST | GONE,
};

static const int32_t shmids[] = {32769, 65538, 0, 229383};

static void assert_matches(const struct column_context *context, const char *text,
			   unsigned int expected)
{
	struct filter_error error = {0};
	struct filter *filter = NULL;
	unsigned int matched = 0;

	if (filter_parse(text, &filter, &error))
		fail_msg("'%s' at %zu: %s", text, error.position, error.message);
	for (size_t i = 0; i < sizeof(shmids) / sizeof(shmids[0]); i++) {
		if (filter_match(filter, context, sample_segment(context, shmids[i])))
			matched |= 1u << i;
	}
	filter_free(filter);
	if (matched != expected)
		fail_msg("'%s' matched %x, not %x", text, matched, expected);
}

static void expressions_match(void **state)
{
	static const struct {
		const char *text;
		unsigned int matches;
	} cases[] = {
		{"", ALL},
		{" \t", ALL},
		/* each column */
		{"ns=here", HELD | ORPHAN | GONE},
		{"ns=2", DEST},
		{"ns!=here", DEST},
		{"shmid=0", DEST},
		{"id>32769", ORPHAN | GONE},
		{"key=0x52010203", HELD},
		{"key=5678", DEST},
		{"key=0", ORPHAN | GONE},
		{"owner=4000000001", HELD},
		{"user!=4000000001", ORPHAN | GONE | DEST},
		{"perm=600", HELD | GONE},
		{"perm=0600", HELD | GONE},
		{"perm>=640", ORPHAN | DEST},
		{"size>1G", HELD},
		{"size=64M", ORPHAN},
		{"size=4097", GONE},
		{"size=4K", 0},
		{"size<=64KiB", DEST | GONE},
		{"rss>=4096", HELD | DEST},
		{"swap=4K", HELD},
		{"nattch=0", ORPHAN | GONE},
		{"att>0", HELD | DEST},
		{"holders=2", HELD},
		{"holders~1022", HELD},
		{"holders~POSTGRES", HELD},
		{"holders~102", 0},
		{"holders=0", ORPHAN | GONE},
		{"creator=postgres", HELD},
		{"creator=Postgres", 0},
		{"creator~POSTG", HELD},
		{"creator~1021", HELD},
		{"comm~tst", GONE},
		{"comm!~tst", HELD | ORPHAN},
		{"last~x1b", HELD},
		{"age>1d", HELD | ORPHAN},
		{"age<90s", GONE},
		{"age=90", DEST},
		{"idle<=2s", HELD | GONE},
		{"idle>1.5s", HELD | ORPHAN | DEST},
		{"idle>1h", ORPHAN},
		{"flag=dest", DEST | GONE},
		{"flags=D", DEST | GONE},
		{"flag~LOCKED", DEST},
		{"flag!=dest", HELD | ORPHAN},
		{"flag!~leak", HELD | DEST | GONE},
		{"flag=leak", ORPHAN},
		{"flag=!", ORPHAN},
		{"flag=new", 0},
		{"flag=gone", GONE},
		{"flag=noreserve", GONE},
		{"flag=hugetlb", 0},
		{"command~'-D /data'", HELD},
		{"command=\"/usr/bin/postgres -D /data\"", HELD},
		{"ctime=1714564981", DEST},
		{"atime>=1714565069", HELD},
		{"dtime=0", HELD | DEST},
		{"drift=1", DEST},
		{"drift>-1", ALL},
		{"drift=-1", 0},
		{"verdict=orphan", ORPHAN},
		{"verdict=in-use", HELD},
		{"verdict=dest", DEST},
		{"verdict=gone", GONE},
		{"verdict!=orphan", HELD | DEST | GONE},
		{"verdict~use", HELD},
		{"verdict=idle or verdict=new or verdict=failed-removal", 0},
		{"exe=/usr/bin/postgres", HELD},
		{"exe~tst", GONE},
		{"not exe~''", ORPHAN | DEST},
		{"cgroup~postgresql", HELD},
		{"not cgroup~''", ORPHAN | DEST | GONE},
		/* unknown satisfies nothing */
		{"rss<1 or rss>=1", HELD | DEST},
		{"rss!=1", HELD | DEST},
		{"rss!~x", HELD | DEST},
		{"creator!=x", HELD | ORPHAN | GONE},
		{"holders=1 or holders!=1", HELD | ORPHAN | GONE},
		/* words */
		{"postgres", HELD},
		{"POSTGRES", HELD},
		{"'-D /data'", HELD},
		{"0x0000162E", DEST},
		{"9912", ORPHAN},
		{"here", HELD | ORPHAN | GONE},
		{"1022", HELD},
		{"sizes", 0},
		{"'and'", 0},
		/* how they join */
		{"size>1G and owner=4000000001", HELD},
		{"size>1G or nattch=0", HELD | ORPHAN | GONE},
		{"nattch=0 and idle>1h or size>1G", HELD | ORPHAN},
		{"nattch=0 and (idle>1h or size>1G)", ORPHAN},
		{"not nattch=0", HELD | DEST},
		{"not not nattch=0", ORPHAN | GONE},
		{"not nattch=0 and shmid=0", DEST},
		{"not (nattch=0 or shmid=0)", HELD},
		{"NOT nattch=0 AND shmid=0 OR postgres", HELD | DEST},
		{"shmid=0 or shmid=32769 or shmid=65538", HELD | ORPHAN | DEST},
		{"((shmid=0))", DEST},
		{"(nattch=0)and(shmid>0)", ORPHAN | GONE},
		/* blanks and quotes */
		{"  size  >  1G  ", HELD},
		{"owner='4000000001'", HELD},
		{"command=''", 0},
		{"command='(x'", 0},
		{"command~a=b", 0},
		{"size!=8G and size!=64M", DEST | GONE},
		{"order", 0},
		{"notes", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_matches(*state, cases[i].text, cases[i].matches);
}

/* A cell is shorter than a command line may be. */
static void whole_texts_are_searched(void **state)
{
	char text[COLUMN_CELL_LEN + 16];
	struct process creator = {.pid = 1, .cmdline = text};
	const struct segment segment = {.creator = &creator};
	static const char *const expressions[] = {"command~end", "END"};

	memset(text, 'x', sizeof(text));
	strcpy(text + sizeof(text) - 4, "End");
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		struct filter_error error;
		struct filter *filter;

		assert_int_equal(filter_parse(expressions[i], &filter, &error), 0);
		assert_true(filter_match(filter, *state, &segment));
		filter_free(filter);
	}
}

static void errors_tell_where_and_what(void **state)
{
	static const struct {
		const char *text;
		size_t position;
		const char *message; /* a part of it */
	} cases[] = {
		{"sise>1G", 0,
		 "unknown column 'sise'; known: ns, shmid, key, owner, perm, size, rss, swap, "
		 "nattch, holders, creator, last, age, idle, flags, command, ctime, atime, dtime, "
		 "drift, verdict, exe, cgroup, site"},
		{"size>1G and foo=1", 12, "unknown column 'foo'"},
		{"\x1b[2J=1", 0, "unknown column '\\x1b[2J'"},
		{"size>", 5, "size> wants a size like 4096, 64K or 1.5G"},
		{"size> )", 6, "size> wants a size"},
		{"size>big", 5, "size wants a size like 4096, 64K or 1.5G, not 'big'"},
		{"size=''", 5, "size wants a size like 4096, 64K or 1.5G, not ''"},
		{"nattch=x", 7, "nattch wants a number, decimal or 0x..., not 'x'"},
		{"nattch=1.5", 7, "nattch wants a number"},
		{"drift=--1", 6, "drift wants a number"},
		{"shmid=99999999999999999999", 6, "shmid wants a number"},
		{"idle>1x", 5, "idle wants a time like 90, 5m, 1h or 3d, not '1x'"},
		{"flag=dead", 5,
		 "flags wants dest, locked, hugetlb, noreserve, leak, new or gone, not 'dead'"},
		{"verdict=leak", 8,
		 "verdict wants in-use, new, dest, idle, mailbox, orphan, growing, dest-pinned, "
		 "failed-removal, attach-leak or gone, not 'leak'"},
		{"verdict>=new", 7, "verdict has no order: use = != ~ !~"},
		{"flag>dest", 4, "flags has no order: use = != ~ !~"},
		{"owner <= root", 6, "owner has no order: use = != ~ !~"},
		{"(size>1G", 0, "this '(' has no ')'"},
		{"size>1G)", 7, "this ')' has no '('"},
		{"()", 1, "a comparison or a word is missing in front of ')'"},
		{"size>1G and", 11, "a comparison or a word is missing at the end"},
		{"not", 3, "a comparison or a word is missing at the end"},
		{"and size>1G", 0, "a comparison or a word is missing in front of 'and'"},
		{"a and or b", 6, "a comparison or a word is missing in front of 'or'"},
		{">1G", 0, "a comparison or a word is missing in front of '>'"},
		{"size>1G nattch=0", 8, "'and' or 'or' is missing here"},
		{"owner=a b", 8, "'and' or 'or' is missing here"},
		{"a!b", 1, "'and' or 'or' is missing here"},
		{"command='x", 8, "this quote has no end"},
		{"\"x", 0, "this quote has no end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter_error error = {0};
		struct filter *filter = NULL;

		if (filter_parse(cases[i].text, &filter, &error) != -EINVAL)
			fail_msg("'%s' was taken", cases[i].text);
		assert_null(filter);
		if (error.position != cases[i].position ||
		    strncmp(error.message, cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("'%s' at %zu: %s", cases[i].text, error.position, error.message);
	}
}

/* "(((x)))": `depth` times */
static char *nested(size_t depth)
{
	char *text = calloc(1, 2 * depth + 2);

	assert_non_null(text);
	memset(text, '(', depth);
	text[depth] = 'x';
	memset(text + depth + 1, ')', depth);
	return text;
}

static void size_and_depth_have_limits(void **state)
{
	struct filter_error error;
	struct filter *filter;
	char *text = nested(63);
	char *chain;

	assert_int_equal(filter_parse(text, &filter, &error), 0);
	filter_free(filter);
	free(text);
	text = nested(64);
	assert_int_equal(filter_parse(text, &filter, &error), -EINVAL);
	assert_int_equal(error.position, 64);
	assert_string_equal(error.message, "nested deeper than 64");
	free(text);

	chain = calloc(1, 5000);
	assert_non_null(chain);
	while (strlen(chain) < 4090)
		strcat(chain, chain[0] ? " or q" : "q");
	assert_matches(*state, chain, 0);
	strcat(chain, " or shmid=0");
	assert_int_equal(filter_parse(chain, &filter, &error), -EINVAL);
	assert_int_equal(error.position, 4096);
	assert_string_equal(error.message, "longer than 4096 bytes");
	free(chain);
	filter_free(NULL);
}

static void chance_breaks_nothing(void **state)
{
	static const char sample[] =
		"nattch=0 and (idle>1h or not size>=1.5G) or comm~'php x' and flag!=dest or foo";
	static const char likely[] = "()'\"=!<>~ \tandortsize019kGhflag";
	struct chance chance = {.state = 20240501};
	const struct segment *segment = sample_segment(*state, 32769);
	char text[sizeof(sample) + 64];
	size_t taken = 0, refused = 0;

	for (int round = 0; round < FUZZ_ROUNDS; round++) {
		struct filter_error error = {.position = SIZE_MAX};
		struct filter *filter = NULL;
		size_t length = chance_input(&chance, text, sample, sizeof(sample) - 1, likely,
					     sizeof(likely) - 1);

		text[length] = '\0';
		if (filter_parse(text, &filter, &error) == 0) {
			taken++;
			filter_match(filter, *state, segment);
			filter_free(filter);
		} else {
			refused++;
			assert_null(filter);
			assert_true(error.position <= strlen(text));
			assert_true(error.message[0]);
		}
	}
	assert_true(taken > FUZZ_ROUNDS / 100);
	assert_true(refused > FUZZ_ROUNDS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_match),
		cmocka_unit_test(whole_texts_are_searched),
		cmocka_unit_test(errors_tell_where_and_what),
		cmocka_unit_test(size_and_depth_have_limits),
		cmocka_unit_test(chance_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
