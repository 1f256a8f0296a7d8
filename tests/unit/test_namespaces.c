/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "observe/namespaces.h"
#include "observe/process.h"
#include "observe/sysvipc.h"

enum {
	NOBODY = 65534,
	SEGMENT_SIZE = 12345,
};

static void test_list_is_ordered_and_keeps_the_oldest(void **state)
{
	static const struct namespace_facts wanted[] = {
		{.ipcns = 10, .pid = 1, .start_time = 5},
		{.ipcns = 20, .pid = 2, .start_time = 3},
		{.ipcns = 30, .pid = 4, .start_time = 1},
		{.ipcns = UINT32_MAX, .pid = 3, .start_time = 9},
	};
	struct namespace_list list = {0};

	(void)state;
	assert_int_equal(namespaces_add(&list, 20, 7, 8), 0);
	assert_int_equal(namespaces_add(&list, UINT32_MAX, 3, 9), 0);
	assert_int_equal(namespaces_add(&list, 10, 1, 5), 0);
	assert_int_equal(namespaces_add(&list, 30, 4, 1), 0);
	assert_int_equal(namespaces_add(&list, 20, 2, 3), 0); /* older */
	assert_int_equal(namespaces_add(&list, 20, 9, 4), 0); /* younger */
	assert_int_equal(namespaces_add(&list, 10, 8, 5), 0); /* as old: the first stays */
	assert_int_equal(list.count, 4);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(list.rows[i].ipcns, wanted[i].ipcns);
		assert_int_equal(list.rows[i].pid, wanted[i].pid);
		assert_int_equal(list.rows[i].start_time, wanted[i].start_time);
	}
	namespaces_free(&list);
	assert_null(list.rows);
	assert_int_equal(list.count, 0);
	namespaces_free(&list);
	namespaces_free(NULL);
}

static void test_list_grows(void **state)
{
	struct namespace_list list = {0};

	(void)state;
	/* 7 is no divisor of 1000: every number once, in no order */
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(namespaces_add(&list, i * 7 % 1000 + 1, (int)i, i), 0);
	assert_int_equal(list.count, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(list.rows[i].ipcns, i + 1);
	namespaces_free(&list);
}

static uint32_t own_inode(void)
{
	struct stat status;

	assert_int_equal(stat("/proc/thread-self/ns/ipc", &status), 0);
	return (uint32_t)status.st_ino;
}

static void test_own(void **state)
{
	(void)state;
	assert_int_equal(namespaces_own(), own_inode());
}

/* ---- a process in a namespace of its own --------------------------------------------------- */

struct guest {
	pid_t pid;
	int tell; /* closing it ends the guest */
};

/* Starts a process that makes a namespace with one segment and waits there. Returns 0, or the errno
 * that it met. */
static int guest_start(struct guest *guest)
{
	int ready[2], end[2], error = 0;

	*guest = (struct guest){.pid = -1, .tell = -1};
	if (pipe2(ready, O_CLOEXEC) || pipe2(end, O_CLOEXEC))
		return errno;
	guest->pid = fork();
	if (!guest->pid) {
		close(end[1]);
		if (unshare(CLONE_NEWIPC) ||
		    shmget(IPC_PRIVATE, SEGMENT_SIZE, IPC_CREAT | 0600) < 0)
			error = errno;
		if (write(ready[1], &error, sizeof(error)) == sizeof(error) && !error)
			(void)!read(end[0], &error, 1);
		_exit(0);
	}
	close(ready[1]);
	close(end[0]);
	guest->tell = end[1];
	if (read(ready[0], &error, sizeof(error)) != sizeof(error))
		error = EIO;
	close(ready[0]);
	return error;
}

static void guest_end(struct guest *guest)
{
	close(guest->tell);
	waitpid(guest->pid, NULL, 0);
}

static void need_guest(struct guest *guest)
{
	const int error = guest_start(guest);

	if (error) {
		guest_end(guest);
		print_message("no private IPC namespace: %s\n", strerror(error));
		skip();
	}
}

static struct namespace_facts guest_place(const struct guest *guest)
{
	char path[64];
	struct stat status;
	struct namespace_facts place = {.pid = guest->pid};

	snprintf(path, sizeof(path), "/proc/%d/ns/ipc", guest->pid);
	assert_int_equal(stat(path, &status), 0);
	place.ipcns = (uint32_t)status.st_ino;
	assert_int_equal(process_start_time(place.pid, &place.start_time), 0);
	return place;
}

static const struct namespace_facts *list_find(const struct namespace_list *list, uint32_t ipcns)
{
	const struct namespace_facts *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			assert_true(list->rows[i - 1].ipcns < list->rows[i].ipcns);
		if (list->rows[i].ipcns == ipcns)
			found = &list->rows[i];
	}
	return found;
}

static void test_scan_finds_it_until_it_ends(void **state)
{
	struct namespace_list list = {0};
	struct guest guest;

	(void)state;
	need_guest(&guest);

	const struct namespace_facts place = guest_place(&guest);

	assert_int_equal(namespaces_scan_proc(&list), 0);
	assert_non_null(list_find(&list, own_inode()));

	const struct namespace_facts *found = list_find(&list, place.ipcns);

	assert_non_null(found);
	if (found) {
		assert_int_equal(found->pid, place.pid);
		assert_int_equal(found->start_time, place.start_time);
	}
	guest_end(&guest);
	assert_int_equal(namespaces_scan_proc(&list), 0);
	assert_null(list_find(&list, place.ipcns));
	namespaces_free(&list);
}

/* ---- visits -------------------------------------------------------------------------------- */

struct visit {
	int answer;
	unsigned int calls;
	uint32_t ipcns;
	int descriptor; /* the lowest that was free */
	struct sysvipc_table table;
};

/* The lowest free one: the same again when nothing was left open. */
static int next_descriptor(void)
{
	const int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static int look_around(void *context)
{
	struct visit *visit = context;

	visit->calls++;
	visit->ipcns = namespaces_own();
	visit->descriptor = next_descriptor();
	if (sysvipc_read(&visit->table))
		return -EIO;
	return visit->answer;
}

static bool has_segment(const struct sysvipc_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].size == SEGMENT_SIZE)
			return true;
	}
	return false;
}

static void test_visit_home(void **state)
{
	struct visit visit = {.answer = 42};
	const struct namespace_facts place = {.ipcns = namespaces_own(), .pid = getpid()};
	const int descriptor = next_descriptor();

	(void)state;
	assert_int_equal(namespaces_visit(&place, look_around, &visit), 42);
	assert_int_equal(visit.calls, 1);
	assert_int_equal(visit.ipcns, place.ipcns);
	/* Directly: nothing was opened for it. */
	assert_int_equal(visit.descriptor, descriptor);
	sysvipc_free(&visit.table);
}

static void test_visit_shows_what_is_there(void **state)
{
	const uint32_t home = own_inode();
	const int descriptor = next_descriptor();
	struct sysvipc_table table = {0};
	struct visit visit = {.answer = -EDOM};
	struct guest guest;

	(void)state;
	need_guest(&guest);

	const struct namespace_facts place = guest_place(&guest);

	assert_int_not_equal(place.ipcns, home);
	assert_int_equal(sysvipc_read(&table), 0);
	assert_false(has_segment(&table));
	for (unsigned int round = 1; round <= 3; round++) {
		assert_int_equal(namespaces_visit(&place, look_around, &visit), -EDOM);
		assert_int_equal(visit.calls, round);
		assert_int_equal(visit.ipcns, place.ipcns);
		assert_int_equal(visit.table.count, 1);
		assert_true(has_segment(&visit.table));
		assert_int_equal(own_inode(), home);
		assert_int_equal(sysvipc_read(&table), 0);
		assert_false(has_segment(&table));
	}
	guest_end(&guest);
	assert_int_equal(next_descriptor(), descriptor);
	sysvipc_free(&visit.table);
	sysvipc_free(&table);
}

static void test_visit_to_nobody(void **state)
{
	const uint32_t home = own_inode();
	const int descriptor = next_descriptor();
	struct visit visit = {0};
	struct guest guest;

	(void)state;
	need_guest(&guest);

	struct namespace_facts place = guest_place(&guest);
	siginfo_t info;

	/* It lives, but in another one. */
	place.ipcns++;
	assert_int_equal(namespaces_visit(&place, look_around, &visit), -ESRCH);
	place.ipcns--;
	close(guest.tell);
	assert_int_equal(waitid(P_PID, (id_t)guest.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(namespaces_visit(&place, look_around, &visit), -ESRCH);
	assert_int_equal(waitpid(guest.pid, NULL, 0), guest.pid);
	assert_int_equal(namespaces_visit(&place, look_around, &visit), -ESRCH);
	assert_int_equal(visit.calls, 0);
	assert_int_equal(own_inode(), home);
	assert_int_equal(next_descriptor(), descriptor);
}

/* Runs `attempt` in a child of its own. Returns its status as wait(2) reports it. */
static int in_child(int (*attempt)(const struct namespace_facts *place),
		    const struct namespace_facts *place)
{
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(attempt(place));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int without_capability(const struct namespace_facts *place)
{
	struct visit visit = {0};

	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	if (namespaces_visit(place, look_around, &visit) != -EPERM || visit.calls)
		return 2;
	return 0;
}

static void test_visit_without_capability(void **state)
{
	struct guest guest;

	(void)state;
	need_guest(&guest);

	const struct namespace_facts place = guest_place(&guest);

	assert_int_equal(in_child(without_capability, &place), 0);
	guest_end(&guest);
}

static int close_everything(void *context)
{
	(void)context;
	close_range(STDERR_FILENO + 1, ~0u, 0);
	return 0;
}

static int lose_the_way(const struct namespace_facts *place)
{
	static const struct rlimit no_core = {0};
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL);
	dup2(null, STDERR_FILENO);
	namespaces_visit(place, close_everything, NULL);
	return 0;
}

static void test_no_way_back_ends_the_program(void **state)
{
	struct guest guest;

	(void)state;
	need_guest(&guest);

	const struct namespace_facts place = guest_place(&guest);
	const int status = in_child(lose_the_way, &place);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	guest_end(&guest);
}

/* ---- no pin -------------------------------------------------------------------------------- */

/* The kernel counts IPC namespaces per user namespace: with room for two, one's own and a guest's,
 * the next guest can start only when the one before is really gone. */
static int pins_nothing(const struct namespace_facts *unused)
{
	struct visit visit = {0};
	struct guest guest, next;
	uint64_t deadline;
	int error;

	(void)unused;
	if (unshare(CLONE_NEWUSER | CLONE_NEWIPC))
		return 77;

	FILE *limit = fopen("/proc/sys/user/max_ipc_namespaces", "w");

	if (!limit || fputs("2\n", limit) < 0 || fclose(limit))
		return 77;
	if (guest_start(&guest))
		return 1;

	const struct namespace_facts place = guest_place(&guest);

	if (namespaces_visit(&place, look_around, &visit) || !has_segment(&visit.table))
		return 2;
	sysvipc_free(&visit.table);
	error = guest_start(&next);
	guest_end(&next);
	if (error != ENOSPC)
		return 3;
	guest_end(&guest);

	deadline = clock_now() + 10 * CLOCK_SECOND;
	do {
		error = guest_start(&next);
		guest_end(&next);
	} while (error == ENOSPC && clock_now() < deadline);
	return error ? 4 : 0;
}

static void test_namespace_ends_with_its_process(void **state)
{
	const int status = in_child(pins_nothing, NULL);

	(void)state;
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("no user namespace with limits of its own\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_is_ordered_and_keeps_the_oldest),
		cmocka_unit_test(test_list_grows),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_scan_finds_it_until_it_ends),
		cmocka_unit_test(test_visit_home),
		cmocka_unit_test(test_visit_shows_what_is_there),
		cmocka_unit_test(test_visit_to_nobody),
		cmocka_unit_test(test_visit_without_capability),
		cmocka_unit_test(test_no_way_back_ends_the_program),
		cmocka_unit_test(test_namespace_ends_with_its_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
