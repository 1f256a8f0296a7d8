/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/collector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "base/array.h"
#include "base/clock.h"
#include "observe/attachers.h"
#include "observe/limits.h"
#include "observe/process.h"
#include "observe/sysvipc.h"
#include "report/owner.h"
#include "report/source.h"

/* What one source may take of a core: after work that took t it rests for at least SHARE * t. */
enum { SHARE = 20 };
/* A live tick reads /proc of new processes for at most this long; the rest waits for the next tick. */
#define PROCESS_BUDGET (20 * CLOCK_MS)
/* A namespace is made or ends rarely, and events tell of those that matter. */
#define NAMESPACE_INTERVAL (5 * CLOCK_SECOND)
/* One's own limits are read once a second, at ticks that come a little early, too; those of other
 * namespaces in turn, so many a look. */
#define LIMITS_INTERVAL (900 * CLOCK_MS)
enum { LIMITS_AT_ONCE = 4 };
/* Steady activity never comes to rest: the mappings are confirmed at least this often meanwhile. */
#define SETTLE_INTERVAL (10 * CLOCK_SECOND)
/* Ticks without an event until a table may rest: two tables in a row tell that things have settled. */
enum { REST_TICKS = 3 };
/* Events applied in one go, so that keys and signals are served in between. */
enum { DRAIN_LIMIT = 65536 };
/* Looks until the tables and the mappings agree, for commands that look once. */
enum { LOOKS = 4 };

/* What the last look at a table began with */
struct table_rest {
	uint32_t ipcns;
	bool known;
	struct sysvipc_sum sum;
	unsigned int quiet_ticks; /* without an event in that namespace */
};

struct collector {
	struct collector_options options;
	struct model *model;
	struct probes *probes;
	struct attachers *attachers;
	struct owner_names *owners;
	struct source_status status;
	uint32_t own_ipcns;

	struct sysvipc_table table;
	struct attachment_list mappings;
	struct namespace_list namespaces;
	struct table_rest *rests; /* of the namespaces in that list; owned */
	size_t rests_count, rests_capacity;

	uint64_t lost;           /* as last seen */
	uint64_t namespaces_due; /* when they are listed again */
	uint64_t limits_due;     /* one's own limits are read again */
	size_t limits_turn;      /* looks at the tables so far */
	uint64_t tables_due;     /* the tables may be read again */
	uint64_t scan_due;       /* the mappings may be scanned again */
	uint64_t scanned;        /* the last good scan */
	bool restless;           /* rows were unsettled at the last tick already */
	uint64_t applied;        /* events since the last tick */
	int error;               /* first failure of model_apply while draining */
};

static bool wanted_namespace(const struct collector *collector, uint32_t ipcns)
{
	return !collector->options.only_ipcns || collector->options.only_ipcns == ipcns;
}

/* Other tools that look do not. */
static bool changes_table(const struct event *event)
{
	switch (event->op) {
	case FACT_SHMGET:
		return event->created;
	case FACT_SHMCTL:
		return event->ret >= 0 && (event->cmd == IPC_RMID || event->cmd == IPC_SET ||
					   event->cmd == SHM_LOCK || event->cmd == SHM_UNLOCK);
	default:
		return event->ret >= 0;
	}
}

/* Namespaces are ordered by their inode. */
static void disturb_rest(struct collector *collector, uint32_t ipcns)
{
	struct table_rest *rests = collector->rests;
	size_t low = 0, high = collector->rests_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rests[middle].ipcns < ipcns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < collector->rests_count && rests[low].ipcns == ipcns)
		rests[low].quiet_ticks = 0;
}

static void apply_event(void *context, const struct event *event)
{
	struct collector *collector = context;

	if (!wanted_namespace(collector, event->ipcns))
		return;
	int error = model_apply(collector->model, event);

	if (error && !collector->error)
		collector->error = error;
	if (changes_table(event))
		disturb_rest(collector, event->ipcns);
	collector->applied++;
}

long collector_drain(struct collector *collector)
{
	if (!collector->probes)
		return 0;

	long count = probes_drain(collector->probes, DRAIN_LIMIT, apply_event, collector);
	int error = collector->error;

	collector->error = 0;
	return error ? error : count;
}

/* Lost events leave holes that only a look at the kernel's own tables can fill. */
static void notice_loss(struct collector *collector)
{
	struct probes_loss loss;

	if (!collector->probes)
		return;
	probes_count_skipped(collector->probes);
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

/* Every table is read again, those at rest too. */
static int forget_rests(struct collector *collector)
{
	void *rests = collector->rests;
	size_t before = collector->rests_count;
	int error = array_reserve(&rests, &collector->rests_capacity, collector->namespaces.count,
				  sizeof(*collector->rests));

	collector->rests = rests;
	for (size_t i = 0; !error && i < collector->namespaces.count; i++) {
		struct table_rest *rest = &collector->rests[i];
		uint32_t ipcns = collector->namespaces.rows[i].ipcns;
		bool same = i < before && rest->ipcns == ipcns;

		*rest = (struct table_rest){.ipcns = ipcns,
					    .quiet_ticks = same ? rest->quiet_ticks : 0};
	}
	collector->rests_count = error ? 0 : collector->namespaces.count;
	return error;
}

static int list_namespaces(struct collector *collector)
{
	uint64_t began = clock_now();
	size_t kept = 0;
	int error = attachers_namespaces(collector->attachers, &collector->namespaces);

	if (error)
		return error;
	for (size_t i = 0; i < collector->namespaces.count; i++)
		if (wanted_namespace(collector, collector->namespaces.rows[i].ipcns))
			collector->namespaces.rows[kept++] = collector->namespaces.rows[i];
	collector->namespaces.count = kept;
	collector->namespaces_due = clock_now() + NAMESPACE_INTERVAL;
	if ((error = forget_rests(collector)))
		return error;
	return model_reconcile_namespaces(collector->model, collector->namespaces.rows, kept,
					  began);
}

struct visit {
	struct collector *collector;
	uint32_t ipcns;
	struct limits_facts limits;
	bool wants_limits, has_limits;
	struct table_rest *rest;
	bool may_rest, rests;
};

/* To print a table costs the kernel a microsecond and more a segment; to add it up, nanoseconds. */
static int read_table(struct visit *visit)
{
	struct table_rest now = {0};
	int error;

	now.known = sysvipc_sum(&now.sum) == 0;
	visit->rests = visit->may_rest && now.known && visit->rest->known &&
		       memcmp(&now.sum, &visit->rest->sum, sizeof(now.sum)) == 0;
	if (visit->rests)
		return 0;
	error = sysvipc_read(&visit->collector->table);
	visit->rest->known = now.known && !error;
	visit->rest->sum = now.sum;
	return error;
}

static int read_namespace(void *context)
{
	struct visit *visit = context;
	int error = read_table(visit);

	visit->has_limits =
		!error && visit->wants_limits && limits_read(visit->ipcns, &visit->limits) == 0;
	return error;
}

/* Returns -ESRCH when the process that led into the namespace is gone, 0, or what the model said. */
static int reconcile_namespace(struct collector *collector, size_t index, bool wants_limits,
			       bool may_rest)
{
	const struct namespace_facts *place = &collector->namespaces.rows[index];
	struct visit visit = {
		.collector = collector,
		.ipcns = place->ipcns,
		.wants_limits = wants_limits,
		.rest = &collector->rests[index],
		.may_rest = may_rest && collector->rests[index].quiet_ticks++ >= REST_TICKS,
	};
	struct sysvipc_table *table = &collector->table;
	uint64_t began = clock_now();
	int error = namespaces_visit(place, read_namespace, &visit);

	if (error == -ESRCH)
		return error;
	if (error) {
		model_namespace_unreadable(collector->model, place->ipcns, error, began);
		return 0;
	}
	if (visit.has_limits)
		model_set_limits(collector->model, &visit.limits);
	if (visit.rests)
		return 0;
	return model_reconcile_segments(collector->model, place->ipcns, table->rows, table->count,
					table->unreadable, began);
}

/* A table whose sums stay the same, while no event of its namespace comes and all adds up, is not read until
 * the namespaces are listed again. What no event tells shows that much later then: a munmap where only
 * calls are followed, or memory that went from one segment to another. */
static bool tables_may_rest(const struct collector *collector)
{
	struct model_needs needs;

	if (!source_follows(&collector->status))
		return false;
	model_needs(collector->model, &needs);
	return !needs.look && !needs.scan;
}

static int reconcile_tables(struct collector *collector)
{
	uint64_t began = clock_now();
	size_t turns = 1 + collector->namespaces.count / LIMITS_AT_ONCE;
	size_t turn = collector->limits_turn++ % turns;
	bool may_rest = tables_may_rest(collector);

	for (size_t i = 0; i < collector->namespaces.count; i++) {
		const struct namespace_facts *place = &collector->namespaces.rows[i];
		bool in_turn = collector->scanned == 0 || i % turns == turn;
		bool wants_limits = in_turn && place->ipcns != collector->own_ipcns;
		int error = reconcile_namespace(collector, i, wants_limits, may_rest);

		if (error == -ESRCH)
			collector->namespaces_due = 0;
		else if (error)
			return error;
	}
	uint64_t ended = clock_now();

	collector->tables_due = ended + SHARE * (ended - began);
	return 0;
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
	error = model_reconcile_attachments(collector->model, collector->mappings.rows,
					    collector->mappings.count, began);
	uint64_t ended = clock_now();

	collector->scanned = ended;
	collector->scan_due = ended + SHARE * (ended - began);
	return error ? error : tell_kernel(collector);
}

/* munmap, mprotect and mremap move nattch without an event, and may cancel out. So a row that changed
 * is confirmed by a scan once things are at rest, or now and then while they are not. */
static bool scan_is_due(struct collector *collector, uint64_t now, bool quiet)
{
	struct model_needs needs;

	model_needs(collector->model, &needs);
	bool rested = needs.settle && quiet && collector->restless;
	bool overdue = needs.settle && now - collector->scanned >= SETTLE_INTERVAL;

	collector->restless = needs.settle;
	return needs.scan || rested || overdue;
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

static void read_own_limits(struct collector *collector, uint64_t now)
{
	uint32_t own = collector->own_ipcns;
	struct limits_facts limits;

	if (!own || !wanted_namespace(collector, own) || now < collector->limits_due)
		return;
	collector->limits_due = now + LIMITS_INTERVAL;
	if (limits_read(own, &limits) == 0)
		model_set_limits(collector->model, &limits);
}

static int look(struct collector *collector)
{
	uint64_t now = clock_now();
	long drained;
	int error;

	model_set_wall_offset(collector->model, clock_wall(now) - (int64_t)now);
	if (now >= collector->namespaces_due && (error = list_namespaces(collector)))
		return error;
	read_own_limits(collector, now);
	if (now >= collector->tables_due && (error = reconcile_tables(collector)))
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
	notice_loss(collector);
	if ((error = look(collector)))
		return error;

	uint64_t now = clock_now();

	if (scan_is_due(collector, now, quiet) && now >= collector->scan_due &&
	    (error = scan_mappings(collector)))
		return error;
	model_expire(collector->model, now);
	resolve_processes(collector, clock_now() + PROCESS_BUDGET);
	return 0;
}

void collector_look_again(struct collector *collector)
{
	collector->tables_due = 0;
	for (size_t i = 0; i < collector->rests_count; i++)
		collector->rests[i].known = false;
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
	return 0;
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
	    (error = open_probes(collector, why)))
		goto fail;
	describe_sources(collector);
	if ((error = first_look(collector)))
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
	free(collector->rests);
	attachers_list_free(&collector->mappings);
	sysvipc_free(&collector->table);
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
	};
}
