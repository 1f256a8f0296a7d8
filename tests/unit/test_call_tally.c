/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls, failures and the most at once, added up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/shm.h>

#include <cmocka.h>

#include <errno.h>

#include "report/call_tally.h"

enum { NS = 1, PID = 100 };

struct bench {
	struct model *model;
	struct call_tally tally;
	uint64_t time;
};

static void sink(void *context, const struct model_event *entry)
{
	struct bench *bench = context;

	call_tally_event(&bench->tally, bench->model, entry);
}

static int set_up(void **state)
{
	static struct bench bench;
	static const struct source_status status = {
		.calls = "tracepoint", .compat = "none", .life = "sched", .attachers = "iter"};

	bench = (struct bench){.time = CLOCK_SECOND};
	assert_int_equal(model_new(NULL, &bench.model), 0);
	model_set_status(bench.model, &status);
	model_set_sink(bench.model, sink, &bench);
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	model_free(bench->model);
	return 0;
}

static void apply(struct bench *bench, struct event event)
{
	event.time = bench->time += CLOCK_MS;
	event.ipcns = NS;
	event.pid = event.tid = PID;
	event.mm = 0x10;
	assert_int_equal(model_apply(bench->model, &event), 0);
}

static void make(struct bench *bench, int32_t shmid, uint64_t size)
{
	apply(bench, (struct event){.op = FACT_SHMGET,
				    .shmid = shmid,
				    .ret = shmid,
				    .created = true,
				    .size = size});
}

static void refuse(struct bench *bench, enum fact_op op, int error)
{
	apply(bench, (struct event){.op = op, .shmid = -1, .ret = -error});
}

static void unmake(struct bench *bench, int32_t shmid)
{
	apply(bench, (struct event){.op = FACT_SHMCTL, .shmid = shmid, .cmd = IPC_RMID});
}

static void calls_and_failures_are_counted(void **state)
{
	struct bench *bench = *state;
	char text[CALL_TALLY_LEN];

	assert_string_equal(call_tally_text(&bench->tally, text), "");
	make(bench, 1, 4096);
	refuse(bench, FACT_SHMGET, ENOENT);
	refuse(bench, FACT_SHMGET, ENOENT);
	refuse(bench, FACT_SHMGET, EEXIST);
	refuse(bench, FACT_SHMAT, EIDRM);
	refuse(bench, FACT_SHMAT, 4095);
	apply(bench, (struct event){.op = FACT_SHMGET, .shmid = 1, .ret = 1}); /* found */
	unmake(bench, 1);
	assert_int_equal(bench->tally.made, 1);
	assert_string_equal(call_tally_text(&bench->tally, text),
			    "5 shmget (3 failed: 2 ENOENT, 1 EEXIST), "
			    "2 shmat (2 failed: 1 other, 1 EIDRM), 1 shmctl");
}

static void the_most_at_once(void **state)
{
	struct bench *bench = *state;
	struct call_tally *tally = &bench->tally;

	make(bench, 1, 4096);
	make(bench, 2, 100000);
	unmake(bench, 2);
	make(bench, 3, 1000);
	make(bench, 4, 1000);
	assert_int_equal(tally->made, 4);
	assert_int_equal(tally->segments, 3);
	assert_int_equal(tally->most_segments, 3);
	assert_int_equal(tally->bytes, 6096);
	assert_int_equal(tally->most_bytes, 104096);
}

/* A segment that lives on under its last attach ends with that. */
static void a_removed_segment_counts_until_it_ends(void **state)
{
	struct bench *bench = *state;

	make(bench, 1, 4096);
	apply(bench, (struct event){.op = FACT_SHMAT, .shmid = 1, .ret = 0x7f0000000000});
	unmake(bench, 1);
	assert_int_equal(bench->tally.segments, 1);
	apply(bench, (struct event){.op = FACT_EXIT, .shmid = -1});
	assert_int_equal(bench->tally.segments, 0);
	assert_int_equal(bench->tally.bytes, 0);
}

static const struct segment_facts rows[] = {
	{.known = FACT_COL_ALL, .shmid = 1, .size = 4096, .cpid = PID},
	{.known = FACT_COL_ALL, .shmid = 9, .size = 8192, .cpid = 7},
};

static void looks_count_what_was_seen_made_or_all_of_a_namespace(void **state)
{
	struct bench *bench = *state;
	struct call_tally *tally = &bench->tally;

	make(bench, 1, 4096);
	assert_int_equal(model_reconcile_segments(bench->model, NS, rows, 2, 0, bench->time += 1),
			 0);
	call_tally_look(tally, bench->model, 0);
	assert_int_equal(tally->segments, 1);
	assert_int_equal(tally->bytes, 4096);
	call_tally_look(tally, bench->model, NS);
	assert_int_equal(tally->segments, 2);
	assert_int_equal(tally->most_bytes, 12288);
	call_tally_look(tally, bench->model, NS + 1);
	assert_int_equal(tally->segments, 0);
	assert_int_equal(tally->most_segments, 2);
}

/* Probes stand before anybody counts: what was seen made until then is not among what was made. */
static void what_was_made_before_does_not_count(void **state)
{
	struct bench *bench = *state;
	struct call_tally *tally = &bench->tally;

	make(bench, 1, 4096);
	make(bench, 2, 4096);
	*tally = (struct call_tally){.before = model_generation(bench->model)};
	make(bench, 3, 8192);
	unmake(bench, 1);
	assert_int_equal(tally->segments, 1);
	call_tally_look(tally, bench->model, 0);
	assert_int_equal(tally->made, 1);
	assert_int_equal(tally->segments, 1);
	assert_int_equal(tally->bytes, 8192);
}

/* The end of one that others made takes nothing away. */
static void others_do_not_count(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(model_reconcile_segments(bench->model, NS, rows + 1, 1, 0, bench->time),
			 0);
	make(bench, 1, 4096);
	unmake(bench, 9);
	assert_int_equal(bench->tally.segments, 1);
	assert_int_equal(bench->tally.bytes, 4096);
}

#define TIMES(took, longest) "\"took_ns\":" took ",\"longest_ns\":" longest ","

static void as_json(void **state)
{
	struct bench *bench = *state;
	struct json_object *object;

	apply(bench, (struct event){.op = FACT_SHMGET, .shmid = 1, .ret = 1, .took = 4000});
	apply(bench, (struct event){.op = FACT_SHMGET, .shmid = -1, .ret = -ENOSPC, .took = 1000});
	object = call_tally_json(&bench->tally);
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
		"{\"shmget\":{\"count\":2,\"failed\":1," TIMES(
			"5000",
			"4000") "\"errors\":{\"ENOSPC\":1}},"
				"\"shmat\":{\"count\":0,\"failed\":0," TIMES(
					"0", "0") "\"errors\":{}},"
						  "\"shmdt\":{\"count\":0,\"failed\":0," TIMES(
							  "0",
							  "0") "\"errors\":{}},"
							       "\"shmctl\":{\"count\":0,\"failed\":"
							       "0," TIMES("0",
									  "0") "\"errors\":{}}}");
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(calls_and_failures_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_most_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_removed_segment_counts_until_it_ends, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			looks_count_what_was_seen_made_or_all_of_a_namespace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_made_before_does_not_count, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(others_do_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_json, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
