/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User names: each uid is looked up once, and there is an end to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <pwd.h>

#include "report/owner.h"

static unsigned int look_ups;

/* Instead of the name service: even uids have a name, and not a nice one. */
int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t length, struct passwd **found)
{
	look_ups++;
	snprintf(buffer, length, "u\n%u", uid);
	*entry = (struct passwd){.pw_name = buffer};
	*found = uid % 2 ? NULL : entry;
	return 0;
}

static void names_are_safe_and_remembered(void **state)
{
	struct owner_names *names;
	const char *name;

	(void)state;
	look_ups = 0;
	assert_int_equal(owner_names_new(&names), 0);
	name = owner_name(names, 4);
	assert_string_equal(name, "u\\x0a4");
	assert_ptr_equal(owner_name(names, 4), name);
	assert_null(owner_name(names, 5));
	assert_null(owner_name(names, 5));
	assert_int_equal(look_ups, 2);
	assert_string_equal(owner_name(names, 4 + 1024), "u\\x0a1028");
	assert_string_equal(owner_name(names, UINT32_MAX - 1), "u\\x0a4294967294");
	assert_string_equal(name, "u\\x0a4");
	assert_int_equal(look_ups, 4);
	owner_names_free(names);
}

static void memory_is_bounded(void **state)
{
	struct owner_names *names;

	(void)state;
	look_ups = 0;
	assert_int_equal(owner_names_new(&names), 0);
	for (uint32_t uid = 0; uid < 10000; uid++)
		owner_name(names, uid * 2);
	assert_int_equal(look_ups, 768);
	assert_string_equal(owner_name(names, 2), "u\\x0a2");
	assert_null(owner_name(names, 19998));
	owner_names_free(names);
}

static void without_a_store_there_are_no_names(void **state)
{
	(void)state;
	assert_null(owner_name(NULL, 0));
	owner_names_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_safe_and_remembered),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(without_a_store_there_are_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
