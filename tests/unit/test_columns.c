/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which columns of the list of segments are shown, and how wide. */
#include "tests/tap.h"

#include "ui/columns.h"

static void they_fit_at_any_width(void **state)
{
	struct column_set set;

	(void)state;
	columns_usual(&set);
	for (int width = 0; width < 300; width++) {
		struct columns_layout layout;
		int taken = -1;

		columns_layout(&set, width % 2, width, &layout);
		for (size_t i = 0; i < layout.count; i++)
			taken += 1 + layout.widths[i];
		assert_true(taken <= width);
		/* The command takes what is left over. */
		if (width > 200)
			assert_int_equal(taken, width);
	}
}

static void they_are_given_up_from_the_right(void **state)
{
	static const enum column_id ids[] = {COLUMN_COMMAND, COLUMN_SHMID, COLUMN_SIZE};
	struct columns_layout layout;
	struct column_set set;

	(void)state;
	columns_choose(&set, ids, 3);
	columns_layout(&set, false, 29, &layout);
	assert_int_equal(layout.count, 3);
	assert_int_equal(layout.ids[2], COLUMN_SIZE);
	columns_layout(&set, false, 28, &layout);
	assert_int_equal(layout.count, 2);
	assert_int_equal(layout.ids[0], COLUMN_COMMAND);
	assert_int_equal(layout.ids[1], COLUMN_SHMID);
	columns_layout(&set, false, 11, &layout);
	assert_int_equal(layout.count, 0);
}

static bool has(const struct columns_layout *layout, enum column_id id)
{
	for (size_t i = 0; i < layout->count; i++)
		if (layout->ids[i] == id)
			return true;
	return false;
}

static void the_namespace_needs_several(void **state)
{
	struct columns_layout layout;
	struct column_set set;

	(void)state;
	columns_usual(&set);
	columns_layout(&set, false, 100, &layout);
	assert_false(has(&layout, COLUMN_NS));
	columns_layout(&set, true, 100, &layout);
	assert_true(has(&layout, COLUMN_NS));
	set.shown[COLUMN_NS] = false;
	columns_layout(&set, true, 100, &layout);
	assert_false(has(&layout, COLUMN_NS));
}

static int ns_width(int longest, int width)
{
	struct columns_layout layout;
	struct column_set set;

	columns_usual(&set);
	columns_layout(&set, longest, width, &layout);
	for (size_t i = 0; i < layout.count; i++)
		if (layout.ids[i] == COLUMN_NS)
			return layout.widths[i];
	return 0;
}

/* Room for the names that are there: the columns behind it give way to what is needed to tell containers apart. */
static void the_namespace_takes_what_its_names_need(void **state)
{
	(void)state;
	assert_int_equal(ns_width(4, 200), 10);
	assert_int_equal(ns_width(19, 200), 19);
	assert_int_equal(ns_width(21, 200), 21);
	assert_int_equal(ns_width(60, 200), 24);
	assert_int_equal(ns_width(19, 36), 19);
	assert_int_equal(ns_width(24, 36), 20);
	assert_int_equal(ns_width(24, 34), 0);
}

static void all_have_a_place(void **state)
{
	static const enum column_id ids[] = {COLUMN_RSS, COLUMN_SIZE, COLUMN_RSS};
	enum column_id chosen[COLUMNS_COUNT];
	struct column_set set;
	unsigned int seen = 0;

	(void)state;
	columns_choose(&set, ids, 3);
	assert_int_equal(columns_chosen(&set, chosen), 2);
	assert_int_equal(chosen[0], COLUMN_RSS);
	assert_int_equal(chosen[1], COLUMN_SIZE);
	for (size_t i = 0; i < COLUMNS_COUNT; i++)
		seen |= 1u << set.ids[i];
	assert_int_equal(seen, (1u << COLUMNS_COUNT) - 1);

	assert_int_equal(columns_move(&set, 0, -1), 0);
	assert_int_equal(columns_move(&set, 0, 1), 1);
	assert_int_equal(columns_chosen(&set, chosen), 2);
	assert_int_equal(chosen[0], COLUMN_SIZE);
	assert_int_equal(columns_move(&set, COLUMNS_COUNT - 1, 1), COLUMNS_COUNT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_fit_at_any_width),
		cmocka_unit_test(they_are_given_up_from_the_right),
		cmocka_unit_test(the_namespace_needs_several),
		cmocka_unit_test(the_namespace_takes_what_its_names_need),
		cmocka_unit_test(all_have_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
