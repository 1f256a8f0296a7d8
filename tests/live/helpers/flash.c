/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flash: makes, attaches, detaches and removes one segment as quickly as it can.
 *
 * Prints "SHMID MICROSECONDS". Ends with 1 when a call failed.
 */
#include <stdio.h>
#include <sys/shm.h>
#include <time.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

int main(void)
{
	double start = now();
	int shmid = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	void *address = shmat(shmid, NULL, 0);

	if (address == (void *)-1 || shmdt(address) < 0 || shmctl(shmid, IPC_RMID, NULL) < 0) {
		perror("flash");
		return 1;
	}
	printf("%d %.0f\n", shmid, now() - start);
	return 0;
}
