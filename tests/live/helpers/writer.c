/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer: makes a segment, attaches it, and does to it what is told on its standard input, until that is
 * closed. Then it ends; the segment stays.
 *
 *   writer SIZE MODE
 *	write OFFSET TEXT	writes the text, without a newline
 *	munmap OFFSET LENGTH	of the attachment
 *	detach			all of it
 *	remove			IPC_RMID
 *
 * Prints "segment SHMID", "ready", and "done" for each line that it was told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

enum { LINE = 4096 };

static int failed(const char *what)
{
	perror(what);
	return 1;
}

static int obey(int shmid, char *address, const char *line)
{
	unsigned long offset, length;
	int text;

	if (sscanf(line, "write %lu %n", &offset, &text) == 1) {
		memcpy(address + offset, line + text, strcspn(line + text, "\n"));
		return 0;
	}
	if (sscanf(line, "munmap %lu %lu", &offset, &length) == 2)
		return munmap(address + offset, length);
	if (strcmp(line, "detach\n") == 0)
		return shmdt(address);
	if (strcmp(line, "remove\n") == 0)
		return shmctl(shmid, IPC_RMID, NULL);
	return -1;
}

int main(int argc, char **argv)
{
	char line[LINE], *address;
	int shmid;

	if (argc != 3)
		return 2;
	shmid = shmget(IPC_PRIVATE, strtoul(argv[1], NULL, 0),
		       IPC_CREAT | (int)strtoul(argv[2], NULL, 8));
	if (shmid < 0)
		return failed("shmget");
	address = shmat(shmid, NULL, 0);
	if (address == (char *)-1)
		return failed("shmat");
	printf("segment %d\nready\n", shmid);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (obey(shmid, address, line))
			return failed(line);
		puts("done");
		fflush(stdout);
	}
	return 0;
}
