/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands. Each is one file; main.c holds the table. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/options.h"

enum exit_status {
	EXIT_FINE = 0,
	EXIT_ERROR = 1, /* one line on stderr said what to do */
	EXIT_USAGE = 2,
	EXIT_LEAK = 3, /* something was left behind, or is leaked for sure */
};

struct screen_ops;

/* What main hands to every command. */
struct cmd_env {
	const struct screen_ops *screen; /* the live view, from ui/ */
};

struct cmd {
	const struct command_spec *spec;
	int (*run)(const struct cmd_env *env, int argc, char **argv);
};

extern const struct command_spec live_spec, list_spec, show_spec, trace_spec, doctor_spec,
	demo_spec, leaks_spec, run_spec, rm_spec, peek_spec;
int live_run(const struct cmd_env *env, int argc, char **argv);
int list_run(const struct cmd_env *env, int argc, char **argv);
int show_run(const struct cmd_env *env, int argc, char **argv);
int trace_run(const struct cmd_env *env, int argc, char **argv);
int doctor_run(const struct cmd_env *env, int argc, char **argv);
int demo_run(const struct cmd_env *env, int argc, char **argv);
int leaks_run(const struct cmd_env *env, int argc, char **argv);
int run_run(const struct cmd_env *env, int argc, char **argv);
int rm_run(const struct cmd_env *env, int argc, char **argv);
int peek_run(const struct cmd_env *env, int argc, char **argv);

#endif
