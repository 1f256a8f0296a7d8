/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: waits for the word, then becomes the command. Only async-signal-safe calls. */
static _Noreturn void become(char *const argv[], const struct loop *loop, int output, int hold,
			     int report)
{
	char word;
	ssize_t got;

	do {
		got = read(hold, &word, 1);
	} while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(1); /* the parent gave up */
	if (dup2(output, STDOUT_FILENO) < 0)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	if (loop)
		loop_restore_signals(loop);
	execvp(argv[0], argv);

	int error = errno;

	if (write(report, &error, sizeof(error)) < 0)
		_exit(1);
	_exit(child_exec_status(-error));
}

int child_start(char *const argv[], const struct loop *loop, int output, struct child *child)
{
	int hold[2], report[2];
	int error;

	if (pipe2(hold, O_CLOEXEC))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		error = -errno;
		goto close_hold;
	}
	child->pid = fork();
	if (child->pid < 0) {
		error = -errno;
		goto close_report;
	}
	if (child->pid == 0) {
		close(hold[1]);
		close(report[0]);
		become(argv, loop, output, hold[0], report[1]);
	}
	close(hold[0]);
	close(report[1]);
	child->hold = hold[1];
	child->report = report[0];
	return 0;

close_report:
	close(report[0]);
	close(report[1]);
close_hold:
	close(hold[0]);
	close(hold[1]);
	return error;
}

int child_release(struct child *child)
{
	int exec_error = 0;
	ssize_t got;

	if (write(child->hold, "", 1) < 0)
		exec_error = errno;
	close(child->hold);
	child->hold = 0;
	/* End of file is the close-on-exec of a command that runs. */
	do {
		got = read(child->report, &exec_error, sizeof(exec_error));
	} while (got < 0 && errno == EINTR);
	close(child->report);
	child->report = 0;
	return -exec_error;
}

void child_abandon(struct child *child)
{
	if (!child->hold)
		return;
	close(child->hold);
	close(child->report);
	child->hold = child->report = 0;
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int child_exec_status(int error)
{
	return error == -ENOENT ? 127 : 126;
}

int child_wait_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
