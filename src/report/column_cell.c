/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "report/column_parts.h"
#include "report/holders.h"

enum { CELL_HOLDERS_SHOWN = 3 };

static char *cell_unknown(char out[static COLUMN_CELL_LEN])
{
	return strcpy(out, "-");
}

/* Safe text; what does not fit ends in ~ and is cut between characters. */
static char *cell_copy(char out[static COLUMN_CELL_LEN], const char *text)
{
	size_t length = strnlen(text, COLUMN_CELL_LEN);

	if (length < COLUMN_CELL_LEN) {
		memcpy(out, text, length + 1);
		return out;
	}
	length = COLUMN_CELL_LEN - 2;
	while (((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	memcpy(out, text, length);
	strcpy(out + length, "~");
	return out;
}

/* ---- by kind: the value, written out ------------------------------------------------------- */

static char *cell_number(const struct column_value *value, char out[static COLUMN_CELL_LEN])
{
	snprintf(out, COLUMN_CELL_LEN, "%" PRId64, value->number);
	return out;
}

static char *cell_time(const struct column_value *value, char out[static COLUMN_CELL_LEN])
{
	time_t time = value->number;
	struct tm local;

	if (time == 0)
		return strcpy(out, "never");
	if (!localtime_r(&time, &local))
		return cell_number(value, out);
	strftime(out, COLUMN_CELL_LEN, "%F %T", &local);
	return out;
}

static char *cell_of_kind(const struct column_value *value, enum column_kind kind, bool plain,
			  char out[static COLUMN_CELL_LEN])
{
	if (value->type == COLUMN_UNKNOWN)
		return cell_unknown(out);
	if (value->type == COLUMN_TEXT)
		return cell_copy(out, value->text);
	if (plain)
		return cell_number(value, out);
	switch (kind) {
	case COLUMN_KIND_SIZE:
		return units_size(out, (uint64_t)value->number);
	case COLUMN_KIND_AGE:
		return units_age(out, (uint64_t)value->number);
	case COLUMN_KIND_TIME:
		return cell_time(value, out);
	default:
		return cell_number(value, out);
	}
}

char *column_cell(enum column_id id, const struct column_context *context,
		  const struct segment *segment, char out[static COLUMN_CELL_LEN])
{
	const struct column *column = &column_table[id];
	struct column_value value;

	if (column->cell)
		return column->cell(context, segment, out);
	column->value(context, segment, &value);
	return cell_of_kind(&value, column->kind, context->bytes, out);
}

/* ---- columns that are written in a way of their own ---------------------------------------- */

char *column_pid(const struct process *process, char out[static COLUMN_PID_LEN])
{
	int length = snprintf(out, COLUMN_PID_LEN, "%" PRId32, process->pid);

	if (process->inner_pid && process->inner_pid != process->pid)
		snprintf(out + length, COLUMN_PID_LEN - (size_t)length, " (%" PRId32 " inside)",
			 process->inner_pid);
	return out;
}

static char *cell_process(const struct process *process, char out[static COLUMN_CELL_LEN])
{
	if (!process)
		return cell_unknown(out);
	snprintf(out, COLUMN_CELL_LEN, "%" PRId32 "%s%s", process->pid,
		 process->checked && !process->alive ? "+"
		 : process->comm[0]                  ? " "
						     : "",
		 process->comm);
	return out;
}

char *column_cell_key(const struct column_context *context, const struct segment *segment,
		      char out[static COLUMN_CELL_LEN])
{
	(void)context;
	if (!segment->has_key || segment->key == 0)
		return cell_unknown(out);
	snprintf(out, COLUMN_CELL_LEN, "0x%08" PRIx32, (uint32_t)segment->key);
	return out;
}

char *column_cell_perm(const struct column_context *context, const struct segment *segment,
		       char out[static COLUMN_CELL_LEN])
{
	(void)context;
	if (!(segment->facts.known & FACT_COL_MODE))
		return cell_unknown(out);
	snprintf(out, COLUMN_CELL_LEN, "%04o", (unsigned int)segment->facts.mode & 0777);
	return out;
}

/* The first pids, and how many more address spaces there are; empty when nobody holds it. */
char *column_cell_holders(const struct column_context *context, const struct segment *segment,
			  char out[static COLUMN_CELL_LEN])
{
	struct holder_list list = {0};
	size_t at = 0;

	(void)context;
	if (holders_collect(segment, &list) ||
	    (!list.count && !(segment->facts.known & FACT_COL_NATTCH && segment->nattch == 0)))
		return cell_unknown(out);
	out[0] = '\0';
	for (size_t i = 0; i < list.count && i < CELL_HOLDERS_SHOWN; i++)
		at += (size_t)snprintf(out + at, COLUMN_CELL_LEN - at, "%s%" PRId32, i ? " " : "",
				       list.rows[i].holder->process->pid);
	if (list.count > CELL_HOLDERS_SHOWN)
		snprintf(out + at, COLUMN_CELL_LEN - at, " +%zu", list.count - CELL_HOLDERS_SHOWN);
	holders_free(&list);
	return out;
}

char *column_cell_creator(const struct column_context *context, const struct segment *segment,
			  char out[static COLUMN_CELL_LEN])
{
	(void)context;
	return cell_process(segment->creator, out);
}

char *column_cell_last(const struct column_context *context, const struct segment *segment,
		       char out[static COLUMN_CELL_LEN])
{
	(void)context;
	return cell_process(segment->last, out);
}

char *column_cell_flags(const struct column_context *context, const struct segment *segment,
			char out[static COLUMN_CELL_LEN])
{
	unsigned int flags = column_flags(context, segment);
	size_t at = 0;

	for (size_t i = 0; i < COLUMN_FLAGS_COUNT; i++) {
		if (flags & column_flag_table[i].flag)
			out[at++] = column_flag_table[i].letter;
	}
	out[at] = '\0';
	return out;
}
