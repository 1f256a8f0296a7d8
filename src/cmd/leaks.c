/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop leaks: which segments nobody will remove */
#include "cmd/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/arguments.h"
#include "cmd/watch.h"
#include "report/leak_report.h"
#include "report/report.h"

struct leaks_config {
	bool json;
	bool commands;
	bool frames; /* all of a stack */
	uint64_t duration;
	uint64_t grace;
	const char *filter;
	const char *suppressions;
	const char *ns;
	struct argument_stacks stacks;
	enum collector_rung rung;
};

static const struct option_spec leaks_options[] = {
	{'J', "json", .help = "one JSON document", .field = offsetof(struct leaks_config, json)},
	{'d', "duration", "SECS", "watch for this time first; ^C ends it earlier",
	 argument_duration, "a number of seconds, like 60",
	 offsetof(struct leaks_config, duration)},
	{'F', "filter", "EXPR", "only segments for which this holds", option_text, "an expression",
	 offsetof(struct leaks_config, filter)},
	{.name = "commands",
	 .help = "only the commands that remove them, one a segment",
	 .field = offsetof(struct leaks_config, commands)},
	{'k', "stack", .help = "stacks with every frame, and where it lies",
	 .field = offsetof(struct leaks_config, frames)},
	{.name = "grace",
	 .argument = "SECS",
	 .help = "a segment is new for so long, and no leak (default 10)",
	 .parse = option_duration,
	 .expected = "a number of seconds, like 10 or 0",
	 .field = offsetof(struct leaks_config, grace)},
	{.name = "suppress",
	 .argument = "FILE",
	 .help = "lines of what is known to stay: shmtop run --help",
	 .parse = option_text,
	 .expected = "a file",
	 .field = offsetof(struct leaks_config, suppressions)},
	ARGUMENT_NS(struct leaks_config, ns),
	ARGUMENT_STACKS(struct leaks_config, stacks),
	ARGUMENT_PROBE(struct leaks_config, rung),
	{0},
};

const struct command_spec leaks_spec = {
	.name = "leaks",
	.synopsis = "[OPTIONS]",
	.summary = "which segments nobody will remove, on what evidence",
	.options = leaks_options,
	.details =
		"Told are groups of one verdict and one call site, the surest first: how many\n"
		"segments, the memory that would come back, whether they become more, the\n"
		"evidence, where they were made, and the command that removes them.\n"
		"\n"
		"sure    nobody can use it again: seen from its creation on, and all who knew it\n"
		"        are gone\n"
		"likely  nobody has it attached and its creator is gone, but it may be waited for\n"
		"watch   something may be wrong\n"
		"\n"
		"One look cannot be sure: it did not see who knew the segment. As root, -d 60\n"
		"watches first, and sees calls, where they were made, and what grows.\n"
		"\n"
		"  sudo shmtop leaks -d 60\n"
		"  shmtop leaks -F 'owner=postgres'\n"
		"  shmtop leaks --commands > remove.sh    to be read before it is run\n"
		"  shmtop leaks -J | jq -r '.leaks[] | \"\\(.ipcns):\\(.shmid)\"'\n"
		"\n"
		"Exit status: 3 when anything is sure, and not suppressed; else 0.",
};

struct leaks {
	const struct leaks_config *config;
	struct collector *collector;
	struct filter *filter;
	struct suppressions suppressions;
	struct watch watch;
};

static struct column_context context_of(const struct leaks *leaks)
{
	struct column_context context = collector_context(leaks->collector);

	context.grace = leaks->config->grace ? leaks->config->grace : 1; /* 0 is the usual one */
	return context;
}

/* ---- watching ------------------------------------------------------------------------------ */

static size_t count_suspects(const struct leaks *leaks)
{
	const struct column_context context = context_of(leaks);
	const struct judge_context judge = column_judge(&context);
	enum verdict_confidence confidence;
	size_t count = 0;

	for (const struct segment *segment = model_segments(context.model); segment;
	     segment = segment->next) {
		verdict_kind(&judge, segment, &confidence);
		count += confidence >= VERDICT_MEDIUM;
	}
	return count;
}

static void tell_suspects(void *context, FILE *out)
{
	fprintf(out, ", %zu suspects so far", count_suspects(context));
}

/* ---- telling ------------------------------------------------------------------------------- */

struct telling {
	struct leaks *leaks;
	const struct column_context *context;
};

static bool is_told(void *choosing, const struct segment *segment, enum verdict_kind kind,
		    enum verdict_confidence confidence)
{
	struct telling *telling = choosing;
	struct leaks *leaks = telling->leaks;

	(void)kind;
	if (confidence == VERDICT_NONE)
		return false;
	if (leaks->filter && !filter_match(leaks->filter, telling->context, segment))
		return false;
	return !suppress_match(&leaks->suppressions, segment, telling->context->paths);
}

static int print_report(const struct leaks *leaks, const struct column_context *context,
			const struct leaks_list *list)
{
	const struct leak_report report = {
		.list = list,
		.suppressions = &leaks->suppressions,
		.watched = leaks->watch.watched,
		.events = leaks->watch.events,
		.filtered = leaks->filter != NULL,
		.stacks = leaks->config->frames,
		.is_root = geteuid() == 0,
	};

	if (leaks->config->json)
		return leak_report_json(stdout, context, &report);
	if (leaks->config->commands)
		leak_rows_print_commands(stdout, list);
	else
		leak_report_print(stdout, context, &report);
	return 0;
}

/* Returns the exit status. */
static int tell(struct leaks *leaks)
{
	const struct column_context context = context_of(leaks);
	struct telling telling = {leaks, &context};
	struct leaks_list list = {0};
	int error = leaks_collect_chosen(&context, is_told, &telling, &list);
	bool sure = list.total[VERDICT_HIGH].count > 0;

	if (!error)
		error = print_report(leaks, &context, &list);
	leaks_free(&list);
	if (error) {
		log_error("leaks: %s", strerror(-error));
		return EXIT_ERROR;
	}
	int status = report_finish(stdout);

	return status ? status : sure ? EXIT_LEAK : 0;
}

static int look(struct leaks *leaks)
{
	const struct leaks_config *config = leaks->config;
	const struct collector_options options = {
		.rung = config->rung,
		.events = config->duration != 0,
		.stacks = config->stacks.which,
		.stack_size = config->stacks.size,
		.debuginfod = config->stacks.debuginfod,
		.growth = true,
		.ns = config->ns,
	};
	char why[PROBES_WHY_LEN];
	int error;

	if (collector_open(&options, &leaks->collector, why)) {
		log_error("leaks: %s", why);
		return EXIT_ERROR;
	}
	leaks->watch = (struct watch){
		.collector = leaks->collector,
		.duration = config->duration,
		.tell = tell_suspects,
		.context = leaks,
	};
	error = config->duration ? watch_run(&leaks->watch) : 0;
	collector_name_stacks(leaks->collector);
	if (error) {
		log_error("leaks: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return tell(leaks);
}

int leaks_run(const struct cmd_env *env, int argc, char **argv)
{
	struct leaks_config config = {
		.grace = VERDICT_GRACE,
		.stacks.which = PROBES_STACKS_CREATED,
	};
	struct leaks leaks = {.config = &config};
	struct selection selection;
	char why[SUPPRESS_WHY_LEN];
	int operands, status;

	(void)env;
	if (!arguments_parse(&leaks_spec, argc, argv, &config, &operands, &status))
		return status;
	if ((status = arguments_none(&leaks_spec, operands, argc, argv)))
		return status;
	if (config.json && config.commands) {
		log_error("leaks: --commands are lines, -J is one document: choose one");
		return EXIT_USAGE;
	}
	if (!config.duration &&
	    (config.rung == COLLECTOR_FEXIT || config.rung == COLLECTOR_TRACEPOINT)) {
		log_error("leaks: --probe=fexit and tracepoint follow calls: only with -d");
		return EXIT_USAGE;
	}
	if (config.suppressions && suppress_read(config.suppressions, &leaks.suppressions, why)) {
		log_error("leaks: --suppress: %s", why);
		return EXIT_USAGE;
	}
	status = selection_parse(&leaks_spec, NULL, config.filter, &selection);
	if (!status) {
		leaks.filter = selection.filter;
		status = look(&leaks);
		selection_free(&selection);
	}
	collector_close(leaks.collector);
	suppress_free(&leaks.suppressions);
	return status;
}
