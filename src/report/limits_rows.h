/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Use against the limits, one row each: what the model knows of each IPC namespace, and of the machine. */
#ifndef REPORT_LIMITS_ROWS_H
#define REPORT_LIMITS_ROWS_H

#include "report/column.h"

enum limits_unit {
	LIMITS_COUNT,
	LIMITS_BYTES,
};

enum { LIMITS_WHY_LEN = 96, LIMITS_SHARE_FULL = 1000 };

struct limits_row {
	uint32_t ipcns; /* 0: the whole machine */
	const char
		*name; /* "SHMMNI", static; NULL: nothing is known of this namespace, see `why` */
	const char *what; /* "segments", static */
	enum limits_unit unit;
	uint64_t used, max;
	bool unlimited;     /* `max` is what the kernel has for no limit */
	unsigned int share; /* used of max, in thousandths, at most LIMITS_SHARE_FULL */
	bool ends;          /* it grows, and at this slope there is an end in sight */
	uint64_t end;       /* seconds until then */
	char why[LIMITS_WHY_LEN];
};

struct limits_list {
	struct limits_row *rows; /* owned; one's own namespace first, the machine last */
	size_t count;
	size_t capacity;
};

/* Refills the list, which starts zeroed. 0 or -ENOMEM: then it is empty. Nothing in it points into the
 * model. Of SHMMAX, `used` is the size of the largest segment. */
int limits_collect(const struct column_context *context, struct limits_list *list);
void limits_free(struct limits_list *list);

#endif
