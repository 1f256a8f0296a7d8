/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug information that was split off, where it is installed: found by build id or by .gnu_debuglink, and by
 * .gnu_debugaltlink what several such files share. Never fetched from anywhere. */
#ifndef STACK_DEBUG_FILES_H
#define STACK_DEBUG_FILES_H

#include "stack/modules.h"

struct debug_files {
	struct elf_file *debug;  /* NULL: in the file itself, or nowhere */
	struct elf_file *shared; /* NULL none */
	bool usable; /* false: there is debug information, but what it shares with others is not there */
};

/* Of a module that is open */
void debug_files_find(const struct module *module, struct debug_files *out);
void debug_files_close(struct debug_files *files);

#endif
