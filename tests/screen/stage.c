/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage.h"

#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/tap.h"
#include "ui/screen.h"
#include "ui/screen_parts.h"

enum { STAGE_KEY_MS = 10000 };

int stage_setup(void **state)
{
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	unsetenv("NO_COLOR");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	tzset();
	*state = calloc(1, sizeof(struct stage));
	return *state ? 0 : -1;
}

int stage_teardown(void **state)
{
	struct stage *stage = *state;

	stage_clear(stage);
	free(stage);
	return 0;
}

int stage_start(struct stage *stage, int rows, int columns, const struct screen_options *options)
{
	const struct screen_options usual = {.interval = UINT64_C(1000000000)};
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	int master;

	assert_int_equal(openpty(&master, &stage->slave, NULL, NULL, &size), 0);
	emulator_open(&stage->emulator, rows, columns, master);
	stage->in = fdopen(dup(stage->slave), "r");
	stage->out = fdopen(dup(stage->slave), "w");
	assert_non_null(stage->in);
	assert_non_null(stage->out);
	return screen_start(stage->in, stage->out, "db01", options ? options : &usual,
			    &stage->screen, stage->why);
}

void stage_open(struct stage *stage, int rows, int columns)
{
	stage->model = script_model();
	assert_int_equal(stage_start(stage, rows, columns, NULL), 0);
	stage_draw(stage);
}

void stage_close(struct stage *stage)
{
	curses_screen.close(stage->screen);
	stage->screen = NULL;
	if (!stage->in)
		return;
	if (stage->emulator.master >= 0)
		emulator_sync(&stage->emulator, stage->slave);
	fclose(stage->in);
	fclose(stage->out);
	close(stage->slave);
	stage->in = NULL;
}

void stage_clear(struct stage *stage)
{
	stage_close(stage);
	if (stage->emulator.terminal)
		emulator_close(&stage->emulator);
	model_free(stage->model);
	stage->model = NULL;
}

void stage_draw(struct stage *stage)
{
	const struct column_context context = script_context(stage->model);

	curses_screen.draw(stage->screen, &context);
	emulator_sync(&stage->emulator, stage->slave);
}

void stage_resize(struct stage *stage, int rows, int columns)
{
	const struct column_context context = script_context(stage->model);

	emulator_resize(&stage->emulator, rows, columns);
	curses_screen.resize(stage->screen, &context);
	emulator_sync(&stage->emulator, stage->slave);
}

enum screen_result stage_press(struct stage *stage, const char *keys)
{
	const struct column_context context = script_context(stage->model);
	struct pollfd ready = {.fd = stage->slave, .events = POLLIN};
	enum screen_result result;

	assert_int_equal(write(stage->emulator.master, keys, strlen(keys)), strlen(keys));
	assert_int_equal(poll(&ready, 1, STAGE_KEY_MS), 1);
	result = curses_screen.input(stage->screen, &context);
	emulator_sync(&stage->emulator, stage->slave);
	return result;
}

bool stage_shows(struct stage *stage, const char *text)
{
	return emulator_shows(&stage->emulator, text);
}

void stage_print(struct stage *stage)
{
	char *text = emulator_text(&stage->emulator);
	char *line = text;

	/* A message of cmocka is cut at 1024 bytes. */
	while (line && *line)
		print_error("%s\n", strsep(&line, "\n"));
	free(text);
}

long stage_cursor(struct stage *stage)
{
	long number = -1;

	for (int row = 0; row < stage->emulator.rows && number < 0; row++) {
		char *line = emulator_line(&stage->emulator, row);

		if (line[0] == '>')
			number = strtol(line + 1, NULL, 10);
		free(line);
	}
	return number;
}
