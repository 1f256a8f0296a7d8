/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop peek -w: what changes in a segment. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/palette.h"
#include "cmd/cmd.h"
#include "cmd/peek.h"
#include "report/hexdump.h"
#include "report/report.h"

enum { WHEN_LEN = 32, ROWS_LEFT = 3 }; /* the head, what is more, and the cursor's own */

struct watching {
	struct peek *peek;
	struct loop *loop;
	struct contents *before; /* owned; length 0: none */
	struct hexdump_layout layout;
	bool terminal, reverse;
	int told; /* the error that was told last */
};

/* "14:35:10.415" */
static const char *when(char out[static WHEN_LEN])
{
	const int64_t wall = clock_wall(clock_now());
	const time_t seconds = wall / (int64_t)CLOCK_SECOND;
	struct tm local;

	if (!localtime_r(&seconds, &local) || !strftime(out, WHEN_LEN, "%T", &local))
		strcpy(out, "-");
	size_t length = strlen(out);

	snprintf(out + length, WHEN_LEN - length, ".%03d",
		 (int)(wall % (int64_t)CLOCK_SECOND / (int64_t)CLOCK_MS));
	return out;
}

/* One line with its changed bytes turned round */
static void print_line(const struct watching *watching, uint64_t offset, size_t count,
		       uint32_t changes)
{
	const struct contents *contents = &watching->peek->contents;
	char line[HEXDUMP_LINE_LEN];
	size_t at = 0;

	hexdump_line(line, &watching->layout, contents, offset, count, changes);
	for (size_t i = 0; watching->reverse && i < 2 * count; i++) {
		bool digits = i < count;
		size_t byte = digits ? i : i - count;
		size_t from = digits ? hexdump_digits_at(&watching->layout, byte)
				     : hexdump_character_at(&watching->layout, byte);

		if (!(changes >> byte & 1))
			continue;
		printf("%.*s\033[7m%.*s\033[0m", (int)(from - at), line + at, digits ? 2 : 1,
		       line + from);
		at = from + (digits ? 2 : 1);
	}
	fputs(line + at, stdout);
}

/* Lines from `offset` on: how many of them, at most `most`. Returns those that were left out. */
static size_t print_lines(const struct watching *watching, size_t most, bool only_changed)
{
	const struct contents *now = &watching->peek->contents;
	const struct contents *before = watching->before->length ? watching->before : NULL;
	const uint64_t end = now->offset + now->length;
	const size_t bytes = watching->layout.bytes;
	size_t left_out = 0;
	char text[WHEN_LEN];

	for (uint64_t at = now->offset; at < end; at += bytes) {
		size_t count = end - at < bytes ? end - at : bytes;
		uint32_t changes = hexdump_changes(before, now, at, count);

		if (only_changed && !changes)
			continue;
		if (most == 0) {
			left_out++;
			continue;
		}
		most--;
		if (only_changed)
			printf("%s  ", when(text));
		print_line(watching, at, count, changes);
		fputs(watching->terminal ? "\033[K\n" : "\n", stdout);
	}
	return left_out;
}

/* ---- a terminal ---------------------------------------------------------------------------- */

static void draw(struct watching *watching)
{
	const struct process *process = watching->peek->through->holder->process;
	struct winsize size = {0};
	size_t rows = 24, left_out;
	char text[WHEN_LEN];

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
		rows = size.ws_row;
	watching->layout = hexdump_layout(watching->peek->end, size.ws_col);
	printf("\033[H%s  %s through %d %s\033[K\n", when(text), watching->peek->name, process->pid,
	       process->comm);
	left_out = print_lines(watching, rows > ROWS_LEFT ? rows - ROWS_LEFT : 1, false);
	if (left_out)
		printf("%zu more lines: a higher terminal, -n less, or --offset\033[K\n", left_out);
	fputs("\033[J", stdout);
}

/* ---- the loop ------------------------------------------------------------------------------ */

/* Nobody may have it attached for a while. */
static int tell_absence(struct watching *watching, int error)
{
	char text[WHEN_LEN];

	if (watching->told == error)
		return 0;
	watching->told = error;
	printf("%s%s  nobody has it attached now: waiting%s\n", watching->terminal ? "\033[H" : "",
	       when(text), watching->terminal ? "\033[K" : "");
	return 0;
}

static void show(struct watching *watching)
{
	watching->told = 0;
	if (watching->terminal)
		draw(watching);
	else
		print_lines(watching, SIZE_MAX, true);
	*watching->before = watching->peek->contents;
}

static int on_tick(void *context, uint32_t events)
{
	struct watching *watching = context;
	struct peek *peek = watching->peek;
	char text[WHEN_LEN];
	int error = collector_tick(peek->collector);

	(void)events;
	if (error)
		return error;
	error = peek_read(peek, peek->config->offset);
	if (error == -EIDRM || !peek_segment(peek)) {
		printf("%s  %s ended\n", when(text), peek->name);
		loop_stop(watching->loop);
		return 0;
	}
	if (error == -ENOTCONN || error == -ENOENT)
		tell_absence(watching, error);
	else if (error)
		return error;
	else
		show(watching);
	/* Nobody reads it any more. */
	if (fflush(stdout) || ferror(stdout))
		loop_stop(watching->loop);
	return 0;
}

static int on_signal(void *context, uint32_t number)
{
	struct watching *watching = context;

	(void)number;
	loop_stop(watching->loop);
	return 0;
}

static int run(struct watching *watching)
{
	const uint64_t interval = watching->peek->config->interval;
	sigset_t signals;
	int timer, error;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	if ((error = loop_add_signals(watching->loop, &signals, on_signal, watching)) ||
	    (error = loop_add_timer(watching->loop, interval ? interval : CLOCK_SECOND, on_tick,
				    watching, &timer)))
		return error;
	return loop_run(watching->loop);
}

/* A terminal that obeys none of the escapes is served as a pipe is. */
static bool takes_escapes(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

int peek_watch(struct peek *peek)
{
	struct watching watching = {
		.peek = peek,
		.before = calloc(1, sizeof(*watching.before)),
		.layout = hexdump_layout(peek->end, 0),
		.terminal = takes_escapes(),
		.reverse = palette_wanted(PALETTE_AUTO, STDOUT_FILENO),
	};
	int error = watching.before ? loop_new(&watching.loop) : -ENOMEM;

	if (!error) {
		if (watching.terminal)
			fputs("\033[2J", stdout);
		else
			print_lines(&watching, SIZE_MAX, false);
		if (watching.terminal)
			draw(&watching);
		*watching.before = peek->contents;
		fflush(stdout);
		error = run(&watching);
	}
	loop_free(watching.loop);
	free(watching.before);
	if (error)
		peek_tell(peek, error);
	int written = report_finish(stdout);

	return error ? EXIT_ERROR : written;
}
