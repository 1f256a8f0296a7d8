/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `shmtop leaks` says. */
#ifndef REPORT_LEAK_REPORT_H
#define REPORT_LEAK_REPORT_H

#include <stdio.h>

#include "report/leak_rows.h"
#include "report/suppress.h"

struct leak_report {
	const struct leaks_list *list;
	const struct suppressions *suppressions;
	uint64_t watched; /* ns; 0: one look */
	uint64_t events;  /* seen meanwhile */
	bool filtered;    /* some segments were not asked for */
	bool stacks;      /* every frame, with its module */
	bool is_root;
};

void leak_report_print(FILE *out, const struct column_context *context,
		       const struct leak_report *report);
/* The document "leaks", in one line. 0 or -ENOMEM. */
int leak_report_json(FILE *out, const struct column_context *context,
		     const struct leak_report *report);

#endif
