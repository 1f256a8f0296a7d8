/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real samples of stacks: a program is run and traced (ptrace) until its first shmget returns; then its registers,
 * stack and mappings are copied, as the probe does it, and it is killed. What is unwound is dead.
 */
#ifndef TESTS_UNIT_TRACED_CALL_H
#define TESTS_UNIT_TRACED_CALL_H

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stack_sample.h"

enum { TRACED_STACK = 65536 };

struct traced_call {
	struct stack_sample sample;
	unsigned char stack[TRACED_STACK];
	struct sample_mapping mappings[SAMPLE_MAPPINGS];
	char paths[SAMPLE_MAPPINGS][PATH_MAX];
};

/* Of the program NAME that stands beside the test, in `tests/stacks` of the build */
static inline void traced_program(const char *name, char out[static PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;

	out[length > 0 ? length : 0] = 0;
	slash = strrchr(out, '/');
	if (slash)
		snprintf(slash, (size_t)(PATH_MAX - (slash - out)), "/../stacks/%s", name);
}

static inline void traced_mappings(struct traced_call *call, pid_t pid)
{
	const uint64_t sp = call->sample.registers[SAMPLE_REGISTER_SP];
	char maps[64], line[PATH_MAX + 128];
	FILE *file;

	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	file = fopen(maps, "re");
	while (file && fgets(line, sizeof(line), file)) {
		struct sample_mapping *to = &call->mappings[call->sample.mapping_count];
		char *path = call->paths[call->sample.mapping_count];
		unsigned long start, end, offset, inode;
		char permissions[5];
		struct stat status;

		path[0] = 0;
		if (sscanf(line, "%lx-%lx %4s %lx %*s %lu %4095[^\n]", &start, &end, permissions,
			   &offset, &inode, path) < 5)
			continue;
		if (sp >= start && sp < end)
			call->sample.stack_length =
				end - sp < TRACED_STACK ? end - sp : TRACED_STACK;
		if (permissions[2] != 'x' || call->sample.mapping_count == SAMPLE_MAPPINGS)
			continue;
		*to = (struct sample_mapping){start, end, offset, inode, 0, path};
		if (path[0] != '/' || stat(path, &status))
			path[0] = 0;
		else
			to->size = (uint64_t)status.st_size;
		call->sample.mapping_count++;
	}
	if (file)
		fclose(file);
}

/* 0, or -1 */
static inline int traced_copy(struct traced_call *call, pid_t pid, pid_t tid)
{
	struct iovec registers = {call->sample.registers, sizeof(call->sample.registers)};
#if defined(__x86_64__)
	/* Of user_regs_struct, in DWARF order */
	static const unsigned char order[] = {10, 12, 11, 5, 13, 14, 4, 19, 9,
					      8,  7,  6,  3, 2,  1,  0, 16};
	uint64_t all[27];

	registers = (struct iovec){all, sizeof(all)};
#endif
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &registers))
		return -1;
#if defined(__x86_64__)
	for (size_t i = 0; i < SAMPLE_REGISTERS; i++)
		call->sample.registers[i] = all[order[i]];
#endif
	call->sample.pid = pid;
	call->sample.ppid = getpid();
	call->sample.tid = tid;
	call->sample.stack = call->stack;
	call->sample.mappings = call->mappings;
	traced_mappings(call, pid);

	struct iovec to = {call->stack, call->sample.stack_length};
	struct iovec from = {(void *)(uintptr_t)call->sample.registers[SAMPLE_REGISTER_SP],
			     to.iov_len};

	return process_vm_readv(tid, &to, 1, &from, 1, 0) == (ssize_t)to.iov_len ? 0 : -1;
}

/* Waits for the exit of a shmget of any of its threads. */
static inline int traced_wait(struct traced_call *call, pid_t pid)
{
	pid_t caller = 0;

	for (;;) {
		struct __ptrace_syscall_info info;
		int status, pass = 0;
		const pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0 || (tid == pid && !WIFSTOPPED(status)))
			return -1;
		if (!WIFSTOPPED(status))
			continue;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
				return -1;
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_shmget)
				caller = tid;
			else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tid == caller)
				return traced_copy(call, pid, tid);
		} else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
			pass = WSTOPSIG(status);
		}
		if (ptrace(PTRACE_SYSCALL, tid, NULL, pass))
			return -1;
	}
}

/* Runs argv[0] until it has called. 0, or -1: it did not, or cannot be run or traced. The process is gone then. */
static inline int traced_call(const char *const *argv, struct traced_call *call)
{
	const unsigned long options =
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	const pid_t pid = fork();
	int status, result = -1;
	pid_t gone;

	memset(call, 0, sizeof(*call));
	if (pid == 0) {
		const int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return -1;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, options) == 0 &&
	    ptrace(PTRACE_SYSCALL, pid, NULL, 0) == 0)
		result = traced_wait(call, pid);
	kill(pid, SIGKILL);
	/* Its threads come first. */
	do
		gone = waitpid(-1, &status, __WALL);
	while (gone > 0 && (gone != pid || WIFSTOPPED(status)));
	return result;
}

#endif
