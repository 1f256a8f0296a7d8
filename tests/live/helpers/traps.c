/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traps: what looks like a leak and is none, and what is one.
 *
 *   traps NAME	makes that state, prints "segment SHMID" and "ready", and holds it until its standard input is
 *		closed; then it ends its children and removes the segment
 *   traps use SHMID	attaches it and lets go of it, as one does that was told the id
 *
 * none:
 *   mailbox	a key of ntpd, its maker gone
 *   perop	attached for each use only, its owner alive
 *   hygiene	attached and removed at once, held by three
 *   workers	its maker is gone, its forked workers hold it
 *   kin	its maker is gone, and a forked worker that has not attached it yet knows it
 *   stranger	its maker is gone; another process that got its id attached it once, and lives
 *   keyed	its maker was killed, and its key is there for the next start
 *   told	its maker is gone, it never attached it, and told its id to the one that started it
 *   lookup	a removal by nobody was refused; one that looked its key up, and has not attached it yet, waits
 *   probes	a key that nobody has, an id that is removed twice
 * leaks:
 *   orphan	its maker exited, and so did the one that started it: nobody attached it
 *   killed	its maker attached it and was killed
 *   refused	an IPC_RMID by nobody was refused, then all left
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 8192, WORKERS = 3, NOBODY = 65534 };
#define NTP_KEY   0x4e545030
#define OTHER_KEY 0x52010203

static pid_t children[WORKERS];
static int child_count;
static int shmid = -1;

static void must(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void use(int id)
{
	char *text = shmat(id, NULL, 0);

	if (text == (char *)-1)
		must(-1, "shmat");
	memset(text, 1, SIZE);
	must(shmdt(text), "shmdt");
}

static void hold(int id)
{
	if (shmat(id, NULL, 0) == (void *)-1)
		must(-1, "shmat");
}

/* A child that waits; it does `first` before. */
static void worker(void (*first)(int id))
{
	int told[2];
	char byte;
	pid_t pid;

	must(pipe(told), "pipe");
	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		if (first)
			first(shmid);
		must((int)write(told[1], "", 1), "write");
		for (;;)
			pause();
	}
	children[child_count++] = pid;
	must((int)read(told[0], &byte, 1) - 1, "a worker");
	close(told[0]);
	close(told[1]);
}

/* The maker: a job of its own, which tells the id and the pids of its workers, and ends. */
static void maker(void (*make)(void), int fatal)
{
	int told[2], status;
	pid_t pid;

	must(pipe(told), "pipe");
	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		must(setsid(), "setsid");
		make();
		must((int)write(told[1], &shmid, sizeof(shmid)), "write");
		must((int)write(told[1], children, sizeof(children)), "write");
		if (fatal)
			raise(fatal);
		_exit(0);
	}
	must((int)read(told[0], &shmid, sizeof(shmid)) - (int)sizeof(shmid), "the maker");
	must((int)read(told[0], children, sizeof(children)) - (int)sizeof(children), "the maker");
	must(waitpid(pid, &status, 0), "waitpid");
}

static void make(key_t key)
{
	shmid = shmget(key, SIZE, IPC_CREAT | 0600);
	must(shmid, "shmget");
}

static void make_private(void)
{
	make(IPC_PRIVATE);
}

/* By a child, whose parent ends after it */
static void make_orphan(void)
{
	int told[2], status;
	pid_t pid;

	must(pipe(told), "pipe");
	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		make_private();
		must((int)write(told[1], &shmid, sizeof(shmid)), "write");
		_exit(0);
	}
	must((int)read(told[0], &shmid, sizeof(shmid)) - (int)sizeof(shmid), "the maker");
	must(waitpid(pid, &status, 0), "waitpid");
}

static void make_mailbox(void)
{
	make(NTP_KEY);
	use(shmid);
}

static void make_keyed(void)
{
	make(OTHER_KEY);
	hold(shmid);
}

static void make_held(void)
{
	make(IPC_PRIVATE);
	hold(shmid);
}

static void make_workers(void)
{
	make_held();
	worker(NULL);
	worker(NULL);
}

static void make_kin(void)
{
	make(IPC_PRIVATE);
	use(shmid);
	worker(NULL);
}

/* Nobody may remove what is root's. */
static void refuse(void)
{
	pid_t pid;
	int status;

	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		must(setuid(NOBODY), "setuid");
		_exit(shmctl(shmid, IPC_RMID, NULL) < 0 && errno == EPERM ? 0 : 1);
	}
	must(waitpid(pid, &status, 0), "waitpid");
	must(status ? -1 : 0, "the removal was not refused");
}

static void make_refused(void)
{
	make_held();
	refuse();
}

static void look_up(int id)
{
	must(shmget(OTHER_KEY, 0, 0) == id ? 0 : -1, "its key");
}

static void make_keyed_refused(void)
{
	make_keyed();
	refuse();
}

static void lookup(void)
{
	maker(make_keyed_refused, 0);
	worker(look_up);
}

static void hygiene(void)
{
	make_held();
	for (int i = 0; i < WORKERS; i++)
		worker(NULL);
	must(shmctl(shmid, IPC_RMID, NULL), "IPC_RMID");
}

static void perop(void)
{
	make(IPC_PRIVATE);
	use(shmid);
}

static void stranger(void)
{
	maker(make_private, 0);
	worker(use);
}

static void probes(void)
{
	if (shmget(0x77, 0, 0) >= 0)
		must(-1, "a key that nobody has");
	make(IPC_PRIVATE);
	must(shmctl(shmid, IPC_RMID, NULL), "IPC_RMID");
	if (shmctl(shmid, IPC_RMID, NULL) >= 0)
		must(-1, "an id that was removed");
}

static void state(const char *name)
{
	if (strcmp(name, "mailbox") == 0)
		maker(make_mailbox, 0);
	else if (strcmp(name, "workers") == 0)
		maker(make_workers, 0);
	else if (strcmp(name, "kin") == 0)
		maker(make_kin, 0);
	else if (strcmp(name, "keyed") == 0)
		maker(make_keyed, SIGKILL);
	else if (strcmp(name, "told") == 0)
		maker(make_private, 0);
	else if (strcmp(name, "lookup") == 0)
		lookup();
	else if (strcmp(name, "orphan") == 0)
		maker(make_orphan, 0);
	else if (strcmp(name, "killed") == 0)
		maker(make_held, SIGKILL);
	else if (strcmp(name, "refused") == 0)
		maker(make_refused, 0);
	else if (strcmp(name, "perop") == 0)
		perop();
	else if (strcmp(name, "hygiene") == 0)
		hygiene();
	else if (strcmp(name, "stranger") == 0)
		stranger();
	else if (strcmp(name, "probes") == 0)
		probes();
	else
		must(-1, "which state?");
}

int main(int argc, char **argv)
{
	char byte;

	if (argc == 3 && strcmp(argv[1], "use") == 0) {
		use(atoi(argv[2]));
		return 0;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: traps NAME | traps use SHMID\n");
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	state(argv[1]);
	printf("segment %d\nready\n", shmid);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (int i = 0; i < WORKERS; i++)
		if (children[i] > 0)
			kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	shmctl(shmid, IPC_RMID, NULL);
	return 0;
}
