/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in a segment of the model: through whom it is looked at, and what to say when it cannot be. */
#ifndef CMD_SEGMENT_CONTENTS_H
#define CMD_SEGMENT_CONTENTS_H

#include "base/contents.h"
#include "model/model.h"

/* Reads a piece as contents_read() does (observe/contents.h), through the first of those who have it attached
 * where that works: *through is its mapping, valid as long as the segment. 0 or -errno: -ENOTCONN when nobody has
 * it attached, -EPERM when none of those who have may be looked into, -ENOENT when all of them let go. */
int segment_contents_read(const struct model *model, const struct segment *segment, uint64_t offset,
			  size_t length, struct contents *out, const struct mapping **through);

/* The same by an attachment for the moment, as contents_attach(). -ESRCH when no process leads into its namespace. */
int segment_contents_attach(const struct model *model, const struct segment *segment,
			    uint64_t offset, size_t length, struct contents *out);

/* Of what a process has mapped of the segment, the bytes that are in its page tables. 0 or -errno as
 * resident_read() (observe/resident.h). */
int segment_contents_resident(const struct segment *segment, const struct holder *holder,
			      uint64_t *bytes);

#endif
