/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/probe_table.h"

#include <stdio.h>
#include <string.h>

#include "probes.skel.h"

/* The functions that the kernel calls for system calls: they are reached through a table, so never
 * inlined. On arm64 32-bit programs have two of them in common with the others, and no ipc(2). */
#if defined(__x86_64__)
#define NATIVE(call)  "__x64_sys_" #call
#define COMPAT_SHMGET "__ia32_sys_shmget"
#define COMPAT_SHMAT  "__ia32_compat_sys_shmat"
#define COMPAT_SHMDT  "__ia32_sys_shmdt"
#define COMPAT_SHMCTL "__ia32_compat_sys_shmctl"
#define COMPAT_IPC    "__ia32_compat_sys_ipc"
#elif defined(__aarch64__)
#define NATIVE(call)  "__arm64_sys_" #call
#define COMPAT_SHMGET NULL
#define COMPAT_SHMAT  "__arm64_compat_sys_shmat"
#define COMPAT_SHMDT  NULL
#define COMPAT_SHMCTL "__arm64_compat_sys_shmctl"
#define COMPAT_IPC    NULL
#else
#error "shmtop knows the system calls of x86-64 and arm64"
#endif

#define BIT(op) FACT_OP_BIT(FACT_##op)
/* The life of thread groups is told of those that hold or made a segment: both must be known. */
#define GROUPS (BIT(FORK) | BIT(EXEC) | BIT(EXIT))

#define PROGRAM(function)       .program = offsetof(struct probes_bpf, progs.function)
#define STACK_PROGRAM(function) .stack_program = offsetof(struct probes_bpf, progs.function)

#define SCHED(function) .how = "tp_btf", .kind = PROBE_BTF, .target = #function, PROGRAM(function)
#define LIFE(how_, function) \
	.how = how_, .kind = PROBE_TRAMPOLINE, .target = #function, PROGRAM(function)
#define FEXIT(target_, function) \
	.how = "fexit", .kind = PROBE_TRAMPOLINE, .target = target_, PROGRAM(function)
#define FENTRY(target_, function) \
	.how = "fentry", .kind = PROBE_TRAMPOLINE, .target = target_, PROGRAM(function)
#define TRACEPOINT(target_, function) \
	.how = "tracepoint", .kind = PROBE_TRACEPOINT, .target = target_, PROGRAM(function)
#define RAW(target_, function) \
	.how = "raw_tp", .kind = PROBE_RAW, .target = target_, PROGRAM(function)

/* The pair on one function, exit and enter */
#define PAIR(call, target, function, op_, ops_, enter_, ...)                                     \
	[FEXIT_##call] = {FEXIT(target, fexit_##function), .op = op_, .ops = ops_, __VA_ARGS__}, \
	[FENTRY_##call] = {FENTRY(target, fentry_##function), .op = op_, .ops = ops_,            \
			   .enter = enter_}
#define NATIVE_PAIR(call, function, op, ops, ...) \
	PAIR(call, NATIVE(function), function, op, ops, true, __VA_ARGS__)
#define COMPAT_PAIR(call, function, op, ops) \
	PAIR(COMPAT_##call, COMPAT_##call, compat_##function, op, ops, false)
#define TRACEPOINT_PAIR(call, function, op_, ops_, ...)                                        \
	[TRACEPOINT_EXIT_##call] = {TRACEPOINT("sys_exit_" #function, sys_exit_##function),    \
				    .op = op_, .ops = ops_, __VA_ARGS__},                      \
	[TRACEPOINT_ENTER_##call] = {TRACEPOINT("sys_enter_" #function, sys_enter_##function), \
				     .op = op_, .ops = ops_, .enter = true}

const struct probe_spec probe_table[PROBES] = {
	[SCHED_FORK] = {SCHED(sched_process_fork), .op = FACT_FORK, .ops = GROUPS, .tree = true},
	[SCHED_EXEC] = {SCHED(sched_process_exec), .op = FACT_EXEC, .ops = GROUPS},
	[SCHED_EXIT] = {SCHED(sched_process_exit), .op = FACT_EXIT, .ops = GROUPS, .tree = true},

	[LIFE_DESTROY] = {LIFE("fentry", shm_destroy), .op = FACT_DESTROY, .ops = BIT(DESTROY)},
	/* tells which segment a shmdt is about, too */
	[LIFE_CLOSE] = {LIFE("fentry", shm_close), .op = FACT_DETACH,
			.ops = BIT(DETACH) | BIT(SHMDT)},
	[LIFE_OPEN] = {LIFE("fexit", shm_open), .op = FACT_ATTACH, .ops = BIT(ATTACH)},
	[LIFE_MMAP] = {LIFE("fexit", shm_mmap), .op = FACT_ATTACH, .ops = BIT(ATTACH)},
	[LIFE_NEWSEG] = {LIFE("fexit", newseg), .op = FACT_SHMGET, .ops = BIT(SHMGET) | GROUPS},

	NATIVE_PAIR(SHMGET, shmget, FACT_SHMGET, BIT(SHMGET) | GROUPS,
		    STACK_PROGRAM(fexit_shmget_stack)),
	NATIVE_PAIR(SHMAT, shmat, FACT_SHMAT, BIT(SHMAT) | GROUPS,
		    STACK_PROGRAM(fexit_shmat_stack)),
	NATIVE_PAIR(SHMDT, shmdt, FACT_SHMDT, BIT(SHMDT)),
	NATIVE_PAIR(SHMCTL, shmctl, FACT_SHMCTL, BIT(SHMCTL)),

	COMPAT_PAIR(SHMGET, shmget, FACT_SHMGET, BIT(SHMGET) | GROUPS),
	COMPAT_PAIR(SHMAT, shmat, FACT_SHMAT, BIT(SHMAT) | GROUPS),
	COMPAT_PAIR(SHMDT, shmdt, FACT_SHMDT, BIT(SHMDT)),
	COMPAT_PAIR(SHMCTL, shmctl, FACT_SHMCTL, BIT(SHMCTL)),
	COMPAT_PAIR(IPC, ipc, FACT_SHMGET, FACT_OPS_CALLS | GROUPS),

	TRACEPOINT_PAIR(SHMGET, shmget, FACT_SHMGET, BIT(SHMGET) | GROUPS,
			STACK_PROGRAM(sys_exit_shmget_stack)),
	TRACEPOINT_PAIR(SHMAT, shmat, FACT_SHMAT, BIT(SHMAT) | GROUPS,
			STACK_PROGRAM(sys_exit_shmat_stack)),
	TRACEPOINT_PAIR(SHMDT, shmdt, FACT_SHMDT, BIT(SHMDT)),
	TRACEPOINT_PAIR(SHMCTL, shmctl, FACT_SHMCTL, BIT(SHMCTL)),
	[TRACEPOINT_ENTER_SHMDT_VMA] = {TRACEPOINT("sys_enter_shmdt", sys_enter_shmdt_vma),
					.op = FACT_SHMDT, .ops = BIT(SHMDT), .enter = true},

	[RAW_EXIT] = {RAW("sys_exit", raw_sys_exit), .op = FACT_SHMGET,
		      .ops = FACT_OPS_CALLS | GROUPS},
	[RAW_ENTER] = {RAW("sys_enter", raw_sys_enter), .op = FACT_SHMGET,
		       .ops = FACT_OPS_CALLS | GROUPS},
};

bool probe_takes_stacks(const struct probe_request *request, enum probe probe)
{
	const struct probe_spec *spec = &probe_table[probe];

	return spec->stack_program &&
	       request->stacks >=
		       (spec->op == FACT_SHMGET ? PROBES_STACKS_CREATED : PROBES_STACKS_ATTACHED);
}

static uint64_t rungs(const struct probe_request *request)
{
	uint64_t set = PROBE_BIT(PROBES) - 1;

	if (request->rung == PROBES_TRACEPOINT)
		set &= ~(PROBES_LIFE | PROBES_NATIVE | PROBES_COMPAT);
	if (request->rung == PROBES_FEXIT)
		set &= ~PROBES_TRACEPOINTS;
	if (!request->compat)
		set &= ~PROBES_RAW;
	return set;
}

uint64_t probe_wish(const struct probe_request *request)
{
	uint64_t wish = 0;

	for (enum probe i = 0; i < PROBES; i++) {
		const struct probe_spec *spec = &probe_table[i];

		if (spec->target && (spec->ops & request->ops || (spec->tree && request->tree)))
			wish |= PROBE_BIT(i);
	}
	return wish & rungs(request);
}

static bool has_all(uint64_t set, uint64_t some)
{
	return some && (set & some) == some;
}

static uint64_t pair(enum probe exit)
{
	return PROBE_BIT(exit) | PROBE_BIT(exit + 1);
}

/* The call by fexit where both of its probes are there, else by tracepoints. */
static uint64_t plan_call(uint64_t usable, enum probe fexit, enum probe tracepoint)
{
	const uint64_t better = PROBE_BIT(TRACEPOINT_ENTER_SHMDT_VMA);

	if (has_all(usable, pair(fexit)))
		return pair(fexit);
	if (fexit == FEXIT_SHMDT && has_all(usable, PROBE_BIT(tracepoint) | better))
		return PROBE_BIT(tracepoint) | better;
	return has_all(usable, pair(tracepoint)) ? pair(tracepoint) : 0;
}

/* All that calls of 32-bit programs come through: some of the functions may be those of the others. */
static uint64_t all_compat(uint64_t wish)
{
	uint64_t all = wish & PROBES_COMPAT;

	if (!probe_table[FEXIT_COMPAT_SHMGET].target)
		all |= wish & pair(FEXIT_SHMGET);
	if (!probe_table[FEXIT_COMPAT_SHMDT].target)
		all |= wish & pair(FEXIT_SHMDT);
	return all;
}

/* Calls of 32-bit programs: function by function by fexit; raw tracepoints see them all. */
static uint64_t plan_compat(uint64_t wish, uint64_t usable, uint64_t natives)
{
	uint64_t plan = 0;

	for (enum probe exit = FEXIT_COMPAT_SHMGET; exit <= FEXIT_COMPAT_IPC; exit += 2)
		if (has_all(usable, pair(exit)))
			plan |= pair(exit);
	if (!has_all(plan | natives, all_compat(wish)) && has_all(usable, PROBES_RAW))
		return PROBES_RAW;
	return plan;
}

uint64_t probe_plan(const struct probe_request *request, uint64_t refused)
{
	const uint64_t wish = probe_wish(request);
	const uint64_t usable = wish & ~refused;
	uint64_t plan = usable & PROBES_LIFE;

	/* without the one that forgets them, no group may be remembered */
	if (usable & PROBE_BIT(SCHED_EXIT))
		plan |= usable & PROBES_GROUPS;
	plan |= plan_call(usable, FEXIT_SHMGET, TRACEPOINT_EXIT_SHMGET);
	plan |= plan_call(usable, FEXIT_SHMAT, TRACEPOINT_EXIT_SHMAT);
	plan |= plan_call(usable, FEXIT_SHMDT, TRACEPOINT_EXIT_SHMDT);
	plan |= plan_call(usable, FEXIT_SHMCTL, TRACEPOINT_EXIT_SHMCTL);
	plan |= plan_compat(wish, usable, plan);
	return plan;
}

uint64_t probe_surpassed(uint64_t stands)
{
	uint64_t surpassed = PROBE_BIT(TRACEPOINT_ENTER_SHMDT_VMA) & ~stands;

	for (enum probe call = 0; call < FENTRY_SHMCTL - FEXIT_SHMGET; call += 2)
		if (has_all(stands, pair(FEXIT_SHMGET + call)))
			surpassed |= pair(TRACEPOINT_EXIT_SHMGET + call);
	if (has_all(stands, PROBES_COMPAT))
		surpassed |= PROBES_RAW;
	return surpassed;
}

/* ---- what it comes to ---------------------------------------------------------------------- */

static bool is_asked(const struct probe_request *request, enum fact_op op)
{
	return request->ops & FACT_OP_BIT(op);
}

static bool stands_for(const struct probe_request *request, uint64_t stands, enum probe probe)
{
	return stands & PROBE_BIT(probe) && is_asked(request, probe_table[probe].op);
}

/* A copy by fork needs the fork as well, which names the child. */
static uint32_t exact_of(const struct probe_request *request, uint64_t stands)
{
	const bool inherit =
		stands_for(request, stands, LIFE_OPEN) && stands_for(request, stands, SCHED_FORK);

	return (stands_for(request, stands, LIFE_MMAP) ? FACT_EXACT_ATTACH : 0u) |
	       (inherit ? FACT_EXACT_INHERIT : 0u) |
	       (stands_for(request, stands, LIFE_CLOSE) ? FACT_EXACT_DETACH : 0u) |
	       (stands_for(request, stands, LIFE_DESTROY) ? FACT_EXACT_DESTROY : 0u);
}

static const char *calls_of(uint64_t stands)
{
	if (stands & PROBES_NATIVE)
		return stands & PROBES_TRACEPOINTS ? "mixed" : "fexit";
	return stands & PROBES_TRACEPOINTS ? "tracepoint" : "none";
}

static const char *life_of(uint32_t exact, uint64_t stands)
{
	if (exact)
		return exact == FACT_EXACT_ALL ? "exact" : "mixed";
	return stands & PROBE_BIT(SCHED_EXIT) ? "sched" : "none";
}

static const char *compat_of(const struct probe_request *request, uint64_t stands)
{
	if (has_all(stands, PROBES_RAW))
		return "raw";
	if (has_all(stands, all_compat(probe_wish(request))))
		return "fexit";
	return stands & PROBES_COMPAT ? "mixed" : "none";
}

static void name_unseen(struct source_status *status, const char *what)
{
	const size_t length = strlen(status->unseen);

	snprintf(status->unseen + length, sizeof(status->unseen) - length, "%s%s",
		 length ? ", " : "", what);
}

static bool is_followed(uint64_t stands, enum probe fexit, enum probe tracepoint)
{
	return plan_call(stands, fexit, tracepoint) != 0;
}

static void describe_unseen(const struct probe_request *request, uint64_t stands,
			    struct source_status *status)
{
	status->unseen[0] = '\0';
	for (enum probe call = 0; call < FENTRY_SHMCTL - FEXIT_SHMGET; call += 2) {
		const enum fact_op op = probe_table[FEXIT_SHMGET + call].op;

		if (is_asked(request, op) &&
		    !is_followed(stands, FEXIT_SHMGET + call, TRACEPOINT_EXIT_SHMGET + call))
			name_unseen(status, fact_op_name(op));
	}
	if (strcmp(status->compat, "none") == 0)
		name_unseen(status, "calls of 32-bit programs");
	else if (strcmp(status->compat, "mixed") == 0)
		name_unseen(status, "some calls of 32-bit programs");
	if (is_asked(request, FACT_DETACH) && !(status->exact & FACT_EXACT_DETACH))
		name_unseen(status, "munmap");
	if (is_asked(request, FACT_ATTACH) && !(status->exact & FACT_EXACT_INHERIT))
		name_unseen(status, "mprotect and mremap");
}

void probe_describe(const struct probe_request *request, uint64_t stands,
		    struct source_status *status)
{
	status->calls = calls_of(stands);
	status->compat = compat_of(request, stands);
	status->exact = exact_of(request, stands);
	status->life = life_of(status->exact, stands);
	describe_unseen(request, stands, status);
}
