/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop doctor: how close the limits are, which settings bite, what works on this machine and why not better */
#include "cmd/cmd.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "cmd/arguments.h"
#include "cmd/watch.h"
#include "observe/settings.h"
#include "report/limits_report.h"
#include "report/source.h"

struct doctor_config {
	bool json;
	bool limits;
	bool all;
	uint64_t duration;
	const char *ns;
	enum collector_rung rung;
	bool compat;
};

static const struct option_spec doctor_options[] = {
	{'J', "json", .help = "one JSON document", .field = offsetof(struct doctor_config, json)},
	{'l', "limits", .help = "only limits and settings: loads no probe, and is quick",
	 .field = offsetof(struct doctor_config, limits)},
	{'a', "all", .help = "the settings that are right too",
	 .field = offsetof(struct doctor_config, all)},
	{'d', "duration", "SECS",
	 "watch for this time first, 20 or more: tells when what\n"
	 "grows is full; ^C ends it earlier",
	 argument_duration, "a number of seconds, like 60",
	 offsetof(struct doctor_config, duration)},
	ARGUMENT_NS(struct doctor_config, ns),
	ARGUMENT_PROBE(struct doctor_config, rung),
	ARGUMENT_COMPAT(struct doctor_config, compat),
	{0},
};

const struct command_spec doctor_spec = {
	.name = "doctor",
	.synopsis = "[OPTIONS]",
	.summary = "limits and headroom, settings that bite, which probes stand",
	.options = doctor_options,
	.details =
		"Tells how much of each limit is used, by whom, and what fails at its end; what "
		"is\n"
		"set up so that segments vanish or cannot be made, with the line that mends it;\n"
		"which probes stand. Without root it says what is missing.\n"
		"  shmtop doctor -l\n"
		"  shmtop doctor -l -d 60\n"
		"  shmtop doctor -J | jq '.settings[] | select(.verdict == \"warn\")'\n"
		"  shmtop doctor -J | jq '.probes[] | select(.stands | not)'",
};

typedef void take_probe(void *context, const struct probes_report *probe);

/* Each probe; where no event is followed, one for all of them. */
static void each_probe(struct collector *collector, take_probe *take, void *context)
{
	const struct source_status *status = model_status(collector_model(collector));
	const struct probes *probes = collector_probes(collector);
	bool iterator = strcmp(status->attachers, "iter") == 0;
	size_t count = 0;
	const struct probes_report *reports = probes ? probes_reports(probes, &count) : NULL;

	if (!probes)
		take(context, &(struct probes_report){.name = "events", .why = status->why});
	for (size_t i = 0; i < count; i++)
		take(context, &reports[i]);
	take(context, &(struct probes_report){.name = "iter/task_vma",
					      .stands = iterator,
					      .why = status->attachers_why});
}

struct probe_list {
	int width;       /* of the longest name */
	const char *why; /* of the row before, when it does not stand */
};

static void measure_probe(void *context, const struct probes_report *probe)
{
	struct probe_list *list = context;
	int length = (int)strlen(probe->name);

	if (length > list->width)
		list->width = length;
}

/* Probes fail in groups: a reason is read once. */
static void print_probe(void *context, const struct probes_report *probe)
{
	struct probe_list *list = context;
	bool same = list->why && strcmp(list->why, probe->why) == 0;

	list->why = probe->stands ? NULL : probe->why;
	if (probe->stands)
		printf("%-*s  yes\n", list->width, probe->name);
	else
		printf("%-*s  no      %s\n", list->width, probe->name,
		       same ? "as above" : probe->why);
}

static void print_source(const struct source_status *status)
{
	struct source_line lines[SOURCE_LINES];
	size_t count = source_lines(status, lines);

	for (size_t i = 0; i < count; i++)
		printf("%-14s  %-10s  %s\n", lines[i].what, lines[i].stands, lines[i].words);
}

static void print_probes(struct collector *collector)
{
	struct probe_list list = {0};

	print_source(model_status(collector_model(collector)));
	each_probe(collector, measure_probe, &list);
	printf("\n%-*s  %-6s  %s\n", list.width, "PROBE", "STANDS", "WHY NOT");
	each_probe(collector, print_probe, &list);
}

static int print_text(const struct doctor_config *config, struct collector *collector,
		      const struct column_context *context, const struct audit_list *audit)
{
	int error = limits_report_print(stdout, context);

	putchar('\n');
	limits_report_settings(stdout, context, audit, config->all);
	if (config->limits)
		return error;
	putchar('\n');
	print_probes(collector);
	return error;
}

static void add_json_probe(void *context, const struct probes_report *probe)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "name", json_object_new_string(probe->name));
	json_object_object_add(row, "stands", json_object_new_boolean(probe->stands));
	json_object_object_add(row, "why",
			       probe->stands ? NULL : json_object_new_string(probe->why));
	json_object_array_add(context, row);
}

/* Takes the value. */
static bool add_json(struct json_object *document, const char *key, struct json_object *value)
{
	return value && json_object_object_add(document, key, value) == 0;
}

static int print_json(const struct doctor_config *config, struct collector *collector,
		      const struct column_context *context, const struct audit_list *audit)
{
	struct json_object *document = json_document("doctor", context);
	struct json_object *probes = config->limits ? NULL : json_object_new_array();

	if (!document || (!config->limits && !add_json(document, "probes", probes)) ||
	    !add_json(document, "limits", limits_report_json(context)) ||
	    !add_json(document, "hugepages", json_hugepages(context)) ||
	    !add_json(document, "settings", limits_report_json_settings(context, audit))) {
		json_object_put(document);
		return -ENOMEM;
	}
	if (probes)
		each_probe(collector, add_json_probe, probes);
	json_print(stdout, document);
	return 0;
}

static int print(const struct doctor_config *config, struct collector *collector)
{
	const struct column_context context = collector_context(collector);
	struct audit_list audit = {0};
	struct settings settings;
	int error;

	settings_read("", &settings);
	error = audit_collect(&settings, context.model, context.own_ipcns, &audit);
	if (!error)
		error = (config->json ? print_json : print_text)(config, collector, &context,
								 &audit);
	audit_free(&audit);
	return error;
}

/* 0, or EXIT_USAGE after one line on stderr. */
static int check_limits(const struct doctor_config *config)
{
	const bool probes = config->compat || config->rung == COLLECTOR_FEXIT ||
			    config->rung == COLLECTOR_TRACEPOINT;

	if (!config->limits || !probes)
		return 0;
	log_error("doctor: --limits loads no probes: not with --compat, --probe=fexit or "
		  "tracepoint");
	return EXIT_USAGE;
}

int doctor_run(const struct cmd_env *env, int argc, char **argv)
{
	struct doctor_config config = {0};
	struct collector *collector;
	char why[PROBES_WHY_LEN];
	int operands, status;

	(void)env;
	if (!arguments_parse(&doctor_spec, argc, argv, &config, &operands, &status))
		return status;
	if ((status = arguments_none(&doctor_spec, operands, argc, argv)) ||
	    (status = arguments_check_poll(&doctor_spec, config.rung, config.compat, 0)) ||
	    (status = check_limits(&config)))
		return status;

	const struct collector_options options = {
		.rung = config.rung,
		.events = !config.limits,
		.compat = config.compat,
		.ns = config.ns,
		.stacks = PROBES_STACKS_CREATED,
	};

	if (collector_open(&options, &collector, why)) {
		log_error("doctor: %s", why);
		return EXIT_ERROR;
	}
	struct watch watch = {.collector = collector, .duration = config.duration};
	int error = config.duration ? watch_run(&watch) : 0;

	if (!error)
		error = print(&config, collector);
	collector_close(collector);
	if (error) {
		log_error("doctor: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return report_finish(stdout);
}
