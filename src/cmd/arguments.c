/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/arguments.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "cmd/screen.h"
#include "report/report.h"

enum { QUOTE_LEN = 128 };

/* What the user typed may come from a script's variable: shown safely. */
static const char *quote(char out[static QUOTE_LEN], const char *text)
{
	text_safe(out, QUOTE_LEN, text, strlen(text));
	return out;
}

int argument_rung(const char *text, void *field)
{
	static const char *const names[] = {
		[COLLECTOR_AUTO] = "auto",
		[COLLECTOR_FEXIT] = "fexit",
		[COLLECTOR_TRACEPOINT] = "tracepoint",
		[COLLECTOR_POLL] = "poll",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*(enum collector_rung *)field = (enum collector_rung)i;
		return 0;
	}
	return -EINVAL;
}

int argument_look(const char *text, void *field)
{
	enum collector_rung rung;
	int error = argument_rung(text, &rung);

	if (error || (rung != COLLECTOR_AUTO && rung != COLLECTOR_POLL))
		return -EINVAL;
	*(enum collector_rung *)field = rung;
	return 0;
}

int argument_user(const char *text, void *field)
{
	struct argument_user *user = field;
	const struct passwd *entry;
	uint64_t number;

	if (units_parse_number(text, UINT32_MAX, &number) == 0) {
		*user = (struct argument_user){.given = true, .uid = (uint32_t)number};
		return 0;
	}
	entry = getpwnam(text);
	if (!entry)
		return -EINVAL;
	*user = (struct argument_user){.given = true, .uid = entry->pw_uid};
	return 0;
}

int argument_ops(const char *text, void *field)
{
	uint32_t ops = 0;

	while (*text) {
		char name[16];
		size_t length = strcspn(text, ",");

		if (length >= sizeof(name))
			return -EINVAL;
		memcpy(name, text, length);
		name[length] = '\0';
		enum fact_op op = fact_op_by_name(name);

		if (op == FACT_OPS)
			return -EINVAL;
		ops |= FACT_OP_BIT(op);
		text += length + (text[length] == ',');
	}
	if (!ops)
		return -EINVAL;
	*(uint32_t *)field = ops;
	return 0;
}

int argument_pid(const char *text, void *field)
{
	uint64_t number;
	int error = units_parse_number(text, INT32_MAX, &number);

	if (error || number == 0)
		return error ? error : -EINVAL;
	*(int32_t *)field = (int32_t)number;
	return 0;
}

int argument_count(const char *text, void *field)
{
	unsigned int count;
	int error = option_count(text, &count);

	if (error || count == 0)
		return error ? error : -EINVAL;
	*(unsigned int *)field = count;
	return 0;
}

int argument_duration(const char *text, void *field)
{
	uint64_t duration;
	int error = option_duration(text, &duration);

	if (error || duration == 0)
		return error ? error : -EINVAL;
	*(uint64_t *)field = duration;
	return 0;
}

int argument_ring(const char *text, void *field)
{
	uint64_t size;
	int error = units_parse_size(text, &size);

	if (error)
		return error;
	if (size < 64 << 10 || size > 1 << 30 || (size & (size - 1)))
		return -EINVAL;
	*(uint64_t *)field = size;
	return 0;
}

int argument_stacks(const char *text, void *field)
{
	static const char *const names[] = {
		[PROBES_STACKS_OFF] = "off",
		[PROBES_STACKS_CREATED] = "made",
		[PROBES_STACKS_ATTACHED] = "all",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*(enum probes_stacks *)field = (enum probes_stacks)i;
		return 0;
	}
	return -EINVAL;
}

int argument_stack_size(const char *text, void *field)
{
	uint64_t size;
	int error = units_parse_size(text, &size);

	if (error)
		return error;
	if (size < 4 << 10 || size > 64 << 10 || (size & (size - 1)))
		return -EINVAL;
	*(uint64_t *)field = size;
	return 0;
}

int argument_interval(const char *text, void *field)
{
	uint64_t interval;
	int error = units_parse_duration(text, &interval);

	if (error)
		return error;
	if (interval < 100 * CLOCK_MS || interval > 3600 * CLOCK_SECOND)
		return -EINVAL;
	*(uint64_t *)field = interval;
	return 0;
}

int argument_theme(const char *text, void *field)
{
	enum screen_theme theme = screen_theme_by_name(text);

	if (theme == SCREEN_THEME_UNSET)
		return -EINVAL;
	*(enum screen_theme *)field = theme;
	return 0;
}

bool arguments_parse(const struct command_spec *spec, int argc, char **argv, void *config,
		     int *operands, int *status)
{
	switch (options_parse(spec, argc, argv, config, operands)) {
	case OPTIONS_HELP:
		*status = report_finish(stdout);
		return false;
	case OPTIONS_BAD:
		*status = EXIT_USAGE;
		return false;
	case OPTIONS_OK:
		break;
	}
	return true;
}

static int parse_order(const struct command_spec *spec, const char *text, struct selection *out)
{
	char shown[QUOTE_LEN];
	bool reverse = *text == '-';
	const char *name = text + (*text == '-' || *text == '+');
	enum column_id id = column_by_name(name, strlen(name));

	if (id == COLUMNS_COUNT) {
		options_error(spec, "unknown column '%s'; known: %s", quote(shown, name),
			      column_names());
		return EXIT_USAGE;
	}
	out->order = id;
	out->has_order = true;
	out->descending = column_table[id].descending != reverse;
	return 0;
}

int selection_parse(const struct command_spec *spec, const char *order, const char *filter,
		    struct selection *out)
{
	struct filter_error wrong;
	char shown[QUOTE_LEN];

	*out = (struct selection){.order = COLUMN_NS};
	if (order) {
		int status = parse_order(spec, order, out);

		if (status)
			return status;
	}
	if (!filter)
		return 0;
	int error = filter_parse(filter, &out->filter, &wrong);

	if (error == -EINVAL) {
		options_error(spec, "filter '%s', column %zu: %s", quote(shown, filter),
			      wrong.position + 1, wrong.message);
		return EXIT_USAGE;
	}
	if (error) {
		options_error(spec, "filter: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return 0;
}

void selection_free(struct selection *selection)
{
	filter_free(selection->filter);
	selection->filter = NULL;
}

int columns_parse(const struct command_spec *spec, const char *text,
		  enum column_id ids[static COLUMNS_COUNT], size_t *count)
{
	char bad[COLUMN_CELL_LEN];
	char shown[QUOTE_LEN];

	if (column_parse_list(text, ids, count, bad) == 0)
		return 0;
	options_error(spec, "unknown column '%s'; known: %s", quote(shown, bad), column_names());
	return EXIT_USAGE;
}

int arguments_check_poll(const struct command_spec *spec, enum collector_rung rung, bool compat,
			 uint64_t ring_size)
{
	if (rung != COLLECTOR_POLL || (!compat && !ring_size))
		return 0;
	options_error(spec, "%s has no use with --probe=poll, which follows no calls",
		      compat ? "--compat" : "--ring-size");
	return EXIT_USAGE;
}

int arguments_none(const struct command_spec *spec, int operands, int argc, char **argv)
{
	char shown[QUOTE_LEN];

	if (operands >= argc)
		return 0;
	options_error(spec, "takes no argument, but got '%s'; see shmtop%s%s --help",
		      quote(shown, argv[operands]), spec->name ? " " : "",
		      spec->name ? spec->name : "");
	return EXIT_USAGE;
}
