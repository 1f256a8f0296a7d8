/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/probes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bpf/shm_event.h"
#include "observe/probe_set.h"
#include "observe/record.h"
#include "observe/stack_maps.h"
#include "observe/stack_record.h"
#include "probes.skel.h"

enum {
	RING_SIZE = 4 * 1024 * 1024,
	STACK_RING_SIZE = 4 * 1024 * 1024,
	STACK_SIZE = 16 * 1024,
	STACK_SIZE_LEAST = 4 * 1024,
	NAME_LEN = 48,
	RINGS = 2,
};

struct probes {
	struct probe_set set;
	struct ring_buffer *ring;
	struct ring_buffer *stack_ring; /* NULL: there are no stacks */
	int epoll;
	size_t ring_records; /* that fit into the ring */
	struct probe_skips skips;

	char names[PROBES][NAME_LEN];
	struct probes_report reports[PROBES + 1];
	size_t report_count;

	/* the drain that is under way */
	probes_handler *handler;
	void *context;
	size_t limit;
	size_t taken;
	uint64_t bad;

	/* the same for stacks */
	probes_stack_handler *stack_handler;
	void *stack_context;
	size_t stacks_taken;
	uint64_t stacks_bad;
	struct stack_record stack;
};

/* ---- reading ------------------------------------------------------------------------------- */

/* A negative return ends ring_buffer__consume() behind this record, not before it. */
static int take(void *context, void *data, size_t size)
{
	struct probes *probes = context;
	struct caller_facts caller;
	struct event event;

	if (record_decode(data, size, &event)) {
		probes->bad++;
	} else {
		if (record_caller(data, size, &caller))
			event.caller = &caller;
		probes->handler(probes->context, &event);
	}
	probes->taken++;
	return probes->taken >= probes->limit ? -ECANCELED : 0;
}

static int take_stack(void *context, void *data, size_t size)
{
	struct probes *probes = context;

	if (stack_record_decode(data, size, &probes->stack)) {
		probes->stacks_bad++;
		return 0;
	}
	probes->stacks_taken++;
	stack_maps_read(&probes->stack);
	return probes->stack_handler(probes->stack_context, &probes->stack.sample) ? 0 : -ECANCELED;
}

static int open_ring(struct probes *probes, const struct bpf_map *map, ring_buffer_sample_fn taker,
		     struct ring_buffer **out)
{
	struct epoll_event interest = {.events = EPOLLIN | EPOLLET};

	*out = ring_buffer__new(bpf_map__fd(map), taker, probes, NULL);
	if (!*out || epoll_ctl(probes->epoll, EPOLL_CTL_ADD, bpf_map__fd(map), &interest))
		return -errno;
	return 0;
}

/* libbpf's own descriptor stays readable as long as there is any record. This one turns readable when
 * the kernel asks for a reader, and is reset by reading it. */
static int open_rings(struct probes *probes)
{
	const struct probe_set *set = &probes->set;
	int error;

	probes->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (probes->epoll < 0)
		return -errno;
	error = open_ring(probes, set->skeleton->maps.ring, take, &probes->ring);
	if (!error && set->capture)
		error = open_ring(probes, set->skeleton->maps.stack_ring, take_stack,
				  &probes->stack_ring);
	return error;
}

int probes_fd(const struct probes *probes)
{
	return probes->epoll;
}

long probes_drain(struct probes *probes, size_t limit, probes_handler *handler, void *context)
{
	struct epoll_event ignored[RINGS];

	probes->handler = handler;
	probes->context = context;
	probes->limit = limit && limit < probes->ring_records ? limit : probes->ring_records;
	probes->taken = 0;
	if (epoll_wait(probes->epoll, ignored, RINGS, 0) < 0 && errno != EINTR)
		return -errno;

	const int error = ring_buffer__consume(probes->ring);

	return error < 0 && error != -ECANCELED ? error : (long)probes->taken;
}

long probes_drain_stacks(struct probes *probes, probes_stack_handler *handler, void *context)
{
	if (!probes->stack_ring)
		return 0;
	probes->stack_handler = handler;
	probes->stack_context = context;
	probes->stacks_taken = 0;

	const int error = ring_buffer__consume(probes->stack_ring);

	return error < 0 && error != -ECANCELED ? error : (long)probes->stacks_taken;
}

void probes_count_skipped(struct probes *probes)
{
	probe_set_skips(&probes->set, &probes->skips);
}

/* A call both of whose programs were skipped is lost once: its exit counts it. */
static uint64_t skipped_of(const struct probes *probes, enum fact_op op, uint64_t without_enter)
{
	const uint64_t enters = probes->skips.enters[op];

	return probes->skips.others[op] + (enters < without_enter ? enters : without_enter);
}

void probes_loss(const struct probes *probes, struct probes_loss *out)
{
	const volatile struct probes_bpf__bss *counters = probes->set.skeleton->bss;

	*out = (struct probes_loss){
		.bad = probes->bad,
		.total = probes->bad,
		.stacks = counters->stacks_lost + probes->stacks_bad,
	};
	for (unsigned int kind = 1; kind < SHM_EVENT_KINDS; kind++) {
		const uint64_t ring = counters->losses[SHM_LOSS_RING][kind];
		const uint64_t pairs = counters->losses[SHM_LOSS_PAIRS][kind];
		const uint64_t known = counters->losses[SHM_LOSS_KNOWN][kind];
		const enum fact_op op = record_op(kind);
		const uint64_t skipped =
			skipped_of(probes, op, counters->losses[SHM_LOSS_ENTER][kind]);

		out->ring += ring;
		out->pairs += pairs;
		out->known += known;
		out->skipped += skipped;
		/* The record of who could not be known came all the same; but the child of a fork
		 * that could not be known has forks and an exit that nobody tells. */
		out->ops[op] = ring + pairs + skipped + (op == FACT_FORK ? known : 0);
		out->total += ring + pairs + known + skipped;
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

	if (bpf_prog_test_run_opts(bpf_program__fd(probes->set.skeleton->progs.know), &run))
		return -errno;
	return (int)run.retval == -E2BIG ? -ENOSPC : (int)run.retval;
}

int probes_know_holder(struct probes *probes, int32_t pid, uint64_t mm)
{
	return probe_set_follows(&probes->set) ? know(probes, pid, SHM_ROLE_HOLDER, mm) : 0;
}

int probes_know_creator(struct probes *probes, int32_t pid)
{
	return probe_set_follows(&probes->set) ? know(probes, pid, SHM_ROLE_CREATOR, 0) : 0;
}

int probes_follow(struct probes *probes, int32_t pid)
{
	return know(probes, pid, SHM_ROLE_TREE, 0);
}

/* ---- what stands --------------------------------------------------------------------------- */

/* What was refused and would tell more than what stands. */
static uint64_t missed(const struct probe_set *set)
{
	return set->refused & probe_wish(&set->request) & ~probe_surpassed(set->stands);
}

static void report_stacks(struct probes *probes)
{
	const struct probe_set *set = &probes->set;

	if (set->request.stacks)
		probes->reports[probes->report_count++] = (struct probes_report){
			.name = "stacks",
			.stands = probe_set_captures(set),
			.why = set->capture_why,
		};
}

/* A probe that was refused is listed before what stands in its place, since the table has it so. */
static void report_all(struct probes *probes)
{
	const struct probe_set *set = &probes->set;
	const uint64_t listed = set->stands | missed(set);

	for (enum probe i = 0; i < PROBES; i++) {
		struct probes_report *report = &probes->reports[probes->report_count];

		if (!(listed & PROBE_BIT(i)))
			continue;
		snprintf(probes->names[i], NAME_LEN, "%s:%s", probe_table[i].how,
			 probe_table[i].target);
		report->name = probes->names[i];
		report->stands = set->stands & PROBE_BIT(i);
		report->why = report->stands ? "" : set->whys[i];
		probes->report_count++;
	}
	report_stacks(probes);
}

const struct probes_report *probes_reports(const struct probes *probes, size_t *count)
{
	*count = probes->report_count;
	return probes->reports;
}

/* The best probe that was refused tells why not better. */
static const char *first_why(const struct probe_set *set)
{
	for (enum probe i = 0; i < PROBES; i++)
		if (missed(set) & PROBE_BIT(i))
			return set->whys[i];
	return set->request.rung == PROBES_TRACEPOINT ? "--probe=tracepoint asks for no more" : "";
}

void probes_describe(const struct probes *probes, struct source_status *status)
{
	const struct probe_set *set = &probes->set;

	probe_describe(&set->request, set->stands, status);
	snprintf(status->why, sizeof(status->why), "%s", first_why(set));
	status->stacks = probe_set_captures(set) ? "kernel" : "none";
	snprintf(status->stacks_why, sizeof(status->stacks_why), "%s", set->capture_why);
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool is_power_of_two(size_t size, size_t least, size_t most)
{
	return size >= least && size <= most && !(size & (size - 1));
}

static int check_options(const struct probes_options *options)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if ((options->ring_size && !is_power_of_two(options->ring_size, page, SIZE_MAX)) ||
	    (options->stack_ring_size &&
	     !is_power_of_two(options->stack_ring_size, page, SIZE_MAX)) ||
	    (options->stack_size &&
	     !is_power_of_two(options->stack_size, STACK_SIZE_LEAST, SHM_STACK_MOST)))
		return -EINVAL;
	if (options->filter.comm && strlen(options->filter.comm) >= SHM_EVENT_COMM_LEN)
		return -EINVAL;
	return 0;
}

static struct probe_request request_of(const struct probes_options *options)
{
	const struct probes_filter *filter = &options->filter;
	struct probe_request request = {
		.ops = filter->ops ? filter->ops : FACT_OPS_ALL,
		.tree = filter->tree,
		.compat = options->compat,
		.rung = options->rung,
		.stacks = options->stacks,
	};

	if (filter->failed)
		request.ops &= FACT_OPS_CALLS;
	return request;
}

static int start(struct probes *probes, const struct probes_options *options,
		 char why[static PROBES_WHY_LEN])
{
	struct probe_set *set = &probes->set;
	int error;

	libbpf_set_print(NULL);
	set->request = request_of(options);
	set->filter = &options->filter;
	set->ring_size = options->ring_size ? options->ring_size : RING_SIZE;
	set->stack_size = options->stack_size ? options->stack_size : STACK_SIZE;
	set->stack_ring_size =
		options->stack_ring_size ? options->stack_ring_size : STACK_RING_SIZE;
	error = probe_set_open(set, why);
	if (error)
		return error;
	probes->ring_records = set->ring_size / sizeof(struct shm_event);
	error = open_rings(probes);
	if (error)
		loader_why(error, why);
	return error;
}

int probes_open(const struct probes_options *options, struct probes **out,
		char why[static PROBES_WHY_LEN])
{
	struct probes *probes = calloc(1, sizeof(*probes));
	int error;

	if (!probes) {
		snprintf(why, PROBES_WHY_LEN, "out of memory");
		return -ENOMEM;
	}
	probes->epoll = -1;
	error = check_options(options);
	if (error)
		snprintf(why, PROBES_WHY_LEN, "a filter or a size makes no sense");
	else
		error = start(probes, options, why);
	if (error) {
		probes_close(probes);
		return error;
	}
	report_all(probes);
	*out = probes;
	return 0;
}

void probes_close(struct probes *probes)
{
	if (!probes)
		return;
	if (probes->epoll >= 0)
		close(probes->epoll);
	ring_buffer__free(probes->ring);
	ring_buffer__free(probes->stack_ring);
	probe_set_close(&probes->set);
	free(probes);
}
