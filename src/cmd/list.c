/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop list: one look, as a table */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cmd/arguments.h"
#include "report/report.h"

struct list_config {
	bool json;
	bool no_headings;
	bool raw;
	const char *columns;
	const char *order;
	const char *filter;
	const char *ns;
	enum collector_rung rung;
};

static const struct option_spec list_options[] = {
	{'J', "json", .help = "one JSON document", .field = offsetof(struct list_config, json)},
	{'o', "columns", "COLS", "the columns, separated by commas", option_text,
	 "a list of columns", offsetof(struct list_config, columns)},
	{'s', "sort", "COL", "sort by this column; -COL turns the order round", option_text,
	 "a column", offsetof(struct list_config, order)},
	{'F', "filter", "EXPR", "only segments for which this holds", option_text, "an expression",
	 offsetof(struct list_config, filter)},
	{.name = "noheadings",
	 .help = "no heading line",
	 .field = offsetof(struct list_config, no_headings)},
	{.name = "raw",
	 .help = "for scripts: no alignment, plain bytes, blanks as \\x20",
	 .field = offsetof(struct list_config, raw)},
	ARGUMENT_NS(struct list_config, ns),
	ARGUMENT_LOOK(struct list_config, rung),
	{0},
};

const struct command_spec list_spec = {
	.name = "list",
	.synopsis = "[OPTIONS]",
	.summary = "one look at all segments, as a table",
	.options = list_options,
	.details =
		"Columns: ns shmid key owner perm size rss swap nattch holders creator last age "
		"idle\n"
		"flags command ctime atime dtime drift verdict exe cgroup site. Flags: D removed,\n"
		"will go with its last holder; L locked; H huge pages; N no reserve; ! likely or\n"
		"surely a leak.\n"
		"\n"
		"Filters compare columns (= != < <= > >= ~ !~), joined by and, or, not, ( ):\n"
		"  shmtop list -F 'nattch=0 and idle>1h'     candidates for a leak\n"
		"  shmtop list -F 'owner=postgres or comm~php' -s size\n"
		"  shmtop list -o shmid,key,size,holders --raw | while read -r id key size pids; "
		"...\n"
		"  shmtop list -J | jq '.segments[] | select(.nattch == 0) | .shmid'",
};

static int print_table(const struct list_config *config, const struct column_context *context,
		       const enum column_id *columns, size_t column_count,
		       const struct segment_id *ids, size_t count)
{
	const struct table_options options = {
		.columns = columns,
		.column_count = column_count,
		.headings = !config->no_headings,
		.raw = config->raw,
		/* Columns that were asked for are printed whole. */
		.width = config->columns ? 0 : report_width(stdout),
	};

	return table_print(stdout, context, ids, count, &options);
}

static int print_json(const struct column_context *context, const struct segment_id *ids,
		      size_t count)
{
	struct json_object *document = json_document("list", context);
	struct json_object *namespaces = json_namespaces(context);

	if (!document || !namespaces) {
		json_object_put(document);
		json_object_put(namespaces);
		return -ENOMEM;
	}
	json_object_object_add(document, "namespaces", namespaces);
	return json_print_segments(stdout, document, "segments", context, ids, count);
}

static int print_list(const struct list_config *config, const struct selection *selection,
		      const enum column_id *columns, size_t column_count,
		      struct collector *collector)
{
	struct column_context context = collector_context(collector);
	struct segment_id *ids = NULL;
	size_t count = 0, capacity = 0;

	context.bytes = config->raw;
	int error = column_select(&context, selection->filter, selection->order,
				  selection->descending, 0, &ids, &count, &capacity);

	if (!error && config->json)
		error = print_json(&context, ids, count);
	else if (!error)
		error = print_table(config, &context, columns, column_count, ids, count);
	free(ids);
	if (error) {
		log_error("list: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return report_finish(stdout);
}

enum { UNREADABLE_LEN = 512, UNREADABLE_SHOWN = 8 };

/* A namespace that cannot be looked into is no empty one. Those that share a reason share a line. */
static void warn_of_reason(const struct column_context *context, const char *why)
{
	size_t count, length = 0, unreadable = 0;
	const struct namespace_state *states = model_namespaces(context->model, &count);
	char names[UNREADABLE_LEN] = "";

	for (size_t i = 0; i < count; i++) {
		char name[COLUMN_CELL_LEN];

		if (states[i].readable || strcmp(column_ns_error(&states[i]), why) != 0)
			continue;
		column_ns_long_name(context, states[i].facts.ipcns, name);
		if (unreadable++ < UNREADABLE_SHOWN && length + strlen(name) + 3 < sizeof(names))
			length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
						   length ? ", " : "", name);
	}
	log_error("list: %zu of %zu IPC namespaces could not be read: %s: %s%s", unreadable, count,
		  why, names, unreadable > UNREADABLE_SHOWN ? ", ..." : "");
}

static void warn_unreadable(struct collector *collector)
{
	const struct column_context context = collector_context(collector);
	size_t count;
	const struct namespace_state *states = model_namespaces(context.model, &count);

	for (size_t i = 0; i < count; i++) {
		const char *why = column_ns_error(&states[i]);
		size_t before = 0;

		while (before < i && (states[before].readable ||
				      strcmp(column_ns_error(&states[before]), why) != 0))
			before++;
		if (!states[i].readable && before == i)
			warn_of_reason(&context, why);
	}
}

int list_run(const struct cmd_env *env, int argc, char **argv)
{
	struct list_config config = {0};
	enum column_id columns[COLUMNS_COUNT];
	size_t column_count = table_default_column_count;
	struct selection selection;
	struct collector *collector;
	char why[PROBES_WHY_LEN];
	int operands, status;

	(void)env;
	if (!arguments_parse(&list_spec, argc, argv, &config, &operands, &status))
		return status;
	if ((status = arguments_none(&list_spec, operands, argc, argv)))
		return status;
	memcpy(columns, table_default_columns, column_count * sizeof(columns[0]));
	if (config.columns &&
	    (status = columns_parse(&list_spec, config.columns, columns, &column_count)))
		return status;
	if ((status = selection_parse(&list_spec, config.order, config.filter, &selection)))
		return status;

	const struct collector_options options = {.rung = config.rung, .ns = config.ns};

	if (collector_open(&options, &collector, why)) {
		log_error("list: %s", why);
		status = EXIT_ERROR;
	} else {
		warn_unreadable(collector);
		status = print_list(&config, &selection, columns, column_count, collector);
		collector_close(collector);
	}
	selection_free(&selection);
	return status;
}
