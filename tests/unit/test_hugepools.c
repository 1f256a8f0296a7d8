/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages of all sizes, from a folder like the kernel's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "observe/hugepools.h"
#include "tests/unit/file_tree.h"

static const struct file_tree tree[] = {
	{"/hugepages-1048576kB/nr_hugepages", "4\n"},
	{"/hugepages-1048576kB/free_hugepages", "3\n"},
	{"/hugepages-1048576kB/resv_hugepages", "2\n"},
	{"/hugepages-1048576kB/surplus_hugepages", "0\n"},
	{"/hugepages-1048576kB/nr_overcommit_hugepages", "0\n"},
	{"/hugepages-2048kB/nr_hugepages", "512\n"},
	{"/hugepages-2048kB/free_hugepages", "500\n"},
	{"/hugepages-2048kB/resv_hugepages", "100\n"},
	{"/hugepages-2048kB/surplus_hugepages", "7\n"},
	{"/hugepages-2048kB/nr_overcommit_hugepages", "9\n"},
	/* One lacks a figure, one has none, and one is no size. */
	{"/hugepages-64kB/nr_hugepages", "1\n"},
	{"/hugepages-32768kB/nr_hugepages", "none\n"},
	{"/hugepages-moreB/nr_hugepages", "1\n"},
	{"/nr_hugepages", "1\n"},
};

static void each_size_by_its_folder(void **state)
{
	struct fact_hugepools pools;
	char root[FILE_TREE_LEN];

	(void)state;
	file_tree_make(root, tree, sizeof(tree) / sizeof(tree[0]));
	hugepools_read(root, &pools);
	file_tree_remove(root);
	assert_int_equal(pools.count, 2);
	assert_int_equal(pools.rows[0].size, 2 << 20);
	assert_int_equal(pools.rows[0].total, 512);
	assert_int_equal(pools.rows[0].free, 500);
	assert_int_equal(pools.rows[0].reserved, 100);
	assert_int_equal(pools.rows[0].surplus, 7);
	assert_int_equal(pools.rows[0].overcommit, 9);
	assert_int_equal(pools.rows[1].size, 1 << 30);
	assert_int_equal(pools.rows[1].total, 4);
	assert_int_equal(pools.rows[1].overcommit, 0);
}

static void without_the_folder_there_are_none(void **state)
{
	struct fact_hugepools pools = {.count = 3};

	(void)state;
	hugepools_read("/nowhere/at/all", &pools);
	assert_int_equal(pools.count, 0);
}

static void there_is_room_for_a_few(void **state)
{
	static const char *const files[] = {"nr_hugepages", "free_hugepages", "resv_hugepages",
					    "surplus_hugepages", "nr_overcommit_hugepages"};
	static char paths[20 * 5][64];
	struct file_tree many[20 * 5];
	struct fact_hugepools pools;
	char root[FILE_TREE_LEN];

	(void)state;
	for (size_t i = 0; i < 20 * 5; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/hugepages-%zukB/%s", 4 + i / 5,
			 files[i % 5]);
		many[i] = (struct file_tree){paths[i], "1\n"};
	}
	file_tree_make(root, many, 20 * 5);
	hugepools_read(root, &pools);
	file_tree_remove(root);
	assert_int_equal(pools.count, FACT_HUGEPOOLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_size_by_its_folder),
		cmocka_unit_test(without_the_folder_there_are_none),
		cmocka_unit_test(there_is_room_for_a_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
