/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files of 64 bits and this machine's kind, read by plain reads: a file that is written to or cut short
 * meanwhile gives wrong bytes, never a signal. Whatever a file says of itself is checked against its size.
 */
#ifndef STACK_ELF_FILE_H
#define STACK_ELF_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_FILE_LOADS = 16, ELF_FILE_BUILD_ID = 64 };

struct elf_file {
	int fd;
	uint64_t inode, size;
	size_t load_count;
	Elf64_Phdr loads[ELF_FILE_LOADS]; /* PT_LOAD */
	size_t section_count;
	Elf64_Shdr *sections;
	char *section_names;
	size_t section_names_size;
	size_t build_id_length; /* 0 none */
	unsigned char build_id[ELF_FILE_BUILD_ID];
};

/* Opens a regular file to read, and nothing else: neither waits for a FIFO nor disturbs a device. Waits for
 * nobody's lease: -EAGAIN. The fd, or -errno. */
int elf_file_open_regular(const char *path);

/* Takes `fd` over, on failure as well. 0, -ENOMEM, or -ENOEXEC for what is no such file. */
int elf_file_new(int fd, struct elf_file **out);
void elf_file_free(struct elf_file *file);

/* The virtual address of a byte of the file that is mapped executable. */
bool elf_file_address(const struct elf_file *file, uint64_t offset, uint64_t *address);

/* NULL: there is none of this name, or it is not in the file. */
const Elf64_Shdr *elf_file_section(const struct elf_file *file, const char *name);
/* Reads it whole, at most `most` bytes, and ends it with a NUL; NULL: it cannot be read. To be freed. */
unsigned char *elf_file_read(const struct elf_file *file, const Elf64_Shdr *section, uint64_t most);

#endif
