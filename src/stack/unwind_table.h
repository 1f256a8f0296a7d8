/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unwind information of a file (.eh_frame), read and checked once, as libdw takes it. */
#ifndef STACK_UNWIND_TABLE_H
#define STACK_UNWIND_TABLE_H

#include <elfutils/libdw.h>

#include "stack/elf_file.h"

struct unwind_table {
	Dwarf_CFI *cfi;
	Elf *elf;
	unsigned char *image; /* that is all `elf` consists of */
	size_t size;          /* of the image */
};

/* 0, -ENOMEM, or -ENOEXEC: the file has none, or none that can be used. It keeps nothing of `file`. */
int unwind_table_new(const struct elf_file *file, struct unwind_table **out);
void unwind_table_free(struct unwind_table *table);

#endif
