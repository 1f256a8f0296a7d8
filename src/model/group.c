/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Process groups of those that made segments: who is in one of them may have been told the id of the segment, as
 * a shell is that takes it from the output of its maker.
 *
 * The index has those that may have members. A number names one group as long as that has any; where it was empty,
 * which nobody noticed, and is another's now, both are taken for one: it seems to live, and nothing is said that is
 * not so.
 */
#include "model/model_internal.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

static struct process_group *group_new(struct model *model, int32_t pgid)
{
	struct process_group *group = pool_get(&model->group_pool);

	if (!group)
		return NULL;
	group->pgid = pgid;
	HASH_ADD(hh, model->groups, pgid, sizeof(group->pgid), group);
	if (group->hh.tbl)
		return group;
	pool_put(&model->group_pool, group);
	return NULL;
}

static void group_unqueue(struct model *model, struct process_group *group)
{
	if (group->queued)
		DL_DELETE2(model->wanted_groups, group, prev_wanted, next_wanted);
	group->queued = false;
}

static void group_release(struct model *model, struct process_group *group)
{
	if (!group || --group->references)
		return;
	group_unqueue(model, group);
	if (!group->empty)
		HASH_DELETE(hh, model->groups, group);
	pool_put(&model->group_pool, group);
}

void group_set(struct model *model, struct process_group **place, int32_t pgid)
{
	struct process_group *before = *place;
	struct process_group *group = NULL;

	if (pgid > 0) {
		HASH_FIND(hh, model->groups, &pgid, sizeof(pgid), group);
		if (!group)
			group = group_new(model, pgid);
	}
	if (group)
		group->references++;
	*place = group;
	group_release(model, before);
}

void group_want(struct model *model, struct process_group *group)
{
	if (group->queued || group->empty)
		return;
	group->queued = true;
	DL_APPEND2(model->wanted_groups, group, prev_wanted, next_wanted);
}

const struct process_group *model_next_group(struct model *model)
{
	struct process_group *group = model->wanted_groups;

	if (group)
		group_unqueue(model, group);
	return group;
}

void model_group_known(struct model *model, const struct process_group *group, bool empty,
		       const char *leader, uint64_t now)
{
	struct process_group *own;

	HASH_FIND(hh, model->groups, &group->pgid, sizeof(group->pgid), own);
	if (own != group)
		return;
	if (empty || !own->asked || strcmp(own->leader, leader) != 0)
		model->revision++;
	own->asked = now;
	snprintf(own->leader, sizeof(own->leader), "%s", leader);
	if (!empty)
		return;
	own->empty = true;
	group_unqueue(model, own);
	HASH_DELETE(hh, model->groups, own);
}
