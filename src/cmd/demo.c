/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shmtop demo: the live view on the bundled fork demo, which leaks a segment each time it runs.
 *
 * What it left behind is removed when the view ends. A segment is known to be ours by its creator: it is
 * looked up while the ended demo is still a zombie, so that its pid cannot be another's. An orphan of an
 * earlier process with that pid is older than the demo.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/live.h"
#include "observe/sysvipc.h"
#include "report/report.h"

#define DEMO_PROGRAM "shm-fork-demo"
#define DEMO_MESSAGE "hello from shmtop"
/* The leak may be seen to grow, but not up to the limits of the machine. */
enum { DEMO_KEPT = 16 };
#define DEMO_PAUSE (500 * CLOCK_MS)

/* A segment that a demo left: `ctime` and `cpid` tell it from a later one with the same id. */
struct leftover {
	int shmid;
	pid_t cpid;
	int64_t ctime;
};

struct demo {
	const char *message;
	char program[PATH_MAX];
	struct loop *loop;
	pid_t pid;      /* the demo that runs; 0 none */
	time_t started; /* by the clock of ctime, which may lag behind others */
	int timer;
	bool stopping;
	struct sysvipc_table table;
	struct leftover left[DEMO_KEPT];
	size_t left_count;
	unsigned int failures; /* in a row */
};

struct demo_config {
	struct live_config live;
};

static const struct option_spec demo_options[] = {
	LIVE_OPTIONS(struct demo_config, live),
	{0},
};

const struct command_spec demo_spec = {
	.name = "demo",
	.synopsis = "[OPTIONS] [MESSAGE]",
	.summary = "the live view on a bundled workload that leaks",
	.options = demo_options,
	.details = "Runs " DEMO_PROGRAM
		   " again and again: a parent hands MESSAGE to its child through\n"
		   "a segment, and neither ever removes it. What it left is removed when the view "
		   "ends.\n"
		   "Without a terminal: three plain frames.",
};

/* Beside this program, else by the PATH. */
static void find_program(char out[static PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length > 0) {
		self[length] = '\0';
		char *slash = strrchr(self, '/');

		if (slash) {
			*slash = '\0';
			if (snprintf(out, PATH_MAX, "%s/" DEMO_PROGRAM, self) < PATH_MAX &&
			    access(out, X_OK) == 0)
				return;
		}
	}
	snprintf(out, PATH_MAX, DEMO_PROGRAM);
}

static _Noreturn void become_demo(const struct demo *demo)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	/* ^C is for the view: it ends the demo itself. */
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	loop_restore_signals(demo->loop);
	execlp(demo->program, DEMO_PROGRAM, "--", demo->message, (char *)NULL);
	_exit(127);
}

static int start_one(struct demo *demo)
{
	pid_t pid;

	demo->started = time(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_demo(demo);
	setpgid(pid, pid); /* whoever comes first: it must be so before demo_stop() */
	demo->pid = pid;
	return 0;
}

static void remove_leftover(const struct leftover *left)
{
	struct shmid_ds now;

	if (shmctl(left->shmid, IPC_STAT, &now) == 0 && now.shm_cpid == left->cpid &&
	    now.shm_ctime == left->ctime)
		shmctl(left->shmid, IPC_RMID, NULL);
}

static void keep_leftover(struct demo *demo, const struct leftover *left)
{
	if (demo->left_count == DEMO_KEPT) {
		remove_leftover(&demo->left[0]);
		memmove(demo->left, demo->left + 1, --demo->left_count * sizeof(demo->left[0]));
	}
	demo->left[demo->left_count++] = *left;
}

/* Notes what the demo left, before anybody else can have its pid. */
static void note_leftovers(struct demo *demo)
{
	if (sysvipc_read(&demo->table))
		return;
	for (size_t i = 0; i < demo->table.count; i++) {
		const struct segment_facts *row = &demo->table.rows[i];

		if (row->cpid != demo->pid || row->ctime < demo->started)
			continue;
		keep_leftover(demo, &(struct leftover){.shmid = row->shmid,
						       .cpid = row->cpid,
						       .ctime = row->ctime});
	}
}

/* The running demo has ended: notes what it left and reaps it. */
static void finish_one(struct demo *demo)
{
	siginfo_t info = {0};
	int status = 0;

	if (!demo->pid || waitid(P_PID, (id_t)demo->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
	    info.si_pid != demo->pid)
		return;
	note_leftovers(demo);
	waitpid(demo->pid, &status, 0);
	demo->pid = 0;
	demo->failures = status ? demo->failures + 1 : 0;
}

static void demo_child_ended(void *context)
{
	finish_one(context);
}

static int on_pause(void *context, uint32_t events)
{
	struct demo *demo = context;

	(void)events;
	/* A demo that cannot run would only burn the CPU. */
	if (demo->pid || demo->failures > 2)
		return 0;
	return start_one(demo);
}

static int demo_start(void *context, struct loop *loop)
{
	struct demo *demo = context;
	int error;

	demo->loop = loop;
	if ((error = start_one(demo)))
		return error;
	return loop_add_timer(loop, DEMO_PAUSE, on_pause, demo, &demo->timer);
}

static void demo_stop(void *context)
{
	struct demo *demo = context;

	if (demo->pid) {
		/* The child of the demo is in its process group. */
		kill(-demo->pid, SIGTERM);
		siginfo_t info;

		waitid(P_PID, (id_t)demo->pid, &info, WEXITED | WNOWAIT);
		finish_one(demo);
	}
	for (size_t i = 0; i < demo->left_count; i++)
		remove_leftover(&demo->left[i]);
	sysvipc_free(&demo->table);
}

int demo_run(const struct cmd_env *env, int argc, char **argv)
{
	struct demo_config config = {.live.stacks.which = PROBES_STACKS_CREATED};
	struct demo demo = {.message = DEMO_MESSAGE};
	int operands, status;

	if (!arguments_parse(&demo_spec, argc, argv, &config, &operands, &status))
		return status;
	if (argc - operands > 1) {
		log_error("demo: wants at most one MESSAGE; quote one with blanks");
		return EXIT_USAGE;
	}
	if (operands < argc)
		demo.message = argv[operands];
	if (!config.live.count && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		config.live.count = 3;
	find_program(demo.program);
	if (strchr(demo.program, '/') == NULL)
		log_error("demo: " DEMO_PROGRAM " is not beside this program: looking in PATH");

	const struct live_workload workload = {
		.title = "demo",
		.start = demo_start,
		.child_ended = demo_child_ended,
		.stop = demo_stop,
		.context = &demo,
	};
	status = live_session(env, &demo_spec, &config.live, &workload);

	if (demo.failures > 2) {
		log_error("demo: " DEMO_PROGRAM " does not run: try it by hand");
		return EXIT_ERROR;
	}
	return status;
}
