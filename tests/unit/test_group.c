/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Process groups of creators: kept while segments name them, and asked for when that may have changed. */
#include "model_fixture.h"

static void make_in(struct model *model, int32_t shmid, int32_t pid, int32_t pgid, uint64_t time)
{
	struct event event = made(shmid, pid, time, 8192);

	event.key = IPC_PRIVATE;
	event.pgid = pgid;
	apply(model, &event);
}

static void removed(struct model *model, int32_t shmid, uint64_t time)
{
	control(model, shmid, 900, time, IPC_RMID, 0);
	ended(model, shmid, FACT_REASON_IPC_RMID);
}

/* The one that is wanted, and has processes */
static void answer(struct model *model, int32_t pgid, uint64_t now)
{
	const struct process_group *group = model_next_group(model);

	assert_non_null(group);
	assert_int_equal(group->pgid, pgid);
	model_group_known(model, group, false, "sh", now);
}

static void segments_of_one_group_share_it(void **state)
{
	make_in(*state, 5, 100, 50, AT(100));
	make_in(*state, 6, 110, 50, AT(100));
	make_in(*state, 7, 120, 120, AT(100));
	make_in(*state, 8, 130, 0, AT(100));
	assert_ptr_equal(find(*state, 5)->group, find(*state, 6)->group);
	assert_int_equal(find(*state, 5)->group->pgid, 50);
	assert_int_equal(find(*state, 7)->group->pgid, 120);
	assert_null(find(*state, 8)->group);
	removed(*state, 5, AT(101));
	assert_null(find(*state, 5)->group);
	assert_int_equal(find(*state, 6)->group->pgid, 50);
}

static void one_that_was_empty_stays_so(void **state)
{
	struct model *model = *state;

	make_in(model, 5, 100, 50, AT(100));
	model_group_known(model, find(model, 5)->group, true, "", AT(101));
	assert_true(find(model, 5)->group->empty);
	/* its number is another's by now */
	make_in(model, 6, 50, 50, AT(102));
	assert_ptr_not_equal(find(model, 5)->group, find(model, 6)->group);
	assert_false(find(model, 6)->group->empty);
	assert_true(find(model, 5)->group->empty);
	model_group_known(model, find(model, 5)->group, false, "sh", AT(103));
	assert_true(find(model, 5)->group->empty);
	removed(model, 5, AT(104));
	assert_false(find(model, 6)->group->empty);
}

static void it_is_wanted_once_the_creator_has_ended(void **state)
{
	struct model *model = *state;

	make_in(model, 5, 100, 50, AT(100));
	make_in(model, 6, 110, 50, AT(100));
	model_expire(model, AT(101));
	assert_null(model_next_group(model));
	exited(model, 100, AT(101.5), 0);
	model_expire(model, AT(102));
	answer(model, 50, AT(102));
	assert_null(model_next_group(model));
	/* that of another of them is a reason to ask at once */
	exited(model, 110, AT(102.5), 0);
	model_expire(model, AT(103));
	answer(model, 50, AT(103));
	/* of one of another group, or that made none, it is not */
	make_in(model, 7, 120, 60, AT(103.1));
	exited(model, 120, AT(103.2), 0);
	model_expire(model, AT(103.3));
	answer(model, 60, AT(103.3));
	assert_null(model_next_group(model));
	exited(model, 900, AT(103.5), 0);
	model_expire(model, AT(104));
	assert_null(model_next_group(model));
}

static void one_that_is_not_empty_is_wanted_again_and_again(void **state)
{
	struct model *model = *state;

	make_in(model, 5, 100, 50, AT(100));
	exited(model, 100, AT(100.5), 0);
	model_expire(model, AT(101));
	answer(model, 50, AT(101));
	model_expire(model, AT(101) + MODEL_HEIRS_INTERVAL - 1);
	assert_null(model_next_group(model));
	model_expire(model, AT(101) + MODEL_HEIRS_INTERVAL);
	answer(model, 50, AT(106));
	/* or before a report */
	model_recheck_heirs(model);
	model_expire(model, AT(107));
	model_group_known(model, model_next_group(model), true, "", AT(107));
	model_recheck_heirs(model);
	model_expire(model, AT(108));
	assert_null(model_next_group(model));
}

static void whoever_has_a_key_needs_no_id(void **state)
{
	make(*state, 5, 100, AT(100));
	exited(*state, 100, AT(101), 0);
	model_expire(*state, AT(102));
	assert_null(model_next_group(*state));
}

static void one_that_is_wanted_may_be_forgotten(void **state)
{
	struct model *model = *state;

	make_in(model, 5, 100, 50, AT(100));
	make_in(model, 6, 110, 60, AT(100));
	exited(model, 100, AT(101), 0);
	exited(model, 110, AT(101), 0);
	model_expire(model, AT(102));
	removed(model, 5, AT(103));
	answer(model, 60, AT(104));
	assert_null(model_next_group(model));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(segments_of_one_group_share_it),
		MODEL_TEST(one_that_was_empty_stays_so),
		MODEL_TEST(it_is_wanted_once_the_creator_has_ended),
		MODEL_TEST(one_that_is_not_empty_is_wanted_again_and_again),
		MODEL_TEST(whoever_has_a_key_needs_no_id),
		MODEL_TEST(one_that_is_wanted_may_be_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
