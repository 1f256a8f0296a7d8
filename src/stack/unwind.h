/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a sample of a stack to a call path: unwinding by .eh_frame with libdw, and names by DWARF, symbol tables,
 * or neither. What was learnt of a file is kept for the next sample, whatever addresses its process has.
 *
 * Where there is no unwind information the chain of frame pointers is followed. Unwinding is cheap once a file is
 * known (about 5 us). Naming may take 50 ms and more for one file, and reads what hostile files say of
 * themselves: a worker process does it (namer.h), a child that raises no SIGCHLD and that no wait() without
 * __WALL finds. It is started when there is something to name, and ends after 10 s without work.
 */
#ifndef STACK_UNWIND_H
#define STACK_UNWIND_H

#include "base/stack_sample.h"
#include "stack/call_paths.h"

struct debuginfod;
struct unwinder;

/* `paths` is filled in. `servers` are asked for debug files that are not installed; NULL: none is. Both must outlive
 * it. 0 or -ENOMEM. */
int unwinder_new(struct call_paths *paths, struct debuginfod *servers, struct unwinder **out);
void unwinder_free(struct unwinder *unwinder);

/* The id of its call path; 0: nothing could be made of it, not even its first frame, or no room is left. */
uint32_t unwinder_unwind(struct unwinder *unwinder, const struct stack_sample *sample);

/* Has frames named that have no names yet, until nothing is left or the deadline (clock_now()) has passed: it waits
 * for the worker until then, and no longer. 0: takes what is there. UINT64_MAX: all. Returns whether anything is
 * left to do. To be called once a tick in any case: an idle worker ends then.
 *
 * For servers it does not wait: frames have the names that can be had without, and others when a file has come
 * (debuginfod_waiting() tells whether one may). */
bool unwinder_name(struct unwinder *unwinder, uint64_t deadline);

#endif
