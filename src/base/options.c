/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/text.h"
#include "base/units.h"

enum {
	OPTIONS_MAX = 48,         /* options of one command; the table is checked against it */
	OPTIONS_LONG_BASE = 256,  /* getopt's value of the first option: above all letters */
	OPTIONS_HELP_VALUE = 'h', /* known to every command */
	OPTIONS_COLUMN_MAX = 30,  /* where the help of an option starts at most */
	OPTIONS_SHOWN_LEN = 128,  /* of the user's words that an error repeats */
	OPTIONS_LIST_LEN = 512,
};

static const struct option_spec help_option = {
	.letter = OPTIONS_HELP_VALUE,
	.name = "help",
	.help = "show this help and exit",
};

static bool option_is_last(const struct option_spec *option)
{
	return !option->letter && !option->name;
}

static bool option_is_optional(const struct option_spec *option)
{
	return option->argument && option->argument[0] == '[';
}

static size_t options_count(const struct command_spec *spec)
{
	size_t count = 0;

	while (spec->options && !option_is_last(&spec->options[count]))
		count++;
	return count;
}

void options_error(const struct command_spec *spec, const char *format, ...)
{
	char message[OPTIONS_LIST_LEN + 4 * OPTIONS_SHOWN_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fprintf(stderr, "shmtop: %s%s%s\n", spec->name ? spec->name : "", spec->name ? ": " : "",
		message);
}

/* ---- help ---------------------------------------------------------------------------------- */

/* "  -o, --columns COLS", padded or on a line of its own, and then the lines of its help. */
static void option_print(const struct option_spec *option, size_t column)
{
	const char *line = option->help;
	char left[OPTIONS_SHOWN_LEN];
	int length = 0;

	length += snprintf(left, sizeof(left), option->letter ? "  -%c" : "    ", option->letter);
	if (option->name)
		length += snprintf(left + length, sizeof(left) - (size_t)length, "%s--%s",
				   option->letter ? ", " : "  ", option->name);
	if (option->argument)
		length += snprintf(left + length, sizeof(left) - (size_t)length, "%s%s",
				   option_is_optional(option) ? "" : " ", option->argument);
	fputs(left, stdout);
	if ((size_t)length + 2 > column)
		printf("\n%*s", (int)column, "");
	else
		printf("%*s", (int)column - length, "");
	while (line) {
		const char *end = strchrnul(line, '\n');

		printf("%.*s\n", (int)(end - line), line);
		line = *end ? end + 1 : NULL;
		if (line)
			printf("%*s", (int)column, "");
	}
}

static size_t option_width(const struct option_spec *option)
{
	size_t width = strlen("  -x");

	if (option->name)
		width += strlen(", --") + strlen(option->name);
	if (option->argument)
		width += !option_is_optional(option) + strlen(option->argument);
	return width;
}

void options_help(const struct command_spec *spec)
{
	size_t column = option_width(&help_option) + 2;
	size_t count = options_count(spec);

	for (size_t i = 0; i < count; i++) {
		size_t width = option_width(&spec->options[i]) + 2;

		if (width > column && width <= OPTIONS_COLUMN_MAX)
			column = width;
	}
	printf("Usage: shmtop%s%s%s%s\n\n%s\n\nOptions:\n", spec->name ? " " : "",
	       spec->name ? spec->name : "", spec->synopsis ? " " : "",
	       spec->synopsis ? spec->synopsis : "", spec->summary);
	for (size_t i = 0; i < count; i++)
		option_print(&spec->options[i], column);
	option_print(&help_option, column);
	if (spec->details)
		printf("\n%s%s", spec->details,
		       spec->details[strlen(spec->details) - 1] == '\n' ? "" : "\n");
}

/* ---- parsing ------------------------------------------------------------------------------- */

/* What getopt needs to know about the table */
struct option_tables {
	size_t count;
	char letters[2 * OPTIONS_MAX + sizeof("+:h")];
	struct option names[OPTIONS_MAX + 2];
};

static void option_tables_fill(struct option_tables *tables, const struct command_spec *spec)
{
	size_t names = 0, letters = 0;

	*tables = (struct option_tables){.count = options_count(spec)};
	if (tables->count > OPTIONS_MAX)
		abort();
	if (spec->stop_at_operand)
		tables->letters[letters++] = '+';
	tables->letters[letters++] = ':'; /* errors are ours to tell */
	tables->letters[letters++] = help_option.letter;
	tables->names[names].name = help_option.name;
	tables->names[names++].val = help_option.letter;
	for (size_t i = 0; i < tables->count; i++) {
		const struct option_spec *option = &spec->options[i];

		if (option->name) {
			tables->names[names].name = option->name;
			tables->names[names].has_arg = option_is_optional(option)
							       ? optional_argument
						       : option->argument ? required_argument
									  : no_argument;
			tables->names[names++].val = OPTIONS_LONG_BASE + (int)i;
		}
		if (option->letter)
			tables->letters[letters++] = option->letter;
		if (option->letter && option->argument && !option_is_optional(option))
			tables->letters[letters++] = ':';
	}
}

/* The option behind a value of getopt or its optopt, or NULL. */
static const struct option_spec *option_find(const struct command_spec *spec, size_t count,
					     int value)
{
	if (value == help_option.letter)
		return &help_option;
	if (value >= OPTIONS_LONG_BASE)
		return &spec->options[value - OPTIONS_LONG_BASE];
	for (size_t i = 0; i < count; i++) {
		if (spec->options[i].letter && spec->options[i].letter == value)
			return &spec->options[i];
	}
	return NULL;
}

/* "-d" or "--interval", as it was written */
static const char *option_written(const struct option_spec *option, int value,
				  char out[static OPTIONS_SHOWN_LEN])
{
	if (value >= OPTIONS_LONG_BASE)
		snprintf(out, OPTIONS_SHOWN_LEN, "--%s", option->name);
	else
		snprintf(out, OPTIONS_SHOWN_LEN, "-%c", option->letter);
	return out;
}

/* "-J --json, -o --columns, --raw": those whose long name starts with `prefix`, all for "". Returns
 * how many. */
static size_t option_list(const struct command_spec *spec, const char *prefix, size_t prefix_length,
			  char out[static OPTIONS_LIST_LEN])
{
	size_t count = options_count(spec);
	size_t found = 0, length = 0;

	out[0] = '\0';
	for (size_t i = 0; i <= count; i++) {
		const struct option_spec *option = i < count ? &spec->options[i] : &help_option;
		const char letter[] = {'-', option->letter, '\0'};
		const char *name = option->name ? option->name : "";

		if (strncmp(name, prefix, prefix_length) != 0)
			continue;
		length += (size_t)snprintf(out + length, OPTIONS_LIST_LEN - length, "%s%s%s%s%s",
					   found > 0 ? ", " : "", option->letter ? letter : "",
					   option->letter && *name ? " " : "", *name ? "--" : "",
					   name);
		found++;
		if (length >= OPTIONS_LIST_LEN)
			break;
	}
	return found;
}

/* getopt did not know the word before `next`, or a letter in it. */
static void option_unknown(const struct command_spec *spec, const char *word)
{
	char list[OPTIONS_LIST_LEN], shown[OPTIONS_SHOWN_LEN];
	const char letter[] = {'-', (char)optopt, '\0'};
	const char *name = word + strlen("--");
	size_t length;

	if (optopt) {
		text_safe(shown, sizeof(shown), letter, strlen(letter));
		option_list(spec, "", 0, list);
		options_error(spec, "unknown option '%s'; known: %s", shown, list);
		return;
	}
	length = strcspn(name, "=");
	text_safe(shown, sizeof(shown), word, strlen("--") + length);
	if (option_list(spec, name, length, list) > 1) {
		options_error(spec, "option '%s' may be any of: %s", shown, list);
		return;
	}
	option_list(spec, "", 0, list);
	options_error(spec, "unknown option '%s'; known: %s", shown, list);
}

static int option_store(const struct command_spec *spec, const struct option_spec *option,
			int value, void *config)
{
	char name[OPTIONS_SHOWN_LEN], shown[OPTIONS_SHOWN_LEN];
	void *field = (char *)config + option->field;
	int err;

	if (!option->argument) {
		*(bool *)field = true;
		return 0;
	}
	err = option->parse(optarg, field);
	if (!err)
		return 0;
	text_safe(shown, sizeof(shown), optarg, strlen(optarg));
	options_error(spec, "%s wants %s: '%s'%s", option_written(option, value, name),
		      option->expected ? option->expected : option->argument, shown,
		      err == -ERANGE ? " is out of range" : "");
	return err;
}

static void option_misused(const struct command_spec *spec, size_t count, int result, char **argv)
{
	const struct option_spec *option = option_find(spec, count, optopt);
	char name[OPTIONS_SHOWN_LEN];

	if (result == ':' && option)
		options_error(spec, "%s wants %s: nothing follows it",
			      option_written(option, optopt, name),
			      option->expected ? option->expected : option->argument);
	else if (option)
		options_error(spec, "--%s takes no value", option->name);
	else
		option_unknown(spec, argv[optind - 1]);
}

enum options_result options_parse(const struct command_spec *spec, int argc, char **argv,
				  void *config, int *operands)
{
	struct option_tables tables;
	int value;

	option_tables_fill(&tables, spec);
	optind = 0; /* starts anew, also when it was used before */
	while ((value = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
		const struct option_spec *option = option_find(spec, tables.count, value);

		if (!option) { /* '?' or ':' */
			option_misused(spec, tables.count, value, argv);
			return OPTIONS_BAD;
		}
		if (option == &help_option) {
			options_help(spec);
			return OPTIONS_HELP;
		}
		if (option_store(spec, option, value, config) < 0)
			return OPTIONS_BAD;
	}
	*operands = optind;
	return OPTIONS_OK;
}

/* ---- field types --------------------------------------------------------------------------- */

int option_count(const char *text, void *field)
{
	uint64_t value;
	int err = units_parse_number(text, UINT_MAX, &value);

	if (!err)
		*(unsigned int *)field = (unsigned int)value;
	return err;
}

int option_duration(const char *text, void *field)
{
	return units_parse_duration(text, field);
}

int option_text(const char *text, void *field)
{
	*(const char **)field = text;
	return 0;
}

int option_size(const char *text, void *field)
{
	return units_parse_size(text, field);
}

int option_switch(const char *text, void *field)
{
	if (text && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return -EINVAL;
	*(enum option_switch *)field = text && text[0] == 'n' ? OPTION_NO : OPTION_YES;
	return 0;
}
