/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is used of each limit, over the last minutes, and when it will be all.
 *
 * One step up is no growth: both halves of what was seen must have grown. Sawteeth are seen as what is left
 * over from one to the next, as far as the samples go.
 */
#include "model/model_internal.h"

/* Less tells nothing. */
enum { EXHAUSTION_SAMPLES = 4 };
/* Minutes tell nothing about what comes after. */
enum { EXHAUSTION_FAR = 30 * 24 * 3600 };

struct fact_use model_use(const struct namespace_state *state, enum model_resource resource)
{
	const struct limits_facts *limits = &state->limits;
	const struct fact_use uses[MODEL_RESOURCES] = {
		[MODEL_SEGMENTS] = limits->segments,
		[MODEL_PAGES] = limits->pages,
		[MODEL_SEMSETS] = limits->semsets,
		[MODEL_SEMS] = limits->sems,
		[MODEL_QUEUES] = limits->queues,
		/* reserved ones are free, but not for others */
		[MODEL_HUGEPAGES] = {.used = limits->hugepages_total + limits->hugepages_reserved -
					     limits->hugepages_free,
				     .max = limits->hugepages_total},
	};

	return uses[resource];
}

static const struct model_sample *sample_at(const struct namespace_state *state, size_t back)
{
	return &state->samples[(state->sampled - 1 - back) % MODEL_SAMPLES];
}

void exhaustion_sample(struct namespace_state *state)
{
	const uint64_t time = state->limits.time;

	if (!time || (state->sampled && time < sample_at(state, 0)->time + MODEL_SAMPLE_INTERVAL))
		return;
	struct model_sample *sample = &state->samples[state->sampled++ % MODEL_SAMPLES];

	sample->time = time;
	for (size_t i = 0; i < MODEL_RESOURCES; i++)
		sample->used[i] = model_use(state, (enum model_resource)i).used;
}

bool model_exhaustion(const struct namespace_state *state, enum model_resource resource,
		      uint64_t *seconds)
{
	const struct fact_use use = model_use(state, resource);
	const size_t count = state->sampled < MODEL_SAMPLES ? state->sampled : MODEL_SAMPLES;

	if (!state->has_limits || count < EXHAUSTION_SAMPLES)
		return false;
	const struct model_sample *oldest = sample_at(state, count - 1);
	const struct model_sample *middle = sample_at(state, count / 2);
	const struct model_sample *newest = sample_at(state, 0);
	const uint64_t first = oldest->used[resource], last = newest->used[resource];

	if (first >= middle->used[resource] || middle->used[resource] >= last)
		return false;
	const double slope = (double)(last - first) / (double)(newest->time - oldest->time) *
			     (double)CLOCK_SECOND;
	const double left = use.max > use.used ? (double)(use.max - use.used) / slope : 0;

	*seconds = left < EXHAUSTION_FAR ? (uint64_t)left : 0;
	return left < EXHAUSTION_FAR;
}
