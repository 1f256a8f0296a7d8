/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probes tell of calls and their stacks in this IPC namespace, kept to be looked at */
#ifndef TESTS_LIVE_STACK_HEARD_H
#define TESTS_LIVE_STACK_HEARD_H

#include <sys/stat.h>

#include "observe/probes.h"

enum { HEARD_MOST = 4096, HEARD_PATH = 512 };

/* A sample, with a part of what it points to */
struct kept {
	struct stack_sample sample;
	struct sample_mapping mappings[SAMPLE_MAPPINGS];
	char paths[SAMPLE_MAPPINGS][HEARD_PATH];
	unsigned char stack[64 * 1024];
};

/* Since it was emptied */
struct heard {
	uint32_t ipcns;
	size_t event_count, sample_count;
	struct event events[HEARD_MOST]; /* shmget and shmat */
	uint64_t times[HEARD_MOST];      /* of the samples */
	int32_t tids[HEARD_MOST];
	size_t located; /* samples with the program's mapping, and one around the program counter */
	const char *program;
	struct stat file;   /* the program */
	struct kept newest; /* sample */
};

void heard_listen(struct heard *heard, struct probes *probes);
/* Forgets what was told so far; the next ones are about this program. */
void heard_empty(struct heard *heard, struct probes *probes, const char *program);

/* Samples that have their event, and that it says of itself */
size_t heard_paired(const struct heard *heard);
size_t heard_sampled(const struct heard *heard); /* events that say that they have one */
size_t heard_created(const struct heard *heard); /* events that made a segment */

/* The mapping around the address; NULL: there is none. */
const struct sample_mapping *heard_mapping_at(const struct stack_sample *sample, uint64_t address);
/* The mapping of the file of this path, if it is this very file */
const struct sample_mapping *heard_mapping_of(const struct stack_sample *sample, const char *path,
					      const struct stat *file);

#endif
