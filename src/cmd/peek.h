/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two ways of `shmtop peek` share: one look, and one each second (-w). */
#ifndef CMD_PEEK_H
#define CMD_PEEK_H

#include "cmd/collector.h"
#include "cmd/segment_contents.h"

struct peek_config {
	bool json, raw;
	bool watch;
	bool attach; /* by an attachment, where nothing else leads to it */
	uint64_t offset, length;
	const char *ns;    /* NULL: every namespace */
	uint64_t interval; /* ns; 0: default */
	enum collector_rung rung;
};

#define PEEK_ALL UINT64_MAX

struct peek {
	const struct peek_config *config;
	const char *name; /* of the segment, as the user wrote it */
	struct collector *collector;
	struct segment_id id;
	uint64_t end;                  /* of what is shown */
	struct contents contents;      /* as last read */
	const struct mapping *through; /* NULL: it was attached for that */
};

/* The segment; NULL: it ended. */
const struct segment *peek_segment(const struct peek *peek);

/* Reads the piece from `offset` on, up to the end of what is shown, as far as it fits. What the model knows of
 * mappings may have aged: then it is brought up to date. 0 or -errno, as segment_contents_read() and _attach(). */
int peek_read(struct peek *peek, uint64_t offset);

/* Says why it cannot be looked at, in one line. */
void peek_tell(const struct peek *peek, int error);

/* Returns the exit status. */
int peek_watch(struct peek *peek);

#endif
