/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/limits_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/json_parts.h"
#include "report/limits_rows.h"

/* The rows of one namespace, or of the machine */
struct limits_block {
	size_t first, end;
	unsigned int worst; /* share; 0 while it is below LIMITS_SHARE_HIGH: the order stays */
	bool used;          /* something of it is */
};

/* ---- which blocks, in what order --------------------------------------------------------------- */

static void block_note(struct limits_block *block, const struct limits_row *row)
{
	block->used = block->used || row->kind != LIMITS_RESOURCE || row->used;
	if (row->kind == LIMITS_RESOURCE && row->fails[0] && !row->unlimited &&
	    row->share >= LIMITS_SHARE_HIGH && row->share > block->worst)
		block->worst = row->share;
}

static size_t blocks_find(const struct limits_list *list, struct limits_block *blocks)
{
	size_t count = 0;

	for (size_t at = 0; at < list->count; count++) {
		struct limits_block block = {.first = at};
		const uint32_t ipcns = list->rows[at].ipcns;

		for (; at < list->count && list->rows[at].ipcns == ipcns; at++)
			block_note(&block, &list->rows[at]);
		block.end = at;
		blocks[count] = block;
	}
	return count;
}

static int block_order(const void *left, const void *right)
{
	const struct limits_block *a = left;
	const struct limits_block *b = right;

	if (a->worst != b->worst)
		return a->worst > b->worst ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* ---- lines ------------------------------------------------------------------------------------- */

/* "full: shmget fails with ENOSPC (sysctl kernel.shmall); 524288 of 2097152 pages" */
static void print_remarks(FILE *out, const struct limits_row *row)
{
	const bool full = row->fails[0] && !row->unlimited && row->share >= LIMITS_SHARE_FULL;
	const char *between = "  ";
	char end[UNITS_LEN];

	if (full) {
		fprintf(out, "%sfull: %s (%s)", between, row->fails, row->set_by);
		between = "; ";
	} else if (row->ends) {
		fprintf(out, "%sfull in %s if it goes on", between, units_age(end, row->end));
		between = "; ";
	}
	if (row->note[0])
		fprintf(out, "%s%s", between, row->note);
	putc('\n', out);
}

static void print_resource(FILE *out, const struct limits_row *row)
{
	char used[UNITS_LEN], max[UNITS_LEN], share[16] = "";
	const bool near = row->fails[0] && !row->unlimited && row->share >= LIMITS_SHARE_HIGH;

	if (!row->ipcns && !row->max) {
		fprintf(out, "  %-10s  %s\n", row->name, row->note);
		return;
	}
	limits_figure(row, row->used, used);
	limits_figure(row, row->max, max);
	fprintf(out, "%c %-10s  %-22s  %10s", near ? '!' : ' ', row->name, row->what, used);
	if (row->unlimited) {
		fprintf(out, "%s", ", no limit");
	} else {
		snprintf(share, sizeof(share), "%u.%u%%", row->share / 10, row->share % 10);
		fprintf(out, " of %-10s %6s", max, share);
	}
	print_remarks(out, row);
}

static void print_creator(FILE *out, const struct column_context *context,
			  const struct creator *creator, bool first)
{
	char name[CREATORS_NAME_LEN], words[CREATORS_WORDS_LEN];

	fprintf(out, "  %-10s  %s: %s\n", first ? "made by" : "",
		creators_name(name, context, creator), creators_words(words, context, creator));
}

static void print_heading(FILE *out, const struct column_context *context, uint32_t ipcns)
{
	char name[COLUMN_CELL_LEN];

	if (ipcns)
		fprintf(out, "IPC namespace %s", column_ns_long_name(context, ipcns, name));
	else
		fputs("The machine", out);
}

static void print_more(FILE *out, const struct limits_list *list, uint32_t ipcns)
{
	size_t count;

	creators_of(&list->creators, ipcns, &count);
	if (count > LIMITS_CREATORS)
		fprintf(out, "  %-10s  and %zu more\n", "", count - LIMITS_CREATORS);
}

static void print_block(FILE *out, const struct column_context *context,
			const struct limits_list *list, const struct limits_block *block)
{
	const struct limits_row *rows = list->rows;
	const uint32_t ipcns = rows[block->first].ipcns;
	bool first = true;

	print_heading(out, context, ipcns);
	for (size_t at = block->first; at < block->end; at++) {
		const struct limits_row *row = &rows[at];

		if (row->kind == LIMITS_UNKNOWN) {
			fprintf(out, ": limits not known (%s)\n", row->note);
			continue;
		}
		if (at == block->first)
			putc('\n', out);
		if (row->kind == LIMITS_RESOURCE) {
			print_resource(out, row);
			continue;
		}
		print_creator(out, context, &list->creators.rows[row->creator], first);
		first = false;
	}
	print_more(out, list, ipcns);
}

static void print_blocks(FILE *out, const struct column_context *context,
			 const struct limits_list *list, const struct limits_block *blocks,
			 size_t count)
{
	const char *between = "";
	size_t empty = 0;

	for (size_t i = 0; i < count; i++) {
		const uint32_t ipcns = list->rows[blocks[i].first].ipcns;

		if (ipcns && ipcns != context->own_ipcns && !blocks[i].used) {
			empty++;
			continue;
		}
		fputs(between, out);
		print_block(out, context, list, &blocks[i]);
		between = "\n";
	}
	if (empty)
		fprintf(out, "\n%zu more IPC namespace%s without segments, semaphores or queues\n",
			empty, empty == 1 ? "" : "s");
}

int limits_report_print(FILE *out, const struct column_context *context)
{
	struct limits_list list = {0};
	struct limits_block *blocks = NULL;
	int error = limits_collect(context, &list);

	if (!error && list.count && !(blocks = calloc(list.count, sizeof(*blocks))))
		error = -ENOMEM;
	if (blocks) {
		const size_t count = blocks_find(&list, blocks);

		qsort(blocks, count, sizeof(*blocks), block_order);
		print_blocks(out, context, &list, blocks, count);
	}
	free(blocks);
	limits_free(&list);
	return error;
}

struct json_object *limits_report_json(const struct column_context *context)
{
	size_t count;
	const struct namespace_state *places = model_namespaces(context->model, &count);
	struct creator_list creators = {0};
	struct json_object *array = NULL;

	if (creators_collect(context, &creators) == 0)
		array = json_object_new_array_ext((int)count);
	for (size_t i = 0; array && i < count; i++)
		json_object_array_add(array, json_limits(context, &places[i], &creators));
	creators_free(&creators);
	return array;
}

/* ---- settings ---------------------------------------------------------------------------------- */

static void print_place(FILE *out, const struct column_context *context,
			const struct audit_row *row)
{
	char name[COLUMN_CELL_LEN];

	if (row->ipcns)
		fprintf(out, " in %s", column_ns_long_name(context, row->ipcns, name));
	if (row->others)
		fprintf(out, " and %zu more", row->others);
}

void limits_report_settings(FILE *out, const struct column_context *context,
			    const struct audit_list *list, bool all)
{
	size_t told = 0;

	fputs("Settings\n", out);
	for (size_t i = 0; i < list->count; i++) {
		const struct audit_row *row = &list->rows[i];

		if (row->verdict == AUDIT_OK && !all)
			continue;
		told++;
		fprintf(out, "%c %-4s  %s", row->verdict == AUDIT_WARN ? '!' : ' ',
			audit_verdict_name(row->verdict), row->name);
		print_place(out, context, row);
		fprintf(out, ": %s\n", row->value);
		if (row->why[0])
			fprintf(out, "        %s\n", row->why);
		if (row->fix[0])
			fprintf(out, "        do: %s\n", row->fix);
	}
	if (!told)
		fputs("  nothing that bites\n", out);
}

struct json_object *limits_report_json_settings(const struct column_context *context,
						const struct audit_list *list)
{
	struct json_object *array = json_object_new_array_ext((int)list->count);

	for (size_t i = 0; array && i < list->count; i++) {
		const struct audit_row *row = &list->rows[i];
		struct json_object *object = json_object_new_object();

		json_object_array_add(array, object);
		if (!object)
			continue;
		json_add(object, "name", json_object_new_string(row->name));
		json_add(object, "ipcns", row->ipcns ? json_object_new_int64(row->ipcns) : NULL);
		json_add(object, "ipcns_label",
			 row->ipcns ? json_ns_label(context, row->ipcns, 0) : NULL);
		json_add(object, "others", json_object_new_uint64(row->others));
		json_add(object, "value",
			 json_text(row->value[0] == '-' && !row->value[1] ? NULL : row->value));
		json_add(object, "verdict",
			 json_object_new_string(audit_verdict_name(row->verdict)));
		json_add(object, "why", json_text(row->why));
		json_add(object, "do", json_text(row->fix));
	}
	return array;
}
