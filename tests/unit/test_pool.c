/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdalign.h>
#include <string.h>

#include "tests/tap.h"

#include "base/pool.h"

enum { OBJECTS = 1000 };

struct object {
	char text[13]; /* no multiple of any alignment */
};

static void test_objects_are_apart(void **state)
{
	struct object *objects[OBJECTS];
	static const struct object zero;
	struct pool pool;

	(void)state;
	pool_init(&pool, sizeof(struct object));
	assert_true(pool.size >= sizeof(struct object));
	for (size_t i = 0; i < OBJECTS; i++) {
		objects[i] = pool_get(&pool);
		assert_non_null(objects[i]);
		assert_int_equal((uintptr_t)objects[i] % alignof(max_align_t), 0);
		assert_memory_equal(objects[i], &zero, sizeof(zero));
		memset(objects[i], (int)(i % 250) + 1, sizeof(*objects[i]));
	}
	for (size_t i = 0; i < OBJECTS; i++) {
		for (size_t at = 0; at < sizeof(objects[i]->text); at++)
			assert_int_equal((unsigned char)objects[i]->text[at], i % 250 + 1);
	}
	pool_free(&pool);
}

/* What was given back is given out again, zeroed, before anything is allocated. */
static void test_reuse(void **state)
{
	void *objects[OBJECTS], *chunks;
	static const struct object zero;
	struct pool pool;

	(void)state;
	pool_init(&pool, sizeof(struct object));
	for (size_t i = 0; i < OBJECTS; i++)
		objects[i] = pool_get(&pool);
	chunks = pool.chunks;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < OBJECTS; i++) {
			memset(objects[i], 0xff, sizeof(struct object));
			pool_put(&pool, objects[i]);
		}
		for (size_t i = 0; i < OBJECTS; i++) {
			objects[i] = pool_get(&pool);
			assert_non_null(objects[i]);
			assert_memory_equal(objects[i], &zero, sizeof(zero));
		}
	}
	assert_ptr_equal(pool.chunks, chunks);
	pool_free(&pool);
}

static void test_small_objects(void **state)
{
	struct pool pool;
	char *first, *second;

	(void)state;
	pool_init(&pool, 1);
	first = pool_get(&pool);
	second = pool_get(&pool);
	assert_non_null(first);
	assert_non_null(second);
	pool_put(&pool, first);
	pool_put(&pool, second);
	assert_ptr_equal(pool_get(&pool), second);
	assert_ptr_equal(pool_get(&pool), first);
	pool_free(&pool);
}

static void test_ends(void **state)
{
	struct pool pool;

	(void)state;
	pool_init(&pool, sizeof(struct object));
	pool_put(&pool, NULL);
	pool_free(&pool);
	assert_non_null(pool_get(&pool));
	pool_free(&pool);
	pool_free(&pool);
	assert_null(pool.chunks);
	/* It can be used again. */
	assert_non_null(pool_get(&pool));
	pool_free(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_are_apart),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_small_objects),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
