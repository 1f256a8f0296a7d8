/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/trace_summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "judge/failures.h"
#include "report/call.h"
#include "report/changes.h"
#include "report/event_line.h"
#include "report/json_parts.h"

enum {
	SUMMARY_CALLERS = 20,  /* processes that are told one by one */
	SUMMARY_SEGMENTS = 20, /* the same of segments that were changed */
	SUMMARY_WORDS = 27,    /* columns left of them */
	SUMMARY_KINDS = TALLY_CALLS * TALLY_ERRNOS,
};

/* ---- counting ------------------------------------------------------------------------------ */

static void count_told(struct trace_summary *summary, const struct event *event)
{
	size_t error = event->ret < 0 && -event->ret < TALLY_ERRNOS ? (size_t)-event->ret : 0;

	summary->events++;
	summary->ops[event->op]++;
	if (!(FACT_OP_BIT(event->op) & FACT_OPS_CALLS))
		return;
	callers_count(&summary->callers, event);
	if (event->ret < 0 && event->failure)
		summary->failures[event->op][error] = event->failure;
}

void trace_summary_event(struct trace_summary *summary, const struct model *model,
			 const struct model_event *entry, bool told)
{
	if (told)
		count_told(summary, &entry->event);
	if (told || entry->event.op == FACT_DESTROY)
		call_tally_event(&summary->tally, model, entry);
}

void trace_summary_free(struct trace_summary *summary)
{
	callers_free(&summary->callers);
}

/* ---- failures ------------------------------------------------------------------------------ */

struct failure_kind {
	uint64_t count;
	enum fact_op op;
	int error; /* 0: one that has no name here */
};

static int compare_kinds(const void *left, const void *right)
{
	const struct failure_kind *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	if (a->op != b->op)
		return a->op < b->op ? -1 : 1;
	return a->error - b->error;
}

/* Most often first. Returns how many. */
static size_t failure_kinds(const struct trace_summary *summary,
			    struct failure_kind kinds[static SUMMARY_KINDS])
{
	size_t count = 0;

	for (unsigned int op = 0; op < TALLY_CALLS; op++)
		for (int error = 0; error < TALLY_ERRNOS; error++)
			if (summary->tally.errors[op][error])
				kinds[count++] = (struct failure_kind){
					summary->tally.errors[op][error], (enum fact_op)op, error};
	qsort(kinds, count, sizeof(kinds[0]), compare_kinds);
	return count;
}

/* Why, as far as that is known of the last one; else what may be meant */
static const char *failure_words(const struct column_context *context,
				 const struct trace_summary *summary,
				 const struct failure_kind *kind)
{
	const uint32_t id = summary->failures[kind->op][kind->error];
	const struct failure *failure = failures_get(context->failures, id);

	return failure && failure->why[0] ? failure->why : call_failure(kind->op, kind->error);
}

static const char *kind_errno(const struct failure_kind *kind, char out[static LOG_ERRNO_LEN])
{
	return kind->error ? log_errno_name(kind->error, out) : "other";
}

/* ---- text ---------------------------------------------------------------------------------- */

#define SUM_HEADING "   CALLS  ERRORS     TIME     MEAN      MAX  "

static void print_sum(FILE *out, const struct call_sum *sum)
{
	char took[UNITS_LEN] = "-", mean[UNITS_LEN] = "-", longest[UNITS_LEN] = "-";

	if (sum->took) {
		units_duration(took, sum->took);
		units_duration(mean, sum->took / sum->calls);
		units_duration(longest, sum->longest);
	}
	fprintf(out, "%8" PRIu64 " %7" PRIu64 " %8s %8s %8s  ", sum->calls, sum->failed, took, mean,
		longest);
}

static void print_calls(FILE *out, const struct trace_summary *summary)
{
	const struct call_tally *tally = &summary->tally;
	struct call_sum all = {0};

	fprintf(out, SUM_HEADING "CALL\n");
	for (unsigned int op = 0; op < TALLY_CALLS; op++) {
		if (!tally->calls[op].calls)
			continue;
		print_sum(out, &tally->calls[op]);
		fprintf(out, "%s\n", fact_op_name((enum fact_op)op));
		call_sum_join(&all, &tally->calls[op]);
	}
	if (all.calls) {
		print_sum(out, &all);
		fputs("all calls\n", out);
	}
	for (unsigned int op = TALLY_CALLS; op < FACT_OPS; op++)
		if (summary->ops[op])
			fprintf(out, "%8" PRIu64 " %7s %8s %8s %8s  %s\n", summary->ops[op], "-",
				"-", "-", "-", fact_op_name((enum fact_op)op));
}

static void print_callers(FILE *out, struct trace_summary *summary)
{
	const struct caller *rows[SUMMARY_CALLERS];
	struct call_sum others;
	size_t count = callers_top(&summary->callers, SUMMARY_CALLERS, rows, &others);

	fprintf(out, "\n" SUM_HEADING "    PID COMM\n");
	for (size_t i = 0; i < count; i++) {
		print_sum(out, &rows[i]->sum);
		fprintf(out, "%7" PRId64 " %s\n", rows[i]->id.pid,
			rows[i]->comm[0] ? rows[i]->comm : "-");
	}
	if (!others.calls)
		return;
	print_sum(out, &others);
	/* how many they are is not known once some were forgotten */
	if (summary->callers.forgotten.calls)
		fputs("      - all others\n", out);
	else
		fprintf(out, "      - %zu more\n", callers_known(&summary->callers) - count);
}

static void print_failures(FILE *out, const struct column_context *context,
			   const struct trace_summary *summary)
{
	struct failure_kind kinds[SUMMARY_KINDS];
	size_t count = failure_kinds(summary, kinds);
	size_t width = report_width(out);
	char name[LOG_ERRNO_LEN];

	if (count)
		fputs("\n  ERRORS  CALL    ERRNO    WHY\n", out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%8" PRIu64 "  %-7s %-8s ", kinds[i].count, fact_op_name(kinds[i].op),
			kind_errno(&kinds[i], name));
		event_print_folded(out, failure_words(context, summary, &kinds[i]), SUMMARY_WORDS,
				   width);
	}
}

static void print_segments(FILE *out, const struct trace_summary *summary)
{
	const struct call_tally *tally = &summary->tally;
	char size[UNITS_LEN];

	if (summary->has_segments && tally->made)
		fprintf(out, "\nsegments: %" PRIu64 " made, %" PRIu64 " ended, %zu left (%s)\n",
			tally->made, tally->made - tally->segments, tally->segments,
			units_size(size, tally->bytes));
}

/* Under a heading, if there is anything */
static void print_changes(FILE *out, const struct column_context *context)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return;
	changes_print_all(memory, context, SUMMARY_SEGMENTS);
	if (fclose(memory) == 0 && length)
		fprintf(out, "\nchanged, or removed by others than made them:\n%s", text);
	free(text);
}

void trace_summary_print(FILE *out, const struct column_context *context,
			 struct trace_summary *summary)
{
	char duration[UNITS_LEN];

	fprintf(out, "%" PRIu64 " events in %s", summary->events,
		units_duration(duration, summary->ended - summary->began));
	if (summary->lost)
		fprintf(out, ", %" PRIu64 " more were lost", summary->lost);
	fputc('\n', out);
	if (summary->events)
		print_calls(out, summary);
	if (callers_known(&summary->callers))
		print_callers(out, summary);
	print_failures(out, context, summary);
	print_segments(out, summary);
	print_changes(out, context);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static struct json_object *json_ops(const struct trace_summary *summary)
{
	struct json_object *object = json_object_new_object();

	for (unsigned int op = 0; object && op < FACT_OPS; op++)
		json_add(object, fact_op_name((enum fact_op)op),
			 json_object_new_uint64(summary->ops[op]));
	return object;
}

static struct json_object *json_callers(struct trace_summary *summary, struct call_sum *others)
{
	const struct caller *rows[SUMMARY_CALLERS];
	size_t count = callers_top(&summary->callers, SUMMARY_CALLERS, rows, others);
	struct json_object *array = json_object_new_array_ext(SUMMARY_CALLERS);

	for (size_t i = 0; array && i < count; i++) {
		struct json_object *object = json_object_new_object();

		if (!object)
			break;
		json_add(object, "pid", json_object_new_int64(rows[i]->id.pid));
		json_add(object, "comm", json_text(rows[i]->comm));
		json_add(object, "uid",
			 rows[i]->uid == FACT_UID_UNKNOWN ? NULL
							  : json_object_new_int64(rows[i]->uid));
		call_sum_json(&rows[i]->sum, object);
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_failures(const struct column_context *context,
					 const struct trace_summary *summary)
{
	struct failure_kind kinds[SUMMARY_KINDS];
	size_t count = failure_kinds(summary, kinds);
	struct json_object *array = json_object_new_array();
	char name[LOG_ERRNO_LEN];

	for (size_t i = 0; array && i < count; i++) {
		struct json_object *object = json_object_new_object();

		if (!object)
			break;
		json_add(object, "op", json_object_new_string(fact_op_name(kinds[i].op)));
		json_add(object, "errno", json_object_new_string(kind_errno(&kinds[i], name)));
		json_add(object, "count", json_object_new_uint64(kinds[i].count));
		json_add(object, "explain", json_text(failure_words(context, summary, &kinds[i])));
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_segments(const struct trace_summary *summary)
{
	const struct call_tally *tally = &summary->tally;
	struct json_object *object = summary->has_segments ? json_object_new_object() : NULL;

	if (!object)
		return NULL;
	json_add(object, "made", json_object_new_uint64(tally->made));
	json_add(object, "ended", json_object_new_uint64(tally->made - tally->segments));
	json_add(object, "left", json_object_new_uint64(tally->segments));
	json_add(object, "left_bytes", json_object_new_uint64(tally->bytes));
	return object;
}

/* Where calls are not followed nobody knows who makes how many. */
static void json_add_calls(struct json_object *object, const struct column_context *context,
			   struct trace_summary *summary)
{
	const bool followed = summary->followed;
	struct json_object *rest = followed ? json_object_new_object() : NULL;
	struct call_sum others = {0};

	json_add(object, "calls", followed ? call_tally_json(&summary->tally) : NULL);
	json_add(object, "processes", followed ? json_callers(summary, &others) : NULL);
	if (rest)
		call_sum_json(&others, rest);
	json_add(object, "other_processes", rest);
	json_add(object, "failures", followed ? json_failures(context, summary) : NULL);
}

struct json_object *trace_summary_json(const struct column_context *context,
				       struct trace_summary *summary)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "schema", json_object_new_string("shmtop.summary/1"));
	json_add(object, "time", json_time(column_wall(context, summary->ended)));
	json_add(object, "duration", json_time((int64_t)(summary->ended - summary->began)));
	json_add(object, "events", json_object_new_uint64(summary->events));
	json_add(object, "lost", json_object_new_uint64(summary->lost));
	json_add(object, "ops", json_ops(summary));
	json_add_calls(object, context, summary);
	json_add(object, "segments", json_segments(summary));
	json_add(object, "changes", changes_json_all(context, SUMMARY_SEGMENTS));
	return object;
}
