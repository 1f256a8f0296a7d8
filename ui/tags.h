/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments that the user has marked: they stay marked wherever the order puts them. */
#ifndef UI_TAGS_H
#define UI_TAGS_H

#include "model/model.h"

struct tag_set {
	struct segment_id *ids; /* by generation, which is unique in a model; owned */
	size_t count, capacity;
};

bool tags_has(const struct tag_set *set, const struct segment_id *id);
/* Marks it, or takes the mark away. 0 or -ENOMEM. */
int tags_toggle(struct tag_set *set, const struct segment_id *id);
/* Forgets those that ended before this time. */
void tags_prune(struct tag_set *set, const struct model *model, uint64_t since);
void tags_clear(struct tag_set *set);
void tags_free(struct tag_set *set);

#endif
