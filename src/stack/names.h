/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions, files and lines of the addresses of a file: by DWARF, else by symbols. All of the worker (namer.h):
 * it takes what time and memory it takes, and libdw may fail on hostile input.
 */
#ifndef STACK_NAMES_H
#define STACK_NAMES_H

#include "stack/call_paths_internal.h"
#include "stack/elf_file.h"

struct names;

/* Takes the files over, on failure as well. `debug` NULL: what there is, is in `file`. `use_debug` false: symbols
 * alone. 0 or -ENOMEM. */
int names_new(struct elf_file *file, struct elf_file *debug, struct elf_file *shared,
	      bool use_debug, struct names **out);
void names_free(struct names *names);

/* Those of the instruction that holds `address`, the innermost first; how many. 0: nothing is known. */
size_t names_find(struct names *names, uint64_t address,
		  struct call_name out[static CALL_NAMES_MOST]);

#endif
