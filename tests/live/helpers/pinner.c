/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pinner: a client and its display server. For each line of its standard input the client makes a segment, has the
 * server attach it, removes it and lets go of it; the server never does. Prints "server PID", and "segment SHMID"
 * for each. At the end of the input both end, and with them the segments.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 65536 };

static void must(long result, const char *what)
{
	if (result != -1)
		return;
	perror(what);
	exit(1);
}

/* Attaches what it is told, and says so. */
static void serve(int requests, int answers)
{
	int shmid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "Xdisplay");
	while (read(requests, &shmid, sizeof(shmid)) == sizeof(shmid)) {
		must((long)shmat(shmid, NULL, 0), "shmat");
		must(write(answers, &shmid, sizeof(shmid)), "write");
	}
	_exit(0);
}

static void resize(int requests, int answers)
{
	int shmid = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	char *image;

	must(shmid, "shmget");
	image = shmat(shmid, NULL, 0);
	must((long)image, "shmat");
	memset(image, 1, SIZE);
	must(write(requests, &shmid, sizeof(shmid)), "write");
	must(read(answers, &shmid, sizeof(shmid)), "read");
	must(shmctl(shmid, IPC_RMID, NULL), "shmctl");
	must(shmdt(image), "shmdt");
	printf("segment %d\n", shmid);
}

int main(void)
{
	int requests[2], answers[2];
	int byte;
	pid_t server;

	setvbuf(stdout, NULL, _IOLBF, 0);
	must(pipe(requests), "pipe");
	must(pipe(answers), "pipe");
	server = fork();
	must(server, "fork");
	if (server == 0) {
		close(requests[1]);
		serve(requests[0], answers[1]);
	}
	printf("server %d\n", server);
	while ((byte = getchar()) != EOF)
		if (byte == '\n')
			resize(requests[1], answers[0]);
	close(requests[1]);
	must(waitpid(server, NULL, 0), "waitpid");
	return 0;
}
