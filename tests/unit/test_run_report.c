/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said when a command has ended. */
#include "sample.h"

#include <stdio.h>

#include "report/run_report.h"

enum { TEXT_LEN = 16384 };

struct bench {
	struct column_context context;
	struct call_tally tally;
	struct suppressions suppressions;
	struct leaks_list left;
	struct run_report report;
	char text[TEXT_LEN];
};

static char *words[] = {(char *)(uintptr_t) "./suite", (char *)(uintptr_t) "a\033b", NULL};

static int set_up(void **state)
{
	static struct bench bench;

	bench = (struct bench){.context = sample_new()};
	bench.report = (struct run_report){
		.words = words,
		.took = 1230 * CLOCK_MS,
		.tally = &bench.tally,
		.left = &bench.left,
		.suppressions = &bench.suppressions,
	};
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	sample_free(&bench->context);
	suppress_free(&bench->suppressions);
	leaks_free(&bench->left);
	return 0;
}

static const char *print(struct bench *bench, const char *prefix)
{
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");

	assert_non_null(out);
	assert_int_equal(run_report_print(out, &bench->context, &bench->report, prefix), 0);
	fclose(out);
	return bench->text;
}

static bool is_orphan(void *choosing, const struct segment *segment, enum verdict_kind kind,
		      enum verdict_confidence confidence)
{
	(void)choosing;
	(void)kind;
	(void)confidence;
	return segment->id.shmid == 65538;
}

static void leave(struct bench *bench)
{
	assert_int_equal(leaks_collect_chosen(&bench->context, is_orphan, NULL, &bench->left), 0);
	assert_int_equal(bench->left.id_count, 1);
}

static void nothing_was_done(void **state)
{
	struct bench *bench = *state;

	assert_string_equal(print(bench, "shmtop:"),
			    "shmtop: ./suite a\\x1bb: status 0 after 1.23s\n"
			    "shmtop: calls: none\n"
			    "shmtop: left behind: nothing\n");
}

static void what_was_done_and_left(void **state)
{
	struct bench *bench = *state;

	bench->tally = (struct call_tally){
		.calls = {{.calls = 12, .failed = 1}, {.calls = 10}},
		.made = 11,
		.most_segments = 2,
		.most_bytes = 8192,
	};
	bench->tally.errors[0][2] = 1;
	bench->report.status = 7;
	leave(bench);
	const char *text = print(bench, "");

	assert_ptr_equal(strstr(text, "./suite a\\x1bb: status 7 after 1.23s\n"
				      "calls: 12 shmget (1 failed: 1 ENOENT), 10 shmat\n"
				      "segments: 11 made, at most 2 at once, 8.00K\n"
				      "left behind: 1 segment, 67108864 bytes (64.0M)\n"
				      "\n"
				      "orphan: 1 segment (64.0M)\n"),
			 text);
	assert_non_null(strstr(text, "\n  shmtop rm 1:65538\n"));
	/* a blank line has no blank at its end */
	assert_non_null(strstr(print(bench, "shmtop:"), "\nshmtop:\nshmtop: orphan"));
}

static void ended_by_a_signal_and_others_run_on(void **state)
{
	struct bench *bench = *state;

	bench->report.status = 137;
	bench->report.signal = 9;
	bench->report.rest_count = 2;
	bench->report.rest[0] = (struct run_rest){.pid = 11, .comm = "sleep"};
	bench->report.rest[1] = (struct run_rest){.pid = 12};
	assert_ptr_equal(strstr(print(bench, ""),
				"./suite a\\x1bb: ended by signal 9 (Killed) after 1.23s\n"
				"still running: 2 processes: 11 sleep, 12 -\n"),
			 bench->text);
}

static void without_events_it_says_so(void **state)
{
	struct bench *bench = *state;

	bench->report.unseen = "needs root";
	bench->report.isolated = true;
	assert_non_null(strstr(print(bench, ""), "\ncalls: not followed: needs root\n"
						 "segments: none seen by looks now and then\n"));
	bench->tally.most_segments = 3;
	bench->tally.most_bytes = 4096;
	assert_non_null(strstr(print(bench, ""), "\nsegments: at most 3 at once, 4.00K, as seen by "
						 "looks now and then\n"));
	leave(bench);
	assert_non_null(strstr(print(bench, ""), "(64.0M); gone with the private namespace\n"));
	assert_null(strstr(bench->text, "shmtop rm"));
}

static void losses_are_told(void **state)
{
	struct bench *bench = *state;

	bench->report.lost = 5;
	assert_non_null(strstr(print(bench, ""), "\nlost: 5 events: "));
}

static void read_suppressions(struct bench *bench)
{
	static char text[] = "comm=x\n\nkey=private\n";
	char why[SUPPRESS_WHY_LEN];
	FILE *in = fmemopen(text, sizeof(text) - 1, "r");

	assert_non_null(in);
	assert_int_equal(suppress_parse(in, "known", &bench->suppressions, why), 0);
	fclose(in);
	assert_true(
		suppress_match(&bench->suppressions, sample_segment(&bench->context, 65538), NULL));
}

static void what_was_suppressed(void **state)
{
	struct bench *bench = *state;

	read_suppressions(bench);
	assert_non_null(strstr(print(bench, ""), "\nsuppressed: 1 segment by known\n"
						 "unused: known:1: comm=x\n"
						 "left behind: nothing\n"));
}

static struct json_object *document(struct bench *bench)
{
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");
	struct json_object *object;

	assert_non_null(out);
	assert_int_equal(run_report_json(out, &bench->context, &bench->report), 0);
	fclose(out);
	assert_ptr_equal(strchr(bench->text, '\n') + 1, bench->text + strlen(bench->text));
	object = json_tokener_parse(bench->text);
	assert_non_null(object);
	return object;
}

static void assert_member(struct json_object *object, const char *key, const char *text)
{
	assert_string_equal(json_object_to_json_string_ext(json_object_object_get(object, key),
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE),
			    text);
}

static void as_json(void **state)
{
	struct bench *bench = *state;
	struct json_object *object;

	bench->tally.made = 2;
	bench->tally.most_segments = 1;
	bench->report.rest_count = 1;
	bench->report.rest[0] = (struct run_rest){.pid = 11, .comm = "sleep"};
	leave(bench);
	object = document(bench);
	assert_member(object, "schema", "\"shmtop.run/1\"");
	assert_member(object, "command", "[\"./suite\",\"a\\\\x1bb\"]");
	assert_member(object, "status", "0");
	assert_member(object, "signal", "null");
	assert_member(object, "isolated", "false");
	assert_member(object, "made", "2");
	assert_member(object, "peak", "{\"segments\":1,\"bytes\":0,\"inferred\":false}");
	assert_member(object, "running", "[{\"pid\":11,\"comm\":\"sleep\"}]");
	assert_member(object, "suppressed", "null");
	assert_int_equal(json_object_array_length(json_object_object_get(object, "left")), 1);
	json_object_put(object);
}

static void as_json_without_events(void **state)
{
	struct bench *bench = *state;
	struct json_object *object;

	bench->report.unseen = "needs root";
	bench->report.status = 143;
	bench->report.signal = 15;
	read_suppressions(bench);
	object = document(bench);
	assert_member(object, "status", "143");
	assert_member(object, "signal", "15");
	assert_member(object, "calls", "null");
	assert_member(object, "made", "null");
	assert_member(object, "peak", "{\"segments\":0,\"bytes\":0,\"inferred\":true}");
	assert_member(object, "left", "[]");
	assert_member(object, "suppressed",
		      "[{\"line\":1,\"text\":\"comm=x\",\"count\":0},"
		      "{\"line\":3,\"text\":\"key=private\",\"count\":1}]");
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_was_done, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_done_and_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_by_a_signal_and_others_run_on, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(without_events_it_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(losses_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_suppressed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_json_without_events, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
