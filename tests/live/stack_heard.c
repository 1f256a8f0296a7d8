/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/live/stack_heard.h"

#include <stdio.h>
#include <string.h>

static void hear_event(void *context, const struct event *event)
{
	struct heard *heard = context;
	const bool is_call = event->op == FACT_SHMGET || event->op == FACT_SHMAT;

	if (is_call && event->ipcns == heard->ipcns && heard->event_count < HEARD_MOST)
		heard->events[heard->event_count++] = *event;
}

static void keep(struct kept *kept, const struct stack_sample *sample)
{
	kept->sample = *sample;
	memcpy(kept->mappings, sample->mappings, sample->mapping_count * sizeof(*sample->mappings));
	memcpy(kept->stack, sample->stack, sample->stack_length);
	for (size_t i = 0; i < sample->mapping_count; i++) {
		snprintf(kept->paths[i], HEARD_PATH, "%s", sample->mappings[i].path);
		kept->mappings[i].path = kept->paths[i];
	}
	kept->sample.mappings = kept->mappings;
	kept->sample.stack = kept->stack;
}

const struct sample_mapping *heard_mapping_at(const struct stack_sample *sample, uint64_t address)
{
	for (size_t i = 0; i < sample->mapping_count; i++) {
		const struct sample_mapping *mapping = &sample->mappings[i];

		if (address >= mapping->start && address < mapping->end)
			return mapping;
	}
	return NULL;
}

const struct sample_mapping *heard_mapping_of(const struct stack_sample *sample, const char *path,
					      const struct stat *file)
{
	for (size_t i = 0; i < sample->mapping_count; i++) {
		const struct sample_mapping *mapping = &sample->mappings[i];

		if (!strcmp(mapping->path, path) && mapping->inode == file->st_ino &&
		    mapping->size == (uint64_t)file->st_size)
			return mapping;
	}
	return NULL;
}

static bool hear_sample(void *context, const struct stack_sample *sample)
{
	struct heard *heard = context;

	if (sample->ipcns != heard->ipcns || heard->sample_count == HEARD_MOST)
		return true;
	heard->times[heard->sample_count] = sample->time;
	heard->tids[heard->sample_count++] = sample->tid;
	heard->located += heard->program &&
			  heard_mapping_of(sample, heard->program, &heard->file) &&
			  heard_mapping_at(sample, sample->registers[SAMPLE_REGISTER_PC]);
	keep(&heard->newest, sample);
	return true;
}

void heard_listen(struct heard *heard, struct probes *probes)
{
	while (probes_drain(probes, 0, hear_event, heard) > 0)
		;
	probes_drain_stacks(probes, hear_sample, heard);
}

void heard_empty(struct heard *heard, struct probes *probes, const char *program)
{
	heard_listen(heard, probes);
	heard->event_count = 0;
	heard->sample_count = 0;
	heard->located = 0;
	heard->program = program;
	if (program && stat(program, &heard->file))
		perror(program);
}

size_t heard_paired(const struct heard *heard)
{
	size_t pairs = 0;

	for (size_t i = 0; i < heard->event_count; i++)
		for (size_t k = 0; k < heard->sample_count; k++)
			pairs += heard->events[i].sampled &&
				 heard->events[i].time == heard->times[k] &&
				 heard->events[i].tid == heard->tids[k];
	return pairs;
}

size_t heard_sampled(const struct heard *heard)
{
	size_t count = 0;

	for (size_t i = 0; i < heard->event_count; i++)
		count += heard->events[i].sampled;
	return count;
}

size_t heard_created(const struct heard *heard)
{
	size_t count = 0;

	for (size_t i = 0; i < heard->event_count; i++)
		count += heard->events[i].created;
	return count;
}
