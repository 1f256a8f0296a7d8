/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IDs of the command line. */
#include "sample.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/segment_id.h"

static const struct command_spec spec = {.name = "show"};

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

static void the_forms_of_an_id(void **state)
{
	struct segment_wanted wanted;

	(void)state;
	assert_int_equal(segment_id_parse("0", &wanted), 0);
	assert_false(wanted.by_key);
	assert_false(wanted.has_ipcns);
	assert_int_equal(wanted.shmid, 0);
	assert_int_equal(segment_id_parse("4026532210:7", &wanted), 0);
	assert_true(wanted.has_ipcns);
	assert_int_equal(wanted.ipcns, 4026532210);
	assert_int_equal(wanted.shmid, 7);
	assert_int_equal(segment_id_parse("0xFFFFFFFE", &wanted), 0);
	assert_true(wanted.by_key);
	assert_int_equal(wanted.key, -2);
}

static void what_is_no_id(void **state)
{
	static const char *const wrong[] = {
		"",    "x",     "-1",          "1x",    "0x",
		"0x0", "0xfoo", "0x100000000", "1:2:3", ":1",
		"1:",  "1:x",   "2147483648",  " 1",    "99999999999999999999:1",
	};
	struct segment_wanted wanted;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (segment_id_parse(wrong[i], &wanted) == 0)
			fail_msg("'%s' was taken", wrong[i]);
		assert_string_equal(wanted.text, wrong[i]);
	}
	segment_id_parse("1\033[31m", &wanted);
	assert_string_equal(wanted.text, "1\\x1b[31m");
}

static const struct segment *find(const struct column_context *context, const char *text)
{
	struct segment_wanted wanted;

	assert_int_equal(segment_id_parse(text, &wanted), 0);
	return segment_id_find(&spec, context, &wanted, false);
}

static void found_by_each_form(void **state)
{
	const struct column_context *context = *state;
	struct segment_wanted wanted;
	char named[32];

	assert_ptr_equal(find(context, "32769"), sample_segment(context, 32769));
	assert_ptr_equal(find(context, "1:32769"), sample_segment(context, 32769));
	assert_ptr_equal(find(context, "0x52010203"), sample_segment(context, 32769));
	/* of another namespace: the only one with that id */
	assert_ptr_equal(find(context, "0"), sample_segment(context, 0));
	/* which must be named where it is to be changed */
	assert_int_equal(segment_id_parse("0", &wanted), 0);
	assert_null(segment_id_find(&spec, context, &wanted, true));
	snprintf(named, sizeof(named), "%" PRIu32 ":0", sample_segment(context, 0)->id.ipcns);
	assert_int_equal(segment_id_parse(named, &wanted), 0);
	assert_ptr_equal(segment_id_find(&spec, context, &wanted, true),
			 sample_segment(context, 0));
	assert_null(find(context, "2:32769"));
	assert_null(find(context, "0x52010204"));
	/* it ended */
	assert_null(find(context, "229383"));
	/* the key in decimal; never where it is to be changed */
	assert_ptr_equal(find(context, "1375797763"), sample_segment(context, 32769));
	assert_int_equal(segment_id_parse("1375797763", &wanted), 0);
	assert_null(segment_id_find(&spec, context, &wanted, true));
}

static void add_segment(struct column_context *context, uint32_t ipcns, int32_t key, uint32_t mode)
{
	const struct segment_facts rows[] = {
		{.known = FACT_COL_ALL, .shmid = 1, .key = key, .mode = mode, .size = 4096},
	};

	assert_int_equal(
		model_reconcile_segments(sample_model(context), ipcns, rows, 1, 0, SAMPLE_NOW - 1),
		0);
}

static void ones_own_namespace_first_else_the_only_one(void **state)
{
	struct column_context *context = *state;

	add_segment(context, 3, 0x77, 0600);
	assert_int_equal(find(context, "1")->id.ipcns, 3);
	assert_int_equal(find(context, "0x77")->id.ipcns, 3);
	add_segment(context, 4, 0x77, 0600);
	assert_null(find(context, "1"));
	assert_null(find(context, "0x77"));
	assert_int_equal(find(context, "4:1")->id.ipcns, 4);
	context->own_ipcns = 4;
	assert_int_equal(find(context, "1")->id.ipcns, 4);
	assert_int_equal(find(context, "0x77")->id.ipcns, 4);
}

/* A removed segment keeps its key here; the kernel gives it to the next. */
static void a_key_is_that_of_the_one_that_has_it(void **state)
{
	struct column_context *context = *state;
	const struct segment_facts rows[] = {
		{.known = FACT_COL_ALL, .shmid = 1, .key = 0x99, .mode = 0600, .size = 4096},
		{.known = FACT_COL_ALL, .shmid = 2, .key = 0, .mode = 0600, .size = 4096},
	};
	const struct segment_facts later[] = {
		{.known = FACT_COL_ALL, .shmid = 1, .mode = 0600 | FACT_MODE_DEST, .size = 4096},
		{.known = FACT_COL_ALL, .shmid = 3, .key = 0x99, .mode = 0600, .size = 4096},
	};
	struct model *model = sample_model(context);

	assert_int_equal(model_reconcile_segments(model, 5, rows, 2, 0, SAMPLE_NOW - 2), 0);
	assert_int_equal(find(context, "0x99")->id.shmid, 1);
	assert_int_equal(model_reconcile_segments(model, 5, later, 2, 0, SAMPLE_NOW - 1), 0);
	assert_int_equal(find(context, "0x99")->id.shmid, 3);
	context->own_ipcns = 5;
	assert_int_equal(find(context, "0x99")->id.shmid, 3);
}

/* ---- living or gone -------------------------------------------------------------------------- */

static const struct segment *find_any(const struct column_context *context, const char *text,
				      const char *expected)
{
	char why[SEGMENT_ID_WHY_LEN] = "";
	struct segment_wanted wanted;
	const struct segment *found;

	assert_int_equal(segment_id_parse(text, &wanted), 0);
	found = segment_id_find_any(context, &wanted, why);
	if (!found)
		assert_string_equal(why, expected);
	else
		assert_null(expected);
	return found;
}

static void add_rows(struct column_context *context, uint32_t ipcns, int32_t key, size_t count,
		     uint64_t before)
{
	const struct segment_facts row = {
		.known = FACT_COL_ALL, .shmid = 8, .key = key, .mode = 0600, .size = 4096};

	assert_int_equal(model_reconcile_segments(sample_model(context), ipcns, &row, count, 0,
						  SAMPLE_NOW - before),
			 0);
}

static void one_that_is_gone_is_found_too(void **state)
{
	struct column_context *context = *state;

	assert_ptr_equal(find_any(context, "32769", NULL), sample_segment(context, 32769));
	assert_ptr_equal(find_any(context, "229383", NULL), sample_segment(context, 229383));
	assert_ptr_equal(find_any(context, "1:229383", NULL), sample_segment(context, 229383));
	find_any(context, "2:229383",
		 "no segment 2:229383 was seen, living or gone, since shmtop started");
	add_segment(context, 3, 0x77, 0600);
	add_segment(context, 4, 0x77, 0600);
	find_any(context, "0x77", "2 IPC namespaces have a segment 0x77: name one as NS:SHMID");
}

static void the_newest_life_is_meant(void **state)
{
	struct column_context *context = *state;

	add_rows(context, 3, 0x88, 1, 9);
	add_rows(context, 3, 0, 0, 8);
	add_rows(context, 4, 0x88, 1, 7);
	add_rows(context, 4, 0, 0, 6);
	assert_int_equal(find_any(context, "0x88", NULL)->id.ipcns, 4);
	assert_int_equal(find_any(context, "8", NULL)->id.ipcns, 4);
	assert_int_equal(find_any(context, "3:8", NULL)->id.ipcns, 3);
	context->own_ipcns = 3;
	assert_int_equal(find_any(context, "8", NULL)->id.ipcns, 3);
	add_rows(context, 3, 0x88, 1, 5);
	add_rows(context, 3, 0, 0, 4);
	assert_int_equal(find_any(context, "8", NULL)->gone, SAMPLE_NOW - 4);
	/* one that exists goes first, but not before those of one's own namespace */
	add_rows(context, 4, 0x88, 1, 3);
	assert_int_equal(find_any(context, "8", NULL)->id.ipcns, 3);
	context->own_ipcns = 1;
	assert_int_equal(find_any(context, "8", NULL)->id.ipcns, 4);
	assert_int_equal(find_any(context, "8", NULL)->gone, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forms_of_an_id),
		cmocka_unit_test(what_is_no_id),
		cmocka_unit_test_setup_teardown(found_by_each_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ones_own_namespace_first_else_the_only_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_gone_is_found_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_newest_life_is_meant, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_is_that_of_the_one_that_has_it, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
