/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/model_internal.h"

#include <stdio.h>

static void count_call(struct model *model, const struct event *event)
{
	uint64_t second = event->time / CLOCK_SECOND;
	struct history_second *slot = &model->seconds[second % HISTORY_SECONDS];

	if (!(FACT_OP_BIT(event->op) & FACT_OPS_CALLS) || second < slot->second)
		return;
	if (second > slot->second)
		*slot = (struct history_second){.second = second};
	slot->calls++;
}

void history_add(struct model *model, const struct event *event, struct segment *segment)
{
	struct model_event *entry = &model->ring[model->ring_end % model->limits.events];

	*entry = (struct model_event){.event = *event};
	model->ring_end++;
	if (segment) {
		entry->segment = segment->id;
		entry->event.shmid = segment->id.shmid; /* shmdt names an address only */
		entry->previous = segment->last_event;
		segment->last_event = model->ring_end;
	}
	count_call(model, event);
	if (model->sink)
		model->sink(model->sink_context, entry);
}

void history_derive(struct model *model, struct segment *segment,
		    const struct history_derived *derived)
{
	struct event event = {.uid = FACT_UID_UNKNOWN};

	if (derived->cause) {
		const struct event *cause = derived->cause;

		event.mm = cause->mm;
		event.start_time = cause->start_time;
		event.cgroup = cause->cgroup;
		event.pid = cause->pid;
		event.tid = cause->tid;
		event.ppid = cause->ppid;
		event.inner_pid = cause->inner_pid;
		event.uid = cause->uid;
		event.gid = cause->gid;
		snprintf(event.comm, sizeof(event.comm), "%s", cause->comm);
	} else if (derived->process) {
		const struct process *process = derived->process;

		event.pid = process->pid;
		event.start_time = process->start_time;
		event.inner_pid = process->inner_pid;
		event.uid = process->has_uid ? process->uid : FACT_UID_UNKNOWN;
		snprintf(event.comm, sizeof(event.comm), "%s", process->comm);
	}
	if (derived->mapping) {
		event.mm = derived->mapping->holder->mm;
		event.addr = derived->mapping->start;
		event.size = derived->mapping->length;
		event.offset = derived->mapping->offset;
		event.flags = derived->mapping->flags;
	}
	event.op = derived->op;
	event.reason = derived->reason;
	event.inferred = derived->inferred;
	event.time = derived->time;
	event.maps = derived->maps;
	event.ipcns = segment->id.ipcns;
	event.shmid = segment->id.shmid;
	history_add(model, &event, segment);
}

void history_close_seconds(struct model *model, uint64_t now)
{
	uint64_t second = now / CLOCK_SECOND;

	if (model->seconds_end == 0)
		model->seconds_first = second;
	if (second > model->seconds_end)
		model->seconds_end = second;
}

bool model_set_stack(struct model *model, uint32_t ipcns, int32_t shmid, uint64_t time,
		     uint32_t stack, uint32_t site)
{
	struct segment *segment = segment_at(model, ipcns, shmid, time);
	uint64_t first = model_events_first(model);
	uint64_t at = segment ? segment->last_event : 0;
	bool made = segment && segment->witnessed && segment->born == time;
	bool found = made;

	while (at > first) {
		struct model_event *entry = &model->ring[(at - 1) % model->limits.events];

		at = entry->previous;
		if (entry->event.time != time || !(FACT_OP_BIT(entry->event.op) & FACT_OPS_CALLS))
			continue;
		entry->event.stack = stack;
		made = made || entry->event.created;
		found = true;
		break;
	}
	if (made) {
		segment->stack = stack;
		segment->site = site;
	}
	model->revision += found;
	return found;
}

size_t model_rates(const struct model *model, uint32_t out[static MODEL_RATES])
{
	uint64_t first = model->seconds_first;
	uint64_t end = model->seconds_end;

	if (end - first > MODEL_RATES)
		first = end - MODEL_RATES;
	for (uint64_t second = first; second < end; second++) {
		const struct history_second *slot = &model->seconds[second % HISTORY_SECONDS];

		out[second - first] = slot->second == second ? slot->calls : 0;
	}
	return end - first;
}

uint64_t model_events_first(const struct model *model)
{
	return model->ring_end > model->limits.events ? model->ring_end - model->limits.events : 0;
}

uint64_t model_events_end(const struct model *model)
{
	return model->ring_end;
}

const struct model_event *model_event(const struct model *model, uint64_t sequence)
{
	if (sequence < model_events_first(model) || sequence >= model->ring_end)
		return NULL;
	return &model->ring[sequence % model->limits.events];
}

void model_set_sink(struct model *model, model_sink *sink, void *context)
{
	model->sink = sink;
	model->sink_context = context;
}
