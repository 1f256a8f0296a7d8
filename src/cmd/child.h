/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command that is started on hold, so that it can be followed from its first instruction. */
#ifndef CMD_CHILD_H
#define CMD_CHILD_H

#include <sys/types.h>

#include "base/loop.h"

struct child {
	pid_t pid;
	int hold;   /* written to let it go; 0 when not on hold */
	int report; /* tells whether the exec failed; 0 when not on hold */
};

/* Forks and holds before exec. The child gets the signal mask that the loop found (NULL: the present
 * one), and `output` as its standard output: STDOUT_FILENO leaves it as it is. argv ends with NULL.
 * 0 or -errno. */
int child_start(char *const argv[], const struct loop *loop, int output, struct child *child);

/* Lets it go and waits until it runs the command. 0, or -errno of the exec: the child has then ended
 * and must still be reaped. */
int child_release(struct child *child);

/* Lets go of one that was never released: it ends without running the command, and is reaped. Nothing
 * when it was released or never started. */
void child_abandon(struct child *child);

/* The exit status of a shell for a command that could not be started: 127 not found, else 126. */
int child_exec_status(int error);

/* The exit status of a shell for what wait(2) reported: the command's own, or 128 + the signal. */
int child_wait_status(int status);

#endif
