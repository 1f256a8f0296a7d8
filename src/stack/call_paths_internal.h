/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the unwinder writes into call paths. A place is an address in a file: it is named once, for all paths
 * that pass through it.
 */
#ifndef STACK_CALL_PATHS_INTERNAL_H
#define STACK_CALL_PATHS_INTERNAL_H

#include "stack/call_paths.h"

enum { CALL_NAME_LEN = 240, CALL_NAMES_MOST = 16 };

/* One function at a place, as it was found; texts are safe, "" unknown. */
struct call_name {
	char function[CALL_NAME_LEN];
	char file[CALL_NAME_LEN];
	int line;
	uint64_t into; /* of the place, in the function */
};

/* An address before it has a name */
struct call_step {
	uint64_t addr;
	const struct call_module *module; /* NULL: `offset` only tells it from others */
	uint64_t offset;
	bool exact; /* where the process was, and not where a call returns to */
};

/* The id of the path of these steps, innermost first, new or known; 0: no room or no memory. At most
 * CALL_PATH_FRAMES of them are kept, and at least one must be there. */
uint32_t call_paths_add(struct call_paths *paths, const struct call_step *steps, size_t count,
			bool cut);

/* The next place without a name, NULL none: all paths are named then. Places without a module need none. */
struct call_place;
struct call_place *call_paths_unnamed(struct call_paths *paths);
const struct call_step *call_place_step(const struct call_place *place);
/* Names it, the innermost function first; none: nothing more can be found out, and what it is called stays. Copies. */
void call_paths_name(struct call_paths *paths, struct call_place *place,
		     const struct call_name *names, size_t count);
/* More can be found out of this module: its places are without a name again, and called what they were until they
 * have another. */
void call_paths_name_again(struct call_paths *paths, const struct call_module *module);

#endif
