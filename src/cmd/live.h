/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live session: what `shmtop` and `shmtop demo` share. */
#ifndef CMD_LIVE_H
#define CMD_LIVE_H

#include "base/loop.h"
#include "cmd/arguments.h"
#include "cmd/cmd.h"
#include "cmd/screen.h"

struct live_config {
	bool batch;
	bool json;
	bool allow_remove;
	enum option_switch ascii, mouse;
	enum screen_theme theme;
	unsigned int count;
	uint64_t interval;
	const char *order;
	const char *filter;
	const char *ns;
	uint64_t ring_size;
	struct argument_stacks stacks;
	enum collector_rung rung;
	bool compat;
};

#define LIVE_INTERVAL_DEFAULT UINT64_C(1000000000)

#define LIVE_OPTIONS(config, live)                                                        \
	{'d',                                                                             \
	 "delay",                                                                         \
	 "SECS",                                                                          \
	 "time between frames (default 1)",                                               \
	 argument_interval,                                                               \
	 "seconds from 0.1 to 3600",                                                      \
	 offsetof(config, live.interval)},                                                \
		{'b', "batch", .help = "plain text frames, no terminal control",          \
		 .field = offsetof(config, live.batch)},                                  \
		{'n',                                                                     \
		 "count",                                                                 \
		 "COUNT",                                                                 \
		 "end after so many frames",                                              \
		 argument_count,                                                          \
		 "a whole number from 1 on",                                              \
		 offsetof(config, live.count)},                                           \
		{'J', "json", .help = "one JSON document a frame and line (implies -b)",  \
		 .field = offsetof(config, live.json)},                                   \
		{'s',                                                                     \
		 "sort",                                                                  \
		 "COL",                                                                   \
		 "sort by this column; -COL turns the order round",                       \
		 option_text,                                                             \
		 "a column",                                                              \
		 offsetof(config, live.order)},                                           \
		{'F',                                                                     \
		 "filter",                                                                \
		 "EXPR",                                                                  \
		 "only segments for which this holds",                                    \
		 option_text,                                                             \
		 "an expression",                                                         \
		 offsetof(config, live.filter)},                                          \
		{'U',                                                                     \
		 "ascii",                                                                 \
		 "[=yes|no]",                                                             \
		 "draw with ASCII only",                                                  \
		 option_switch,                                                           \
		 "yes or no",                                                             \
		 offsetof(config, live.ascii)},                                           \
		{.name = "theme",                                                         \
		 .argument = "NAME",                                                      \
		 .help = "colours for a dark or a light background, or mono: none",       \
		 .parse = argument_theme,                                                 \
		 .expected = "dark, light or mono",                                       \
		 .field = offsetof(config, live.theme)},                                  \
		{'M',                                                                     \
		 "mouse",                                                                 \
		 "[=yes|no]",                                                             \
		 "clicks and the wheel are for shmtop",                                   \
		 option_switch,                                                           \
		 "yes or no",                                                             \
		 offsetof(config, live.mouse)},                                           \
		{.name = "allow-remove",                                                  \
		 .help = "let F9 remove segments (IPC_RMID); it asks, one by one",        \
		 .field = offsetof(config, live.allow_remove)},                           \
		ARGUMENT_NS(config, live.ns), ARGUMENT_STACKS(config, live.stacks),       \
		ARGUMENT_RING(config, live.ring_size), ARGUMENT_PROBE(config, live.rung), \
		ARGUMENT_COMPAT(config, live.compat)

/* Something that runs under the view: started once the collector looks, and stopped when the view ends. */
struct live_workload {
	const char *title;
	int (*start)(void *context, struct loop *loop);
	void (*child_ended)(void *context); /* SIGCHLD */
	void (*stop)(void *context);
	void *context;
};

/* Runs the view, or prints frames with -b (or where stdout is no terminal), for the command of `spec`.
 * `workload` may be NULL.
 * Returns the exit status. */
int live_session(const struct cmd_env *env, const struct command_spec *spec,
		 const struct live_config *config, const struct live_workload *workload);

#endif
