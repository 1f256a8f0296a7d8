/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/leak_rows.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/report.h"
#include "stack/call_paths.h"

enum {
	IDS_SHOWN = 8,     /* of a row: a line that can be copied */
	FRAMES_SHOWN = 12, /* of a stack */
};

char *leak_rows_count(char out[static LEAK_ROWS_COUNT_LEN], size_t count, uint64_t size)
{
	char text[UNITS_LEN];

	snprintf(out, LEAK_ROWS_COUNT_LEN, "%zu segment%s (%s)", count, count == 1 ? "" : "s",
		 units_size(text, size));
	return out;
}

/* "likely orphan: 990 segments (15.4M), 12.0M in memory, 12 more an hour: SHMMNI is full in 6h" */
static void print_heading(FILE *out, const struct leaks_row *row,
			  const struct leak_rows_options *options)
{
	const char *word = options->no_words ? "" : verdict_confidence_word(row->confidence);
	char count[LEAK_ROWS_COUNT_LEN], text[UNITS_LEN];

	fprintf(out, "%s%s%s: %s", word, *word ? " " : "", verdict_kind_name(row->kind),
		leak_rows_count(count, row->count, row->size));
	if (row->has_bytes)
		fprintf(out, ", %s in memory", units_size(text, row->bytes));
	if (row->grows)
		fprintf(out, ", %.0f more an hour", row->rate);
	if (row->grows && row->has_full)
		fprintf(out, ": %s is full in %s", row->full_of, units_age(text, row->full));
	fputc('\n', out);
}

static void print_maker(FILE *out, const struct column_context *context,
			const struct leaks_row *row)
{
	char site[CALL_FRAME_LEN] = "";

	if (context->paths && row->site)
		call_paths_site(context->paths, row->site, site);
	fprintf(out, "  made by %s%s%s\n", row->name, site[0] ? " at " : "", site);
}

/* Those that tell: the way from the call to main, without what starts a program or a thread. */
static size_t telling_frames(const struct call_path *path)
{
	size_t count = path->count;

	while (count > 1) {
		const struct call_frame *frame = &path->frames[count - 1];
		bool starts = strcmp(frame->function, "_start") == 0;

		if (!starts && !(frame->module && frame->module->is_libc))
			break;
		count--;
	}
	return count < FRAMES_SHOWN ? count : FRAMES_SHOWN;
}

static void print_stack(FILE *out, const struct column_context *context,
			const struct leaks_row *row, const struct leak_rows_options *options)
{
	const struct call_path *path =
		context->paths ? call_paths_get(context->paths, row->stack) : NULL;
	char text[CALL_FRAME_LEN];

	if (!path)
		return;
	size_t shown = options->stacks ? path->count : telling_frames(path);

	for (size_t i = 0; i < shown; i++) {
		const struct call_frame *frame = &path->frames[i];

		fprintf(out, "    %s", call_frame_text(frame, text));
		if (options->stacks && frame->module && frame->function[0])
			fprintf(out, "  (%s+0x%" PRIx64 ")", frame->module->path, frame->offset);
		fputc('\n', out);
	}
	if ((shown == FRAMES_SHOWN && shown < path->count && !options->stacks) || path->cut)
		fputs("    ...\n", out);
}

/* Whoever holds them must let go. */
static bool is_removable(const struct leaks_row *row)
{
	return row->kind != VERDICT_DEST_PINNED && row->kind != VERDICT_ATTACH_LEAK;
}

static void print_id(FILE *out, const struct segment_id *id)
{
	fprintf(out, " %" PRIu32 ":%" PRId32, id->ipcns, id->shmid);
}

static void print_removal(FILE *out, const struct leaks_list *list, const struct leaks_row *row)
{
	size_t shown = row->count < IDS_SHOWN ? row->count : IDS_SHOWN;

	if (!is_removable(row)) {
		fputs("  no removal helps: whoever holds it must let go\n", out);
		return;
	}
	fputs("  shmtop rm", out);
	for (size_t i = 0; i < shown; i++)
		print_id(out, &list->ids[row->first + i]);
	fputc('\n', out);
	if (shown < row->count)
		fprintf(out, "  and %zu more: shmtop leaks --commands\n", row->count - shown);
}

void leak_rows_print_commands(FILE *out, const struct leaks_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct leaks_row *row = &list->rows[i];

		for (size_t j = 0; is_removable(row) && j < row->count; j++) {
			fputs("shmtop rm", out);
			print_id(out, &list->ids[row->first + j]);
			fputc('\n', out);
		}
	}
}

void leak_rows_print(FILE *out, const struct column_context *context, const struct leaks_list *list,
		     const struct leak_rows_options *options)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct leaks_row *row = &list->rows[i];

		if (i)
			fputc('\n', out);
		print_heading(out, row, options);
		print_maker(out, context, row);
		print_stack(out, context, row, options);
		fprintf(out, "  %s\n", row->evidence);
		if (!options->temporary)
			print_removal(out, list, row);
	}
}
