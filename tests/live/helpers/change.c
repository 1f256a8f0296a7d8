/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * change: changes a segment, or tries to.
 *
 *   change [-n TIMES] [-w] set SHMID UID GID MODE
 *   change [-n TIMES] [-w] lock|unlock|remove SHMID
 *
 * Ends with 1, and the reason on stderr, when the last call was refused; with -w once its standard input ends.
 * MODE is octal.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

static const struct {
	const char *name;
	int cmd;
	int operands; /* beside the name */
} commands[] = {
	{"set", IPC_SET, 4},
	{"lock", SHM_LOCK, 1},
	{"unlock", SHM_UNLOCK, 1},
	{"remove", IPC_RMID, 1},
};

static int usage(void)
{
	fputs("usage: change [-n TIMES] [-w] set SHMID UID GID MODE | lock|unlock|remove SHMID\n",
	      stderr);
	return 2;
}

static int change(int cmd, long times, bool waits, char **operands)
{
	struct shmid_ds wish = {0};
	int result = 0;

	if (cmd == IPC_SET) {
		wish.shm_perm.uid = (uid_t)strtoul(operands[1], NULL, 10);
		wish.shm_perm.gid = (gid_t)strtoul(operands[2], NULL, 10);
		wish.shm_perm.mode = (unsigned short)strtoul(operands[3], NULL, 8);
	}
	while (times-- > 0)
		result = shmctl(atoi(operands[0]), cmd, &wish);
	if (result < 0)
		perror("change");
	while (waits && getchar() != EOF)
		;
	return result < 0;
}

int main(int argc, char **argv)
{
	bool waits = false;
	long times = 1;
	int option;

	while ((option = getopt(argc, argv, "n:w")) != -1) {
		if (option == 'n')
			times = strtol(optarg, NULL, 10);
		else if (option == 'w')
			waits = true;
		else
			return usage();
	}
	argv += optind;
	argc -= optind;
	for (size_t i = 0; argc > 0 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[0], commands[i].name) == 0 && argc == 1 + commands[i].operands)
			return change(commands[i].cmd, times, waits, argv + 1);
	return usage();
}
