/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "stack/debug_files.h"

#define DEBUG_FOLDER "/usr/lib/debug"

/* Bytes of a link section; and of a file without a build id, which is read to check its sum */
enum { LINK_MOST = PATH_MAX, SUMMED_MOST = 64 << 20 };

struct build_id {
	const unsigned char *bytes;
	size_t length;
};

static bool has_build_id(const struct elf_file *file, const void *wanted)
{
	const struct build_id *id = wanted;

	return id->length && file->build_id_length == id->length &&
	       memcmp(file->build_id, id->bytes, id->length) == 0;
}

static struct elf_file *open_build_id(const struct module *module, struct build_id id)
{
	char path[sizeof(DEBUG_FOLDER) + 32 + 2 * ELF_FILE_BUILD_ID];
	int at;

	if (id.length < 2 || id.length > ELF_FILE_BUILD_ID)
		return NULL;
	at = snprintf(path, sizeof(path), "%s/.build-id/%02x/", DEBUG_FOLDER, id.bytes[0]);
	for (size_t i = 1; i < id.length; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", id.bytes[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	return modules_open_path(path, module->pid, module->ppid, has_build_id, &id);
}

/* From the network, as far as it is here */
static struct elf_file *open_fetched(struct debuginfod *servers, struct build_id id,
				     struct debug_files *out)
{
	const struct debuginfod_file *file =
		servers ? debuginfod_find(servers, id.bytes, id.length) : NULL;

	out->awaited = file;
	return file && file->path ? modules_open_path(file->path, 0, 0, has_build_id, &id) : NULL;
}

/* ---- .gnu_debuglink ------------------------------------------------------------------------ */

struct link {
	const struct elf_file *from;
	uint32_t sum;
};

static bool has_sum(const struct elf_file *file, uint32_t sum)
{
	unsigned char bytes[1 << 16];
	uLong found = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t got;

	if (file->size > SUMMED_MOST)
		return false;
	while ((got = pread(file->fd, bytes, sizeof(bytes), at)) > 0) {
		found = crc32(found, bytes, (uInt)got);
		at += got;
	}
	return got == 0 && found == sum;
}

static bool is_linked(const struct elf_file *file, const void *wanted)
{
	const struct link *link = wanted;
	const struct build_id id = {link->from->build_id, link->from->build_id_length};

	/* Not the file itself, by a link that leads in a circle */
	if (file->inode == link->from->inode && file->size == link->from->size)
		return false;
	return id.length && file->build_id_length ? has_build_id(file, &id)
						  : has_sum(file, link->sum);
}

static struct elf_file *open_link(const struct module *module)
{
	static const char *const before[] = {"", "", DEBUG_FOLDER};
	static const char *const behind[] = {"", "/.debug", ""};
	const Elf64_Shdr *section = elf_file_section(module->file, ".gnu_debuglink");
	char *name = section ? (char *)elf_file_read(module->file, section, LINK_MOST) : NULL;
	const char *slash = strrchr(module->key.path, '/');
	struct link link = {.from = module->file};
	struct elf_file *found = NULL;
	char path[2 * PATH_MAX];
	size_t length;

	if (!name)
		return NULL;
	length = strlen(name);
	/* The sum stands behind the name, at the next multiple of 4 */
	if (slash && length && !strchr(name, '/') &&
	    (length + 4) / 4 * 4 + sizeof(link.sum) <= section->sh_size) {
		memcpy(&link.sum, name + (length + 4) / 4 * 4, sizeof(link.sum));
		for (size_t i = 0; i < sizeof(before) / sizeof(before[0]) && !found; i++) {
			snprintf(path, sizeof(path), "%s%.*s%s/%s", before[i],
				 (int)(slash - module->key.path), module->key.path, behind[i],
				 name);
			found = modules_open_path(path, module->pid, module->ppid, is_linked,
						  &link);
		}
	}
	free(name);
	return found;
}

/* ---- .gnu_debugaltlink --------------------------------------------------------------------- */

static struct elf_file *open_shared(const struct module *module, const struct elf_file *from,
				    const Elf64_Shdr *section, struct debuginfod *servers,
				    struct debug_files *out)
{
	char *name = (char *)elf_file_read(from, section, LINK_MOST);
	struct elf_file *found = NULL;
	struct build_id id;
	size_t length;

	if (!name)
		return NULL;
	length = strlen(name);
	if (length + 1 < section->sh_size) {
		id.bytes = (unsigned char *)name + length + 1;
		id.length = section->sh_size - length - 1;
		found = open_build_id(module, id);
		if (!found)
			found = modules_open_path(name, module->pid, module->ppid, has_build_id,
						  &id);
		if (!found)
			found = open_fetched(servers, id, out);
	}
	free(name);
	return found;
}

void debug_files_find(const struct module *module, struct debuginfod *servers,
		      struct debug_files *out)
{
	const struct elf_file *file = module->file;
	const Elf64_Shdr *shared;

	*out = (struct debug_files){.usable = true};
	if (!elf_file_section(file, ".debug_info") && !elf_file_section(file, ".zdebug_info")) {
		const struct build_id id = {file->build_id, file->build_id_length};

		out->debug = open_build_id(module, id);
		if (!out->debug)
			out->debug = open_link(module);
		if (!out->debug)
			out->debug = open_fetched(servers, id, out);
		if (out->debug)
			file = out->debug;
	}
	shared = elf_file_section(file, ".gnu_debugaltlink");
	if (shared) {
		out->shared = open_shared(module, file, shared, servers, out);
		out->usable = out->shared != NULL;
	}
}

void debug_files_close(struct debug_files *files)
{
	elf_file_free(files->debug);
	elf_file_free(files->shared);
	*files = (struct debug_files){0};
}
