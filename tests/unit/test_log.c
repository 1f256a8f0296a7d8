/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>

#include "tests/tap.h"

#include "base/log.h"

static void test_errno_name(void **state)
{
	char out[LOG_ERRNO_LEN];

	(void)state;
	assert_string_equal(log_errno_name(ENOSPC, out), "ENOSPC");
	assert_string_equal(log_errno_name(-EINVAL, out), "EINVAL");
	assert_string_equal(log_errno_name(9999, out), "E9999");
	assert_string_equal(log_errno_name(-9999, out), "E9999");
	assert_string_equal(log_errno_name(INT_MIN, out), "E2147483648");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errno_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
