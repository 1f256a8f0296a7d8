/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/limits.h"
#include "tests/unit/chance.h"

#define HUGE_LINES                   \
	"HugePages_Total:    1024\n" \
	"HugePages_Free:      700\n" \
	"HugePages_Rsvd:       24\n" \
	"HugePages_Surp:        5\n" \
	"Hugepagesize:       2048 kB\n"

static const char meminfo[] =
	"MemTotal:       24682996 kB\n"
	"AnonHugePages:     12288 kB\n"
	"ShmemHugePages:        3 kB\n" HUGE_LINES "Hugetlb:         2097152 kB\n";

/* Parses from memory that ends where the text ends, for the address sanitizer. */
static struct limits_facts parse_bytes(const char *text, size_t length)
{
	struct limits_facts limits = {.ipcns = 1};
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	limits_parse_meminfo(copy, length, &limits);
	free(copy);
	assert_int_equal(limits.ipcns, 1);
	return limits;
}

static struct limits_facts parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void assert_huge(const struct limits_facts *limits)
{
	assert_true(limits->has_hugepages);
	assert_int_equal(limits->hugepage_size, 2 << 20);
	assert_int_equal(limits->hugepages_total, 1024);
	assert_int_equal(limits->hugepages_free, 700);
	assert_int_equal(limits->hugepages_reserved, 24);
}

static void test_huge_pages(void **state)
{
	struct limits_facts limits = parse(meminfo);

	(void)state;
	assert_huge(&limits);
	limits = parse("Hugepagesize: 2048 kB\nHugePages_Rsvd: 24\nHugePages_Free:700\n"
		       "HugePages_Total:\t5\nHugePages_Total:1024\n");
	assert_huge(&limits);
	limits = parse(HUGE_LINES "Hugepagesize: none\nHugePages_Free\nHugePages_Rsvd:\nx\n");
	assert_huge(&limits);
	limits = parse("HugePages_Total: 18446744073709551615\nHugePages_Free: 0\n"
		       "HugePages_Rsvd: 0\nHugepagesize: 1048576 kB\n");
	assert_true(limits.has_hugepages);
	assert_int_equal(limits.hugepages_total, UINT64_MAX);
	assert_int_equal(limits.hugepage_size, 1 << 30);
}

static void test_no_huge_pages(void **state)
{
	(void)state;
	assert_false(parse("").has_hugepages);
	assert_false(parse("\n\n").has_hugepages);
	assert_false(parse("MemTotal: 24682996 kB\nAnonHugePages: 12288 kB\n").has_hugepages);
	assert_false(
		parse("HugePages_Total: 1\nHugePages_Free: 1\nHugePages_Rsvd: 0\n").has_hugepages);
	assert_false(parse("HugePages_Free: 1\nHugePages_Rsvd: 0\nHugepagesize: 2048 kB\n")
			     .has_hugepages);
	assert_false(parse("HugePages_Total: x\nHugePages_Free: 1\nHugePages_Rsvd: 0\n"
			   "Hugepagesize: 2048 kB\n")
			     .has_hugepages);
	assert_false(parse("HugePages_Total: 1\nHugePages_Free: 1\nHugePages_Rsvd: 0\n"
			   "Hugepagesize: 18446744073709551615 kB\n")
			     .has_hugepages);
	assert_false(parse("HugePages_Total: 18446744073709551616\nHugePages_Free: 1\n"
			   "HugePages_Rsvd: 0\nHugepagesize: 2048 kB\n")
			     .has_hugepages);
	/* A line without its end may have lost digits. */
	assert_false(parse_bytes(HUGE_LINES, strlen(HUGE_LINES) - 1).has_hugepages);
}

static void test_fuzz(void **state)
{
	static const char likely[] = " \n:09kHx\0";
	struct chance chance = {.state = 4};
	char text[sizeof(meminfo) + 64];

	(void)state;
	for (int round = 0; round < 100000; round++)
		parse_bytes(text, chance_input(&chance, text, meminfo, sizeof(meminfo) - 1, likely,
					       sizeof(likely) - 1));
}

/* ---- the kernel's figures ------------------------------------------------------------------ */

/* What the test makes goes with its process. */
static void need_private_namespace(void)
{
	if (unshare(CLONE_NEWIPC)) {
		print_message("no private IPC namespace: %s\n", strerror(errno));
		skip();
	}
}

/* Limits are set for the private namespace only. */
static void set_limit(const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);

	FILE *file = fopen(path, "w");

	if (!file) {
		print_message("%s: %s\n", path, strerror(errno));
		skip();
		return;
	}
	fputs(value, file);
	assert_int_equal(fclose(file), 0);
}

static void test_use(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct limits_facts limits;

	(void)state;
	need_private_namespace();
	assert_int_equal(limits_read(77, &limits), 0);
	assert_int_equal(limits.ipcns, 77);
	assert_int_equal(limits.page_size, page);
	assert_int_equal(limits.segments.used, 0);
	assert_int_equal(limits.pages.used, 0);
	assert_int_equal(limits.semsets.used, 0);
	assert_int_equal(limits.sems.used, 0);
	assert_int_equal(limits.queues.used, 0);
	assert_int_equal(limits.messages, 0);
	assert_int_equal(limits.message_bytes, 0);
	assert_int_equal(limits.rss, 0);
	assert_int_equal(limits.swap, 0);

	const int shmid = shmget(IPC_PRIVATE, 7 * page, IPC_CREAT | 0600);

	assert_true(shmid >= 0);
	assert_true(shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600) >= 0);
	assert_true(semget(IPC_PRIVATE, 5, IPC_CREAT | 0600) >= 0);
	assert_true(semget(IPC_PRIVATE, 1, IPC_CREAT | 0600) >= 0);
	assert_true(semget(IPC_PRIVATE, 1, IPC_CREAT | 0600) >= 0);
	for (int i = 0; i < 3; i++)
		assert_true(msgget(IPC_PRIVATE, IPC_CREAT | 0600) >= 0);

	const struct {
		long type;
		char text[7];
	} message = {.type = 1};
	const int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	assert_true(queue >= 0);
	assert_int_equal(msgsnd(queue, &message, 7, 0), 0);
	assert_int_equal(msgsnd(queue, &message, 4, 0), 0);

	char *memory = shmat(shmid, NULL, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	memory[0] = 1;
	memory[2 * page] = 1;
	assert_int_equal(limits_read(77, &limits), 0);
	assert_int_equal(limits.segments.used, 2);
	assert_int_equal(limits.pages.used, 8);
	assert_int_equal(limits.semsets.used, 3);
	assert_int_equal(limits.sems.used, 7);
	assert_int_equal(limits.queues.used, 4);
	assert_int_equal(limits.messages, 2);
	assert_int_equal(limits.message_bytes, 11);
	/* Or more, where shared memory may take huge pages */
	assert_true(limits.rss + limits.swap >= 2 * page);
	assert_int_equal(shmdt(memory), 0);
}

static void test_limits(void **state)
{
	struct limits_facts limits;

	(void)state;
	need_private_namespace();
	set_limit("shmmni", "1234\n");
	set_limit("shmall", "123456\n");
	set_limit("shmmax", "12345678\n");
	set_limit("sem", "250 9999 32 111\n");
	set_limit("msgmni", "222\n");
	set_limit("msgmnb", "333\n");
	set_limit("msgmax", "44\n");
	assert_int_equal(limits_read(1, &limits), 0);
	assert_int_equal(limits.segments.max, 1234);
	assert_int_equal(limits.pages.max, 123456);
	assert_int_equal(limits.shmmax, 12345678);
	assert_int_equal(limits.semsets.max, 111);
	assert_int_equal(limits.sems.max, 9999);
	assert_int_equal(limits.queues.max, 222);
	assert_int_equal(limits.msgmnb, 333);
	assert_int_equal(limits.msgmax, 44);

	/* The kernel takes it and lets nobody have any. */
	set_limit("sem", "250 -5 32 111\n");
	assert_int_equal(limits_read(1, &limits), 0);
	assert_int_equal(limits.sems.max, 0);
}

static void test_settings(void **state)
{
	struct limits_facts limits;

	(void)state;
	need_private_namespace();
	assert_int_equal(limits_read(1, &limits), 0);
	assert_false(limits.rmid_forced);
	assert_false(limits.has_next_id);
	set_limit("shm_rmid_forced", "1\n");
	set_limit("shm_next_id", "0\n");
	assert_int_equal(limits_read(1, &limits), 0);
	assert_true(limits.rmid_forced);
	assert_true(limits.has_next_id);
	assert_int_equal(limits.next_id, 0);
	/* A segment uses the id up. */
	assert_int_equal(shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600), 0);
	assert_int_equal(limits_read(1, &limits), 0);
	assert_false(limits.has_next_id);
}

static void test_huge_pages_of_this_machine(void **state)
{
	struct limits_facts limits;
	char path[96];

	(void)state;
	assert_int_equal(limits_read(1, &limits), 0);
	assert_int_equal(limits.has_hugepages, !access("/proc/sys/vm/nr_hugepages", F_OK));
	if (!limits.has_hugepages)
		return;
	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB",
		 limits.hugepage_size / 1024);
	assert_int_equal(access(path, F_OK), 0);
	assert_true(limits.hugepages_free <= limits.hugepages_total);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_huge_pages),
		cmocka_unit_test(test_no_huge_pages),
		cmocka_unit_test(test_fuzz),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_huge_pages_of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
