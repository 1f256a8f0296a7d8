/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who let go of what, for some seconds. */
#include "model/model_internal.h"

static struct gone_holder *departure_at(const struct model *model, uint64_t number)
{
	return &model->departures[number % DEPARTURES];
}

static void departure_forget_first(struct model *model)
{
	process_use(model, &departure_at(model, model->departures_first)->process, NULL);
	model->departures_first++;
}

static bool is_same(const struct gone_holder *gone, const struct mapping *mapping,
		    enum fact_reason reason, uint64_t time)
{
	const struct segment_id *id = &mapping->segment->id;

	return gone->mm == mapping->holder->mm && gone->segment.generation == id->generation &&
	       gone->reason == reason && gone->time == time;
}

void departure_note(struct model *model, const struct mapping *mapping, enum fact_reason reason,
		    uint64_t time)
{
	const struct holder *holder = mapping->holder;
	struct gone_holder *gone = departure_at(model, model->departures_end - 1);

	/* nobody knows whose it was */
	if (holder->unnamed)
		return;
	if (model->departures_end == model->departures_first ||
	    !is_same(gone, mapping, reason, time)) {
		if (model->departures_end - model->departures_first == DEPARTURES)
			departure_forget_first(model);
		gone = departure_at(model, model->departures_end++);
		*gone = (struct gone_holder){
			.segment = mapping->segment->id,
			.mm = holder->mm,
			.addr = mapping->start,
			.origin = mapping->origin,
			.since = mapping->since,
			.time = time,
			.reason = reason,
		};
		process_use(model, &gone->process, holder->process);
	}
	gone->maps++;
	gone->flags |= mapping->flags;
	if (mapping->start < gone->addr)
		gone->addr = mapping->start;
	if (mapping->since < gone->since) {
		gone->since = mapping->since;
		gone->origin = mapping->origin;
	}
}

void departure_expire(struct model *model, uint64_t until)
{
	while (model->departures_first < model->departures_end &&
	       departure_at(model, model->departures_first)->time <= until)
		departure_forget_first(model);
}

const struct gone_holder *model_gone_holder(const struct model *model, size_t index)
{
	if (index >= model->departures_end - model->departures_first)
		return NULL;
	return departure_at(model, model->departures_end - 1 - index);
}
