/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What doctor says of limits and settings: figures in words, the worst first. */
#include "sample.h"

#include <stdio.h>

#include "report/limits_report.h"

enum { TEXT_LEN = 16384 };

struct bench {
	struct column_context context;
	char text[TEXT_LEN];
};

static int set_up(void **state)
{
	static struct bench bench;

	bench = (struct bench){.context = sample_new()};
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	sample_free(&bench->context);
	return 0;
}

static const char *print(struct bench *bench)
{
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");

	assert_non_null(out);
	assert_int_equal(limits_report_print(out, &bench->context), 0);
	fclose(out);
	return bench->text;
}

static void assert_says(struct bench *bench, const char *text)
{
	if (!strstr(bench->text, text))
		assert_string_equal(bench->text, text);
}

static void a_paragraph_for_each_namespace(void **state)
{
	assert_string_equal(
		print(*state),
		"IPC namespace here (1)\n"
		"  SHMMNI      segments                         2 of 4096         0.0%\n"
		"  SHMALL      memory of all segments       8.06G of 16.0G       50.3%  2113536 of "
		"4194304 pages\n"
		"  SHMMAX      largest segment              8.00G, no limit\n"
		"  SEMMNI      semaphore sets                   0 of 0            0.0%\n"
		"  SEMMNS      semaphores                       0 of 0            0.0%\n"
		"  MSGMNI      message queues                   0 of 0            0.0%\n"
		"  made by     /usr/bin/postgres (uid 4000000001): 1 segment, 8.00G, 0 unattached, "
		"made 41d ago\n"
		"              gone (uid 4000000002): 1 segment, 64.0M, 1 unattached, made 3d00h "
		"ago\n"
		"\n"
		"IPC namespace 2: limits not known (not read yet)\n"
		"  made by     gone (uid 0): 1 segment, 64.0K, 0 unattached, made 1m ago\n"
		"\n"
		"The machine\n"
		"  huge pages  none of 2.00M\n");
}

static void what_is_full_comes_first(void **state)
{
	struct bench *bench = *state;
	struct limits_facts limits = {
		.ipcns = SAMPLE_OTHER,
		.segments = {4096, 4096},
		.pages = {950, 1000},
		.page_size = 4096,
		.shmmax = 1 << 20,
		.queues = {7, 8},
	};
	const char *other, *own;

	model_set_limits(sample_model(&bench->context), &limits);
	print(bench);
	other = strstr(bench->text, "IPC namespace 2\n");
	own = strstr(bench->text, "IPC namespace here (1)\n");
	assert_non_null(other);
	assert_non_null(own);
	assert_true(other == bench->text && other < own);
	assert_says(bench,
		    "\n! SHMMNI      segments                      4096 of 4096       100.0%  "
		    "full: shmget fails with ENOSPC (sysctl kernel.shmmni)\n");
	assert_says(bench,
		    "\n! SHMALL      memory of all segments       3.71M of 3.90M       95.0%  "
		    "950 of 1000 pages\n");
	assert_says(bench,
		    "\n! MSGMNI      message queues                   7 of 8           87.5%\n");
	/* A segment as large as may be is no trouble. */
	limits.shmmax = 65536;
	model_set_limits(sample_model(&bench->context), &limits);
	print(bench);
	assert_says(bench,
		    "\n  SHMMAX      largest segment              64.0K of 64.0K      100.0%\n");
}

static void below_that_the_order_stays(void **state)
{
	struct bench *bench = *state;
	const struct limits_facts limits = {
		.ipcns = SAMPLE_OTHER, .segments = {79, 100}, .page_size = 4096};

	model_set_limits(sample_model(&bench->context), &limits);
	print(bench);
	assert_true(strncmp(bench->text, "IPC namespace here", 18) == 0);
	assert_says(bench,
		    "\n  SHMMNI      segments                        79 of 100         79.0%\n");
}

static void what_grows(void **state)
{
	struct bench *bench = *state;

	for (uint64_t second = 0; second <= 60; second++) {
		const struct limits_facts limits = {
			.ipcns = SAMPLE_HOST,
			.time = SAMPLE_NOW + second * CLOCK_SECOND,
			.segments = {second, 4096},
			.page_size = 4096,
		};

		model_set_limits(sample_model(&bench->context), &limits);
	}
	print(bench);
	assert_says(bench, " 60 of 4096         1.4%  full in 1h if it goes on\n");
}

static void empty_namespaces_of_others_are_counted(void **state)
{
	struct bench *bench = *state;
	struct limits_facts limits = {.segments = {0, 4096}, .page_size = 4096};

	for (limits.ipcns = 100; limits.ipcns < 140; limits.ipcns++)
		model_set_limits(sample_model(&bench->context), &limits);
	print(bench);
	assert_says(bench, "\n\n40 more IPC namespaces without segments, semaphores or queues\n");
	assert_null(strstr(bench->text, "IPC namespace 100"));
	/* One's own is always told of. */
	bench->context.own_ipcns = 100;
	print(bench);
	assert_says(bench, "\n\n39 more IPC namespaces without");
	assert_says(bench, "IPC namespace here (100)\n");
	limits.ipcns = 110;
	limits.sems.used = 1;
	model_set_limits(sample_model(&bench->context), &limits);
	print(bench);
	assert_says(bench, "\n\n38 more IPC namespaces without");
	assert_says(bench, "IPC namespace 110\n");
}

static void creators_beyond_the_first_are_counted(void **state)
{
	struct bench *bench = *state;
	struct segment_facts rows[5];

	for (int i = 0; i < 5; i++)
		rows[i] = (struct segment_facts){.known = FACT_COL_ALL,
						 .shmid = 1000 + i,
						 .size = 4096,
						 .uid = 100 + (uint32_t)i};
	assert_int_equal(model_reconcile_segments(sample_model(&bench->context), SAMPLE_HOST, rows,
						  5, 0, SAMPLE_NOW - CLOCK_SECOND / 4),
			 0);
	print(bench);
	assert_says(bench, "  made by     gone (uid 100): 1 segment, 4.00K,");
	assert_says(bench, "\n              gone (uid 102): 1 segment, 4.00K,");
	assert_says(bench, "\n              and 2 more\n");
}

/* ---- settings ---------------------------------------------------------------------------------- */

static struct audit_row audit_rows[] = {
	{.verdict = AUDIT_WARN,
	 .ipcns = SAMPLE_HOST,
	 .name = "kernel.shmmni",
	 .value = "4096",
	 .why = "too few",
	 .fix = "sysctl -w kernel.shmmni=8192"},
	{.verdict = AUDIT_NOTE,
	 .ipcns = SAMPLE_OTHER,
	 .others = 3,
	 .name = "other limits",
	 .value = "SHMMNI 20",
	 .why = "so it is"},
	{.verdict = AUDIT_OK, .name = "RemoveIPC", .value = "-"},
};

static void assert_settings(struct bench *bench, size_t first, bool all, const char *expected)
{
	const size_t count = sizeof(audit_rows) / sizeof(audit_rows[0]) - first;
	const struct audit_list list = {.rows = audit_rows + first, .count = count};
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");

	assert_non_null(out);
	limits_report_settings(out, &bench->context, &list, all);
	fclose(out);
	assert_string_equal(bench->text, expected);
}

static void settings_that_bite(void **state)
{
	static const char biting[] = "Settings\n"
				     "! warn  kernel.shmmni in here (1): 4096\n"
				     "        too few\n"
				     "        do: sysctl -w kernel.shmmni=8192\n"
				     "  note  other limits in 2 and 3 more: SHMMNI 20\n"
				     "        so it is\n";
	char all[sizeof(biting) + 32];

	snprintf(all, sizeof(all), "%s  ok    RemoveIPC: -\n", biting);
	assert_settings(*state, 0, false, biting);
	assert_settings(*state, 0, true, all);
	assert_settings(*state, 2, false, "Settings\n  nothing that bites\n");
}

static void settings_in_json(void **state)
{
	struct bench *bench = *state;
	const struct audit_list list = {.rows = audit_rows, .count = 3};
	struct json_object *array = limits_report_json_settings(&bench->context, &list);

	assert_non_null(array);
	assert_string_equal(
		json_object_to_json_string_ext(array, JSON_C_TO_STRING_PLAIN),
		"[{\"name\":\"kernel.shmmni\",\"ipcns\":1,\"ipcns_label\":null,\"others\":0,"
		"\"value\":\"4096\",\"verdict\":\"warn\",\"why\":\"too few\","
		"\"do\":\"sysctl -w kernel.shmmni=8192\"},"
		"{\"name\":\"other limits\",\"ipcns\":2,\"ipcns_label\":null,\"others\":3,"
		"\"value\":\"SHMMNI 20\",\"verdict\":\"note\",\"why\":\"so it is\",\"do\":null},"
		"{\"name\":\"RemoveIPC\",\"ipcns\":null,\"ipcns_label\":null,\"others\":0,"
		"\"value\":null,\"verdict\":\"ok\",\"why\":null,\"do\":null}]");
	json_object_put(array);
}

#define REPORT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORT_TEST(a_paragraph_for_each_namespace),
		REPORT_TEST(what_is_full_comes_first),
		REPORT_TEST(below_that_the_order_stays),
		REPORT_TEST(what_grows),
		REPORT_TEST(empty_namespaces_of_others_are_counted),
		REPORT_TEST(creators_beyond_the_first_are_counted),
		REPORT_TEST(settings_that_bite),
		REPORT_TEST(settings_in_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
