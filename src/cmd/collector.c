/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/collector_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/call_stacks.h"
#include "cmd/inquiry.h"
#include "cmd/namespace_names.h"
#include "judge/growth.h"
#include "observe/process.h"
#include "observe/remove.h"
#include "report/owner.h"
#include "stack/debuginfod.h"

/* A live tick reads /proc of new processes for at most this long; the rest waits for the next tick. */
#define PROCESS_BUDGET (20 * CLOCK_MS)
/* And of process groups that may be empty */
#define GROUP_BUDGET (5 * CLOCK_MS)
/* And of processes whose namespaces are to be named */
#define NAMESPACE_NAMES_BUDGET (10 * CLOCK_MS)
/* The same for stacks that are unwound, and for names that are found; the rest waits. */
#define STACK_BUDGET (10 * CLOCK_MS)
#define NAME_BUDGET  (5 * CLOCK_MS)
/* And before a report, where people wait for it, however many come meanwhile, and whatever files are like */
#define STACK_PATIENCE (2 * CLOCK_SECOND)
#define NAME_PATIENCE  (10 * CLOCK_SECOND)
/* Calls that were all skipped leave no event: they are found at the latest after this. */
#define SKIPS_INTERVAL (5 * CLOCK_SECOND)
/* Steady activity never comes to rest: the mappings are confirmed at least this often meanwhile. */
#define SETTLE_INTERVAL (10 * CLOCK_SECOND)
/* Events applied in one go, so that keys and signals are served in between. */
enum { DRAIN_LIMIT = 65536 };
/* Looks until the tables and the mappings agree, for commands that look once. */
enum { LOOKS = 4 };

/* One that is new is read at the next tick. */
static void notice_namespace(struct collector *collector, uint32_t ipcns)
{
	if (ipcns && !model_namespace(collector->model, ipcns) &&
	    collector->namespaces_due > collector->namespaces_free)
		collector->namespaces_due = collector->namespaces_free;
}

/* A record that the kernel made inside of the removal that we did. Its probes do not follow our calls, so it
 * lacks the reason. */
static bool is_own_removal(const struct collector *collector, const struct event *event)
{
	const struct event *call = &collector->removal;

	return event->op == FACT_DESTROY && event->pid == call->pid &&
	       event->ipcns == call->ipcns && event->shmid == call->shmid &&
	       event->time <= call->time && event->time >= call->time - call->took;
}

static void apply_event(void *context, const struct event *told)
{
	struct collector *collector = context;
	struct event own = *told;
	const struct event *event = &own;

	if (!collector_wants(collector, event->ipcns) || kin_looks(&collector->kin, event))
		return;
	notice_namespace(collector, event->ipcns);
	if (is_own_removal(collector, event))
		own.reason = FACT_REASON_IPC_RMID;
	if (collector->inquiry)
		own.failure = inquiry_event(collector->inquiry, event);
	if (own.failure && event->op == FACT_SHMGET && event->ret < 0)
		own.shmid = failures_segment(inquiry_failures(collector->inquiry), own.failure);
	own.caller = NULL;
	int error = model_apply(collector->model, event);

	if (error && !collector->error)
		collector->error = error;
	table_rests_disturb(&collector->rests, event);
	collector->applied++;
}

long collector_drain(struct collector *collector)
{
	if (!collector->probes)
		return 0;

	long count = probes_drain(collector->probes, DRAIN_LIMIT, apply_event, collector);
	int error = collector->error;

	collector->error = 0;
	if (!error && count >= 0 && collector->stacks)
		error = call_stacks_read(collector->stacks, collector->probes, collector->model,
					 clock_now() + STACK_BUDGET);
	return error ? error : count;
}

uint32_t collector_stack(struct collector *collector, const struct event *event)
{
	if (!event->sampled || !collector->stacks)
		return 0;
	return call_stacks_of(collector->stacks, collector->probes, collector->model, event);
}

void collector_name_stacks(struct collector *collector)
{
	if (!collector->stacks)
		return;
	call_stacks_read(collector->stacks, collector->probes, collector->model,
			 clock_now() + STACK_PATIENCE);
	call_stacks_name_all(collector->stacks, NAME_PATIENCE);
}

/* Lost events leave holes that only a look at the kernel's own tables can fill. Programs are asked one by one
 * whether they were skipped: now and then only, while nothing happens. */
static void notice_loss(struct collector *collector, bool quiet)
{
	uint64_t now = clock_now();
	struct probes_loss loss;

	if (!collector->probes)
		return;
	if (!quiet || now >= collector->skips_due) {
		probes_count_skipped(collector->probes);
		collector->skips_due = now + SKIPS_INTERVAL;
	}
	probes_loss(collector->probes, &loss);
	if (loss.total == collector->lost)
		return;
	collector->lost = loss.total;
	collector->status.lost = loss.total;
	collector->status.skipped = loss.skipped;
	model_set_status(collector->model, &collector->status);
	model_distrust(collector->model);
	model_recheck_processes(collector->model);
}

/* A full table leaves the life of some to be found by the drift; it is counted as a loss where a
 * process would have entered itself. */
static bool told_enough(int error)
{
	return error == 0 || error == -ENOSPC;
}

/* The kernel follows the life of those that it is told of. */
static int tell_kernel(struct collector *collector)
{
	const struct attachment_list *mappings = &collector->mappings;

	if (!collector->probes)
		return 0;
	for (size_t i = 0; i < mappings->count; i++) {
		const struct attachment *row = &mappings->rows[i];

		if (i > 0 && row->mm == row[-1].mm)
			continue;
		int error = probes_know_holder(collector->probes, row->pid, row->mm);

		if (!told_enough(error))
			return error;
	}
	return 0;
}

/* After each scan again: the iterator may have failed, and processes be hidden. */
static void describe_sources(struct collector *collector)
{
	struct source_status *status = &collector->status;
	bool iterator = attachers_method(collector->attachers) == ATTACHERS_ITERATOR;

	if (collector->probes)
		probes_describe(collector->probes, status);
	else
		status->calls = status->compat = status->life = "none";
	status->attachers = iterator ? "iter" : "maps";
	status->partial = collector->mappings.partial;
	snprintf(status->attachers_why, sizeof(status->attachers_why), "%s",
		 collector->options.rung == COLLECTOR_POLL ? "--probe=poll asks for no more"
							   : attachers_why(collector->attachers));
	if (collector->options.rung == COLLECTOR_POLL || status->why[0] == '\0')
		snprintf(status->why, sizeof(status->why), "%s", status->attachers_why);
	model_set_status(collector->model, status);
}

static void keep_wanted_mappings(struct collector *collector)
{
	struct attachment_list *list = &collector->mappings;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (collector_wants(collector, list->rows[i].ipcns))
			list->rows[kept++] = list->rows[i];
	list->count = kept;
}

static int scan_mappings(struct collector *collector)
{
	long drained = collector_drain(collector);
	uint64_t began = clock_now();

	if (drained < 0)
		return (int)drained;
	int error = attachers_scan(collector->attachers, &collector->mappings);

	if (error)
		return error;
	describe_sources(collector);
	keep_wanted_mappings(collector);
	error = model_reconcile_attachments(collector->model, collector->mappings.rows,
					    collector->mappings.count, began);
	uint64_t ended = clock_now();

	collector->scanned = ended;
	collector->scan_due = ended + SHARE * (ended - began);
	return error ? error : tell_kernel(collector);
}

const struct model_needs *collector_needs(struct collector *collector)
{
	const uint64_t revision = model_facts_revision(collector->model);

	if (collector->needs_revision != revision)
		model_needs(collector->model, &collector->needs);
	collector->needs_revision = revision;
	return &collector->needs;
}

/* munmap, mprotect and mremap move nattch without an event, and may cancel out. So a row that changed
 * is confirmed by a scan once things are at rest, or now and then while they are not. */
static bool scan_is_due(struct collector *collector, uint64_t now, bool quiet)
{
	const struct model_needs *needs = collector_needs(collector);
	bool rested = needs->settle && quiet && collector->restless;
	bool overdue = needs->settle && now - collector->scanned >= SETTLE_INTERVAL;

	collector->restless = needs->settle;
	return needs->scan || rested || overdue;
}

static void resolve_processes(struct collector *collector, uint64_t deadline)
{
	const struct process *process;
	struct process_facts facts;

	while ((process = model_next_wanted(collector->model))) {
		int32_t pid = process->pid;
		int error = process_read(pid, &facts);
		uint64_t now = clock_now();

		if (error)
			model_process_missing(collector->model, process, now);
		else if (model_process_known(collector->model, process, &facts, now) &&
			 collector->probes)
			probes_know_creator(collector->probes, pid); /* as far as there is room */
		if (now >= deadline)
			break;
	}
}

/* At least one, however late it is. */
static void ask_groups(struct collector *collector, uint64_t deadline)
{
	const struct process_group *group;
	char leader[FACT_COMM_LEN];
	uint64_t now = 0;

	while (now < deadline && (group = model_next_group(collector->model))) {
		const bool empty = process_group_is_empty(group->pgid, leader);

		now = clock_now();
		model_group_known(collector->model, group, empty, leader, now);
	}
}

static int look(struct collector *collector)
{
	uint64_t now = clock_now();
	long drained;
	int error;

	model_set_wall_offset(collector->model, clock_wall(now) - (int64_t)now);
	if (now >= collector->namespaces_due && (error = collector_list_namespaces(collector)))
		return error;
	if (now >= collector->tables_due && (error = collector_read_tables(collector)))
		return error;
	/* What happened before a table was read must not look like drift. */
	drained = collector_drain(collector);
	return drained < 0 ? (int)drained : 0;
}

int collector_tick(struct collector *collector)
{
	bool quiet = collector->applied == 0;
	long drained = collector_drain(collector);
	int error;

	if (drained < 0)
		return (int)drained;
	quiet = quiet && drained == 0;
	collector->applied = 0;
	notice_loss(collector, quiet);
	if ((error = look(collector)))
		return error;

	uint64_t now = clock_now();

	if (scan_is_due(collector, now, quiet) && now >= collector->scan_due &&
	    (error = scan_mappings(collector)))
		return error;
	model_expire(collector->model, now);
	resolve_processes(collector, clock_now() + PROCESS_BUDGET);
	ask_groups(collector, clock_now() + GROUP_BUDGET);
	namespace_names_read(collector->model, clock_now() + NAMESPACE_NAMES_BUDGET);
	if (collector->stacks)
		call_stacks_name(collector->stacks, clock_now() + NAME_BUDGET);
	return collector->growth ? growth_update(collector->growth, collector->model, now) : 0;
}

void collector_look_again(struct collector *collector)
{
	collector->namespaces_due = 0;
	collector->tables_due = 0;
	table_rests_forget(&collector->rests);
	model_recheck_heirs(collector->model);
}

/* ---- removal ------------------------------------------------------------------------------- */

/* The record of the end, if there is one, comes before the call, as it does of those that are followed. What
 * fails here a reconcile repairs, or fails again at the next tick. */
static void tell_removal(struct collector *collector, const struct event *call)
{
	collector->removal = *call;
	collector_drain(collector);
	apply_event(collector, call);
}

static int remove_in(struct collector *collector, uint32_t ipcns, const struct segment_facts *facts,
		     bool attached, uint64_t *nattch)
{
	const struct namespace_list *list = &collector->namespaces;
	struct event call;
	int error;

	for (size_t i = 0; i < list->count; i++) {
		if (list->rows[i].ipcns != ipcns)
			continue;
		error = remove_segment(&list->rows[i], facts, attached, nattch, &call);
		if (call.time)
			tell_removal(collector, &call);
		return error;
	}
	return -ESRCH;
}

int collector_remove(struct collector *collector, uint32_t ipcns, const struct segment_facts *facts,
		     bool attached, uint64_t *nattch)
{
	int error = remove_in(collector, ipcns, facts, attached, nattch);

	/* The process that led there may have ended, and others live on. */
	if (error == -ESRCH && collector_list_namespaces(collector) == 0)
		error = remove_in(collector, ipcns, facts, attached, nattch);
	collector_look_again(collector);
	return error;
}

/* The first look has no history to lean on: it repeats until the tables and the mappings agree, which
 * they do at once unless somebody is at work meanwhile. */
static int first_look(struct collector *collector)
{
	struct model_needs needs = {.scan = true};
	int error;

	model_distrust(collector->model);
	for (int i = 0; i < LOOKS; i++) {
		collector->tables_due = 0;
		if ((error = look(collector)) || (needs.scan && (error = scan_mappings(collector))))
			return error;
		model_needs(collector->model, &needs);
		if (!needs.scan && !needs.look)
			break;
	}
	resolve_processes(collector,
			  collector->options.events ? clock_now() + PROCESS_BUDGET : UINT64_MAX);
	namespace_names_read(collector->model, UINT64_MAX);
	return collector->growth ? growth_update(collector->growth, collector->model, clock_now())
				 : 0;
}

static int open_probes(struct collector *collector, char why[static PROBES_WHY_LEN])
{
	static const enum probes_rung rungs[] = {
		[COLLECTOR_AUTO] = PROBES_BEST,
		[COLLECTOR_FEXIT] = PROBES_FEXIT,
		[COLLECTOR_TRACEPOINT] = PROBES_TRACEPOINT,
		[COLLECTOR_POLL] = PROBES_BEST, /* not opened */
	};
	const struct probes_options options = {
		.rung = rungs[collector->options.rung],
		.compat = collector->options.compat,
		.ring_size = collector->options.ring_size,
		.filter = collector->options.filter,
		.stacks = collector->options.stacks,
		.stack_size = collector->options.stack_size,
	};

	if (!collector->options.events || collector->options.rung == COLLECTOR_POLL)
		return 0;
	int error = probes_open(&options, &collector->probes, why);

	if (error && collector->options.rung == COLLECTOR_AUTO && error != -ENOMEM) {
		snprintf(collector->status.why, sizeof(collector->status.why), "%s", why);
		why[0] = '\0'; /* told with the status; what fails later has its own reason */
		return 0;
	}
	return error;
}

/* What has another name than its inode is known by its processes. */
static int choose_namespace(struct collector *collector, char why[static PROBES_WHY_LEN])
{
	struct collector_options *options = &collector->options;
	int error = collector_list_namespaces(collector);

	if (error)
		return error;
	namespace_names_read(collector->model, UINT64_MAX);
	collector->namespaces_due = 0;
	return namespace_names_choose(collector->model, collector->own_ipcns, options->ns,
				      &options->only_ipcns, why);
}

/* Is all that is made and removed told, by whomever? */
static bool is_told_all(const struct probes_filter *filter)
{
	const uint32_t ops = FACT_OP_BIT(FACT_SHMGET) | FACT_OP_BIT(FACT_SHMCTL);

	return (!filter->ops || (filter->ops & ops) == ops) && !filter->pid && !filter->has_uid &&
	       !filter->comm && !filter->tree;
}

static int open_inquiry(struct collector *collector)
{
	const struct inquiry_sources sources = {
		.model = collector->model,
		.owners = collector->owners,
		.namespaces = &collector->namespaces,
		.complete = is_told_all(&collector->options.filter),
	};

	return inquiry_new(&sources, &collector->inquiry);
}

int collector_open(const struct collector_options *options, struct collector **out,
		   char why[static PROBES_WHY_LEN])
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int error = -ENOMEM;

	why[0] = '\0';
	if (!collector)
		goto fail;
	collector->options = *options;
	collector->own_ipcns = namespaces_own();
	if ((error = sysvipc_check(why)) || (error = owner_names_new(&collector->owners)) ||
	    (error = model_new(NULL, &collector->model)) ||
	    (error = attachers_open(options->rung != COLLECTOR_POLL, &collector->attachers)) ||
	    (error = open_probes(collector, why)) ||
	    (options->growth && (error = growth_new(&collector->growth))) ||
	    (options->debuginfod && (error = debuginfod_new(&collector->servers, why))) ||
	    (collector->probes && options->stacks &&
	     (error = call_stacks_new(collector->servers, &collector->stacks))) ||
	    (collector->probes && options->explains && (error = open_inquiry(collector))))
		goto fail;
	describe_sources(collector);
	if ((options->ns && (error = choose_namespace(collector, why))) ||
	    (error = first_look(collector)))
		goto fail;
	*out = collector;
	return 0;
fail:
	if (why[0] == '\0')
		snprintf(why, PROBES_WHY_LEN, "cannot read the state of shared memory: %s",
			 strerror(-error));
	collector_close(collector);
	return error;
}

void collector_close(struct collector *collector)
{
	if (!collector)
		return;
	namespaces_free(&collector->namespaces);
	table_rests_free(&collector->rests);
	attachers_list_free(&collector->mappings);
	sysvipc_free(&collector->table);
	call_stacks_free(collector->stacks);
	debuginfod_free(collector->servers);
	growth_free(collector->growth);
	inquiry_free(collector->inquiry);
	probes_close(collector->probes);
	attachers_close(collector->attachers);
	model_free(collector->model);
	owner_names_free(collector->owners);
	free(collector);
}

struct model *collector_model(struct collector *collector)
{
	return collector->model;
}

struct probes *collector_probes(struct collector *collector)
{
	return collector->probes;
}

int collector_fd(const struct collector *collector)
{
	return collector->probes ? probes_fd(collector->probes) : -1;
}

struct column_context collector_context(const struct collector *collector)
{
	uint64_t now = clock_now();

	return (struct column_context){
		.model = collector->model,
		.now = now,
		.wall = clock_wall(now),
		.own_ipcns = collector->own_ipcns,
		.owners = collector->owners,
		.paths = collector->stacks ? call_stacks_paths(collector->stacks) : NULL,
		.failures = inquiry_failures(collector->inquiry),
		.growth = collector->growth,
	};
}
