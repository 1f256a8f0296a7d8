/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of who called: by its lines, and of this process. */
#include "tests/tap.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe/caller.h"
#include "observe/process.h"

static void groups_are_parsed(void **state)
{
	struct group_facts groups;
	char many[8 * (FACT_GROUPS + 2)] = "";

	(void)state;
	caller_parse_groups("\t4 24 4294967294 \n", &groups);
	assert_true(groups.known);
	assert_int_equal(groups.count, 3);
	assert_int_equal(groups.groups[0], 4);
	assert_int_equal(groups.groups[2], 4294967294);
	caller_parse_groups("\t\n", &groups);
	assert_true(groups.known);
	assert_int_equal(groups.count, 0);
	for (int i = 0; i < FACT_GROUPS; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%d ", i);
	caller_parse_groups(many, &groups);
	assert_true(groups.known);
	assert_int_equal(groups.count, FACT_GROUPS);
	strcat(many, "7");
	caller_parse_groups(many, &groups);
	assert_false(groups.known);
	assert_int_equal(groups.count, FACT_GROUPS);
}

static void mappings_are_parsed(void **state)
{
	struct address_facts mapping;

	(void)state;
	assert_true(caller_parse_mapping("7f2a40000000-7f2a40021000 rw-p 00000000 00:00 0 \n",
					 &mapping));
	assert_int_equal(mapping.found, FACT_FOUND_THERE);
	assert_true(mapping.start == 0x7f2a40000000 && mapping.end == 0x7f2a40021000);
	assert_string_equal(mapping.name, "");
	assert_int_equal(mapping.shmid, -1);
	assert_true(caller_parse_mapping("7f2a40000000-7f2a40021000 rw-s 00000000 00:01 98322      "
					 "                /SYSV7e570001 (deleted)\n",
					 &mapping));
	assert_int_equal(mapping.shmid, 98322);
	assert_true(caller_parse_mapping(
		"562719955000-562719956000 r-xp 00001000 fe:00 1234 /opt/a b\x1b.so\n", &mapping));
	assert_string_equal(mapping.name, "/opt/a b\\x1b.so");
	assert_int_equal(mapping.shmid, -1);
	assert_false(caller_parse_mapping("", &mapping));
	assert_false(caller_parse_mapping("7f2a40000000-7f2a40021000 rw-p\n", &mapping));
}

static void own_groups(void **state)
{
	gid_t own[FACT_GROUPS];
	const int count = getgroups(FACT_GROUPS, own);
	struct group_facts groups;
	uint64_t start_time;

	(void)state;
	if (count < 0)
		skip_because("more groups than are looked at");
	assert_int_equal(process_start_time(getpid(), &start_time), 0);
	caller_groups(getpid(), start_time, &groups);
	assert_true(groups.known);
	assert_int_equal(groups.count, count);
	/* Somebody else with this pid */
	caller_groups(getpid(), start_time + 1000000000, &groups);
	assert_false(groups.known);
	assert_int_equal(groups.count, 0);
}

static void own_mappings(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *const place = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t start = (uint64_t)place;
	struct address_facts mapping;

	(void)state;
	assert_true(place != MAP_FAILED);
	assert_int_equal(munmap(place, page), 0);
	assert_int_equal(munmap(place + 2 * page, page), 0);
	caller_mapping(getpid(), 0, start, start + page, &mapping);
	assert_int_equal(mapping.found, FACT_FOUND_NONE);
	caller_mapping(getpid(), 0, start, start + page + 1, &mapping);
	assert_int_equal(mapping.found, FACT_FOUND_THERE);
	assert_true(mapping.start == start + page);
	caller_mapping(getpid(), 0, start + 2 * page - 1, start + 2 * page, &mapping);
	assert_int_equal(mapping.found, FACT_FOUND_THERE);
	caller_mapping(getpid(), 0, start + 2 * page, start + 3 * page, &mapping);
	assert_int_equal(mapping.found, FACT_FOUND_NONE);
	munmap(place + page, page);
}

static void who_is_gone_tells_nothing(void **state)
{
	const pid_t child = fork();
	struct address_facts mapping;
	struct group_facts groups;

	(void)state;
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	caller_groups(child, 0, &groups);
	assert_false(groups.known);
	caller_mapping(child, 0, 0, UINT64_MAX, &mapping);
	assert_int_equal(mapping.found, FACT_FOUND_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_parsed),
		cmocka_unit_test(mappings_are_parsed),
		cmocka_unit_test(own_groups),
		cmocka_unit_test(own_mappings),
		cmocka_unit_test(who_is_gone_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
