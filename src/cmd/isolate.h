/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A private IPC namespace for this process and all that it starts. */
#ifndef CMD_ISOLATE_H
#define CMD_ISOLATE_H

/* Moves this process, which must have one thread, into a new IPC namespace; without the right to make one, into a
 * new user namespace too, in which it has its own user and group and no other. Both end with the last
 * process in them, and with them every segment that was made there. 0, or -errno with one line for people. */
enum { ISOLATE_WHY_LEN = 256 };
int isolate_enter(char why[static ISOLATE_WHY_LEN]);

#endif
