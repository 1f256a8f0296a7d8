/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call paths: stacks that were unwound, each kept once, and what is known of their frames by now.
 *
 * A frame is first a place in a file (module and offset); unwind.h finds the function and the line later, and
 * writes them here. Readers see what is known at that time. Links to nothing: whoever shows call paths needs no
 * unwinder. Memory is bounded: when CALL_PATHS_MOST are kept no new one is taken in.
 */
#ifndef STACK_CALL_PATHS_H
#define STACK_CALL_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALL_PATH_FRAMES = 64, CALL_PATHS_MOST = 16384, CALL_FRAME_LEN = 512 };

/* A file that code was mapped from. Texts are safe (base/text.h), "" is unknown. */
struct call_module {
	const char *path;
	bool is_libc; /* the C library or the loader: where calls pass through, and are not made */
	void *own;    /* the unwinder's */
};

/* Several frames may stand for one address, the innermost first, where functions were inlined. */
struct call_frame {
	uint64_t addr; /* of the instruction, in the process; that of the first sample */
	const struct call_module *module; /* NULL unknown */
	uint64_t offset;      /* in the file as ELF numbers it (virtual address without bias) */
	bool inlined;         /* into the next frame */
	const char *function; /* safe, demangled; "" unknown */
	uint64_t into;        /* of the instruction, in the function; bytes */
	const char *file;     /* source as the debug information names it; "" unknown */
	int line;             /* 0 unknown */
};

struct call_path {
	uint32_t id; /* 1 and up */
	bool cut;    /* the outermost frames are missing */
	bool named;  /* nothing more is to be found out about its frames by now */
	size_t count;
	const struct call_frame *frames; /* innermost first */
	/* The frame that made the call: the first behind the innermost that is not the C library's. Its index; and
	 * an id that all paths with the same such frame (module, offset) share: that of the first of them */
	size_t site;
	uint32_t site_id;
};

struct call_paths;

int call_paths_new(struct call_paths **out); /* 0 or -ENOMEM */
void call_paths_free(struct call_paths *paths);

/* NULL for 0 and for what is not known. Valid until the next call that changes `paths`. */
const struct call_path *call_paths_get(const struct call_paths *paths, uint32_t id);
size_t call_paths_count(const struct call_paths *paths); /* ids are 1 to this */
/* CALL_PATHS_MOST are kept: stacks that are not among them have no path. */
bool call_paths_is_full(const struct call_paths *paths);

/* "main fork_demo.c:130"; "main+0x1b"; "/usr/lib/libx.so+0x11f0"; "0x7f..." : what is known. Returns out. */
char *call_frame_text(const struct call_frame *frame, char out[static CALL_FRAME_LEN]);
/* The call site of a path in the same form; "" for no path. Takes a site_id as well. */
char *call_paths_site(const struct call_paths *paths, uint32_t id, char out[static CALL_FRAME_LEN]);

#endif
