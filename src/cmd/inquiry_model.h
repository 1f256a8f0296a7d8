/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model knows about a call that failed: part of inquiry.c. Nobody else includes this. Before the
 * event is taken in, so that it is as things were then. */
#ifndef CMD_INQUIRY_MODEL_H
#define CMD_INQUIRY_MODEL_H

#include "judge/failures.h"
#include "model/model.h"

/* The segment that has the key or the id of the call, or NULL. */
const struct segment *inquiry_segment(const struct model *model, const struct event *event);
void inquiry_fill_segment(struct failure *out, const struct segment *segment);
/* The last one that had it */
void inquiry_fill_gone(struct failure *out, const struct model *model);
void inquiry_fill_places(struct failure *out, const struct model *model);
void inquiry_fill_label(struct failure *out, const struct model *model);
/* By pages, else by how many they made */
void inquiry_fill_makers(struct failure *out, const struct model *model, bool by_pages);
/* The attachment of the caller in this range */
void inquiry_fill_mapping(struct failure *out, const struct model *model, uint64_t start,
			  uint64_t end);
void inquiry_fill_detach(struct failure *out, const struct model *model);

#endif
