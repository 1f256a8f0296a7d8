/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a segment, and who did until a moment ago. */
#include "model_fixture.h"

#include "report/holders.h"

#define ADDR UINT64_C(0x7f0000000000)

static struct holder_list list;

static void collect(const struct model *model, uint64_t now)
{
	const struct column_context context = {.model = model, .now = now};

	assert_int_equal(holders_collect_lately(&context, find(model, 5), &list), 0);
}

static void assert_row(size_t index, int32_t pid, size_t maps, uint64_t gone,
		       enum fact_reason reason)
{
	const struct holder_row *row = &list.rows[index];

	assert_true(index < list.count);
	assert_int_equal(row->process->pid, pid);
	assert_int_equal(row->mm, mm_of(pid));
	assert_int_equal(row->maps, maps);
	assert_int_equal(row->gone, gone);
	assert_int_equal(row->reason, reason);
	assert_true(!row->holder == !!gone);
}

static void the_gone_stay_in_their_place_for_some_seconds(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	make(model, 6, 100, AT(100));
	attach(model, 5, 300, AT(101), ADDR);
	attach(model, 5, 200, AT(101), ADDR);
	attach(model, 5, 200, AT(101), ADDR + 0x10000);
	attach(model, 6, 200, AT(101), ADDR + 0x20000);
	attach(model, 5, 400, AT(101), ADDR);
	attach(model, 6, 500, AT(101), ADDR);
	exited(model, 200, AT(103), 0);
	exited(model, 400, AT(104), 0);
	exited(model, 500, AT(104), 0);
	collect(model, AT(105));
	assert_int_equal(list.count, 3);
	assert_row(0, 200, 2, AT(103), FACT_REASON_EXIT);
	assert_row(1, 300, 1, 0, FACT_REASON_UNKNOWN);
	assert_row(2, 400, 1, AT(104), FACT_REASON_EXIT);
	collect(model, AT(108));
	assert_int_equal(list.count, 2);
	assert_row(0, 300, 1, 0, FACT_REASON_UNKNOWN);
	assert_row(1, 400, 1, AT(104), FACT_REASON_EXIT);
	assert_int_equal(holders_collect(find(model, 5), &list), 0);
	assert_int_equal(list.count, 1);
	assert_row(0, 300, 1, 0, FACT_REASON_UNKNOWN);
	holders_free(&list);
}

/* What it let go of is not all that it held. */
static void who_still_holds_it_is_not_gone(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 200, AT(101), ADDR);
	attach(model, 5, 200, AT(101), ADDR + 0x10000);
	detach(model, 5, 200, AT(102), ADDR);
	collect(model, AT(103));
	assert_int_equal(list.count, 1);
	assert_row(0, 200, 1, 0, FACT_REASON_UNKNOWN);
	assert_int_equal(list.rows[0].addr, ADDR + 0x10000);
	detach(model, 5, 200, AT(104), ADDR + 0x10000);
	collect(model, AT(105));
	assert_int_equal(list.count, 1);
	assert_row(0, 200, 2, AT(104), FACT_REASON_SHMDT);
	attach(model, 5, 200, AT(106), ADDR);
	collect(model, AT(106));
	assert_row(0, 200, 1, 0, FACT_REASON_UNKNOWN);
	assert_int_equal(list.rows[0].since, AT(106));
	holders_free(&list);
}

/* A shmid that is used again is another segment. */
static void the_holders_of_a_life_before_are_not_told(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 200, AT(101), ADDR);
	control(model, 5, 100, AT(101.5), IPC_RMID, 0);
	exited(model, 200, AT(102), 0);
	ended(model, 5, FACT_REASON_LAST_DETACH);
	collect(model, AT(103));
	assert_int_equal(list.count, 1);
	make(model, 5, 100, AT(103));
	collect(model, AT(103));
	assert_int_equal(list.count, 0);
	holders_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(the_gone_stay_in_their_place_for_some_seconds),
		MODEL_TEST(who_still_holds_it_is_not_gone),
		MODEL_TEST(the_holders_of_a_life_before_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
