/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/tap.h"

#include "base/options.h"

enum { SAID_LEN = 4096, ARGUMENTS_MAX = 16 };

struct config {
	bool json;
	bool raw;
	unsigned int count;
	uint64_t interval;
	uint64_t size;
	const char *columns;
	enum option_switch ascii, mouse;
};

static const struct option_spec options[] = {
	{
		.letter = 'J',
		.name = "json",
		.help = "one JSON document",
		.field = offsetof(struct config, json),
	},
	{
		.letter = 'd',
		.name = "delay",
		.argument = "SECS",
		.help = "look every SECS seconds,\nas long as it runs",
		.parse = option_duration,
		.expected = "a number of seconds, like 1 or 0.5",
		.field = offsetof(struct config, interval),
	},
	{
		.letter = 'n',
		.argument = "COUNT",
		.help = "end after COUNT",
		.parse = option_count,
		.expected = "a count",
		.field = offsetof(struct config, count),
	},
	{
		.name = "raw",
		.help = "plain",
		.field = offsetof(struct config, raw),
	},
	{
		.name = "ring-size-of-the-kernel-buffer",
		.argument = "SIZE",
		.help = "how large",
		.parse = option_size,
		.expected = "a size, like 4M",
		.field = offsetof(struct config, size),
	},
	{
		.letter = 'o',
		.name = "columns",
		.argument = "COLS",
		.help = "which columns",
		.parse = option_text,
		.field = offsetof(struct config, columns),
	},
	{.letter = '\0'},
};

static const struct option_spec switches[] = {
	{
		.letter = 'U',
		.name = "ascii",
		.argument = "[=yes|no]",
		.help = "draw with ASCII only",
		.parse = option_switch,
		.expected = "yes or no",
		.field = offsetof(struct config, ascii),
	},
	{
		.name = "mouse",
		.argument = "[=yes|no]",
		.help = "clicks",
		.parse = option_switch,
		.field = offsetof(struct config, mouse),
	},
	{.letter = '\0'},
};

static const struct command_spec view = {
	.name = "view",
	.summary = "What can be switched off, too.",
	.options = switches,
};

static const struct command_spec list = {
	.name = "list",
	.synopsis = "[OPTIONS] [ID ...]",
	.summary = "All segments, as a table.",
	.details = "Examples:\n  shmtop list -J",
	.options = options,
};

static const struct command_spec trace = {
	.name = "trace",
	.summary = "Calls as they happen.",
	.options = options,
	.stop_at_operand = true,
};

static const struct command_spec plain = {
	.summary = "The program itself.",
};

/* What came of a command line */
struct outcome {
	struct config config;
	enum options_result result;
	int operands;
	char out[SAID_LEN], error[SAID_LEN];
	char *argv[ARGUMENTS_MAX];
	int argc;
};

struct capture {
	FILE *stream;
	int kept, file;
};

static struct capture capture_begin(FILE *stream)
{
	struct capture capture = {.stream = stream};

	fflush(stream);
	capture.kept = dup(fileno(stream));
	capture.file = memfd_create("said", MFD_CLOEXEC);
	dup2(capture.file, fileno(stream));
	return capture;
}

static void capture_end(struct capture *capture, char said[static SAID_LEN])
{
	ssize_t length;

	fflush(capture->stream);
	dup2(capture->kept, fileno(capture->stream));
	length = pread(capture->file, said, SAID_LEN - 1, 0);
	said[length > 0 ? length : 0] = '\0';
	close(capture->kept);
	close(capture->file);
}

/* Words are separated by single spaces. */
static void parse(const struct command_spec *spec, char *line, struct outcome *outcome)
{
	struct capture out, error;
	char *save;

	*outcome = (struct outcome){.operands = -1};
	for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		outcome->argv[outcome->argc++] = word;
	out = capture_begin(stdout);
	error = capture_begin(stderr);
	outcome->result = options_parse(spec, outcome->argc, outcome->argv, &outcome->config,
					&outcome->operands);
	capture_end(&error, outcome->error);
	capture_end(&out, outcome->out);
}

static void parses(const struct command_spec *spec, const char *text, struct outcome *outcome)
{
	static char line[256];

	snprintf(line, sizeof(line), "%s", text);
	parse(spec, line, outcome);
	assert_string_equal(outcome->error, "");
	assert_string_equal(outcome->out, "");
	assert_int_equal(outcome->result, OPTIONS_OK);
}

static void refuses_by(const struct command_spec *spec, const char *text, const char *error)
{
	struct outcome outcome;
	char line[256];

	snprintf(line, sizeof(line), "%s", text);
	parse(spec, line, &outcome);
	assert_string_equal(outcome.error, error);
	assert_string_equal(outcome.out, "");
	assert_int_equal(outcome.result, OPTIONS_BAD);
}

static void refuses(const char *text, const char *error)
{
	refuses_by(&list, text, error);
}

static void test_nothing(void **state)
{
	static const struct config zero;
	struct outcome outcome;

	(void)state;
	parses(&list, "list", &outcome);
	assert_int_equal(outcome.operands, 1);
	assert_memory_equal(&outcome.config, &zero, sizeof(zero));
	parses(&plain, "shmtop", &outcome);
}

static void test_letters(void **state)
{
	struct outcome outcome;

	(void)state;
	parses(&list, "list -J -d 0.5 -n3 -o shmid,size", &outcome);
	assert_true(outcome.config.json);
	assert_false(outcome.config.raw);
	assert_int_equal(outcome.config.interval, 500000000);
	assert_int_equal(outcome.config.count, 3);
	assert_string_equal(outcome.config.columns, "shmid,size");
	assert_int_equal(outcome.operands, 7);
	parses(&list, "list -Jn 4", &outcome);
	assert_true(outcome.config.json);
	assert_int_equal(outcome.config.count, 4);
}

static void test_names(void **state)
{
	struct outcome outcome;

	(void)state;
	parses(&list, "list --json --raw --delay=2 --columns key", &outcome);
	assert_true(outcome.config.json);
	assert_true(outcome.config.raw);
	assert_int_equal(outcome.config.interval, 2000000000);
	assert_string_equal(outcome.config.columns, "key");
	parses(&list, "list --ring 4M", &outcome);
	assert_int_equal(outcome.config.size, 4 << 20);
}

static void test_switches(void **state)
{
	struct outcome outcome;

	(void)state;
	parses(&view, "view", &outcome);
	assert_int_equal(outcome.config.ascii, OPTION_UNSET);
	parses(&view, "view -U --mouse", &outcome);
	assert_int_equal(outcome.config.ascii, OPTION_YES);
	assert_int_equal(outcome.config.mouse, OPTION_YES);
	parses(&view, "view --ascii=no --mouse=yes", &outcome);
	assert_int_equal(outcome.config.ascii, OPTION_NO);
	assert_int_equal(outcome.config.mouse, OPTION_YES);
	/* The last one counts. */
	parses(&view, "view -U --ascii=no", &outcome);
	assert_int_equal(outcome.config.ascii, OPTION_NO);
	/* What stands behind a blank is an operand. */
	parses(&view, "view --ascii no -U", &outcome);
	assert_int_equal(outcome.config.ascii, OPTION_YES);
	assert_string_equal(outcome.argv[outcome.operands], "no");
	refuses_by(&view, "view --ascii=maybe", "shmtop: view: --ascii wants yes or no: 'maybe'\n");
	refuses_by(&view, "view --ascii=", "shmtop: view: --ascii wants yes or no: ''\n");
	refuses_by(&view, "view -Uno",
		   "shmtop: view: unknown option '-n'; known: -U --ascii, --mouse, -h --help\n");
}

/* Operands may stand between the options; behind -- nothing is an option. */
static void test_operands(void **state)
{
	struct outcome outcome;

	(void)state;
	parses(&list, "list 12 -J 0x34 -- -n", &outcome);
	assert_true(outcome.config.json);
	assert_int_equal(outcome.argc - outcome.operands, 3);
	assert_string_equal(outcome.argv[outcome.operands], "12");
	assert_string_equal(outcome.argv[outcome.operands + 1], "0x34");
	assert_string_equal(outcome.argv[outcome.operands + 2], "-n");
}

static void test_stop_at_operand(void **state)
{
	struct outcome outcome;

	(void)state;
	parses(&trace, "trace -J ls -n x --raw", &outcome);
	assert_true(outcome.config.json);
	assert_false(outcome.config.raw);
	assert_int_equal(outcome.operands, 2);
	assert_string_equal(outcome.argv[2], "ls");
	parses(&trace, "trace -J -- ls -n x", &outcome);
	assert_int_equal(outcome.operands, 3);
}

#define KNOWN                                                                            \
	"known: -J --json, -d --delay, -n, --raw, --ring-size-of-the-kernel-buffer, -o " \
	"--columns, "                                                                    \
	"-h --help\n"

static void test_unknown(void **state)
{
	(void)state;
	refuses("list --foo", "shmtop: list: unknown option '--foo'; " KNOWN);
	refuses("list --foo=bar 1", "shmtop: list: unknown option '--foo'; " KNOWN);
	refuses("list -x", "shmtop: list: unknown option '-x'; " KNOWN);
	refuses("list -Jx", "shmtop: list: unknown option '-x'; " KNOWN);
	refuses("list 12 --jsonx -J", "shmtop: list: unknown option '--jsonx'; " KNOWN);
	refuses("list -?", "shmtop: list: unknown option '-?'; " KNOWN);
	refuses("list -\xff", "shmtop: list: unknown option '-\\xff'; " KNOWN);
	refuses("list --\x1b[m", "shmtop: list: unknown option '--\\x1b[m'; " KNOWN);
	refuses("list --r", "shmtop: list: option '--r' may be any of: --raw, "
			    "--ring-size-of-the-kernel-buffer\n");
}

static void test_values(void **state)
{
	(void)state;
	refuses("list -d abc",
		"shmtop: list: -d wants a number of seconds, like 1 or 0.5: 'abc'\n");
	refuses("list --delay=a\x1b\n",
		"shmtop: list: --delay wants a number of seconds, like 1 or 0.5: 'a\\x1b\\x0a'\n");
	refuses("list -n 99999999999", "shmtop: list: -n wants a count: '99999999999' is out of "
				       "range\n");
	refuses("list --ring=16E", "shmtop: list: --ring-size-of-the-kernel-buffer wants a size, "
				   "like 4M: '16E' is out of range\n");
	refuses("list -J -d",
		"shmtop: list: -d wants a number of seconds, like 1 or 0.5: nothing follows it\n");
	refuses("list --columns", "shmtop: list: --columns wants COLS: nothing follows it\n");
	refuses("list --json=1", "shmtop: list: --json takes no value\n");
	refuses("list --help=1", "shmtop: list: --help takes no value\n");
}

static void test_help(void **state)
{
	static const char *const lines[] = {"list -h", "list --help", "list -J --help -d 1"};
	static const char wanted[] = "Usage: shmtop list [OPTIONS] [ID ...]\n"
				     "\n"
				     "All segments, as a table.\n"
				     "\n"
				     "Options:\n"
				     "  -J, --json          one JSON document\n"
				     "  -d, --delay SECS    look every SECS seconds,\n"
				     "                      as long as it runs\n"
				     "  -n COUNT            end after COUNT\n"
				     "      --raw           plain\n"
				     "      --ring-size-of-the-kernel-buffer SIZE\n"
				     "                      how large\n"
				     "  -o, --columns COLS  which columns\n"
				     "  -h, --help          show this help and exit\n"
				     "\n"
				     "Examples:\n"
				     "  shmtop list -J\n";
	struct outcome outcome;
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(line, sizeof(line), "%s", lines[i]);
		parse(&list, line, &outcome);
		assert_int_equal(outcome.result, OPTIONS_HELP);
		assert_string_equal(outcome.out, wanted);
		assert_string_equal(outcome.error, "");
	}
	snprintf(line, sizeof(line), "view -h");
	parse(&view, line, &outcome);
	assert_string_equal(outcome.out, "Usage: shmtop view\n\nWhat can be switched off, too.\n\n"
					 "Options:\n"
					 "  -U, --ascii[=yes|no]  draw with ASCII only\n"
					 "      --mouse[=yes|no]  clicks\n"
					 "  -h, --help            show this help and exit\n");
	snprintf(line, sizeof(line), "shmtop -h");
	parse(&plain, line, &outcome);
	assert_string_equal(outcome.out, "Usage: shmtop\n\nThe program itself.\n\nOptions:\n"
					 "  -h, --help  show this help and exit\n");
}

static void test_error(void **state)
{
	char said[SAID_LEN];
	struct capture error = capture_begin(stderr);

	(void)state;
	options_error(&list, "no segment %d", 7);
	options_error(&plain, "no");
	capture_end(&error, said);
	assert_string_equal(said, "shmtop: list: no segment 7\nshmtop: no\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),         cmocka_unit_test(test_letters),
		cmocka_unit_test(test_names),           cmocka_unit_test(test_operands),
		cmocka_unit_test(test_stop_at_operand), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_values),          cmocka_unit_test(test_help),
		cmocka_unit_test(test_error),           cmocka_unit_test(test_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
