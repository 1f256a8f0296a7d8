/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of a command, declared once: parsing and --help are derived from the table.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Stores the value of `text` in the field. 0, or -EINVAL / -ERANGE; `expected` then completes the
 * error message: what would have been right. */
typedef int option_parser(const char *text, void *field);

/* One without letter and name ends the table. */
struct option_spec {
	char letter;      /* '\0': long name only */
	const char *name; /* long name without dashes; NULL: letter only */
	/* its name in --help; NULL: a flag, which makes its bool field true; "[=NAME]": it may be left out, and
	 * the letter never takes one: `parse` gets NULL */
	const char *argument;
	const char *help;     /* one line, or several separated by \n */
	option_parser *parse; /* NULL for flags */
	const char *expected; /* "a number of seconds, like 1 or 0.5" */
	size_t field;         /* offset in the command's configuration */
};

/* A flag that something else may have switched on: it can be switched off, too. */
enum option_switch { OPTION_UNSET, OPTION_YES, OPTION_NO };

struct command_spec {
	const char *name;     /* "list"; NULL: the program itself */
	const char *synopsis; /* "[OPTIONS] [ID ...]", after "shmtop list"; NULL none */
	const char *summary;  /* one line */
	const char *details;  /* paragraphs and examples behind the options; NULL none */
	const struct option_spec *options; /* at most 48; NULL none */
	bool stop_at_operand; /* options end at the first operand (trace -- CMD ARGS) */
};

enum options_result {
	OPTIONS_OK,
	OPTIONS_HELP, /* help was printed to stdout: exit 0 */
	OPTIONS_BAD,  /* one line was printed to stderr: exit 2 */
};

/* Parses argv (argv[0] is the command). *operands is the index of the first operand; argv may be
 * reordered. Every command knows -h and --help; long names may be abbreviated. */
enum options_result options_parse(const struct command_spec *spec, int argc, char **argv,
				  void *config, int *operands);
void options_help(const struct command_spec *spec);

/* "shmtop list: MESSAGE" in one line on stderr, for what a command finds wrong with its operands
 * and combinations of options. Text in arguments must be safe. */
void options_error(const struct command_spec *spec, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Field types: unsigned int; uint64_t ns; const char * (points into argv); uint64_t bytes; enum option_switch,
 * "yes" (or NULL) or "no" */
option_parser option_count, option_duration, option_text, option_size, option_switch;

#endif
