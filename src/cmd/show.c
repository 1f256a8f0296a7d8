/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop show: everything about one segment */
#include "cmd/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "cmd/arguments.h"
#include "report/report.h"

struct show_config {
	bool json;
	enum collector_rung rung;
};

static const struct option_spec show_options[] = {
	{'J', "json", .help = "one JSON document", .field = offsetof(struct show_config, json)},
	ARGUMENT_LOOK(struct show_config, rung),
	{0},
};

const struct command_spec show_spec = {
	.name = "show",
	.synopsis = "[OPTIONS] ID",
	.summary = "one segment: facts, holders, history",
	.options = show_options,
	.details =
		"ID is a shmid (32769), a key in hexadecimal (0x52010203), or NS:shmid with the\n"
		"inode of an IPC namespace, where several have the same shmid:\n"
		"  shmtop show 0\n"
		"  shmtop show 0x4e545030\n"
		"  shmtop show 4026532210:0",
};

/* What the ID asks for */
struct wanted {
	const char *text; /* safe, for messages */
	bool by_key;
	int32_t key;
	bool has_ipcns;
	uint32_t ipcns;
	int32_t shmid;
};

static int parse_wanted(const char *text, struct wanted *out)
{
	const char *colon = strchr(text, ':');
	uint64_t number;
	char ipcns[16];

	if (strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0) {
		out->by_key = true;
		if (units_parse_number(text, UINT32_MAX, &number) || number == 0)
			return -EINVAL;
		out->key = (int32_t)(uint32_t)number;
		return 0;
	}
	if (colon) {
		if ((size_t)(colon - text) >= sizeof(ipcns))
			return -EINVAL;
		memcpy(ipcns, text, (size_t)(colon - text));
		ipcns[colon - text] = '\0';
		if (units_parse_number(ipcns, UINT32_MAX, &number))
			return -EINVAL;
		out->has_ipcns = true;
		out->ipcns = (uint32_t)number;
		text = colon + 1;
	}
	if (units_parse_number(text, INT32_MAX, &number))
		return -EINVAL;
	out->shmid = (int32_t)number;
	return 0;
}

static bool is_wanted(const struct wanted *wanted, const struct segment *segment)
{
	if (wanted->by_key)
		return segment->has_key && segment->key == wanted->key;
	return segment->id.shmid == wanted->shmid &&
	       (!wanted->has_ipcns || segment->id.ipcns == wanted->ipcns);
}

/* One's own namespace first; elsewhere the ID must be the only one. Returns NULL with *matches set. */
static const struct segment *find(const struct model *model, uint32_t own,
				  const struct wanted *wanted, size_t *matches)
{
	const struct segment *found = NULL;

	*matches = 0;
	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		if (!is_wanted(wanted, segment))
			continue;
		if (segment->id.ipcns == own)
			return segment;
		found = segment;
		++*matches;
	}
	return *matches == 1 ? found : NULL;
}

static int print_json(const struct column_context *context, const struct segment *segment)
{
	struct json_object *document = json_document("show", context);
	struct json_object *object = json_segment(context, segment);
	struct json_object *events = json_events(context->model, segment);

	if (!document || !object || !events) {
		json_object_put(document);
		json_object_put(object);
		json_object_put(events);
		return -ENOMEM;
	}
	json_object_object_add(document, "segment", object);
	json_object_object_add(document, "events", events);
	json_print(stdout, document);
	return 0;
}

static int show(const struct show_config *config, const struct wanted *wanted,
		const struct collector *collector)
{
	const struct column_context context = collector_context(collector);
	size_t matches;
	const struct segment *segment = find(context.model, context.own_ipcns, wanted, &matches);

	if (!segment && matches > 1) {
		log_error("show: %zu IPC namespaces have a segment '%s': name one as NS:shmid "
			  "(shmtop list -o ns,shmid,key)",
			  matches, wanted->text);
		return EXIT_ERROR;
	}
	if (!segment) {
		log_error("show: no segment '%s' now; shmtop list shows those that exist",
			  wanted->text);
		return EXIT_ERROR;
	}
	int error = config->json ? print_json(&context, segment)
				 : table_print_segment(stdout, &context, segment);

	if (error) {
		log_error("show: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return report_finish(stdout);
}

int show_run(const struct cmd_env *env, int argc, char **argv)
{
	struct show_config config = {0};
	struct wanted wanted = {0};
	struct collector *collector;
	char why[PROBES_WHY_LEN];
	char text[64];
	int operands, status;

	(void)env;
	if (!arguments_parse(&show_spec, argc, argv, &config, &operands, &status))
		return status;
	if (argc - operands != 1) {
		log_error("show: wants one ID: a shmid, 0xKEY or NS:shmid; shmtop list shows them");
		return EXIT_USAGE;
	}
	text_safe(text, sizeof(text), argv[operands], strlen(argv[operands]));
	wanted.text = text;
	if (parse_wanted(argv[operands], &wanted)) {
		log_error("show: '%s' is no ID: a shmid (32769), 0xKEY or NS:shmid", text);
		return EXIT_USAGE;
	}

	const struct collector_options options = {.rung = config.rung};

	if (collector_open(&options, &collector, why)) {
		log_error("show: %s", why);
		return EXIT_ERROR;
	}
	status = show(&config, &wanted, collector);

	collector_close(collector);
	return status;
}
