/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holdstate: makes a state that is described on its command line and holds it until its standard
 * input is closed. Then it ends its children and removes its segments.
 *
 *   holdstate [OPTIONS]
 *     --segments N   segments to make (default 1)
 *     --size BYTES   of each (default 16384)
 *     --key KEY      of the first; the next ones count up (default IPC_PRIVATE)
 *     --attach N     times that each is attached (default 1)
 *     --forks N      child processes, made after attaching (default 0)
 *     --threads N    threads beside the first (default 0)
 *     --readonly     attach with SHM_RDONLY
 *     --exec         attach with SHM_EXEC
 *     --split        make the second page of each attachment read-only: three mappings
 *     --touch        write to all of it
 *     --dest         remove the segments while they are attached
 *     --locked       lock them in memory
 *     --hugetlb      make them of huge pages
 *     --vfork        a thread waits in vfork() for its child
 *     --clone-vm     a process that shares the address space
 *     --leader-exit  the first thread ends; another one holds
 *     --leave        do not remove the segments
 *     --away         then move to another IPC namespace: only its attachments are left in this one
 *
 * Prints a line "segment SHMID" for each, a line "process PID" for itself and each child process,
 * and "ready". A state that cannot be made is told on stderr; status 1.
 */
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN_MAX = 1000, SEGMENTS_MAX = 32768, STACK = 65536 };

enum option_id {
	SEGMENTS = 256,
	SIZE,
	KEY,
	ATTACH,
	FORKS,
	THREADS,
	FLAGS, /* those below take no argument */
	READONLY = FLAGS,
	EXEC,
	SPLIT,
	TOUCH,
	DEST,
	LOCKED,
	HUGETLB,
	VFORK,
	CLONE_VM_PROCESS,
	LEADER_EXIT,
	LEAVE,
	AWAY,
	OPTIONS_END,
};

static const struct option option_table[] = {
	{.name = "segments", .has_arg = required_argument, .val = SEGMENTS},
	{.name = "size", .has_arg = required_argument, .val = SIZE},
	{.name = "key", .has_arg = required_argument, .val = KEY},
	{.name = "attach", .has_arg = required_argument, .val = ATTACH},
	{.name = "forks", .has_arg = required_argument, .val = FORKS},
	{.name = "threads", .has_arg = required_argument, .val = THREADS},
	{.name = "readonly", .val = READONLY},
	{.name = "exec", .val = EXEC},
	{.name = "split", .val = SPLIT},
	{.name = "touch", .val = TOUCH},
	{.name = "dest", .val = DEST},
	{.name = "locked", .val = LOCKED},
	{.name = "hugetlb", .val = HUGETLB},
	{.name = "vfork", .val = VFORK},
	{.name = "clone-vm", .val = CLONE_VM_PROCESS},
	{.name = "leader-exit", .val = LEADER_EXIT},
	{.name = "leave", .val = LEAVE},
	{.name = "away", .val = AWAY},
	{.name = NULL},
};

struct state {
	long numbers[OPTIONS_END - SEGMENTS]; /* by option_id; flags are 0 or 1 */
	pid_t maker;
	int shmids[SEGMENTS_MAX];
	long segments;
	pid_t children[CHILDREN_MAX];
	long child_count;
	int channel[2]; /* through which the vfork child tells its pid */
};

static long option(const struct state *state, enum option_id id)
{
	return state->numbers[id - SEGMENTS];
}

static void state_end(struct state *state)
{
	for (long i = 0; i < state->child_count; i++)
		kill(state->children[i], SIGKILL);
	for (long i = 0; i < state->child_count; i++)
		waitpid(state->children[i], NULL, 0);
	for (long i = 0; i < state->segments && !option(state, LEAVE); i++)
		shmctl(state->shmids[i], IPC_RMID, NULL);
}

static void give_up(struct state *state, const char *call)
{
	fprintf(stderr, "holdstate: %s: %m\n", call);
	state_end(state);
	exit(1);
}

static void segment_attach(struct state *state, int shmid)
{
	int flags =
		(option(state, READONLY) ? SHM_RDONLY : 0) | (option(state, EXEC) ? SHM_EXEC : 0);
	long page = sysconf(_SC_PAGESIZE);
	char *address = shmat(shmid, NULL, flags);

	if (address == (void *)-1)
		give_up(state, "shmat");
	if (option(state, TOUCH))
		memset(address, 1, (size_t)option(state, SIZE));
	if (option(state, SPLIT) && mprotect(address + page, (size_t)page, PROT_READ))
		give_up(state, "mprotect");
}

static void segment_make(struct state *state, long number)
{
	key_t key = option(state, KEY) ? (key_t)(option(state, KEY) + number) : IPC_PRIVATE;
	int flags = IPC_CREAT | 0600 | (option(state, HUGETLB) ? SHM_HUGETLB : SHM_NORESERVE);
	int shmid = shmget(key, (size_t)option(state, SIZE), flags);

	if (shmid < 0)
		give_up(state, "shmget");
	state->shmids[state->segments++] = shmid;
	for (long i = 0; i < option(state, ATTACH); i++)
		segment_attach(state, shmid);
	if (option(state, LOCKED) && shmctl(shmid, SHM_LOCK, NULL))
		give_up(state, "SHM_LOCK");
	if (option(state, DEST) && shmctl(shmid, IPC_RMID, NULL))
		give_up(state, "IPC_RMID");
}

static void hold(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void *thread_hold(void *context)
{
	(void)context;
	hold();
	return NULL;
}

/* Runs beside its parent in the same memory: touches nothing of it. */
static int process_hold(void *context)
{
	(void)context;
	hold();
	_exit(0);
}

/* The calling thread stays in vfork() until the child is killed; the others go on. */
static void *thread_vfork(void *context)
{
	struct state *state = context;
	pid_t child = vfork();

	if (child == 0) {
		pid_t own = getpid();

		if (write(state->channel[1], &own, sizeof(own)) != sizeof(own))
			_exit(1);
		hold();
		_exit(0);
	}
	return NULL;
}

static void thread_start(struct state *state, void *(*body)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, state))
		give_up(state, "pthread_create");
}

static void child_add(struct state *state, pid_t child, const char *call)
{
	if (child < 0 || state->child_count == CHILDREN_MAX)
		give_up(state, call);
	state->children[state->child_count++] = child;
}

static void processes_make(struct state *state)
{
	static char stack[STACK] __attribute__((aligned(16)));

	for (long i = 0; i < option(state, FORKS); i++) {
		pid_t child = fork();

		if (child == 0) {
			hold();
			_exit(0);
		}
		child_add(state, child, "fork");
	}
	if (option(state, CLONE_VM_PROCESS))
		child_add(state, clone(process_hold, stack + STACK, CLONE_VM | SIGCHLD, NULL),
			  "clone");
	if (option(state, VFORK)) {
		pid_t child = -1;

		if (pipe2(state->channel, O_CLOEXEC))
			give_up(state, "pipe");
		thread_start(state, thread_vfork);
		if (read(state->channel[0], &child, sizeof(child)) != sizeof(child))
			give_up(state, "vfork");
		child_add(state, child, "vfork");
	}
	for (long i = 0; i < option(state, THREADS); i++)
		thread_start(state, thread_hold);
}

/* Until /proc shows the first thread as a zombie: the address space is then the others' alone. */
static void leader_wait_gone(struct state *state)
{
	char line[512];
	size_t got;

	do {
		FILE *file = fopen("/proc/self/stat", "re");

		if (!file)
			give_up(state, "/proc/self/stat");
		got = fread(line, 1, sizeof(line) - 1, file);
		line[got] = '\0';
		fclose(file);
		sched_yield();
	} while (!strstr(line, ") Z "));
}

static void *state_hold(void *context)
{
	struct state *state = context;

	if (option(state, LEADER_EXIT))
		leader_wait_gone(state);
	for (long i = 0; i < state->segments; i++)
		printf("segment %d\n", state->shmids[i]);
	printf("process %d\n", state->maker);
	for (long i = 0; i < state->child_count; i++)
		printf("process %d\n", state->children[i]);
	printf("ready\n");
	fflush(stdout);

	hold();
	state_end(state);
	exit(0);
}

int main(int argc, char **argv)
{
	static struct state state;
	int id;

	state.numbers[SEGMENTS - SEGMENTS] = 1;
	state.numbers[SIZE - SEGMENTS] = 16384;
	state.numbers[ATTACH - SEGMENTS] = 1;
	while ((id = getopt_long(argc, argv, "", option_table, NULL)) != -1) {
		if (id == '?')
			return 2;
		state.numbers[id - SEGMENTS] = id < FLAGS ? strtol(optarg, NULL, 0) : 1;
	}
	if (optind != argc || option(&state, SEGMENTS) > SEGMENTS_MAX)
		return 2;

	state.maker = getpid();
	for (long i = 0; i < option(&state, SEGMENTS); i++)
		segment_make(&state, i);
	if (option(&state, AWAY) && unshare(CLONE_NEWIPC))
		give_up(&state, "unshare");
	processes_make(&state);
	if (!option(&state, LEADER_EXIT))
		state_hold(&state);
	thread_start(&state, state_hold);
	syscall(SYS_exit, 0);
}
