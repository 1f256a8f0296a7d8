/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/leak_report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "judge/growth.h"
#include "report/json_parts.h"
#include "report/source.h"
#include "stack/call_paths.h"

/* ---- text ---------------------------------------------------------------------------------- */

/* "12 segments in 2 IPC namespaces, looked at once" */
static void print_looked_at(FILE *out, const struct column_context *context,
			    const struct leak_report *report)
{
	struct model_totals totals;
	char watched[UNITS_LEN];

	model_totals(context->model, &totals);
	fprintf(out, "%zu segment%s in %zu IPC namespace%s, ", totals.segments,
		totals.segments == 1 ? "" : "s", totals.namespaces,
		totals.namespaces == 1 ? "" : "s");
	if (report->watched)
		fprintf(out, "watched for %s", units_age(watched, report->watched / CLOCK_SECOND));
	else
		fputs("looked at once", out);
	fputs(report->filtered ? "; only those that pass the filter\n" : "\n", out);
}

static size_t count_unreadable(const struct column_context *context)
{
	size_t count, unreadable = 0;
	const struct namespace_state *places = model_namespaces(context->model, &count);

	for (size_t i = 0; i < count; i++)
		unreadable += !places[i].readable;
	return unreadable;
}

/* Too early to tell: nobody has had the time to attach them. */
static void print_new(FILE *out, const struct column_context *context)
{
	const struct judge_context judge = column_judge(context);
	enum verdict_confidence confidence;
	char grace[UNITS_LEN];
	size_t count = 0;

	for (const struct segment *at = model_segments(context->model); at; at = at->next)
		count += verdict_kind(&judge, at, &confidence) == VERDICT_NEW;
	if (count)
		fprintf(out, "Too new to tell: %zu, made or last used within %s (--grace)\n", count,
			units_age(grace, judge.grace / CLOCK_SECOND));
}

/* What could not be seen, and how to see it */
static void print_unseen(FILE *out, const struct column_context *context,
			 const struct leak_report *report)
{
	const struct source_status *status = model_status(context->model);
	size_t unreadable = count_unreadable(context);
	bool follows = source_follows(status);

	if (unreadable)
		fprintf(out, "Not seen: %zu IPC namespace%s that may not be looked into\n",
			unreadable, unreadable == 1 ? "" : "s");
	if (status->partial)
		fputs("Not seen: processes that may not be looked at, and what they hold\n", out);
	if (status->lost)
		fprintf(out, "Not seen: %" PRIu64 " events that were lost\n", status->lost);
	if (context->paths && call_paths_is_full(context->paths))
		fputs("Not seen: where the last ones were made: there were too many different "
		      "stacks\n",
		      out);
	if (!report->watched)
		fputs("Not seen: who knew a segment, where it was made, whether more come\n", out);
	else if (!follows)
		fprintf(out, "Not seen: calls: %s\n", status->why);
	if (!report->watched || !follows)
		fprintf(out, "To see more: %sshmtop leaks -d 60\n", report->is_root ? "" : "sudo ");
}

/* "Total: sure 1 segment (1.00K); likely 3 segments (12.0K); 16.0K of memory would come back" */
static void print_total(FILE *out, const struct leaks_list *list)
{
	struct leaks_total all = leaks_sum(list);
	char text[LEAK_ROWS_COUNT_LEN], sum[HEADER_SUM_LEN];

	fputs("Total: ", out);
	for (unsigned int i = VERDICT_CONFIDENCES; i-- > VERDICT_LOW;) {
		const struct leaks_total *total = &list->total[i];

		if (total->count)
			fprintf(out, "%s %s; ", verdict_confidence_word((enum verdict_confidence)i),
				leak_rows_count(text, total->count, total->size));
	}
	fprintf(out, "%s of memory would come back\n", header_sum(sum, all.has_bytes, all.bytes));
}

static void print_suppressed(FILE *out, const struct suppressions *suppressions)
{
	if (!suppressions->name)
		return;
	fprintf(out, "Suppressed: %zu segment%s by %s\n", suppressions->used,
		suppressions->used == 1 ? "" : "s", suppressions->name);
	suppress_print_unused(out, suppressions, "Unused: ");
}

void leak_report_print(FILE *out, const struct column_context *context,
		       const struct leak_report *report)
{
	const struct leak_rows_options options = {.stacks = report->stacks};

	leak_rows_print(out, context, report->list, &options);
	if (report->list->count) {
		fputc('\n', out);
		print_total(out, report->list);
		fputs("Of ", out);
	} else {
		fputs("No leaks: ", out);
	}
	print_looked_at(out, context, report);
	print_new(out, context);
	print_suppressed(out, report->suppressions);
	print_unseen(out, context, report);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static struct json_object *json_site(const struct column_context *context, uint32_t site)
{
	char text[CALL_FRAME_LEN] = "";

	if (context->paths && site)
		call_paths_site(context->paths, site, text);
	return json_text(text);
}

static struct json_object *json_growth_row(const struct column_context *context,
					   const struct growth_row *row)
{
	struct json_object *object = json_object_new_object();
	int64_t since = column_wall(context, row->since);

	if (!object)
		return NULL;
	json_add(object, "program",
		 strcmp(row->program, "-") == 0 ? NULL : json_object_new_string(row->program));
	json_add(object, "site", json_site(context, row->site));
	json_add(object, "count", json_object_new_uint64(row->count));
	json_add(object, "bytes", json_object_new_uint64(row->bytes));
	json_add(object, "before", json_object_new_uint64(row->before));
	json_add(object, "since", row->since ? json_time(since) : NULL);
	json_add(object, "grows", json_object_new_boolean(row->grows));
	json_add(object, "per_hour", row->grows ? json_object_new_double(row->rate) : NULL);
	json_add(object, "full", row->has_full ? json_object_new_uint64(row->full) : NULL);
	json_add(object, "full_of", row->has_full ? json_object_new_string(row->full_of) : NULL);
	return object;
}

/* Of the maker of one of those that are told? */
static bool is_of_told(const struct leaks_list *list, const struct growth_row *row)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].site == row->site &&
		    (row->site || strcmp(list->rows[i].name, row->program) == 0))
			return true;
	return false;
}

static struct json_object *json_growth(const struct column_context *context,
				       const struct leak_report *report)
{
	struct json_object *array = json_object_new_array();
	size_t count = 0;
	const struct growth_row *rows =
		context->growth ? growth_rows(context->growth, &count) : NULL;

	for (size_t i = 0; array && i < count; i++)
		if (!report->filtered || is_of_told(report->list, &rows[i]))
			json_object_array_add(array, json_growth_row(context, &rows[i]));
	return array;
}

int leak_report_json(FILE *out, const struct column_context *context,
		     const struct leak_report *report)
{
	struct json_object *document = json_document("leaks", context);
	double watched = (double)report->watched / (double)CLOCK_SECOND;

	if (!document)
		return -ENOMEM;
	json_add(document, "watched", json_object_new_double(watched));
	json_add(document, "growth", json_growth(context, report));
	json_add(document, "suppressed", suppress_json(report->suppressions));
	return json_print_segments(out, document, "leaks", context, report->list->ids,
				   report->list->id_count);
}
