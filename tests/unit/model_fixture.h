/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events, rows and mappings for the tests of the model, in one line each. */
#ifndef TESTS_UNIT_MODEL_FIXTURE_H
#define TESTS_UNIT_MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/model.h"

enum { NS = 77 };

/* The machine was started at this second of the epoch. */
#define EPOCH INT64_C(1700000000)
/* ns since then */
#define AT(seconds) ((uint64_t)((seconds)*1e9))

/* Processes: pid 100 has the address space 1100 and started at 10 s; and so on. */
static inline uint64_t mm_of(int32_t pid)
{
	return 1000 + (uint64_t)pid;
}

static inline uint64_t start_of(int32_t pid)
{
	return AT(pid / 10) + 1234567;
}

static inline struct event an_event(enum fact_op op, int32_t pid, uint64_t time)
{
	struct event event = {
		.op = op,
		.time = time,
		.took = 1000,
		.mm = mm_of(pid),
		.start_time = start_of(pid),
		.ipcns = NS,
		.shmid = -1,
		.pid = pid,
		.tid = pid,
		.uid = 1000,
		.gid = 1000,
	};

	snprintf(event.comm, sizeof(event.comm), "comm%d", pid);
	return event;
}

static inline void apply(struct model *model, const struct event *event)
{
	assert_int_equal(model_apply(model, event), 0);
}

static inline struct event made(int32_t shmid, int32_t pid, uint64_t time, uint64_t size)
{
	struct event event = an_event(FACT_SHMGET, pid, time);

	event.shmid = shmid;
	event.ret = shmid;
	event.created = true;
	event.key = 0x1000 + shmid;
	event.size = size;
	event.flags = IPC_CREAT | 0640;
	event.pgid = pid;
	return event;
}

static inline void make(struct model *model, int32_t shmid, int32_t pid, uint64_t time)
{
	const struct event event = made(shmid, pid, time, 8192);

	apply(model, &event);
}

static inline struct event attached(int32_t shmid, int32_t pid, uint64_t time, uint64_t start)
{
	struct event event = an_event(FACT_SHMAT, pid, time);

	event.shmid = shmid;
	event.ret = (int64_t)start;
	return event;
}

static inline void attach(struct model *model, int32_t shmid, int32_t pid, uint64_t time,
			  uint64_t start)
{
	const struct event event = attached(shmid, pid, time, start);

	apply(model, &event);
}

static inline struct event detached(int32_t shmid, int32_t pid, uint64_t time, uint64_t addr)
{
	struct event event = an_event(FACT_SHMDT, pid, time);

	event.shmid = shmid;
	event.addr = addr;
	return event;
}

static inline void detach(struct model *model, int32_t shmid, int32_t pid, uint64_t time,
			  uint64_t addr)
{
	const struct event event = detached(shmid, pid, time, addr);

	apply(model, &event);
}

static inline void control(struct model *model, int32_t shmid, int32_t pid, uint64_t time, int cmd,
			   int64_t ret)
{
	struct event event = an_event(FACT_SHMCTL, pid, time);

	event.shmid = shmid;
	event.cmd = cmd;
	event.ret = ret;
	apply(model, &event);
}

static inline void forked(struct model *model, int32_t pid, int32_t child, uint64_t time)
{
	struct event event = an_event(FACT_FORK, pid, time);

	event.child = child;
	event.child_mm = mm_of(child);
	event.child_start_time = start_of(child);
	apply(model, &event);
}

static inline void execed(struct model *model, int32_t pid, uint64_t time)
{
	struct event event = an_event(FACT_EXEC, pid, time);

	event.child_mm = mm_of(pid) + 100000;
	apply(model, &event);
}

static inline void exited(struct model *model, int32_t pid, uint64_t time, int32_t status)
{
	struct event event = an_event(FACT_EXIT, pid, time);

	event.status = status;
	apply(model, &event);
}

/* A row as the kernel shows one that `pid` made at 50 s and nobody used. */
static inline struct segment_facts a_row(int32_t shmid, int32_t pid, uint64_t nattch)
{
	return (struct segment_facts){
		.known = FACT_COL_ALL,
		.shmid = shmid,
		.key = 0x1000 + shmid,
		.mode = 0640,
		.size = 8192,
		.cpid = pid,
		.nattch = nattch,
		.uid = 1000,
		.gid = 1000,
		.cuid = 1000,
		.cgid = 1000,
		.ctime = EPOCH + 50,
	};
}

static inline void snapshot(struct model *model, const struct segment_facts *rows, size_t count,
			    uint64_t began)
{
	assert_int_equal(model_reconcile_segments(model, NS, rows, count, 0, began), 0);
}

static inline struct attachment a_mapping(int32_t shmid, int32_t pid, uint64_t start)
{
	return (struct attachment){
		.mm = mm_of(pid),
		.start_time = start_of(pid),
		.start = start,
		.length = 8192,
		.ipcns = NS,
		.shmid = shmid,
		.pid = pid,
		.flags = ATTACHMENT_READ | ATTACHMENT_WRITE,
	};
}

static inline void scan(struct model *model, const struct attachment *rows, size_t count,
			uint64_t began)
{
	assert_int_equal(model_reconcile_attachments(model, rows, count, began), 0);
}

static inline const struct segment *find(const struct model *model, int32_t shmid)
{
	const struct segment_id id = {.ipcns = NS, .shmid = shmid};

	return model_find(model, &id);
}

static inline const struct segment *living(const struct model *model, int32_t shmid)
{
	const struct segment *segment = find(model, shmid);

	assert_non_null(segment);
	assert_int_equal(segment->gone, 0);
	return segment;
}

static inline const struct segment *ended(const struct model *model, int32_t shmid,
					  enum fact_reason reason)
{
	const struct segment *segment = find(model, shmid);

	assert_non_null(segment);
	assert_int_not_equal(segment->gone, 0);
	assert_int_equal(segment->gone_reason, reason);
	assert_int_equal(segment->nattch, 0);
	assert_int_equal(segment->mapped, 0);
	assert_null(segment->mappings);
	return segment;
}

static inline void assert_counts(const struct segment *segment, uint64_t nattch, uint64_t mapped)
{
	uint64_t listed = 0;

	assert_int_equal(segment->nattch, nattch);
	assert_int_equal(segment->mapped, mapped);
	for (const struct mapping *mapping = segment->mappings; mapping;
	     mapping = mapping->segment_next) {
		assert_ptr_equal(mapping->segment, segment);
		listed++;
	}
	assert_int_equal(listed, mapped);
}

static inline size_t holders(const struct model *model)
{
	struct model_totals totals;

	model_totals(model, &totals);
	return totals.processes;
}

static inline struct model_needs needs(const struct model *model)
{
	struct model_needs out;

	model_needs(model, &out);
	return out;
}

/* The event `back` before the newest: 0 is the newest. */
static inline const struct event *newest(const struct model *model, uint64_t back)
{
	const struct model_event *entry = model_event(model, model_events_end(model) - 1 - back);

	assert_non_null(entry);
	return &entry->event;
}

static inline void assert_derived(const struct event *event, enum fact_op op, int32_t shmid,
				  enum fact_reason reason, int32_t pid, uint64_t maps)
{
	assert_int_equal(event->op, op);
	assert_int_equal(event->ipcns, NS);
	assert_int_equal(event->shmid, shmid);
	assert_int_equal(event->reason, reason);
	assert_int_equal(event->pid, pid);
	assert_int_equal(event->maps, maps);
}

/* Where events come from: by tracepoints, from nowhere, or by records of their own for each change. */
static inline void stand_on(struct model *model, const char *calls, uint32_t exact)
{
	const struct source_status status = {.calls = calls,
					     .compat = "none",
					     .life = "sched",
					     .attachers = "iter",
					     .exact = exact};

	model_set_status(model, &status);
}

/* A model whose namespace was looked at while it was empty, and all mappings too, at 1 s. */
static inline int set_up_with(void **state, const struct model_limits *limits)
{
	struct model *model;

	assert_int_equal(model_new(limits, &model), 0);
	stand_on(model, "tracepoint", 0);
	model_set_wall_offset(model, EPOCH * (int64_t)CLOCK_SECOND);
	snapshot(model, NULL, 0, AT(1));
	scan(model, NULL, 0, AT(1));
	*state = model;
	return 0;
}

static inline int set_up(void **state)
{
	return set_up_with(state, NULL);
}

/* The same, but one segment that ends makes it forget the one that ended before. */
static inline int set_up_forgetful(void **state)
{
	const struct model_limits limits = {.events = 64, .gone_segments = 1};

	return set_up_with(state, &limits);
}

static inline int tear_down(void **state)
{
	model_free(*state);
	return 0;
}

#define MODEL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define FORGETFUL_MODEL_TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up_forgetful, tear_down)

#endif
