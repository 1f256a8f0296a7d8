/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why did it fail? The facts about each call that fails, gathered once, at once, and within bounds: from the
 * model, which stands where it stood when the call failed, from the kernel as it is now, and from /proc.
 *
 * The same failure again is only counted. What all of them may take together is bounded too: of those that
 * come when it is used up nothing is known but the call.
 */
#ifndef CMD_INQUIRY_H
#define CMD_INQUIRY_H

#include "judge/failures.h"
#include "model/model.h"
#include "observe/namespaces.h"

struct inquiry;
struct owner_names;

struct inquiry_sources {
	const struct model *model;
	struct owner_names *owners;
	const struct namespace_list *namespaces; /* the ways in that are known */
	bool complete; /* the calls of all are told, not of some: the model knows what is removed */
};

/* What the sources point to must live as long. 0 or -ENOMEM. */
int inquiry_new(const struct inquiry_sources *sources, struct inquiry **out);
void inquiry_free(struct inquiry *inquiry);

/* Before the model takes the event in. The id of its failure; 0: it is none, or nobody looked into it. */
uint32_t inquiry_event(struct inquiry *inquiry, const struct event *event);

const struct failures *inquiry_failures(const struct inquiry *inquiry);

#endif
