/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cycle: what one turn of a loop of system calls costs.
 *
 *   cycle shm|failed|getppid MILLISECONDS
 *
 * shm: shmget, shmat, shmdt, shmctl(IPC_RMID). failed: a shmget that finds nothing. Prints nanoseconds a turn: the best of ten batches, since
 * whatever else runs on the machine can only add.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void turn_shm(void)
{
	int shmid = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	void *address = shmat(shmid, NULL, 0);

	if (address == (void *)-1 || shmdt(address) || shmctl(shmid, IPC_RMID, NULL)) {
		perror("cycle");
		exit(1);
	}
}

static void turn_failed(void)
{
	if (shmget(0x7e570000, 4096, 0) >= 0)
		exit(1);
}

static void turn_getppid(void)
{
	getppid();
}

static const struct {
	const char *name;
	void (*turn)(void);
} kinds[] = {{"shm", turn_shm}, {"failed", turn_failed}, {"getppid", turn_getppid}};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static double batch(void (*turn)(void), double nanoseconds)
{
	double start = now(), elapsed;
	unsigned long turns = 0;

	do {
		for (int i = 0; i < 100; i++)
			turn();
		turns += 100;
		elapsed = now() - start;
	} while (elapsed < nanoseconds);
	return elapsed / (double)turns;
}

int main(int argc, char **argv)
{
	size_t kind = 0;
	double best = 0;

	while (argc == 3 && kind < KINDS && strcmp(argv[1], kinds[kind].name))
		kind++;
	if (argc != 3 || kind == KINDS) {
		fputs("usage: cycle shm|failed|getppid MILLISECONDS\n", stderr);
		return 2;
	}
	for (int i = 0; i < 10; i++) {
		double one = batch(kinds[kind].turn, atof(argv[2]) * 1e5);

		if (i == 0 || one < best)
			best = one;
	}
	printf("%.1f\n", best);
	return 0;
}
