/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What shmtop trace was asked for, and what it prints: events that pass, what was lost, and the sum of it. */
#ifndef CMD_TRACE_OUTPUT_H
#define CMD_TRACE_OUTPUT_H

#include "base/palette.h"
#include "cmd/arguments.h"
#include "cmd/collector.h"
#include "report/event_line.h"
#include "report/trace_summary.h"

struct trace_config {
	bool json;
	bool failed;
	bool with_stacks;
	bool with_summary; /* behind the events */
	bool only_summary; /* instead of them */
	enum event_time time;
	bool relative;
	bool took;
	enum palette_when colours;
	int32_t pid;
	struct argument_user user;
	const char *comm;
	const char *ns;
	uint32_t ops;
	unsigned int count;
	uint64_t duration;
	uint64_t ring_size;
	struct argument_stacks stacks;
	enum collector_rung rung;
	bool compat;
};

/* Starts with the first two; the rest zeroed. */
struct trace_output {
	const struct trace_config *config;
	bool following;               /* a command */
	struct collector *collector;  /* what is told of events comes from it; borrowed */
	uint64_t told;                /* events that passed */
	struct probes_loss loss;      /* as last told */
	struct model_event *inferred; /* by the look under way */
	size_t inferred_count, inferred_capacity;
	struct trace_summary summary;

	bool coloured;
	bool has_ns;    /* the namespace has a column */
	uint32_t ipcns; /* else: whose events need no name */
	struct event_layout layout;
	uint64_t line_time;     /* of the event before; 0: none yet */
	struct event explained; /* the last that failed */
};

void trace_output_free(struct trace_output *output);

/* The collector is open: decides on the columns; the heading, where a person reads. */
void trace_output_start(struct trace_output *output, struct collector *collector);
/* As many as were asked for are printed. */
bool trace_output_is_full(const struct trace_output *output);
/* Is a summary wanted? */
bool trace_output_sums(const struct trace_output *output);
/* Prints it if it was asked for. What a look infers waits until that is over. */
void trace_output_event(struct trace_output *output, const struct model_event *entry);
/* The look is over: only now it is known whose mappings what it inferred is about. */
void trace_output_inferred(struct trace_output *output, const struct model *model);
/* Totals since the start, each time that they grew; NULL: there is nothing to lose. */
void trace_output_loss(struct trace_output *output, struct probes *probes);
/* At the end: the total of what was lost in words, and the summary. */
void trace_output_end(struct trace_output *output);

#endif
