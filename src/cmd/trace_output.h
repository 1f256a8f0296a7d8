/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What shmtop trace was asked for, and what it prints: events that pass, and what was lost. */
#ifndef CMD_TRACE_OUTPUT_H
#define CMD_TRACE_OUTPUT_H

#include "cmd/arguments.h"
#include "cmd/collector.h"

struct trace_config {
	bool json;
	bool failed;
	bool with_stacks;
	int32_t pid;
	struct argument_user user;
	const char *comm;
	uint32_t ops;
	unsigned int count;
	uint64_t duration;
	uint64_t ring_size;
	struct argument_stacks stacks;
	enum collector_rung rung;
	bool compat;
};

/* Starts with the first three; the rest zeroed. */
struct trace_output {
	const struct trace_config *config;
	bool following;               /* a command */
	struct collector *collector;  /* whose stacks are printed; NULL: none */
	uint64_t printed;             /* events */
	struct probes_loss loss;      /* as last told */
	struct model_event *inferred; /* by the look under way */
	size_t inferred_count, inferred_capacity;
};

void trace_output_free(struct trace_output *output);

/* The heading, where a person reads. */
void trace_output_heading(const struct trace_output *output);
/* As many as were asked for are printed. */
bool trace_output_is_full(const struct trace_output *output);
/* Prints it if it was asked for. What a look infers waits until that is over. */
void trace_output_event(struct trace_output *output, const struct model_event *entry);
/* The look is over: only now it is known whose mappings what it inferred is about. */
void trace_output_inferred(struct trace_output *output, const struct model *model);
/* Totals since the start, each time that they grew; NULL: there is nothing to lose. */
void trace_output_loss(struct trace_output *output, struct probes *probes);
/* The total in words, at the end. */
void trace_output_end(const struct trace_output *output);

#endif
