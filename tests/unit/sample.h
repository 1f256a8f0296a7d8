/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small model for the tests of what is printed: three segments in two namespaces, one more that came
 * and went, at a fixed time. Made by the ways in that the collector uses.
 *
 *   here 1    32769  key 0x52010203  8G    held by 1021 (twice) and 1022; creator 1021 postgres
 *             65538  IPC_PRIVATE     64M   nobody attached; creator 9912 is gone; rss unknown
 *            229383  made by 7713 5 s ago, attached, removed, ended by its exit
 *   ns 2         0  key 0x0000162e  64K   removed, locked, attached once; nobody could look by whom
 */
#ifndef TESTS_UNIT_SAMPLE_H
#define TESTS_UNIT_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "report/column.h"

#define SAMPLE_DAY  INT64_C(86400)
#define SAMPLE_NOW  (UINT64_C(50) * SAMPLE_DAY * CLOCK_SECOND)
#define SAMPLE_DATE INT64_C(1714565071) /* 2024-05-01 12:04:31 UTC */
#define SAMPLE_WALL (SAMPLE_DATE * (int64_t)CLOCK_SECOND)

enum {
	SAMPLE_HOST = 1,
	SAMPLE_OTHER = 2,
};

/* Instead of the one of base/clock.c: the machine's time is fixed here. */
int64_t clock_wall(uint64_t boottime)
{
	return SAMPLE_WALL - (int64_t)(SAMPLE_NOW - boottime);
}

static const struct segment_facts sample_host_rows[] = {
	{
		.known = FACT_COL_ALL,
		.shmid = 32769,
		.key = 0x52010203,
		.mode = 0600,
		.size = UINT64_C(8) << 30,
		.cpid = 1021,
		.lpid = 1022,
		.nattch = 3,
		.uid = 4000000001,
		.gid = 5,
		.cuid = 4000000001,
		.cgid = 5,
		.atime = SAMPLE_DATE - 2,
		.dtime = 0,
		.ctime = SAMPLE_DATE - 41 * SAMPLE_DAY,
		.rss = UINT64_C(7) << 30,
		.swap = 4096,
	},
	{
		.known = FACT_COL_ALL & ~(FACT_COL_RSS | FACT_COL_SWAP),
		.shmid = 65538,
		.mode = 0640,
		.size = 64 << 20,
		.cpid = 9912,
		.lpid = 9912,
		.uid = 4000000002,
		.ctime = SAMPLE_DATE - 3 * SAMPLE_DAY,
		.atime = SAMPLE_DATE - 3 * SAMPLE_DAY,
		.dtime = SAMPLE_DATE - 3 * SAMPLE_DAY,
	},
};

static const struct segment_facts sample_other_row = {
	.known = FACT_COL_ALL,
	.shmid = 0,
	.key = 0x162e,
	.mode = 0666 | FACT_MODE_DEST | FACT_MODE_LOCKED,
	.size = 65536,
	.nattch = 1,
	.ctime = SAMPLE_DATE - 90,
	.atime = SAMPLE_DATE - 60,
	.rss = 4096,
};

#define SAMPLE_DAYS_AGO(days) (SAMPLE_NOW - (days)*SAMPLE_DAY * CLOCK_SECOND)

static const struct attachment sample_attachments[] = {
	{0x10, SAMPLE_DAYS_AGO(42), 0x7f0000000000, 8192, 0, SAMPLE_HOST, 32769, 1021,
	 ATTACHMENT_READ | ATTACHMENT_WRITE},
	{0x10, SAMPLE_DAYS_AGO(42), 0x7f0000004000, 4096, 0, SAMPLE_HOST, 32769, 1021,
	 ATTACHMENT_READ},
	{0x20, SAMPLE_DAYS_AGO(1), 0x7e0000000000, 8192, 0, SAMPLE_HOST, 32769, 1022,
	 ATTACHMENT_READ},
};

static const struct process_facts sample_processes[] = {
	{.pid = 1021,
	 .has_uid = true,
	 .uid = 26,
	 .start_time = SAMPLE_DAYS_AGO(42),
	 .comm = "postgres",
	 .cmdline = "/usr/bin/postgres -D /data",
	 .exe = "/usr/bin/postgres",
	 .cgroup = "/system.slice/postgresql.service"},
	{.pid = 1022,
	 .has_uid = true,
	 .uid = 26,
	 .start_time = SAMPLE_DAYS_AGO(1),
	 .comm = "tst\\x1b[31m",
	 .cmdline = "postgres: writer"},
};

/* What 7713 does: SAMPLE_NOW minus so many milliseconds */
static struct event sample_event(enum fact_op op, unsigned int before)
{
	return (struct event){
		.time = SAMPLE_NOW - before * CLOCK_MS,
		.op = op,
		.took = 12345,
		.mm = 0x30,
		.start_time = SAMPLE_NOW - 10 * CLOCK_SECOND,
		.ipcns = SAMPLE_HOST,
		.shmid = 229383,
		.pid = 7713,
		.tid = 7714,
		.uid = 1000,
		.comm = "tst",
	};
}

static inline void sample_apply_events(struct model *model)
{
	struct event get = sample_event(FACT_SHMGET, 5000);
	struct event at = sample_event(FACT_SHMAT, 4000);
	struct event rm = sample_event(FACT_SHMCTL, 3000);
	struct event end = sample_event(FACT_EXIT, 2000);

	get.ret = 229383;
	get.created = true;
	get.size = 4097;
	get.flags = IPC_CREAT | SHM_NORESERVE | 0600;
	at.ret = 0x7f2a40000000;
	rm.cmd = IPC_RMID;
	end.took = 0;
	end.shmid = -1;
	end.status = 9;
	assert_int_equal(model_apply(model, &get), 0);
	assert_int_equal(model_apply(model, &at), 0);
	assert_int_equal(model_apply(model, &rm), 0);
	assert_int_equal(model_apply(model, &end), 0);
}

static inline void sample_answer_wanted(struct model *model)
{
	const struct process *wanted;

	while ((wanted = model_next_wanted(model))) {
		const struct process_facts *facts = NULL;

		for (size_t i = 0; i < 2; i++) {
			if (sample_processes[i].pid == wanted->pid)
				facts = &sample_processes[i];
		}
		if (facts)
			model_process_known(model, wanted, facts, SAMPLE_NOW);
		else
			model_process_missing(model, wanted, SAMPLE_NOW);
	}
}

static inline void sample_look(struct model *model, uint64_t began)
{
	assert_int_equal(
		model_reconcile_segments(model, SAMPLE_HOST, sample_host_rows, 2, 0, began), 0);
	assert_int_equal(
		model_reconcile_segments(model, SAMPLE_OTHER, &sample_other_row, 1, 0, began), 0);
}

static inline struct column_context sample_new(void)
{
	const struct namespace_facts namespaces[] = {
		{.ipcns = SAMPLE_HOST, .pid = 1, .start_time = CLOCK_SECOND},
		{.ipcns = SAMPLE_OTHER, .pid = 2, .start_time = CLOCK_SECOND},
	};
	const struct limits_facts limits = {
		.ipcns = SAMPLE_HOST,
		.segments = {2, 4096},
		.pages = {2113536, 4194304},
		.page_size = 4096,
		.shmmax = UINT64_C(18446744073692774399),
		.has_hugepages = true,
		.hugepage_size = 2 << 20,
	};
	const struct source_status status = {
		.calls = "tracepoint",
		.compat = "none",
		.life = "sched",
		.attachers = "iter",
		.unseen = "32-bit calls",
		.why = "no fentry",
	};
	const uint64_t began = SAMPLE_NOW - CLOCK_SECOND;
	struct model *model;

	setenv("TZ", "UTC", 1);
	tzset();
	assert_int_equal(model_new(NULL, &model), 0);
	model_set_status(model, &status);
	model_set_wall_offset(model, SAMPLE_WALL - (int64_t)SAMPLE_NOW);
	sample_apply_events(model);
	assert_int_equal(model_reconcile_namespaces(model, namespaces, 2, began), 0);
	sample_look(model, began - CLOCK_SECOND / 2);
	assert_int_equal(model_reconcile_attachments(model, sample_attachments, 3, began), 0);
	sample_look(model, began); /* drift is what two looks agree on */
	model_set_limits(model, &limits);
	sample_answer_wanted(model);
	return (struct column_context){
		.model = model,
		.now = SAMPLE_NOW,
		.wall = SAMPLE_WALL,
		.own_ipcns = SAMPLE_HOST,
	};
}

/* The model is the test's own. */
static inline struct model *sample_model(const struct column_context *context)
{
	union {
		const struct model *given;
		struct model *own;
	} model = {.given = context->model};

	return model.own;
}

static inline void sample_free(struct column_context *context)
{
	model_free(sample_model(context));
	context->model = NULL;
}

static inline const struct segment *sample_segment(const struct column_context *context,
						   int32_t shmid)
{
	const struct segment_id id = {
		.ipcns = shmid == 0 ? SAMPLE_OTHER : SAMPLE_HOST,
		.shmid = shmid,
	};
	const struct segment *segment = model_find(context->model, &id);

	assert_non_null(segment);
	return segment;
}

#endif
