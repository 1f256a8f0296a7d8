/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a call was made, as it was copied at that moment: registers, a piece of the user stack, and the
 * executable mappings that they point into. Enough to unwind when the process is long dead.
 *
 * What is here was chosen by the process: addresses, bytes and paths are hostile.
 */
#ifndef BASE_STACK_SAMPLE_H
#define BASE_STACK_SAMPLE_H

#include <stddef.h>

#include "base/fact.h"

/* In DWARF order. x86-64: rax rdx rcx rbx rsi rdi rbp rsp r8..r15 rip; arm64: x0..x30 sp pc */
#if defined(__x86_64__)
enum { SAMPLE_REGISTERS = 17, SAMPLE_REGISTER_SP = 7, SAMPLE_REGISTER_PC = 16 };
#elif defined(__aarch64__)
enum { SAMPLE_REGISTERS = 33, SAMPLE_REGISTER_SP = 31, SAMPLE_REGISTER_PC = 32 };
#endif

enum { SAMPLE_MAPPINGS = 24 };

/* An executable mapping of a file. Nothing is known of a file whose path is "": anonymous memory, the vdso. */
struct sample_mapping {
	uint64_t start, end; /* addresses, [start, end) */
	uint64_t offset;     /* of start in the file, bytes */
	uint64_t
		inode; /* of the file, and its size in bytes: the file that is opened by the path */
	uint64_t size; /* must have both, else it is another one by now */
	const char *path; /* as its process names it; raw bytes; ends with NUL */
};

struct stack_sample {
	/* Which call: these three are those of its event */
	uint64_t time;
	int32_t tid;
	enum fact_op op; /* shmget that made a segment, or shmat */
	uint32_t ipcns;
	int32_t shmid;
	int32_t pid; /* as events name it: whose root folder the paths start from, while it lives */
	int32_t ppid; /* the same when that one is gone */
	uint64_t registers[SAMPLE_REGISTERS];
	const unsigned char *stack; /* from the stack pointer on, towards the end of the stack */
	size_t stack_length;
	bool cut; /* there was more of the stack, or of the mappings, than was copied */
	const struct sample_mapping *mappings;
	size_t mapping_count;
};

#endif
