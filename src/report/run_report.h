/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `shmtop run` says when a command has ended: what it did, and what it left behind. */
#ifndef REPORT_RUN_REPORT_H
#define REPORT_RUN_REPORT_H

#include <stdio.h>

#include "report/call_tally.h"
#include "report/leak_rows.h"
#include "report/suppress.h"

/* A process of the command that still runs */
struct run_rest {
	int32_t pid;
	char comm[FACT_COMM_LEN];
};

enum { RUN_REST_SHOWN = 8 };

struct run_report {
	char *const *words; /* of the command, as given; ends with NULL */
	int status;         /* its exit status, as a shell has it */
	int signal;         /* that ended it; 0 none */
	uint64_t took;      /* ns */
	bool isolated;
	const char *unseen; /* why calls were not followed; NULL: they were */
	uint64_t lost;      /* events */
	const struct call_tally *tally;
	const struct leaks_list *left;
	const struct suppressions *suppressions;
	struct run_rest rest[RUN_REST_SHOWN];
	size_t rest_count; /* of all that still run */
	bool stacks;       /* every frame, with its module */
};

/* Plain lines. `prefix` stands before each: "" or "shmtop:". 0 or -ENOMEM. */
int run_report_print(FILE *out, const struct column_context *context,
		     const struct run_report *report, const char *prefix);
/* The document "run", in one line. 0 or -ENOMEM. */
int run_report_json(FILE *out, const struct column_context *context,
		    const struct run_report *report);

#endif
