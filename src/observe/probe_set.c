/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/probe_set.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf/shm_event.h"
#include "observe/record.h"
#include "observe/tracefs.h"
#include "probes.skel.h"

static struct bpf_program *program_at(struct probes_bpf *skeleton, size_t offset)
{
	return *(struct bpf_program **)((char *)skeleton + offset);
}

static bool captures(const struct probe_set *set, enum probe probe)
{
	return set->capture && probe_takes_stacks(&set->request, probe);
}

/* Where it can be preempted, capture is left to a second program. */
static bool has_second(const struct probe_set *set, enum probe probe)
{
	return captures(set, probe) && probe_table[probe].kind == PROBE_TRAMPOLINE;
}

static struct bpf_program *program_of(const struct probe_set *set, struct probes_bpf *skeleton,
				      enum probe probe)
{
	const struct probe_spec *spec = &probe_table[probe];
	const bool replaced = captures(set, probe) && !has_second(set, probe);

	return program_at(skeleton, replaced ? spec->stack_program : spec->program);
}

/* The first reason is the one that counts. */
static void refuse_for(struct probe_set *set, enum probe probe, const char *why)
{
	if (set->refused & PROBE_BIT(probe))
		return;
	set->refused |= PROBE_BIT(probe);
	snprintf(set->whys[probe], LOADER_WHY_LEN, "%s", why);
}

static void refuse(struct probe_set *set, enum probe probe, int error)
{
	char why[LOADER_WHY_LEN];

	refuse_for(set, probe,
		   error == -ESRCH ? "this kernel has no such function" : loader_why(error, why));
}

/* ---- loading ------------------------------------------------------------------------------- */

static void set_filter(struct probes_bpf__rodata *settings, const struct probes_filter *filter)
{
	settings->filter_pid = (uint32_t)filter->pid;
	settings->filter_has_uid = filter->has_uid;
	settings->filter_uid = filter->uid;
	settings->filter_has_comm = filter->comm;
	if (filter->comm)
		memcpy((void *)settings->filter_comm, filter->comm, strlen(filter->comm));
	settings->filter_failed = filter->failed;
	settings->filter_tree = filter->tree;
}

static void configure_stacks(struct probes_bpf *skeleton, const struct probe_set *set)
{
	struct probes_bpf__rodata *settings = skeleton->rodata;
	struct bpf_map *works = skeleton->maps.stack_works;
	const size_t behind = SHM_STACK_RECORD_MOST(set->stack_size) - sizeof(struct shm_stack);

	bpf_map__set_autocreate(skeleton->maps.stack_ring, set->capture);
	bpf_map__set_autocreate(works, set->capture);
	if (!set->capture)
		return;
	settings->stack_kinds = 1u << SHM_EVENT_SHMGET;
	if (set->request.stacks == PROBES_STACKS_ATTACHED)
		settings->stack_kinds |= 1u << SHM_EVENT_SHMAT;
	settings->stack_most = (uint32_t)set->stack_size;
	settings->stack_wake_level = set->stack_ring_size / 4;
	settings->stack_look_up_best = set->capture - CAPTURE_STACK;
	bpf_map__set_max_entries(skeleton->maps.stack_ring, (uint32_t)set->stack_ring_size);
	bpf_map__set_value_size(works, bpf_map__value_size(works) + (uint32_t)behind);
	bpf_map__set_max_entries(works, (uint32_t)libbpf_num_possible_cpus());
}

static void configure(struct probes_bpf *skeleton, const struct probe_set *set, uint64_t plan)
{
	struct probes_bpf__rodata *settings = skeleton->rodata;

	set_filter(settings, set->filter);
	settings->wanted = 0;
	for (unsigned int kind = 1; kind < SHM_EVENT_KINDS; kind++)
		if (set->request.ops & FACT_OP_BIT(record_op(kind)))
			settings->wanted |= 1u << kind;
	settings->viewer_pid = (uint32_t)getpid();
	settings->viewer_pidns = loader_pidns();
	settings->page_shift = (unsigned int)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	settings->use_storage = set->storage;
	settings->regs_are_typed = !set->untyped_regs;
	settings->newseg_tells = plan & PROBE_BIT(LIFE_NEWSEG);
	settings->wake_level = set->ring_size / 4;
	/* without the program that forgets groups, none is remembered */
	settings->follow_life = plan & PROBE_BIT(SCHED_EXIT);
	bpf_map__set_max_entries(skeleton->maps.ring, (uint32_t)set->ring_size);
	bpf_map__set_autocreate(skeleton->maps.call_storage, set->storage);
	bpf_map__set_autocreate(skeleton->maps.call_table, !set->storage);
	bpf_map__set_autocreate(skeleton->maps.leaving, set->filter->tree);
	configure_stacks(skeleton, set);
}

static int choose(struct bpf_program *program, const struct probe_spec *spec)
{
	bpf_program__set_autoload(program, true);
	return spec->kind == PROBE_TRAMPOLINE
		       ? bpf_program__set_attach_target(program, 0, spec->target)
		       : 0;
}

/* Loads those of `some`, as they are in the plan. 0, or -errno: which one is at fault is known where
 * *culprit is set, PROBES else. */
static int load(const struct probe_set *set, uint64_t plan, uint64_t some, struct probes_bpf **out,
		enum probe *culprit)
{
	struct probes_bpf *skeleton = probes_bpf__open();
	int error = 0;

	*culprit = PROBES;
	if (!skeleton)
		return -errno;
	configure(skeleton, set, plan);
	bpf_program__set_autoload(skeleton->progs.try_storage, set->storage);
	for (enum probe i = 0; i < PROBES; i++) {
		const struct probe_spec *spec = &probe_table[i];

		bpf_program__set_autoload(program_at(skeleton, spec->program), false);
		if (spec->stack_program)
			bpf_program__set_autoload(program_at(skeleton, spec->stack_program), false);
	}
	for (enum probe i = 0; i < PROBES && !error; i++) {
		if (!(some & PROBE_BIT(i)))
			continue;
		error = choose(program_of(set, skeleton, i), &probe_table[i]);
		if (!error && has_second(set, i))
			error = choose(program_at(skeleton, probe_table[i].stack_program),
				       &probe_table[i]);
		if (error)
			*culprit = i;
	}
	if (!error)
		error = probes_bpf__load(skeleton);
	if (error) {
		probes_bpf__destroy(skeleton);
		return error;
	}
	*out = skeleton;
	return 0;
}

/* The helper may be there and have no memory to give. */
static bool storage_works(const struct probes_bpf *skeleton)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	return bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.try_storage), &run) ||
	       run.retval;
}

/* Can programs be put on functions at all? Asked with a function that does not exist, which is all that
 * a kernel finds fault with that would take one. */
static int try_trampoline(void)
{
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	const int program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "shmtop_try", "GPL", nothing,
					  sizeof(nothing) / sizeof(nothing[0]), &options);

	if (program >= 0)
		close(program);
	return program == -EPERM ? program : 0;
}

static void refuse_trampolines(struct probe_set *set, int error)
{
	for (enum probe i = 0; i < PROBES; i++)
		if (probe_table[i].kind == PROBE_TRAMPOLINE)
			refuse(set, i, error);
}

/* Does the kernel's BTF only declare what the functions of system calls are given? */
static bool regs_are_undescribed(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const char *function = probe_table[FENTRY_SHMGET].target;
	const int id = btf ? btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) : -1;
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	type = type ? btf__type_by_id(btf, type->type) : NULL;
	type = type && btf_vlen(type) ? btf__type_by_id(btf, btf_params(type)[0].type) : NULL;
	while (type && (btf_is_mod(type) || btf_is_ptr(type)))
		type = btf__type_by_id(btf, type->type);

	const bool undescribed = type && btf_is_fwd(type);

	btf__free(btf);
	return undescribed;
}

static int try_load(const struct probe_set *set, uint64_t plan, uint64_t some)
{
	struct probes_bpf *skeleton;
	enum probe ignored;
	const int error = load(set, plan, some, &skeleton, &ignored);

	if (!error)
		probes_bpf__destroy(skeleton);
	return error;
}

/* The same, but where it is the capture of stacks that is refused, there is less of that from now on. */
static int try_capture(struct probe_set *set, uint64_t plan, uint64_t some)
{
	const enum probe_capture before = set->capture;
	const int error = try_load(set, plan, some);
	int lesser = error;

	while (lesser && set->capture) {
		set->capture--;
		lesser = try_load(set, plan, some);
	}
	if (lesser)
		set->capture = before;
	else if (before && !set->capture)
		loader_why(error, set->capture_why);
	return lesser;
}

/* Something cannot be loaded: finds out what by loading each alone. */
static int refuse_separately(struct probe_set *set, uint64_t plan)
{
	int error = try_capture(set, plan, 0);

	if (error)
		return error;
	for (enum probe i = 0; i < PROBES; i++) {
		if (!(plan & PROBE_BIT(i)))
			continue;
		error = captures(set, i) ? try_capture(set, plan, PROBE_BIT(i))
					 : try_load(set, plan, PROBE_BIT(i));
		if (error)
			refuse(set, i, error);
	}
	return 0;
}

/* Why did the plan not load? Afterwards another try makes sense; or it is an error. */
static int learn(struct probe_set *set, uint64_t plan, enum probe culprit, int error)
{
	if (culprit != PROBES) {
		refuse(set, culprit, error);
		return 0;
	}
	if (plan & PROBES_NATIVE && !set->untyped_regs && regs_are_undescribed()) {
		set->untyped_regs = true;
		return 0;
	}

	const enum probe_capture before = set->capture;
	const int failed = refuse_separately(set, plan);

	if (failed)
		return failed;
	return set->refused & plan || set->capture < before ? 0 : error;
}

/* ---- attaching ----------------------------------------------------------------------------- */

static struct bpf_link *attach_one(struct bpf_program *program, const struct probe_spec *spec)
{
	switch (spec->kind) {
	case PROBE_TRACEPOINT:
		return bpf_program__attach_tracepoint(program, "syscalls", spec->target);
	case PROBE_RAW:
		return bpf_program__attach_raw_tracepoint(program, spec->target);
	default:
		return bpf_program__attach(program);
	}
}

/* The kernel runs what was attached last first. Refused, it is done without stacks: they are off from the next try
 * on. */
static bool attach_second(struct probe_set *set, enum probe probe)
{
	const struct probe_spec *spec = &probe_table[probe];
	struct bpf_link *link = attach_one(program_at(set->skeleton, spec->stack_program), spec);

	set->stack_links[probe] = link;
	if (!link)
		loader_why(-errno, set->capture_why);
	return link;
}

static void attach(struct probe_set *set, enum probe probe)
{
	struct bpf_program *program = program_of(set, set->skeleton, probe);
	struct bpf_link *link = attach_one(program, &probe_table[probe]);

	if (!link) {
		refuse(set, probe, -errno);
		return;
	}
	set->links[probe] = link;
	if (!has_second(set, probe) || attach_second(set, probe))
		set->stands |= PROBE_BIT(probe);
}

struct attaching {
	struct probe_set *set;
	uint64_t plan;
};

static void attach_tracepoints(void *context)
{
	const struct attaching *attaching = context;

	for (enum probe i = 0; i < PROBES; i++)
		if (attaching->plan & PROBE_BIT(i) && probe_table[i].kind == PROBE_TRACEPOINT)
			attach(attaching->set, i);
}

static void refuse_tracepoints(struct probe_set *set, int error)
{
	for (enum probe i = 0; i < PROBES; i++)
		if (probe_table[i].kind == PROBE_TRACEPOINT)
			refuse_for(set, i, tracefs_why(error));
}

static bool has_tracepoints(uint64_t plan)
{
	for (enum probe i = 0; i < PROBES; i++)
		if (plan & PROBE_BIT(i) && probe_table[i].kind == PROBE_TRACEPOINT)
			return true;
	return false;
}

static void attach_all(struct probe_set *set, uint64_t plan)
{
	struct attaching attaching = {.set = set, .plan = plan};

	for (enum probe i = 0; i < PROBES; i++)
		if (plan & PROBE_BIT(i) && probe_table[i].kind != PROBE_TRACEPOINT)
			attach(set, i);
	if (!has_tracepoints(plan))
		return;

	const int error = tracefs_run(attach_tracepoints, &attaching);

	if (error)
		refuse_tracepoints(set, error);
}

static void detach_all(struct probe_set *set)
{
	for (enum probe i = 0; i < PROBES; i++) {
		bpf_link__destroy(set->stack_links[i]);
		bpf_link__destroy(set->links[i]);
		set->stack_links[i] = set->links[i] = NULL;
	}
	probes_bpf__destroy(set->skeleton);
	set->skeleton = NULL;
	set->stands = 0;
}

/* ---- the set ------------------------------------------------------------------------------- */

/* Newer than the headers that this is built with: bpf_cgrp_storage_get() */
enum { HELPER_CGRP_STORAGE_GET = 210 };

static bool has_helper(int helper)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, (enum bpf_func_id)helper, NULL) >
	       0;
}

/* Without calls there is nothing to trace: the sched programs alone tell of nobody, and those that 32-bit
 * programs make are the fewest. */
static bool is_enough(const struct probe_set *set, uint64_t plan)
{
	if (set->request.rung == PROBES_FEXIT)
		return !(probe_wish(&set->request) & PROBES_NATIVE & ~plan);
	return plan & (PROBES_NATIVE | PROBES_TRACEPOINTS);
}

static int give_reason(const struct probe_set *set, int error, char why[static LOADER_WHY_LEN])
{
	for (enum probe i = FEXIT_SHMGET; i < PROBES; i++) {
		if (set->request.rung != PROBES_FEXIT && probe_table[i].kind == PROBE_TRAMPOLINE)
			continue;
		if (set->refused & PROBE_BIT(i)) {
			snprintf(why, LOADER_WHY_LEN, "%s", set->whys[i]);
			return error ? error : -ENOENT;
		}
	}
	loader_why(error ? error : -ENOENT, why);
	return error ? error : -ENOENT;
}

/* Registers cannot be had without the helper. */
static enum probe_capture best_capture(struct probe_set *set)
{
	if (!set->request.stacks)
		return CAPTURE_NONE;
	if (has_helper(BPF_FUNC_task_pt_regs))
		return CAPTURE_FIND;
	snprintf(set->capture_why, LOADER_WHY_LEN, "needs Linux 5.15");
	return CAPTURE_NONE;
}

int probe_set_open(struct probe_set *set, char why[static LOADER_WHY_LEN])
{
	int error = 0;

	set->capture = best_capture(set);

	/* Before the kernel that has the one (6.2), the other finds nothing while a task that was preempted
	 * on this CPU is inside of it. */
	set->storage = has_helper(HELPER_CGRP_STORAGE_GET);
	if (!has_helper(BPF_FUNC_find_vma))
		refuse_for(set, TRACEPOINT_ENTER_SHMDT_VMA, "needs Linux 5.17");
	if (set->request.rung != PROBES_TRACEPOINT && (error = try_trampoline()))
		refuse_trampolines(set, error);
	for (;;) {
		const uint64_t plan = probe_plan(&set->request, set->refused);
		enum probe culprit;

		if (!is_enough(set, plan))
			return give_reason(set, error, why);
		error = load(set, plan, plan, &set->skeleton, &culprit);
		if (error) {
			if ((error = learn(set, plan, culprit, error))) {
				loader_why(error, why);
				return error;
			}
			continue;
		}
		if (set->storage && !storage_works(set->skeleton)) {
			detach_all(set);
			set->storage = false;
			continue;
		}
		attach_all(set, plan);
		if (set->stands == plan)
			return 0;
		detach_all(set);
		if (set->capture_why[0])
			set->capture = CAPTURE_NONE;
	}
}

void probe_set_close(struct probe_set *set)
{
	detach_all(set);
}

bool probe_set_captures(const struct probe_set *set)
{
	for (enum probe i = 0; i < PROBES; i++)
		if (set->stands & PROBE_BIT(i) && captures(set, i))
			return true;
	return false;
}

bool probe_set_follows(const struct probe_set *set)
{
	return set->skeleton->rodata->follow_life;
}

void probe_set_skips(const struct probe_set *set, struct probe_skips *out)
{
	*out = (struct probe_skips){0};
	for (enum probe i = 0; i < PROBES; i++) {
		const struct probe_spec *spec = &probe_table[i];
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		if (!(set->stands & PROBE_BIT(i)) ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(program_of(set, set->skeleton, i)),
					   &info, &size))
			continue;
		*(spec->enter ? &out->enters[spec->op] : &out->others[spec->op]) +=
			info.recursion_misses;
	}
}
