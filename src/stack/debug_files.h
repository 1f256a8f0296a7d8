/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug information that was split off: where it is installed, found by build id or by .gnu_debuglink, and by
 * .gnu_debugaltlink what several such files share; else, where servers are given, what these have of the build id.
 * Nobody else is ever asked for anything. Whatever a file is called and wherever it is from, it is taken for what its
 * own build id says. */
#ifndef STACK_DEBUG_FILES_H
#define STACK_DEBUG_FILES_H

#include "stack/debuginfod.h"
#include "stack/modules.h"

struct debug_files {
	struct elf_file *debug;  /* NULL: in the file itself, or nowhere */
	struct elf_file *shared; /* NULL none */
	bool usable; /* false: there is debug information, but what it shares with others is not there */
	const struct debuginfod_file
		*awaited; /* when this is answered there may be more; NULL nothing */
};

/* Of a module that is open. `servers` may be NULL. Waits for none. */
void debug_files_find(const struct module *module, struct debuginfod *servers,
		      struct debug_files *out);
void debug_files_close(struct debug_files *files);

#endif
