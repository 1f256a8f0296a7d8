/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who let go lately, and the revision that moves with all that is taken in. */
#include "model_fixture.h"

#define ADDR UINT64_C(0x7f0000000000)

static void assert_gone(const struct model *model, size_t index, int32_t shmid, int32_t pid,
			enum fact_reason reason, uint64_t time, uint64_t maps)
{
	const struct gone_holder *gone = model_gone_holder(model, index);

	assert_non_null(gone);
	assert_int_equal(gone->segment.shmid, shmid);
	assert_int_equal(gone->process->pid, pid);
	assert_int_equal(gone->mm, mm_of(pid));
	assert_int_equal(gone->reason, reason);
	assert_int_equal(gone->time, time);
	assert_int_equal(gone->maps, maps);
}

static void each_way_to_let_go_is_told(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);

	make(model, 5, 100, AT(50));
	attach(model, 5, 200, AT(101), ADDR);
	attach(model, 5, 200, AT(102), ADDR + 0x10000);
	forked(model, 200, 300, AT(103));
	assert_null(model_gone_holder(model, 0));
	detach(model, 5, 200, AT(104), ADDR);
	execed(model, 200, AT(105));
	exited(model, 300, AT(106), 9);
	attach(model, 5, 400, AT(107), ADDR);
	snapshot(model, &row, 1, AT(108));
	scan(model, NULL, 0, AT(108));
	assert_gone(model, 0, 5, 400, FACT_REASON_UNKNOWN, AT(108), 1);
	assert_gone(model, 1, 5, 300, FACT_REASON_EXIT, AT(106), 2);
	assert_gone(model, 2, 5, 200, FACT_REASON_EXEC, AT(105), 1);
	assert_gone(model, 3, 5, 200, FACT_REASON_SHMDT, AT(104), 1);
	assert_null(model_gone_holder(model, 4));
	assert_int_equal(model_gone_holder(model, 1)->process->status, 9);
	assert_int_equal(model_gone_holder(model, 1)->addr, ADDR);
	assert_int_equal(model_gone_holder(model, 1)->origin, MAPPING_FORK);
	assert_int_equal(model_gone_holder(model, 1)->since, AT(103));
	assert_int_equal(model_gone_holder(model, 1)->flags, ATTACHMENT_READ | ATTACHMENT_WRITE);
}

static void records_tell_why_too(void **state)
{
	struct model *model = *state;
	struct event event = an_event(FACT_ATTACH, 200, AT(101));

	stand_on(model, "fexit", FACT_EXACT_ALL);
	make(model, 5, 100, AT(100));
	event.shmid = 5;
	event.addr = ADDR;
	event.size = 8192;
	event.reason = FACT_REASON_SHMAT;
	apply(model, &event);
	exited(model, 200, AT(102), 0);
	event.op = FACT_DETACH;
	event.time = AT(103);
	event.pid = event.tid = 999; /* whoever dropped it last */
	event.reason = FACT_REASON_UNKNOWN;
	apply(model, &event);
	assert_gone(model, 0, 5, 200, FACT_REASON_EXIT, AT(103), 1);
}

/* A fork that fails gives back what it had copied. */
static void whose_holder_was_never_named_is_not_told(void **state)
{
	struct model *model = *state;
	struct event event = an_event(FACT_ATTACH, 200, AT(101));

	stand_on(model, "fexit", FACT_EXACT_ALL);
	make(model, 5, 100, AT(100));
	event.mm = mm_of(300);
	event.shmid = 5;
	event.addr = ADDR;
	event.size = 8192;
	event.reason = FACT_REASON_FORK;
	apply(model, &event);
	assert_int_equal(living(model, 5)->mapped, 1);
	event.op = FACT_DETACH;
	event.time = AT(102);
	event.reason = FACT_REASON_UNKNOWN;
	apply(model, &event);
	assert_int_equal(living(model, 5)->mapped, 0);
	assert_null(model_gone_holder(model, 0));
}

/* By then the process may be unused by all else. */
static void they_are_forgotten_after_some_seconds(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 200, AT(101), ADDR);
	attach(model, 5, 300, AT(101), ADDR);
	exited(model, 200, AT(102), 0);
	exited(model, 300, AT(103), 0);
	model_expire(model, AT(106.9));
	assert_gone(model, 1, 5, 200, FACT_REASON_EXIT, AT(102), 1);
	assert_string_equal(model_gone_holder(model, 1)->process->comm, "comm200");
	model_expire(model, AT(107.1));
	assert_gone(model, 0, 5, 300, FACT_REASON_EXIT, AT(103), 1);
	assert_null(model_gone_holder(model, 1));
	model_expire(model, AT(120));
	assert_null(model_gone_holder(model, 0));
}

static void many_push_out_the_oldest(void **state)
{
	struct model *model = *state;
	size_t count = 0;

	make(model, 5, 100, AT(100));
	for (int i = 0; i < 3000; i++) {
		attach(model, 5, 200 + i, AT(101), ADDR);
		detach(model, 5, 200 + i, AT(102), ADDR);
	}
	assert_gone(model, 0, 5, 3199, FACT_REASON_SHMDT, AT(102), 1);
	while (model_gone_holder(model, count))
		count++;
	assert_int_equal(count, 1024);
	assert_gone(model, 1023, 5, 3199 - 1023, FACT_REASON_SHMDT, AT(102), 1);
}

static void the_revision_moves_with_all_that_is_taken_in(void **state)
{
	struct model *model = *state;
	const struct namespace_facts place = {NS, 1, AT(1)};
	const struct limits_facts limits = {.ipcns = NS};
	const struct process_facts facts = {.pid = 100, .start_time = start_of(100)};
	const struct process *wanted;
	uint64_t last = 0;

#define assert_moved(what)                                 \
	do {                                               \
		what;                                      \
		assert_true(model_revision(model) > last); \
		last = model_revision(model);              \
	} while (0)
	assert_moved((void)0);
	assert_moved(make(model, 5, 100, AT(100)));
	assert_moved(attach(model, 5, 200, AT(100), ADDR));
	assert_moved(snapshot(model, NULL, 0, AT(101)));
	assert_moved(scan(model, NULL, 0, AT(101)));
	assert_moved(model_reconcile_namespaces(model, &place, 1, AT(101)));
	assert_moved(model_set_limits(model, &limits));
	assert_moved(model_namespace_unreadable(model, NS, -13, AT(102)));
	assert_moved(stand_on(model, "fexit", 0));
	assert_moved(model_set_wall_offset(model, 5));
	assert_moved(model_expire(model, AT(103)));
	assert_moved(model_distrust(model));
	make(model, 6, 100, AT(103));
	last = model_revision(model);
	wanted = model_next_wanted(model);
	assert_non_null(wanted);
	assert_int_equal(model_revision(model), last);
	assert_moved(model_process_known(model, wanted, &facts, AT(104)));
	assert_moved(model_process_missing(model, wanted, AT(105)));
	model_events_end(model);
	assert_int_equal(model_revision(model), last);
#undef assert_moved
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(each_way_to_let_go_is_told),
		MODEL_TEST(records_tell_why_too),
		MODEL_TEST(whose_holder_was_never_named_is_not_told),
		MODEL_TEST(they_are_forgotten_after_some_seconds),
		MODEL_TEST(many_push_out_the_oldest),
		MODEL_TEST(the_revision_moves_with_all_that_is_taken_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
