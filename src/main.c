/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop: the table of commands */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "ui/screen.h"

static const struct cmd commands[] = {
	{&list_spec, list_run},   {&show_spec, show_run},     {&trace_spec, trace_run},
	{&leaks_spec, leaks_run}, {&run_spec, run_run},       {&peek_spec, peek_run},
	{&rm_spec, rm_run},       {&doctor_spec, doctor_run}, {&demo_spec, demo_run},
};

static const struct cmd live = {&live_spec, live_run};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* A descriptor 0, 1 or 2 that is closed would be taken by the next file that is opened. What is put
 * there instead cannot be written to, so that lost output is an error. */
static int hold_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	return fd < 0 ? -1 : close(fd);
}

static int unknown_command(const char *name)
{
	char known[256] = "";
	char shown[128];

	for (size_t i = 0; i < COMMANDS; i++) {
		size_t length = strlen(known);

		snprintf(known + length, sizeof(known) - length, "%s%s", i ? ", " : "",
			 commands[i].spec->name);
	}
	text_safe(shown, sizeof(shown), name, strlen(name));
	log_error("unknown command '%s'; known: %s (or none, for the live view)", shown, known);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct cmd_env env = {.screen = &curses_screen};

	setlocale(LC_ALL, "");
	if (hold_standard_descriptors())
		return EXIT_ERROR;
	signal(SIGPIPE, SIG_IGN); /* a write tells */
	if (argc < 2 || argv[1][0] == '-')
		return live.run(&env, argc, argv);
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].spec->name) == 0)
			return commands[i].run(&env, argc - 1, argv + 1);
	return unknown_command(argv[1]);
}
