/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/tap.h"
#include "ui/screen.h"
#include "ui/screen_parts.h"

enum { STAGE_KEY_MS = 10000, STAGE_LARGE = 200 * 100 };

int stage_setup(void **state)
{
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	unsetenv("NO_COLOR");
	/* The tester's own configuration is none of the test's business. */
	setenv("XDG_CONFIG_HOME", "/dev/null/none", 1);
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
	const struct screen_options options = {.interval = UINT64_C(1000000000),
					       .machine = stage->machine};

	stage->model = script_model();
	assert_int_equal(stage_start(stage, rows, columns, &options), 0);
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

static void *stage_listen(void *argument)
{
	struct stage *stage = argument;

	while (!atomic_load(&stage->drawn))
		emulator_read(&stage->emulator, 1);
	return NULL;
}

/* A frame that is larger than what the pty holds waits for its reader. */
static bool stage_begin(struct stage *stage, pthread_t *listener)
{
	if (stage->emulator.rows * stage->emulator.columns < STAGE_LARGE)
		return false;
	atomic_store(&stage->drawn, false);
	assert_int_equal(pthread_create(listener, NULL, stage_listen, stage), 0);
	return true;
}

static void stage_end(struct stage *stage, bool listens, pthread_t listener)
{
	atomic_store(&stage->drawn, true);
	if (listens)
		assert_int_equal(pthread_join(listener, NULL), 0);
}

void stage_draw(struct stage *stage)
{
	stage_draw_later(stage, 0, 0);
}

void stage_draw_later(struct stage *stage, uint64_t later, double own_cpu)
{
	struct column_context context = script_context(stage->model);
	pthread_t listener = 0;
	bool listens = stage_begin(stage, &listener);

	context.now += later;
	context.wall += (int64_t)later;
	context.own_cpu = own_cpu;
	curses_screen.draw(stage->screen, &context);
	stage_end(stage, listens, listener);
	emulator_sync(&stage->emulator, stage->slave);
}

void stage_resize(struct stage *stage, int rows, int columns)
{
	const struct column_context context = script_context(stage->model);
	pthread_t listener = 0;
	bool listens;

	emulator_resize(&stage->emulator, rows, columns);
	listens = stage_begin(stage, &listener);
	curses_screen.resize(stage->screen, &context);
	stage_end(stage, listens, listener);
	emulator_sync(&stage->emulator, stage->slave);
}

enum screen_result stage_press(struct stage *stage, const char *keys)
{
	const struct column_context context = script_context(stage->model);
	struct pollfd ready = {.fd = stage->slave, .events = POLLIN};
	enum screen_result result;
	pthread_t listener = 0;
	bool listens;

	assert_int_equal(write(stage->emulator.master, keys, strlen(keys)), strlen(keys));
	assert_int_equal(poll(&ready, 1, STAGE_KEY_MS), 1);
	listens = stage_begin(stage, &listener);
	result = curses_screen.input(stage->screen, &context);
	stage_end(stage, listens, listener);
	emulator_sync(&stage->emulator, stage->slave);
	return result;
}

bool stage_shows(struct stage *stage, const char *text)
{
	return emulator_shows(&stage->emulator, text);
}

bool stage_line_has(struct stage *stage, const char *start, const char *text)
{
	int row = emulator_find(&stage->emulator, start);
	char *line = row >= 0 ? emulator_line(&stage->emulator, row) : NULL;
	bool has = line && strstr(line, text);

	free(line);
	return has;
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

char *stage_make_folder(void)
{
	char name[] = "/tmp/shmtop-screen-XXXXXX";

	assert_non_null(mkdtemp(name));
	return strdup(name);
}

void stage_remove_folder(char *folder, const char *const *names)
{
	char path[PATH_MAX];

	for (; *names; names++) {
		snprintf(path, sizeof(path), "%s/%s", folder, *names);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	free(folder);
}

long stage_cursor(struct stage *stage)
{
	long number = -1;

	for (int row = 0; row < stage->emulator.rows && number < 0; row++) {
		char *line = emulator_line(&stage->emulator, row);

		/* The mark of a tag may stand between. */
		if (line[0] == '>')
			number = strtol(line + 1 + (line[1] == '*'), NULL, 10);
		free(line);
	}
	return number;
}
