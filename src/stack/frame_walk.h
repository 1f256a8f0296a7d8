/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a frame to its caller, on the copied piece of a stack. Nothing outside of it is read. */
#ifndef STACK_FRAME_WALK_H
#define STACK_FRAME_WALK_H

#include <elfutils/libdw.h>

#include "base/stack_sample.h"

struct frame_walk {
	const struct stack_sample *sample;
	uint64_t registers[SAMPLE_REGISTERS];
	bool known[SAMPLE_REGISTERS];
	bool exact; /* the program counter is where the process was, and not where a call returns to */
};

enum frame_step {
	FRAME_STEPPED,
	FRAME_OUTERMOST, /* nobody called it */
	FRAME_NO_RULES,  /* of this address; nothing changed */
	FRAME_LOST,      /* its caller is beyond the copied piece, or nonsense */
};

void frame_walk_begin(struct frame_walk *walk, const struct stack_sample *sample);

/* The program counter, and the address inside of the instruction that it stands for: the call itself for one
 * that a call returns to. */
uint64_t frame_walk_pc(const struct frame_walk *walk);
uint64_t frame_walk_at(const struct frame_walk *walk);

/* By the rules of its file, which is mapped `bias` above its own addresses. */
enum frame_step frame_walk_by_rules(struct frame_walk *walk, Dwarf_CFI *cfi, uint64_t bias);

/* By the chain of frame pointers. The wrapper of a system call makes no frame: the caller of the innermost
 * one is where the stack pointer (arm64: the link register) says, when `is_code` takes that for code. */
enum frame_step frame_walk_by_pointers(struct frame_walk *walk, bool innermost,
				       bool (*is_code)(const struct stack_sample *, uint64_t));

#endif
