/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/units.h"
#include "report/call.h"
#include "report/changes.h"
#include "report/holders.h"
#include "report/owner.h"
#include "report/report.h"
#include "report/source.h"
#include "stack/call_paths.h"

enum { TABLE_PID_WIDTH = 9, TABLE_COMM_WIDTH = 15, TABLE_TIME_LEN = 32 };

__attribute__((format(printf, 3, 4))) static void table_fact(FILE *out, const char *label,
							     const char *format, ...)
{
	va_list args;

	fprintf(out, "%-12s ", label);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	fputc('\n', out);
}

/* "2024-05-01 12:04:31" of epoch seconds */
static const char *table_time(char out[static TABLE_TIME_LEN], int64_t seconds)
{
	time_t time = seconds;
	struct tm local = {0};

	localtime_r(&time, &local);
	strftime(out, TABLE_TIME_LEN, "%F %T", &local);
	return out;
}

static const char *table_instant(char out[static TABLE_TIME_LEN],
				 const struct column_context *context, uint64_t time)
{
	return table_time(out, column_wall(context, time) / (int64_t)CLOCK_SECOND);
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* Whose it is, by its oldest process */
static void table_fact_namespace(FILE *out, const struct namespace_owner *owner)
{
	if (owner->container[0])
		table_fact(out, "  container", "%s%s%s", owner->runtime,
			   owner->runtime[0] ? " " : "", owner->container);
	if (owner->pod[0])
		table_fact(out, "  pod", "%s", owner->pod);
	if (owner->unit[0])
		table_fact(out, "  unit", "%s", owner->unit);
	if (owner->pid)
		table_fact(out, "  oldest", "%" PRId32 " %s", owner->pid,
			   owner->comm[0] ? owner->comm : "-");
}

static void table_fact_identity(FILE *out, const struct column_context *context,
				const struct segment *segment)
{
	const struct namespace_state *place = model_namespace(context->model, segment->id.ipcns);
	char name[COLUMN_CELL_LEN];

	table_fact(out, "Segment", "%" PRId32, segment->id.shmid);
	table_fact(out, "Namespace", "%s", column_ns_long_name(context, segment->id.ipcns, name));
	if (place && !segment->gone)
		table_fact_namespace(out, &place->owner);
	if (!segment->has_key)
		table_fact(out, "Key", "-");
	else if (segment->key == 0)
		table_fact(out, "Key", "IPC_PRIVATE");
	else
		table_fact(out, "Key", "0x%08" PRIx32 " (%" PRId32 ")", (uint32_t)segment->key,
			   segment->key);
}

static void table_fact_state(FILE *out, const struct column_context *context,
			     const struct segment *segment)
{
	unsigned int flags = column_flags(context, segment);
	char text[TABLE_TIME_LEN];

	if (segment->gone)
		table_fact(out, "State", "gone since %s (%s)",
			   table_instant(text, context, segment->gone),
			   fact_reason_name(segment->gone_reason));
	else if (flags & COLUMN_FLAG_DEST)
		table_fact(out, "State", "removed: it ends when the last holder lets go");
	else
		table_fact(out, "State", "exists");
	fprintf(out, "%-12s ", "Flags");
	for (size_t i = 0, count = 0; i < COLUMN_FLAGS_COUNT; i++) {
		if (flags & column_flag_table[i].flag)
			fprintf(out, "%s%s", count++ ? ", " : "", column_flag_table[i].word);
	}
	fputs(flags ? "\n" : "none\n", out);
}

static void table_fact_user(FILE *out, const struct column_context *context, const char *label,
			    const struct segment *segment, enum fact_column known_uid, uint32_t uid,
			    enum fact_column known_gid, uint32_t gid)
{
	const char *name = owner_name(context->owners, uid);

	if (!(segment->facts.known & known_uid))
		table_fact(out, label, "-");
	else if (segment->facts.known & known_gid)
		table_fact(out, label, "%s%suid %" PRIu32 ", gid %" PRIu32, name ? name : "",
			   name ? ", " : "", uid, gid);
	else
		table_fact(out, label, "%s%suid %" PRIu32, name ? name : "", name ? ", " : "", uid);
}

static void table_fact_bytes(FILE *out, const struct column_context *context, const char *label,
			     enum column_id column, const struct segment *segment)
{
	struct column_value value;
	char text[UNITS_LEN];

	column_table[column].value(context, segment, &value);
	if (value.type == COLUMN_UNKNOWN)
		table_fact(out, label, "-");
	else
		table_fact(out, label, "%s (%" PRId64 " bytes)",
			   units_size(text, (uint64_t)value.number), value.number);
}

static void table_fact_time(FILE *out, const struct column_context *context, const char *label,
			    bool known, int64_t time, const char *note)
{
	int64_t age = context->wall / (int64_t)CLOCK_SECOND - time;
	char at[TABLE_TIME_LEN], text[UNITS_LEN];

	if (!known)
		table_fact(out, label, "-");
	else if (time == 0)
		table_fact(out, label, "never");
	else
		table_fact(out, label, "%s, %s ago%s", table_time(at, time),
			   units_age(text, age > 0 ? (uint64_t)age : 0), note);
}

static void table_fact_times(FILE *out, const struct column_context *context,
			     const struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;

	if (segment->born)
		table_fact_time(out, context, "Created", true,
				column_wall(context, segment->born) / (int64_t)CLOCK_SECOND, "");
	else
		table_fact_time(out, context, "Created", facts->known & FACT_COL_CTIME,
				facts->ctime, ", or changed by IPC_SET then");
	table_fact_time(out, context, "Attached", facts->known & FACT_COL_ATIME, facts->atime, "");
	table_fact_time(out, context, "Detached", facts->known & FACT_COL_DTIME, facts->dtime, "");
}

/* In words, each reason on a line of its own */
static void table_fact_verdict(FILE *out, const struct column_context *context,
			       const struct segment *segment)
{
	const struct judge_context judge = column_judge(context);
	struct verdict verdict;

	verdict_judge(&judge, segment, &verdict);
	const char *word = verdict_confidence_word(verdict.confidence);

	table_fact(out, "Verdict", "%s%s%s%s%s", verdict_kind_name(verdict.kind),
		   word[0] ? ", " : "", word, verdict.count ? ": " : "",
		   verdict.count ? verdict.because[0] : "");
	for (size_t i = 1; i < verdict.count; i++)
		table_fact(out, "", "%s", verdict.because[i]);
}

/* What an event told about who let go of it */
static void table_fact_history(FILE *out, const struct column_context *context,
			       const struct segment *segment)
{
	char at[TABLE_TIME_LEN];

	if (segment->detached)
		table_fact(out, "Last detach", "%s by %" PRId32 " (%s)",
			   table_instant(at, context, segment->detached), segment->detached_pid,
			   fact_reason_name(segment->detached_reason));
}

/* ---- processes ----------------------------------------------------------------------------- */

static void table_fact_process(FILE *out, const struct column_context *context, const char *label,
			       const struct process *process)
{
	char at[TABLE_TIME_LEN];

	if (!process) {
		table_fact(out, label, "-");
		return;
	}
	char pid[COLUMN_PID_LEN];

	fprintf(out, "%-12s %s %s", label, column_pid(process, pid),
		process->comm[0] ? process->comm : "-");
	if (!process->checked)
		fputs(", alive or not is unknown\n", out);
	else if (process->alive)
		fputs(", alive\n", out);
	else if (process->ended)
		fprintf(out, ", gone since %s\n", table_instant(at, context, process->ended));
	else
		fputs(", gone\n", out);
	if (process->cmdline[0])
		table_fact(out, "  command", "%s", process->cmdline);
	if (process->exe[0])
		table_fact(out, "  program", "%s", process->exe);
	if (process->cgroup[0])
		table_fact(out, "  cgroup", "%s", process->cgroup);
}

/* As wide as the longest of them */
static int table_pid_width(const struct holder_list *list)
{
	char pid[COLUMN_PID_LEN];
	int widest = TABLE_PID_WIDTH;

	for (size_t i = 0; i < list->count; i++) {
		int width = (int)strlen(column_pid(list->rows[i].holder->process, pid));

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* What one cannot do who should let go of it; else what it is to the segment */
static const char *table_holder_state(const struct segment *segment, const struct process *process)
{
	const char *hindrance = holders_hindrance(process);

	return hindrance[0] || process != segment->creator ? hindrance : "creator";
}

/* Of one that was found by a scan is known that it is no older than its process. */
static char *table_holder_since(const struct column_context *context, const struct holder_row *row,
				char out[static UNITS_LEN + 1])
{
	bool found = row->origin == MAPPING_SCAN;
	uint64_t start = row->holder->process->start_time;
	uint64_t since = found && start ? start : row->since;

	out[0] = start ? '<' : '>';
	units_age(found ? out + 1 : out, (context->now - since) / CLOCK_SECOND);
	return out;
}

static void table_print_holder(FILE *out, const struct column_context *context,
			       const struct segment *segment, const struct holder_row *row,
			       int pid_width)
{
	const struct process *process = row->holder->process;
	const char *comm = process->comm[0] ? process->comm : "-";
	size_t width = text_width(comm);
	char since[UNITS_LEN + 1], address[UNITS_LEN], pid[COLUMN_PID_LEN];

	snprintf(address, sizeof(address), "0x%" PRIx64, row->addr);
	fprintf(out, "%*s %s%*s %5zu %-4s %6s %-5s %-18s %-7s %s\n", pid_width,
		column_pid(process, pid), comm,
		(int)(width < TABLE_COMM_WIDTH ? TABLE_COMM_WIDTH - width : 0), "", row->maps,
		holders_mode(row->flags), table_holder_since(context, row, since),
		holders_origin(row->origin), address, table_holder_state(segment, process),
		process->cmdline[0] ? process->cmdline : "-");
}

static int table_print_holders(FILE *out, const struct column_context *context,
			       const struct segment *segment)
{
	struct holder_list list = {0};
	bool has_drift = model_has_drift(context->model, segment);
	int64_t drift = has_drift ? model_drift(segment) : 0;
	int err = holders_collect(segment, &list);
	int pid_width = table_pid_width(&list);

	if (err)
		return err;
	if (segment->facts.known & FACT_COL_NATTCH)
		fprintf(out, "\nAttachments: %" PRIu64, segment->nattch);
	else
		fputs("\nAttachments: -", out);
	if (segment->nattch > 0 || segment->mapped > 0)
		fprintf(out, ", known: %" PRIu64 " by %zu holder%s", segment->mapped, list.count,
			list.count == 1 ? "" : "s");
	if (!has_drift)
		fputs(" (not all processes may be looked at)", out);
	if (drift)
		fprintf(out, ", drift %" PRId64, drift);
	fputc('\n', out);
	if (list.count > 0)
		fprintf(out, "%*s %-15s %5s %-4s %6s %-5s %-18s %-7s %s\n", pid_width, "PID",
			"COMM", "MAPS", "MODE", "SINCE", "HOW", "ADDR", "STATE", "COMMAND");
	for (size_t i = 0; i < list.count; i++)
		table_print_holder(out, context, segment, &list.rows[i], pid_width);
	holders_free(&list);
	return 0;
}

void table_print_stack(FILE *out, const struct call_paths *paths, uint32_t id, const char *indent)
{
	const struct call_path *path = paths ? call_paths_get(paths, id) : NULL;
	char text[CALL_FRAME_LEN];

	if (!path)
		return;
	for (size_t i = 0; i < path->count; i++)
		fprintf(out, "%s%s\n", indent, call_frame_text(&path->frames[i], text));
	if (path->cut)
		fprintf(out, "%s...\n", indent);
}

static int table_print_history(FILE *out, const struct column_context *context,
			       const struct segment *segment)
{
	uint64_t *sequences = NULL;
	size_t count = 0, capacity = 0;
	char line[EVENT_LINE_LEN];
	int err = event_history(context->model, segment, &sequences, &count, &capacity);

	if (!err) {
		if (!count && !source_follows(model_status(context->model)))
			fputs("\nEvents: not watched (shmtop show -d, shmtop trace and shmtop "
			      "do)\n",
			      out);
		else
			fprintf(out, "\nEvents seen: %zu\n", count);
		if (count > 0)
			fprintf(out, "%s\n", event_heading(line));
	}
	for (size_t i = 0; !err && i < count; i++) {
		const struct event event =
			event_named(context->model, model_event(context->model, sequences[i]));

		fprintf(out, "%s\n", event_line(line, &event));
		event_print_explanation(out, context, &event, "    ");
	}
	free(sequences);
	return err;
}

int table_print_segment(FILE *out, const struct column_context *context,
			const struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;
	char mode[COLUMN_CELL_LEN];
	int err;

	table_fact_identity(out, context, segment);
	table_fact_state(out, context, segment);
	table_fact(out, "Mode", "%s", column_cell(COLUMN_PERM, context, segment, mode));
	table_fact_user(out, context, "Owner", segment, FACT_COL_UID, facts->uid, FACT_COL_GID,
			facts->gid);
	table_fact_user(out, context, "Made by", segment, FACT_COL_CUID, facts->cuid, FACT_COL_CGID,
			facts->cgid);
	table_fact_bytes(out, context, "Size", COLUMN_SIZE, segment);
	table_fact_bytes(out, context, "Resident", COLUMN_RSS, segment);
	table_fact_bytes(out, context, "Swapped", COLUMN_SWAP, segment);
	table_fact_times(out, context, segment);
	table_fact_history(out, context, segment);
	table_fact_process(out, context, "Creator", segment->creator);
	table_fact_process(out, context, "Last user", segment->last);
	table_fact_verdict(out, context, segment);
	if (context->paths && call_paths_get(context->paths, segment->stack)) {
		fputs("\nMade at:\n", out);
		table_print_stack(out, context->paths, segment->stack, "  ");
	}
	err = table_print_holders(out, context, segment);
	if (changes_known(segment)) {
		fputs("\nChanges:\n", out);
		changes_print(out, context, segment, "");
	}
	return err ? err : table_print_history(out, context, segment);
}
