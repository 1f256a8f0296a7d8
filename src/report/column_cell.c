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

static char *cell_text(const struct column_context *context, const struct segment *segment,
		       column_value_fn *value, char out[static COLUMN_CELL_LEN])
{
	struct column_value is;

	value(context, segment, &is);
	return is.type == COLUMN_UNKNOWN ? cell_unknown(out) : cell_copy(out, is.text);
}

static char *cell_number(const struct column_context *context, const struct segment *segment,
			 column_value_fn *value, char out[static COLUMN_CELL_LEN])
{
	struct column_value is;

	value(context, segment, &is);
	if (is.type == COLUMN_UNKNOWN)
		return cell_unknown(out);
	snprintf(out, COLUMN_CELL_LEN, "%" PRId64, is.number);
	return out;
}

static char *cell_bytes(const struct column_context *context, const struct segment *segment,
			column_value_fn *value, char out[static COLUMN_CELL_LEN])
{
	struct column_value is;

	value(context, segment, &is);
	if (is.type == COLUMN_UNKNOWN)
		return cell_unknown(out);
	if (!context->bytes)
		return units_size(out, (uint64_t)is.number);
	snprintf(out, COLUMN_CELL_LEN, "%" PRId64, is.number);
	return out;
}

static char *cell_duration(const struct column_context *context, const struct segment *segment,
			   column_value_fn *value, char out[static COLUMN_CELL_LEN])
{
	struct column_value is;

	value(context, segment, &is);
	if (is.type == COLUMN_UNKNOWN)
		return cell_unknown(out);
	if (!context->bytes)
		return units_age(out, (uint64_t)is.number);
	snprintf(out, COLUMN_CELL_LEN, "%" PRId64, is.number);
	return out;
}

static char *cell_time(const struct column_context *context, const struct segment *segment,
		       column_value_fn *value, char out[static COLUMN_CELL_LEN])
{
	struct column_value is;
	struct tm local;
	time_t time;

	value(context, segment, &is);
	if (is.type == COLUMN_UNKNOWN)
		return cell_unknown(out);
	time = is.number;
	if (context->bytes || !localtime_r(&time, &local))
		snprintf(out, COLUMN_CELL_LEN, "%" PRId64, is.number);
	else if (time == 0)
		strcpy(out, "never");
	else
		strftime(out, COLUMN_CELL_LEN, "%F %T", &local);
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

/* ---- the columns --------------------------------------------------------------------------- */

char *column_cell_ns(const struct column_context *context, const struct segment *segment,
		     char out[static COLUMN_CELL_LEN])
{
	return cell_text(context, segment, column_value_ns, out);
}

char *column_cell_shmid(const struct column_context *context, const struct segment *segment,
			char out[static COLUMN_CELL_LEN])
{
	return cell_number(context, segment, column_value_shmid, out);
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

char *column_cell_owner(const struct column_context *context, const struct segment *segment,
			char out[static COLUMN_CELL_LEN])
{
	return cell_text(context, segment, column_value_owner, out);
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

char *column_cell_size(const struct column_context *context, const struct segment *segment,
		       char out[static COLUMN_CELL_LEN])
{
	return cell_bytes(context, segment, column_value_size, out);
}

char *column_cell_rss(const struct column_context *context, const struct segment *segment,
		      char out[static COLUMN_CELL_LEN])
{
	return cell_bytes(context, segment, column_value_rss, out);
}

char *column_cell_swap(const struct column_context *context, const struct segment *segment,
		       char out[static COLUMN_CELL_LEN])
{
	return cell_bytes(context, segment, column_value_swap, out);
}

char *column_cell_nattch(const struct column_context *context, const struct segment *segment,
			 char out[static COLUMN_CELL_LEN])
{
	return cell_number(context, segment, column_value_nattch, out);
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

char *column_cell_age(const struct column_context *context, const struct segment *segment,
		      char out[static COLUMN_CELL_LEN])
{
	return cell_duration(context, segment, column_value_age, out);
}

char *column_cell_idle(const struct column_context *context, const struct segment *segment,
		       char out[static COLUMN_CELL_LEN])
{
	return cell_duration(context, segment, column_value_idle, out);
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

char *column_cell_command(const struct column_context *context, const struct segment *segment,
			  char out[static COLUMN_CELL_LEN])
{
	return cell_text(context, segment, column_value_command, out);
}

char *column_cell_ctime(const struct column_context *context, const struct segment *segment,
			char out[static COLUMN_CELL_LEN])
{
	return cell_time(context, segment, column_value_ctime, out);
}

char *column_cell_atime(const struct column_context *context, const struct segment *segment,
			char out[static COLUMN_CELL_LEN])
{
	return cell_time(context, segment, column_value_atime, out);
}

char *column_cell_dtime(const struct column_context *context, const struct segment *segment,
			char out[static COLUMN_CELL_LEN])
{
	return cell_time(context, segment, column_value_dtime, out);
}

char *column_cell_drift(const struct column_context *context, const struct segment *segment,
			char out[static COLUMN_CELL_LEN])
{
	return cell_number(context, segment, column_value_drift, out);
}
