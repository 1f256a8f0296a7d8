/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "stack/symbols.h"

enum { TABLE_MOST = 256 << 20 };

void symbols_read(const struct elf_file *file, bool dynamic, struct symbols *out)
{
	const Elf64_Shdr *table = elf_file_section(file, dynamic ? ".dynsym" : ".symtab");
	const Elf64_Shdr *names = elf_file_section(file, dynamic ? ".dynstr" : ".strtab");

	*out = (struct symbols){0};
	if (!table || !names)
		return;
	out->rows = (Elf64_Sym *)elf_file_read(file, table, TABLE_MOST);
	out->names = (char *)elf_file_read(file, names, TABLE_MOST);
	if (!out->rows || !out->names) {
		symbols_free(out);
		return;
	}
	out->count = table->sh_size / sizeof(*out->rows);
	out->names_size = names->sh_size;
}

void symbols_free(struct symbols *symbols)
{
	free(symbols->rows);
	free(symbols->names);
	*symbols = (struct symbols){0};
}

static bool is_function(const Elf64_Sym *row)
{
	const unsigned char type = ELF64_ST_TYPE(row->st_info);

	return row->st_shndx != SHN_UNDEF && row->st_shndx != SHN_ABS &&
	       (type == STT_FUNC || type == STT_GNU_IFUNC || (type == STT_NOTYPE && row->st_name));
}

/* Of two that hold an address: the one that starts later, then the one that others can see. */
static bool better(const Elf64_Sym *row, const Elf64_Sym *than)
{
	const bool global = ELF64_ST_BIND(row->st_info) == STB_GLOBAL;

	if (!than || row->st_value != than->st_value)
		return !than || row->st_value > than->st_value;
	if ((row->st_size > 0) != (than->st_size > 0))
		return row->st_size > 0;
	return global && ELF64_ST_BIND(than->st_info) != STB_GLOBAL;
}

const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *into)
{
	const Elf64_Sym *best = NULL, *before = NULL;

	for (size_t i = 0; i < symbols->count; i++) {
		const Elf64_Sym *row = &symbols->rows[i];

		if (row->st_value > address || row->st_name >= symbols->names_size ||
		    !is_function(row))
			continue;
		if (address - row->st_value < row->st_size && better(row, best))
			best = row;
		if (better(row, before))
			before = row;
	}
	/* What comes before it, and says not how long it is, may be it. */
	if (!best && before && !before->st_size)
		best = before;
	if (!best)
		return NULL;
	*into = address - best->st_value;
	return symbols->names + best->st_name;
}
