/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace added up: sums by call, process and failure, what came of the segments, and who removed what. */
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "report/trace_summary.h"

enum { NS = 5, PID = 100, OTHER = 200 };

struct bench {
	struct model *model;
	struct column_context context;
	struct trace_summary summary;
	uint64_t time;
	bool told;
	char text[8192];
};

static void sink(void *context, const struct model_event *entry)
{
	struct bench *bench = context;

	trace_summary_event(&bench->summary, bench->model, entry, bench->told);
}

static int set_up(void **state)
{
	static struct bench bench;
	static const struct source_status status = {
		.calls = "tracepoint", .compat = "none", .life = "sched", .attachers = "iter"};

	bench = (struct bench){.time = CLOCK_SECOND, .told = true};
	assert_int_equal(model_new(NULL, &bench.model), 0);
	model_set_status(bench.model, &status);
	model_set_sink(bench.model, sink, &bench);
	bench.context = (struct column_context){.model = bench.model};
	bench.summary.followed = bench.summary.has_segments = true;
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	trace_summary_free(&bench->summary);
	model_free(bench->model);
	return 0;
}

static void apply(struct bench *bench, int32_t pid, struct event event)
{
	event.time = bench->time += CLOCK_MS;
	event.ipcns = NS;
	event.pid = event.tid = pid;
	event.start_time = (uint64_t)pid;
	event.mm = (uint64_t)pid;
	snprintf(event.comm, sizeof(event.comm), "p%d", pid);
	assert_int_equal(model_apply(bench->model, &event), 0);
}

static void make(struct bench *bench, int32_t shmid)
{
	apply(bench, PID,
	      (struct event){.op = FACT_SHMGET,
			     .shmid = shmid,
			     .ret = shmid,
			     .created = true,
			     .size = 4096,
			     .took = 2000});
}

static void unmake(struct bench *bench, int32_t pid, int32_t shmid, int64_t ret)
{
	apply(bench, pid,
	      (struct event){.op = FACT_SHMCTL,
			     .shmid = shmid,
			     .cmd = IPC_RMID,
			     .ret = ret,
			     .took = 1000});
}

static void refuse(struct bench *bench, int32_t pid, enum fact_op op, int error)
{
	apply(bench, pid, (struct event){.op = op, .shmid = -1, .ret = -error, .took = 500});
}

static const char *print(struct bench *bench)
{
	FILE *out = fmemopen(bench->text, sizeof(bench->text), "w");

	assert_non_null(out);
	bench->context.now = bench->time;
	bench->summary.began = CLOCK_SECOND;
	bench->summary.ended = bench->time;
	trace_summary_print(out, &bench->context, &bench->summary);
	assert_int_equal(fclose(out), 0);
	return bench->text;
}

static void nothing_happened(void **state)
{
	assert_string_equal(print(*state), "0 events in 0ns\n");
}

static void sums_by_call_process_and_failure(void **state)
{
	struct bench *bench = *state;

	make(bench, 1);
	make(bench, 2);
	unmake(bench, PID, 1, 0);
	refuse(bench, OTHER, FACT_SHMGET, ENOENT);
	refuse(bench, OTHER, FACT_SHMGET, ENOENT);
	refuse(bench, OTHER, FACT_SHMAT, 4000);
	bench->summary.lost = 7;
	assert_string_equal(
		print(bench),
		"7 events in 6.00ms, 7 more were lost\n"
		"   CALLS  ERRORS     TIME     MEAN      MAX  CALL\n"
		"       4       2   5.00us   1.25us   2.00us  shmget\n"
		"       1       1    500ns    500ns    500ns  shmat\n"
		"       1       0   1.00us   1.00us   1.00us  shmctl\n"
		"       6       3   6.50us   1.08us   2.00us  all calls\n"
		"       1       -        -        -        -  destroy\n"
		"\n"
		"   CALLS  ERRORS     TIME     MEAN      MAX      PID COMM\n"
		"       3       0   5.00us   1.66us   2.00us      100 p100\n"
		"       3       3   1.50us    500ns    500ns      200 p200\n"
		"\n"
		"  ERRORS  CALL    ERRNO    WHY\n"
		"       2  shmget  ENOENT   no segment has this key, and IPC_CREAT was not given\n"
		"       1  shmat   other    \n"
		"\n"
		"segments: 2 made, 1 ended, 1 left (4.00K)\n");
}

static void what_was_not_told_is_not_counted(void **state)
{
	struct bench *bench = *state;

	make(bench, 1);
	bench->told = false;
	refuse(bench, OTHER, FACT_SHMGET, ENOENT);
	/* but what is over is over */
	unmake(bench, PID, 1, 0);
	print(bench);
	assert_ptr_equal(strstr(bench->text, "1 events in "), bench->text);
	assert_null(strstr(bench->text, "ENOENT"));
	assert_null(strstr(bench->text, "shmctl"));
	assert_non_null(strstr(bench->text, "\nsegments: 1 made, 1 ended, 0 left (0)\n"));
	/* where not all are told there is nothing to say of them */
	bench->summary.has_segments = false;
	assert_null(strstr(print(bench), "segments:"));
}

static void removals_by_others_are_told(void **state)
{
	struct bench *bench = *state;
	const char *text;

	make(bench, 1);
	make(bench, 2);
	make(bench, 3);
	unmake(bench, PID, 1, 0);
	unmake(bench, OTHER, 2, 0);
	unmake(bench, OTHER, 3, -EPERM);
	text = strstr(print(bench), "\nchanged, or removed by others than made them:\n");
	assert_non_null(text);
	assert_null(strstr(text, "segment 1 "));
	assert_non_null(strstr(text, "segment 2 "));
	assert_non_null(strstr(text, "segment 3 "));
	assert_non_null(strstr(text, "by 200 p200"));
	assert_non_null(strstr(text, "EPERM"));
}

static void ends_that_only_tables_tell_are_left_out(void **state)
{
	struct bench *bench = *state;
	const struct segment_facts row = {
		.known = FACT_COL_ALL, .shmid = 9, .size = 4096, .cpid = OTHER};

	for (int look = 0; look < 3; look++) {
		bench->time += CLOCK_SECOND;
		assert_int_equal(
			model_reconcile_segments(bench->model, NS, &row, look == 0, 0, bench->time),
			0);
	}
	assert_int_equal(model_segment_count(bench->model), 0);
	assert_null(strstr(print(bench), "segment 9 "));
}

static void many_processes(void **state)
{
	struct bench *bench = *state;
	const int many = 31;
	const char *line;
	int lines = 0;

	for (int i = 0; i < many; i++)
		refuse(bench, PID + i, FACT_SHMAT, EINVAL);
	print(bench);
	line = strstr(bench->text, "PID COMM\n");
	assert_non_null(line);
	for (; (line = strstr(line, " p1")); line++)
		lines++;
	assert_int_equal(lines, 20);
	assert_non_null(strstr(bench->text, "      11      11   5.50us    500ns    500ns        - "
					    "11 more\n"));
}

static int64_t number(struct json_object *object, const char *name)
{
	struct json_object *member = json_object_object_get(object, name);

	assert_non_null(member);
	return json_object_get_int64(member);
}

static void as_json(void **state)
{
	struct bench *bench = *state;
	struct json_object *object, *calls, *processes, *failures, *segments;

	make(bench, 1);
	make(bench, 2);
	unmake(bench, OTHER, 2, 0);
	for (int i = 0; i < 30; i++)
		refuse(bench, 300 + i, FACT_SHMGET, ENOENT);
	bench->context.now = bench->summary.ended = bench->time;
	object = trace_summary_json(&bench->context, &bench->summary);
	assert_non_null(object);
	assert_string_equal(json_object_get_string(json_object_object_get(object, "schema")),
			    "shmtop.summary/1");
	assert_int_equal(number(object, "events"), 34);
	assert_int_equal(number(json_object_object_get(object, "ops"), "destroy"), 1);
	assert_int_equal(number(json_object_object_get(object, "ops"), "shmget"), 32);
	calls = json_object_object_get(object, "calls");
	assert_int_equal(number(json_object_object_get(calls, "shmget"), "failed"), 30);
	assert_int_equal(number(json_object_object_get(calls, "shmget"), "took_ns"), 19000);
	/* the others are what is missing to all calls */
	processes = json_object_object_get(object, "processes");
	assert_int_equal(json_object_array_length(processes), 20);
	assert_int_equal(number(json_object_array_get_idx(processes, 0), "pid"), PID);
	assert_int_equal(number(json_object_object_get(object, "other_processes"), "count"), 12);
	failures = json_object_object_get(object, "failures");
	assert_int_equal(json_object_array_length(failures), 1);
	assert_int_equal(number(json_object_array_get_idx(failures, 0), "count"), 30);
	segments = json_object_object_get(object, "segments");
	assert_int_equal(number(segments, "made"), 2);
	assert_int_equal(number(segments, "left"), 1);
	assert_int_equal(number(segments, "left_bytes"), 4096);
	assert_int_equal(json_object_array_length(json_object_object_get(object, "changes")), 1);
	json_object_put(object);
	bench->summary.followed = bench->summary.has_segments = false;
	object = trace_summary_json(&bench->context, &bench->summary);
	assert_true(json_object_object_get_ex(object, "segments", &segments));
	assert_null(segments);
	assert_true(json_object_object_get_ex(object, "calls", &calls));
	assert_null(calls);
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_happened, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sums_by_call_process_and_failure, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_told_is_not_counted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(removals_by_others_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_that_only_tables_tell_are_left_out, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(many_processes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_json, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
