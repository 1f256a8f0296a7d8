/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's count of mappings beside those that are known: do they agree, and what is to be done if not?
 *
 * Each side may be ahead for a moment: a row is read before or after what the events under way tell, and
 * while a shmat runs, be it one that fails, the kernel counts one more. So a difference counts when two rows
 * in a row show it, and no event, and no scan that changed something, came since before the first of them.
 */
#include "model/model_internal.h"

/* A segment that is never at rest may differ at each look by what is under way; but not for ever. */
#define DRIFT_PATIENCE (10 * CLOCK_SECOND)

static int64_t difference(const struct segment *segment)
{
	return (int64_t)(segment->nattch - segment->mapped);
}

bool model_is_settled(const struct segment *segment)
{
	return !segment->gone && segment->trusted && (segment->facts.known & FACT_COL_NATTCH) &&
	       segment->before_time > segment->touched + DRIFT_REST &&
	       segment->before_nattch == segment->nattch;
}

int64_t model_drift(const struct segment *segment)
{
	return model_is_settled(segment) ? difference(segment) : 0;
}

/* Mappings of processes that may not be looked at are no reason to do anything. */
static bool may_be_hidden(const struct model *model, int64_t drift)
{
	return model->status.partial && drift > 0;
}

bool model_has_drift(const struct model *model, const struct segment *segment)
{
	return !may_be_hidden(model, difference(segment));
}

static bool needs_look(const struct model *model, const struct segment *segment)
{
	int64_t open = segment->trusted && !model_is_settled(segment) ? difference(segment) : 0;

	return segment->outdated > segment->facts_time ||
	       (open && (segment->facts.known & FACT_COL_NATTCH) && !may_be_hidden(model, open));
}

/* Of a segment whose mappings were never all known one row is enough. */
static bool is_incomplete(const struct segment *segment)
{
	return !segment->trusted && segment->facts_time > segment->touched &&
	       (segment->facts.known & FACT_COL_NATTCH) && difference(segment);
}

static bool needs_scan(const struct segment *segment)
{
	int64_t drift = model_drift(segment);
	bool unexplained =
		segment->unexplained_since && segment->touched <= segment->unexplained_since;

	return unexplained || segment->doubted || is_incomplete(segment) ||
	       (drift && drift != segment->accepted_drift);
}

void drift_doubt(struct segment *segment, uint64_t began)
{
	bool agrees = difference(segment) == segment->accepted_drift || model_is_settled(segment);

	if (agrees || !segment->agreed || !(segment->facts.known & FACT_COL_NATTCH))
		segment->agreed = began;
	else if (segment->trusted && began - segment->agreed > DRIFT_PATIENCE)
		segment->doubted = true;
	if (segment->doubted)
		segment->trusted = false;
}

void model_needs(const struct model *model, struct model_needs *out)
{
	*out = (struct model_needs){.scan = model->distrusted, .settle = model->mislabelled > 0};
	for (const struct segment *segment = model->living; segment; segment = segment->next) {
		out->look = out->look || needs_look(model, segment);
		out->scan = out->scan || needs_scan(segment);
		out->settle = out->settle || segment->disturbed;
	}
}

void model_distrust(struct model *model)
{
	model->revision++;
	model->distrusted = true;
	family_distrust(model);
	for (struct segment *segment = model->living; segment; segment = segment->next)
		segment->trusted = false;
}

uint64_t model_scans(const struct model *model)
{
	return model->scans;
}
