/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How nattch went: a point a tick, for those segments where it changes. */
#include "model/model_internal.h"

#include <utlist.h>

/* The one that changed longest ago gives its trace up for another. */
static struct nattch_trace *nattch_new_trace(struct model *model)
{
	struct nattch_trace *trace;

	if (model->trace_count >= NATTCH_TRACES)
		nattch_forget(model, model->traces->segment);
	trace = pool_get(&model->trace_pool);
	if (trace) {
		DL_APPEND(model->traces, trace);
		model->trace_count++;
	}
	return trace;
}

static void nattch_add_point(struct nattch_trace *trace, uint64_t time, uint64_t nattch)
{
	trace->points[trace->count++ % MODEL_NATTCH_POINTS] =
		(struct nattch_point){.time = time, .nattch = nattch};
}

static void nattch_note(struct model *model, struct segment *segment, uint64_t nattch,
			uint64_t time)
{
	struct nattch_trace *trace = segment->trace;

	if (trace) {
		DL_DELETE(model->traces, trace);
		DL_APPEND(model->traces, trace);
	} else {
		trace = nattch_new_trace(model);
		if (!trace)
			return;
		trace->segment = segment;
		segment->trace = trace;
		nattch_add_point(trace, segment->noted_time, segment->noted);
	}
	nattch_add_point(trace, time, nattch);
}

void nattch_note_all(struct model *model, uint64_t now)
{
	for (struct segment *segment = model->living; segment; segment = segment->next) {
		if (!(segment->facts.known & FACT_COL_NATTCH) ||
		    (segment->noted_time && segment->noted == segment->nattch))
			continue;
		if (segment->noted_time)
			nattch_note(model, segment, segment->nattch, now);
		segment->noted = segment->nattch;
		segment->noted_time = now;
	}
}

void nattch_note_end(struct model *model, struct segment *segment, uint64_t time)
{
	/* a tick may have come between the end and the word of it */
	if (segment->noted_time && segment->noted) {
		nattch_note(model, segment, 0,
			    time > segment->noted_time ? time : segment->noted_time);
		segment->noted = 0;
	}
}

void nattch_forget(struct model *model, struct segment *segment)
{
	struct nattch_trace *trace = segment->trace;

	if (!trace)
		return;
	DL_DELETE(model->traces, trace);
	model->trace_count--;
	segment->trace = NULL;
	pool_put(&model->trace_pool, trace);
}

size_t model_nattch_history(const struct segment *segment,
			    struct nattch_point out[static MODEL_NATTCH_POINTS])
{
	const struct nattch_trace *trace = segment->trace;
	size_t count = trace ? trace->count : 0;
	size_t first = count > MODEL_NATTCH_POINTS ? count - MODEL_NATTCH_POINTS : 0;

	for (size_t at = first; at < count; at++)
		out[at - first] = trace->points[at % MODEL_NATTCH_POINTS];
	return count - first;
}
