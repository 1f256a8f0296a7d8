/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#define SECOND    UINT64_C(1000000000)
#define MS        UINT64_C(1000000)
#define MIB       (UINT64_C(1) << 20)
#define GIB       (UINT64_C(1) << 30)
#define BEFORE(s) (SCRIPT_NOW - (s)*SECOND)
#define WALL(s)   (SCRIPT_WALL / (int64_t)SECOND - (s))
#define DAYS(d)   ((d)*86400)
#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

enum { POSTGRES = 70026, WEB = 70033, MONITOR = 70099 };

static const struct segment_facts script_segments[] = {
	{.known = FACT_COL_ALL,
	 .shmid = 32769,
	 .key = 0x52010203,
	 .mode = 0600,
	 .size = 8 * GIB,
	 .cpid = 1021,
	 .lpid = 4411,
	 .nattch = 3,
	 .uid = POSTGRES,
	 .cuid = POSTGRES,
	 .atime = WALL(12),
	 .ctime = WALL(DAYS(41)),
	 .rss = 8100 * MIB,
	 .swap = 96 * MIB},
	{.known = FACT_COL_ALL,
	 .shmid = 98307,
	 .key = 0x162e,
	 .mode = 0640 | FACT_MODE_LOCKED,
	 .size = 512 * MIB,
	 .cpid = 881,
	 .lpid = 881,
	 .nattch = 2,
	 .uid = MONITOR,
	 .cuid = MONITOR,
	 .atime = WALL(DAYS(3)),
	 .ctime = WALL(DAYS(12)),
	 .rss = 498 * MIB},
	{.known = FACT_COL_ALL,
	 .shmid = 1474560005,
	 .mode = 0600,
	 .size = 256 * MIB,
	 .cpid = 9912,
	 .lpid = 9912,
	 .nattch = 0,
	 .uid = WEB,
	 .cuid = WEB,
	 .atime = WALL(DAYS(3)),
	 .dtime = WALL(DAYS(3)),
	 .ctime = WALL(DAYS(3)),
	 .rss = 256 * MIB},
};

static const struct attachment script_attachments[] = {
	{.mm = 0x10,
	 .start_time = SECOND,
	 .start = 0x7f0000000000,
	 .length = 8 * GIB,
	 .ipcns = SCRIPT_IPCNS,
	 .shmid = 32769,
	 .pid = 1021,
	 .flags = ATTACHMENT_READ | ATTACHMENT_WRITE},
	{.mm = 0x11,
	 .start_time = 2 * SECOND,
	 .start = 0x7f0000000000,
	 .length = 8 * GIB,
	 .ipcns = SCRIPT_IPCNS,
	 .shmid = 32769,
	 .pid = 1044,
	 .flags = ATTACHMENT_READ | ATTACHMENT_WRITE},
	{.mm = 0x12,
	 .start_time = 3 * SECOND,
	 .start = 0x7f0000000000,
	 .length = 8 * GIB,
	 .ipcns = SCRIPT_IPCNS,
	 .shmid = 32769,
	 .pid = 4411,
	 .flags = ATTACHMENT_READ},
	{.mm = 0x20,
	 .start_time = SECOND,
	 .start = 0x7f2a00000000,
	 .length = 256 * MIB,
	 .ipcns = SCRIPT_IPCNS,
	 .shmid = 98307,
	 .pid = 881,
	 .flags = ATTACHMENT_READ | ATTACHMENT_WRITE},
	{.mm = 0x20,
	 .start_time = SECOND,
	 .start = 0x7f2a10000000,
	 .length = 256 * MIB,
	 .offset = 256 * MIB,
	 .ipcns = SCRIPT_IPCNS,
	 .shmid = 98307,
	 .pid = 881,
	 .flags = ATTACHMENT_READ},
};

static const struct process_facts script_processes[] = {
	{.pid = 1021,
	 .start_time = SECOND,
	 .comm = "postgres",
	 .cmdline = "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql",
	 .exe = "/usr/lib/postgresql/15/bin/postgres",
	 .cgroup = "/system.slice/postgresql.service"},
	{.pid = 1044,
	 .start_time = 2 * SECOND,
	 .comm = "postgres",
	 .cmdline = "postgres: checkpointer"},
	{.pid = 4411,
	 .start_time = 3 * SECOND,
	 .comm = "übersicht",
	 .cmdline = "übersicht --日本語 --all"},
	{.pid = 881,
	 .start_time = SECOND,
	 .comm = "monitor",
	 .cmdline = "/usr/sbin/monitor -f",
	 .exe = "/usr/sbin/monitor",
	 .cgroup = "/system.slice/monitor.service"},
	{.pid = 7713,
	 .start_time = BEFORE(30),
	 .comm = "tst\\x1b[31m",
	 .cmdline = "./tst\\x1b[31m"},
	{.pid = 7800,
	 .start_time = BEFORE(30),
	 .comm = "flash",
	 .cmdline = "flash --often",
	 .exe = "/home/ci/bin/flash",
	 .cgroup = "/user.slice/user-1001.slice/session-4.scope"},
};

static void check(int error)
{
	if (error) {
		fprintf(stderr, "script: error %d\n", error);
		abort();
	}
}

static void script_answer_wanted(struct model *model, uint64_t now)
{
	const struct process *process;

	while ((process = model_next_wanted(model))) {
		const struct process_facts *facts = NULL;

		for (size_t i = 0; i < COUNT(script_processes); i++)
			if (script_processes[i].pid == process->pid)
				facts = &script_processes[i];
		if (facts)
			model_process_known(model, process, facts, now);
		else
			model_process_missing(model, process, now);
	}
}

void script_apply(struct model *model, struct event event)
{
	event.ipcns = SCRIPT_IPCNS;
	check(model_apply(model, &event));
}

/* What the process `tst` does: made safe, its name reads "tst\x1b[31m". */
static struct event tester(enum fact_op op, uint64_t time)
{
	return (struct event){.op = op,
			      .time = time,
			      .took = 12 * 1000,
			      .mm = 0x30,
			      .start_time = BEFORE(30),
			      .shmid = -1,
			      .pid = 7713,
			      .tid = 7713,
			      .uid = WEB,
			      .comm = "tst\\x1b[31m"};
}

static void script_tester(struct model *model)
{
	struct event event = tester(FACT_SHMGET, BEFORE(20) + 118 * MS);

	event.created = true;
	event.ret = event.shmid = 131076;
	event.size = 64 * MIB;
	event.flags = IPC_CREAT | 0600;
	script_apply(model, event);

	event = tester(FACT_SHMAT, BEFORE(20) + 119 * MS);
	event.shmid = 131076;
	event.ret = 0x7f2a40000000;
	script_apply(model, event);

	event = tester(FACT_FORK, BEFORE(12));
	event.took = 0;
	event.child = 7714;
	event.child_mm = 0x31;
	event.child_start_time = BEFORE(12);
	script_apply(model, event);

	event = tester(FACT_SHMCTL, BEFORE(9) + 5 * MS);
	event.shmid = 131076;
	event.cmd = IPC_RMID;
	script_apply(model, event);

	event = tester(FACT_EXIT, BEFORE(9) + 500 * MS);
	event.took = 0;
	event.pid = event.tid = 7714;
	event.mm = 0x31;
	event.start_time = BEFORE(12);
	event.status = 9;
	script_apply(model, event);
}

static void script_create_by(struct model *model, int32_t pid, int32_t shmid, uint64_t size,
			     uint64_t time)
{
	struct event event = {.op = FACT_SHMGET,
			      .time = time,
			      .took = 2300,
			      .mm = pid == 7800 ? 0x40 : 0x41,
			      .start_time = BEFORE(30),
			      .shmid = shmid,
			      .ret = shmid,
			      .pid = pid,
			      .tid = pid,
			      .created = true,
			      .size = size,
			      .flags = IPC_CREAT | IPC_EXCL | 0666,
			      .uid = WEB,
			      .comm = "flash"};

	script_apply(model, event);
}

void script_create(struct model *model, int32_t shmid, uint64_t size, uint64_t time)
{
	script_create_by(model, 7800, shmid, size, time);
}

void script_leak(struct model *model, int32_t shmid, uint64_t size, uint64_t time)
{
	struct event event = {.op = FACT_EXIT,
			      .time = time + MS,
			      .mm = 0x41,
			      .start_time = BEFORE(30),
			      .shmid = -1,
			      .pid = 7801,
			      .tid = 7801,
			      .comm = "flash"};

	script_create_by(model, 7801, shmid, size, time);
	script_apply(model, event);
}

static void script_flash(struct model *model)
{
	struct event event = {.op = FACT_SHMCTL,
			      .time = BEFORE(3) + 50 * MS,
			      .took = 1800,
			      .mm = 0x40,
			      .start_time = BEFORE(30),
			      .shmid = 163845,
			      .pid = 7800,
			      .tid = 7800,
			      .cmd = IPC_RMID,
			      .comm = "flash"};

	script_create(model, 163845, 4096, BEFORE(3));
	script_apply(model, event);
	script_create(model, 196614, 16 * MIB, BEFORE(2));
}

void script_forget(struct model *model)
{
	struct event event = {.op = FACT_SHMCTL,
			      .time = BEFORE(20),
			      .mm = 0x40,
			      .start_time = BEFORE(30),
			      .pid = 7800,
			      .tid = 7800,
			      .cmd = IPC_RMID,
			      .comm = "flash"};

	for (size_t i = 0; i < model_limits_default.gone_of_creator; i++) {
		event.shmid = 900000 + (int32_t)i;
		script_create(model, event.shmid, 4096, BEFORE(20));
		script_apply(model, event);
	}
}

static void script_refused(struct model *model)
{
	struct event event = {.op = FACT_SHMGET,
			      .time = BEFORE(8),
			      .took = 900,
			      .mm = 0x50,
			      .start_time = BEFORE(40),
			      .shmid = -1,
			      .pid = 8800,
			      .tid = 8800,
			      .key = 0x162e,
			      .size = 4096,
			      .flags = 0600,
			      .ret = -EACCES,
			      .comm = "zbx_agent"};

	script_apply(model, event);
}

struct model *script_model(void)
{
	static const struct namespace_facts namespace = {SCRIPT_IPCNS, 1, 1};
	static const struct limits_facts limits = {
		.ipcns = SCRIPT_IPCNS,
		.segments = {4, 4096},
		.pages = {2311168, 6291456},
		.page_size = 4096,
		.shmmax = UINT64_MAX - (UINT64_C(1) << 24),
		.semsets = {12, 32000},
		.sems = {212, 1024000000},
		.queues = {31000, 32000},
		.has_hugepages = true,
		.hugepage_size = 2 * MIB,
		.hugepages_total = 512,
		.hugepages_free = 80,
	};
	static const struct source_status status = {
		.calls = "tracepoint",
		.compat = "none",
		.life = "sched",
		.attachers = "iter",
		.unseen = "calls of 32-bit programs, munmap and mremap",
		.why = "refused by the kernel (EPERM): it is hardened, or a security module says "
		       "so"};
	struct model *model;

	check(model_new(NULL, &model));
	model_set_wall_offset(model, SCRIPT_WALL - (int64_t)SCRIPT_NOW);
	model_set_status(model, &status);
	check(model_reconcile_namespaces(model, &namespace, 1, BEFORE(60)));
	check(model_reconcile_segments(model, SCRIPT_IPCNS, script_segments, COUNT(script_segments),
				       0, BEFORE(60)));
	check(model_reconcile_attachments(model, script_attachments, COUNT(script_attachments),
					  BEFORE(59)));
	model_set_limits(model, &limits);
	script_answer_wanted(model, BEFORE(55));
	model_expire(model, BEFORE(21));
	script_tester(model);
	model_expire(model, BEFORE(8) - 1);
	script_refused(model);
	model_expire(model, BEFORE(4));
	script_flash(model);
	script_answer_wanted(model, BEFORE(1));
	model_expire(model, SCRIPT_NOW);
	return model;
}

void script_unmap(struct model *model)
{
	struct attachment rows[COUNT(script_attachments)];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(script_attachments); i++)
		if (script_attachments[i].pid != 881)
			rows[count++] = script_attachments[i];
	rows[count++] = (struct attachment){.mm = 0x30,
					    .start_time = BEFORE(30),
					    .start = 0x7f2a40000000,
					    .length = 64 * MIB,
					    .ipcns = SCRIPT_IPCNS,
					    .shmid = 131076,
					    .pid = 7713,
					    .flags = ATTACHMENT_READ | ATTACHMENT_WRITE};
	check(model_reconcile_attachments(model, rows, count, SCRIPT_NOW - 1));
}

void script_attach_often(struct model *model, int32_t shmid, uint64_t size)
{
	script_create(model, shmid, size, SCRIPT_NOW - 11 * SECOND);
	for (int i = 0; i < 16; i++)
		script_apply(model, (struct event){.op = FACT_SHMAT,
						   .time = SCRIPT_NOW - 10 * SECOND,
						   .mm = 0x40,
						   .start_time = SCRIPT_NOW - 30 * SECOND,
						   .shmid = shmid,
						   .ret = 0x7f0000000000 + shmid * 0x1000000L +
							  i * 0x10000,
						   .pid = 7800,
						   .tid = 7800,
						   .comm = "flash"});
}
