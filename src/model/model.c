/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/model_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct model_limits model_limits_default = {
	.events = 4096,
	.gone_segments = 512,
	.gone_of_creator = 64,
};

static int make_tables(struct model *model)
{
	model->segment_anchor.id.shmid = -1;
	HASH_ADD(hh, model->index, id, offsetof(struct segment_id, generation),
		 &model->segment_anchor);
	HASH_ADD(hh, model->holders, mm, sizeof(model->holder_anchor.mm), &model->holder_anchor);
	HASH_ADD(hh, model->processes, pid, sizeof(model->process_anchor.pid),
		 &model->process_anchor);
	HASH_ADD(hh, model->groups, pgid, sizeof(model->group_anchor.pgid), &model->group_anchor);
	return model->index && model->holders && model->processes && model->groups ? 0 : -ENOMEM;
}

int model_new(const struct model_limits *limits, struct model **out)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		return -ENOMEM;
	model->limits = limits ? *limits : model_limits_default;
	if (model->limits.events == 0)
		model->limits.events = 1;
	pool_init(&model->segment_pool, sizeof(struct segment));
	pool_init(&model->holder_pool, sizeof(struct holder));
	pool_init(&model->mapping_pool, sizeof(struct mapping));
	pool_init(&model->process_pool, sizeof(struct process));
	pool_init(&model->trace_pool, sizeof(struct nattch_trace));
	pool_init(&model->change_pool, sizeof(struct segment_change));
	pool_init(&model->group_pool, sizeof(struct process_group));
	model->status = (struct source_status){
		.calls = "none", .compat = "none", .life = "none", .attachers = "none"};
	model->revision = 1;
	model->infers = true;
	model->distrusted = true;
	model->ring = calloc(model->limits.events, sizeof(*model->ring));
	model->departures = calloc(DEPARTURES, sizeof(*model->departures));
	if (!model->ring || !model->departures || make_tables(model)) {
		model_free(model);
		return -ENOMEM;
	}
	*out = model;
	return 0;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	process_free_all(model);
	HASH_CLEAR(hh, model->index);
	HASH_CLEAR(hh, model->holders);
	HASH_CLEAR(hh, model->processes);
	HASH_CLEAR(hh, model->groups);
	pool_free(&model->segment_pool);
	pool_free(&model->holder_pool);
	pool_free(&model->mapping_pool);
	pool_free(&model->process_pool);
	pool_free(&model->trace_pool);
	pool_free(&model->change_pool);
	pool_free(&model->group_pool);
	free(model->namespaces);
	free(model->ring);
	free(model->departures);
	free(model);
}

void model_set_status(struct model *model, const struct source_status *status)
{
	model->revision++;
	model->status = *status;
	model->infers = status->calls && strcmp(status->calls, "none") == 0;
}

const struct source_status *model_status(const struct model *model)
{
	return &model->status;
}

static void time_moves(struct model *model)
{
	model->revision++;
	model->times++;
}

void model_set_wall_offset(struct model *model, int64_t offset)
{
	time_moves(model);
	model->wall_offset = offset;
	model->has_wall = true;
}

void model_expire(struct model *model, uint64_t now)
{
	time_moves(model);
	history_close_seconds(model, now);
	nattch_note_all(model, now);
	departure_expire(model, now > MODEL_GONE_HOLDER_TIME ? now - MODEL_GONE_HOLDER_TIME : 0);
	process_want_heirs(model, now);
	process_sweep(model);
}

uint64_t model_revision(const struct model *model)
{
	return model->revision;
}

uint64_t model_facts_revision(const struct model *model)
{
	return model->revision - model->times;
}

const struct segment *model_segments(const struct model *model)
{
	return model->living;
}

const struct segment *model_gone(const struct model *model)
{
	return model->gone;
}

const struct segment *model_gone_since(const struct model *model, uint64_t time)
{
	const struct segment *first = NULL;
	const struct segment *segment = model->gone ? model->gone->prev : NULL;

	/* utlist.h: the newest is the one before the first */
	while (segment && segment->gone >= time) {
		first = segment;
		segment = segment == model->gone ? NULL : segment->prev;
	}
	return first;
}

uint64_t model_generation(const struct model *model)
{
	return model->generation;
}

size_t model_segment_count(const struct model *model)
{
	return model->living_count;
}

size_t model_gone_count(const struct model *model)
{
	return model->gone_count;
}

const struct segment *model_find(const struct model *model, const struct segment_id *id)
{
	const struct segment *segment = segment_newest(model, id->ipcns, id->shmid);

	while (segment && id->generation && segment->id.generation != id->generation)
		segment = segment->older;
	return segment;
}

void model_totals(const struct model *model, struct model_totals *out)
{
	*out = (struct model_totals){
		.segments = model->living_count,
		.gone = model->gone_count,
		.namespaces = model->namespace_count,
		.processes = HASH_COUNT(model->holders) - 1, /* the anchor */
		.has_rss = true,
		.has_swap = true,
		.has_drift = true,
	};
	for (const struct segment *segment = model->living; segment; segment = segment->next) {
		const struct segment_facts *facts = &segment->facts;
		bool has_drift = model_has_drift(model, segment);
		int64_t drift = has_drift ? model_drift(segment) : 0;

		out->attachments += segment->nattch;
		out->unattached += segment->nattch == 0;
		out->drift += (uint64_t)(drift < 0 ? -drift : drift);
		out->size += facts->known & FACT_COL_SIZE ? facts->size : 0;
		out->rss += facts->known & FACT_COL_RSS ? facts->rss : 0;
		out->swap += facts->known & FACT_COL_SWAP ? facts->swap : 0;
		out->has_drift = out->has_drift && has_drift;
		out->has_rss = out->has_rss && (facts->known & FACT_COL_RSS);
		out->has_swap = out->has_swap && (facts->known & FACT_COL_SWAP);
	}
}
