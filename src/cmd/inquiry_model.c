/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/inquiry_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

/* Different creators that are told apart in one namespace */
enum { MAKERS_MOST = 128 };

/* ---- the segment ----------------------------------------------------------------------------- */

static bool by_key(const struct event *event)
{
	return event->op == FACT_SHMGET && event->ret < 0;
}

/* Has the segment what the call names? A removed one has no key any more, but its id. */
static bool has_name(const struct segment *segment, const struct event *event, bool removed)
{
	if (!by_key(event))
		return segment->id.shmid == event->shmid;
	return event->key != IPC_PRIVATE && segment->has_key && segment->key == event->key &&
	       removed == !!(segment->facts.mode & FACT_MODE_DEST);
}

const struct segment *inquiry_segment(const struct model *model, const struct event *event)
{
	const struct segment_id id = {.ipcns = event->ipcns, .shmid = event->shmid};
	const struct segment *segment;

	if (!by_key(event)) {
		segment = event->shmid >= 0 ? model_find(model, &id) : NULL;
		return segment && !segment->gone ? segment : NULL;
	}
	for (segment = model_segments(model); segment; segment = segment->next)
		if (segment->id.ipcns == event->ipcns && has_name(segment, event, false))
			return segment;
	return NULL;
}

static void fill_process(struct failure_process *out, const struct process *process)
{
	if (!process)
		return;
	out->pid = process->pid;
	snprintf(out->comm, sizeof(out->comm), "%s", process->comm);
	if (process->ended || process->missing)
		out->life = FAILURE_GONE;
	else if (process->checked)
		out->life = process->alive ? FAILURE_LIVES : FAILURE_GONE;
}

/* Which pages it has is known where its making was seen, or from who maps it. */
static bool has_small_pages(const struct segment *segment)
{
	if (segment->hugetlb)
		return false;
	return segment->witnessed ||
	       (segment->mappings && !(segment->mappings->flags & ATTACHMENT_HUGETLB));
}

void inquiry_fill_segment(struct failure *out, const struct segment *segment)
{
	struct failure_segment *known = &out->segment;

	out->found = FACT_FOUND_THERE;
	known->facts = segment->facts;
	known->facts.shmid = segment->id.shmid;
	known->facts.nattch = segment->nattch;
	known->facts.known |= FACT_COL_SHMID;
	known->hugetlb = segment->hugetlb;
	known->small = has_small_pages(segment);
	if (segment->witnessed && out->event.time > segment->born) {
		known->has_age = true;
		known->age = out->event.time - segment->born;
	}
	fill_process(&known->creator, segment->creator);
}

/* ---- what had its key or id before ----------------------------------------------------------- */

static void fill_gone(struct failure *out, const struct segment *segment)
{
	const struct segment_change *removal = model_removal(segment);
	const bool removed = removal && removal->ret == 0;
	const uint64_t time = removed ? removal->time : segment->gone;
	struct failure_gone *gone = &out->gone;

	*gone = (struct failure_gone){
		.known = true,
		.shmid = segment->id.shmid,
		.has_size = segment->facts.known & FACT_COL_SIZE,
		.size = segment->facts.size,
		.before = time && out->event.time > time ? out->event.time - time : 0,
		.removed = removed || segment->facts.mode & FACT_MODE_DEST,
		.reason = segment->gone_reason,
		.attached = segment->gone ? 0 : segment->nattch,
	};
	if (!removed)
		return;
	gone->by.pid = removal->pid;
	snprintf(gone->by.comm, sizeof(gone->by.comm), "%s", removal->comm);
}

/* Of those with the same key the last one: they are in the order in which they ended. */
void inquiry_fill_gone(struct failure *out, const struct model *model)
{
	const struct event *event = &out->event;
	const struct segment *segment, *found = NULL;

	for (segment = model_gone(model); segment; segment = segment->next)
		if (segment->id.ipcns == event->ipcns &&
		    (has_name(segment, event, false) || has_name(segment, event, true)))
			found = segment;
	if (by_key(event))
		for (segment = model_segments(model); segment; segment = segment->next)
			if (segment->id.ipcns == event->ipcns && has_name(segment, event, true))
				found = segment;
	if (found)
		fill_gone(out, found);
}

/* ---- other namespaces ------------------------------------------------------------------------ */

static const char *label_of(const struct model *model, uint32_t ipcns)
{
	size_t count;
	const struct namespace_state *states = model_namespaces(model, &count);

	for (size_t i = 0; i < count; i++)
		if (states[i].facts.ipcns == ipcns)
			return states[i].label;
	return "";
}

void inquiry_fill_label(struct failure *out, const struct model *model)
{
	snprintf(out->label, sizeof(out->label), "%s", label_of(model, out->event.ipcns));
}

void inquiry_fill_places(struct failure *out, const struct model *model)
{
	const struct event *event = &out->event;

	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		struct failure_place *place;

		if (segment->id.ipcns == event->ipcns || !has_name(segment, event, false) ||
		    out->place_count++ >= FAILURE_PLACES)
			continue;
		place = &out->places[out->place_count - 1];
		*place = (struct failure_place){
			.ipcns = segment->id.ipcns,
			.shmid = segment->id.shmid,
			.has_size = segment->facts.known & FACT_COL_SIZE,
			.size = segment->facts.size,
		};
		snprintf(place->label, sizeof(place->label), "%s",
			 label_of(model, segment->id.ipcns));
	}
}

/* ---- who made most --------------------------------------------------------------------------- */

struct makers {
	struct failure_maker rows[MAKERS_MOST];
	size_t count;
};

static struct failure_maker *maker_of(struct makers *makers, const char *name)
{
	for (size_t i = 0; i < makers->count; i++)
		if (strcmp(makers->rows[i].name, name) == 0)
			return &makers->rows[i];
	if (makers->count == MAKERS_MOST)
		return NULL;
	snprintf(makers->rows[makers->count].name, sizeof(makers->rows[0].name), "%s", name);
	return &makers->rows[makers->count++];
}

static uint64_t weight(const struct failure_maker *maker, bool by_pages)
{
	return by_pages ? maker->pages : maker->segments;
}

static void take_largest(struct failure *out, struct makers *makers, bool by_pages)
{
	while (out->maker_count < FAILURE_MAKERS && out->maker_count < makers->count) {
		struct failure_maker *largest = &makers->rows[0];

		for (size_t i = 1; i < makers->count; i++)
			if (weight(&makers->rows[i], by_pages) > weight(largest, by_pages))
				largest = &makers->rows[i];
		if (!weight(largest, by_pages))
			return;
		out->makers[out->maker_count++] = *largest;
		largest->segments = largest->pages = 0;
	}
}

void inquiry_fill_makers(struct failure *out, const struct model *model, bool by_pages)
{
	struct makers makers = {.count = 0};

	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		struct failure_maker *maker;
		uint64_t size = segment->facts.known & FACT_COL_SIZE ? segment->facts.size : 0;

		if (segment->id.ipcns != out->event.ipcns)
			continue;
		maker = maker_of(&makers, segment->creator ? segment->creator->comm : "");
		if (!maker)
			continue;
		maker->segments++;
		maker->pages += size / out->page_size + !!(size % out->page_size);
	}
	take_largest(out, &makers, by_pages);
}

/* ---- mappings -------------------------------------------------------------------------------- */

void inquiry_fill_mapping(struct failure *out, const struct model *model, uint64_t start,
			  uint64_t end)
{
	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		const struct mapping *mapping = segment->mappings;

		for (; mapping; mapping = mapping->segment_next) {
			if (mapping->holder->mm != out->event.mm || mapping->start >= end ||
			    mapping->start + mapping->length <= start)
				continue;
			out->mapping = (struct address_facts){
				.found = FACT_FOUND_THERE,
				.start = mapping->start,
				.end = mapping->start + mapping->length,
				.shmid = segment->id.shmid,
			};
			return;
		}
	}
}

/* After an exec the address space is another one, of the same process. */
static bool is_detach(const struct event *event, const struct event *call)
{
	if (event->addr != call->addr || event->pid != call->pid || event->time > call->time ||
	    event->start_time != call->start_time)
		return false;
	return event->op == FACT_DETACH || (event->op == FACT_SHMDT && event->ret == 0);
}

void inquiry_fill_detach(struct failure *out, const struct model *model)
{
	const uint64_t first = model_events_first(model);

	for (uint64_t at = model_events_end(model); at > first; at--) {
		const struct event *event = &model_event(model, at - 1)->event;

		if (!is_detach(event, &out->event))
			continue;
		out->detach = (struct failure_detach){
			.known = true,
			.shmid = event->shmid,
			.before = out->event.time - event->time,
			.reason = event->op == FACT_SHMDT ? FACT_REASON_SHMDT : event->reason,
		};
		return;
	}
}
