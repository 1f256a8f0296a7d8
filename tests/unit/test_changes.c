/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done to segments, in words and as JSON. */
#include "sample.h"

#include <errno.h>

#include "report/changes.h"

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

static struct segment_change a_change(enum change_kind kind, int64_t ret)
{
	return (struct segment_change){
		.kind = kind,
		.ret = ret,
		.first = SAMPLE_NOW,
		.time = SAMPLE_NOW,
		.count = 1,
		.pid = 42,
		.uid = 4000000002,
		.comm = "tool",
	};
}

static const struct segment *ended(const struct column_context *context)
{
	return model_find(context->model,
			  &(struct segment_id){.ipcns = SAMPLE_HOST, .shmid = 229383});
}

/* ---- text ---------------------------------------------------------------------------------- */

static void assert_text(const struct column_context *context, const struct segment_change *change,
			const char *expected)
{
	char out[CHANGES_LINE_LEN];

	assert_string_equal(changes_text(context, change, out), expected);
}

static void only_what_differs_is_told_of_rights(void **state)
{
	struct segment_change change = a_change(CHANGE_SET, 0);

	assert_text(*state, &change, "IPC_SET, to what is not known yet");
	change.has_new = true;
	change.new = (struct segment_rights){4000000001, 5, 0666};
	assert_text(*state, &change, "IPC_SET owner 4000000001 group 5 mode 0666");
	change.has_old = true;
	change.old = (struct segment_rights){4000000002, 5, 0600};
	assert_text(*state, &change, "IPC_SET owner 4000000002->4000000001 mode 0600->0666");
	change.old = (struct segment_rights){4000000001, 0, 0666};
	assert_text(*state, &change, "IPC_SET group 0->5");
	change.old = change.new;
	assert_text(*state, &change, "IPC_SET, nothing new");
	change.inferred = true;
	assert_text(*state, &change, "~IPC_SET, nothing new");
}

static void the_end_has_its_reason(void **state)
{
	static const struct {
		enum fact_reason reason;
		const char *text;
	} cases[] = {
		{FACT_REASON_IPC_RMID, "destroyed, as nobody had it attached"},
		{FACT_REASON_LAST_DETACH, "destroyed, as its last holder let go"},
		{FACT_REASON_FORCED, "destroyed by kernel.shm_rmid_forced"},
		{FACT_REASON_NAMESPACE, "ended with its IPC namespace"},
		{FACT_REASON_UNKNOWN, "ended, nobody saw why"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct segment_change change = a_change(CHANGE_END, 0);

		change.reason = cases[i].reason;
		assert_text(*state, &change, cases[i].text);
	}
}

static void a_line_has_all_of_it(void **state)
{
	struct process logind = {.cgroup = "/system.slice/systemd-logind.service"};
	struct segment_change change = a_change(CHANGE_REMOVE, -EPERM);
	char out[CHANGES_LINE_LEN];

	assert_string_equal(changes_line(*state, &change, out),
			    "12:04:31  IPC_RMID                                      EPERM   "
			    "by 42 tool (4000000002)");
	change.count = 7;
	change.first = SAMPLE_NOW - 2 * (uint64_t)SAMPLE_DAY * CLOCK_SECOND;
	change.pid = 0;
	assert_string_equal(changes_line(*state, &change, out),
			    "12:04:31  IPC_RMID                                      EPERM   "
			    "by somebody, 7 times since 2024-04-29 12:04:31");
	change = a_change(CHANGE_REMOVE, 0);
	change.process = &logind;
	assert_string_equal(changes_line(*state, &change, out),
			    "12:04:31  IPC_RMID                                      done    "
			    "by 42 tool (4000000002), in /system.slice/systemd-logind.service");
	change = a_change(CHANGE_END, 0);
	change.reason = FACT_REASON_NAMESPACE;
	change.pid = 0;
	assert_string_equal(changes_line(*state, &change, out),
			    "12:04:31  ended with its IPC namespace");
}

/* ---- the entries --------------------------------------------------------------------------- */

static void the_story_begins_with_the_creation_and_ends_with_the_end(void **state)
{
	struct segment_change rows[CHANGES_MOST];

	assert_int_equal(changes_collect(ended(*state), rows), 3);
	assert_int_equal(rows[0].kind, CHANGE_MADE);
	assert_int_equal(rows[0].pid, 7713);
	assert_int_equal(rows[1].kind, CHANGE_REMOVE);
	assert_int_equal(rows[2].kind, CHANGE_END);
}

static void what_was_tried_afterwards_stands_behind_the_end(void **state)
{
	struct segment_change end = a_change(CHANGE_END, 0);
	struct segment_change later = a_change(CHANGE_REMOVE, -EINVAL);
	struct segment_change call = a_change(CHANGE_REMOVE, 0);
	const struct segment gone = {
		.gone = SAMPLE_NOW - 1, .changes = &call, .end = &end, .change_count = 2};
	struct segment_change rows[CHANGES_MOST];

	(void)state;
	call.next = &later; /* the call that ended it returned after the end */
	assert_true(changes_known(&gone));
	assert_int_equal(changes_collect(&gone, rows), 3);
	assert_int_equal(rows[0].ret, 0);
	assert_int_equal(rows[1].kind, CHANGE_END);
	assert_int_equal(rows[2].ret, -EINVAL);
}

/* ---- all segments -------------------------------------------------------------------------- */

static void print_all(const struct column_context *context, size_t most, size_t expected,
		      char **text)
{
	size_t length;
	FILE *out = open_memstream(text, &length);

	assert_non_null(out);
	assert_int_equal(changes_print_all(out, context, most), expected);
	assert_int_equal(fclose(out), 0);
}

static void those_that_were_changed_are_told(void **state)
{
	struct column_context *context = *state;
	struct event event = {.op = FACT_SHMCTL,
			      .time = SAMPLE_NOW,
			      .ipcns = SAMPLE_HOST,
			      .shmid = 32769,
			      .pid = 42,
			      .uid = 4000000002,
			      .ret = -EPERM,
			      .comm = "tool"};
	char *text;

	/* removed by its creator alone: nobody asks about it */
	print_all(context, 0, 0, &text);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(model_apply(sample_model(context), &event), 0);
	event.shmid = 229383;
	event.time = SAMPLE_NOW - 3 * CLOCK_SECOND / 2;
	assert_int_equal(model_apply(sample_model(context), &event), 0);
	print_all(context, 0, 2, &text);
	assert_string_equal(text,
			    "segment 229383  key -  size 4.00K  IPC namespace here\n"
			    "  12:04:26  created                                               "
			    "by 7713 tst (1000)\n"
			    "  12:04:28  IPC_RMID                                      done    "
			    "by 7713 tst (1000)\n"
			    "  12:04:29  destroyed, as its last holder let go                  "
			    "by 7713 tst (1000)\n"
			    "  12:04:29  IPC_RMID                                      EPERM   "
			    "by 42 tool (4000000002)\n"
			    "segment 32769  key 0x52010203  size 8.00G  IPC namespace here\n"
			    "  12:04:31  IPC_RMID                                      EPERM   "
			    "by 42 tool (4000000002)\n");
	free(text);
	print_all(context, 1, 2, &text);
	assert_string_equal(text,
			    "1 segment before this is not shown\n"
			    "segment 32769  key 0x52010203  size 8.00G  IPC namespace here\n"
			    "  12:04:31  IPC_RMID                                      EPERM   "
			    "by 42 tool (4000000002)\n");
	free(text);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void a_change_as_json(void **state)
{
	struct segment_change set = a_change(CHANGE_SET, -EPERM);
	const struct segment segment = {.changes = &set, .change_count = 1};
	struct json_object *json;

	set.first -= CLOCK_SECOND;
	set.count = 2;
	set.has_new = true;
	set.new = (struct segment_rights){1, 2, 0644};
	json = changes_json(*state, &segment);
	assert_string_equal(
		json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
		"[{\"op\":\"IPC_SET\",\"time\":1714565071.000000000,"
		"\"first\":1714565070.000000000,\"count\":2,\"ret\":-1,\"errno\":\"EPERM\","
		"\"inferred\":false,\"pid\":42,\"comm\":\"tool\",\"uid\":4000000002,"
		"\"cgroup\":null,\"old\":null,\"new\":{\"uid\":1,\"gid\":2,\"mode\":\"0644\"}}]");
	json_object_put(json);
}

static void the_end_as_json(void **state)
{
	struct json_object *json = changes_json(*state, ended(*state));
	struct json_object *end = json_object_array_get_idx(json, 2);

	assert_int_equal(json_object_array_length(json), 3);
	assert_string_equal(
		json_object_to_json_string_ext(end, JSON_C_TO_STRING_PLAIN),
		"{\"op\":\"destroy\",\"time\":1714565069.000000000,"
		"\"first\":1714565069.000000000,\"count\":1,\"ret\":null,\"errno\":null,"
		"\"inferred\":false,\"pid\":7713,\"comm\":\"tst\",\"uid\":1000,\"cgroup\":null,"
		"\"reason\":\"last_detach\"}");
	json_object_put(json);
}

int main(void)
{
#define CHANGES_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CHANGES_TEST(only_what_differs_is_told_of_rights),
		CHANGES_TEST(the_end_has_its_reason),
		CHANGES_TEST(a_line_has_all_of_it),
		CHANGES_TEST(the_story_begins_with_the_creation_and_ends_with_the_end),
		CHANGES_TEST(what_was_tried_afterwards_stands_behind_the_end),
		CHANGES_TEST(those_that_were_changed_are_told),
		CHANGES_TEST(a_change_as_json),
		CHANGES_TEST(the_end_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
