/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helper processes that are nobody else's business: their end raises no SIGCHLD, and no wait() without __WALL finds
 * them. exec would make an ordinary child of one.
 */
#ifndef STACK_QUIET_CHILD_H
#define STACK_QUIET_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

pid_t quiet_child_fork(void); /* as fork() */
/* Kills it, with its process group where it leads one, and waits for its end. */
void quiet_child_end(pid_t child);

/* In the child, which must not go on where they fail. Root becomes this user, without other groups; anybody else
 * stays who they are, and root in a user namespace that has no such user. */
bool quiet_child_become(uid_t uid, gid_t gid);
/* No capabilities, for good. It ends with its parent. */
bool quiet_child_lay_down_rights(void);

#endif
