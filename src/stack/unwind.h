/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a sample of a stack to a call path: unwinding by .eh_frame with libdw, and names by DWARF, symbol tables,
 * or neither. What was learnt of a file is kept for the next sample, whatever addresses its process has.
 *
 * Where there is no unwind information the chain of frame pointers is followed. Unwinding is cheap once a file is
 * known (about 10 us); naming may take 70 ms for one file: so it is done later, in pieces.
 */
#ifndef STACK_UNWIND_H
#define STACK_UNWIND_H

#include "base/stack_sample.h"
#include "stack/call_paths.h"

struct unwinder;

/* `paths` is filled in, and must outlive it. 0 or -ENOMEM. */
int unwinder_new(struct call_paths *paths, struct unwinder **out);
void unwinder_free(struct unwinder *unwinder);

/* The id of its call path; 0: nothing could be made of it, not even its first frame, or no room is left. */
uint32_t unwinder_unwind(struct unwinder *unwinder, const struct stack_sample *sample);

/* Names frames that have no names yet, until nothing is left or the deadline (clock_now()) has passed; at least
 * one piece each time. UINT64_MAX: all. Returns whether anything is left to do. */
bool unwinder_name(struct unwinder *unwinder, uint64_t deadline);

#endif
