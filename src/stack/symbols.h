/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions by the symbol tables of a file. */
#ifndef STACK_SYMBOLS_H
#define STACK_SYMBOLS_H

#include "stack/elf_file.h"

struct symbols {
	Elf64_Sym *rows;
	size_t count;
	char *names; /* ends with NUL */
	size_t names_size;
};

/* Those of .symtab, or of .dynsym; none where the file has no such table, or one that cannot be read. */
void symbols_read(const struct elf_file *file, bool dynamic, struct symbols *out);
void symbols_free(struct symbols *symbols);

/* The function that an address lies in, by its size, or behind one without a size. NULL none. `into` is set to
 * how far in. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *into);

#endif
