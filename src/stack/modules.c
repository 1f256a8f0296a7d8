/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/text.h"
#include "stack/modules.h"

/* For the unwind information of new files, a sample: of the processor; and by the clock, which goes on while others
 * run and while a disk is read */
#define OPENING_CPU_MOST (5 * CLOCK_MS)
#define OPENING_MOST     (50 * CLOCK_MS)

enum {
	/* A table that is larger can drive others out although no more files than may be are open. */
	FAIR_SHARE = MODULES_BYTES_MOST / MODULES_OPEN_MOST,
	EVICTED_MOST = 2, /* such a one is read once more, not for ever */
};

void modules_free(struct modules *modules)
{
	struct module *module, *next;

	HASH_ITER (hh, modules->index, module, next) {
		HASH_DEL(modules->index, module);
		unwind_table_free(module->table);
		elf_file_free(module->file);
		free(module);
	}
	*modules = (struct modules){0};
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* libc.so.6, libc-2.31.so, ld-linux-x86-64.so.2, ld-musl-x86_64.so.1, ld-2.31.so */
static bool is_libc(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return starts_with(name, "libc.so.") || starts_with(name, "libc-2.") ||
	       starts_with(name, "ld-linux") || starts_with(name, "ld-musl-") ||
	       starts_with(name, "ld-2.") || starts_with(name, "libpthread");
}

static struct module *add(struct modules *modules, const struct module_key *key, size_t key_length)
{
	struct module *module = calloc(1, sizeof(*module) + key_length);

	if (!module)
		return NULL;
	memcpy(&module->key, key, key_length);
	text_safe(module->path, sizeof(module->path), key->path, strlen(key->path));
	module->face = (struct call_module){
		.path = module->path,
		.is_libc = is_libc(key->path),
		.own = module,
	};
	module->number = HASH_COUNT(modules->index) + 1;
	HASH_ADD_KEYPTR(hh, modules->index, &module->key, key_length, module);
	if (!module->hh.tbl) {
		free(module);
		return NULL;
	}
	return module;
}

struct module *modules_find(struct modules *modules, const struct stack_sample *sample,
			    const struct sample_mapping *mapping)
{
	_Alignas(struct module_key) char room[sizeof(struct module_key) + PATH_MAX] = {0};
	struct module_key *key = (struct module_key *)room;
	const size_t length = strnlen(mapping->path, PATH_MAX);
	const size_t key_length = sizeof(*key) + length + 1;
	struct module *module;

	if (length == PATH_MAX)
		return NULL;
	key->inode = mapping->inode;
	key->size = mapping->size;
	memcpy(key->path, mapping->path, length);
	HASH_FIND(hh, modules->index, key, key_length, module);
	if (!module && HASH_COUNT(modules->index) < MODULES_MOST)
		module = add(modules, key, key_length);
	if (module) {
		module->pid = sample->pid;
		module->ppid = sample->ppid;
	}
	return module;
}

/* ---- open files ---------------------------------------------------------------------------- */

static struct elf_file *open_in(int32_t root, const char *path)
{
	char full[PATH_MAX + 32];
	struct elf_file *file;
	int fd;

	if (root)
		snprintf(full, sizeof(full), "/proc/%d/root%s", root, path);
	fd = elf_file_open_regular(root ? full : path);
	return fd < 0 || elf_file_new(fd, &file) ? NULL : file;
}

struct elf_file *modules_open_path(const char *path, int32_t pid, int32_t ppid,
				   bool (*accept)(const struct elf_file *file, const void *wanted),
				   const void *wanted)
{
	const int32_t roots[] = {0, pid, ppid};

	if (path[0] != '/')
		return NULL;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		struct elf_file *file;

		if (i > 0 && roots[i] <= 0)
			continue;
		file = open_in(roots[i], path);
		if (file && accept(file, wanted))
			return file;
		elf_file_free(file);
	}
	return NULL;
}

static bool is_mapped(const struct elf_file *file, const void *wanted)
{
	const struct module_key *key = wanted;

	return file->inode == key->inode && file->size == key->size;
}

static size_t bytes_of(const struct module *module)
{
	return module->table ? module->table->size : 0;
}

static void close_module(struct modules *modules, struct module *module)
{
	DL_DELETE(modules->open, module);
	modules->open_count--;
	modules->open_bytes -= bytes_of(module);
	unwind_table_free(module->table);
	elf_file_free(module->file);
	module->table = NULL;
	module->file = NULL;
	module->tried = false;
}

/* The one that was used last stays in any case. */
static void make_room(struct modules *modules)
{
	while (modules->open_count > 1 && (modules->open_count > MODULES_OPEN_MOST ||
					   modules->open_bytes > MODULES_BYTES_MOST)) {
		struct module *last = modules->open->prev;

		if (modules->open_bytes > MODULES_BYTES_MOST && bytes_of(last) > FAIR_SHARE)
			last->evicted++;
		close_module(modules, last);
	}
}

void modules_begin(struct modules *modules)
{
	modules->opening = 0;
	modules->opening_cpu = 0;
}

static bool open_file(struct modules *modules, struct module *module)
{
	if (module->refused && module->refused == module->pid)
		return false;
	module->file = modules_open_path(module->key.path, module->pid, module->ppid, is_mapped,
					 &module->key);
	if (!module->file) {
		module->refused = module->pid;
		return false;
	}
	module->refused = 0;
	DL_PREPEND(modules->open, module);
	modules->open_count++;
	return true;
}

static void open_table(struct modules *modules, struct module *module)
{
	if (modules->opening >= OPENING_MOST || modules->opening_cpu >= OPENING_CPU_MOST)
		return;
	module->tried = true;
	if (module->evicted >= EVICTED_MOST || unwind_table_new(module->file, &module->table))
		module->table = NULL;
	modules->open_bytes += bytes_of(module);
}

const struct elf_file *modules_open(struct modules *modules, struct module *module)
{
	uint64_t began, cpu_began;

	if (module->file) {
		DL_DELETE(modules->open, module);
		DL_PREPEND(modules->open, module);
	}
	if (module->file && module->tried)
		return module->file;
	began = clock_now();
	cpu_began = clock_cpu();
	if (module->file || open_file(modules, module))
		open_table(modules, module);
	modules->opening += clock_now() - began;
	modules->opening_cpu += clock_cpu() - cpu_began;
	make_room(modules);
	return module->file;
}
