/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call paths as an unwinder would leave them: shmget <- NAME FILE:LINE <- main <- the C library's start. */
#ifndef TESTS_UNIT_PATHS_SAMPLE_H
#define TESTS_UNIT_PATHS_SAMPLE_H

#include <stdio.h>

#include "stack/call_paths_internal.h"

static const struct call_module paths_libc = {.path = "/lib/libc.so.6", .is_libc = true};
static const struct call_module paths_program = {.path = "/usr/bin/server"};

/* The id of a path whose call site is `function`, at that offset. */
static inline uint32_t paths_sample(struct call_paths *paths, const char *function, uint64_t offset)
{
	const struct call_step steps[] = {
		{.addr = 0x7f0000001000, .module = &paths_libc, .offset = 0x1000, .exact = true},
		{.addr = 0x5500000000 + offset, .module = &paths_program, .offset = offset},
		{.addr = 0x5500000200, .module = &paths_program, .offset = 0x200},
		{.addr = 0x7f0000002000, .module = &paths_libc, .offset = 0x2000},
	};
	uint32_t id = call_paths_add(paths, steps, 4, false);
	struct call_place *place;

	while ((place = call_paths_unnamed(paths))) {
		const struct call_step *step = call_place_step(place);
		struct call_name name = {.line = 0};

		if (step->module == &paths_libc) {
			snprintf(name.function, sizeof(name.function), "%s",
				 step->offset == 0x1000 ? "shmget" : "__libc_start_main");
		} else {
			bool is_main = step->offset == 0x200;

			snprintf(name.function, sizeof(name.function), "%s",
				 is_main ? "main" : function);
			snprintf(name.file, sizeof(name.file), "server.c");
			name.line = is_main ? 7 : 42;
		}
		call_paths_name(paths, place, &name, 1);
	}
	return id;
}

#endif
