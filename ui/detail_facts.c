/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts about a segment in words, its verdict first, and how nattch went. */
#include "ui/detail_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "stack/call_paths.h"

enum { FACTS_NAME_WIDTH = 10, FACTS_HISTORY_WIDTH = 40, FACTS_HISTORY_MAX = 60 };

__attribute__((format(printf, 4, 5))) static void fact_add(struct detail_facts *facts,
							   const char *name, enum theme_role role,
							   const char *format, ...)
{
	struct detail_fact *fact = &facts->rows[facts->count++];
	va_list arguments;

	fact->name = name;
	fact->role = role;
	fact->history = false;
	va_start(arguments, format);
	vsnprintf(fact->text, sizeof(fact->text), format, arguments);
	va_end(arguments);
}

static const char *cell(const struct column_context *context, const struct segment *segment,
			enum column_id id, char out[static COLUMN_CELL_LEN])
{
	return column_cell(id, context, segment, out);
}

const char *detail_ago(const struct column_context *context, uint64_t time,
		       char out[static UNITS_LEN])
{
	return units_age(out, context->now > time ? (context->now - time) / CLOCK_SECOND : 0);
}

/* Whose namespace it is; not of one's own, and where nobody knows */
static void facts_namespace(const struct column_context *context, const struct segment *segment,
			    struct detail_facts *facts)
{
	const struct namespace_state *place =
		segment->gone ? NULL : model_namespace(context->model, segment->id.ipcns);
	const struct namespace_owner *owner = place ? &place->owner : NULL;

	if (!owner || !owner->pid || segment->id.ipcns == context->own_ipcns)
		return;
	fact_add(facts, "Namespace", THEME_PLAIN,
		 "%" PRIu32 ", oldest process %" PRId32 " %s%s%s%s%s%s%s", segment->id.ipcns,
		 owner->pid, owner->comm, owner->container[0] ? ", container " : "",
		 owner->container, owner->pod[0] ? ", pod " : "", owner->pod,
		 owner->unit[0] ? ", unit " : "", owner->unit);
}

static void facts_identity(const struct column_context *context, const struct segment *segment,
			   struct detail_facts *facts)
{
	char a[COLUMN_CELL_LEN], b[COLUMN_CELL_LEN];

	fact_add(facts, "Segment", THEME_STRONG, "%" PRId32 "  key %s  IPC namespace %s",
		 segment->id.shmid, cell(context, segment, COLUMN_KEY, a),
		 cell(context, segment, COLUMN_NS, b));
	facts_namespace(context, segment, facts);
}

static enum theme_role facts_role(const struct verdict *verdict)
{
	if (verdict->kind == VERDICT_GONE)
		return THEME_FAINT;
	if (verdict->confidence >= VERDICT_MEDIUM)
		return THEME_BAD;
	return verdict->kind == VERDICT_DEST ? THEME_WARNING : THEME_PLAIN;
}

/* The letter is that of the column FLAG where it has one. */
static char facts_letter(const struct verdict *verdict)
{
	if (verdict->confidence != VERDICT_NONE)
		return verdict->confidence >= VERDICT_MEDIUM ? '!' : '?';
	return verdict->kind == VERDICT_GONE   ? 'x'
	       : verdict->kind == VERDICT_DEST ? 'D'
	       : verdict->kind == VERDICT_NEW  ? '+'
					       : ' ';
}

static void facts_verdict(const struct column_context *context, const struct segment *segment,
			  struct detail_facts *facts)
{
	const struct judge_context judge = column_judge(context);
	struct verdict verdict;

	verdict_judge(&judge, segment, &verdict);
	const enum theme_role role = facts_role(&verdict);
	const char letter[] = {facts_letter(&verdict), ' ', '\0'};
	const char *word = verdict_confidence_word(verdict.confidence);

	fact_add(facts, "Verdict", role, "%s%s%s%s%s%s", letter[0] == ' ' ? "" : letter,
		 verdict_kind_name(verdict.kind), word[0] ? ", " : "", word,
		 verdict.count ? ": " : "", verdict.count ? verdict.because[0] : "");
	for (size_t i = 1; i < verdict.count; i++)
		fact_add(facts, "", role, "%s", verdict.because[i]);
}

/* From the call outwards */
static void facts_stack(const struct column_context *context, const struct segment *segment,
			struct detail_facts *facts)
{
	const struct call_path *path =
		context->paths ? call_paths_get(context->paths, segment->stack) : NULL;
	const size_t count = path ? path->count : 0;
	char text[CALL_FRAME_LEN];

	for (size_t i = 0; i < count && i < DETAIL_FRAMES; i++)
		fact_add(facts, i == 0 ? "Made at" : "", THEME_PLAIN, "%s",
			 call_frame_text(&path->frames[i], text));
	if (path && (path->cut || count > DETAIL_FRAMES))
		fact_add(facts, "", THEME_PLAIN, "...");
}

/* " (7 inside)" */
static const char *fact_inside(const struct process *process, char out[static COLUMN_CELL_LEN])
{
	char pid[COLUMN_PID_LEN];
	const char *inside = process ? strchr(column_pid(process, pid), ' ') : NULL;

	snprintf(out, COLUMN_CELL_LEN, "%s", inside ? inside : "");
	return out;
}

static void facts_people(const struct column_context *context, const struct segment *segment,
			 struct detail_facts *facts)
{
	char a[COLUMN_CELL_LEN], b[COLUMN_CELL_LEN], c[COLUMN_CELL_LEN];

	fact_add(facts, "Size", THEME_PLAIN, "%s, resident %s, swapped out %s",
		 cell(context, segment, COLUMN_SIZE, a), cell(context, segment, COLUMN_RSS, b),
		 cell(context, segment, COLUMN_SWAP, c));
	fact_add(facts, "Owner", THEME_PLAIN, "%s, permissions %s",
		 cell(context, segment, COLUMN_OWNER, a), cell(context, segment, COLUMN_PERM, b));
	fact_add(facts, "Creator", THEME_PLAIN, "%s%s  %s",
		 cell(context, segment, COLUMN_CREATOR, a), fact_inside(segment->creator, b),
		 segment->creator ? segment->creator->cmdline : "");
	fact_add(facts, "Last user", THEME_PLAIN, "%s%s  %s",
		 cell(context, segment, COLUMN_LAST, a), fact_inside(segment->last, b),
		 segment->last ? segment->last->cmdline : "");
	fact_add(facts, "Age", THEME_PLAIN, "%s, idle %s", cell(context, segment, COLUMN_AGE, a),
		 cell(context, segment, COLUMN_IDLE, b));
}

static void facts_attached(const struct model *model, const struct segment *segment, size_t holders,
			   struct detail_facts *facts)
{
	bool has_drift = model_has_drift(model, segment);
	int64_t drift = model_drift(segment);

	if (!(segment->facts.known & FACT_COL_NATTCH))
		fact_add(facts, "Attached", THEME_PLAIN, "-");
	else if (!has_drift)
		fact_add(facts, "Attached", THEME_WARNING,
			 "%" PRIu64 " mappings, %" PRIu64
			 " known: not all processes may be looked at",
			 segment->nattch, segment->mapped);
	else if (drift)
		fact_add(facts, "Attached", THEME_WARNING,
			 "nattch %" PRIu64 ", mappings known %" PRIu64 ": drift %" PRId64,
			 segment->nattch, segment->mapped, drift);
	else
		fact_add(facts, "Attached", THEME_PLAIN, "%" PRIu64 " mapping%s in %zu process%s",
			 segment->nattch, segment->nattch == 1 ? "" : "s", holders,
			 holders == 1 ? "" : "es");
}

static void facts_history(const struct column_context *context, const struct segment *segment,
			  struct detail_facts *facts)
{
	struct nattch_point points[MODEL_NATTCH_POINTS];
	size_t count = model_nattch_history(segment, points);
	uint64_t most = 0;
	char age[UNITS_LEN];

	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (points[i].nattch > most)
			most = points[i].nattch;
	fact_add(facts, "nattch", THEME_PLAIN, "%" PRIu64 " now, at most %" PRIu64 " in %s",
		 segment->nattch, most, detail_ago(context, points[0].time, age));
	facts->rows[facts->count - 1].history = true;
}

static void facts_state(const struct column_context *context, const struct segment *segment,
			struct detail_facts *facts)
{
	unsigned int flags = column_flags(context, segment);

	if (flags & (COLUMN_FLAG_LOCKED | COLUMN_FLAG_HUGETLB | COLUMN_FLAG_NORESERVE))
		fact_add(facts, "Memory", THEME_PLAIN, "%s%s%s",
			 flags & COLUMN_FLAG_LOCKED ? "L locked  " : "",
			 flags & COLUMN_FLAG_HUGETLB ? "H huge pages  " : "",
			 flags & COLUMN_FLAG_NORESERVE ? "N no swap reserved" : "");
}

void detail_facts(const struct column_context *context, const struct segment *segment,
		  size_t holders, struct detail_facts *facts)
{
	facts->count = 0;
	facts_identity(context, segment, facts);
	facts_verdict(context, segment, facts);
	facts_people(context, segment, facts);
	facts_attached(context->model, segment, holders, facts);
	facts_history(context, segment, facts);
	facts_state(context, segment, facts);
	facts_stack(context, segment, facts);
}

/* The highest value in each of `count` parts of the time since the first point: a short peak is seen. */
static void history_values(const struct column_context *context, const struct segment *segment,
			   uint32_t *values, size_t count)
{
	struct nattch_point points[MODEL_NATTCH_POINTS];
	size_t known = model_nattch_history(segment, points), at = 0;
	uint64_t end = segment->gone ? segment->gone : context->now;
	uint64_t span = known > 0 && end > points[0].time ? end - points[0].time : 1;

	for (size_t i = 0; i < count && known > 0; i++) {
		uint64_t until =
			points[0].time + (uint64_t)((double)span * (double)(i + 1) / (double)count);
		uint64_t most = points[at].nattch;

		while (at + 1 < known && points[at + 1].time < until) {
			at++;
			if (points[at].nattch > most)
				most = points[at].nattch;
		}
		/* The last part ends with what holds now. */
		if (i + 1 == count)
			most = points[known - 1].nattch;
		values[i] = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
	}
}

void detail_draw_fact(const struct theme *theme, const struct column_context *context,
		      struct area row, const struct segment *segment,
		      const struct detail_fact *fact)
{
	attr_t attributes = theme->attributes[fact->role];
	attr_t name = theme->attributes[fact->role == THEME_PLAIN ? THEME_STRONG : fact->role];
	int left = row.left + 1 + FACTS_NAME_WIDTH, width = row.left + row.width - left;
	int graph = width - FACTS_HISTORY_WIDTH;
	uint32_t values[FACTS_HISTORY_MAX] = {0};

	draw_text(theme, row.top, row.left + 1, FACTS_NAME_WIDTH, name, fact->name);
	if (fact->history && graph > 0) {
		if (graph > FACTS_HISTORY_MAX)
			graph = FACTS_HISTORY_MAX;
		history_values(context, segment, values, (size_t)graph);
		draw_levels(theme, row.top, left, graph, values, (size_t)graph);
		left += graph + 1;
		width -= graph + 1;
	}
	draw_text(theme, row.top, left, width, attributes, fact->text);
}
