/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracing file system, which tells the ids of tracepoints, and need not be mounted. */
#ifndef OBSERVE_TRACEFS_H
#define OBSERVE_TRACEFS_H

typedef void tracefs_work(void *context);

/* Runs `work` where tracefs can be read: in the caller's thread when it is mounted, else in a helper
 * thread with a mount of its own that nobody else sees and that goes with it. 0, or -errno: then the
 * work was not done. */
int tracefs_run(tracefs_work *work, void *context);

/* One line for people: why tracefs_run() failed with -errno `error`, and how to get it. */
const char *tracefs_why(int error);

#endif
