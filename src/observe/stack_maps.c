/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/stack_maps.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "observe/process.h"

enum { MAPS_LEN = 32 };

static bool is_inside(const struct sample_mapping *mapping, uint64_t address)
{
	return address >= mapping->start && address < mapping->end;
}

/* arm64 may sign return addresses, above their 48 bits. */
static bool is_pointed_into(const struct stack_sample *sample, const struct sample_mapping *mapping)
{
	const uint64_t address_mask = (UINT64_C(1) << 48) - 1;

	if (is_inside(mapping, sample->registers[SAMPLE_REGISTER_PC]))
		return true;
	for (size_t i = 0; i + sizeof(uint64_t) <= sample->stack_length; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, sample->stack + i, sizeof(word));
		if (is_inside(mapping, word & address_mask))
			return true;
	}
	return false;
}

/* The maps files write a newline as "\012", and nothing else in another way. */
static const char *keep_path(struct stack_record *record, const char *text)
{
	static const char newline[] = "\\012";
	const size_t most = strlen(text) + 1;
	char *path = record->paths + record->paths_length;
	char *at = path;

	if (text[0] != '/')
		return "";
	if (most > sizeof(record->paths) - record->paths_length)
		return NULL;
	while (*text) {
		const bool is_newline = !strncmp(text, newline, sizeof(newline) - 1);

		*at++ = is_newline ? '\n' : *text;
		text += is_newline ? sizeof(newline) - 1 : 1;
	}
	*at++ = '\0';
	record->paths_length = (size_t)(at - record->paths);
	return path;
}

bool stack_maps_take(struct stack_record *record, const char *line)
{
	struct stack_sample *sample = &record->sample;
	struct sample_mapping mapping = {0};
	char mode[5];
	int name = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*x:%*x %" SCNu64 " %n",
		   &mapping.start, &mapping.end, mode, &mapping.offset, &mapping.inode,
		   &name) < 5 ||
	    !name || mode[2] != 'x' || !is_pointed_into(sample, &mapping))
		return true;
	if (sample->mapping_count == SAMPLE_MAPPINGS)
		return false;
	mapping.path = keep_path(record, line + name);

	const bool kept = mapping.path;

	if (!kept)
		mapping.path = "";
	record->mappings[sample->mapping_count++] = mapping;
	return kept;
}

static bool take_all(struct stack_record *record)
{
	char path[MAPS_LEN];
	size_t capacity = 0;
	char *line = NULL;
	bool whole = true;

	snprintf(path, sizeof(path), "/proc/%d/maps", record->sample.pid);

	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	for (ssize_t length; (length = getline(&line, &capacity, file)) > 0;) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		whole &= stack_maps_take(record, line);
	}
	free(line);
	fclose(file);
	return whole;
}

/* What stands under its name by now may be another file: then nothing is known of this one. */
static bool measure_file(const struct stack_record *record, struct sample_mapping *mapping)
{
	char path[PATH_MAX];
	struct stat file;
	int length;

	if (!mapping->path[0])
		return true;
	length = snprintf(path, sizeof(path), "/proc/%d/root%s", record->sample.pid, mapping->path);
	if (length < (int)sizeof(path) && !stat(path, &file) && file.st_ino == mapping->inode) {
		mapping->size = (uint64_t)file.st_size;
		return true;
	}
	mapping->path = "";
	return false;
}

/* By the clock tick that /proc tells it to */
static bool is_same_process(const struct stack_record *record)
{
	const uint64_t tick = CLOCK_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t start_time;

	return !process_start_time(record->sample.pid, &start_time) &&
	       record->start_time - start_time < tick;
}

/* A process keeps its start time through exec: then nothing is where it was. */
static bool has_program_counter(const struct stack_sample *sample)
{
	for (size_t i = 0; i < sample->mapping_count; i++)
		if (is_inside(&sample->mappings[i], sample->registers[SAMPLE_REGISTER_PC]))
			return true;
	return false;
}

static bool read_all(struct stack_record *record)
{
	struct stack_sample *sample = &record->sample;
	bool whole = take_all(record);

	for (size_t i = 0; i < sample->mapping_count; i++)
		whole &= measure_file(record, &record->mappings[i]);
	return whole;
}

void stack_maps_read(struct stack_record *record)
{
	struct stack_sample *sample = &record->sample;
	struct sample_mapping before[SAMPLE_MAPPINGS];
	const size_t count = sample->mapping_count;

	if (!record->unmapped)
		return;
	memcpy(before, record->mappings, sizeof(before));
	sample->mapping_count = 0;
	if (!read_all(record))
		sample->cut = true;
	if (is_same_process(record) && has_program_counter(sample))
		return;
	memcpy(record->mappings, before, sizeof(before));
	sample->mapping_count = count;
	sample->cut = true;
}
