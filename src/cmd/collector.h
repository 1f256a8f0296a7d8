/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The collector: the sources of observe/ wired to one model. Every command that looks at the machine
 * opens one, with the sources that it needs.
 */
#ifndef CMD_COLLECTOR_H
#define CMD_COLLECTOR_H

#include "model/model.h"
#include "observe/probes.h"
#include "report/column.h"

struct collector;

enum collector_rung {
	COLLECTOR_AUTO,       /* the best that stands */
	COLLECTOR_FEXIT,      /* or fail */
	COLLECTOR_TRACEPOINT, /* or fail */
	COLLECTOR_POLL,       /* no BPF at all */
};

struct collector_options {
	enum collector_rung rung;
	bool events; /* attach probes; without them it is one look at /proc and the mappings */
	bool compat; /* calls of 32-bit programs too, whatever it costs: see probes_options */
	struct probes_filter filter;
	size_t ring_size; /* 0: default */
	enum probes_stacks stacks;
	size_t stack_size;   /* 0: default */
	bool debuginfod;     /* servers are asked for debug files: see stack/debuginfod.h */
	bool explains;       /* why calls fail, for who shows events */
	bool growth;         /* who leaves more and more behind, for verdicts */
	uint32_t only_ipcns; /* 0: every namespace */
	const char *ns;      /* what --ns asks for, else NULL: decides on only_ipcns */
};

/* Opens the sources and takes the first full look. 0, or -errno with one line in why[]. With
 * COLLECTOR_AUTO missing privileges are no failure: model_status() says what stands. */
int collector_open(const struct collector_options *options, struct collector **out,
		   char why[static PROBES_WHY_LEN]);
void collector_close(struct collector *collector);

struct model *collector_model(struct collector *collector);
struct probes *collector_probes(struct collector *collector); /* NULL on the poll rung */

/* Readable when events should be drained before the next tick; -1 on the poll rung. */
int collector_fd(const struct collector *collector);
/* Applies the events that are there, bounded. Returns how many, or -errno. */
long collector_drain(struct collector *collector);
/* One tick: drain, read the tables, reconcile, scan the mappings when there is evidence. 0 or -errno. */
int collector_tick(struct collector *collector);

/* The tables and the namespaces are read again at the next tick, even what rests, and who may know the id of a segment is
 * looked at again: for a report. */
void collector_look_again(struct collector *collector);

/* Removes a segment as remove_segment() does (observe/remove.h), and tells the model of the call, whatever came
 * of it, as of any other: its own ones are not followed. The tables are read at the next tick. 0 or -errno:
 * -ESRCH when no process leads into the namespace. */
int collector_remove(struct collector *collector, uint32_t ipcns, const struct segment_facts *facts,
		     bool attached, uint64_t *nattch);

/* Where the call of this event was made: reads as far as it takes. 0 unknown. */
uint32_t collector_stack(struct collector *collector, const struct event *event);
/* Waits, for seconds at most, until all stacks have the names that they can have: before a report. Else they come with
 * the ticks. For debug files that servers were asked for it waits as call_stacks_name_all() does. */
void collector_name_stacks(struct collector *collector);
/* The context for cells at this instant. */
struct column_context collector_context(const struct collector *collector);

#endif
