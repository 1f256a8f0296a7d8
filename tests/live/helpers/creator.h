/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between creator and its library: see creator.c. */
#ifndef TESTS_LIVE_HELPERS_CREATOR_H
#define TESTS_LIVE_HELPERS_CREATOR_H

#include <stdint.h>

enum { CREATOR_CALLS = 4 };

struct creator_task {
	int key;
	unsigned int deep; /* bytes of stack */
	long (*enter)(int key, unsigned long size,
		      int flags); /* shmget, in code of no file; or NULL */
};

struct creator_trace {
	void *calls[CREATOR_CALLS]; /* c, and where c, b and a return to */
	uint64_t code;              /* of c: its first bytes */
	int shmid;
};

int creator_a(const struct creator_task *task, struct creator_trace *trace);

#endif
