/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "base/text.h"
#include "script.h"

enum { NAMESPACES = 3, SHMIDS = 24, PIDS = 40, ROWS = 40, RAW_LEN = 600 };
#define SECOND UINT64_C(1000000000)

static void check(int error)
{
	if (error == -ENOMEM)
		abort();
}

static int below(struct chance *chance, int end)
{
	return (int)chance_below(chance, (size_t)end);
}

static uint32_t any_namespace(struct chance *chance)
{
	return SCRIPT_IPCNS + (uint32_t)below(chance, NAMESPACES);
}

/* Few of them, so that things meet; among them the largest, and one that is not there. */
static int32_t any_shmid(struct chance *chance)
{
	int number = below(chance, SHMIDS);

	return number == 0 ? INT32_MAX : number == 1 ? -1 : number * 32768 + number;
}

static int32_t any_pid(struct chance *chance)
{
	int number = below(chance, PIDS);

	return number == 0 ? 4194304 : number;
}

/* Characters that are wide, join, turn the direction, or are none */
static const char *const hostile[] = {
	"\033[31m",     "\033]0;x\a",
	"\r\n",         "\t",
	"\x7f",         "\xc2\x9b",
	"\xe2\x80\xae", "\xff",
	"\xe2\x81\xa6", "日本語",
	"e\xcc\x81",    "👩",
	"\xf0\x9f",     "\\x41",
	"postgres",     " ",
	"%s%n",         "a/very/long/path/to/somewhere/in/the/file/system",
};

void fuzz_text(struct chance *chance, char *out, size_t capacity)
{
	char raw[RAW_LEN];
	size_t length = 0;

	for (size_t parts = chance_below(chance, 12); parts > 0; parts--) {
		const char *part =
			hostile[chance_below(chance, sizeof(hostile) / sizeof(*hostile))];
		size_t size = strlen(part);

		if (length + size + 1 >= sizeof(raw))
			break;
		memcpy(raw + length, part, size);
		length += size;
		if (chance_below(chance, 4) == 0)
			raw[length++] = (char)chance_next(chance);
	}
	text_safe(out, capacity, raw, length);
}

static struct event any_event(struct chance *chance, uint64_t now)
{
	static const enum fact_op ops[] = {FACT_SHMGET, FACT_SHMGET, FACT_SHMAT,  FACT_SHMAT,
					   FACT_SHMDT,  FACT_SHMCTL, FACT_FORK,   FACT_EXEC,
					   FACT_EXIT,   FACT_ATTACH, FACT_DETACH, FACT_DESTROY};
	int32_t pid = any_pid(chance), child = any_pid(chance);
	struct event event = {
		.op = ops[chance_below(chance, sizeof(ops) / sizeof(*ops))],
		.time = now - chance_number(chance, 32),
		.took = chance_number(chance, 40),
		.mm = (uint64_t)pid,
		.start_time = below(chance, 4) ? (uint64_t)pid * SECOND : 0,
		.ipcns = any_namespace(chance),
		.shmid = any_shmid(chance),
		.pid = pid,
		.tid = pid,
		.uid = (uint32_t)chance_number(chance, 32),
		.ret = below(chance, 3) ? (int64_t)chance_number(chance, 46)
					: -(int64_t)chance_number(chance, 12),
		.reason = (enum fact_reason)below(chance, FACT_REASONS),
		.inferred = below(chance, 4) == 0,
		.key = (int32_t)chance_next(chance),
		.size = chance_number(chance, 64),
		.flags = (uint32_t)chance_number(chance, 32),
		.cmd = below(chance, 20),
		.addr = chance_number(chance, 47),
		.maps = chance_number(chance, 8),
		.child = child,
		.child_mm = (uint64_t)child,
		.child_start_time = (uint64_t)child * SECOND,
		.status = (int32_t)chance_number(chance, 16),
	};

	if (event.op == FACT_SHMGET && event.ret >= 0) {
		event.created = below(chance, 2);
		event.ret = event.shmid;
	}
	if (event.op == FACT_SHMCTL && below(chance, 2)) {
		event.cmd = IPC_RMID;
		event.ret = 0;
	}
	fuzz_text(chance, event.comm, sizeof(event.comm));
	return event;
}

static int64_t any_time(struct chance *chance)
{
	return below(chance, 4) ? SCRIPT_WALL / (int64_t)SECOND - (int64_t)chance_number(chance, 40)
				: 0;
}

static void change_table(struct model *model, struct chance *chance, uint64_t now)
{
	struct segment_facts rows[ROWS];
	size_t count = chance_below(chance, ROWS);
	int32_t shmid = -1;

	for (size_t i = 0; i < count; i++) {
		shmid += 1 + below(chance, 40000);
		rows[i] = (struct segment_facts){
			.known = below(chance, 4)
					 ? FACT_COL_ALL
					 : FACT_COL_SHMID | (uint32_t)chance_number(chance, 16),
			.shmid = i % 2 ? shmid : (int32_t)(2 + i) * 32769,
			.key = (int32_t)chance_next(chance),
			.mode = (uint32_t)chance_number(chance, 12),
			.size = chance_number(chance, 64),
			.cpid = any_pid(chance),
			.lpid = any_pid(chance),
			.nattch = chance_number(chance, below(chance, 8) ? 4 : 64),
			.uid = (uint32_t)chance_number(chance, 32),
			.atime = any_time(chance),
			.dtime = any_time(chance),
			.ctime = any_time(chance),
			.rss = chance_number(chance, 64),
			.swap = chance_number(chance, 64),
		};
	}
	check(model_reconcile_segments(model, any_namespace(chance), rows, count,
				       below(chance, 8) == 0, now));
}

static void change_mappings(struct model *model, struct chance *chance, uint64_t now)
{
	struct attachment rows[ROWS];
	size_t count = chance_below(chance, ROWS);

	for (size_t i = 0; i < count; i++) {
		int32_t pid = 1 + (int32_t)(i / 2);

		rows[i] = (struct attachment){
			.mm = (uint64_t)pid,
			.start_time = (uint64_t)pid * SECOND,
			.start = (i + 1) << 32,
			.length = 4096 + chance_number(chance, 32),
			.offset = chance_number(chance, 32),
			.ipcns = any_namespace(chance),
			.shmid = any_shmid(chance),
			.pid = pid,
			.flags = (uint32_t)chance_number(chance, 4),
		};
	}
	check(model_reconcile_attachments(model, rows, count, now));
}

static void change_namespaces(struct model *model, struct chance *chance, uint64_t now)
{
	struct namespace_facts rows[NAMESPACES];
	size_t count = 0;

	for (int i = 0; i < NAMESPACES; i++)
		if (i == 0 || below(chance, 4))
			rows[count++] =
				(struct namespace_facts){SCRIPT_IPCNS + (uint32_t)i, 1 + i, 1};
	check(model_reconcile_namespaces(model, rows, count, now));
	if (below(chance, 3) == 0)
		model_namespace_unreadable(model, any_namespace(chance), -EPERM, now);
}

static struct fact_use any_use(struct chance *chance)
{
	return (struct fact_use){chance_number(chance, 64), chance_number(chance, 64)};
}

static void change_limits(struct model *model, struct chance *chance)
{
	const struct limits_facts limits = {
		.ipcns = any_namespace(chance),
		.segments = any_use(chance),
		.pages = any_use(chance),
		.page_size = 4096,
		.shmmax = chance_number(chance, 64),
		.semsets = any_use(chance),
		.sems = any_use(chance),
		.queues = any_use(chance),
		.has_hugepages = below(chance, 2),
		.hugepage_size = chance_number(chance, 32),
		.hugepages_total = chance_number(chance, 32),
		.hugepages_free = chance_number(chance, 32),
		.hugepages_reserved = chance_number(chance, 32),
	};

	model_set_limits(model, &limits);
}

static void change_status(struct model *model, struct chance *chance)
{
	static const char *const names[] = {"fexit", "tracepoint", "mixed", "none"};
	struct source_status status = {
		.calls = names[below(chance, 4)],
		.compat = names[below(chance, 4)],
		.life = below(chance, 2) ? "sched" : "none",
		.attachers = below(chance, 2) ? "iter" : "maps",
		.exact = below(chance, 2) ? FACT_EXACT_ALL : 0,
		.lost = chance_number(chance, 64),
		.skipped = chance_number(chance, 64),
		.partial = below(chance, 4) == 0,
	};

	fuzz_text(chance, status.unseen, sizeof(status.unseen));
	fuzz_text(chance, status.why, sizeof(status.why));
	model_set_status(model, &status);
}

static void answer_wanted(struct model *model, struct chance *chance, uint64_t now)
{
	const struct process *process;

	while ((process = model_next_wanted(model))) {
		struct process_facts facts = {.pid = process->pid,
					      .start_time = (uint64_t)process->pid * SECOND,
					      .has_uid = below(chance, 2),
					      .uid = (uint32_t)below(chance, 3)};

		fuzz_text(chance, facts.comm, sizeof(facts.comm));
		fuzz_text(chance, facts.cmdline, sizeof(facts.cmdline));
		fuzz_text(chance, facts.exe, sizeof(facts.exe));
		fuzz_text(chance, facts.cgroup, sizeof(facts.cgroup));
		if (below(chance, 4))
			model_process_known(model, process, &facts, now);
		else
			model_process_missing(model, process, now);
	}
}

void fuzz_model_change(struct model *model, struct chance *chance, uint64_t now)
{
	switch (below(chance, 16)) {
	case 0:
		change_table(model, chance, now);
		break;
	case 1:
		change_mappings(model, chance, now);
		break;
	case 2:
		change_namespaces(model, chance, now);
		break;
	case 3:
		change_limits(model, chance);
		break;
	case 4:
		change_status(model, chance);
		break;
	case 5:
		answer_wanted(model, chance, now);
		break;
	case 6:
		model_expire(model, now);
		break;
	default:
		for (int events = 1 + below(chance, 8); events > 0; events--) {
			const struct event event = any_event(chance, now);

			check(model_apply(model, &event));
		}
	}
}

struct model *fuzz_model(struct chance *chance, uint64_t now)
{
	struct model *model;

	check(model_new(NULL, &model));
	model_set_wall_offset(model, SCRIPT_WALL - (int64_t)SCRIPT_NOW);
	change_status(model, chance);
	change_namespaces(model, chance, now);
	for (size_t changes = chance_below(chance, 30); changes > 0; changes--)
		fuzz_model_change(model, chance, now);
	return model;
}
