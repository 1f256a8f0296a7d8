/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Use against limits: whose, of what, how much, and what is not known. */
#include "sample.h"

#include <errno.h>

#include "report/limits_rows.h"

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

static void assert_row(const struct limits_row *row, uint32_t ipcns, const char *name,
		       enum limits_unit unit, uint64_t used, uint64_t max, unsigned int share)
{
	assert_int_equal(row->ipcns, ipcns);
	assert_string_equal(row->name, name);
	assert_int_equal(row->unit, unit);
	assert_int_equal(row->used, used);
	assert_int_equal(row->max, max);
	assert_int_equal(row->share, share);
	assert_int_equal(row->kind, LIMITS_RESOURCE);
	assert_true(row->set_by[0]);
}

static void assert_creator(const struct limits_list *list, const struct limits_row *row,
			   uint32_t ipcns, const char *program)
{
	assert_int_equal(row->kind, LIMITS_CREATOR);
	assert_int_equal(row->ipcns, ipcns);
	assert_string_equal(row->name, "");
	assert_true(row->creator < list->creators.count);
	assert_string_equal(list->creators.rows[row->creator].program, program);
}

static void each_limit_has_a_row(void **state)
{
	const uint64_t shmmax = UINT64_C(18446744073692774399);
	struct limits_list list = {0};

	assert_int_equal(limits_collect(*state, &list), 0);
	assert_int_equal(list.count, 11);
	assert_row(&list.rows[0], SAMPLE_HOST, "SHMMNI", LIMITS_COUNT, 2, 4096, 0);
	assert_row(&list.rows[1], SAMPLE_HOST, "SHMALL", LIMITS_BYTES, UINT64_C(2113536) * 4096,
		   UINT64_C(4194304) * 4096, 503);
	assert_false(list.rows[1].unlimited);
	assert_string_equal(list.rows[1].note, "2113536 of 4194304 pages");
	assert_row(&list.rows[2], SAMPLE_HOST, "SHMMAX", LIMITS_BYTES, UINT64_C(8) << 30, shmmax,
		   0);
	assert_true(list.rows[2].unlimited);
	assert_row(&list.rows[3], SAMPLE_HOST, "SEMMNI", LIMITS_COUNT, 0, 0, 0);
	assert_row(&list.rows[4], SAMPLE_HOST, "SEMMNS", LIMITS_COUNT, 0, 0, 0);
	assert_row(&list.rows[5], SAMPLE_HOST, "MSGMNI", LIMITS_COUNT, 0, 0, 0);
	assert_creator(&list, &list.rows[6], SAMPLE_HOST, "/usr/bin/postgres");
	assert_creator(&list, &list.rows[7], SAMPLE_HOST, "-");
	assert_int_equal(list.rows[8].ipcns, SAMPLE_OTHER);
	assert_int_equal(list.rows[8].kind, LIMITS_UNKNOWN);
	assert_string_equal(list.rows[8].note, "not read yet");
	assert_creator(&list, &list.rows[9], SAMPLE_OTHER, "-");
	assert_row(&list.rows[10], 0, "huge pages", LIMITS_BYTES, 0, 0, 0);
	assert_string_equal(list.rows[10].note, "none of 2.00M");
	for (size_t i = 0; i < list.count; i++)
		assert_false(list.rows[i].ends);
	limits_free(&list);
	assert_null(list.rows);
}

static void one_s_own_comes_first(void **state)
{
	struct column_context *context = *state;
	const struct limits_facts limits = {
		.ipcns = SAMPLE_OTHER,
		.segments = {9, 8},
		.pages = {5, UINT64_MAX / 2},
		.page_size = 4096,
		.shmmax = 1 << 20,
	};
	struct limits_list list = {0};

	model_set_limits(sample_model(context), &limits);
	context->own_ipcns = SAMPLE_OTHER;
	assert_int_equal(limits_collect(context, &list), 0);
	assert_int_equal(list.count, 16);
	assert_row(&list.rows[0], SAMPLE_OTHER, "SHMMNI", LIMITS_COUNT, 9, 8, LIMITS_SHARE_FULL);
	assert_row(&list.rows[1], SAMPLE_OTHER, "SHMALL", LIMITS_BYTES, 20480, UINT64_MAX, 0);
	assert_string_equal(list.rows[1].note, "");
	assert_row(&list.rows[2], SAMPLE_OTHER, "SHMMAX", LIMITS_BYTES, 65536, 1 << 20, 62);
	assert_creator(&list, &list.rows[6], SAMPLE_OTHER, "-");
	assert_int_equal(list.rows[7].ipcns, SAMPLE_HOST);
	assert_int_equal(list.rows[9].used, UINT64_C(8) << 30);
	assert_int_equal(list.rows[15].ipcns, 0);
	limits_free(&list);
}

static void what_may_not_be_entered_says_so(void **state)
{
	static const struct {
		int error;
		const char *why;
	} cases[] = {
		{-EPERM, "only root may enter it (CAP_SYS_ADMIN)"},
		{-ESRCH, "no process is left that leads into it"},
		{-EIO, "Input/output error"},
	};
	const struct column_context *context = *state;
	struct limits_list list = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		model_namespace_unreadable(sample_model(context), SAMPLE_OTHER, cases[i].error,
					   SAMPLE_NOW);
		assert_int_equal(limits_collect(context, &list), 0);
		assert_string_equal(list.rows[8].note, cases[i].why);
	}
	limits_free(&list);
}

static void what_grows_tells_when_it_ends(void **state)
{
	const struct column_context *context = *state;
	struct limits_list list = {0};

	for (uint64_t second = 0; second <= 60; second++) {
		const struct limits_facts limits = {
			.ipcns = SAMPLE_HOST,
			.time = SAMPLE_NOW + second * CLOCK_SECOND,
			.segments = {second, 4096},
			.has_hugepages = true,
			.hugepage_size = 2 << 20,
			.hugepages_total = 100,
			.hugepages_free = 100 - second,
		};

		model_set_limits(sample_model(context), &limits);
	}
	assert_int_equal(limits_collect(context, &list), 0);
	assert_true(list.rows[0].ends);
	assert_int_equal(list.rows[0].end, 4036);
	assert_false(list.rows[1].ends);
	assert_row(&list.rows[10], 0, "huge pages", LIMITS_BYTES, 120 << 20, 200 << 20, 600);
	assert_true(list.rows[10].ends);
	assert_int_equal(list.rows[10].end, 40);
	limits_free(&list);
}

static void messages_are_told_beside_their_queues(void **state)
{
	const struct column_context *context = *state;
	const struct limits_facts limits = {
		.ipcns = SAMPLE_HOST,
		.queues = {3, 32000},
		.messages = 2,
		.message_bytes = 3000,
		.msgmnb = 16384,
	};
	struct limits_list list = {0};

	model_set_limits(sample_model(context), &limits);
	assert_int_equal(limits_collect(context, &list), 0);
	assert_row(&list.rows[5], SAMPLE_HOST, "MSGMNI", LIMITS_COUNT, 3, 32000, 0);
	assert_string_equal(list.rows[5].note,
			    "2 messages wait, 2.92K; a queue may have 16.0K (MSGMNB)");
	limits_free(&list);
}

static void each_size_of_huge_pages_has_a_row(void **state)
{
	const struct column_context *context = *state;
	const struct fact_hugepools pools = {
		.rows = {{.size = 64 << 10},
			 {.size = 2 << 20, .total = 8, .free = 3, .reserved = 1, .overcommit = 4},
			 {.size = 1 << 30, .total = 2, .free = 2, .reserved = 2},
			 {.size = UINT64_C(16) << 30, .overcommit = 1}},
		.count = 4,
	};
	const struct limits_facts limits = {
		.ipcns = SAMPLE_HOST,
		.has_hugepages = true,
		.hugepage_size = 2 << 20,
		.hugepages_total = 8,
		.hugepages_free = 3,
		.hugepages_reserved = 1,
	};
	struct limits_list list = {0};

	model_set_hugepools(sample_model(context), &pools);
	model_set_limits(sample_model(context), &limits);
	assert_int_equal(limits_collect(context, &list), 0);
	assert_int_equal(list.count, 13);
	assert_row(&list.rows[10], 0, "huge pages", LIMITS_BYTES, 12 << 20, 16 << 20, 750);
	assert_string_equal(list.rows[10].note,
			    "8 of 2.00M, 3 free, 1 of these reserved; 4 more if "
			    "memory has them in one piece");
	assert_row(&list.rows[11], 0, "huge 1.00G", LIMITS_BYTES, UINT64_C(2) << 30,
		   UINT64_C(2) << 30, LIMITS_SHARE_FULL);
	assert_string_equal(list.rows[11].note, "2 of 1.00G, 2 free, 2 of these reserved");
	assert_row(&list.rows[12], 0, "huge 16.0G", LIMITS_BYTES, 0, 0, 0);
	limits_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_limit_has_a_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_s_own_comes_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_may_not_be_entered_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_grows_tells_when_it_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(messages_are_told_beside_their_queues, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(each_size_of_huge_pages_has_a_row, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
