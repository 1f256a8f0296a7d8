/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/probes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bpf/shm_event.h"
#include "observe/loader.h"
#include "observe/record.h"
#include "observe/tracefs.h"
#include "probes.skel.h"

enum { RING_SIZE = 4 * 1024 * 1024, ROW_WHY_LEN = LOADER_WHY_LEN };

#define OPS_LIFE (FACT_OP_BIT(FACT_FORK) | FACT_OP_BIT(FACT_EXEC) | FACT_OP_BIT(FACT_EXIT))

/* The probes in the order in which they are attached: an exit before its enter, since an exit alone
 * does nothing, while an enter alone fills the table. */
enum probe {
	SHMGET_EXIT,
	SHMGET_ENTER,
	SHMAT_EXIT,
	SHMAT_ENTER,
	SHMDT_EXIT,
	SHMDT_ENTER,
	SHMDT_ENTER_VMA, /* instead of SHMDT_ENTER, where the kernel can look a mapping up */
	SHMCTL_EXIT,
	SHMCTL_ENTER,
	SCHED_FORK,
	SCHED_EXEC,
	SCHED_EXIT,
	PROBES,
	CALL_PROBES = SCHED_FORK, /* those before this one are on system calls */
};

#define PROBE_BIT(probe) (1u << (probe))
#define PROBES_LIFE      (PROBE_BIT(SCHED_FORK) | PROBE_BIT(SCHED_EXEC) | PROBE_BIT(SCHED_EXIT))

static const struct probe_spec {
	const char *name;
	size_t program;     /* offset in the skeleton; all exits share one */
	const char *attach; /* tracepoint, when that is not `name` */
	uint32_t ops;       /* any of these needs it; life needs to know holders and creators */
	bool tree;          /* following a tree of processes needs it too */
	bool is_enter;      /* stands only with its exit, which comes before it */
	enum probe exit;
} specs[PROBES] = {
#define PROGRAM(function)         .program = offsetof(struct probes_bpf, progs.function)
#define PROBE(function)           .name = #function, PROGRAM(function)
#define EXIT(function)            .name = #function, PROGRAM(sys_exit)
#define ENTER(function, its_exit) PROBE(function), .is_enter = true, .exit = its_exit
	[SHMGET_EXIT] = {EXIT(sys_exit_shmget), .ops = FACT_OP_BIT(FACT_SHMGET) | OPS_LIFE},
	[SHMGET_ENTER] = {ENTER(sys_enter_shmget, SHMGET_EXIT),
			  .ops = FACT_OP_BIT(FACT_SHMGET) | OPS_LIFE},
	[SHMAT_EXIT] = {EXIT(sys_exit_shmat), .ops = FACT_OP_BIT(FACT_SHMAT) | OPS_LIFE},
	[SHMAT_ENTER] = {ENTER(sys_enter_shmat, SHMAT_EXIT),
			 .ops = FACT_OP_BIT(FACT_SHMAT) | OPS_LIFE},
	[SHMDT_EXIT] = {EXIT(sys_exit_shmdt), .ops = FACT_OP_BIT(FACT_SHMDT)},
	[SHMDT_ENTER] = {ENTER(sys_enter_shmdt, SHMDT_EXIT), .ops = FACT_OP_BIT(FACT_SHMDT)},
	[SHMDT_ENTER_VMA] = {ENTER(sys_enter_shmdt_vma, SHMDT_EXIT), .attach = "sys_enter_shmdt",
			     .ops = FACT_OP_BIT(FACT_SHMDT)},
	[SHMCTL_EXIT] = {EXIT(sys_exit_shmctl), .ops = FACT_OP_BIT(FACT_SHMCTL)},
	[SHMCTL_ENTER] = {ENTER(sys_enter_shmctl, SHMCTL_EXIT), .ops = FACT_OP_BIT(FACT_SHMCTL)},
	[SCHED_FORK] = {PROBE(sched_process_fork), .ops = OPS_LIFE, .tree = true},
	[SCHED_EXEC] = {PROBE(sched_process_exec), .ops = OPS_LIFE},
	[SCHED_EXIT] = {PROBE(sched_process_exit), .ops = OPS_LIFE, .tree = true},
};

static const struct {
	enum shm_event_kind kind;
	enum fact_op op;
} kinds[] = {
	{SHM_EVENT_SHMGET, FACT_SHMGET}, {SHM_EVENT_SHMAT, FACT_SHMAT},
	{SHM_EVENT_SHMDT, FACT_SHMDT},   {SHM_EVENT_SHMCTL, FACT_SHMCTL},
	{SHM_EVENT_FORK, FACT_FORK},     {SHM_EVENT_EXEC, FACT_EXEC},
	{SHM_EVENT_EXIT, FACT_EXIT},
};

/* What to load */
struct plan {
	const struct probes_filter *filter;
	uint32_t ops; /* to deliver */
	size_t ring_size;
	uint32_t probes; /* PROBE_BIT */
	bool storage;    /* pair calls by task storage */
};

struct probes {
	struct probes_bpf *skeleton;
	struct ring_buffer *ring;
	int epoll;
	size_t ring_records; /* that fit into the ring */
	bool follows;        /* the table of known groups is kept */

	uint32_t loaded; /* PROBE_BIT */
	uint32_t stands;
	struct bpf_link *links[PROBES];
	char whys[PROBES][ROW_WHY_LEN];
	struct probes_report reports[PROBES];
	size_t report_count;

	/* the drain that is under way */
	probes_handler *handler;
	void *context;
	size_t limit;
	size_t taken;
	uint64_t bad;
};

/* ---- loading ------------------------------------------------------------------------------- */

static struct bpf_program *program_of(struct probes_bpf *skeleton, enum probe probe)
{
	return *(struct bpf_program **)((char *)skeleton + specs[probe].program);
}

static void set_filter(struct probes_bpf *skeleton, const struct plan *plan)
{
	const struct probes_filter *filter = plan->filter;
	struct probes_bpf__rodata *settings = skeleton->rodata;

	settings->wanted = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (plan->ops & FACT_OP_BIT(kinds[i].op))
			settings->wanted |= 1u << kinds[i].kind;
	}
	settings->filter_pid = (uint32_t)filter->pid;
	settings->filter_has_uid = filter->has_uid;
	settings->filter_uid = filter->uid;
	settings->filter_has_comm = filter->comm;
	if (filter->comm)
		memcpy((void *)settings->filter_comm, filter->comm, strlen(filter->comm));
	settings->filter_failed = filter->failed;
	settings->filter_tree = filter->tree;
}

static int load(const struct plan *plan, struct probes_bpf **out)
{
	struct probes_bpf *skeleton = probes_bpf__open();

	if (!skeleton)
		return -errno;
	set_filter(skeleton, plan);
	skeleton->rodata->viewer_pid = (uint32_t)getpid();
	skeleton->rodata->viewer_pidns = loader_pidns();
	skeleton->rodata->use_storage = plan->storage;
	skeleton->rodata->wake_level = plan->ring_size / 4;
	/* without the program that forgets groups, none is remembered */
	skeleton->rodata->follow_life =
		plan->ops & OPS_LIFE && plan->probes & PROBE_BIT(SCHED_EXIT);
	bpf_map__set_max_entries(skeleton->maps.ring, plan->ring_size);
	bpf_map__set_autocreate(skeleton->maps.call_storage, plan->storage);
	bpf_map__set_autocreate(skeleton->maps.call_table, !plan->storage);
	for (enum probe i = 0; i < PROBES; i++)
		bpf_program__set_autoload(program_of(skeleton, i), false);
	for (enum probe i = 0; i < PROBES; i++) {
		if (plan->probes & PROBE_BIT(i))
			bpf_program__set_autoload(program_of(skeleton, i), true);
	}

	const int error = probes_bpf__load(skeleton);

	if (error) {
		probes_bpf__destroy(skeleton);
		return error;
	}
	*out = skeleton;
	return 0;
}

static uint32_t probes_wanted(uint32_t ops, bool tree)
{
	uint32_t wanted = 0;

	for (enum probe i = 0; i < PROBES; i++) {
		if (specs[i].ops & ops || (specs[i].tree && tree))
			wanted |= PROBE_BIT(i);
	}
	return wanted;
}

/* An enter without its exit is of no use, and of two enters of shmdt one is enough. */
static uint32_t probes_sensible(uint32_t set)
{
	for (enum probe i = 0; i < PROBES; i++) {
		if (specs[i].is_enter && !(set & PROBE_BIT(specs[i].exit)))
			set &= ~PROBE_BIT(i);
	}
	if (set & PROBE_BIT(SHMDT_ENTER_VMA))
		set &= ~PROBE_BIT(SHMDT_ENTER);
	if (!(set & PROBE_BIT(SCHED_EXIT)))
		set &= ~PROBES_LIFE;
	return set;
}

/* Something cannot be loaded: finds out what by loading each alone, then loads the rest. */
static int load_separately(struct probes *probes, struct plan *plan)
{
	const uint32_t all = plan->probes;
	uint32_t loadable = 0;
	struct plan none = *plan;
	struct probes_bpf *skeleton;

	none.probes = 0;

	int error = load(&none, &skeleton);

	if (error)
		return error;
	probes_bpf__destroy(skeleton);
	for (enum probe i = 0; i < PROBES; i++) {
		struct plan one = *plan;

		one.probes = PROBE_BIT(i);
		if (!(all & one.probes))
			continue;

		const int failed = load(&one, &skeleton);

		if (failed) {
			error = failed;
			loader_why(failed, probes->whys[i]);
			continue;
		}
		loadable |= one.probes;
		probes_bpf__destroy(skeleton);
	}
	plan->probes = probes_sensible(loadable);
	return plan->probes ? load(plan, &probes->skeleton) : error;
}

static bool has_helper(enum bpf_func_id helper)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, helper, NULL) > 0;
}

static int load_best(struct probes *probes, struct plan *plan)
{
	struct plan best = *plan;

	if (!has_helper(BPF_FUNC_find_vma))
		plan->probes &= ~PROBE_BIT(SHMDT_ENTER_VMA);
	best.probes = probes_sensible(plan->probes);
	if (!load(&best, &probes->skeleton)) {
		*plan = best;
		return 0;
	}
	return load_separately(probes, plan);
}

/* ---- attaching ----------------------------------------------------------------------------- */

static void attach(struct probes *probes, enum probe probe)
{
	const struct probe_spec *spec = &specs[probe];
	struct bpf_program *program = program_of(probes->skeleton, probe);
	struct bpf_link *link;

	if (!(probes->loaded & PROBE_BIT(probe)))
		return;
	if (spec->is_enter && !(probes->stands & PROBE_BIT(spec->exit)))
		return;
	if (probe < CALL_PROBES)
		link = bpf_program__attach_tracepoint(program, "syscalls",
						      spec->attach ? spec->attach : spec->name);
	else
		link = bpf_program__attach(program);
	if (link)
		probes->stands |= PROBE_BIT(probe);
	else
		loader_why(-errno, probes->whys[probe]);
	probes->links[probe] = link;
}

static void attach_calls(void *context)
{
	for (enum probe i = 0; i < CALL_PROBES; i++)
		attach(context, i);
}

/* Programs on scheduler events need no tracefs. They come first: nobody may become a holder whose exit
 * goes unseen. */
static void attach_life(struct probes *probes)
{
	for (enum probe i = CALL_PROBES; i < PROBES; i++)
		attach(probes, i);
}

static bool any_call_stands(const struct probes *probes)
{
	for (enum probe i = 0; i < PROBES; i++) {
		if (specs[i].is_enter && probes->stands & PROBE_BIT(i))
			return true;
	}
	return false;
}

static const char *first_why(const struct probes *probes)
{
	for (enum probe i = 0; i < PROBES; i++) {
		if (probes->whys[i][0])
			return probes->whys[i];
	}
	return "no probe can be attached";
}

static int attach_all(struct probes *probes, char why[static PROBES_WHY_LEN])
{
	attach_life(probes);

	const int error = tracefs_run(attach_calls, probes);

	if (error == -EPERM || error == -EACCES) {
		snprintf(why, PROBES_WHY_LEN,
			 "tracefs cannot be read: needs root, or CAP_DAC_READ_SEARCH, and "
			 "CAP_SYS_ADMIN too where it is not mounted");
		return -EPERM;
	}
	if (error) {
		snprintf(why, PROBES_WHY_LEN,
			 "no tracefs: needs a kernel with CONFIG_FTRACE_SYSCALLS and /sys mounted");
		return error;
	}
	if (!any_call_stands(probes)) {
		snprintf(why, PROBES_WHY_LEN, "%s", first_why(probes));
		return -ENOENT;
	}
	return 0;
}

static void report_all(struct probes *probes, uint32_t wanted)
{
	const bool has_vma = probes->stands & PROBE_BIT(SHMDT_ENTER_VMA);

	for (enum probe i = 0; i < PROBES; i++) {
		struct probes_report *report = &probes->reports[probes->report_count];

		if (!(wanted & PROBE_BIT(i)) || (i == SHMDT_ENTER && has_vma))
			continue;
		report->name = specs[i].name;
		report->stands = probes->stands & PROBE_BIT(i);
		if (!report->stands && probes->whys[i][0] == '\0')
			snprintf(probes->whys[i], ROW_WHY_LEN, "%s",
				 i == SHMDT_ENTER_VMA ? "needs Linux 5.17" : "needs its partner");
		report->why = report->stands ? "" : probes->whys[i];
		probes->report_count++;
	}
}

/* ---- reading ------------------------------------------------------------------------------- */

/* A negative return ends ring_buffer__consume() behind this record, not before it. */
static int take(void *context, void *data, size_t size)
{
	struct probes *probes = context;
	struct event event;

	if (record_decode(data, size, &event))
		probes->bad++;
	else
		probes->handler(probes->context, &event);
	probes->taken++;
	return probes->taken >= probes->limit ? -ECANCELED : 0;
}

/* libbpf's own descriptor stays readable as long as there is any record. This one turns readable when
 * the kernel asks for a reader, and is reset by reading it. */
static int open_ring(struct probes *probes)
{
	struct epoll_event interest = {.events = EPOLLIN | EPOLLET};
	const int map = bpf_map__fd(probes->skeleton->maps.ring);

	probes->ring = ring_buffer__new(map, take, probes, NULL);
	if (!probes->ring)
		return -errno;
	probes->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (probes->epoll < 0 || epoll_ctl(probes->epoll, EPOLL_CTL_ADD, map, &interest))
		return -errno;
	return 0;
}

int probes_fd(const struct probes *probes)
{
	return probes->epoll;
}

long probes_drain(struct probes *probes, size_t limit, probes_handler *handler, void *context)
{
	struct epoll_event ignored;

	probes->handler = handler;
	probes->context = context;
	probes->limit = limit && limit < probes->ring_records ? limit : probes->ring_records;
	probes->taken = 0;
	if (epoll_wait(probes->epoll, &ignored, 1, 0) < 0 && errno != EINTR)
		return -errno;

	const int error = ring_buffer__consume(probes->ring);

	return error < 0 && error != -ECANCELED ? error : (long)probes->taken;
}

void probes_loss(const struct probes *probes, struct probes_loss *out)
{
	const volatile struct probes_bpf__bss *counters = probes->skeleton->bss;

	*out = (struct probes_loss){.bad = probes->bad, .total = probes->bad};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const uint64_t ring = counters->losses[SHM_LOSS_RING][kinds[i].kind];
		const uint64_t pairs = counters->losses[SHM_LOSS_PAIRS][kinds[i].kind];
		const uint64_t known = counters->losses[SHM_LOSS_KNOWN][kinds[i].kind];

		out->ring += ring;
		out->pairs += pairs;
		out->known += known;
		/* The record of who could not be known came all the same; but the child of a fork
		 * that could not be known has forks and an exit that nobody tells. */
		out->ops[kinds[i].op] = ring + pairs + (kinds[i].op == FACT_FORK ? known : 0);
		out->total += ring + pairs + known;
	}
}

/* ---- known groups -------------------------------------------------------------------------- */

static int know(struct probes *probes, int32_t pid, enum shm_role role, uint64_t mm)
{
	uint64_t arguments[SHM_KNOW_ARGUMENTS] = {
		[SHM_KNOW_PID] = (uint32_t)pid,
		[SHM_KNOW_ROLE] = role,
		[SHM_KNOW_MM] = mm,
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));

	if (bpf_prog_test_run_opts(bpf_program__fd(probes->skeleton->progs.know), &run))
		return -errno;
	return (int)run.retval == -E2BIG ? -ENOSPC : (int)run.retval;
}

int probes_know_holder(struct probes *probes, int32_t pid, uint64_t mm)
{
	return probes->follows ? know(probes, pid, SHM_ROLE_HOLDER, mm) : 0;
}

int probes_know_creator(struct probes *probes, int32_t pid)
{
	return probes->follows ? know(probes, pid, SHM_ROLE_CREATOR, 0) : 0;
}

int probes_follow(struct probes *probes, int32_t pid)
{
	return know(probes, pid, SHM_ROLE_TREE, 0);
}

/* ---- life ---------------------------------------------------------------------------------- */

static int check_options(const struct probes_options *options)
{
	const size_t size = options->ring_size;

	if (size && (size & (size - 1) || size < (size_t)sysconf(_SC_PAGESIZE)))
		return -EINVAL;
	if (options->filter.comm && strlen(options->filter.comm) >= SHM_EVENT_COMM_LEN)
		return -EINVAL;
	return 0;
}

static int start(struct probes *probes, struct plan *plan, char why[static PROBES_WHY_LEN])
{
	const uint32_t wanted = plan->probes;
	int error = load_best(probes, plan);

	if (error) {
		loader_why(error, why);
		return error;
	}
	probes->loaded = plan->probes;
	probes->follows = probes->skeleton->rodata->follow_life;
	probes->ring_records = plan->ring_size / sizeof(struct shm_event);
	error = open_ring(probes);
	if (error) {
		loader_why(error, why);
		return error;
	}
	error = attach_all(probes, why);
	if (!error)
		report_all(probes, wanted);
	return error;
}

int probes_open(const struct probes_options *options, struct probes **out,
		char why[static PROBES_WHY_LEN])
{
	const struct probes_filter *filter = &options->filter;
	struct plan plan = {
		.filter = filter,
		.ops = filter->ops ? filter->ops : FACT_OPS_ALL,
		.ring_size = options->ring_size ? options->ring_size : RING_SIZE,
	};
	struct probes *probes = calloc(1, sizeof(*probes));
	int error;

	if (!probes) {
		snprintf(why, PROBES_WHY_LEN, "out of memory");
		return -ENOMEM;
	}
	probes->epoll = -1;
	error = check_options(options);
	if (error) {
		snprintf(why, PROBES_WHY_LEN, "a filter or the size of the ring makes no sense");
		goto fail;
	}
	libbpf_set_print(NULL);
	if (filter->failed)
		plan.ops &= FACT_OPS_CALLS;
	plan.probes = probes_wanted(plan.ops, filter->tree);
	plan.storage = has_helper(BPF_FUNC_task_storage_get);
	error = start(probes, &plan, why);
	if (error)
		goto fail;
	*out = probes;
	return 0;

fail:
	probes_close(probes);
	return error;
}

void probes_close(struct probes *probes)
{
	if (!probes)
		return;
	if (probes->epoll >= 0)
		close(probes->epoll);
	for (enum probe i = 0; i < PROBES; i++)
		bpf_link__destroy(probes->links[i]);
	ring_buffer__free(probes->ring);
	probes_bpf__destroy(probes->skeleton);
	free(probes);
}

const struct probes_report *probes_reports(const struct probes *probes, size_t *count)
{
	*count = probes->report_count;
	return probes->reports;
}
