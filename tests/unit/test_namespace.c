/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces: found, deserted, kept by a mapping, not to be read. */
#include "model_fixture.h"

#include <errno.h>

#define ADDR UINT64_C(0x7f0000000000)

static void a_namespace_without_processes_ends_with_its_segments(void **state)
{
	struct model *model = *state;
	const struct namespace_facts rows[] = {{NS, 1, AT(1)}, {NS - 1, 50, AT(5)}};
	const struct segment_facts row = a_row(5, 100, 0);
	size_t count;

	assert_int_equal(model_reconcile_namespaces(model, rows, 2, AT(99)), 0);
	assert_int_equal(model_reconcile_segments(model, NS - 1, &row, 1, 0, AT(100)), 0);
	snapshot(model, &row, 1, AT(100));
	assert_int_equal(model_namespaces(model, &count)[0].facts.ipcns, NS - 1);
	assert_int_equal(model_namespaces(model, &count)[0].facts.pid, 50);
	assert_int_equal(model_namespaces(model, &count)[0].segments, 1);
	assert_int_equal(count, 2);
	assert_int_equal(model_reconcile_namespaces(model, &rows[1], 1, AT(101)), 0);
	model_namespaces(model, &count);
	assert_int_equal(count, 1);
	assert_int_equal(model_segment_count(model), 1);
	ended(model, 5, FACT_REASON_NAMESPACE);
	assert_derived(newest(model, 0), FACT_DESTROY, 5, FACT_REASON_NAMESPACE, 0, 0);
}

static void a_namespace_that_events_told_of_since_stays(void **state)
{
	struct model *model = *state;
	size_t count;

	make(model, 5, 100, AT(100));
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(99)), 0);
	living(model, 5);
	model_namespaces(model, &count);
	assert_int_equal(count, 1);
}

/* Its processes may be where nobody can look: in another pid namespace than the viewer's. */
static void a_namespace_known_by_events_alone_stays_in_a_partial_view(void **state)
{
	struct model *model = *state;
	const struct source_status partial = {.calls = "tracepoint", .partial = true};
	const struct source_status whole = {.calls = "tracepoint"};

	model_set_status(model, &partial);
	make(model, 5, 100, AT(100));
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(101)), 0);
	living(model, 5);
	model_set_status(model, &whole);
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(102)), 0);
	ended(model, 5, FACT_REASON_NAMESPACE);
}

static void a_mapping_keeps_its_namespace(void **state)
{
	struct model *model = *state;
	const struct namespace_facts place = {NS, 1, AT(1)};
	const struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen = a_mapping(5, 100, ADDR);
	size_t count;

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(100));
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(101)), 0);
	living(model, 5);
	assert_false(model_namespaces(model, &count)->readable);
	assert_int_equal(model_namespaces(model, &count)->error, -ESRCH);
	assert_true(needs(model).scan); /* is that mapping still there? */
	scan(model, &seen, 1, AT(102));
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(103)), 0);
	assert_false(needs(model).scan);
	assert_int_equal(model_reconcile_namespaces(model, &place, 1, AT(104)), 0);
	snapshot(model, &row, 1, AT(104)); /* entered again */
	assert_true(model_namespaces(model, &count)->readable);
	scan(model, NULL, 0, AT(105));
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(106)), 0);
	ended(model, 5, FACT_REASON_NAMESPACE);
}

static void an_unreadable_namespace_says_why_and_keeps_its_segments(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);
	const struct limits_facts limits = {.ipcns = NS, .shmmax = 42};
	const struct namespace_state *namespaces;
	size_t count;

	snapshot(model, &row, 1, AT(100));
	model_set_limits(model, &limits);
	model_namespace_unreadable(model, NS, -EPERM, AT(101));
	model_namespace_unreadable(model, NS + 9, -EACCES, AT(101));
	namespaces = model_namespaces(model, &count);
	assert_int_equal(count, 2);
	assert_false(namespaces[0].readable);
	assert_int_equal(namespaces[0].error, -EPERM);
	assert_int_equal(namespaces[0].read, AT(100));
	assert_true(namespaces[0].has_limits);
	assert_int_equal(namespaces[0].limits.shmmax, 42);
	assert_int_equal(namespaces[1].error, -EACCES);
	assert_int_equal(namespaces[1].read, 0);
	living(model, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(a_namespace_without_processes_ends_with_its_segments),
		MODEL_TEST(a_namespace_that_events_told_of_since_stays),
		MODEL_TEST(a_namespace_known_by_events_alone_stays_in_a_partial_view),
		MODEL_TEST(a_mapping_keeps_its_namespace),
		MODEL_TEST(an_unreadable_namespace_says_why_and_keeps_its_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
