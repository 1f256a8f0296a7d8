/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "report/call.h"
#include "report/report.h"

__attribute__((format(printf, 2, 3))) static void event_append(char out[static EVENT_PART_LEN],
							       const char *format, ...)
{
	size_t length = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + length, EVENT_PART_LEN - length, format, args);
	va_end(args);
}

/* ---- who -------------------------------------------------------------------------------------- */

/* A process by this pid that has to do with the segment; NULL when none is known */
static const struct process *event_process(const struct segment *segment, const struct event *event)
{
	if (segment->creator && segment->creator->pid == event->pid)
		return segment->creator;
	for (const struct mapping *mapping = segment->mappings; mapping;
	     mapping = mapping->segment_next) {
		if (mapping->holder->process->pid == event->pid)
			return mapping->holder->process;
	}
	return NULL;
}

struct event event_named(const struct model *model, const struct model_event *entry)
{
	struct event event = entry->event;
	const struct segment *segment;
	const struct process *process;

	if (event.pid <= 0 || event.comm[0])
		return event;
	segment = model_find(model, &entry->segment);
	process = segment ? event_process(segment, &event) : NULL;
	if (!process ||
	    (event.start_time && process->start_time && event.start_time != process->start_time))
		return event;
	snprintf(event.comm, sizeof(event.comm), "%s", process->comm);
	if (event.uid == FACT_UID_UNKNOWN && process->has_uid)
		event.uid = process->uid;
	return event;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

char *event_clock(char out[static EVENT_PART_LEN], const struct event *event)
{
	int64_t wall = clock_wall(event->time);
	time_t seconds = wall / (int64_t)CLOCK_SECOND;
	struct tm local = {0};

	localtime_r(&seconds, &local);
	snprintf(out, EVENT_PART_LEN, "%02d:%02d:%02d.%06d", local.tm_hour, local.tm_min,
		 local.tm_sec, (int)(wall % (int64_t)CLOCK_SECOND / 1000));
	return out;
}

/* "IPC_CREAT|0600"; "0" for none at all */
static void event_append_flags(char out[static EVENT_PART_LEN], const struct event *event)
{
	char names[CALL_FLAGS_MAX][CALL_NAME_LEN];
	size_t count = call_flags(event->op, event->flags, names);
	uint32_t mode = event->op == FACT_SHMGET ? event->flags & CALL_MODE : 0;

	for (size_t i = 0; i < count; i++)
		event_append(out, "%s%s", i ? "|" : "", names[i]);
	if (mode)
		event_append(out, "%s%04" PRIo32, count ? "|" : "", mode);
	else if (!count)
		event_append(out, "0");
}

/* The short form where it is exact, else every byte: in sizes the last one can be what matters. */
static void event_append_size(char out[static EVENT_PART_LEN], uint64_t size)
{
	char text[UNITS_LEN];
	uint64_t again;

	if (units_parse_size(units_size(text, size), &again) == 0 && again == size)
		event_append(out, "%s", text);
	else
		event_append(out, "%" PRIu64, size);
}

static void event_append_address(char out[static EVENT_PART_LEN], uint64_t address)
{
	if (address)
		event_append(out, "0x%" PRIx64, address);
	else
		event_append(out, "NULL");
}

static void event_call_shmget(char out[static EVENT_PART_LEN], const struct event *event)
{
	if (event->key)
		event_append(out, "shmget(0x%08" PRIx32 ", ", (uint32_t)event->key);
	else
		event_append(out, "shmget(IPC_PRIVATE, ");
	event_append_size(out, event->size);
	event_append(out, ", ");
	event_append_flags(out, event);
	event_append(out, ")");
}

static void event_call_shmat(char out[static EVENT_PART_LEN], const struct event *event)
{
	event_append(out, "shmat(%" PRId32 ", ", event->shmid);
	event_append_address(out, event->addr);
	event_append(out, ", ");
	event_append_flags(out, event);
	event_append(out, ")");
}

/* -1 as programs write it, though here it keeps nothing as it is */
static void event_append_id(char out[static EVENT_PART_LEN], const char *name, uint32_t id)
{
	if (id == FACT_UID_UNKNOWN)
		event_append(out, "%s=-1, ", name);
	else
		event_append(out, "%s=%" PRIu32 ", ", name, id);
}

static void event_call_shmctl(char out[static EVENT_PART_LEN], const struct event *event)
{
	bool has_index = event->cmd == SHM_STAT || event->cmd == SHM_STAT_ANY;
	char name[CALL_NAME_LEN];

	event_append(out, "shmctl(");
	/* those that look at the whole namespace name no segment */
	if (event->cmd != IPC_INFO && event->cmd != SHM_INFO)
		event_append(out, "%" PRId32 ", ", has_index ? event->index : event->shmid);
	event_append(out, "%s", call_command(event->cmd, name));
	if (event->has_set) {
		event_append(out, ", {");
		event_append_id(out, "uid", event->set_uid);
		event_append_id(out, "gid", event->set_gid);
		event_append(out, "mode=%04" PRIo32 "}", event->set_mode);
	}
	event_append(out, ")");
}

/* " (exit)"; nothing where the mark says already that nobody saw why */
static void event_append_reason(char out[static EVENT_PART_LEN], const struct event *event)
{
	if (!event->inferred || event->reason != FACT_REASON_UNKNOWN)
		event_append(out, " (%s)", fact_reason_name(event->reason));
}

static void event_call_create(char out[static EVENT_PART_LEN], const struct event *event)
{
	event_append(out, "create ");
	event_append_size(out, event->size);
	if (event->key)
		event_append(out, ", key 0x%08" PRIx32, (uint32_t)event->key);
}

char *event_call(char out[static EVENT_PART_LEN], const struct event *event)
{
	strcpy(out, event->inferred ? EVENT_INFERRED : "");
	switch (event->op) {
	case FACT_SHMGET:
		event_call_shmget(out, event);
		break;
	case FACT_SHMAT:
		event_call_shmat(out, event);
		break;
	case FACT_SHMDT:
		event_append(out, "shmdt(");
		event_append_address(out, event->addr);
		event_append(out, ")");
		break;
	case FACT_SHMCTL:
		event_call_shmctl(out, event);
		break;
	case FACT_FORK:
		event_append(out, "fork()");
		break;
	case FACT_ATTACH:
	case FACT_DETACH:
		event_append(out, "%s %" PRIu64 " mapping%s", fact_op_name(event->op), event->maps,
			     event->maps == 1 ? "" : "s");
		event_append_reason(out, event);
		break;
	case FACT_CREATE:
		event_call_create(out, event);
		break;
	case FACT_DESTROY:
		event_append(out, "destroy");
		event_append_reason(out, event);
		break;
	default:
		event_append(out, "%s", fact_op_name(event->op));
		break;
	}
	return out;
}

static void event_status(char out[static EVENT_PART_LEN], int status)
{
	char name[CALL_NAME_LEN];

	if (WIFSIGNALED(status))
		event_append(out, "killed by %s", call_signal(WTERMSIG(status), name));
	else
		event_append(out, "status %d", WEXITSTATUS(status));
}

/* "64.0K at 0x7f2a40000000"; "" where it is not known, or there were several */
static void event_place(char out[static EVENT_PART_LEN], const struct event *event)
{
	if (!event->addr || event->maps > 1)
		return;
	if (event->size) {
		event_append_size(out, event->size);
		event_append(out, " ");
	}
	event_append(out, "at 0x%" PRIx64, event->addr);
}

char *event_result(char out[static EVENT_PART_LEN], const struct event *event)
{
	char name[LOG_ERRNO_LEN];

	out[0] = '\0';
	if (event->op == FACT_FORK)
		event_append(out, "= %" PRId32, event->child);
	else if (event->op == FACT_EXIT)
		event_status(out, event->status);
	else if (event->op == FACT_ATTACH || event->op == FACT_DETACH)
		event_place(out, event);
	else if (!(FACT_OP_BIT(event->op) & FACT_OPS_CALLS))
		return out;
	else if (event->ret < 0)
		event_append(out, "%s", log_errno_name((int)event->ret, name));
	else if (event->op == FACT_SHMAT)
		event_append(out, "= 0x%" PRIx64, (uint64_t)event->ret);
	else
		event_append(out, "= %" PRId64 "%s", event->ret, event->created ? " created" : "");
	return out;
}

/* ---- history --------------------------------------------------------------------------------- */

int event_history(const struct model *model, const struct segment *segment, uint64_t **sequences,
		  size_t *count, size_t *capacity)
{
	const struct model_event *event;
	size_t found = 0;

	*count = 0;
	for (uint64_t link = segment->last_event; link; link = event->previous) {
		void *grown = *sequences;

		event = model_event(model, link - 1);
		if (!event)
			break;
		if (array_reserve(&grown, capacity, found + 1, sizeof(**sequences)))
			return -ENOMEM;
		*sequences = grown;
		(*sequences)[found++] = link - 1;
	}
	for (size_t i = 0; i < found / 2; i++) {
		uint64_t swapped = (*sequences)[i];

		(*sequences)[i] = (*sequences)[found - 1 - i];
		(*sequences)[found - 1 - i] = swapped;
	}
	*count = found;
	return 0;
}
