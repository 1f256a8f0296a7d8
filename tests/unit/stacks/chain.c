/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main > a > b > c, and there a shmget that makes nothing: a stack to unwind. Built in many ways (Makefile), and
 * called in some:
 *
 *   chain [thread | signal | altstack | fault | last | inlined | deep]
 *
 * A line that calls says from where: the test looks whether it was led there. No call is the last thing that a
 * function does, else it would be a jump.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KEY = 0x73686d74, DEPTH = 100 };

#if defined(CHAIN_BARE)
/* A wrapper that tells nobody how to unwind it */
#if defined(__x86_64__)
__asm__(".globl bare\n.type bare, @function\nbare: mov $29, %eax\nsyscall\nret\n.size bare, "
	".-bare\n");
#elif defined(__aarch64__)
__asm__(".globl bare\n.type bare, %function\nbare: mov x8, #194\nsvc #0\nret\n.size bare, "
	".-bare\n");
#endif
int bare(key_t key, size_t size, int flags);
#define CALL bare
#else
#define CALL shmget
#endif

int a(int number);
int b(int number);
int c(int number);

#define APART __attribute__((noinline))

#if !defined(CHAIN_MAIN)
static volatile int sink;

APART int c(int number)
{
	sink = CALL(KEY, (size_t)number, 0); /* from c */
	return sink + number;
}

APART int b(int number)
{
	char room[200];

	memset(room, number, sizeof(room));
	sink = c(room[number & 3] + 1); /* from b */
	return sink + number;
}

APART int a(int number)
{
	sink = b(number * 2); /* from a */
	return sink + number;
}
#endif

#if !defined(CHAIN_LIBRARY)
static volatile int done;

static void *in_thread(void *number)
{
	done = a(*(int *)number); /* from in_thread */
	return NULL;
}

static void on_signal(int number)
{
	done = a(number); /* from on_signal */
}

APART static void signalled(int flags)
{
	static char other[65536];
	const stack_t stack = {.ss_sp = other, .ss_size = sizeof(other)};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1); /* from signalled */
	done++;
}

/* Its first instruction is the one that is interrupted. */
#if defined(__x86_64__)
#define TRAP "ud2"
#else
#define TRAP "udf #0"
#endif
__asm__(".type fault, %function\nfault: .cfi_startproc\n" TRAP
	"\nret\n.cfi_endproc\n.size fault, .-fault\n");
void fault(void);

APART static void faulted(void)
{
	signal(SIGILL, on_signal);
	fault(); /* from faulted */
	done++;
}

/* The call is the last instruction: it returns to another function, if it did. */
APART __attribute__((noreturn)) static void never(int number)
{
	done = a(number); /* from never */
	exit(0);
}

APART static void last(int number)
{
	never(number + done); /* from last */
}

static inline __attribute__((always_inline)) int inner(int number)
{
	done = (int)syscall(SYS_shmget, KEY, number, 0); /* from inner */
	return done + number;
}

static inline __attribute__((always_inline)) int middle(int number)
{
	done = inner(number + done) + 1; /* from middle */
	return done * 2;
}

APART static int outer(int number)
{
	done = middle(number) + 3; /* from outer */
	return done + 1;
}

APART static int deep(int depth)
{
	if (depth)
		done = deep(depth - 1) + 1; /* from deep */
	else
		done = a(1);
	return done + depth;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread;

	if (strcmp(how, "thread") == 0) {
		if (pthread_create(&thread, NULL, in_thread, &argc) == 0)
			pthread_join(thread, NULL);
	} else if (strcmp(how, "signal") == 0) {
		signalled(0); /* from main, signal */
	} else if (strcmp(how, "altstack") == 0) {
		signalled(SA_ONSTACK);
	} else if (strcmp(how, "fault") == 0) {
		faulted(); /* from main, fault */
	} else if (strcmp(how, "last") == 0) {
		last(argc); /* from main, last */
	} else if (strcmp(how, "inlined") == 0) {
		done = outer(argc); /* from main, inlined */
	} else if (strcmp(how, "deep") == 0) {
		done = deep(DEPTH);
	} else {
		done = a(argc); /* from main */
	}
	return done != 0;
}
#endif
