/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suppressions: segments that are known to be left behind, and shall not be told of.
 *
 * A file of lines. On a line words joined by blanks, all of which must hold:
 *	key=0x4e54*		the key as shmtop shows it, "private" for IPC_PRIVATE
 *	comm=postgres		the name of the creator
 *	function=init_*		a function of the stack of the shmget that made it
 * The patterns are those of a shell, fnmatch(3); ? stands for a blank. From a # that begins a word on it is
 * a comment. What is not known matches nothing.
 */
#ifndef REPORT_SUPPRESS_H
#define REPORT_SUPPRESS_H

#include <json.h>
#include <stdio.h>

#include "model/model.h"
#include "stack/call_paths.h"

struct suppression {
	unsigned int line; /* in its file */
	char *text;        /* as it was written, safe; owned */
	size_t used;       /* segments that it has matched */
	struct suppress_word *words;
	size_t word_count;
};

struct suppressions {
	struct suppression *rows; /* owned */
	size_t count, capacity;
	char *name; /* of the file, safe; owned; NULL: there is none */
	size_t used;
};

/* Reads the file into `out`, which starts zeroed. 0, or -errno with one line in why[] that names the file and,
 * for -EINVAL, the line. */
enum { SUPPRESS_WHY_LEN = 256 };
int suppress_read(const char *path, struct suppressions *out, char why[static SUPPRESS_WHY_LEN]);
/* The same from an open file of that name. */
int suppress_parse(FILE *in, const char *name, struct suppressions *out,
		   char why[static SUPPRESS_WHY_LEN]);
void suppress_free(struct suppressions *suppressions);

/* Whether a line holds for the segment: the first that does, which counts it. `paths` may be NULL. */
bool suppress_match(struct suppressions *suppressions, const struct segment *segment,
		    const struct call_paths *paths);

/* A line of text for each line that matched nothing: what it is called, its place, and what it says. */
void suppress_print_unused(FILE *out, const struct suppressions *suppressions, const char *label);
/* [{"line", "text", "count"}]; NULL (null) where there is no file. */
struct json_object *suppress_json(const struct suppressions *suppressions);

#endif
