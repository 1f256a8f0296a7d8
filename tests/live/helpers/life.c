/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * life: each way in which a mapping of a segment begins and ends, one after the other.
 *
 * Ends with 1 when something could not be done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 4, KEY = 0x51f3 };

static size_t page;

static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int segment_make(void)
{
	int shmid = shmget(IPC_PRIVATE, PAGES * page, IPC_CREAT | 0600);

	must(shmid >= 0, "shmget");
	return shmid;
}

static char *segment_attach(int shmid, void *where, int flags)
{
	char *address = shmat(shmid, where, flags);

	must(address != (void *)-1, "shmat");
	return address;
}

static void segment_remove(int shmid)
{
	must(!shmctl(shmid, IPC_RMID, NULL), "IPC_RMID");
}

static void child_wait(pid_t child)
{
	int status;

	must(child > 0 && waitpid(child, &status, 0) == child && status == 0, "child");
}

/* made, then found */
static void make_and_find(void)
{
	int made = shmget(KEY, page, IPC_CREAT | 0600);
	int found = shmget(KEY, page, IPC_CREAT | 0600);

	must(made >= 0 && made == found, "shmget by key");
	segment_remove(made);
}

/* 1 to 3 by a split, the first part away by munmap, the last one moved and away, the rest by shmdt */
static void split_and_move(void)
{
	int shmid = segment_make();
	char *base = segment_attach(shmid, NULL, 0);
	char *free_place = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved;

	must(free_place != MAP_FAILED && !munmap(free_place, page), "mmap");
	must(!mprotect(base + page, page, PROT_READ), "mprotect");
	must(!munmap(base, page), "munmap");
	moved = mremap(base + 2 * page, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
		       base + 64 * page);
	must(moved != MAP_FAILED, "mremap");
	must(!munmap(moved, 2 * page), "munmap of what was moved");
	must(!shmdt(base), "shmdt");
	segment_remove(shmid);
}

/* The second takes the place of the first, and is away by shmdt. */
static void remap(void)
{
	int first = segment_make();
	int second = segment_make();
	char *base = segment_attach(first, NULL, 0);

	segment_attach(second, base, SHM_REMAP);
	must(!shmdt(base), "shmdt");
	segment_remove(first);
	segment_remove(second);
}

/* A child that exits, and one that becomes another program; removed, it goes with the last holder. */
static void fork_and_leave(void)
{
	int shmid = segment_make();
	char *base = segment_attach(shmid, NULL, 0);
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	child_wait(child);
	child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "life", "end", (char *)NULL);
		_exit(127);
	}
	child_wait(child);
	segment_remove(shmid);
	must(!shmdt(base), "shmdt");
}

int main(int argc, char **argv)
{
	int last;

	(void)argv;
	if (argc > 1)
		return 0; /* what a child has become */
	page = (size_t)sysconf(_SC_PAGESIZE);
	make_and_find();
	split_and_move();
	remap();
	fork_and_leave();
	last = segment_make();
	segment_attach(last, NULL, 0);
	segment_remove(last);
	return 0; /* and so it ends */
}
