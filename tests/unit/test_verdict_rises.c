/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules about what becomes more and more: when they hold, and when they must not */
#include "verdict_fixture.h"

/* ---- growth ----------------------------------------------------------------------------------- */

/* One more segment each second, and one look */
static struct growth *grow(struct model *model, int count, bool creator_lives)
{
	struct growth *growth;

	assert_int_equal(growth_new(&growth), 0);
	for (int i = 0; i < count; i++) {
		make(model, 100 + i, 100, AT(200 + i));
		assert_int_equal(growth_update(growth, model, AT(200.5 + i)), 0);
	}
	if (!creator_lives)
		exited(model, 100, AT(200 + count), 0);
	return growth;
}

static void more_and_more_of_a_living_creator_are_growing(void **state)
{
	struct growth *growth = grow(*state, 10, true);
	struct judge_context context = context_at(*state, LATER);
	struct verdict verdict;

	context.growth = growth;
	verdict_judge(&context, find(*state, 100), &verdict);
	assert_int_equal(verdict.kind, VERDICT_GROWING);
	assert_int_equal(verdict.confidence, VERDICT_LOW);
	assert_reason(&verdict, "one of 10 left behind, 3600 more an hour (1 56m ago)");
	assert_reason(&verdict, "creator 100 comm100 lives");
	/* not without that */
	context.growth = NULL;
	assert_int_equal(verdict_kind(&context, find(*state, 100), NULL), VERDICT_IDLE);
	growth_free(growth);
}

static void towards_a_limit_growth_is_likely(void **state)
{
	const struct limits_facts limits = {
		.ipcns = NS, .segments = {10, 4096}, .pages = {20, 1 << 30}, .page_size = 4096};
	struct judge_context context = context_at(*state, LATER);
	struct verdict verdict;

	model_set_limits(*state, &limits);
	context.growth = grow(*state, 10, true);
	verdict_judge(&context, find(*state, 100), &verdict);
	assert_int_equal(verdict.kind, VERDICT_GROWING);
	assert_int_equal(verdict.confidence, VERDICT_MEDIUM);
	assert_reason(&verdict,
		      "one of 10 left behind, 3600 more an hour: SHMMNI is used up in 1h");
	growth_free((struct growth *)(uintptr_t)context.growth);
}

static void more_and_more_orphans_are_likely(void **state)
{
	struct growth *growth = grow(*state, 10, false);
	struct judge_context context = context_at(*state, LATER);
	enum verdict_confidence confidence;

	context.growth = growth;
	assert_int_equal(verdict_kind(&context, find(*state, 100), &confidence), VERDICT_GROWING);
	assert_int_equal(confidence, VERDICT_MEDIUM);
	growth_free(growth);
}

static void a_sure_orphan_stays_one_however_many_there_are(void **state)
{
	struct growth *growth;
	struct judge_context context = context_at(*state, LATER);
	struct verdict verdict;

	assert_int_equal(growth_new(&growth), 0);
	for (int i = 0; i < 10; i++) {
		make_private(*state, 100 + i, 100, AT(200 + i));
		attach(*state, 100 + i, 100, AT(200.1 + i), ADDR);
		detach(*state, 100 + i, 100, AT(200.2 + i), ADDR);
		assert_int_equal(growth_update(growth, *state, AT(200.5 + i)), 0);
	}
	exited(*state, 100, AT(220), 0);
	nobody_is_left(*state);
	context.growth = growth;
	verdict_judge(&context, find(*state, 100), &verdict);
	assert_int_equal(verdict.kind, VERDICT_ORPHAN);
	assert_int_equal(verdict.confidence, VERDICT_HIGH);
	assert_reason(&verdict, "one of 10 left behind, 3600 more an hour (1 56m ago)");
	growth_free(growth);
}

/* That of another maker does not. */
static void only_those_of_the_maker_that_grows_are_growing(void **state)
{
	struct growth *growth;
	struct judge_context context = context_at(*state, LATER);

	make(*state, 50, 200, AT(199));
	growth = grow(*state, 10, true);
	context.growth = growth;
	assert_int_equal(verdict_kind(&context, find(*state, 100), NULL), VERDICT_GROWING);
	assert_int_equal(verdict_kind(&context, find(*state, 50), NULL), VERDICT_IDLE);
	growth_free(growth);
}

static void those_that_become_no_more_are_not_growing(void **state)
{
	struct growth *growth;
	struct judge_context context = context_at(*state, LATER);

	assert_int_equal(growth_new(&growth), 0);
	for (int i = 0; i < 10; i++)
		make(*state, 100 + i, 100, AT(100));
	for (int i = 0; i < 10; i++) {
		model_expire(*state, AT(200 + i));
		assert_int_equal(growth_update(growth, *state, AT(200 + i)), 0);
	}
	context.growth = growth;
	assert_int_equal(verdict_kind(&context, find(*state, 100), NULL), VERDICT_IDLE);
	growth_free(growth);
}

/* ---- removed ones that a stranger holds -------------------------------------------------------- */

/* 100 makes, hands to 300, removes and lets go; or keeps its own attachment */
static void hand_over(struct model *model, int32_t shmid, uint64_t time, int32_t to, bool keeps)
{
	uint64_t addr = ADDR + (uint64_t)shmid * 0x10000;

	make_private(model, shmid, 100, time);
	attach(model, shmid, 100, time + 1000, addr);
	attach(model, shmid, to, time + 2000, addr + 0x1000000);
	control(model, shmid, 100, time + 3000, IPC_RMID, 0);
	if (!keeps)
		detach(model, shmid, 100, time + 4000, addr);
}

static struct growth *pin(struct model *model, int count, int32_t to, bool keeps)
{
	struct growth *growth;

	assert_int_equal(growth_new(&growth), 0);
	for (int i = 0; i < count; i++) {
		hand_over(model, 100 + i, AT(200 + i), to, keeps);
		assert_int_equal(growth_update(growth, model, AT(200.5 + i)), 0);
	}
	return growth;
}

static enum verdict_kind kind_with(const struct model *model, struct growth *growth, int32_t shmid,
				   struct verdict *verdict)
{
	struct judge_context context = context_at(model, LATER);

	context.growth = growth;
	verdict_judge(&context, find(model, shmid), verdict);
	growth_free(growth);
	return verdict->kind;
}

static void removed_ones_that_pile_up_in_a_stranger_are_pinned(void **state)
{
	struct verdict verdict;

	assert_int_equal(kind_with(*state, pin(*state, 9, 300, false), 100, &verdict),
			 VERDICT_DEST_PINNED);
	assert_int_equal(verdict.confidence, VERDICT_MEDIUM);
	assert_reason(&verdict, "only 300 comm300 holds it, which is not its creator");
	assert_reason(&verdict, "one of 9 removed segments that it holds, and they become more");
	assert_reason(&verdict, "creator 100 comm100 lives");
}

static void a_few_removed_ones_are_no_pile(void **state)
{
	struct verdict verdict;

	assert_int_equal(kind_with(*state, pin(*state, 7, 300, false), 100, &verdict),
			 VERDICT_DEST);
}

static void while_their_creator_holds_them_they_are_in_use(void **state)
{
	struct verdict verdict;

	assert_int_equal(kind_with(*state, pin(*state, 20, 300, true), 100, &verdict),
			 VERDICT_DEST);
}

static void ones_own_are_not_pinned(void **state)
{
	struct verdict verdict;

	assert_int_equal(kind_with(*state, pin(*state, 20, 100, false), 100, &verdict),
			 VERDICT_DEST);
}

/* Whatever else the child holds */
static void what_a_child_inherited_is_not_pinned(void **state)
{
	struct growth *growth;
	struct verdict verdict;

	make_private(*state, 50, 100, AT(190));
	attach(*state, 50, 100, AT(191), ADDR);
	forked(*state, 100, 300, AT(192));
	control(*state, 50, 100, AT(193), IPC_RMID, 0);
	detach(*state, 50, 100, AT(194), ADDR);
	growth = pin(*state, 12, 300, false);
	assert_int_equal(kind_with(*state, growth, 50, &verdict), VERDICT_DEST);
}

static void those_that_become_no_more_are_not_pinned(void **state)
{
	struct growth *growth;
	struct verdict verdict;

	assert_int_equal(growth_new(&growth), 0);
	for (int i = 0; i < 20; i++)
		hand_over(*state, 100 + i, AT(200), 300, false);
	for (int i = 0; i < 20; i++) {
		model_expire(*state, AT(201 + i));
		assert_int_equal(growth_update(growth, *state, AT(201 + i)), 0);
	}
	assert_int_equal(kind_with(*state, growth, 100, &verdict), VERDICT_DEST);
}

/* ---- one that is attached again and again ------------------------------------------------------- */

static void attach_times(struct model *model, int32_t pid, int count, bool ticks)
{
	for (int i = 0; i < count; i++) {
		attach(model, 5, pid, AT(101 + i), ADDR + (uint64_t)i * 0x10000);
		if (ticks)
			model_expire(model, AT(101.5 + i));
	}
}

static void one_process_that_attaches_again_and_again_leaks(void **state)
{
	make(*state, 5, 100, AT(100));
	attach_times(*state, 200, 16, true);
	const struct verdict verdict =
		assert_verdict(*state, 5, VERDICT_ATTACH_LEAK, VERDICT_MEDIUM);

	assert_reason(&verdict, "200 comm200 has attached it 16 times");
	assert_reason(&verdict, "nattch went from 1 to 16");
}

static void many_attachments_that_stay_are_one_to_watch(void **state)
{
	make(*state, 5, 100, AT(100));
	attach_times(*state, 200, 16, false);
	assert_verdict(*state, 5, VERDICT_ATTACH_LEAK, VERDICT_LOW);
}

static void fewer_or_of_many_processes_are_none(void **state)
{
	make(*state, 5, 100, AT(100));
	attach_times(*state, 200, 15, true);
	for (int pid = 300; pid < 340; pid++)
		attach(*state, 5, pid, AT(130), ADDR);
	assert_verdict(*state, 5, VERDICT_IN_USE, VERDICT_NONE);
}

/* mprotect of its pages makes many mappings of one attach. */
static void fragments_of_one_attach_are_none(void **state)
{
	const struct segment_facts row = a_row(5, 100, 40);
	struct attachment rows[40];

	for (size_t i = 0; i < 40; i++) {
		rows[i] = a_mapping(5, 100, ADDR + i * 4096);
		rows[i].length = 4096;
		rows[i].offset = i * 4096;
	}
	snapshot(*state, &row, 1, AT(60));
	scan(*state, rows, 40, AT(61));
	assert_verdict(*state, 5, VERDICT_IN_USE, VERDICT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(more_and_more_of_a_living_creator_are_growing),
		MODEL_TEST(towards_a_limit_growth_is_likely),
		MODEL_TEST(more_and_more_orphans_are_likely),
		MODEL_TEST(a_sure_orphan_stays_one_however_many_there_are),
		MODEL_TEST(only_those_of_the_maker_that_grows_are_growing),
		MODEL_TEST(those_that_become_no_more_are_not_growing),
		MODEL_TEST(removed_ones_that_pile_up_in_a_stranger_are_pinned),
		MODEL_TEST(a_few_removed_ones_are_no_pile),
		MODEL_TEST(while_their_creator_holds_them_they_are_in_use),
		MODEL_TEST(ones_own_are_not_pinned),
		MODEL_TEST(what_a_child_inherited_is_not_pinned),
		MODEL_TEST(those_that_become_no_more_are_not_pinned),
		MODEL_TEST(one_process_that_attaches_again_and_again_leaks),
		MODEL_TEST(many_attachments_that_stay_are_one_to_watch),
		MODEL_TEST(fewer_or_of_many_processes_are_none),
		MODEL_TEST(fragments_of_one_attach_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
