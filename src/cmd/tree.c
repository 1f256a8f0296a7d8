/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STAT_LEN = 1024, GENERATIONS = 4096 };

/* ---- who is whose -------------------------------------------------------------------------- */

/* Of /proc/PID/stat, counted from the state on, which is 0 */
enum { STAT_PARENT = 1, STAT_EXIT_SIGNAL = 35 };

/* The parent of a process. The name in front of the figures may hold anything. 0: gone, or a zombie, which holds
 * nothing. `quiet`: its end is told to nobody, and wait() passes it over. */
static pid_t parent_of(pid_t pid, bool *quiet)
{
	char path[32], text[STAT_LEN];
	long figures[STAT_EXIT_SIGNAL + 1] = {0};

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);

	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t length = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (length <= 0)
		return 0;
	text[length] = '\0';

	char *at = strrchr(text, ')');

	if (!at || strlen(at) < 3 || at[2] == 'Z')
		return 0;
	at += 3; /* behind the state */
	for (int i = STAT_PARENT; i <= STAT_EXIT_SIGNAL; i++)
		figures[i] = strtol(at, &at, 10);
	*quiet = figures[STAT_EXIT_SIGNAL] == 0;
	return (pid_t)figures[STAT_PARENT];
}

/* A child that wait() knows: shmtop has helpers that it does not. */
static bool is_child(pid_t pid)
{
	bool quiet;

	return parent_of(pid, &quiet) == getpid() && !quiet;
}

static bool is_stranger(const struct tree *tree, pid_t pid)
{
	for (size_t i = 0; i < tree->stranger_count; i++)
		if (tree->strangers[i] == pid)
			return true;
	return false;
}

size_t tree_rest(const struct tree *tree, pid_t *pids, size_t most)
{
	const struct dirent *entry;
	DIR *proc = opendir("/proc");
	size_t count = 0;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || !is_child(pid) || is_stranger(tree, pid))
			continue;
		if (count < most)
			pids[count] = pid;
		count++;
	}
	if (proc)
		closedir(proc);
	return count;
}

bool tree_has(const struct tree *tree, pid_t pid)
{
	for (int i = 0; i < GENERATIONS && pid > 1; i++) {
		bool quiet;

		if (is_child(pid))
			return !is_stranger(tree, pid);
		pid = parent_of(pid, &quiet);
	}
	return false;
}

/* ---- starting ------------------------------------------------------------------------------ */

static void note_strangers(struct tree *tree)
{
	siginfo_t info;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && errno == ECHILD)
		return;
	tree->stranger_count = tree_rest(tree, tree->strangers, TREE_STRANGERS);
	if (tree->stranger_count > TREE_STRANGERS)
		tree->stranger_count = TREE_STRANGERS;
}

int tree_start(struct tree *tree, char *const argv[], const struct loop *loop)
{
	sigset_t stops;

	*tree = (struct tree){0};
	note_strangers(tree);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		return -errno;

	int error = child_start(argv, loop, STDOUT_FILENO, &tree->child);

	if (error)
		return error;
	/* behind the loop's signals: the command has its own mask */
	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	sigaddset(&stops, SIGCONT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	return 0;
}

/* ---- the end ------------------------------------------------------------------------------- */

/* Takes the signal if it is pending. */
static bool take_signal(int number)
{
	const struct timespec at_once = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	return sigtimedwait(&set, NULL, &at_once) == number;
}

/* By the signal of the keyboard: the kernel does not stop those whom no shell would continue. */
static void stop_too(const struct tree *tree)
{
	sigset_t stop, before;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	take_signal(SIGCONT);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &before);
	/* here it is stopped; and here it goes on */
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (take_signal(SIGCONT))
		kill(tree->child.pid, SIGCONT);
}

void tree_reap(struct tree *tree)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != tree->child.pid)
			continue;
		if (WIFSTOPPED(status)) {
			/* one that stops itself is continued by whoever waits for that */
			if (WSTOPSIG(status) != SIGSTOP)
				stop_too(tree);
			continue;
		}
		tree->ended = true;
		tree->status = status;
	}
	tree->over = tree->ended && ((pid < 0 && errno == ECHILD) ||
				     (tree->stranger_count > 0 && tree_rest(tree, NULL, 0) == 0));
}
