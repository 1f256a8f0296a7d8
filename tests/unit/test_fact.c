/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/tap.h"

#include "base/fact.h"

/* The names are part of the JSON schema. */
static void test_op_names(void **state)
{
	static const char *const names[] = {
		"shmget", "shmat",  "shmdt",  "shmctl", "fork",    "exec",
		"exit",   "attach", "detach", "create", "destroy",
	};

	(void)state;
	assert_int_equal(FACT_OPS, sizeof(names) / sizeof(names[0]));
	for (unsigned int op = 0; op < FACT_OPS; op++) {
		assert_string_equal(fact_op_name((enum fact_op)op), names[op]);
		assert_int_equal(fact_op_by_name(names[op]), op);
	}
	assert_string_equal(fact_op_name(FACT_SHMGET), "shmget");
	assert_string_equal(fact_op_name(FACT_DESTROY), "destroy");
}

static void test_op_unknown(void **state)
{
	static const char *const names[] = {"", "shm", "shmgets", "SHMGET", "unknown"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(fact_op_by_name(names[i]), FACT_OPS);
	assert_string_equal(fact_op_name(FACT_OPS), "unknown");
}

static void test_op_sets(void **state)
{
	unsigned int calls = 0;

	(void)state;
	for (unsigned int op = 0; op < FACT_OPS; op++) {
		assert_true(FACT_OPS_ALL & FACT_OP_BIT(op));
		if (!strncmp(fact_op_name((enum fact_op)op), "shm", 3))
			calls |= FACT_OP_BIT(op);
	}
	assert_int_equal(FACT_OPS_CALLS, calls);
	assert_false(FACT_OPS_ALL & FACT_OP_BIT(FACT_OPS));
}

static void test_reason_names(void **state)
{
	static const char *const names[] = {
		"unknown", "exit", "exec",  "shmdt",  "ipc_rmid", "last_detach", "namespace",
		"shmat",   "fork", "split", "mremap", "munmap",   "remap",       "shm_rmid_forced",
	};

	(void)state;
	assert_int_equal(FACT_REASONS, sizeof(names) / sizeof(names[0]));
	for (unsigned int i = 0; i < FACT_REASONS; i++)
		assert_string_equal(fact_reason_name((enum fact_reason)i), names[i]);
	assert_string_equal(fact_reason_name(FACT_REASON_LAST_DETACH), "last_detach");
	assert_string_equal(fact_reason_name(FACT_REASONS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_op_names),
		cmocka_unit_test(test_op_unknown),
		cmocka_unit_test(test_op_sets),
		cmocka_unit_test(test_reason_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
