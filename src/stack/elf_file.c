/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stack/elf_file.h"

/* More than linkers make. ELF has another form for more sections than fit 16 bits: not here. */
enum {
	SECTIONS_MOST = 4096,
	PROGRAM_HEADERS_MOST = 128,
	NAMES_MOST = 1 << 16,
	NOTES_MOST = 1 << 16
};

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#endif

int elf_file_open_regular(const char *path)
{
	const int found = open(path, O_PATH | O_CLOEXEC);
	char again[32];
	struct stat status;
	int fd;

	if (found < 0)
		return -errno;
	if (fstat(found, &status) || !S_ISREG(status.st_mode)) {
		close(found);
		return -EINVAL;
	}
	snprintf(again, sizeof(again), "/proc/self/fd/%d", found);
	/* Whoever holds a lease of it could have us wait. */
	fd = open(again, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(found);
	return fd;
}

static bool in_file(const struct elf_file *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && size <= file->size - offset;
}

static bool read_at(const struct elf_file *file, void *out, uint64_t size, uint64_t offset)
{
	unsigned char *bytes = out;

	if (!in_file(file, offset, size))
		return false;
	while (size) {
		const ssize_t got = pread(file->fd, bytes, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes += got;
		offset += (uint64_t)got;
		size -= (uint64_t)got;
	}
	return true;
}

static bool read_loads(struct elf_file *file, const Elf64_Ehdr *header)
{
	Elf64_Phdr all[PROGRAM_HEADERS_MOST];

	if (!header->e_phnum)
		return true;
	if (header->e_phentsize != sizeof(all[0]) || header->e_phnum > PROGRAM_HEADERS_MOST ||
	    !read_at(file, all, header->e_phnum * sizeof(all[0]), header->e_phoff))
		return false;
	for (size_t i = 0; i < header->e_phnum; i++)
		if (all[i].p_type == PT_LOAD && file->load_count < ELF_FILE_LOADS)
			file->loads[file->load_count++] = all[i];
	return true;
}

/* Without sections a file has neither unwind information nor names for us, but its code is there. */
static int read_sections(struct elf_file *file, const Elf64_Ehdr *header)
{
	const uint64_t size = header->e_shnum * sizeof(Elf64_Shdr);
	const Elf64_Shdr *names;

	if (!size || header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum > SECTIONS_MOST ||
	    header->e_shstrndx >= header->e_shnum)
		return 0;
	file->sections = malloc(size);
	if (!file->sections)
		return -ENOMEM;
	if (!read_at(file, file->sections, size, header->e_shoff))
		return 0;
	names = &file->sections[header->e_shstrndx];
	file->section_names = (char *)elf_file_read(file, names, NAMES_MOST);
	if (!file->section_names)
		return 0;
	file->section_names_size = names->sh_size;
	file->section_count = header->e_shnum;
	return 0;
}

static void read_build_id(struct elf_file *file)
{
	const Elf64_Shdr *section = elf_file_section(file, ".note.gnu.build-id");
	unsigned char *notes = section ? elf_file_read(file, section, NOTES_MOST) : NULL;
	Elf64_Nhdr note;

	if (notes && section->sh_size >= sizeof(note) + 4) {
		memcpy(&note, notes, sizeof(note));
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    note.n_descsz <= ELF_FILE_BUILD_ID &&
		    note.n_descsz <= section->sh_size - sizeof(note) - 4) {
			memcpy(file->build_id, notes + sizeof(note) + 4, note.n_descsz);
			file->build_id_length = note.n_descsz;
		}
	}
	free(notes);
}

/* What debug files share is an object, with neither code nor program headers. */
static bool is_known_type(const Elf64_Ehdr *header)
{
	return header->e_type == ET_EXEC || header->e_type == ET_DYN ||
	       (header->e_type == ET_REL && header->e_phnum == 0);
}

static int read_all(struct elf_file *file)
{
	Elf64_Ehdr header;
	struct stat status;
	int error;

	if (fstat(file->fd, &status))
		return -errno;
	file->inode = status.st_ino;
	file->size = (uint64_t)status.st_size;
	if (!read_at(file, &header, sizeof(header), 0) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != MACHINE || !is_known_type(&header) || !read_loads(file, &header))
		return -ENOEXEC;
	error = read_sections(file, &header);
	if (!error)
		read_build_id(file);
	return error;
}

int elf_file_new(int fd, struct elf_file **out)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	int error;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	file->fd = fd;
	error = read_all(file);
	if (error) {
		elf_file_free(file);
		return error;
	}
	*out = file;
	return 0;
}

void elf_file_free(struct elf_file *file)
{
	if (!file)
		return;
	close(file->fd);
	free(file->sections);
	free(file->section_names);
	free(file);
}

bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < file->load_count; i++) {
		const Elf64_Phdr *load = &file->loads[i];

		if ((load->p_flags & PF_X) && offset >= load->p_offset &&
		    offset - load->p_offset < load->p_filesz) {
			*address = offset - load->p_offset + load->p_vaddr;
			return true;
		}
	}
	return false;
}

const Elf64_Shdr *elf_file_section(const struct elf_file *file, const char *name)
{
	for (size_t i = 0; i < file->section_count; i++) {
		const Elf64_Shdr *section = &file->sections[i];

		if (section->sh_name < file->section_names_size && section->sh_type != SHT_NOBITS &&
		    strcmp(file->section_names + section->sh_name, name) == 0 &&
		    in_file(file, section->sh_offset, section->sh_size))
			return section;
	}
	return NULL;
}

unsigned char *elf_file_read(const struct elf_file *file, const Elf64_Shdr *section, uint64_t most)
{
	unsigned char *bytes;

	if (section->sh_type == SHT_NOBITS || section->sh_size > most ||
	    !in_file(file, section->sh_offset, section->sh_size))
		return NULL;
	bytes = malloc(section->sh_size + 1);
	if (bytes && !read_at(file, bytes, section->sh_size, section->sh_offset)) {
		free(bytes);
		return NULL;
	}
	if (bytes)
		bytes[section->sh_size] = 0;
	return bytes;
}
