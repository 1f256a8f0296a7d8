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

enum { STAT_LEN = 512, GENERATIONS = 4096 };

/* ---- who is whose -------------------------------------------------------------------------- */

/* By /proc/PID/stat, where the parent stands behind the name and the state; the name may hold anything.
 * 0: gone, or a zombie, which holds nothing. */
static pid_t parent_of(pid_t pid)
{
	char path[32], text[STAT_LEN];
	int parent;
	char state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);

	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t length = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (length <= 0)
		return 0;
	text[length] = '\0';

	const char *behind = strrchr(text, ')');

	if (!behind || sscanf(behind + 1, " %c %d", &state, &parent) != 2 || state == 'Z')
		return 0;
	return parent;
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
	pid_t self = getpid();
	size_t count = 0;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || parent_of(pid) != self || is_stranger(tree, pid))
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
	pid_t self = getpid();

	for (int i = 0; i < GENERATIONS && pid > 1; i++) {
		pid_t parent = parent_of(pid);

		if (parent == self)
			return !is_stranger(tree, pid);
		pid = parent;
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
			stop_too(tree);
			continue;
		}
		tree->ended = true;
		tree->status = status;
	}
	tree->over = tree->ended && ((pid < 0 && errno == ECHILD) ||
				     (tree->stranger_count > 0 && tree_rest(tree, NULL, 0) == 0));
}
