/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Use against the limits, one row each: what the model knows of each IPC namespace, and of the machine. */
#ifndef REPORT_LIMITS_ROWS_H
#define REPORT_LIMITS_ROWS_H

#include "base/units.h"
#include "report/column.h"
#include "report/creators.h"

enum limits_kind {
	LIMITS_RESOURCE,
	LIMITS_CREATOR, /* one of those who use most of the namespace above */
	LIMITS_UNKNOWN, /* nothing is known of this namespace, see `note` */
};

enum limits_unit {
	LIMITS_COUNT,
	LIMITS_BYTES,
};

enum {
	LIMITS_NOTE_LEN = 160,
	LIMITS_SHARE_FULL = 1000,
	LIMITS_SHARE_HIGH = 800,
	LIMITS_CREATORS = 3, /* rows of a namespace, at most */
};

struct limits_row {
	enum limits_kind kind;
	uint32_t ipcns; /* 0: the whole machine */
	/* "" for what is no resource */
	char name[16];      /* "SHMMNI", "huge pages"; of other sizes "huge 1.00G" */
	const char *what;   /* "segments", static */
	const char *set_by; /* "sysctl kernel.shmmni", static */
	const char *
		fails; /* once it is used up: "shmget fails with ENOSPC", static; "": nothing does */
	enum limits_unit unit;
	uint64_t used, max;
	bool unlimited;     /* `max` is what the kernel has for no limit */
	unsigned int share; /* used of max, in thousandths, at most LIMITS_SHARE_FULL */
	bool ends;          /* it grows, and at this slope there is an end in sight */
	uint64_t end;       /* seconds until then */
	size_t creator;     /* LIMITS_CREATOR: its place in `creators` */
	/* "524288 of 2097152 pages"; of what is not known, why; may be empty */
	char note[LIMITS_NOTE_LEN];
};

struct limits_list {
	struct limits_row *rows; /* owned; one's own namespace first, the machine last */
	size_t count;
	size_t capacity;
	struct creator_list creators;
};

/* Refills the list, which starts zeroed. 0 or -ENOMEM: then it is empty. Nothing in it points into the
 * model. Of SHMMAX, `used` is the size of the largest segment. */
int limits_collect(const struct column_context *context, struct limits_list *list);
void limits_free(struct limits_list *list);

/* `used` or `max` in its unit: "31000", "8.00G". Returns out. */
const char *limits_figure(const struct limits_row *row, uint64_t figure,
			  char out[static UNITS_LEN]);

#endif
