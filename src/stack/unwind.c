/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stack/call_paths_internal.h"
#include "stack/debug_files.h"
#include "stack/debuginfod.h"
#include "stack/frame_walk.h"
#include "stack/modules.h"
#include "stack/namer.h"
#include "stack/unwind.h"

/* For the rules of all frames of a sample: those that take longer are hostile */
#define RULES_MOST (10 * CLOCK_MS)
/* A worker without work goes then. */
#define IDLE (10 * CLOCK_SECOND)

struct unwinder {
	struct call_paths *paths;
	struct debuginfod *servers; /* NULL none */
	struct modules modules;
	struct namer *namer;
	struct call_place *asked; /* what the worker is at; NULL nothing */
	uint64_t busy;            /* when it last was at something */
	struct call_name names[CALL_NAMES_MOST];
};

int unwinder_new(struct call_paths *paths, struct debuginfod *servers, struct unwinder **out)
{
	struct unwinder *unwinder = calloc(1, sizeof(*unwinder));

	if (!unwinder || namer_new(&unwinder->namer)) {
		free(unwinder);
		return -ENOMEM;
	}
	unwinder->paths = paths;
	unwinder->servers = servers;
	*out = unwinder;
	return 0;
}

void unwinder_free(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	namer_free(unwinder->namer);
	modules_free(&unwinder->modules);
	free(unwinder);
}

/* ---- unwinding ----------------------------------------------------------------------------- */

static const struct sample_mapping *mapping_of(const struct stack_sample *sample, uint64_t address)
{
	for (size_t i = 0; i < sample->mapping_count; i++)
		if (address >= sample->mappings[i].start && address < sample->mappings[i].end)
			return &sample->mappings[i];
	return NULL;
}

static bool is_code(const struct stack_sample *sample, uint64_t address)
{
	return mapping_of(sample, address - 1) != NULL;
}

/* A frame, and what leads to the next one: NULL without unwind information. */
struct place_found {
	struct call_step step;
	struct module *module;
	uint64_t bias;
};

static struct place_found find_place(struct unwinder *unwinder, const struct frame_walk *walk,
				     const struct sample_mapping *mapping)
{
	const uint64_t pc = frame_walk_pc(walk), at = frame_walk_at(walk);
	const uint64_t offset = at - mapping->start + mapping->offset;
	struct place_found found = {.step = {.addr = pc, .exact = walk->exact}};
	const struct elf_file *file;
	uint64_t address;

	found.step.offset = pc - mapping->start;
	if (mapping->path && *mapping->path)
		found.module = modules_find(&unwinder->modules, walk->sample, mapping);
	if (!found.module)
		return found;
	found.step.module = &found.module->face;
	file = modules_open(&unwinder->modules, found.module);
	if (!file || !elf_file_address(file, offset, &address))
		address = offset; /* most likely; nothing else is known */
	found.bias = at - address;
	found.step.offset = pc - found.bias;
	return found;
}

/* Processor time that rules may take; the clock that is cheap to read goes on while others run. */
struct allowance {
	uint64_t taken;     /* by the clock */
	uint64_t cpu_begin; /* of the process */
};

static enum frame_step by_rules(struct frame_walk *walk, const struct place_found *found,
				struct allowance *allowance)
{
	const uint64_t began = clock_now();
	const enum frame_step stepped =
		frame_walk_by_rules(walk, found->module->table->cfi, found->bias);

	allowance->taken += clock_now() - began;
	if (allowance->taken < RULES_MOST)
		return stepped;
	if (clock_cpu() - allowance->cpu_begin < RULES_MOST) {
		allowance->taken = 0;
		return stepped;
	}
	found->module->slow = true;
	return FRAME_LOST;
}

static enum frame_step step(struct frame_walk *walk, const struct place_found *found,
			    struct allowance *allowance, bool innermost)
{
	enum frame_step stepped = FRAME_NO_RULES;

	if (found->module && found->module->table && !found->module->slow)
		stepped = by_rules(walk, found, allowance);
	return stepped == FRAME_NO_RULES ? frame_walk_by_pointers(walk, innermost, is_code)
					 : stepped;
}

uint32_t unwinder_unwind(struct unwinder *unwinder, const struct stack_sample *sample)
{
	struct call_step steps[CALL_PATH_FRAMES];
	struct allowance allowance = {.cpu_begin = clock_cpu()};
	enum frame_step stepped = FRAME_STEPPED;
	struct frame_walk walk;
	size_t count = 0;

	modules_begin(&unwinder->modules);
	frame_walk_begin(&walk, sample);
	while (stepped == FRAME_STEPPED && count < CALL_PATH_FRAMES) {
		const struct sample_mapping *mapping = mapping_of(sample, frame_walk_at(&walk));
		struct place_found found;

		if (!mapping)
			break;
		found = find_place(unwinder, &walk, mapping);
		steps[count++] = found.step;
		stepped = step(&walk, &found, &allowance, count == 1);
	}
	return count ? call_paths_add(unwinder->paths, steps, count, stepped != FRAME_OUTERMOST)
		     : 0;
}

/* ---- naming -------------------------------------------------------------------------------- */

static struct module *module_of(const struct call_place *place)
{
	return call_place_step(place)->module->own;
}

static void finish(struct unwinder *unwinder, size_t count)
{
	call_paths_name(unwinder->paths, unwinder->asked, unwinder->names, count);
	unwinder->asked = NULL;
}

static void give_files(struct unwinder *unwinder);

static void ask(struct unwinder *unwinder)
{
	const struct call_step *at = call_place_step(unwinder->asked);
	const struct module *module = at->module->own;

	if (module->renewed)
		give_files(unwinder);
	else if (module->nameless ||
		 namer_ask(unwinder->namer, module->number, at->offset - (at->exact ? 0 : 1)))
		finish(unwinder, 0);
}

static void give_files(struct unwinder *unwinder)
{
	struct module *module = module_of(unwinder->asked);
	const struct elf_file *file = modules_open(&unwinder->modules, module);
	struct debug_files files;

	module->renewed = false;
	if (!file) {
		finish(unwinder, 0);
		return;
	}
	debug_files_find(module, unwinder->servers, &files);
	module->awaited = files.awaited;
	namer_give(unwinder->namer, module->number, file, files.debug, files.shared,
		   files.usable && !module->symbols_only);
	debug_files_close(&files);
	ask(unwinder);
}

/* First without its debug information, then not at all */
static void go_without(struct unwinder *unwinder)
{
	struct module *module = module_of(unwinder->asked);

	if (module->symbols_only)
		module->nameless = true;
	module->symbols_only = true;
	ask(unwinder);
}

static void hear(struct unwinder *unwinder, uint64_t deadline)
{
	size_t count;

	switch (namer_answer(unwinder->namer, deadline, unwinder->names, &count)) {
	case NAMER_NAMES:
		finish(unwinder, count);
		break;
	case NAMER_FILES:
		give_files(unwinder);
		break;
	case NAMER_DIED:
		go_without(unwinder);
		break;
	case NAMER_WAITS:
		break;
	}
}

static void hear_servers(struct unwinder *unwinder)
{
	const struct debuginfod_file *file = debuginfod_step(unwinder->servers);
	struct module *module, *next;

	if (!file || !file->path)
		return;
	HASH_ITER (hh, unwinder->modules.index, module, next) {
		if (module->awaited != file)
			continue;
		module->awaited = NULL;
		module->renewed = true;
		call_paths_name_again(unwinder->paths, &module->face);
	}
}

bool unwinder_name(struct unwinder *unwinder, uint64_t deadline)
{
	do {
		if (!unwinder->asked) {
			if (unwinder->servers)
				hear_servers(unwinder);
			unwinder->asked = call_paths_unnamed(unwinder->paths);
			if (!unwinder->asked) {
				if (clock_now() - unwinder->busy > IDLE)
					namer_stop(unwinder->namer);
				return false;
			}
			ask(unwinder);
		}
		if (unwinder->asked)
			hear(unwinder, deadline);
		unwinder->busy = clock_now();
	} while (unwinder->busy < deadline);
	return true;
}
