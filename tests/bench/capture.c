/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture: what it costs a program that its stack is taken where it creates segments.
 *
 *   capture MILLISECONDS [ROUNDS]
 *
 * A child makes calls while its parent looks on, in turns: untraced, traced without stacks, and with stacks of
 * several sizes. Prints a line for each: its name, then nanoseconds (the best of all rounds)
 *	create		shmget that makes a segment, and its IPC_RMID
 *	deep		the same under 16 KiB of stack that is full of addresses
 *	find		shmget that finds one
 *	attach		shmat and shmdt
 * and the number of stacks that were lost meanwhile.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "observe/probes.h"

enum { ROUNDS = 5, BATCH = 50, DEEP = 16 * 1024 };

struct case_of {
	const char *name;
	bool traced;
	enum probes_stacks stacks;
	size_t size;
};

static const struct case_of cases[] = {
	{.name = "untraced"},
	{.name = "off", .traced = true},
	{.name = "4K", .traced = true, .stacks = PROBES_STACKS_CREATED, .size = 4096},
	{.name = "16K", .traced = true, .stacks = PROBES_STACKS_CREATED, .size = 16384},
	{.name = "64K", .traced = true, .stacks = PROBES_STACKS_CREATED, .size = 65536},
	{.name = "attached", .traced = true, .stacks = PROBES_STACKS_ATTACHED, .size = 16384},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static int segment;

static void turn_create(void)
{
	if (shmctl(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), IPC_RMID, NULL))
		abort();
}

__attribute__((noinline)) static void turn_deep(void)
{
	uintptr_t words[DEEP / sizeof(uintptr_t)];

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		words[i] = i % 2 ? (uintptr_t)turn_create : (uintptr_t)&segment;
	__asm__ volatile("" ::"r"(words) : "memory");
	turn_create();
	__asm__ volatile("" ::: "memory");
}

static void turn_find(void)
{
	if (shmget(0x5e660006, 0, 0) != segment)
		abort();
}

static void turn_attach(void)
{
	if (shmdt(shmat(segment, NULL, 0)))
		abort();
}

static void (*const turns[])(void) = {turn_create, turn_deep, turn_find, turn_attach};

enum { TURNS = sizeof(turns) / sizeof(turns[0]) };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Nanoseconds a turn: of the best batch */
static double measure(void (*turn)(void), double nanoseconds)
{
	const double end = now() + nanoseconds;
	double best = 1e18;

	while (now() < end) {
		const double begin = now();

		for (int i = 0; i < BATCH; i++)
			turn();

		const double one = (now() - begin) / BATCH;

		best = one < best ? one : best;
	}
	return best;
}

static void work(int output, double nanoseconds)
{
	double figures[TURNS];

	for (int i = 0; i < TURNS; i++)
		figures[i] = measure(turns[i], nanoseconds);
	if (write(output, figures, sizeof(figures)) != sizeof(figures))
		abort();
	_exit(0);
}

static void ignore_event(void *context, const struct event *event)
{
	(void)context;
	(void)event;
}

static bool ignore_stack(void *context, const struct stack_sample *sample)
{
	(void)context;
	(void)sample;
	return true;
}

static void drain(struct probes *probes)
{
	if (!probes)
		return;
	probes_drain(probes, 0, ignore_event, NULL);
	probes_drain_stacks(probes, ignore_stack, NULL);
}

/* Looks on as a view does, until the child has told its figures. */
static void look_on(struct probes *probes, int input, double *figures)
{
	struct pollfd files[] = {{.fd = input, .events = POLLIN},
				 {.fd = probes ? probes_fd(probes) : -1, .events = POLLIN}};

	while (poll(files, 2, 50) >= 0 && !files[0].revents)
		drain(probes);
	if (read(input, figures, TURNS * sizeof(*figures)) != TURNS * sizeof(*figures))
		exit(1);
}

static uint64_t run_case(const struct case_of *one, double nanoseconds, double best[TURNS])
{
	const struct probes_options options = {.stacks = one->stacks, .stack_size = one->size};
	struct probes *probes = NULL;
	struct probes_loss loss = {0};
	char why[PROBES_WHY_LEN];
	double figures[TURNS];
	int pipes[2];

	if (pipe(pipes) || (one->traced && probes_open(&options, &probes, why))) {
		fprintf(stderr, "capture: %s\n", why);
		exit(1);
	}
	fflush(stdout);

	const pid_t child = fork();

	if (child == 0)
		work(pipes[1], nanoseconds);
	look_on(probes, pipes[0], figures);
	waitpid(child, NULL, 0);
	for (int i = 0; i < TURNS; i++)
		if (best[i] == 0 || figures[i] < best[i])
			best[i] = figures[i];
	if (probes)
		probes_loss(probes, &loss);
	probes_close(probes);
	close(pipes[0]);
	close(pipes[1]);
	return loss.stacks;
}

int main(int argc, char **argv)
{
	double best[CASES][TURNS] = {0};
	uint64_t lost[CASES] = {0};

	if (argc < 2) {
		fputs("usage: capture MILLISECONDS [ROUNDS]\n", stderr);
		return 2;
	}
	segment = shmget(0x5e660006, 4096, IPC_CREAT | 0600);
	if (segment < 0)
		return 1;
	for (int round = argc > 2 ? atoi(argv[2]) : ROUNDS; round > 0; round--)
		for (int i = 0; i < CASES; i++)
			lost[i] += run_case(&cases[i], atof(argv[1]) * 1e6, best[i]);
	shmctl(segment, IPC_RMID, NULL);
	for (int i = 0; i < CASES; i++) {
		printf("%s", cases[i].name);
		for (int k = 0; k < TURNS; k++)
			printf(" %.0f", best[i][k]);
		printf(" %" PRIu64 "\n", lost[i]);
	}
	return 0;
}
