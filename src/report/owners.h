/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments summed up by who made them or whose they are. */
#ifndef REPORT_OWNERS_H
#define REPORT_OWNERS_H

#include "report/column.h"

enum owners_by {
	OWNERS_EXE,    /* executable of the creator, else its comm */
	OWNERS_USER,   /* as in the column `owner` */
	OWNERS_CGROUP, /* of the creator */
	OWNERS_BY_COUNT,
};

/* "exe", "user", "cgroup" */
const char *owners_by_name(enum owners_by by);

/* Sums go over the segments that exist. */
struct owners_row {
	char name[FACT_TEXT_LEN]; /* "-": not known */
	size_t segments;
	size_t unattached; /* of these, without any attachment */
	size_t leaked;     /* of these, those that are likely or surely leaks */
	uint64_t bytes, unattached_bytes, leaked_bytes; /* sizes */
	uint64_t rss;
	bool has_bytes, has_rss; /* false: unknown for some */
	uint64_t attached;       /* sum of nattch */
	size_t made; /* seen made within the last minute, those that ended a moment ago among them */
};

struct owners_list {
	struct owners_row *rows; /* owned; by bytes, the most first, then by name */
	size_t count;
	size_t capacity;
};

/* Refills the list, which starts zeroed. One whose segments all ended a moment ago still has a row.
 * 0 or -ENOMEM: then it is empty. Nothing in it points into the model. */
int owners_collect(const struct column_context *context, enum owners_by by,
		   struct owners_list *list);
void owners_free(struct owners_list *list);

#endif
