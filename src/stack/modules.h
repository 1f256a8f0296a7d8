/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that code is mapped from, each known once: what it is called, and, while it is open, its file and its
 * unwind information. A file is the one meant only when its inode and size are those of the mapping.
 */
#ifndef STACK_MODULES_H
#define STACK_MODULES_H

#ifndef HASH_NONFATAL_OOM
#define HASH_NONFATAL_OOM 1
#endif
#include <uthash.h>

#include "base/stack_sample.h"
#include "stack/call_paths.h"
#include "stack/unwind_table.h"

/* So many files, and so many bytes of unwind information, are kept open: those that were used last. */
enum { MODULES_OPEN_MOST = 64, MODULES_BYTES_MOST = 64 << 20 };
/* So many are ever known; frames of others have an address only. */
enum { MODULES_MOST = 16384 };
struct debuginfod_file;

/* As it is shown */
enum { MODULE_PATH_LEN = 400 };

struct module {
	struct call_module face;    /* .own is the module */
	char path[MODULE_PATH_LEN]; /* face.path */
	uint64_t number;            /* 1 and up */
	int32_t pid, ppid;          /* of the last sample: paths may start in their root folders */
	struct elf_file *file;      /* NULL not open */
	struct unwind_table *table; /* NULL not open, or it has none */
	bool tried;                 /* it is known whether it has one; of an open file */
	uint8_t evicted;            /* how often its table was closed for its size */
	int32_t refused;   /* the process for which it was last looked for in vain; 0 none */
	bool slow;         /* unwinding in it took too long once: its rules are not used */
	bool symbols_only; /* its debug information brought the worker down */
	bool nameless;     /* so did its symbols */
	const struct debuginfod_file *awaited; /* more may be known of it then; NULL nothing */
	bool renewed;                          /* so it is: the worker has not been told */
	struct module *prev,
		*next; /* those that are open; the one that was used last is the first */
	UT_hash_handle hh;
	struct module_key {
		uint64_t inode, size;
		char path[]; /* as its process names it; ends with NUL */
	} key;
};

struct modules {
	struct module *index;
	struct module *open;
	size_t open_count, open_bytes;
	uint64_t opening, opening_cpu; /* what opening has taken since modules_begin() */
};

void modules_free(struct modules *modules);

/* The module of a mapping that has a path; NULL without memory or room. Opens nothing. */
struct module *modules_find(struct modules *modules, const struct stack_sample *sample,
			    const struct sample_mapping *mapping);
/* Unwind information is read and checked for a few ms after this, then no more: what is left has none (yet). */
void modules_begin(struct modules *modules);
/* Opens it where that is not done yet. NULL: not to be had. Valid until the next call of this. */
const struct elf_file *modules_open(struct modules *modules, struct module *module);

/* A file by its path: in the root folder of this process, else in that of `pid`, else in that of `ppid`; the
 * first that `accept` takes. NULL: none. */
struct elf_file *modules_open_path(const char *path, int32_t pid, int32_t ppid,
				   bool (*accept)(const struct elf_file *file, const void *wanted),
				   const void *wanted);

#endif
