/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From samples of stacks to segments and events that know where they were made: reads the samples that the
 * probes have sent, has them unwound, and tells the model.
 *
 * A sample is sent before the event of its call. Which of the two is read first is chance: what has no segment
 * yet is kept until it has.
 */
#ifndef CMD_CALL_STACKS_H
#define CMD_CALL_STACKS_H

#include "model/model.h"
#include "observe/probes.h"
#include "stack/call_paths.h"
#include "stack/debuginfod.h"

struct call_stacks;

/* `servers`: see unwinder_new(). 0 or -ENOMEM. */
int call_stacks_new(struct debuginfod *servers, struct call_stacks **out);
void call_stacks_free(struct call_stacks *stacks);

/* Unwinds the samples that are there, oldest first, until the deadline (clock_now()); the rest stays where it
 * is. 0 or -errno. */
int call_stacks_read(struct call_stacks *stacks, struct probes *probes, struct model *model,
		     uint64_t deadline);
/* The call path of this event, which is `sampled`; 0: none could be made of its sample, or it was lost. Reads as
 * many samples as it takes. */
uint32_t call_stacks_of(struct call_stacks *stacks, struct probes *probes, struct model *model,
			const struct event *event);

/* Finds names until the deadline has passed; UINT64_MAX: all. */
void call_stacks_name(struct call_stacks *stacks, uint64_t deadline);
/* The same for so long (ns); and where servers were asked for debug files, until they have answered, or ^C is pressed,
 * which is then taken: nothing is asked any more. A terminal on stderr is told what it waits for; and once, why there
 * will be no more. */
void call_stacks_name_all(struct call_stacks *stacks, uint64_t patience);

const struct call_paths *call_stacks_paths(const struct call_stacks *stacks);

#endif
