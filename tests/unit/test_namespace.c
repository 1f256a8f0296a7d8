/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces: found, deserted, kept by a mapping, not to be read. */
#include "model_fixture.h"

#include <errno.h>
#include <stdio.h>

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

static struct namespace_owner an_owner(int32_t pid, uint64_t start_time, const char *comm,
				       const char *label)
{
	struct namespace_owner owner = {.pid = pid, .start_time = start_time};

	snprintf(owner.comm, sizeof(owner.comm), "%s", comm);
	snprintf(owner.label, sizeof(owner.label), "%s", label);
	return owner;
}

static void places(struct model *model, size_t count, uint64_t began)
{
	const struct namespace_facts rows[] = {{7, 1, AT(1)}, {8, 50, AT(5)}, {9, 60, AT(6)}};

	assert_int_equal(model_reconcile_namespaces(model, rows, count, began), 0);
}

static void a_label_is_the_owners_or_the_inode_and_a_process(void **state)
{
	const struct namespace_owner named = an_owner(1, AT(1), "init", "docker 3f2a91c07be1");
	const struct namespace_owner plain = an_owner(50, AT(5), "postgres", "");
	struct model *model = *state;

	places(model, 2, AT(99));
	assert_string_equal(model_namespace_label(model, 7, 0), "");
	model_set_namespace_owner(model, 7, &named);
	model_set_namespace_owner(model, 8, &plain);
	model_set_namespace_owner(model, 4711, &plain); /* is not known */
	assert_string_equal(model_namespace_label(model, 7, 0), "docker 3f2a91c07be1");
	assert_string_equal(model_namespace_label(model, 8, 0), "8 (postgres 50)");
	assert_string_equal(model_namespace_label(model, 4711, 0), "");
	assert_null(model_namespace(model, 4711));
	assert_int_equal(model_namespace(model, 8)->owner.pid, 50);
	/* It stays while the namespaces are listed again. */
	places(model, 2, AT(100));
	assert_string_equal(model_namespace_label(model, 7, 0), "docker 3f2a91c07be1");
}

static void no_two_have_one_label(void **state)
{
	const struct namespace_owner younger = an_owner(50, AT(5), "sh", "docker 3f2a91c07be1");
	const struct namespace_owner older = an_owner(1, AT(1), "init", "docker 3f2a91c07be1");
	const struct namespace_owner youngest = an_owner(60, AT(6), "", "docker 3f2a91c07be1");
	struct model *model = *state;

	places(model, 3, AT(99));
	model_set_namespace_owner(model, 8, &younger);
	assert_string_equal(model_namespace_label(model, 8, 0), "docker 3f2a91c07be1");
	model_set_namespace_owner(model, 7, &older);
	model_set_namespace_owner(model, 9, &youngest);
	assert_string_equal(model_namespace_label(model, 7, 0), "docker 3f2a91c07be1");
	assert_string_equal(model_namespace_label(model, 8, 0), "8 (sh 50)");
	assert_string_equal(model_namespace_label(model, 9, 0), "9 (60)");
	/* Told again */
	model_set_namespace_owner(model, 8, &younger);
	assert_string_equal(model_namespace_label(model, 7, 0), "docker 3f2a91c07be1");
	assert_string_equal(model_namespace_label(model, 8, 0), "8 (sh 50)");
}

static void an_inode_is_used_again(void **state)
{
	const struct namespace_owner first = an_owner(1, AT(1), "init", "docker 111111111111");
	const struct namespace_owner second = an_owner(1, AT(1), "init", "docker 222222222222");
	struct namespace_owner third = an_owner(2, AT(104), "init", "docker 333333333333");
	struct model *model = *state;

	places(model, 1, AT(99));
	model_set_namespace_owner(model, 7, &first);
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(101)), 0);
	assert_string_equal(model_namespace_label(model, 7, 0), "");
	assert_string_equal(model_namespace_label(model, 7, AT(100)), "docker 111111111111");
	places(model, 1, AT(102));
	model_set_namespace_owner(model, 7, &second);
	assert_string_equal(model_namespace_label(model, 7, 0), "docker 222222222222");
	assert_string_equal(model_namespace_label(model, 7, AT(103)), "docker 222222222222");
	assert_string_equal(model_namespace_label(model, 7, AT(101)), "docker 111111111111");
	/* As it may be without a look between the two: another process is its oldest, then. */
	third.read = AT(105);
	model_set_namespace_owner(model, 7, &third);
	assert_string_equal(model_namespace_label(model, 7, 0), "docker 333333333333");
	assert_string_equal(model_namespace_label(model, 7, AT(104)), "docker 222222222222");
	/* Others end, and it is forgotten. */
	for (uint32_t i = 0; i <= MODEL_PAST_NAMESPACES + 2; i++) {
		const struct namespace_facts row = {1000 + i, 1, AT(1)};

		assert_int_equal(model_reconcile_namespaces(model, &row, 1, AT(106 + i)), 0);
	}
	assert_string_equal(model_namespace_label(model, 7, AT(100)), "");
}

/* Nobody leads there, but something is attached that lies there. */
static void a_namespace_is_known_by_attachments_alone(void **state)
{
	struct model *model = *state;
	const struct attachment seen = a_mapping(5, 100, ADDR);
	const struct namespace_state *place;

	scan(model, &seen, 1, AT(100));
	place = model_namespace(model, NS);
	assert_non_null(place);
	assert_false(place->readable);
	assert_int_equal(place->error, -ESRCH);
	assert_int_equal(place->attached, 1);
	assert_int_equal(model_segment_count(model), 0);
	/* It stays while that is so: where no record tells of the end, looks do. */
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(101)), 0);
	assert_non_null(model_namespace(model, NS));
	assert_true(needs(model).scan);
	scan(model, NULL, 0, AT(102));
	assert_int_equal(model_reconcile_namespaces(model, NULL, 0, AT(103)), 0);
	assert_null(model_namespace(model, NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(a_namespace_without_processes_ends_with_its_segments),
		MODEL_TEST(a_namespace_that_events_told_of_since_stays),
		MODEL_TEST(a_namespace_known_by_events_alone_stays_in_a_partial_view),
		MODEL_TEST(a_mapping_keeps_its_namespace),
		MODEL_TEST(an_unreadable_namespace_says_why_and_keeps_its_segments),
		MODEL_TEST(a_label_is_the_owners_or_the_inode_and_a_process),
		MODEL_TEST(no_two_have_one_label),
		MODEL_TEST(an_inode_is_used_again),
		MODEL_TEST(a_namespace_is_known_by_attachments_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
