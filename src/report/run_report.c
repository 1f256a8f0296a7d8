/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/run_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/json_parts.h"

enum { COMMAND_LEN = 256 };

/* ---- text ---------------------------------------------------------------------------------- */

static const char *command_text(char *const *words, char out[static COMMAND_LEN])
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; words[i] && length + 2 < COMMAND_LEN; i++) {
		if (i)
			out[length++] = ' ';
		length += text_safe(out + length, COMMAND_LEN - length, words[i], strlen(words[i]));
	}
	return out;
}

static void print_end(FILE *out, const struct run_report *report)
{
	char command[COMMAND_LEN], took[UNITS_LEN];

	fprintf(out, "%s: ", command_text(report->words, command));
	units_duration(took, report->took);
	if (report->signal)
		fprintf(out, "ended by signal %d (%s) after %s", report->signal,
			strsignal(report->signal), took);
	else
		fprintf(out, "status %d after %s", report->status, took);
	fputc('\n', out);
}

static void print_rest(FILE *out, const struct run_report *report)
{
	if (report->rest_count == 0)
		return;
	fprintf(out, "still running: %zu process%s:", report->rest_count,
		report->rest_count == 1 ? "" : "es");
	for (size_t i = 0; i < report->rest_count && i < RUN_REST_SHOWN; i++)
		fprintf(out, "%s %" PRId32 " %s", i ? "," : "", report->rest[i].pid,
			report->rest[i].comm[0] ? report->rest[i].comm : "-");
	fputs(report->rest_count > RUN_REST_SHOWN ? ", ...\n" : "\n", out);
}

static void print_calls(FILE *out, const struct run_report *report)
{
	const struct call_tally *tally = report->tally;
	char text[CALL_TALLY_LEN], size[UNITS_LEN];

	if (report->unseen)
		fprintf(out, "calls: not followed: %s\n", report->unseen);
	else
		fprintf(out, "calls: %s\n", call_tally_text(tally, text)[0] ? text : "none");
	if (tally->most_segments == 0 && report->unseen)
		fputs("segments: none seen by looks now and then\n", out);
	else if (report->unseen)
		fprintf(out, "segments: at most %zu at once, %s, as seen by looks now and then\n",
			tally->most_segments, units_size(size, tally->most_bytes));
	else if (tally->made)
		fprintf(out, "segments: %" PRIu64 " made, at most %zu at once, %s\n", tally->made,
			tally->most_segments, units_size(size, tally->most_bytes));
	if (report->lost)
		fprintf(out,
			"lost: %" PRIu64 " events: what they told is missing here; try a larger "
			"--ring-size\n",
			report->lost);
}

static void print_suppressed(FILE *out, const struct suppressions *suppressions)
{
	if (!suppressions->name)
		return;
	fprintf(out, "suppressed: %zu segment%s by %s\n", suppressions->used,
		suppressions->used == 1 ? "" : "s", suppressions->name);
	suppress_print_unused(out, suppressions, "unused: ");
}

static void print_left(FILE *out, const struct column_context *context,
		       const struct run_report *report)
{
	const struct leak_rows_options options = {
		.no_words = true,
		.stacks = report->stacks,
		.temporary = report->isolated,
	};
	const struct leaks_total all = leaks_sum(report->left);
	char size[UNITS_LEN];

	if (all.count == 0) {
		fputs("left behind: nothing\n", out);
		return;
	}
	fprintf(out, "left behind: %zu segment%s, %" PRIu64 " bytes (%s)%s\n\n", all.count,
		all.count == 1 ? "" : "s", all.size, units_size(size, all.size),
		report->isolated && report->rest_count == 0 ? "; gone with the private namespace"
							    : "");
	leak_rows_print(out, context, report->left, &options);
}

static void print_lines(FILE *out, char *text, const char *prefix)
{
	char *line;

	while ((line = strsep(&text, "\n")) && (*line || text))
		fprintf(out, "%s%s%s\n", prefix, *prefix && *line ? " " : "", line);
}

int run_report_print(FILE *out, const struct column_context *context,
		     const struct run_report *report, const char *prefix)
{
	char *text = NULL;
	size_t length;
	FILE *lines = open_memstream(&text, &length);

	if (!lines)
		return -ENOMEM;
	print_end(lines, report);
	print_rest(lines, report);
	print_calls(lines, report);
	print_suppressed(lines, report->suppressions);
	print_left(lines, context, report);
	if (fclose(lines)) {
		free(text);
		return -ENOMEM;
	}
	print_lines(out, text, prefix);
	free(text);
	return 0;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static struct json_object *json_words(char *const *words)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && words[i]; i++) {
		size_t room = 4 * strlen(words[i]) + 1;
		char *safe = malloc(room);

		if (safe)
			text_safe(safe, room, words[i], strlen(words[i]));
		json_object_array_add(array, safe ? json_object_new_string(safe) : NULL);
		free(safe);
	}
	return array;
}

static struct json_object *json_peak(const struct run_report *report)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "segments", json_object_new_uint64(report->tally->most_segments));
	json_add(object, "bytes", json_object_new_uint64(report->tally->most_bytes));
	json_add(object, "inferred", json_object_new_boolean(report->unseen != NULL));
	return object;
}

static struct json_object *json_rest(const struct run_report *report)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < report->rest_count && i < RUN_REST_SHOWN; i++) {
		struct json_object *object = json_object_new_object();

		if (!object)
			break;
		json_add(object, "pid", json_object_new_int(report->rest[i].pid));
		json_add(object, "comm", json_text(report->rest[i].comm));
		json_object_array_add(array, object);
	}
	return array;
}

int run_report_json(FILE *out, const struct column_context *context,
		    const struct run_report *report)
{
	const struct call_tally *tally = report->tally;
	struct json_object *document = json_document("run", context);
	bool followed = !report->unseen;

	if (!document)
		return -ENOMEM;
	json_add(document, "command", json_words(report->words));
	json_add(document, "status", json_object_new_int(report->status));
	json_add(document, "signal", report->signal ? json_object_new_int(report->signal) : NULL);
	json_add(document, "took",
		 json_object_new_double((double)report->took / (double)CLOCK_SECOND));
	json_add(document, "isolated", json_object_new_boolean(report->isolated));
	json_add(document, "calls", followed ? call_tally_json(tally) : NULL);
	json_add(document, "made", followed ? json_object_new_uint64(tally->made) : NULL);
	json_add(document, "peak", json_peak(report));
	json_add(document, "running", json_rest(report));
	json_add(document, "suppressed", suppress_json(report->suppressions));
	return json_print_segments(out, document, "left", context, report->left->ids,
				   report->left->id_count);
}
