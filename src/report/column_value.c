/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "judge/program.h"
#include "report/column_parts.h"
#include "report/holders.h"
#include "report/owner.h"
#include "stack/call_paths.h"

/* Ages beyond this come from a broken clock; within it they can be counted in ns. */
#define VALUE_AGE_MAX (INT64_MAX / (int64_t)CLOCK_SECOND)

static bool value_known(const struct segment *segment, enum fact_column column)
{
	return segment->facts.known & column;
}

static void value_number(struct column_value *out, bool known, uint64_t number)
{
	out->type = known ? COLUMN_NUMBER : COLUMN_UNKNOWN;
	out->number = number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

static void value_text(struct column_value *out, const char *text)
{
	out->type = text && text[0] ? COLUMN_TEXT : COLUMN_UNKNOWN;
	out->text = text;
}

static void value_age(struct column_value *out, bool known, int64_t seconds)
{
	out->type = known ? COLUMN_NUMBER : COLUMN_UNKNOWN;
	out->number = seconds < 0 ? 0 : seconds < VALUE_AGE_MAX ? seconds : VALUE_AGE_MAX;
}

/* The instant to which ages count: they stand still when the segment is gone. */
static uint64_t value_end(const struct column_context *context, const struct segment *segment)
{
	return segment->gone ? segment->gone : context->now;
}

void column_value_ns(const struct column_context *context, const struct segment *segment,
		     struct column_value *out)
{
	value_text(out, column_ns_name_at(context, segment->id.ipcns, segment->gone, out->buffer));
}

void column_value_shmid(const struct column_context *context, const struct segment *segment,
			struct column_value *out)
{
	(void)context;
	out->type = COLUMN_NUMBER;
	out->number = segment->id.shmid;
}

void column_value_key(const struct column_context *context, const struct segment *segment,
		      struct column_value *out)
{
	(void)context;
	value_number(out, segment->has_key, (uint32_t)segment->key);
}

void column_value_owner(const struct column_context *context, const struct segment *segment,
			struct column_value *out)
{
	const char *name = NULL;

	if (value_known(segment, FACT_COL_UID)) {
		name = owner_name(context->owners, segment->facts.uid);
		if (!name) {
			snprintf(out->buffer, sizeof(out->buffer), "%" PRIu32, segment->facts.uid);
			name = out->buffer;
		}
	}
	value_text(out, name);
}

/* The octal digits as a decimal number: perm=600, perm=0600 and their order all come out right. */
void column_value_perm(const struct column_context *context, const struct segment *segment,
		       struct column_value *out)
{
	unsigned int mode = segment->facts.mode;

	(void)context;
	value_number(out, value_known(segment, FACT_COL_MODE),
		     (mode >> 6 & 7) * 100 + (mode >> 3 & 7) * 10 + (mode & 7));
}

void column_value_size(const struct column_context *context, const struct segment *segment,
		       struct column_value *out)
{
	(void)context;
	value_number(out, value_known(segment, FACT_COL_SIZE), segment->facts.size);
}

void column_value_rss(const struct column_context *context, const struct segment *segment,
		      struct column_value *out)
{
	(void)context;
	value_number(out, value_known(segment, FACT_COL_RSS), segment->facts.rss);
}

void column_value_swap(const struct column_context *context, const struct segment *segment,
		       struct column_value *out)
{
	(void)context;
	value_number(out, value_known(segment, FACT_COL_SWAP), segment->facts.swap);
}

void column_value_nattch(const struct column_context *context, const struct segment *segment,
			 struct column_value *out)
{
	(void)context;
	value_number(out, value_known(segment, FACT_COL_NATTCH), segment->nattch);
}

/* Where attachments are but no mapping was found nobody could look. */
void column_value_holders(const struct column_context *context, const struct segment *segment,
			  struct column_value *out)
{
	struct holder_list holders = {0};
	bool unattached = value_known(segment, FACT_COL_NATTCH) && segment->nattch == 0;
	bool known = holders_collect(segment, &holders) == 0 && (segment->mappings || unattached);

	(void)context;
	value_number(out, known, holders.count);
	holders_free(&holders);
}

static void value_process(struct column_value *out, const struct process *process)
{
	const char *text = process ? process->comm : NULL;

	if (process && !text[0]) {
		snprintf(out->buffer, sizeof(out->buffer), "%" PRId32, process->pid);
		text = out->buffer;
	}
	value_text(out, text);
}

void column_value_creator(const struct column_context *context, const struct segment *segment,
			  struct column_value *out)
{
	(void)context;
	value_process(out, segment->creator);
}

void column_value_last(const struct column_context *context, const struct segment *segment,
		       struct column_value *out)
{
	(void)context;
	value_process(out, segment->last);
}

void column_value_age(const struct column_context *context, const struct segment *segment,
		      struct column_value *out)
{
	uint64_t end = value_end(context, segment);

	if (segment->born)
		value_age(out, true, (int64_t)(end - segment->born) / (int64_t)CLOCK_SECOND);
	else
		value_age(out, value_known(segment, FACT_COL_CTIME) && segment->facts.ctime,
			  column_wall(context, end) / (int64_t)CLOCK_SECOND - segment->facts.ctime);
}

void column_value_idle(const struct column_context *context, const struct segment *segment,
		       struct column_value *out)
{
	value_age(out, segment->has_idle,
		  (int64_t)(value_end(context, segment) - segment->idle_since) /
			  (int64_t)CLOCK_SECOND);
}

void column_value_flags(const struct column_context *context, const struct segment *segment,
			struct column_value *out)
{
	out->type = COLUMN_NUMBER;
	out->number = column_flags(context, segment);
}

void column_value_command(const struct column_context *context, const struct segment *segment,
			  struct column_value *out)
{
	(void)context;
	value_text(out, segment->creator ? segment->creator->cmdline : NULL);
}

static void value_time(struct column_value *out, bool known, int64_t time)
{
	out->type = known ? COLUMN_NUMBER : COLUMN_UNKNOWN;
	out->number = time;
}

void column_value_ctime(const struct column_context *context, const struct segment *segment,
			struct column_value *out)
{
	(void)context;
	value_time(out, value_known(segment, FACT_COL_CTIME), segment->facts.ctime);
}

void column_value_atime(const struct column_context *context, const struct segment *segment,
			struct column_value *out)
{
	(void)context;
	value_time(out, value_known(segment, FACT_COL_ATIME), segment->facts.atime);
}

void column_value_dtime(const struct column_context *context, const struct segment *segment,
			struct column_value *out)
{
	(void)context;
	value_time(out, value_known(segment, FACT_COL_DTIME), segment->facts.dtime);
}

void column_value_drift(const struct column_context *context, const struct segment *segment,
			struct column_value *out)
{
	if (!model_has_drift(context->model, segment)) {
		out->type = COLUMN_UNKNOWN;
		return;
	}
	out->type = COLUMN_NUMBER;
	out->number = model_drift(segment);
}

void column_value_verdict(const struct column_context *context, const struct segment *segment,
			  struct column_value *out)
{
	const struct judge_context judge = column_judge(context);
	const enum verdict_kind kind = verdict_kind(&judge, segment, NULL);

	value_text(out, kind == VERDICT_UNKNOWN ? NULL : verdict_kind_name(kind));
}

void column_value_exe(const struct column_context *context, const struct segment *segment,
		      struct column_value *out)
{
	const char *program = program_name(segment);

	(void)context;
	value_text(out, strcmp(program, "-") != 0 ? program : NULL);
}

void column_value_cgroup(const struct column_context *context, const struct segment *segment,
			 struct column_value *out)
{
	(void)context;
	value_text(out, segment->creator ? segment->creator->cgroup : NULL);
}

/* The end of a long one is cut: the function comes first. */
void column_value_site(const struct column_context *context, const struct segment *segment,
		       struct column_value *out)
{
	char site[CALL_FRAME_LEN] = "";

	if (context->paths && segment->site)
		call_paths_site(context->paths, segment->site, site);
	text_safe(out->buffer, sizeof(out->buffer), site, sizeof(site));
	value_text(out, out->buffer);
}
