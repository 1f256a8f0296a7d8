/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the collector that visits IPC namespaces: which there are, their tables, their limits. */
#include "cmd/collector_internal.h"

#include <errno.h>

#include "base/clock.h"
#include "observe/hugepools.h"
#include "observe/limits.h"
#include "report/source.h"

/* A namespace is made or ends rarely, and events tell of those that matter, where they are followed. */
#define NAMESPACE_INTERVAL      (10 * CLOCK_SECOND)
#define NAMESPACE_INTERVAL_POLL (5 * CLOCK_SECOND)
/* One's own limits are read with the table; those of other namespaces this often, so many a look. */
#define LIMITS_INTERVAL (5 * CLOCK_SECOND)
enum { LIMITS_AT_ONCE = 4 };

static void read_hugepools(struct collector *collector)
{
	struct fact_hugepools pools;

	hugepools_read(HUGEPOOLS_FOLDER, &pools);
	model_set_hugepools(collector->model, &pools);
}

int collector_list_namespaces(struct collector *collector)
{
	uint64_t began = clock_now();
	size_t kept = 0;
	int error = attachers_namespaces(collector->attachers, &collector->namespaces);

	if (error)
		return error;
	for (size_t i = 0; i < collector->namespaces.count; i++)
		if (collector_wants(collector, collector->namespaces.rows[i].ipcns))
			collector->namespaces.rows[kept++] = collector->namespaces.rows[i];
	uint64_t ended = clock_now();

	collector->namespaces.count = kept;
	collector->namespaces_due =
		ended +
		(source_follows(&collector->status) ? NAMESPACE_INTERVAL : NAMESPACE_INTERVAL_POLL);
	collector->namespaces_free = ended + SHARE * (ended - began);
	read_hugepools(collector); /* as rarely: it is a file for each figure */
	if ((error = table_rests_follow(&collector->rests, &collector->namespaces)))
		return error;
	return model_reconcile_namespaces(collector->model, collector->namespaces.rows, kept,
					  began);
}

struct visit {
	struct collector *collector;
	const struct namespace_facts *place;
	struct table_rest *rest;
	bool own, in_turn, may_rest;
	bool rests, has_limits;
	struct limits_facts limits;
};

static int read_namespace(void *context)
{
	struct visit *visit = context;
	int error = table_rest_read(visit->rest, visit->may_rest, &visit->collector->table,
				    &visit->rests);

	if (!error && (visit->in_turn || (visit->own && !visit->rests)))
		visit->has_limits = limits_read(visit->place->ipcns, &visit->limits) == 0;
	return error;
}

/* Returns -ESRCH when the process that led into the namespace is gone, 0, or what the model said. */
static int reconcile_namespace(struct visit *visit, uint64_t began)
{
	struct collector *collector = visit->collector;
	const uint32_t ipcns = visit->place->ipcns;
	struct sysvipc_table *table = &collector->table;
	int error = visit->own ? read_namespace(visit)
			       : namespaces_visit(visit->place, read_namespace, visit);

	if (error == -ESRCH)
		return error;
	if (error) {
		model_namespace_unreadable(collector->model, ipcns, error, began);
		return 0;
	}
	if (visit->has_limits)
		model_set_limits(collector->model, &visit->limits);
	if (visit->rests)
		return 0;
	return model_reconcile_segments(collector->model, ipcns, table->rows, table->count,
					table->unreadable, began);
}

/* A table whose sums stay the same, while no event of its namespace comes and all adds up, is not read until
 * the namespaces are listed again. What no event tells shows that much later then: a munmap where only
 * calls are followed, or memory that went from one segment to another. */
static bool tables_may_rest(struct collector *collector)
{
	const struct model_needs *needs = collector_needs(collector);

	return source_follows(&collector->status) && !needs->look && !needs->scan;
}

int collector_read_tables(struct collector *collector)
{
	uint64_t began = clock_now();
	size_t turns = 1 + collector->namespaces.count / LIMITS_AT_ONCE;
	size_t turn = collector->limits_turn++ % turns;
	bool may_rest = tables_may_rest(collector);

	for (size_t i = 0; i < collector->namespaces.count; i++) {
		struct table_rest *rest = &collector->rests.rows[i];
		struct visit visit = {
			.collector = collector,
			.place = &collector->namespaces.rows[i],
			.rest = rest,
			.own = rest->ipcns == collector->own_ipcns,
			.may_rest = may_rest && table_rest_tick(rest),
		};
		uint64_t now = clock_now();

		visit.in_turn = collector->scanned == 0 ||
				(!visit.own && i % turns == turn && now >= rest->limits_due);
		if (visit.may_rest && !visit.in_turn && table_rest_sleeps(rest, now))
			continue;
		if (visit.in_turn)
			rest->limits_due = now + LIMITS_INTERVAL;
		int error = reconcile_namespace(&visit, now);

		if (error == -ESRCH)
			collector->namespaces_due = 0;
		else if (error)
			return error;
	}
	uint64_t ended = clock_now();

	collector->tables_due = ended + SHARE * (ended - began);
	return 0;
}
