/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows by name, for what sums up many segments in few rows. */
#ifndef REPORT_GROUPS_H
#define REPORT_GROUPS_H

#include <stddef.h>

struct groups_entry;

/* Starts zeroed. */
struct groups {
	struct groups_entry *entries;
};

/* The row of this name; `next` becomes the row of one that is new. 0 or -ENOMEM. */
int groups_row(struct groups *groups, const char *name, size_t next, size_t *row);
void groups_free(struct groups *groups);

#endif
