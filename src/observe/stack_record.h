/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack of the wire (struct shm_stack, bpf/shm_event.h) becomes a sample. Pure. */
#ifndef OBSERVE_STACK_RECORD_H
#define OBSERVE_STACK_RECORD_H

#include "base/stack_sample.h"

enum { STACK_RECORD_PATHS = 8 * 1024 };

/* A sample with what it points to, but for its stack, which stays where it was */
struct stack_record {
	struct stack_sample sample;
	uint64_t start_time; /* of the process, ns CLOCK_BOOTTIME */
	bool unmapped;       /* some mappings are missing: stack_maps_read() is to get them */
	struct sample_mapping mappings[SAMPLE_MAPPINGS];
	char paths[STACK_RECORD_PATHS];
	size_t paths_length;
};

/* 0, or -EINVAL: too short for what it says it is, or of an unknown kind. A record with a mapping that makes
 * no sense is bad as a whole. `data` must outlive the sample and be aligned to 8 bytes. */
int stack_record_decode(const void *data, size_t length, struct stack_record *record);

#endif
