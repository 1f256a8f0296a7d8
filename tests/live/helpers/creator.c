/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * creator: makes segments at a place that is known, main > a > b > c.
 *
 *   creator [--count N] [--thread] [--fork] [--attach] [--find] [--code] [--deep BYTES] [--tell] [--wait]
 *
 * --thread: by a second thread; --fork: by a child, without exec; --attach: attaches each, too; --find:
 * looks it up twice by its key; --code: by code that no file has; --deep: that many bytes of stack between a and b; --wait: until its input
 * ends; else it ends at once and leaves all behind. --tell: then it says
 *	call ADDRESS	where c has made it, then where c, b and a return to
 *	code NUMBER	the first bytes of c
 *	segment ID
 *
 * Built three times: on its own, static, and with a, b and c in a shared library.
 */
#include "creator.h"

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CREATOR_MAIN

/* The work that stands behind a call keeps it from becoming a jump. */
#define BEHIND_CALL() __asm__ volatile("" ::: "memory")

__attribute__((noinline)) static int c(const struct creator_task *task, struct creator_trace *trace)
{
	trace->calls[0] = (void *)c;
	trace->calls[1] = __builtin_return_address(0);

	memcpy(&trace->code, trace->calls[0], sizeof(trace->code));

	int shmid = task->enter ? (int)task->enter(task->key, 4096, IPC_CREAT | 0600)
				: shmget(task->key, 4096, IPC_CREAT | 0600);

	BEHIND_CALL();
	return shmid;
}

__attribute__((noinline)) static int b(const struct creator_task *task, struct creator_trace *trace)
{
	trace->calls[2] = __builtin_return_address(0);

	int shmid = c(task, trace);

	BEHIND_CALL();
	return shmid;
}

/* Fills the stack in between, a piece at a time. */
__attribute__((noinline)) static int descend(const struct creator_task *task, unsigned int bytes,
					     struct creator_trace *trace)
{
	char piece[1024];
	int shmid;

	memset(piece, 0, sizeof(piece));
	__asm__ volatile("" ::"r"(piece) : "memory");
	shmid = bytes > sizeof(piece) ? descend(task, bytes - (unsigned int)sizeof(piece), trace)
				      : b(task, trace);
	BEHIND_CALL();
	return shmid;
}

__attribute__((noinline)) int creator_a(const struct creator_task *task,
					struct creator_trace *trace)
{
	trace->calls[3] = __builtin_return_address(0);
	trace->shmid = task->deep ? descend(task, task->deep, trace) : b(task, trace);
	BEHIND_CALL();
	return trace->shmid;
}

#endif

#ifndef CREATOR_LIBRARY

struct settings {
	int count, thread, fork, attach, find, code, tell, wait;
	struct creator_task task;
};

/* shmget(2) as a compiler at run time might make it */
static void make_code(struct creator_task *task)
{
#if defined(__x86_64__)
	static const unsigned char code[] = {0xb8, SYS_shmget, 0, 0, 0, 0x0f, 0x05, 0xc3};
#else
	static const unsigned int code[] = {0xd2800008 | SYS_shmget << 5, 0xd4000001, 0xd65f03c0};
#endif
	void *place = mmap(NULL, sizeof(code), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (place == MAP_FAILED)
		exit(1);
	memcpy(place, code, sizeof(code));
	__builtin___clear_cache(place, (char *)place + sizeof(code));
	if (mprotect(place, sizeof(code), PROT_READ | PROT_EXEC))
		exit(1);
	memcpy(&task->enter, &place, sizeof(place));
}

static void create(const struct settings *settings)
{
	struct creator_trace trace = {0};

	for (int i = 0; i < settings->count; i++) {
		if (creator_a(&settings->task, &trace) < 0) {
			perror("creator");
			exit(1);
		}
		if (settings->attach && shmat(trace.shmid, NULL, 0) == (void *)-1)
			exit(1);
		if (settings->find && (shmget(settings->task.key, 0, 0) != trace.shmid ||
				       shmget(settings->task.key, 0, IPC_CREAT) != trace.shmid))
			exit(1);
		if (!settings->tell)
			continue;
		for (int k = 0; k < CREATOR_CALLS; k++)
			printf("call %p\n", trace.calls[k]);
		printf("code %#" PRIx64 "\n", trace.code);
		printf("segment %d\n", trace.shmid);
		fflush(stdout);
	}
}

static void *create_in_thread(void *settings)
{
	create(settings);
	return NULL;
}

static void run(struct settings *settings)
{
	pthread_t thread;
	pid_t child;
	int status;

	if (settings->thread) {
		if (pthread_create(&thread, NULL, create_in_thread, settings))
			exit(1);
		pthread_join(thread, NULL);
	} else if (settings->fork) {
		child = fork();
		if (child == 0) {
			create(settings);
			_exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status)
			exit(1);
	} else {
		create(settings);
	}
	if (settings->wait)
		while (getchar() != EOF)
			;
}

int main(int argc, char **argv)
{
	/* not on the stack: what it knows of would be there, too */
	static struct settings settings = {.count = 1, .task = {.key = IPC_PRIVATE}};
	const struct option options[] = {
		{"count", required_argument, NULL, 'c'},
		{"deep", required_argument, NULL, 'd'},
		{"thread", no_argument, &settings.thread, 1},
		{"fork", no_argument, &settings.fork, 1},
		{"attach", no_argument, &settings.attach, 1},
		{"find", no_argument, &settings.find, 1},
		{"code", no_argument, &settings.code, 1},
		{"tell", no_argument, &settings.tell, 1},
		{"wait", no_argument, &settings.wait, 1},
		{0},
	};

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == 'c')
			settings.count = atoi(optarg);
		else if (option == 'd')
			settings.task.deep = (unsigned int)atoi(optarg);
		else if (option)
			return 2;
	}
	if (settings.find)
		settings.task.key = 0x5e660005;
	if (settings.code)
		make_code(&settings.task);
	run(&settings);
	return 0;
}

#endif
