/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `shmtop leaks` says: totals, what was looked at, and what was not seen. */
#include "sample.h"

#include <errno.h>
#include <stdio.h>

#include "judge/growth.h"
#include "report/leak_report.h"
#include "stack/call_paths_internal.h"

enum { TEXT_LEN = 16384 };

struct bench {
	struct column_context context;
	struct suppressions suppressions;
	struct leaks_list list;
	struct leak_report report;
	char text[TEXT_LEN];
};

static int set_up(void **state)
{
	static struct bench bench;

	bench = (struct bench){.context = sample_new()};
	bench.report = (struct leak_report){
		.list = &bench.list,
		.suppressions = &bench.suppressions,
		.is_root = true,
	};
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	sample_free(&bench->context);
	leaks_free(&bench->list);
	return 0;
}

static const char *print(struct bench *bench)
{
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");

	assert_non_null(out);
	leak_report_print(out, &bench->context, &bench->report);
	fclose(out);
	return bench->text;
}

static void set_status(struct bench *bench, const struct source_status *status)
{
	model_set_status(sample_model(&bench->context), status);
}

static const struct source_status one_look = {
	.calls = "none", .compat = "none", .life = "none", .attachers = "iter"};

static void nothing_found_in_one_look(void **state)
{
	struct bench *bench = *state;

	set_status(bench, &one_look);
	assert_string_equal(print(bench),
			    "No leaks: 3 segments in 2 IPC namespaces, looked at once\n"
			    "Not seen: who knew a segment, where it was made, whether more come\n"
			    "To see more: shmtop leaks -d 60\n");
	bench->report.is_root = false;
	bench->report.filtered = true;
	assert_non_null(strstr(print(bench), "looked at once; only those that pass the filter\n"));
	assert_non_null(strstr(bench->text, "\nTo see more: sudo shmtop leaks -d 60\n"));
}

static void nothing_found_in_a_watch(void **state)
{
	struct bench *bench = *state;

	bench->report.watched = 90 * CLOCK_SECOND;
	assert_string_equal(print(bench),
			    "No leaks: 3 segments in 2 IPC namespaces, watched for 1m\n");
}

static void stacks_without_room_are_told(void **state)
{
	struct bench *bench = *state;
	struct call_paths *paths;

	assert_int_equal(call_paths_new(&paths), 0);
	bench->context.paths = paths;
	assert_null(strstr(print(bench), "too many different stacks"));
	for (size_t i = 0; i < CALL_PATHS_MOST; i++) {
		const struct call_step step = {.addr = i, .offset = i};

		assert_true(call_paths_add(paths, &step, 1, false) > 0);
	}
	assert_non_null(strstr(print(bench), "\nNot seen: where the last ones were made: there "
					     "were too many different stacks\n"));
	bench->context.paths = NULL;
	call_paths_free(paths);
}

static void what_could_not_be_seen(void **state)
{
	struct bench *bench = *state;
	struct source_status status = one_look;

	status.partial = true;
	snprintf(status.why, sizeof(status.why), "needs root");
	set_status(bench, &status);
	model_namespace_unreadable(sample_model(&bench->context), SAMPLE_OTHER, -EPERM, SAMPLE_NOW);
	bench->report.watched = CLOCK_SECOND;
	assert_non_null(strstr(print(bench),
			       "\nNot seen: 1 IPC namespace that may not be looked into\n"
			       "Not seen: processes that may not be looked at, and what "
			       "they hold\n"
			       "Not seen: calls: needs root\n"));
	status = (struct source_status){.calls = "fexit",
					.compat = "fexit",
					.life = "exact",
					.attachers = "iter",
					.lost = 3};
	set_status(bench, &status);
	assert_non_null(strstr(print(bench), "\nNot seen: 3 events that were lost\n"));
	assert_null(strstr(bench->text, "To see more"));
}

static void what_was_found(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(leaks_collect(&bench->context, &bench->list), 0);
	bench->report.watched = CLOCK_SECOND;
	const char *text = print(bench);

	assert_memory_equal(text, "likely orphan: 1 segment (64.0M)\n", 33);
	assert_non_null(strstr(text,
			       "\n  shmtop rm 1:65538\n"
			       "\n"
			       "Total: likely 1 segment (64.0M); >64.0M of memory would come back\n"
			       "Of 3 segments in 2 IPC namespaces, watched for 1s\n"));
}

static void as_json(void **state)
{
	struct bench *bench = *state;
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");
	struct json_object *object, *leaks;

	assert_int_equal(leaks_collect(&bench->context, &bench->list), 0);
	bench->report.watched = 1500 * CLOCK_MS;
	assert_non_null(out);
	assert_int_equal(leak_report_json(out, &bench->context, &bench->report), 0);
	fclose(out);
	object = json_tokener_parse(bench->text);
	assert_non_null(object);
	assert_string_equal(json_object_get_string(json_object_object_get(object, "schema")),
			    "shmtop.leaks/1");
	assert_true(json_object_get_double(json_object_object_get(object, "watched")) == 1.5);
	assert_int_equal(json_object_array_length(json_object_object_get(object, "growth")), 0);
	assert_null(json_object_object_get(object, "suppressed"));
	leaks = json_object_object_get(object, "leaks");
	assert_int_equal(json_object_array_length(leaks), 1);
	assert_int_equal(json_object_get_int(json_object_object_get(
				 json_object_array_get_idx(leaks, 0), "shmid")),
			 65538);
	json_object_put(object);
}

static size_t growth_rows_told(struct bench *bench)
{
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");

	assert_non_null(out);
	assert_int_equal(leak_report_json(out, &bench->context, &bench->report), 0);
	fclose(out);

	struct json_object *object = json_tokener_parse(bench->text);
	size_t count = json_object_array_length(json_object_object_get(object, "growth"));

	json_object_put(object);
	return count;
}

static void growth_of_others_is_not_told(void **state)
{
	struct bench *bench = *state;
	struct growth *growth;

	assert_int_equal(growth_new(&growth), 0);
	assert_int_equal(growth_update(growth, bench->context.model, SAMPLE_NOW), 0);
	bench->context.growth = growth;
	bench->report.filtered = true;
	assert_int_equal(growth_rows_told(bench), 0);
	bench->report.filtered = false;
	assert_int_equal(growth_rows_told(bench), 1);
	assert_int_equal(leaks_collect(&bench->context, &bench->list), 0);
	bench->report.filtered = true;
	assert_int_equal(growth_rows_told(bench), 1);
	growth_free(growth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_found_in_one_look, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_found_in_a_watch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stacks_without_room_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_could_not_be_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(growth_of_others_is_not_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
