/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who maps which segment right now, over all processes and namespaces.
 *
 * By the BPF iterator over mappings (iter/task_vma, since 5.13), else by /proc/PID/maps. An address
 * space is reported once, labelled by its oldest thread group: vfork children, CLONE_VM processes and
 * threads share one, and one whose leader thread has exited is found by its other threads.
 *
 * A scan is not free of effects: it holds each address space for a moment, and whoever drops the last
 * reference to a dying one runs its detaches and becomes its segments' lpid. So: rarely, and on
 * evidence.
 */
#ifndef OBSERVE_ATTACHERS_H
#define OBSERVE_ATTACHERS_H

#include "base/fact.h"
#include "observe/namespaces.h"

struct attachers;

enum attachers_method {
	ATTACHERS_ITERATOR,
	ATTACHERS_MAPS,
};

/* Loads the iterators; without them (no privilege, no BTF, an old kernel) falls back to the maps files,
 * and says why in attachers_why(). `want_iterator` false goes to the maps at once. Fails only for memory. */
int attachers_open(bool want_iterator, struct attachers **out);
void attachers_close(struct attachers *attachers);
enum attachers_method attachers_method(const struct attachers *attachers);
/* Why not the iterator; "" when it stands. */
const char *attachers_why(const struct attachers *attachers);

struct attachment_list {
	struct attachment *rows; /* owned; ordered by (mm, start), each once */
	size_t count;
	size_t capacity;
	bool partial;  /* some processes cannot be looked at, for want of rights or in another pid
			* namespace: mappings are missing */
	size_t hidden; /* maps only: processes that may not be looked at: the list is incomplete */
};

/* 0, or -errno: then the list is empty and means nothing. Never 0 with a list that could not be made;
 * an iterator that fails at run time falls back to the maps. */
int attachers_scan(struct attachers *attachers, struct attachment_list *list);
void attachers_list_free(struct attachment_list *list);

/* All IPC namespaces that have a process, by the task iterator where it stands, else by /proc. */
int attachers_namespaces(struct attachers *attachers, struct namespace_list *list);

/* The file systems on which the kernel keeps segments, by device number as stat(2) tells it. They are
 * mounted nowhere, so nobody can make a file there. */
enum { ATTACHERS_DEVICES = 8 };
struct attachers_devices {
	struct {
		uint64_t number;
		bool hugetlb;
	} rows[ATTACHERS_DEVICES];
	size_t count; /* 0: unknown, every device will do */
};

/* Parses /proc/PID/maps and appends the lines of segments ("/SYSV%08x (deleted)", inode = shmid, on one
 * of the devices) with the given labels. Pure. 0 or -ENOMEM. */
int attachers_parse_maps(const char *text, size_t length, const struct attachers_devices *devices,
			 const struct attachment *label, struct attachment_list *list);

#endif
