/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags belong to segments, as long as these are known. */
#include "tests/tap.h"

#include "ui/tags.h"

static void tags_come_and_go(void **state)
{
	struct tag_set set = {0};

	(void)state;
	/* In any order, many of them */
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(tags_toggle(&set, &(struct segment_id){1, 7, 1 + i * 617 % 1000}),
				 0);
	assert_int_equal(set.count, 1000);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_true(tags_has(&set, &(struct segment_id){1, 7, i}));
	assert_false(tags_has(&set, &(struct segment_id){1, 7, 1001}));
	for (uint64_t i = 1; i <= 1000; i += 2)
		assert_int_equal(tags_toggle(&set, &(struct segment_id){1, 7, i}), 0);
	assert_int_equal(set.count, 500);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(tags_has(&set, &(struct segment_id){1, 7, i}), i % 2 == 0);
	tags_clear(&set);
	assert_false(tags_has(&set, &(struct segment_id){1, 7, 2}));
	tags_free(&set);
	tags_free(&set);
}

static void the_next_life_of_an_id_has_none(void **state)
{
	struct tag_set set = {0};

	(void)state;
	assert_int_equal(tags_toggle(&set, &(struct segment_id){1, 7, 5}), 0);
	assert_false(tags_has(&set, &(struct segment_id){1, 7, 6}));
	tags_free(&set);
}

static void the_forgotten_are_forgotten(void **state)
{
	struct event event = {.op = FACT_SHMGET,
			      .time = 5,
			      .ipcns = 1,
			      .mm = 1,
			      .start_time = 1,
			      .pid = 1,
			      .tid = 1,
			      .shmid = 7,
			      .ret = 7,
			      .created = true,
			      .size = 1};
	struct tag_set set = {0};
	struct segment_id known;
	struct model *model;

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	assert_int_equal(model_apply(model, &event), 0);
	known = model_segments(model)->id;
	assert_int_equal(tags_toggle(&set, &known), 0);
	assert_int_equal(tags_toggle(&set, &(struct segment_id){1, 7, known.generation + 1}), 0);
	tags_prune(&set, model, 0);
	assert_int_equal(set.count, 1);
	assert_true(tags_has(&set, &known));
	event = (struct event){.op = FACT_SHMCTL, .time = 9, .ipcns = 1, .shmid = 7, .pid = 1};
	assert_int_equal(model_apply(model, &event), 0);
	tags_prune(&set, model, 9);
	assert_true(tags_has(&set, &known));
	tags_prune(&set, model, 10); /* remembered, but shown no more */
	assert_int_equal(set.count, 0);
	tags_free(&set);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_come_and_go),
		cmocka_unit_test(the_next_life_of_an_id_has_none),
		cmocka_unit_test(the_forgotten_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
