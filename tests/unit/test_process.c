/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "observe/process.h"
#include "tests/unit/chance.h"

/* Fields 4 to 21 with a few that are negative, the start time, and those behind it */
#define STAT_REST                                                                        \
	" S 1 4242 4242 34816 -1 4194560 1 2 3 4 5 6 7 8 -2 -20 1 0 184467 2314240 225 " \
	"18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

struct stat_result {
	char comm[FACT_COMM_LEN];
	char state;
	uint64_t ticks;
};

/* Parses from memory that ends where the text ends, for the address sanitizer. */
static int parse_stat(const char *text, size_t length, struct stat_result *out)
{
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);

	const int error = process_parse_stat(copy, length, out->comm, &out->state, &out->ticks);

	free(copy);
	return error;
}

static void parse_cgroup(const char *text, size_t length, char out[static FACT_TEXT_LEN])
{
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	process_parse_cgroup(copy, length, out);
	free(copy);
}

static void assert_comm(const char *stat, size_t length, const char *comm)
{
	struct stat_result result;

	assert_int_equal(parse_stat(stat, length, &result), 0);
	assert_string_equal(result.comm, comm);
	assert_int_equal(result.state, 'S');
	assert_int_equal(result.ticks, 184467);
}

#define ASSERT_COMM(raw, comm) \
	assert_comm("4242 (" raw ")" STAT_REST, sizeof("4242 (" raw ")" STAT_REST) - 1, comm)

static void test_comm_of_any_bytes(void **state)
{
	(void)state;
	ASSERT_COMM("bash", "bash");
	ASSERT_COMM("", "");
	ASSERT_COMM(") R 1 (", ") R 1 (");
	ASSERT_COMM("a) S 1 2 3 4 5", "a) S 1 2 3 4 5");
	ASSERT_COMM("(((", "(((");
	ASSERT_COMM(")))", ")))");
	ASSERT_COMM("two words", "two words");
	ASSERT_COMM("\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac");
	ASSERT_COMM("\033[31mred\n", "\\x1b[31mred\\x0a");
	ASSERT_COMM("\xff\xfe", "\\xff\\xfe");
	ASSERT_COMM("kworker/u4:2-events_unbound_and_more", "kworker/u4:2-events_unbound_and_more");
	/* 15 bytes of which each becomes four fit. */
	ASSERT_COMM("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1",
		    "\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01\\x01");
}

static void test_stat_that_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		"4242",
		"4242 bash S 1",
		")(",
		"()",
		"(a) ",
		"(a) S",
		"(a)S 1 2 3",
		"(a) SS 1",
		"1 )x( S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21",
		"1 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -19 20\n",
		"1 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x 20\n",
		"1 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19x 20\n",
		"1 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 18446744073709551616 20\n",
	};
	struct stat_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse_stat(texts[i], strlen(texts[i]), &result), -EINVAL);
}

static void test_stat_that_is_cut(void **state)
{
	static const char text[] = "4242 (a b)" STAT_REST;
	/* The start time counts only where it is seen to end. */
	const size_t enough = (size_t)(strstr(text, "184467") - text) + strlen("184467 ");
	struct stat_result result;

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++)
		assert_int_equal(parse_stat(text, length, &result), length < enough ? -EINVAL : 0);

	char comm[FACT_COMM_LEN];
	uint64_t ticks;

	assert_int_equal(process_parse_stat(text, sizeof(text) - 1, comm, NULL, &ticks), 0);
	assert_int_equal(ticks, 184467);
}

static void test_cgroup_path(void **state)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{"0::/\n", "/"},
		{"0::/user.slice/user-1000.slice/session-2.scope\n",
		 "/user.slice/user-1000.slice/session-2.scope"},
		{"0::/../other (deleted)\n", "/../other (deleted)"},
		{"0::/cut", "/cut"},
		{"0::/a:b::c\n", "/a:b::c"},
		/* v1 */
		{"9:name=systemd:/init.scope\n4:memory:/docker/ab\n", "/init.scope"},
		{"4:memory:/cut", "/cut"},
		/* both, in either order */
		{"4:memory:/docker/ab\n1:cpu,cpuacct:/x\n0::/system.slice\n", "/system.slice"},
		{"0::/system.slice\n4:memory:/docker/ab\n", "/system.slice"},
		/* lines that are none */
		{"", ""},
		{"\n\n", ""},
		{"garbage\n", ""},
		{"4:memory\n", ""},
		{"garbage\n4:memory\n3:cpuset:/found\n2:cpu:/late\n", "/found"},
		{"10::/no\n", "/no"},
		{"4:x:/y\n10::/not v2\n", "/y"},
		/* names are hostile */
		{"0::/a\033[2Jb\n", "/a\\x1b[2Jb"},
		{"0::/\xe2\x80\xae"
		 "evil\n",
		 "/\\xe2\\x80\\xae"
		 "evil"},
	};
	char out[FACT_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse_cgroup(cases[i].text, strlen(cases[i].text), out);
		assert_string_equal(out, cases[i].path);
	}
}

static void test_cgroup_path_too_long(void **state)
{
	char text[4096];
	char out[FACT_TEXT_LEN];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "0::/", 4);
	parse_cgroup(text, sizeof(text), out);
	assert_int_equal(strlen(out), FACT_TEXT_LEN - 1);
}

static void assert_safe(const char *text, size_t capacity)
{
	const size_t length = strnlen(text, capacity);

	assert_true(length < capacity);
	for (size_t i = 0; i < length; i++)
		assert_true((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

static void test_fuzz(void **state)
{
	static const char stat[] = "4242 (\xc3\xa4\033 x)" STAT_REST;
	static const char cgroup[] =
		"4:memory:/docker/\xc3\xa4\n1:cpu,cpuacct:/x\n0::/system.slice\n";
	static const char likely[] = "()) : \n0S:-9\0";
	struct chance chance = {.state = 3};
	char text[sizeof(stat) + sizeof(cgroup)];
	struct stat_result result;
	char path[FACT_TEXT_LEN];

	(void)state;
	for (int round = 0; round < 50000; round++) {
		size_t length = chance_input(&chance, text, stat, sizeof(stat) - 1, likely,
					     sizeof(likely) - 1);
		const int error = parse_stat(text, length, &result);

		assert_true(error == 0 || error == -EINVAL);
		if (!error)
			assert_safe(result.comm, sizeof(result.comm));

		length = chance_input(&chance, text, cgroup, sizeof(cgroup) - 1, likely,
				      sizeof(likely) - 1);
		parse_cgroup(text, length, path);
		assert_safe(path, sizeof(path));
	}
}

/* ---- processes ----------------------------------------------------------------------------- */

static void test_own_process(void **state)
{
	struct process_facts facts;
	char exe[PATH_MAX] = "";
	uint64_t start_time;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, ") R 1 (\033"), 0);
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_int_equal(process_read(getpid(), &facts), 0);
	assert_int_equal(facts.pid, getpid());
	assert_string_equal(facts.comm, ") R 1 (\\x1b");
	assert_true(facts.has_uid);
	assert_int_equal(facts.uid, getuid());
	assert_string_equal(facts.exe, exe);
	assert_non_null(strstr(facts.cmdline, "process"));
	assert_int_equal(process_start_time(getpid(), &start_time), 0);
	assert_int_equal(start_time, facts.start_time);
	assert_true(start_time > 0 && start_time <= clock_now());
	if (!access("/proc/self/cgroup", R_OK))
		assert_int_equal(facts.cgroup[0], '/');
}

/* The first of a pid namespace of its own */
static void test_inner_pid(void **state)
{
	struct process_facts facts;
	pid_t pid;

	(void)state;
	assert_int_equal(process_read(getpid(), &facts), 0);
	assert_int_equal(facts.inner_pid, getpid());
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0) {
		print_message("no pid namespace: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(process_read(pid, &facts), 0);
	assert_int_equal(facts.pid, pid);
	assert_int_equal(facts.inner_pid, 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Waits for its end; with WNOWAIT it stays a zombie. */
static void assert_ends(pid_t pid, int options)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | options), 0);
}

/* A leader and a child of it, which live until they are killed, or until the test ends */
static void lead(int told, int held)
{
	char byte;
	pid_t member;

	setpgid(0, 0);
	prctl(PR_SET_NAME, "leader");
	member = fork();
	if (member && write(told, &member, sizeof(member)) < 0)
		_exit(1);
	_exit(read(held, &byte, 1) < 0);
}

static void test_group(void **state)
{
	char comm[FACT_COMM_LEN];
	pid_t leader, member;
	int told[2], held[2];

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	assert_int_equal(pipe2(held, O_CLOEXEC), 0);
	leader = fork();
	if (leader == 0) {
		close(held[1]);
		lead(told[1], held[0]);
	}
	assert_int_equal(read(told[0], &member, sizeof(member)), sizeof(member));
	assert_false(process_group_is_empty(leader, comm));
	assert_string_equal(comm, "leader");
	/* it goes over to another group, and comes back */
	assert_int_equal(setpgid(leader, getpgrp()), 0);
	assert_false(process_group_is_empty(leader, comm));
	assert_string_equal(comm, "");
	assert_int_equal(setpgid(leader, leader), 0);
	assert_true(process_group_is_empty(member, comm));
	assert_string_equal(comm, "");
	assert_false(process_group_is_empty(1, comm));
	assert_int_equal(kill(leader, SIGKILL), 0);
	assert_ends(leader, WNOWAIT);
	assert_false(process_group_is_empty(leader, comm));
	assert_string_equal(comm, "");
	assert_ends(leader, 0);
	assert_false(process_group_is_empty(leader, comm));
	assert_string_equal(comm, "");
	assert_int_equal(kill(member, SIGKILL), 0);
	assert_ends(member, WNOWAIT);
	assert_false(process_group_is_empty(leader, comm));
	assert_ends(member, 0);
	assert_true(process_group_is_empty(leader, comm));
	close(told[0]);
	close(told[1]);
	close(held[0]);
	close(held[1]);
}

static void test_cgroup_of_the_same_process_only(void **state)
{
	char comm[FACT_COMM_LEN], text[PROCESS_CGROUP_LEN];
	uint64_t start_time;

	(void)state;
	assert_int_equal(process_start_time(getpid(), &start_time), 0);
	assert_true(process_read_cgroup(getpid(), start_time, comm, text) > 0);
	assert_int_equal(process_read_cgroup(getpid(), start_time + CLOCK_SECOND, comm, text),
			 -ESRCH);
	assert_int_equal(process_read_cgroup(INT_MAX, 1, comm, text), -ESRCH);
}

/* A child that waits until it is told to end: the other end of its standard input is *tell. */
static pid_t start_child(int *tell, void (*run)(void))
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);

	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		dup2(ends[0], STDIN_FILENO);
		run();
		_exit(127);
	}
	close(ends[0]);
	*tell = ends[1];
	return pid;
}

static void end_child(pid_t pid, int tell)
{
	close(tell);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void run_nothing(void)
{
}

static void wait_for_end(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void test_zombie_then_gone(void **state)
{
	const uint64_t tick = CLOCK_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	const uint64_t before = clock_now();
	struct process_facts facts;
	uint64_t start_time;
	int tell;
	const pid_t pid = start_child(&tell, run_nothing);
	const uint64_t after = clock_now();

	(void)state;
	wait_for_end(pid);
	assert_int_equal(process_read(pid, &facts), 0);
	assert_true(facts.has_uid);
	assert_int_equal(facts.uid, getuid());
	assert_string_equal(facts.cmdline, "");
	assert_string_equal(facts.exe, "");
	assert_true(facts.start_time + tick > before && facts.start_time <= after);

	end_child(pid, tell);
	assert_int_equal(process_read(pid, &facts), -ESRCH);
	assert_int_equal(process_start_time(pid, &start_time), -ESRCH);
}

static void test_no_such_pid(void **state)
{
	static const int pids[] = {0, -1, INT32_MAX};
	struct process_facts facts;
	uint64_t start_time;

	(void)state;
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		assert_int_equal(process_read(pids[i], &facts), -ESRCH);
		assert_int_equal(process_start_time(pids[i], &start_time), -ESRCH);
	}
}

/* A shell that waits for a line, from an executable without a name on disk */
static void run_hostile(void)
{
	char *const words[] = {
		(char[]){"sh"},
		(char[]){"-c"},
		(char[]){"read line"},
		(char[]){"\033]0;"},
		(char[]){""},
		(char[]){"two words"},
		NULL,
	};
	const int shell = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	const int copy = memfd_create("x\033y", MFD_CLOEXEC);

	if (setresuid(1234, (uid_t)-1, (uid_t)-1))
		_exit(1);
	while (sendfile(copy, shell, NULL, 1 << 20) > 0)
		;
	fexecve(copy, words, environ);
}

static void test_hostile_command(void **state)
{
	struct process_facts facts;
	uint64_t deadline;
	int tell;

	(void)state;
	if (getuid()) {
		print_message("needs root\n");
		skip();
	}

	const pid_t pid = start_child(&tell, run_hostile);

	/* While it executes, a read may meet the old exe, the new one, and no command line yet. */
	deadline = clock_now() + 10 * CLOCK_SECOND;
	do {
		assert_int_equal(process_read(pid, &facts), 0);
	} while ((strncmp(facts.exe, "/memfd:", 7) || strncmp(facts.cmdline, "sh ", 3)) &&
		 clock_now() < deadline);
	assert_int_equal(process_read(pid, &facts), 0);
	assert_string_equal(facts.exe, "/memfd:x\\x1by (deleted)");
	assert_string_equal(facts.cmdline, "sh -c read line \\x1b]0; two words");
	assert_true(facts.has_uid);
	assert_int_equal(facts.uid, 1234);
	end_child(pid, tell);
}

static void test_kernel_thread(void **state)
{
	struct process_facts facts;

	(void)state;
	if (process_read(2, &facts) || strcmp(facts.comm, "kthreadd")) {
		print_message("no kernel threads in this pid namespace\n");
		skip();
	}
	assert_int_equal(facts.uid, 0);
	assert_string_equal(facts.cmdline, "");
	assert_string_equal(facts.exe, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comm_of_any_bytes),
		cmocka_unit_test(test_stat_that_is_none),
		cmocka_unit_test(test_stat_that_is_cut),
		cmocka_unit_test(test_cgroup_path),
		cmocka_unit_test(test_cgroup_path_too_long),
		cmocka_unit_test(test_fuzz),
		cmocka_unit_test(test_own_process),
		cmocka_unit_test(test_inner_pid),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_cgroup_of_the_same_process_only),
		cmocka_unit_test(test_zombie_then_gone),
		cmocka_unit_test(test_no_such_pid),
		cmocka_unit_test(test_hostile_command),
		cmocka_unit_test(test_kernel_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
