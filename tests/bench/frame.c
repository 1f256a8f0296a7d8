/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame: what the live view costs on a terminal of 160x50, in this process and on a pty.
 *
 *   frame SEGMENTS ROUNDS
 *
 * Prints microseconds of CPU: of a frame while nothing changed but the time, of one after an event, and of a
 * key that moves the cursor. The median of the rounds counts.
 */
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ui/screen.h"
#include "ui/screen_parts.h"

enum { ROWS = 50, COLUMNS_WIDE = 160, IPCNS = 1, PROCESSES = 50 };

struct bench {
	struct model *model;
	struct screen *screen;
	int master, slave;
	uint64_t now;
};

static void fail(const char *what)
{
	fprintf(stderr, "frame: %s\n", what);
	exit(1);
}

/* Of this thread: not of the one that reads what is written. */
static uint64_t cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

static void *swallow(void *context)
{
	const struct bench *bench = context;
	char bytes[4096];

	while (read(bench->master, bytes, sizeof(bytes)) > 0)
		;
	return NULL;
}

static void fill_model(struct bench *bench, size_t count)
{
	struct segment_facts *rows = calloc(count, sizeof(*rows));
	const struct namespace_facts namespace = {IPCNS, 1, 1};
	const struct source_status status = {
		.calls = "fexit", .compat = "fexit", .life = "exact", .attachers = "iter"};

	if (!rows || model_new(NULL, &bench->model))
		fail("no memory");
	model_set_status(bench->model, &status);
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct segment_facts){
			.known = FACT_COL_ALL,
			.shmid = (int32_t)i,
			.mode = 0600,
			.size = 4096 * (1 + i % 977),
			.cpid = (int32_t)(1 + i % PROCESSES),
			.ctime = (int64_t)(1 + i),
			.atime = (int64_t)(1 + i),
			.nattch = i % 3,
			.uid = (uint32_t)(i % 7),
			.rss = 4096,
		};
	if (model_reconcile_namespaces(bench->model, &namespace, 1, bench->now) ||
	    model_reconcile_segments(bench->model, IPCNS, rows, count, 0, bench->now))
		fail("no memory");
	free(rows);
}

static struct column_context bench_context(const struct bench *bench)
{
	return (struct column_context){
		.model = bench->model,
		.now = bench->now,
		.wall = (int64_t)bench->now + INT64_C(1700000000) * (int64_t)CLOCK_SECOND,
		.own_ipcns = IPCNS,
	};
}

static void draw(struct bench *bench)
{
	const struct column_context context = bench_context(bench);

	curses_screen.draw(bench->screen, &context);
}

static uint64_t quiet_frame(struct bench *bench)
{
	uint64_t began;

	bench->now += CLOCK_SECOND;
	began = cpu();
	draw(bench);
	return cpu() - began;
}

static uint64_t frame_after_event(struct bench *bench)
{
	const struct event event = {
		.op = FACT_SHMAT,
		.time = bench->now + CLOCK_MS,
		.ipcns = IPCNS,
		.shmid = 3,
		.pid = 4711,
		.tid = 4711,
		.ret = 0x7f0000000000,
		.comm = "bench",
	};

	if (model_apply(bench->model, &event))
		fail("no memory");
	return quiet_frame(bench);
}

static uint64_t key_press(struct bench *bench)
{
	const struct column_context context = bench_context(bench);
	uint64_t began;

	if (write(bench->master, "j", 1) != 1)
		fail("cannot press a key");
	usleep(1000);
	began = cpu();
	curses_screen.input(bench->screen, &context);
	return cpu() - began;
}

static int compare(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static double median(struct bench *bench, size_t rounds, uint64_t (*turn)(struct bench *bench))
{
	uint64_t *all = calloc(rounds, sizeof(*all));
	double middle;

	if (!all)
		fail("no memory");
	for (size_t i = 0; i < rounds; i++)
		all[i] = turn(bench);
	qsort(all, rounds, sizeof(*all), compare);
	middle = (double)all[rounds / 2] / 1000;
	free(all);
	return middle;
}

int main(int argc, char **argv)
{
	struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS_WIDE};
	const struct screen_options options = {.interval = CLOCK_SECOND};
	struct bench bench = {.now = 1000000 * CLOCK_SECOND};
	size_t rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	double quiet, event, key;
	pthread_t reader;
	char why[256];
	FILE *in, *out;

	if (rounds == 0) {
		fputs("usage: frame SEGMENTS ROUNDS\n", stderr);
		return 2;
	}
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	fill_model(&bench, strtoul(argv[1], NULL, 10));
	if (openpty(&bench.master, &bench.slave, NULL, NULL, &size) ||
	    pthread_create(&reader, NULL, swallow, &bench))
		fail("no pty");
	in = fdopen(dup(bench.slave), "r");
	out = fdopen(dup(bench.slave), "w");
	if (!in || !out || screen_start(in, out, "bench", &options, &bench.screen, why))
		fail("cannot open the view");
	draw(&bench);
	quiet = median(&bench, rounds, quiet_frame);
	event = median(&bench, rounds, frame_after_event);
	key = median(&bench, rounds, key_press);
	curses_screen.close(bench.screen);
	printf("%.0f %.0f %.0f\n", quiet, event, key);
	return 0;
}
