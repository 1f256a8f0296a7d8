/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPC namespaces: which there are, and a visit to one.
 *
 * A namespace is never pinned longer than a visit lasts: its descriptor is opened, entered, left and
 * closed in one call. Visiting another namespace than one's own needs CAP_SYS_ADMIN.
 */
#ifndef OBSERVE_NAMESPACES_H
#define OBSERVE_NAMESPACES_H

#include <stddef.h>

#include "base/fact.h"

struct namespace_list {
	struct namespace_facts *rows; /* owned; ordered by inode, each once */
	size_t count;
	size_t capacity;
};

/* The inode of the caller's own namespace; 0 when /proc does not tell. */
uint32_t namespaces_own(void);

/* That of a process; 0 when it is gone or may not be looked at: errno tells. */
uint32_t namespaces_of(int pid);

/* Finds them by /proc/PID/ns/ipc: the slow way, for where the task iterator cannot run. Processes that
 * may not be looked at are passed over. 0 or -errno. */
int namespaces_scan_proc(struct namespace_list *list);

/* Adds one process to the list: keeps the oldest of each namespace. 0 or -ENOMEM. */
int namespaces_add(struct namespace_list *list, uint32_t ipcns, int pid, uint64_t start_time);
void namespaces_free(struct namespace_list *list);

/* Runs `visitor` inside the namespace (directly, when it is the caller's own) and returns what it
 * returned. `pid` is a process in it: -ESRCH when it is gone or lives in another one by now. -EPERM
 * without the capability. The way back is held open; if it fails the program ends, since it would go
 * on in the wrong namespace. */
typedef int namespaces_visitor(void *context);
int namespaces_visit(const struct namespace_facts *place, namespaces_visitor *visitor,
		     void *context);

#endif
