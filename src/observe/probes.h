/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event stream: BPF programs on the four calls, on the life of segments and their mappings, and on
 * that of known holders.
 *
 * Each call and each part of a life is followed by the best probe that can be attached: fentry and fexit
 * on the kernel's functions, else tracepoints. One that cannot be attached does not take others down.
 *
 * Delivery is by one ring buffer without a wake-up per record: read on a timer, or when probes_fd()
 * turns readable (the buffer is filling up). What could not be delivered is counted, by kind. Stacks
 * have a ring buffer of their own: one that is lost costs no event.
 */
#ifndef OBSERVE_PROBES_H
#define OBSERVE_PROBES_H

#include <stddef.h>

#include "base/fact.h"
#include "base/stack_sample.h"

struct probes;

/* What the kernel shall deliver. Zero values mean: everything. */
struct probes_filter {
	uint32_t
		ops; /* FACT_OP_BITs: the four calls, fork, exec, exit, attach, detach, destroy; 0: all */
	int32_t pid; /* thread group; 0: all */
	bool has_uid;
	uint32_t uid;     /* real uid */
	const char *comm; /* exact, at most 15 bytes; NULL: all */
	bool failed;      /* only calls that failed */
	bool tree;        /* only processes added by probes_follow() and what they fork */
};

enum probes_rung {
	PROBES_BEST,       /* probe by probe the best that can be attached */
	PROBES_FEXIT,      /* fail where a call cannot be followed by fexit */
	PROBES_TRACEPOINT, /* do not try fentry and fexit */
};

/* Of which calls the user stack is taken; only of those that pass the filter, and of no 32-bit program */
enum probes_stacks {
	PROBES_STACKS_OFF,
	PROBES_STACKS_CREATED,  /* shmget that made a segment */
	PROBES_STACKS_ATTACHED, /* and shmat that succeeded */
};

struct probes_options {
	enum probes_rung rung;
	bool compat; /* follow calls of 32-bit programs even where that taxes every system call */
	size_t ring_size; /* bytes; a power of two of at least a page; 0: 4 MiB */
	enum probes_stacks stacks;
	size_t stack_size;      /* bytes of a stack at most: 4, 8, 16, 32 or 64 KiB; 0: 16 KiB */
	size_t stack_ring_size; /* as ring_size */
	struct probes_filter filter;
};

/* Loads and attaches. 0, or -errno with one line for people in why[]: what is missing and how to get
 * it (capabilities, BTF, tracefs, memory lock limit). When tracefs is not mounted it is mounted for the
 * time of the call in a private mount namespace that only a helper thread sees. */
enum { PROBES_WHY_LEN = 256 };
int probes_open(const struct probes_options *options, struct probes **out,
		char why[static PROBES_WHY_LEN]);
/* Detaches and frees. All BPF objects go with the process in any case: nothing is pinned. */
void probes_close(struct probes *probes);

/* Each probe that was wanted by itself, the better rung first, for doctor. A probe of a lower rung is
 * listed only where the better one does not stand. Stacks that were wanted are the last one. */
struct probes_report {
	const char *name; /* "fexit:__x64_sys_shmget", "tracepoint:sys_exit_shmget" */
	bool stands;
	const char *why; /* "" when it stands */
};
const struct probes_report *probes_reports(const struct probes *probes, size_t *count);

/* Fills in what of the status the probes know: calls, compat, life, exact, unseen, and why not better; stacks,
 * and why not. */
void probes_describe(const struct probes *probes, struct source_status *status);

/* Readable when one of the rings is filling up: drain both. */
int probes_fd(const struct probes *probes);

/* Hands the records that are there to the handler, at most `limit` (0: no limit but those there when
 * it began), oldest first. Returns how many, or -errno. Bad records are counted and skipped. */
typedef void probes_handler(void *context, const struct event *event);
long probes_drain(struct probes *probes, size_t limit, probes_handler *handler, void *context);

/* The same for stacks, none when they are off: until there are no more, or the handler has had enough for now and
 * returns false; the one that it was given is taken all the same. Sample and what it points to are valid
 * while the handler runs. A sample is there once the event of its call (event.sampled) is: drained after
 * the events it is found. */
typedef bool probes_stack_handler(void *context, const struct stack_sample *sample);
long probes_drain_stacks(struct probes *probes, probes_stack_handler *handler, void *context);

/* Tells the kernel who holds a mapping or made a segment: their fork, exec and exit are delivered from
 * now on. shmat and shmget add their callers by themselves. `pid` is as events name it. 0, -ENOSPC
 * when the kernel's table of 32768 groups is full (their life goes unseen), or another -errno. */
int probes_know_holder(struct probes *probes, int32_t pid, uint64_t mm);
int probes_know_creator(struct probes *probes, int32_t pid);
/* Makes this process the root of the traced tree (filter.tree). */
int probes_follow(struct probes *probes, int32_t pid);

struct probes_loss {
	uint64_t total;
	uint64_t ops[FACT_OPS]; /* by kind */
	uint64_t ring, pairs,
		known;    /* by reason: buffer full; enter/exit table full; holder table full */
	uint64_t skipped; /* by reason: programs that the kernel did not run since one was busy on
			   * that CPU; as of the last probes_count_skipped() */
	uint64_t bad;     /* records that could not be decoded; part of total, of no op */
	uint64_t stacks;  /* of calls whose event was delivered: not part of total */
};
/* Since the start. Cheap: reads a mapped page. */
void probes_loss(const struct probes *probes, struct probes_loss *out);

/* Kernels that can be preempted anywhere do not run a program while another task is inside it on that CPU,
 * and count that. Asks them, a system call a program: before each look, and at the end. */
void probes_count_skipped(struct probes *probes);

#endif
