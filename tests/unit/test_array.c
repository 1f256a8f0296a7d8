/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "tests/tap.h"

#include "base/array.h"

static void test_grows(void **state)
{
	void *items = NULL;
	size_t capacity = 0, grown = 0;

	(void)state;
	for (size_t count = 0; count < 5000; count++) {
		size_t before = capacity;

		assert_int_equal(array_reserve(&items, &capacity, count + 1, sizeof(int)), 0);
		assert_true(capacity > count);
		if (capacity != before)
			grown++;
		((int *)items)[count] = (int)count;
	}
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(((int *)items)[i], i);
	assert_in_range(grown, 1, 13);
	free(items);
}

static void test_has_room(void **state)
{
	int element;
	void *items = &element;
	size_t capacity = 1;

	(void)state;
	/* It would not survive a realloc. */
	assert_int_equal(array_reserve(&items, &capacity, 0, sizeof(int)), 0);
	assert_int_equal(array_reserve(&items, &capacity, 1, sizeof(int)), 0);
	assert_ptr_equal(items, &element);
	assert_int_equal(capacity, 1);
}

static void test_too_much(void **state)
{
	void *items = NULL;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(array_reserve(&items, &capacity, SIZE_MAX, 1), -ENOMEM);
	assert_int_equal(array_reserve(&items, &capacity, SIZE_MAX / 4, 8), -ENOMEM);
	assert_null(items);
	assert_int_equal(capacity, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_has_room),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
