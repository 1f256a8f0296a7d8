/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/stack_record.h"

#include <errno.h>
#include <linux/types.h>
#include <string.h>

#include "bpf/shm_event.h"

_Static_assert(SHM_STACK_REGISTERS == SAMPLE_REGISTERS, "one order on both sides");
_Static_assert(SHM_STACK_MAPPINGS <= SAMPLE_MAPPINGS, "room");
_Static_assert(SHM_STACK_PATHS + SHM_STACK_MAPPINGS <= STACK_RECORD_PATHS, "room");

static bool is_whole(const struct shm_stack *wire, size_t length)
{
	const uint64_t whole = sizeof(*wire) + (uint64_t)wire->stack_length +
			       (uint64_t)wire->mapping_count * sizeof(struct shm_stack_mapping) +
			       wire->paths_length;

	return wire->size <= length && wire->size >= whole && wire->stack_length % 8 == 0 &&
	       wire->mapping_count <= SHM_STACK_MAPPINGS && wire->paths_length <= SHM_STACK_PATHS;
}

/* The names come the last one first. NULL: they do not end where the path does. */
static const char *path_of(struct stack_record *record, const char *names, size_t length)
{
	char *path = record->paths + record->paths_length;
	char *at = path + length;

	if (names[length - 1] != '\0')
		return NULL;
	record->paths_length += length + 1;
	*at = '\0';
	for (size_t i = 0; i < length;) {
		const size_t name = strlen(names + i);

		at -= name + 1;
		*at = '/';
		memcpy(at + 1, names + i, name);
		i += name + 1;
	}
	return path;
}

static int decode_mapping(struct stack_record *record, const struct shm_stack_mapping *wire,
			  const char *paths, size_t paths_length)
{
	struct sample_mapping *mapping = &record->mappings[record->sample.mapping_count];

	if (wire->start >= wire->end || wire->path + (size_t)wire->path_length > paths_length)
		return -EINVAL;
	*mapping = (struct sample_mapping){
		.start = wire->start,
		.end = wire->end,
		.offset = wire->offset,
		.inode = wire->inode,
		.size = wire->size,
		.path = "",
	};
	if (wire->path_length)
		mapping->path = path_of(record, paths + wire->path, wire->path_length);
	record->sample.mapping_count++;
	return mapping->path ? 0 : -EINVAL;
}

static void decode_head(const struct shm_stack *wire, struct stack_record *record)
{
	record->start_time = wire->start_time;
	record->unmapped = wire->flags & SHM_STACK_UNMAPPED;
	record->paths_length = 0;
	record->sample = (struct stack_sample){
		.time = wire->time,
		.tid = (int32_t)wire->tid,
		.op = wire->kind == SHM_EVENT_SHMGET ? FACT_SHMGET : FACT_SHMAT,
		.ipcns = wire->ipcns,
		.shmid = wire->shmid,
		.pid = (int32_t)wire->tgid,
		.ppid = (int32_t)wire->ppid,
		.stack = (const unsigned char *)(wire + 1),
		.stack_length = wire->stack_length,
		.cut = wire->flags & SHM_STACK_CUT,
		.mappings = record->mappings,
	};
	memcpy(record->sample.registers, wire->registers, sizeof(wire->registers));
}

int stack_record_decode(const void *data, size_t length, struct stack_record *record)
{
	const struct shm_stack *wire = data;

	if (length < sizeof(*wire) || !is_whole(wire, length) ||
	    (wire->kind != SHM_EVENT_SHMGET && wire->kind != SHM_EVENT_SHMAT))
		return -EINVAL;
	decode_head(wire, record);

	const unsigned char *behind = record->sample.stack + wire->stack_length;
	const struct shm_stack_mapping *mappings = (const void *)behind;
	const char *paths = (const char *)(mappings + wire->mapping_count);

	for (size_t i = 0; i < wire->mapping_count; i++) {
		const int error = decode_mapping(record, &mappings[i], paths, wire->paths_length);

		if (error)
			return error;
	}
	return 0;
}
