/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/model_internal.h"

#include <errno.h>
#include <utlist.h>

struct holder *holder_find(const struct model *model, uint64_t mm)
{
	struct holder *holder;

	if (mm == 0)
		return NULL;
	HASH_FIND(hh, model->holders, &mm, sizeof(mm), holder);
	return holder;
}

int holder_get(struct model *model, uint64_t mm, struct process *process, struct holder **out)
{
	struct holder *holder = holder_find(model, mm);

	if (!process)
		return -ENOMEM;
	if (!holder) {
		holder = pool_get(&model->holder_pool);
		if (!holder)
			return -ENOMEM;
		holder->mm = mm;
		HASH_ADD(hh, model->holders, mm, sizeof(holder->mm), holder);
		if (!holder->hh.tbl) {
			pool_put(&model->holder_pool, holder);
			return -ENOMEM;
		}
	}
	bool dead = holder->process && holder->process->checked && !holder->process->alive;

	if (holder->process != process && (!holder->process || dead || holder->left))
		holder_label(model, holder, process);
	*out = holder;
	return 0;
}

void holder_label(struct model *model, struct holder *holder, struct process *process)
{
	holder_accept(model, holder);
	holder->left = FACT_REASON_UNKNOWN;
	process_use(model, &holder->process, process);
}

void holder_left(struct model *model, struct holder *holder, enum fact_reason reason)
{
	holder->left = reason;
	if (!holder->mislabelled)
		model->mislabelled++;
	holder->mislabelled = true;
}

void holder_accept(struct model *model, struct holder *holder)
{
	if (holder->mislabelled)
		model->mislabelled--;
	holder->mislabelled = false;
}

void holder_settle(struct model *model, struct holder *holder)
{
	if (holder->mappings || holder == &model->holder_anchor)
		return;
	holder_label(model, holder, NULL);
	HASH_DEL(model->holders, holder);
	pool_put(&model->holder_pool, holder);
}

struct mapping *holder_seek(const struct holder *holder, struct mapping *from, uint64_t start)
{
	struct mapping *mapping = from ? from : holder->mappings;

	/* holder_prev of the first is the last: above all is the common place beside below all */
	if (holder->mappings && holder->mappings->holder_prev->start < start)
		return NULL;
	while (mapping && mapping->start < start)
		mapping = mapping->holder_next;
	return mapping;
}

struct mapping *holder_mapping(const struct holder *holder, struct mapping *from, uint64_t start,
			       const struct segment *segment)
{
	struct mapping *mapping = holder_seek(holder, from, start);

	while (mapping && mapping->start == start && mapping->segment != segment)
		mapping = mapping->holder_next;
	return mapping && mapping->start == start ? mapping : NULL;
}

struct mapping *holder_attached_at(const struct holder *holder, uint64_t base)
{
	struct mapping *mapping = holder_seek(holder, NULL, base);

	while (mapping && mapping_base(mapping) != base)
		mapping = mapping->holder_next;
	return mapping;
}

static void enter_holder(struct mapping *mapping)
{
	struct holder *holder = mapping->holder;
	struct mapping *above = holder_seek(holder, NULL, mapping->start);

	DL_PREPEND_ELEM2(holder->mappings, above, mapping, holder_prev, holder_next);
}

int mapping_add(struct model *model, const struct mapping *like, struct mapping **out)
{
	struct mapping *mapping = pool_get(&model->mapping_pool);
	struct holder *holder = like->holder;
	struct segment *segment = like->segment;

	if (!mapping)
		return -ENOMEM;
	*mapping = *like;
	enter_holder(mapping);
	DL_APPEND2(segment->mappings, mapping, segment_prev, segment_next);
	holder->count++;
	segment->mapped++;
	if (mapping->flags & ATTACHMENT_HUGETLB)
		segment->hugetlb = true;
	if (out)
		*out = mapping;
	return 0;
}

void mapping_cut(struct mapping *mapping, uint64_t start)
{
	struct holder *holder = mapping->holder;
	uint64_t cut = start - mapping->start;

	DL_DELETE2(holder->mappings, mapping, holder_prev, holder_next);
	mapping->start = start;
	mapping->offset += cut;
	mapping->length = mapping->length > cut ? mapping->length - cut : 0;
	enter_holder(mapping);
}

void mapping_remove(struct model *model, struct mapping *mapping, enum fact_reason reason,
		    uint64_t time)
{
	struct holder *holder = mapping->holder;
	struct segment *segment = mapping->segment;

	departure_note(model, mapping, reason, time);
	DL_DELETE2(holder->mappings, mapping, holder_prev, holder_next);
	DL_DELETE2(segment->mappings, mapping, segment_prev, segment_next);
	holder->count--;
	segment->mapped--;
	pool_put(&model->mapping_pool, mapping);
}
