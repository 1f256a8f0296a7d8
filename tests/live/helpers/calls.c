/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls: an exact number of calls, so many of them in vain.
 *
 *   calls [-f FAILED] [-k KEPT] [-s] [-w] [-i] [CYCLES]
 *
 * CYCLES times shmget, shmat, shmdt and IPC_RMID; FAILED times a shmget of a key that nobody has; then KEPT times a
 * shmget of a segment that stays, whose mode -s sets from 0600 to 0640. -w: waits for the end of its standard
 * input after all that. -i: does it all in an IPC namespace of its own.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

enum { SIZE = 4096, NOBODYS_KEY = 0x7e577e57 };

static void must(long result, const char *what)
{
	if (result != -1)
		return;
	perror(what);
	exit(1);
}

static void cycle(void)
{
	int shmid = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	void *address;

	must(shmid, "shmget");
	address = shmat(shmid, NULL, 0);
	must((long)address, "shmat");
	must(shmdt(address), "shmdt");
	must(shmctl(shmid, IPC_RMID, NULL), "shmctl");
}

static void fail(void)
{
	if (shmget(NOBODYS_KEY, SIZE, 0600) == -1)
		return;
	fputs("calls: a key that nobody has is somebody's\n", stderr);
	exit(1);
}

static void keep(int sets)
{
	int shmid = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	struct shmid_ds ds;

	must(shmid, "shmget");
	if (!sets)
		return;
	must(shmctl(shmid, IPC_STAT, &ds), "shmctl");
	ds.shm_perm.mode = 0640;
	must(shmctl(shmid, IPC_SET, &ds), "shmctl");
}

int main(int argc, char **argv)
{
	int failed = 0, kept = 0, sets = 0, waits = 0;
	int letter;
	char byte;

	while ((letter = getopt(argc, argv, "f:k:swi")) != -1) {
		if (letter == 'f')
			failed = atoi(optarg);
		else if (letter == 'k')
			kept = atoi(optarg);
		else if (letter == 's')
			sets = 1;
		else if (letter == 'w')
			waits = 1;
		else if (letter == 'i')
			must(unshare(CLONE_NEWIPC), "unshare");
		else
			return 2;
	}
	for (int i = optind < argc ? atoi(argv[optind]) : 0; i > 0; i--)
		cycle();
	while (failed-- > 0)
		fail();
	while (kept-- > 0)
		keep(sets);
	if (waits)
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
	return 0;
}
