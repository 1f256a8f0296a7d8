/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/inquiry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/inquiry_model.h"
#include "observe/caller.h"
#include "observe/limits.h"
#include "observe/machine.h"
#include "observe/process.h"
#include "observe/segment_lookup.h"
#include "report/owner.h"

/* All that is gathered within a second may take so much of it. */
#define INQUIRY_BUDGET (20 * CLOCK_MS)

/* include/uapi/linux/shm.h: the page size of SHM_HUGETLB, as its logarithm */
enum { HUGE_SHIFT = 26, HUGE_MASK = 0x3f };

struct inquiry {
	struct inquiry_sources sources;
	struct failures *failures;
	uint64_t second, spent; /* ns of the budget, in that second */
};

int inquiry_new(const struct inquiry_sources *sources, struct inquiry **out)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));

	*out = inquiry;
	if (!inquiry)
		return -ENOMEM;
	inquiry->sources = *sources;
	return failures_new(&inquiry->failures);
}

void inquiry_free(struct inquiry *inquiry)
{
	if (!inquiry)
		return;
	failures_free(inquiry->failures);
	free(inquiry);
}

const struct failures *inquiry_failures(const struct inquiry *inquiry)
{
	return inquiry ? inquiry->failures : NULL;
}

/* ---- in the namespace ------------------------------------------------------------------------ */

struct visit {
	const struct event *event;
	bool wants_segment, wants_limits;
	int error; /* of the look for the segment */
	struct segment_facts facts;
	bool has_limits;
	struct limits_facts limits;
};

static int visit_namespace(void *context)
{
	struct visit *visit = context;
	const struct event *event = visit->event;

	if (visit->wants_segment && event->op == FACT_SHMGET && event->ret < 0)
		visit->error = segment_lookup_key(event->key, &visit->facts);
	else if (visit->wants_segment)
		visit->error = segment_lookup_id(event->shmid, &visit->facts);
	visit->has_limits = visit->wants_limits && limits_read(event->ipcns, &visit->limits) == 0;
	return 0;
}

/* By the process that is known to live there, else by who called. */
static void enter(const struct inquiry *inquiry, struct visit *visit)
{
	const struct namespace_list *list = inquiry->sources.namespaces;
	const struct namespace_facts caller = {.ipcns = visit->event->ipcns,
					       .pid = visit->event->pid};

	visit->error = -ESRCH;
	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].ipcns == caller.ipcns &&
		    namespaces_visit(&list->rows[i], visit_namespace, visit) == 0)
			return;
	namespaces_visit(&caller, visit_namespace, visit);
}

/* ---- the segment ----------------------------------------------------------------------------- */

/* Errors that the call gives only where there is a segment */
static bool proves_segment(const struct event *event)
{
	switch (-event->ret) {
	case EEXIST:
	case EACCES:
	case EAGAIN:
	case EIDRM:
		return true;
	case EPERM:
	case ENOMEM:
		return event->op != FACT_SHMGET;
	default:
		return event->ret >= 0;
	}
}

static void name_creator(struct failure_process *creator, int32_t pid)
{
	struct process_facts facts;

	if (creator->pid || !pid)
		return;
	creator->pid = pid;
	if (process_read(pid, &facts) == 0)
		snprintf(creator->comm, sizeof(creator->comm), "%s", facts.comm);
	else
		creator->life = FAILURE_GONE;
}

/* What the kernel says of it now is newer than the model's last look at the table. */
static void take_found(struct failure *out, const struct visit *visit)
{
	struct failure_segment *segment = &out->segment;
	const int64_t wall = clock_wall(out->event.time) / (int64_t)CLOCK_SECOND;

	if (out->found == FACT_FOUND_THERE && segment->facts.shmid != visit->facts.shmid)
		return; /* another one, since then */
	out->found = FACT_FOUND_THERE;
	segment->facts.shmid = visit->facts.shmid;
	if (visit->error)
		return;
	segment->facts = visit->facts;
	if (!segment->has_age && visit->facts.ctime > 0 && wall > visit->facts.ctime) {
		segment->has_age = true;
		segment->age = (uint64_t)(wall - visit->facts.ctime) * CLOCK_SECOND;
	}
	name_creator(&segment->creator, visit->facts.cpid);
}

/* So the model's segment is why: what the call was told goes with it. */
static bool is_too_small(const struct failure *failure)
{
	const struct segment_facts *facts = &failure->segment.facts;

	return failure->event.op == FACT_SHMGET && failure->event.ret == -EINVAL &&
	       facts->known & FACT_COL_SIZE && facts->size < failure->event.size;
}

/* The model stands where it stood at the call, if it is told of all that happens. Then it is right where the
 * kernel, which is asked later, says something else. */
static void settle_found(const struct inquiry *inquiry, struct failure *out,
			 const struct visit *visit)
{
	const bool modelled = out->found == FACT_FOUND_THERE;

	if (!visit->error || visit->error == -EACCES)
		take_found(out, visit);
	else if (visit->error == -ENOENT && modelled && !proves_segment(&out->event) &&
		 !is_too_small(out) && !inquiry->sources.complete)
		out->found = FACT_FOUND_NONE;
	else if (visit->error == -ENOENT && !modelled)
		out->found = FACT_FOUND_NONE;
}

static bool names_segment(const struct event *event)
{
	return event->op == FACT_SHMGET ? event->ret >= 0 || event->key != IPC_PRIVATE
					: event->shmid >= 0;
}

static bool wants_segment(const struct event *event)
{
	if (event->op == FACT_SHMDT || !names_segment(event))
		return false;
	return event->op != FACT_SHMGET || event->ret >= 0 || event->ret == -EEXIST ||
	       event->ret == -ENOENT || event->ret == -EINVAL || event->ret == -EACCES;
}

static bool wants_limits(const struct event *event)
{
	return event->op == FACT_SHMGET && (event->ret == -ENOSPC || event->ret == -EINVAL);
}

static void gather_segment(const struct inquiry *inquiry, struct failure *out)
{
	const struct model *model = inquiry->sources.model;
	const struct segment *segment = NULL;
	struct visit visit = {
		.event = &out->event,
		.wants_segment = wants_segment(&out->event),
		.wants_limits = wants_limits(&out->event),
	};

	/* ENOENT: whatever the model thinks, there was none */
	if (visit.wants_segment && out->event.ret != -ENOENT)
		segment = inquiry_segment(model, &out->event);
	if (segment)
		inquiry_fill_segment(out, segment);
	if (visit.wants_segment || visit.wants_limits)
		enter(inquiry, &visit);
	if (visit.wants_segment)
		settle_found(inquiry, out, &visit);
	out->has_limits = visit.has_limits;
	out->limits = visit.limits;
	if (!visit.wants_segment || (out->found == FACT_FOUND_THERE && out->event.ret != -ENOENT))
		return;
	inquiry_fill_gone(out, model);
	inquiry_fill_places(out, model);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void name_user(const struct inquiry *inquiry, uint32_t uid,
		      char out[static FAILURE_NAME_LEN])
{
	const char *name = owner_name(inquiry->sources.owners, uid);

	snprintf(out, FAILURE_NAME_LEN, "%s", name ? name : "");
}

static void gather_makers(const struct inquiry *inquiry, struct failure *out)
{
	const struct fact_use *segments = &out->limits.segments;

	if (out->event.op == FACT_SHMGET && out->event.ret == -ENOSPC)
		inquiry_fill_makers(out, inquiry->sources.model,
				    out->has_limits && segments->used < segments->max);
}

static void gather_memory(struct failure *out)
{
	const struct event *event = &out->event;
	const unsigned int shift = event->flags >> HUGE_SHIFT & HUGE_MASK;
	uint64_t group;

	if (event->op == FACT_SHMGET && event->flags & SHM_HUGETLB) {
		machine_pool(shift ? UINT64_C(1) << shift : 0, &out->pool);
		out->has_hugetlb_group =
			event->ret == -EPERM && machine_setting("vm/hugetlb_shm_group", &group);
		out->hugetlb_group = out->has_hugetlb_group ? (uint32_t)group : 0;
	} else if (event->op == FACT_SHMGET && event->ret == -ENOMEM) {
		machine_memory(&out->memory);
	} else if (event->op == FACT_SHMAT && out->segment.hugetlb) {
		machine_pool(0, &out->pool);
	}
	if (event->op == FACT_SHMAT && event->ret == -ENOMEM)
		machine_setting("vm/max_map_count", &out->max_mappings);
}

/* Of an attach the whole range counts, of a detach the address. */
static void gather_mapping(const struct inquiry *inquiry, struct failure *out)
{
	const struct event *event = &out->event;
	const struct segment_facts *facts = &out->segment.facts;
	uint64_t start = event->addr, end = event->addr + 1;

	if (event->ret != -EINVAL || !event->addr)
		return;
	if (event->op == FACT_SHMAT && out->found == FACT_FOUND_THERE) {
		start -= start % out->page_size;
		if (__builtin_add_overflow(start, facts->size, &end))
			return;
	} else if (event->op != FACT_SHMDT) {
		return;
	}
	inquiry_fill_mapping(out, inquiry->sources.model, start, end);
	if (out->mapping.found == FACT_FOUND_UNKNOWN && event->op == FACT_SHMAT)
		caller_mapping(event->pid, event->start_time, start, end, &out->mapping);
	if (event->op == FACT_SHMDT)
		inquiry_fill_detach(out, inquiry->sources.model);
}

static void gather(const struct inquiry *inquiry, const struct event *event, struct failure *out)
{
	*out = (struct failure){
		.event = *event,
		.gathered = event->time,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
		.mapping = {.shmid = -1},
		.has_caller = event->caller,
	};
	out->event.caller = NULL;
	if (event->caller) {
		out->caller = *event->caller;
		name_user(inquiry, out->caller.euid, out->caller_name);
	}
	inquiry_fill_label(out, inquiry->sources.model);
	gather_segment(inquiry, out);
	if (out->segment.facts.known & FACT_COL_UID)
		name_user(inquiry, out->segment.facts.uid, out->segment.owner);
	if (event->ret == -EACCES)
		caller_groups(event->pid, event->start_time, &out->groups);
	gather_makers(inquiry, out);
	gather_memory(out);
	gather_mapping(inquiry, out);
}

/* ---- in time --------------------------------------------------------------------------------- */

static bool has_time(struct inquiry *inquiry, uint64_t now)
{
	if (now / CLOCK_SECOND != inquiry->second) {
		inquiry->second = now / CLOCK_SECOND;
		inquiry->spent = 0;
	}
	return inquiry->spent < INQUIRY_BUDGET;
}

uint32_t inquiry_event(struct inquiry *inquiry, const struct event *event)
{
	struct failure failure;
	uint64_t began;
	uint32_t id;

	id = failures_repeat(inquiry->failures, event);
	if (id || !failures_want(event))
		return id;
	began = clock_now();
	if (!has_time(inquiry, began))
		return 0;
	gather(inquiry, event, &failure);
	inquiry->spent += clock_now() - began;
	return failures_add(inquiry->failures, &failure);
}
