/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace added up, as strace -c does it: by call, by process, by failure; what came of the segments. */
#ifndef REPORT_TRACE_SUMMARY_H
#define REPORT_TRACE_SUMMARY_H

#include "report/callers.h"
#include "report/report.h"

/* Starts zeroed. Takes the same memory however long it goes on. */
struct trace_summary {
	uint64_t events; /* that were told */
	uint64_t ops[FACT_OPS];
	struct call_tally tally;
	struct callers callers;
	/* The last failure of each kind that was looked into: id in judge/failures.h; 0 none */
	uint32_t failures[TALLY_CALLS][TALLY_ERRNOS];

	/* For whoever prints it */
	uint64_t began, ended; /* ns CLOCK_BOOTTIME */
	uint64_t lost;         /* events that were not delivered, beside those that were */
	bool followed;         /* calls are told at all */
	bool has_segments;     /* all that are made are told */
};

/* From the model's sink. `told`: it passed the filter; one that did not tells the end of a segment all the same. */
void trace_summary_event(struct trace_summary *summary, const struct model *model,
			 const struct model_event *entry, bool told);
void trace_summary_free(struct trace_summary *summary);

void trace_summary_print(FILE *out, const struct column_context *context,
			 struct trace_summary *summary);
/* {"schema": "shmtop.summary/1", ...}. NULL without memory. */
struct json_object *trace_summary_json(const struct column_context *context,
				       struct trace_summary *summary);

#endif
