/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/model_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* Index of the first that is not below. */
static size_t namespace_place(const struct model *model, uint32_t ipcns)
{
	size_t low = 0;
	size_t high = model->namespace_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (model->namespaces[middle].facts.ipcns < ipcns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct namespace_state *namespace_find(const struct model *model, uint32_t ipcns)
{
	size_t place = namespace_place(model, ipcns);

	if (place == model->namespace_count || model->namespaces[place].facts.ipcns != ipcns)
		return NULL;
	return &model->namespaces[place];
}

struct namespace_state *namespace_get(struct model *model, uint32_t ipcns)
{
	size_t place = namespace_place(model, ipcns);
	void *items = model->namespaces;

	if (place < model->namespace_count && model->namespaces[place].facts.ipcns == ipcns)
		return &model->namespaces[place];
	if (array_reserve(&items, &model->namespace_capacity, model->namespace_count + 1,
			  sizeof(*model->namespaces)))
		return NULL;
	model->namespaces = items;

	struct namespace_state *state = &model->namespaces[place];

	memmove(state + 1, state, (model->namespace_count - place) * sizeof(*state));
	*state = (struct namespace_state){.facts.ipcns = ipcns};
	model->namespace_count++;
	return state;
}

/* So it was called until then. */
static void namespace_past_add(struct model *model, const struct namespace_state *state,
			       uint64_t time)
{
	struct namespace_past *past = &model->past[model->past_count++ % MODEL_PAST_NAMESPACES];

	past->ipcns = state->facts.ipcns;
	past->ended = time;
	memcpy(past->label, state->label, sizeof(past->label));
}

static void namespace_remove(struct model *model, size_t place, uint64_t time)
{
	struct namespace_state *state = &model->namespaces[place];

	namespace_past_add(model, state, time);
	model->namespace_count--;
	memmove(state, state + 1, (model->namespace_count - place) * sizeof(*state));
}

static bool namespace_is_mapped(const struct model *model, uint32_t ipcns)
{
	for (const struct segment *segment = model->living; segment; segment = segment->next)
		if (segment->id.ipcns == ipcns && segment->mapped)
			return true;
	return false;
}

static void namespace_end_segments(struct model *model, uint32_t ipcns, uint64_t time)
{
	struct segment *next;

	for (struct segment *segment = model->living; segment; segment = next) {
		next = segment->next;
		if (segment->id.ipcns == ipcns)
			segment_end(model, segment, time, FACT_REASON_NAMESPACE, NULL);
	}
}

/* No process lives in it. Returns whether it is over. */
static bool namespace_deserted(struct model *model, struct namespace_state *state, uint64_t began)
{
	/* One that is known by attachments alone goes with the last of them; who has no record of that looks again. */
	if (state->attached && !state->facts.pid && !state->segments) {
		if (!model_is_told(model, FACT_EXACT_DETACH))
			model->distrusted = true;
		return false;
	}
	/* One that only events told of may have its processes where they cannot be looked at. */
	bool hidden = model->status.partial && state->facts.pid == 0;

	if (state->segments && (hidden || namespace_is_mapped(model, state->facts.ipcns))) {
		if (state->error != -ESRCH)
			model->distrusted = true;
		state->readable = false;
		state->error = -ESRCH;
		return false;
	}
	if (state->segments)
		namespace_end_segments(model, state->facts.ipcns, began);
	return true;
}

int model_reconcile_namespaces(struct model *model, const struct namespace_facts *rows,
			       size_t count, uint64_t began)
{
	model->revision++;
	for (size_t i = 0; i < count; i++) {
		struct namespace_state *state = namespace_get(model, rows[i].ipcns);

		if (!state)
			return -ENOMEM;
		state->facts = rows[i];
		if (state->seen < began)
			state->seen = began;
	}
	for (size_t place = model->namespace_count; place-- > 0;)
		if (model->namespaces[place].seen < began &&
		    namespace_deserted(model, &model->namespaces[place], began))
			namespace_remove(model, place, began);
	segment_trim(model);
	return 0;
}

void namespace_scan(struct model *model)
{
	for (size_t i = 0; i < model->namespace_count; i++)
		model->namespaces[i].attached = 0;
}

void namespace_attached(struct model *model, uint32_t ipcns, uint64_t began)
{
	struct namespace_state *state = namespace_get(model, ipcns);

	if (!state)
		return;
	state->attached++;
	/* No process leads there, so no table was read. */
	if (!state->facts.pid && !state->segments) {
		state->readable = false;
		state->error = -ESRCH;
		state->seen = began > state->seen ? began : state->seen;
	}
}

void namespace_let_go(struct model *model, uint32_t ipcns)
{
	struct namespace_state *state = namespace_find(model, ipcns);

	if (state && state->attached)
		state->attached--;
}

/* What it is called when nothing better is known, or another has that name */
static void namespace_label_plainly(struct namespace_state *state)
{
	const struct namespace_owner *owner = &state->owner;
	char label[2 * FACT_LABEL_LEN];

	snprintf(label, sizeof(label), "%" PRIu32 " (%s%s%" PRId32 ")", state->facts.ipcns,
		 owner->comm, owner->comm[0] ? " " : "", owner->pid);
	text_safe(state->label, sizeof(state->label), label, strlen(label));
}

void model_set_namespace_owner(struct model *model, uint32_t ipcns,
			       const struct namespace_owner *owner)
{
	struct namespace_state *state = namespace_find(model, ipcns);

	if (!state)
		return;
	model->revision++;
	/* Perhaps another has the inode by now. */
	if (state->owner.pid && state->owner.start_time != owner->start_time)
		namespace_past_add(model, state, owner->read);
	state->owner = *owner;
	memcpy(state->label, owner->label, sizeof(state->label));
	for (size_t i = 0; i < model->namespace_count && owner->label[0]; i++) {
		struct namespace_state *other = &model->namespaces[i];

		if (other != state && strcmp(other->label, owner->label) == 0)
			namespace_label_plainly(
				other->owner.start_time > owner->start_time ? other : state);
	}
	if (!state->label[0])
		namespace_label_plainly(state);
}

void model_namespace_unreadable(struct model *model, uint32_t ipcns, int error, uint64_t now)
{
	struct namespace_state *state = namespace_get(model, ipcns);

	model->revision++;
	if (!state)
		return;
	state->readable = false;
	state->error = error;
	if (state->seen < now)
		state->seen = now;
}

void model_set_limits(struct model *model, const struct limits_facts *limits)
{
	struct namespace_state *state = namespace_get(model, limits->ipcns);

	model->revision++;
	if (!state)
		return;
	state->limits = *limits;
	state->has_limits = true;
	exhaustion_sample(state);
}

const struct namespace_state *model_namespace(const struct model *model, uint32_t ipcns)
{
	return namespace_find(model, ipcns);
}

const char *model_namespace_label(const struct model *model, uint32_t ipcns, uint64_t gone)
{
	const struct namespace_state *state = namespace_find(model, ipcns);
	const char *label = state ? state->label : "";
	size_t kept = model->past_count < MODEL_PAST_NAMESPACES ? model->past_count
								: MODEL_PAST_NAMESPACES;

	/* From the last one back to the first that ended no earlier */
	for (size_t i = 1; gone && i <= kept; i++) {
		const struct namespace_past *past =
			&model->past[(model->past_count - i) % MODEL_PAST_NAMESPACES];

		if (past->ended < gone)
			break;
		if (past->ipcns == ipcns)
			label = past->label;
	}
	return label;
}

void model_set_hugepools(struct model *model, const struct fact_hugepools *pools)
{
	model->revision++;
	model->hugepools = *pools;
}

const struct fact_hugepools *model_hugepools(const struct model *model)
{
	return &model->hugepools;
}

const struct namespace_state *model_namespaces(const struct model *model, size_t *count)
{
	*count = model->namespace_count;
	return model->namespaces;
}
