/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments that several commands share: how they are read and what is said when they are wrong. */
#ifndef CMD_ARGUMENTS_H
#define CMD_ARGUMENTS_H

#include "base/options.h"
#include "cmd/collector.h"
#include "report/filter.h"

/* enum collector_rung: auto, fexit, tracepoint, poll */
option_parser argument_rung;

/* The same for a command that follows no calls: auto, poll */
option_parser argument_look;

/* struct argument_user: a name or a number */
struct argument_user {
	bool given;
	uint32_t uid;
};
option_parser argument_user;

/* uint32_t: "shmget,exit" to FACT_OP_BITs */
option_parser argument_ops;

/* int32_t, 1 and up */
option_parser argument_pid;

/* unsigned int, 1 and up; uint64_t ns, more than none: a limit of 0 would be none at all */
option_parser argument_count;
option_parser argument_duration;

/* uint64_t, a power of two from 64K to 1G */
option_parser argument_ring;

/* uint64_t ns, 0.1 s to an hour */
option_parser argument_interval;

/* enum screen_theme: dark, light, mono */
option_parser argument_theme;

#define ARGUMENT_PROBE(config, member)                                                            \
	{                                                                                         \
		.name = "probe", .argument = "RUNG", .parse = argument_rung,                      \
		.expected = "auto, fexit, tracepoint or poll", .field = offsetof(config, member), \
		.help = "how to look: auto (the best that works), fexit, tracepoint, poll (no "   \
			"BPF)"                                                                    \
	}

/* For a command that looks once: which probes could stand is none of its business. */
#define ARGUMENT_LOOK(config, member)                                                             \
	{                                                                                         \
		.name = "probe", .argument = "RUNG", .parse = argument_look,                      \
		.expected = "auto or poll, as this command follows no calls",                     \
		.field = offsetof(config, member),                                                \
		.help = "how to look for holders: auto (in the kernel, if that works), poll (no " \
			"BPF)"                                                                    \
	}

#define ARGUMENT_COMPAT(config, member)                                           \
	{                                                                         \
		.name = "compat", .field = offsetof(config, member),              \
		.help = "calls of 32-bit programs, where only a probe on each\n"  \
			"system call of the machine sees them: each then costs\n" \
			"about 0.2 us more; not needed on the fexit rung"         \
	}

/* const char *: for namespace_names_choose(), by way of collector_options */
#define ARGUMENT_NS(config, member)                                                           \
	{                                                                                     \
		.name = "ns", .argument = "NS", .parse = option_text,                         \
		.expected = "a name of an IPC namespace", .field = offsetof(config, member),  \
		.help = "only this IPC namespace: host, here, an inode, pid:PID, or a part\n" \
			"of its container's or unit's name that no other has"                 \
	}

/* Of which calls the user stack is copied, how much of it at most, and who is asked for names of its functions */
struct argument_stacks {
	enum probes_stacks which;
	uint64_t size; /* bytes; 0: default */
	bool debuginfod;
};
option_parser argument_stacks;     /* enum probes_stacks: off, made, all */
option_parser argument_stack_size; /* uint64_t: 4K, 8K, 16K, 32K or 64K */

#define ARGUMENT_STACK_SIZE(config, member)                                                     \
	{                                                                                       \
		.name = "stack-size", .argument = "SIZE", .parse = argument_stack_size,         \
		.expected = "4K, 8K, 16K, 32K or 64K", .field = offsetof(config, member.size),  \
		.help = "user stack that is copied at most (default 16K): more shows callers\n" \
			"farther out"                                                           \
	}

#define ARGUMENT_DEBUGINFOD(config, member)                                                   \
	{                                                                                     \
		.name = "debuginfod", .field = offsetof(config, member.debuginfod),           \
		.help = "debug information that is not installed comes from the servers in\n" \
			"DEBUGINFOD_URLS, which are told the build ids (never without\n"      \
			"this option); sudo keeps that with --preserve-env=DEBUGINFOD_URLS"   \
	}

/* Three options */
#define ARGUMENT_STACKS(config, member)                                             \
	{.name = "stacks",                                                          \
	 .argument = "CALLS",                                                       \
	 .parse = argument_stacks,                                                  \
	 .expected = "off, made or all",                                            \
	 .field = offsetof(config, member.which),                                   \
	 .help = "whose user stack is taken: of calls that make a segment (made,\n" \
		 "the default), of each shmat too (all), or none (off)"},           \
		ARGUMENT_STACK_SIZE(config, member), ARGUMENT_DEBUGINFOD(config, member)

#define ARGUMENT_RING(config, member)                                                           \
	{                                                                                       \
		.name = "ring-size", .argument = "SIZE", .parse = argument_ring,                \
		.expected = "a power of two from 64K to 1G", .field = offsetof(config, member), \
		.help = "kernel buffer for events (default 4M): larger loses less under load"   \
	}

/* Reads the command line. Returns whether the command goes on; if not, *status is its exit status: help
 * was printed, or what is wrong was said. */
bool arguments_parse(const struct command_spec *spec, int argc, char **argv, void *config,
		     int *operands, int *status);

/* The rows of a table: which, and in what order. */
struct selection {
	enum column_id order;
	bool has_order;
	bool descending;
	struct filter *filter; /* owned; NULL: all */
};

/* Reads -s and -F (either may be NULL). 0, or the exit status after one line on stderr. */
int selection_parse(const struct command_spec *spec, const char *order, const char *filter,
		    struct selection *out);
void selection_free(struct selection *selection);

/* Reads -o. 0, or the exit status after one line on stderr. */
int columns_parse(const struct command_spec *spec, const char *text,
		  enum column_id ids[static COLUMNS_COUNT], size_t *count);

/* --probe=poll reads no events: 0, or EXIT_USAGE after one line on stderr where an option is about them.
 * `ring_size` 0: not given. */
int arguments_check_poll(const struct command_spec *spec, enum collector_rung rung, bool compat,
			 uint64_t ring_size);

/* The command takes no operands: 0, or EXIT_USAGE after one line on stderr. */
int arguments_none(const struct command_spec *spec, int operands, int argc, char **argv);

#endif
