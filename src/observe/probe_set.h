/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probes in the kernel: loads and attaches the best set that the kernel takes.
 *
 * The kernel's word on each is final: what cannot be loaded or attached is refused, with its reason, and the
 * rest is planned anew until all of it stands.
 */
#ifndef OBSERVE_PROBE_SET_H
#define OBSERVE_PROBE_SET_H

#include "observe/loader.h"
#include "observe/probe_table.h"

struct bpf_link;
struct probes_bpf;

/* How much of a stack can be had, least first. The programs look mappings up where the kernel has a way, unless it
 * refuses that. By bpf_find_vma(): the iterator of 6.7 is a kfunc, and on an older kernel libbpf 1.1 cannot load an
 * object that knows one without CAP_SYS_ADMIN, used or not. */
enum probe_capture {
	CAPTURE_NONE,
	CAPTURE_STACK, /* its mappings are for /proc to tell */
	CAPTURE_FIND,  /* 5.17 */
};

struct probe_set {
	struct probe_request request;
	const struct probes_filter *filter; /* while it is opened */
	size_t ring_size, stack_size, stack_ring_size;
	bool storage;               /* calls are paired by task storage */
	bool untyped_regs;          /* programs may not dereference the registers of system calls */
	enum probe_capture capture; /* of stacks */

	struct probes_bpf *skeleton;
	uint64_t stands;  /* PROBE_BITs */
	uint64_t refused; /* each with its why */
	struct bpf_link *links[PROBES], *stack_links[PROBES];
	char whys[PROBES][LOADER_WHY_LEN];
	char capture_why[LOADER_WHY_LEN]; /* why stacks are wanted and none are captured */
};

/* Fills in the rest of a set whose request, filter and sizes are given. 0, or -errno with one line for
 * people in why[]; close it in either case. */
int probe_set_open(struct probe_set *set, char why[static LOADER_WHY_LEN]);
void probe_set_close(struct probe_set *set);

/* Are the stacks of any calls taken? */
bool probe_set_captures(const struct probe_set *set);

/* Is the table of known groups kept? */
bool probe_set_follows(const struct probe_set *set);

/* Runs that the kernel skipped since a program was busy on that CPU, by kind of record: on kernels that
 * can be preempted anywhere */
struct probe_skips {
	uint64_t enters[FACT_OPS]; /* of programs whose spec says `enter` */
	uint64_t others[FACT_OPS];
};

/* Since the start. A system call a program. */
void probe_set_skips(const struct probe_set *set, struct probe_skips *out);

#endif
