/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop show: everything about one segment */
#include "cmd/cmd.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "cmd/arguments.h"
#include "cmd/watch.h"
#include "report/changes.h"
#include "report/report.h"
#include "report/segment_id.h"

struct show_config {
	bool json;
	const char *ns;
	uint64_t duration;
	struct argument_stacks stacks;
	enum collector_rung rung;
};

static const struct option_spec show_options[] = {
	{'J', "json", .help = "one JSON document", .field = offsetof(struct show_config, json)},
	{'d', "duration", "SECS", "watch for this time first; ^C ends it earlier",
	 argument_duration, "a number of seconds, like 60", offsetof(struct show_config, duration)},
	ARGUMENT_NS(struct show_config, ns),
	ARGUMENT_STACKS(struct show_config, stacks),
	ARGUMENT_PROBE(struct show_config, rung),
	{0},
};

const struct command_spec show_spec = {
	.name = "show",
	.synopsis = "[OPTIONS] ID",
	.summary = "one segment: facts, holders, history",
	.options = show_options,
	.details = SEGMENT_ID_HELP
	"  shmtop show 0\n"
	"  shmtop show 0x4e545030\n"
	"  shmtop show 4026532210:0\n"
	"\n"
	"A holder's HOW: shmat, fork, or scan: it was there before shmtop looked. SINCE is\n"
	"then the most that it can be, <1h: the age of its process.\n"
	"\n"
	"One look knows no events. -d watches first: who calls, fails, attaches and lets\n"
	"go, changes and removes it, and where it is made, if that happens meanwhile. It\n"
	"need not exist before, nor afterwards:\n"
	"  sudo shmtop show -d 60 0x52010203",
};

static int print_json(const struct column_context *context, const struct segment *segment)
{
	struct json_object *document = json_document("show", context);
	struct json_object *object = json_segment(context, segment);
	struct json_object *events = json_events(context, segment);
	struct json_object *changes = changes_json(context, segment);

	if (!document || !object || !events || !changes) {
		json_object_put(document);
		json_object_put(object);
		json_object_put(events);
		json_object_put(changes);
		return -ENOMEM;
	}
	json_object_object_add(document, "segment", object);
	json_object_object_add(document, "changes", changes);
	json_object_object_add(document, "events", events);
	json_print(stdout, document);
	return 0;
}

/* NULL after one line on stderr. */
static const struct segment *find(const struct show_config *config,
				  const struct segment_wanted *wanted,
				  const struct column_context *context)
{
	char why[SEGMENT_ID_WHY_LEN];
	const struct segment *segment;

	if (!config->duration)
		return segment_id_find(&show_spec, context, wanted, false);
	segment = segment_id_find_any(context, wanted, why);
	if (!segment)
		log_error("show: %s", why);
	return segment;
}

static int show(const struct show_config *config, const struct segment_wanted *wanted,
		const struct collector *collector)
{
	const struct column_context context = collector_context(collector);
	const struct segment *segment = find(config, wanted, &context);

	if (!segment)
		return EXIT_ERROR;
	int error = config->json ? print_json(&context, segment)
				 : table_print_segment(stdout, &context, segment);

	if (error) {
		log_error("show: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return report_finish(stdout);
}

/* Returns the exit status. */
static int watch_first(const struct show_config *config, struct collector *collector)
{
	struct watch watch = {.collector = collector, .duration = config->duration};
	int error = config->duration ? watch_run(&watch) : 0;

	/* Who holds it may have been stopped meanwhile. */
	if (!error && config->duration) {
		model_recheck_processes(collector_model(collector));
		error = collector_tick(collector);
	}
	collector_name_stacks(collector);
	if (error)
		log_error("show: %s", strerror(-error));
	return error ? EXIT_ERROR : 0;
}

int show_run(const struct cmd_env *env, int argc, char **argv)
{
	struct show_config config = {.stacks.which = PROBES_STACKS_CREATED};
	struct segment_wanted wanted;
	struct collector *collector;
	char why[PROBES_WHY_LEN];
	int operands, status;

	(void)env;
	if (!arguments_parse(&show_spec, argc, argv, &config, &operands, &status))
		return status;
	if (argc - operands != 1) {
		log_error("show: wants one ID: a shmid, 0xKEY or NS:shmid; shmtop list shows them");
		return EXIT_USAGE;
	}
	if (segment_id_parse(argv[operands], &wanted)) {
		log_error("show: '%s' is no ID: a shmid (32769), 0xKEY or NS:shmid", wanted.text);
		return EXIT_USAGE;
	}

	if (!config.duration &&
	    (config.rung == COLLECTOR_FEXIT || config.rung == COLLECTOR_TRACEPOINT)) {
		log_error("show: --probe=fexit and tracepoint follow calls: only with -d");
		return EXIT_USAGE;
	}

	const struct collector_options options = {
		.rung = config.rung,
		.events = config.duration != 0,
		.explains = true,
		.stacks = config.stacks.which,
		.stack_size = config.stacks.size,
		.debuginfod = config.stacks.debuginfod,
		.growth = config.duration != 0,
		.ns = config.ns,
	};

	if (collector_open(&options, &collector, why)) {
		log_error("show: %s", why);
		return EXIT_ERROR;
	}
	status = watch_first(&config, collector);
	if (!status)
		status = show(&config, &wanted, collector);

	collector_close(collector);
	return status;
}
