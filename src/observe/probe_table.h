/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probes that there are, and which of them to stand on. Pure: what the kernel makes of them is
 * probe_set.h's.
 */
#ifndef OBSERVE_PROBE_TABLE_H
#define OBSERVE_PROBE_TABLE_H

#include <stddef.h>

#include "base/fact.h"
#include "observe/probes.h"

/* In the order in which they are attached. The life of thread groups and mappings first: nobody may become
 * a holder whose end goes unseen. An exit before its enter: alone it does nothing, while an enter
 * alone leaves its calls behind. */
enum probe {
	SCHED_FORK,
	SCHED_EXEC,
	SCHED_EXIT,

	LIFE_DESTROY,
	LIFE_CLOSE,
	LIFE_OPEN,
	LIFE_MMAP,
	LIFE_NEWSEG,

	/* each exit is followed by its enter */
	FEXIT_SHMGET,
	FENTRY_SHMGET,
	FEXIT_SHMAT,
	FENTRY_SHMAT,
	FEXIT_SHMDT,
	FENTRY_SHMDT,
	FEXIT_SHMCTL,
	FENTRY_SHMCTL,

	FEXIT_COMPAT_SHMGET,
	FENTRY_COMPAT_SHMGET,
	FEXIT_COMPAT_SHMAT,
	FENTRY_COMPAT_SHMAT,
	FEXIT_COMPAT_SHMDT,
	FENTRY_COMPAT_SHMDT,
	FEXIT_COMPAT_SHMCTL,
	FENTRY_COMPAT_SHMCTL,
	FEXIT_COMPAT_IPC,
	FENTRY_COMPAT_IPC,

	TRACEPOINT_EXIT_SHMGET,
	TRACEPOINT_ENTER_SHMGET,
	TRACEPOINT_EXIT_SHMAT,
	TRACEPOINT_ENTER_SHMAT,
	TRACEPOINT_EXIT_SHMDT,
	TRACEPOINT_ENTER_SHMDT,
	TRACEPOINT_EXIT_SHMCTL,
	TRACEPOINT_ENTER_SHMCTL,
	TRACEPOINT_ENTER_SHMDT_VMA, /* in place of the other, where the kernel can look a mapping up */

	RAW_EXIT,
	RAW_ENTER,

	PROBES,
};

#define PROBE_BIT(probe) (UINT64_C(1) << (probe))

enum probe_kind {
	PROBE_BTF,        /* typed tracepoint: its target stands in the program */
	PROBE_TRAMPOLINE, /* fentry and fexit: on the kernel function `target` */
	PROBE_TRACEPOINT, /* syscalls:`target`, by tracefs */
	PROBE_RAW,
};

struct probe_spec {
	const char *how;    /* "fexit": with the target it makes the name, "fexit:newseg" */
	const char *target; /* NULL: this architecture has none */
	enum probe_kind kind;
	enum fact_op op; /* records of this one are missing when a run was skipped */
	uint32_t ops;    /* FACT_OP_BITs: any of these needs it */
	bool tree;       /* following a tree of processes needs it too */
	bool enter;      /* its exit tells, by SHM_LOSS_ENTER, which runs of it were missed */
	size_t program;  /* struct bpf_program * in struct probes_bpf, by its offset */
	/* Where stacks of these calls are taken: beside `program` on a function, in its place on a
	 * tracepoint; 0: never */
	size_t stack_program;
};

extern const struct probe_spec probe_table[PROBES];

/* All from one probe up to another */
#define PROBES_FROM_TO(first, last) (PROBE_BIT(last) - PROBE_BIT(first) + PROBE_BIT(last))

#define PROBES_GROUPS      PROBES_FROM_TO(SCHED_FORK, SCHED_EXIT)
#define PROBES_LIFE        PROBES_FROM_TO(LIFE_DESTROY, LIFE_NEWSEG)
#define PROBES_NATIVE      PROBES_FROM_TO(FEXIT_SHMGET, FENTRY_SHMCTL)
#define PROBES_TRACEPOINTS PROBES_FROM_TO(TRACEPOINT_EXIT_SHMGET, TRACEPOINT_ENTER_SHMDT_VMA)
/* Calls of 32-bit programs: by fentry and fexit, function by function, or all of them */
#define PROBES_COMPAT PROBES_FROM_TO(FEXIT_COMPAT_SHMGET, FENTRY_COMPAT_IPC)
#define PROBES_RAW    PROBES_FROM_TO(RAW_EXIT, RAW_ENTER)

/* What the probes are for */
struct probe_request {
	uint32_t ops; /* FACT_OP_BITs to deliver */
	bool tree;
	bool compat; /* by PROBES_RAW, if need be */
	enum probes_rung rung;
	enum probes_stacks stacks;
};

/* Does the request want the stacks of the calls that this probe ends? */
bool probe_takes_stacks(const struct probe_request *request, enum probe probe);

/* All that the request can use: the better and the next one down. */
uint64_t probe_wish(const struct probe_request *request);

/* The best set without those that are refused: call by call by fexit, else by tracepoints; calls of
 * 32-bit programs by fexit, else, if asked for, by raw tracepoints. */
uint64_t probe_plan(const struct probe_request *request, uint64_t refused);

/* Those that would tell nothing more: tracepoints of calls that are followed by fexit, and what sees
 * calls of 32-bit programs where all of them are followed. One that replaces another for speed tells nothing
 * more either. */
uint64_t probe_surpassed(uint64_t stands);

/* What these tell of what was asked for: calls, compat, life, exact, unseen. */
void probe_describe(const struct probe_request *request, uint64_t stands,
		    struct source_status *status);

#endif
