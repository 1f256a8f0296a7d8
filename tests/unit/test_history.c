/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of events, the chain of each segment, the sink, and calls per second. */
#include "model_fixture.h"

#define ADDR UINT64_C(0x7f0000000000)

enum { RING = 8 };

static struct model *small_model(void)
{
	const struct model_limits limits = {.events = RING, .gone_segments = 4};
	struct model *model;

	assert_int_equal(model_new(&limits, &model), 0);
	return model;
}

static void the_ring_keeps_the_newest(void **state)
{
	struct model *model = small_model();

	(void)state;
	assert_int_equal(model_events_first(model), 0);
	assert_int_equal(model_events_end(model), 0);
	assert_null(model_event(model, 0));
	for (int i = 0; i < 20; i++)
		control(model, i, 100, AT(100 + i), IPC_STAT, 0);
	assert_int_equal(model_events_first(model), 20 - RING);
	assert_int_equal(model_events_end(model), 20);
	assert_null(model_event(model, 20 - RING - 1));
	assert_null(model_event(model, 20));
	assert_null(model_event(model, UINT64_MAX));
	for (uint64_t sequence = 20 - RING; sequence < 20; sequence++)
		assert_int_equal(model_event(model, sequence)->event.shmid, sequence);
	model_free(model);
}

static void a_chain_is_cut_where_the_ring_ends(void **state)
{
	struct model *model = small_model();
	const struct model_event *entry;
	size_t length = 0;

	(void)state;
	make(model, 5, 100, AT(100));
	make(model, 6, 100, AT(100));
	for (int i = 0; i < 10; i++)
		control(model, 5 + i % 2, 100, AT(101 + i), IPC_STAT, 0);
	for (uint64_t next = living(model, 5)->last_event;
	     next && (entry = model_event(model, next - 1)); next = entry->previous) {
		assert_int_equal(entry->event.shmid, 5);
		assert_int_equal(entry->segment.shmid, 5);
		assert_int_equal(entry->segment.generation, 1);
		length++;
	}
	assert_int_equal(length, RING / 2);

	/* one whose events were all overwritten */
	for (int i = 0; i < RING; i++)
		control(model, 6, 100, AT(120 + i), IPC_STAT, 0);
	assert_null(model_event(model, living(model, 5)->last_event - 1));
	model_free(model);
}

struct heard {
	size_t count;
	uint64_t time[8];
	enum fact_op op[8];
};

static void listen(void *context, const struct model_event *event)
{
	struct heard *heard = context;

	assert_true(heard->count < 8);
	heard->time[heard->count] = event->event.time;
	heard->op[heard->count++] = event->event.op;
}

static void the_sink_hears_all_in_order(void **state)
{
	static const enum fact_op expected[] = {FACT_SHMGET, FACT_SHMAT,  FACT_SHMCTL,
						FACT_EXIT,   FACT_DETACH, FACT_DESTROY};
	struct model *model = small_model();
	struct heard heard = {0};

	(void)state;
	model_set_sink(model, listen, &heard);
	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), 4096);
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	exited(model, 100, AT(103), 0);
	assert_int_equal(heard.count, 6);
	assert_memory_equal(heard.op, expected, sizeof(expected));
	assert_int_equal(heard.time[4], AT(103));
	assert_int_equal(heard.time[5], AT(103));
	model_set_sink(model, NULL, NULL);
	make(model, 5, 100, AT(104));
	assert_int_equal(heard.count, 6);
	model_free(model);
}

static void derived_events_name_who_did_it(void **state)
{
	struct model *model = *state;
	struct event event = an_event(FACT_EXIT, 100, AT(103));
	const struct event *detach_event;

	make(model, 5, 200, AT(100));
	attach(model, 5, 100, AT(101), 4096);
	event.inner_pid = 3;
	event.cgroup = 99;
	event.ppid = 1;
	apply(model, &event);
	detach_event = newest(model, 0);
	assert_derived(detach_event, FACT_DETACH, 5, FACT_REASON_EXIT, 100, 1);
	assert_int_equal(detach_event->mm, event.mm);
	assert_int_equal(detach_event->tid, event.tid);
	assert_int_equal(detach_event->ppid, 1);
	assert_int_equal(detach_event->inner_pid, 3);
	assert_int_equal(detach_event->cgroup, 99);
	assert_int_equal(detach_event->uid, 1000);
	assert_int_equal(detach_event->start_time, start_of(100));
	assert_string_equal(detach_event->comm, "comm100");
	assert_int_equal(detach_event->status, 0);
	assert_int_equal(detach_event->took, 0);
}

static void rates_count_the_four_calls_by_second(void **state)
{
	struct model *model = *state;
	uint32_t rates[MODEL_RATES];

	assert_int_equal(model_rates(model, rates), 0);
	model_expire(model, AT(100.2));
	assert_int_equal(model_rates(model, rates), 0); /* the second is not over */
	for (int i = 0; i < 5; i++)
		control(model, 5, 100, AT(100.5), IPC_STAT, -22);
	make(model, 5, 100, AT(101.5));
	attach(model, 5, 100, AT(101.6), 4096);
	exited(model, 100, AT(101.7), 0); /* none of the four, nor is its detach */
	model_expire(model, AT(101.9));
	assert_int_equal(model_rates(model, rates), 1);
	assert_int_equal(rates[0], 5);
	model_expire(model, AT(104));
	assert_int_equal(model_rates(model, rates), 4);
	assert_int_equal(rates[1], 2);
	assert_int_equal(rates[2], 0);
	control(model, 5, 100, AT(103.9), IPC_STAT, -22); /* late, but it was then */
	model_rates(model, rates);
	assert_int_equal(rates[3], 1);

	for (int second = 104; second < 204; second++) {
		for (int i = 0; i < second; i++)
			control(model, 5, 100, AT(second), IPC_STAT, 0);
		model_expire(model, AT(second + 1));
	}
	assert_int_equal(model_rates(model, rates), MODEL_RATES);
	for (int i = 0; i < MODEL_RATES; i++)
		assert_int_equal(rates[i], 204 - MODEL_RATES + i);
	control(model, 5, 100, AT(2), IPC_STAT, 0); /* older than all of them */
	model_rates(model, rates);
	for (int i = 0; i < MODEL_RATES; i++)
		assert_int_equal(rates[i], 204 - MODEL_RATES + i);
	model_expire(model, AT(1000));
	assert_int_equal(model_rates(model, rates), MODEL_RATES);
	for (int i = 0; i < MODEL_RATES; i++)
		assert_int_equal(rates[i], 0);
}

/* ---- where it was made ---------------------------------------------------------------------- */

static void a_stack_belongs_to_the_creation_of_its_time(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	assert_false(model_set_stack(model, NS, 5, AT(99), 1, 1));
	assert_false(model_set_stack(model, NS, 6, AT(100), 1, 1));
	assert_false(model_set_stack(model, NS + 1, 5, AT(100), 1, 1));
	assert_int_equal(living(model, 5)->stack, 0);
	assert_true(model_set_stack(model, NS, 5, AT(100), 7, 3));
	assert_int_equal(living(model, 5)->stack, 7);
	assert_int_equal(living(model, 5)->site, 3);
	assert_int_equal(newest(model, 1)->stack, 7);
	assert_int_equal(newest(model, 0)->stack, 0);
	/* of another call its event alone */
	assert_true(model_set_stack(model, NS, 5, AT(101), 8, 4));
	assert_int_equal(newest(model, 0)->stack, 8);
	assert_int_equal(living(model, 5)->stack, 7);
}

static void a_stack_may_come_when_the_segment_is_gone(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	control(model, 5, 100, AT(101), IPC_RMID, 0);
	make(model, 5, 200, AT(102));
	model_set_stack(model, NS, 5, AT(100), 7, 3);
	assert_int_equal(living(model, 5)->stack, 0);
	assert_int_equal(living(model, 5)->older->stack, 7);
	model_set_stack(model, NS, 5, AT(102), 8, 3);
	assert_int_equal(living(model, 5)->stack, 8);
}

/* It was found by others, and removed, before its creator was back from the call. */
static void a_stack_finds_a_segment_that_was_gone_before_its_creation_was_told(void **state)
{
	struct model *model = *state;
	struct event record = an_event(FACT_ATTACH, 200, AT(99.9));
	struct event made_late = made(5, 100, AT(100), 8192);

	stand_on(model, "fexit", FACT_EXACT_ALL);
	record.shmid = 5;
	record.addr = ADDR;
	record.size = 8192;
	record.reason = FACT_REASON_SHMAT;
	apply(model, &record);
	record.op = FACT_DESTROY;
	record.time = AT(99.95);
	record.reason = FACT_REASON_IPC_RMID;
	apply(model, &record);
	made_late.took = CLOCK_SECOND;
	apply(model, &made_late);
	assert_int_equal(find(model, 5)->born, AT(99.9));
	model_set_stack(model, NS, 5, AT(100), 7, 3);
	assert_int_equal(find(model, 5)->stack, 7);
}

/* Its event has left the ring by then. */
static void a_stack_may_come_late(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	for (int i = 0; i < 5000; i++)
		control(model, 5, 100, AT(101), IPC_STAT, 0);
	assert_true(model_set_stack(model, NS, 5, AT(100), 7, 3));
	assert_int_equal(living(model, 5)->stack, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ring_keeps_the_newest),
		cmocka_unit_test(a_chain_is_cut_where_the_ring_ends),
		cmocka_unit_test(the_sink_hears_all_in_order),
		MODEL_TEST(derived_events_name_who_did_it),
		MODEL_TEST(rates_count_the_four_calls_by_second),
		MODEL_TEST(a_stack_belongs_to_the_creation_of_its_time),
		MODEL_TEST(a_stack_may_come_when_the_segment_is_gone),
		MODEL_TEST(a_stack_finds_a_segment_that_was_gone_before_its_creation_was_told),
		MODEL_TEST(a_stack_may_come_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
