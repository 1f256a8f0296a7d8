/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * churn: makes, attaches, detaches and removes segments as fast as it can, and counts its calls.
 *
 *   churn [-p PROCS] [-s SECS] [-r CYCLES_A_SECOND] [-n STANDING] [-f]
 *
 * Each process runs the four-call cycle until the time is over. -r paces each process. -n makes
 * that many segments first, attached by the first process, that stand until the end. -f mixes in
 * calls that fail. The last line of output says how many calls were made, failed ones included:
 *   shmget N shmat N shmdt N shmctl N
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCS_MAX = 64, STANDING_MAX = 32000, SIZE = 4096 };

/* One process's calls, in a cache line of its own, in memory that all share. */
struct counts {
	uint64_t get, at, dt, ctl;
} __attribute__((aligned(64)));

struct plan {
	unsigned int procs;
	double seconds;
	double rate;
	unsigned int standing;
	bool failing;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void sleep_until(double moment)
{
	double left = moment - now();
	struct timespec ts;

	if (left <= 0)
		return;
	ts.tv_sec = (time_t)left;
	ts.tv_nsec = (long)((left - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}

static int segment_new(struct counts *counts, size_t size)
{
	int shmid = shmget(IPC_PRIVATE, size, IPC_CREAT | SHM_NORESERVE | 0600);

	counts->get++;
	if (shmid < 0) {
		perror("churn: shmget");
		exit(1);
	}
	return shmid;
}

static void *segment_attach(struct counts *counts, int shmid)
{
	void *address = shmat(shmid, NULL, 0);

	counts->at++;
	if (address == (void *)-1) {
		perror("churn: shmat");
		exit(1);
	}
	return address;
}

static void segment_remove(struct counts *counts, int shmid)
{
	counts->ctl++;
	if (shmctl(shmid, IPC_RMID, NULL) < 0) {
		perror("churn: shmctl");
		exit(1);
	}
}

static void cycle(struct counts *counts)
{
	int shmid = segment_new(counts, SIZE);
	void *address = segment_attach(counts, shmid);

	counts->dt++;
	if (shmdt(address) < 0) {
		perror("churn: shmdt");
		exit(1);
	}
	segment_remove(counts, shmid);
}

/* Four calls that fail, each in its own way. */
static void cycle_failing(struct counts *counts)
{
	bool refused = shmget(0x7e577e57, SIZE, 0600) < 0;

	refused &= shmat(-1, NULL, 0) == (void *)-1;
	refused &= shmdt(counts) < 0;
	refused &= shmctl(-1, IPC_RMID, NULL) < 0;
	counts->get++;
	counts->at++;
	counts->dt++;
	counts->ctl++;
	if (!refused) {
		fputs("churn: a call that must fail did not\n", stderr);
		exit(1);
	}
}

static void process_run(const struct plan *plan, struct counts *counts)
{
	double start = now();
	uint64_t cycles = 0;

	while (now() - start < plan->seconds) {
		cycle(counts);
		cycles++;
		if (plan->failing && cycles % 4 == 0)
			cycle_failing(counts);
		if (plan->rate > 0)
			sleep_until(start + (double)cycles / plan->rate);
	}
}

static void standing_make(const struct plan *plan, struct counts *counts, int *shmids)
{
	for (unsigned int i = 0; i < plan->standing; i++) {
		shmids[i] = segment_new(counts, SIZE);
		segment_attach(counts, shmids[i]);
	}
}

static int children_wait(void)
{
	int result = 0;
	int status;

	while (wait(&status) > 0)
		result |= status != 0;
	return result;
}

static void plan_parse(struct plan *plan, int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "p:s:r:n:f")) != -1) {
		switch (letter) {
		case 'p':
			plan->procs = (unsigned int)atoi(optarg);
			break;
		case 's':
			plan->seconds = atof(optarg);
			break;
		case 'r':
			plan->rate = atof(optarg);
			break;
		case 'n':
			plan->standing = (unsigned int)atoi(optarg);
			break;
		case 'f':
			plan->failing = true;
			break;
		default:
			exit(2);
		}
	}
	if (plan->procs < 1 || plan->procs > PROCS_MAX || plan->standing > STANDING_MAX) {
		fputs("churn: 1 to 64 processes, at most 32000 standing segments\n", stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static int shmids[STANDING_MAX];
	struct plan plan = {.procs = 2, .seconds = 1};
	struct counts sum = {0}, *counts;
	int result;

	plan_parse(&plan, argc, argv);
	counts = mmap(NULL, (PROCS_MAX + 1) * sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED) {
		perror("churn: mmap");
		return 1;
	}
	standing_make(&plan, &counts[PROCS_MAX], shmids);

	for (unsigned int i = 0; i < plan.procs; i++) {
		pid_t child = fork();

		if (child < 0) {
			perror("churn: fork");
			return 1;
		}
		if (child == 0) {
			process_run(&plan, &counts[i]);
			_exit(0);
		}
	}
	result = children_wait();

	for (unsigned int i = 0; i < plan.standing; i++)
		segment_remove(&counts[PROCS_MAX], shmids[i]);
	for (unsigned int i = 0; i <= PROCS_MAX; i++) {
		sum.get += counts[i].get;
		sum.at += counts[i].at;
		sum.dt += counts[i].dt;
		sum.ctl += counts[i].ctl;
	}
	printf("shmget %lu shmat %lu shmdt %lu shmctl %lu\n", sum.get, sum.at, sum.dt, sum.ctl);
	return result;
}
