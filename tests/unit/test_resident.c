/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/tap.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "observe/process.h"
#include "observe/resident.h"

enum { PAGES = 10000 }; /* more than are read at once */

static void test_counts_pages_that_are_present(void **state)
{
	const uint64_t entries[] = {UINT64_C(1) << 63, 0, UINT64_C(1) << 62, UINT64_MAX, 1};

	(void)state;
	assert_int_equal(resident_count(entries, 5, 4096), 2 * 4096);
	assert_int_equal(resident_count(entries, 0, 4096), 0);
}

static void test_own_memory(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t bytes = 1;
	char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	madvise(memory, PAGES * page, MADV_NOHUGEPAGE);
	assert_int_equal(resident_read(getpid(), 0, (uintptr_t)memory, PAGES * page, &bytes), 0);
	assert_int_equal(bytes, 0);
	memory[0] = memory[5 * page] = memory[(PAGES - 1) * page] = 1;
	assert_int_equal(resident_read(getpid(), 0, (uintptr_t)memory, PAGES * page, &bytes), 0);
	assert_int_equal(bytes, 3 * page);
	/* A part of a page is the whole page. */
	assert_int_equal(resident_read(getpid(), 0, (uintptr_t)memory, 5 * page + 1, &bytes), 0);
	assert_int_equal(bytes, 2 * page);
	munmap(memory, PAGES * page);
}

static void test_process_that_is_gone(void **state)
{
	uint64_t bytes;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(resident_read(child, 0, 0x1000, 4096, &bytes), -ESRCH);
}

/* Its pid is another's by now. */
static void test_pid_that_is_used_again(void **state)
{
	const uint64_t tick = CLOCK_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	const uint64_t address = (uintptr_t)state;
	uint64_t start_time, bytes;

	assert_int_equal(process_start_time(getpid(), &start_time), 0);
	assert_int_equal(resident_read(getpid(), start_time, address, 1, &bytes), 0);
	assert_int_not_equal(bytes, 0);
	/* Records have it to the nanosecond, the kernel's files to the tick. */
	assert_int_equal(resident_read(getpid(), start_time + tick - 1, address, 1, &bytes), 0);
	assert_int_equal(resident_read(getpid(), start_time + tick, address, 1, &bytes), -ESRCH);
	assert_int_equal(bytes, 0);
	assert_int_equal(resident_read(getpid(), start_time - 1, address, 1, &bytes), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_pages_that_are_present),
		cmocka_unit_test(test_own_memory),
		cmocka_unit_test(test_process_that_is_gone),
		cmocka_unit_test(test_pid_that_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
