/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command and all that it starts: run until the last of them has ended.
 *
 * This process becomes the one that the kernel gives orphans to (PR_SET_CHILD_SUBREAPER): daemons that leave
 * their parents come to it, and it knows when all are gone without any other means.
 */
#ifndef CMD_TREE_H
#define CMD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/loop.h"
#include "cmd/child.h"

/* Children that this process was given with its life (exec keeps them) and that are none of the command's */
enum { TREE_STRANGERS = 64 };

struct tree {
	struct child child; /* the command itself */
	bool ended;         /* it has ended, */
	int status;         /* as wait(2) reports it */
	bool over;          /* and all that it has started, too */
	pid_t strangers[TREE_STRANGERS];
	size_t stranger_count;
};

/* Starts the command on hold (child_start), with this process's own standard output. Stops by the keyboard are
 * for the command from now on: this process stops when it does. 0 or -errno. */
int tree_start(struct tree *tree, char *const argv[], const struct loop *loop);

/* At each SIGCHLD: takes in who has ended. If the command was stopped from the terminal this process stops, too,
 * and goes on, with it, when it is continued. */
void tree_reap(struct tree *tree);

/* Who still runs of those that came to this process: their pids, at most `most`. Returns how many there are. */
size_t tree_rest(const struct tree *tree, pid_t *pids, size_t most);

/* Whether this process descends from the command. */
bool tree_has(const struct tree *tree, pid_t pid);

#endif
