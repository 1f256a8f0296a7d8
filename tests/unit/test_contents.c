/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe/contents.h"
#include "observe/namespaces.h"
#include "observe/process.h"
#include "observe/sysvipc.h"

enum { PAGES = 64, REPEATS = 1000 };

static bool may_unshare;
static size_t page;
static struct contents contents;

static struct namespace_facts here(void)
{
	return (struct namespace_facts){.ipcns = namespaces_own(), .pid = getpid()};
}

/* The facts of a segment, as the table has them */
static struct segment_facts facts_of(int shmid)
{
	struct sysvipc_table table = {0};
	struct segment_facts facts = {.shmid = -1};

	assert_int_equal(sysvipc_read(&table), 0);
	for (size_t i = 0; i < table.count; i++)
		if (table.rows[i].shmid == shmid)
			facts = table.rows[i];
	sysvipc_free(&table);
	return facts;
}

static void assert_untouched(const struct segment_facts *before)
{
	const struct segment_facts now = facts_of(before->shmid);

	assert_int_equal(now.nattch, before->nattch);
	assert_int_equal(now.lpid, before->lpid);
	assert_int_equal(now.atime, before->atime);
	assert_int_equal(now.dtime, before->dtime);
	assert_int_equal(now.ctime, before->ctime);
	assert_int_equal(now.rss, before->rss);
}

/* Attached here, with something in its first and in its sixth page */
static char *segment_new(int *shmid, struct contents_mapping *mapping)
{
	char *address;

	*shmid = shmget(IPC_PRIVATE, PAGES * page - 100, IPC_CREAT | 0600);
	assert_true(*shmid >= 0);
	address = shmat(*shmid, NULL, 0);
	assert_ptr_not_equal(address, (char *)-1);
	strcpy(address, "the first page");
	strcpy(address + 5 * page + 10, "the sixth page");
	*mapping = (struct contents_mapping){
		.pid = getpid(), .start = (uintptr_t)address, .length = PAGES * page};
	return address;
}

static void segment_free(int shmid, char *address)
{
	shmdt(address);
	shmctl(shmid, IPC_RMID, NULL);
}

#define NEEDS_ROOT()                                                             \
	do {                                                                     \
		if (!may_unshare)                                                \
			skip_because("no IPC namespace of its own: needs root"); \
	} while (0)

static void test_reads_without_touching(void **state)
{
	struct contents_mapping mapping;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);
	const struct segment_facts before = facts_of(shmid);

	for (int i = 0; i < REPEATS; i++)
		assert_int_equal(contents_read(&mapping, shmid, 0, CONTENTS_MAX, &contents), 0);
	assert_int_equal(contents.offset, 0);
	assert_int_equal(contents.length, CONTENTS_MAX);
	assert_string_equal(contents.bytes, "the first page");
	assert_string_equal(contents.bytes + 5 * page + 10, "the sixth page");
	assert_untouched(&before);
	segment_free(shmid, address);
}

static void test_tells_holes(void **state)
{
	struct contents_mapping mapping;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);

	memset(contents.bytes, 'x', sizeof(contents.bytes));
	assert_int_equal(contents_read(&mapping, shmid, 7, 9 * page, &contents), 0);
	assert_int_equal(contents.hole_count, 2);
	assert_int_equal(contents.holes[0].offset, page);
	assert_int_equal(contents.holes[0].length, 4 * page);
	assert_int_equal(contents.holes[1].offset, 6 * page);
	assert_int_equal(contents.holes[1].length, 3 * page + 7);
	/* What is in a hole is not what was there before. */
	assert_int_equal(contents.bytes[page], 0);
	assert_null(contents_hole(&contents, page - 1));
	assert_ptr_equal(contents_hole(&contents, page), &contents.holes[0]);
	assert_null(contents_hole(&contents, 5 * page));
	/* Each second page: as many as there can be. */
	for (size_t i = 0; i < PAGES; i += 2)
		address[i * page] = 1;
	assert_int_equal(contents_read(&mapping, shmid, page, CONTENTS_MAX, &contents), 0);
	assert_in_range(contents.hole_count, 1, CONTENTS_HOLES);
	segment_free(shmid, address);
}

static void test_the_end(void **state)
{
	struct contents_mapping mapping;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);
	const uint64_t size = PAGES * page - 100;

	address[size - 1] = 'z';
	assert_int_equal(contents_read(&mapping, shmid, size - 10, 20, &contents), 0);
	assert_int_equal(contents.offset, size - 10);
	assert_int_equal(contents.length, 10);
	assert_int_equal(contents.bytes[9], 'z');
	assert_int_equal(contents_read(&mapping, shmid, size, 20, &contents), 0);
	assert_int_equal(contents.length, 0);
	segment_free(shmid, address);
}

/* What is left of a mapping still leads to all of the segment. */
static void test_a_part_leads_to_all(void **state)
{
	struct contents_mapping mapping;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);

	assert_int_equal(munmap(address, 10 * page), 0);
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), -ENOENT);
	mapping.start += 10 * page;
	mapping.length -= 10 * page;
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), 0);
	assert_string_equal(contents.bytes, "the first page");
	assert_int_equal(munmap(address + 10 * page, (PAGES - 10) * page), 0);
	shmctl(shmid, IPC_RMID, NULL);
}

/* Another segment, another file, or a device in its place: none of them is read. */
static void test_another_in_its_place(void **state)
{
	struct contents_mapping mapping;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);

	assert_int_equal(contents_read(&mapping, shmid + 1, 0, page, &contents), -ESTALE);
	segment_free(shmid, address);
	int file = memfd_create("SYSV00000000", MFD_CLOEXEC);

	assert_int_equal(ftruncate(file, (off_t)(PAGES * page)), 0);
	void *other =
		mmap(address, PAGES * page, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
	struct stat status;

	assert_ptr_equal(other, address);
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(contents_read(&mapping, (int32_t)status.st_ino, 0, page, &contents),
			 -ESTALE);
	munmap(other, PAGES * page);
	close(file);
	file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	other = mmap(address, PAGES * page, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, file, 0);
	assert_ptr_equal(other, address);
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), -ESTALE);
	munmap(other, PAGES * page);
	close(file);
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), -ENOENT);
}

static void test_process_that_is_gone(void **state)
{
	struct contents_mapping mapping;
	uint64_t start_time;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);

	/* Its pid is another's by now. */
	assert_int_equal(process_start_time(getpid(), &start_time), 0);
	mapping.start_time = start_time;
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), 0);
	mapping.start_time = start_time + UINT64_C(1000000000);
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), -ESRCH);
	mapping.start_time = 0;
	mapping.pid = fork();
	if (mapping.pid == 0)
		_exit(0);
	assert_int_equal(waitpid(mapping.pid, NULL, 0), mapping.pid);
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), -ESRCH);
	segment_free(shmid, address);
}

static void *thread_wait(void *argument)
{
	char byte;

	(void)!read(*(int *)argument, &byte, 1);
	_exit(0);
}

static void test_first_thread_that_ended(void **state)
{
	struct contents_mapping mapping;
	int ends[2], shmid;
	pthread_t thread;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	mapping.pid = fork();
	if (mapping.pid == 0) {
		close(ends[1]);
		if (pthread_create(&thread, NULL, thread_wait, &ends[0]))
			_exit(1);
		pthread_exit(NULL);
	}
	/* Until the first thread is a zombie */
	for (;;) {
		char path[64], stat[256] = "";

		snprintf(path, sizeof(path), "/proc/%d/stat", mapping.pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		(void)!read(fd, stat, sizeof(stat) - 1);
		close(fd);
		if (strstr(stat, ") Z "))
			break;
		sched_yield();
	}
	assert_int_equal(contents_read(&mapping, shmid, 0, page, &contents), 0);
	assert_string_equal(contents.bytes, "the first page");
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(mapping.pid, NULL, 0), mapping.pid);
	segment_free(shmid, address);
}

/* ---- by an attachment ---------------------------------------------------------------------- */

static void test_attaches(void **state)
{
	const struct namespace_facts place = here();
	struct contents_mapping mapping;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	shmdt(segment_new(&shmid, &mapping));
	const struct segment_facts before = facts_of(shmid);

	assert_int_equal(contents_attach(&place, &before, 5 * page + 10, CONTENTS_MAX, &contents),
			 0);
	assert_string_equal(contents.bytes, "the sixth page");
	assert_int_equal(contents.offset, 5 * page + 10);
	const struct segment_facts now = facts_of(shmid);

	assert_int_equal(now.nattch, 0);
	assert_int_equal(now.lpid, getpid());
	assert_int_equal(now.rss, before.rss);
	assert_int_equal(contents_attach(&place, &before, before.size, 1, &contents), -EINVAL);
	shmctl(shmid, IPC_RMID, NULL);
}

static void test_attaches_what_is_meant(void **state)
{
	const struct namespace_facts place = here();
	struct contents_mapping mapping;
	int shmid;

	(void)state;
	NEEDS_ROOT();
	char *address = segment_new(&shmid, &mapping);
	const struct segment_facts facts = facts_of(shmid);
	struct segment_facts other = facts;

	other.ctime--;
	assert_int_equal(contents_attach(&place, &other, 0, page, &contents), -ESTALE);
	/* The last detach is the end of one that was removed. */
	shmctl(shmid, IPC_RMID, NULL);
	assert_int_equal(contents_attach(&place, &facts, 0, page, &contents), -EBUSY);
	shmdt(address);
	assert_int_equal(contents_attach(&place, &facts, 0, page, &contents), -EIDRM);
}

static void set_forced(const char *text)
{
	int fd = open("/proc/sys/kernel/shm_rmid_forced", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, 1), 1);
	close(fd);
}

static void test_rmid_forced(void **state)
{
	const struct namespace_facts place = here();

	(void)state;
	NEEDS_ROOT();
	/* Its creator lives, and nobody has attached it yet. */
	const int shmid = shmget(IPC_PRIVATE, page, IPC_CREAT | 0600);
	const struct segment_facts facts = facts_of(shmid);

	set_forced("1");
	assert_int_equal(contents_attach(&place, &facts, 0, page, &contents), -ENOTSUP);
	set_forced("0");
	assert_int_equal(facts_of(shmid).shmid, shmid);
	shmctl(shmid, IPC_RMID, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_without_touching),
		cmocka_unit_test(test_tells_holes),
		cmocka_unit_test(test_the_end),
		cmocka_unit_test(test_a_part_leads_to_all),
		cmocka_unit_test(test_another_in_its_place),
		cmocka_unit_test(test_process_that_is_gone),
		cmocka_unit_test(test_first_thread_that_ended),
		cmocka_unit_test(test_attaches),
		cmocka_unit_test(test_attaches_what_is_meant),
		cmocka_unit_test(test_rmid_forced),
	};

	page = (size_t)sysconf(_SC_PAGESIZE);
	may_unshare = unshare(CLONE_NEWIPC) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
