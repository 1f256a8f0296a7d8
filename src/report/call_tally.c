/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/call_tally.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "report/json_parts.h"

/* ---- counting ------------------------------------------------------------------------------ */

void call_sum_add(struct call_sum *sum, const struct event *event)
{
	sum->calls++;
	sum->failed += event->ret < 0;
	sum->took += event->took;
	if (event->took > sum->longest)
		sum->longest = event->took;
}

void call_sum_join(struct call_sum *sum, const struct call_sum *other)
{
	sum->calls += other->calls;
	sum->failed += other->failed;
	sum->took += other->took;
	if (other->longest > sum->longest)
		sum->longest = other->longest;
}

static void count_call(struct call_tally *tally, const struct event *event)
{
	call_sum_add(&tally->calls[event->op], event);
	if (event->ret < 0)
		tally->errors[event->op][-event->ret < TALLY_ERRNOS ? -event->ret : 0]++;
}

static void note_most(struct call_tally *tally)
{
	if (tally->segments > tally->most_segments)
		tally->most_segments = tally->segments;
	if (tally->bytes > tally->most_bytes)
		tally->most_bytes = tally->bytes;
}

static uint64_t size_of(const struct segment *segment)
{
	return segment->facts.known & FACT_COL_SIZE ? segment->facts.size : 0;
}

/* Was its making told here? */
static bool is_counted(const struct call_tally *tally, const struct segment *segment)
{
	return segment->witnessed && segment->id.generation > tally->before;
}

static void count_end(struct call_tally *tally, const struct segment *segment)
{
	uint64_t size = size_of(segment);

	/* one whose end is told twice, or whose making was not */
	if (!is_counted(tally, segment) || tally->segments == 0)
		return;
	tally->segments--;
	tally->bytes -= size < tally->bytes ? size : tally->bytes;
}

void call_tally_event(struct call_tally *tally, const struct model *model,
		      const struct model_event *entry)
{
	const struct event *event = &entry->event;
	const struct segment *segment;

	if (FACT_OP_BIT(event->op) & FACT_OPS_CALLS)
		count_call(tally, event);
	if (event->op == FACT_SHMGET && event->created) {
		tally->made++;
		tally->segments++;
		tally->bytes += event->size;
		note_most(tally);
	}
	if (event->op != FACT_DESTROY || entry->segment.generation == 0)
		return;
	segment = model_find(model, &entry->segment);
	if (segment)
		count_end(tally, segment);
}

void call_tally_look(struct call_tally *tally, const struct model *model, uint32_t ipcns)
{
	tally->segments = 0;
	tally->bytes = 0;
	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		if (ipcns ? segment->id.ipcns != ipcns : !is_counted(tally, segment))
			continue;
		tally->segments++;
		tally->bytes += size_of(segment);
	}
	note_most(tally);
}

/* ---- text ---------------------------------------------------------------------------------- */

struct writer {
	char *out;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format,
						      ...)
{
	size_t room = CALL_TALLY_LEN - writer->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(writer->out + writer->length, room, format, args);
	va_end(args);
	if (length > 0)
		writer->length += (size_t)length < room ? (size_t)length : room - 1;
}

static const char *errno_name(size_t error, char out[static LOG_ERRNO_LEN])
{
	return error ? log_errno_name((int)error, out) : "other";
}

static void put_failures(struct writer *writer, const struct call_tally *tally, unsigned int op)
{
	const char *between = ": ";
	char name[LOG_ERRNO_LEN];

	if (!tally->calls[op].failed)
		return;
	put(writer, " (%" PRIu64 " failed", tally->calls[op].failed);
	for (size_t error = 0; error < TALLY_ERRNOS; error++) {
		if (!tally->errors[op][error])
			continue;
		put(writer, "%s%" PRIu64 " %s", between, tally->errors[op][error],
		    errno_name(error, name));
		between = ", ";
	}
	put(writer, ")");
}

char *call_tally_text(const struct call_tally *tally, char out[static CALL_TALLY_LEN])
{
	struct writer writer = {.out = out};

	out[0] = '\0';
	for (unsigned int op = 0; op < TALLY_CALLS; op++) {
		if (!tally->calls[op].calls)
			continue;
		put(&writer, "%s%" PRIu64 " %s", writer.length ? ", " : "", tally->calls[op].calls,
		    fact_op_name((enum fact_op)op));
		put_failures(&writer, tally, op);
	}
	return out;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

void call_sum_json(const struct call_sum *sum, struct json_object *object)
{
	json_add(object, "count", json_object_new_uint64(sum->calls));
	json_add(object, "failed", json_object_new_uint64(sum->failed));
	json_add(object, "took_ns", json_object_new_uint64(sum->took));
	json_add(object, "longest_ns", json_object_new_uint64(sum->longest));
}

static struct json_object *json_errors(const struct call_tally *tally, unsigned int op)
{
	struct json_object *object = json_object_new_object();
	char name[LOG_ERRNO_LEN];

	for (size_t error = 0; object && error < TALLY_ERRNOS; error++)
		if (tally->errors[op][error])
			json_object_object_add(object, errno_name(error, name),
					       json_object_new_uint64(tally->errors[op][error]));
	return object;
}

struct json_object *call_tally_json(const struct call_tally *tally)
{
	struct json_object *object = json_object_new_object();

	for (unsigned int op = 0; object && op < TALLY_CALLS; op++) {
		struct json_object *call = json_object_new_object();

		json_add(object, fact_op_name((enum fact_op)op), call);
		if (!call)
			continue;
		call_sum_json(&tally->calls[op], call);
		json_add(call, "errors", json_errors(tally, op));
	}
	return object;
}
