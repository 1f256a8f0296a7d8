/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker process that names addresses. Debug information is large, hostile where its file is, and libdw
 * trusts much of what it reads: so it is read by a process that has no rights, bounded memory and time, and no
 * descriptors but those of the files in question. It can fail alone, and nobody waits for it.
 */
#ifndef STACK_NAMER_H
#define STACK_NAMER_H

#include "stack/call_paths_internal.h"
#include "stack/elf_file.h"

struct namer;

enum namer_answer {
	NAMER_NAMES, /* or none, which is final */
	NAMER_FILES, /* the worker has no such module (any more): namer_give(), and ask again */
	NAMER_WAITS, /* none yet */
	NAMER_DIED,  /* of the question, or it took too long: 12 s */
};

int namer_new(struct namer **out); /* 0 or -ENOMEM. Starts no process. */
void namer_free(struct namer *namer);

/* Gives the worker the files of a module, which stay the caller's. `debug` and `shared` may be NULL; `use_debug`
 * false: symbols alone. */
void namer_give(struct namer *namer, uint64_t module, const struct elf_file *file,
		const struct elf_file *debug, const struct elf_file *shared, bool use_debug);
/* One question at a time. 0, or -errno: no worker can be had. */
int namer_ask(struct namer *namer, uint64_t module, uint64_t address);
/* Waits until the deadline (clock_now()) for the answer to it, of up to CALL_NAMES_MOST names. */
enum namer_answer namer_answer(struct namer *namer, uint64_t deadline,
			       struct call_name names[static CALL_NAMES_MOST], size_t *count);
/* Ends the worker, and what it knows; the next question starts another. */
void namer_stop(struct namer *namer);

/* The worker: answers what comes by `socket`. */
_Noreturn void namer_work(int socket);

#endif
