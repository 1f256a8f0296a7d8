/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns: names, cells, values, order, selection. */
#include "sample.h"

#include <errno.h>
#include <stdio.h>

#include "report/owner.h"
#include "report/report.h"

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

static void assert_cell(const struct column_context *context, int32_t shmid, enum column_id column,
			const char *expected)
{
	const struct segment *segment = sample_segment(context, shmid);
	char cell[COLUMN_CELL_LEN];

	assert_ptr_equal(column_cell(column, context, segment, cell), cell);
	assert_string_equal(cell, expected);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void table_is_whole_and_names_match_it(void **state)
{
	char names[1024] = "";

	(void)state;
	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		const struct column *column = &column_table[i];

		assert_non_null(column->name);
		assert_non_null(column->title);
		assert_non_null(column->help);
		assert_non_null(column->value);
		assert_true(column->width >= strlen(column->title));
		assert_int_equal(column_by_name(column->name, strlen(column->name)), i);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? ", " : "", column->name);
	}
	assert_string_equal(column_names(), names);
}

static void names_are_found(void **state)
{
	(void)state;
	assert_int_equal(column_by_name("att", 3), COLUMN_NATTCH);
	assert_int_equal(column_by_name("user", 4), COLUMN_OWNER);
	assert_int_equal(column_by_name("id", 2), COLUMN_SHMID);
	assert_int_equal(column_by_name("comm", 4), COLUMN_CREATOR);
	assert_int_equal(column_by_name("flag", 4), COLUMN_FLAGS);
	assert_int_equal(column_by_name("SiZe", 4), COLUMN_SIZE);
	assert_int_equal(column_by_name("size>1", 4), COLUMN_SIZE);
	assert_int_equal(column_by_name("siz", 3), COLUMNS_COUNT);
	assert_int_equal(column_by_name("", 0), COLUMNS_COUNT);
}

static void lists_are_parsed(void **state)
{
	enum column_id ids[COLUMNS_COUNT];
	char bad[COLUMN_CELL_LEN];
	char many[1024] = "size";
	size_t count;

	(void)state;
	assert_int_equal(column_parse_list(" shmid, key ,RSS", ids, &count, bad), 0);
	assert_int_equal(count, 3);
	assert_int_equal(ids[0], COLUMN_SHMID);
	assert_int_equal(ids[1], COLUMN_KEY);
	assert_int_equal(ids[2], COLUMN_RSS);
	for (int i = 0; i < 100; i++)
		strcat(many, ",size");
	assert_int_equal(column_parse_list(many, ids, &count, bad), 0);
	assert_int_equal(count, 1);
	assert_int_equal(column_parse_list("shmid,\x1b[31m,key", ids, &count, bad), -EINVAL);
	assert_string_equal(bad, "\\x1b[31m");
	assert_int_equal(column_parse_list("shmid,", ids, &count, bad), -EINVAL);
	assert_string_equal(bad, "");
	assert_int_equal(column_parse_list("shmid key", ids, &count, bad), -EINVAL);
	assert_string_equal(bad, "key");
	assert_int_equal(column_parse_list("", ids, &count, bad), -EINVAL);
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void namespaces_have_names(void **state)
{
	struct column_context context = {.own_ipcns = 7};
	char out[COLUMN_CELL_LEN];

	(void)state;
	assert_string_equal(column_ns_name(&context, 4026531839u, out), "host");
	assert_string_equal(column_ns_name(&context, 7, out), "here");
	assert_string_equal(column_ns_name(&context, 4026532210u, out), "4026532210");
	/* On the machine itself both names would do. */
	context.own_ipcns = 4026531839u;
	assert_string_equal(column_ns_name(&context, 4026531839u, out), "host");
}

static void cells_for_people(void **state)
{
	static const struct {
		int32_t shmid;
		enum column_id column;
		const char *cell;
	} cases[] = {
		{32769, COLUMN_NS, "here"},
		{0, COLUMN_NS, "2"},
		{32769, COLUMN_SHMID, "32769"},
		{0, COLUMN_SHMID, "0"},
		{32769, COLUMN_KEY, "0x52010203"},
		{65538, COLUMN_KEY, "-"},
		{0, COLUMN_KEY, "0x0000162e"},
		{32769, COLUMN_OWNER, "4000000001"},
		{32769, COLUMN_PERM, "0600"},
		{0, COLUMN_PERM, "0666"},
		{32769, COLUMN_SIZE, "8.00G"},
		{229383, COLUMN_SIZE, "4.00K"},
		{32769, COLUMN_RSS, "7.00G"},
		{65538, COLUMN_RSS, "-"},
		{32769, COLUMN_SWAP, "4.00K"},
		{0, COLUMN_SWAP, "0"},
		{65538, COLUMN_SWAP, "-"},
		{32769, COLUMN_NATTCH, "3"},
		{65538, COLUMN_NATTCH, "0"},
		{32769, COLUMN_HOLDERS, "1021 1022"},
		{65538, COLUMN_HOLDERS, ""},
		{0, COLUMN_HOLDERS, "-"},
		{32769, COLUMN_CREATOR, "1021 postgres"},
		{65538, COLUMN_CREATOR, "9912+"},
		{229383, COLUMN_CREATOR, "7713+tst"},
		{0, COLUMN_CREATOR, "-"},
		{32769, COLUMN_LAST, "1022 tst\\x1b[31m"},
		{32769, COLUMN_AGE, "41d"},
		{65538, COLUMN_AGE, "3d00h"},
		{229383, COLUMN_AGE, "3s"}, /* it lived that long */
		{32769, COLUMN_IDLE, "2s"},
		{65538, COLUMN_IDLE, "3d00h"},
		{32769, COLUMN_FLAGS, ""},
		{65538, COLUMN_FLAGS, "!"},
		{0, COLUMN_FLAGS, "DL"},
		{229383, COLUMN_FLAGS, "DNx"},
		{32769, COLUMN_COMMAND, "/usr/bin/postgres -D /data"},
		{65538, COLUMN_COMMAND, "-"},
		{0, COLUMN_CTIME, "2024-05-01 12:03:01"},
		{32769, COLUMN_ATIME, "2024-05-01 12:04:29"},
		{32769, COLUMN_DTIME, "never"},
		{32769, COLUMN_DRIFT, "0"},
		{0, COLUMN_DRIFT, "1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_cell(*state, cases[i].shmid, cases[i].column, cases[i].cell);
}

static void cells_for_scripts(void **state)
{
	struct column_context context = *(struct column_context *)*state;

	context.bytes = true;
	assert_cell(&context, 32769, COLUMN_SIZE, "8589934592");
	assert_cell(&context, 65538, COLUMN_RSS, "-");
	assert_cell(&context, 65538, COLUMN_AGE, "259200");
	assert_cell(&context, 32769, COLUMN_IDLE, "2");
	assert_cell(&context, 32769, COLUMN_DTIME, "0");
	assert_cell(&context, 0, COLUMN_CTIME, "1714564981");
}

static void owners_have_names(void **state)
{
	struct column_context context = *(struct column_context *)*state;
	struct owner_names *names;
	struct segment segment = {.facts = {.known = FACT_COL_UID, .uid = 0}};
	char cell[COLUMN_CELL_LEN];

	assert_int_equal(owner_names_new(&names), 0);
	context.owners = names;
	assert_string_equal(column_cell(COLUMN_OWNER, &context, &segment, cell), "root");
	assert_cell(&context, 32769, COLUMN_OWNER, "4000000001");
	segment.facts.known = 0;
	assert_string_equal(column_cell(COLUMN_OWNER, &context, &segment, cell), "-");
	owner_names_free(names);
}

static void long_texts_are_cut_between_characters(void **state)
{
	char text[COLUMN_CELL_LEN + 2];
	struct process creator = {.pid = 1, .cmdline = text};
	struct segment segment = {.creator = &creator};
	char cell[COLUMN_CELL_LEN];

	memset(text, 'x', sizeof(text));
	text[COLUMN_CELL_LEN - 1] = '\0';
	column_cell(COLUMN_COMMAND, *state, &segment, cell);
	assert_string_equal(cell, text);
	text[COLUMN_CELL_LEN - 1] = 'x';
	memcpy(text + COLUMN_CELL_LEN - 4, "\xe6\xbc\xa2yy", 6);
	column_cell(COLUMN_COMMAND, *state, &segment, cell);
	assert_int_equal(strlen(cell), COLUMN_CELL_LEN - 3);
	assert_string_equal(cell + COLUMN_CELL_LEN - 5, "x~");
}

static void many_holders_are_counted(void **state)
{
	enum { HOLDERS = 5, MAPPINGS = 12 };
	struct process processes[HOLDERS];
	struct holder holders[HOLDERS];
	struct mapping mappings[MAPPINGS] = {0};
	struct segment segment = {.facts = {.known = FACT_COL_NATTCH}, .mappings = mappings};
	struct column_value value;
	char cell[COLUMN_CELL_LEN];

	for (int i = 0; i < HOLDERS; i++) {
		processes[i] = (struct process){.pid = 10 + i};
		holders[i] = (struct holder){.mm = (uint64_t)i + 1, .process = &processes[i]};
	}
	/* one pid, two address spaces */
	processes[4].pid = 10;
	for (int i = 0; i < MAPPINGS; i++) {
		mappings[i].holder = &holders[i * 7 % HOLDERS];
		mappings[i].segment_next = i + 1 < MAPPINGS ? &mappings[i + 1] : NULL;
	}
	column_cell(COLUMN_HOLDERS, *state, &segment, cell);
	assert_string_equal(cell, "10 10 11 +2");
	column_table[COLUMN_HOLDERS].value(*state, &segment, &value);
	assert_int_equal(value.type, COLUMN_NUMBER);
	assert_int_equal(value.number, HOLDERS);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void values_never_leave_their_range(void **state)
{
	struct column_context context = *(struct column_context *)*state;
	struct segment segment = {.facts = {.known = FACT_COL_SIZE | FACT_COL_CTIME,
					    .size = UINT64_MAX,
					    .ctime = INT64_MIN / 4}};
	struct column_value value;

	column_table[COLUMN_SIZE].value(&context, &segment, &value);
	assert_true(value.number == INT64_MAX);
	column_table[COLUMN_AGE].value(&context, &segment, &value);
	assert_true(value.number == INT64_MAX / (int64_t)CLOCK_SECOND);
	segment.facts.ctime = SAMPLE_DATE + 3600; /* the wall clock was set back */
	column_table[COLUMN_AGE].value(&context, &segment, &value);
	assert_int_equal(value.type, COLUMN_NUMBER);
	assert_int_equal(value.number, 0);
	segment.facts.known = 0;
	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		const bool always = i == COLUMN_NS || i == COLUMN_SHMID || i == COLUMN_FLAGS ||
				    i == COLUMN_DRIFT;

		column_table[i].value(&context, &segment, &value);
		assert_int_equal(value.type == COLUMN_UNKNOWN, !always);
	}
}

static void new_segments_are_marked_for_a_while(void **state)
{
	struct column_context context = *(struct column_context *)*state;
	const struct segment segment = {.born = SAMPLE_NOW};

	assert_int_equal(column_flags(&context, &segment), COLUMN_FLAG_NEW);
	context.now = SAMPLE_NOW + COLUMN_NEW_TIME - 1;
	assert_int_equal(column_flags(&context, &segment), COLUMN_FLAG_NEW);
	context.now++;
	assert_int_equal(column_flags(&context, &segment), 0);
}

static void leaks_are_marked(void **state)
{
	struct process creator = {.pid = 1, .checked = true};
	struct segment segment = {
		.facts = {.known = FACT_COL_NATTCH | FACT_COL_ATIME | FACT_COL_DTIME},
		.creator = &creator};
	const uint32_t known = segment.facts.known;

	assert_int_equal(column_flags(*state, &segment), COLUMN_FLAG_LEAK);
	segment.nattch = 1;
	assert_int_equal(column_flags(*state, &segment), 0);
	segment.nattch = 0;
	segment.facts.known = 0; /* nobody knows who is attached */
	assert_int_equal(column_flags(*state, &segment), 0);
	segment.facts.known = known;
	creator.checked = false;
	assert_int_equal(column_flags(*state, &segment), 0);
	creator.checked = true;
	creator.alive = true;
	assert_int_equal(column_flags(*state, &segment), 0);
	segment.creator = NULL;
	assert_int_equal(column_flags(*state, &segment), 0);
}

/* ---- order and selection --------------------------------------------------------------------- */

static void assert_selected(const struct column_context *context, enum column_id order,
			    bool descending, uint64_t gone, const int32_t *expected,
			    size_t expected_count)
{
	struct segment_id *ids = NULL;
	size_t count = 0, capacity = 0;

	assert_int_equal(
		column_select(context, NULL, order, descending, gone, &ids, &count, &capacity), 0);
	assert_int_equal(count, expected_count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(ids[i].shmid, expected[i]);
		assert_true(ids[i].generation > 0);
	}
	free(ids);
}

#define ASSERT_SELECTED(context, order, descending, gone, ...)                            \
	assert_selected(context, order, descending, gone, (const int32_t[]){__VA_ARGS__}, \
			sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static void selection_is_in_order(void **state)
{
	ASSERT_SELECTED(*state, COLUMN_SHMID, false, 0, 0, 32769, 65538);
	ASSERT_SELECTED(*state, COLUMN_SHMID, true, 0, 65538, 32769, 0);
	ASSERT_SELECTED(*state, COLUMN_SIZE, true, 0, 32769, 65538, 0);
	ASSERT_SELECTED(*state, COLUMN_SIZE, false, 1, 229383, 0, 65538, 32769);
	/* it ended 2 s ago */
	ASSERT_SELECTED(*state, COLUMN_SIZE, false, SAMPLE_NOW - 2 * CLOCK_SECOND, 229383, 0, 65538,
			32769);
	ASSERT_SELECTED(*state, COLUMN_SIZE, false, SAMPLE_NOW - 2 * CLOCK_SECOND + 1, 0, 65538,
			32769);
	/* one's own namespace first */
	ASSERT_SELECTED(*state, COLUMN_NS, false, 0, 32769, 65538, 0);
	ASSERT_SELECTED(*state, COLUMN_NS, true, 0, 0, 32769, 65538);
	/* unknown comes last in either direction */
	ASSERT_SELECTED(*state, COLUMN_RSS, false, 0, 0, 32769, 65538);
	ASSERT_SELECTED(*state, COLUMN_RSS, true, 0, 32769, 0, 65538);
	/* owners without a name are texts of their own */
	ASSERT_SELECTED(*state, COLUMN_OWNER, false, 0, 0, 32769, 65538);
	/* equal ones by namespace and shmid, in either direction */
	ASSERT_SELECTED(*state, COLUMN_HOLDERS, true, 0, 32769, 65538, 0);
	ASSERT_SELECTED(*state, COLUMN_DTIME, false, 0, 32769, 0, 65538);
	ASSERT_SELECTED(*state, COLUMN_DTIME, true, 0, 65538, 32769, 0);
}

static void order_is_total(void **state)
{
	const struct segment a = {.id = {1, 5, 1}}, b = {.id = {1, 5, 2}}, c = {.id = {1, 6, 1}};

	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		assert_true(column_compare(*state, (enum column_id)i, false, &a, &b) < 0);
		assert_true(column_compare(*state, (enum column_id)i, true, &a, &b) < 0);
		assert_true(column_compare(*state, (enum column_id)i, true, &b, &a) > 0);
		assert_int_equal(column_compare(*state, (enum column_id)i, false, &a, &a), 0);
	}
	assert_true(column_compare(*state, COLUMN_SHMID, false, &b, &c) < 0);
	assert_true(column_compare(*state, COLUMN_SHMID, true, &b, &c) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole_and_names_match_it),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(namespaces_have_names),
		cmocka_unit_test(lists_are_parsed),
		cmocka_unit_test(cells_for_people),
		cmocka_unit_test(cells_for_scripts),
		cmocka_unit_test(owners_have_names),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(many_holders_are_counted),
		cmocka_unit_test(values_never_leave_their_range),
		cmocka_unit_test(new_segments_are_marked_for_a_while),
		cmocka_unit_test(leaks_are_marked),
		cmocka_unit_test(selection_is_in_order),
		cmocka_unit_test(order_is_total),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
