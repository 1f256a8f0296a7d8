/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Where it is, or belongs */
static size_t tags_place(const struct tag_set *set, uint64_t generation)
{
	size_t from = 0, to = set->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (set->ids[middle].generation < generation)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool tags_has(const struct tag_set *set, const struct segment_id *id)
{
	size_t at = tags_place(set, id->generation);

	return at < set->count && set->ids[at].generation == id->generation;
}

int tags_toggle(struct tag_set *set, const struct segment_id *id)
{
	size_t at = tags_place(set, id->generation);
	void *ids = set->ids;
	int error;

	if (tags_has(set, id)) {
		set->count--;
		memmove(&set->ids[at], &set->ids[at + 1], (set->count - at) * sizeof(*set->ids));
		return 0;
	}
	error = array_reserve(&ids, &set->capacity, set->count + 1, sizeof(*set->ids));
	if (error)
		return error;
	set->ids = ids;
	memmove(&set->ids[at + 1], &set->ids[at], (set->count - at) * sizeof(*set->ids));
	set->ids[at] = *id;
	set->count++;
	return 0;
}

void tags_prune(struct tag_set *set, const struct model *model, uint64_t since)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct segment *segment = model_find(model, &set->ids[i]);

		if (segment && (!segment->gone || segment->gone >= since))
			set->ids[kept++] = set->ids[i];
	}
	set->count = kept;
}

void tags_clear(struct tag_set *set)
{
	set->count = 0;
}

void tags_free(struct tag_set *set)
{
	free(set->ids);
	*set = (struct tag_set){0};
}
