/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop doctor: what works on this machine, why not better, and how close the limits are */
#include "cmd/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/units.h"
#include "cmd/arguments.h"
#include "report/report.h"
#include "report/source.h"

#define UNLIMITED (UINT64_MAX / 2)

struct doctor_config {
	bool json;
	enum collector_rung rung;
	bool compat;
};

static const struct option_spec doctor_options[] = {
	{'J', "json", .help = "one JSON document", .field = offsetof(struct doctor_config, json)},
	ARGUMENT_PROBE(struct doctor_config, rung),
	ARGUMENT_COMPAT(struct doctor_config, compat),
	{0},
};

const struct command_spec doctor_spec = {
	.name = "doctor",
	.synopsis = "[OPTIONS]",
	.summary = "which probes stand, why not better, limits and headroom",
	.options = doctor_options,
	.details =
		"Loads every probe and tells which stand. Without root it says what is missing.\n"
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

static void print_use(const char *what, const struct fact_use *use)
{
	printf("  %-18s %12" PRIu64 " of ", what, use->used);
	/* The kernel's defaults for SHMALL and SHMMAX are as good as none (uapi/linux/shm.h). */
	if (use->max >= UNLIMITED)
		puts("no limit");
	else if (use->max)
		printf("%-12" PRIu64 " %5.1f%%\n", use->max,
		       100.0 * (double)use->used / (double)use->max);
	else
		puts("0");
}

static void print_limits(const struct limits_facts *limits, bool own)
{
	char size[UNITS_LEN];

	printf("\nLimits of IPC namespace %" PRIu32 "%s\n", limits->ipcns,
	       own ? " (this one)" : "");
	print_use("segments (SHMMNI)", &limits->segments);
	print_use("pages (SHMALL)", &limits->pages);
	printf("  %-18s %12s\n", "largest (SHMMAX)",
	       limits->shmmax >= UNLIMITED ? "no limit" : units_size(size, limits->shmmax));
	print_use("semaphore sets", &limits->semsets);
	print_use("semaphores", &limits->sems);
	print_use("message queues", &limits->queues);
	if (!limits->has_hugepages)
		return;
	printf("  %-18s %12" PRIu64 " of %" PRIu64 " free, %" PRIu64 " reserved, %s each\n",
	       "huge pages", limits->hugepages_free, limits->hugepages_total,
	       limits->hugepages_reserved, units_size(size, limits->hugepage_size));
}

static void print_text(struct collector *collector, const struct column_context *context)
{
	size_t count;
	const struct namespace_state *namespaces = model_namespaces(context->model, &count);

	print_probes(collector);
	for (size_t i = 0; i < count; i++) {
		const struct namespace_state *place = &namespaces[i];

		if (place->has_limits)
			print_limits(&place->limits, place->facts.ipcns == context->own_ipcns);
		else
			printf("\nLimits of IPC namespace %" PRIu32 ": unknown%s%s%s\n",
			       place->facts.ipcns, place->error ? " (" : "",
			       place->error ? strerror(-place->error) : "",
			       place->error ? ")" : "");
	}
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

static int print_json(struct collector *collector, const struct column_context *context)
{
	struct json_object *document = json_document("doctor", context);
	struct json_object *limits = json_object_new_array();
	struct json_object *probes = json_object_new_array();
	size_t count;
	const struct namespace_state *namespaces = model_namespaces(context->model, &count);

	if (!document || !limits || !probes) {
		json_object_put(document);
		json_object_put(limits);
		json_object_put(probes);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		json_object_array_add(limits, json_limits(&namespaces[i]));
	each_probe(collector, add_json_probe, probes);
	json_object_object_add(document, "probes", probes);
	json_object_object_add(document, "limits", limits);
	json_print(stdout, document);
	return 0;
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
	    (status = arguments_check_poll(&doctor_spec, config.rung, config.compat, 0)))
		return status;

	const struct collector_options options = {
		.rung = config.rung,
		.events = true,
		.compat = config.compat,
		.stacks = PROBES_STACKS_CREATED,
	};

	if (collector_open(&options, &collector, why)) {
		log_error("doctor: %s", why);
		return EXIT_ERROR;
	}
	const struct column_context context = collector_context(collector);
	int error = 0;

	if (config.json)
		error = print_json(collector, &context);
	else
		print_text(collector, &context);
	collector_close(collector);
	if (error) {
		log_error("doctor: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return report_finish(stdout);
}
