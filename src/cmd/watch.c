/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/watch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

/* How long an event may wait in the kernel */
#define DRAIN_INTERVAL (50 * CLOCK_MS)
#define TICK_INTERVAL  CLOCK_SECOND
/* More may come for as long as one reads. */
#define FINAL_PATIENCE CLOCK_SECOND

static void clear_progress(struct watch *watch)
{
	if (watch->shown)
		fprintf(stderr, "\r%70s\r", "");
	watch->shown = false;
}

static void show_progress(struct watch *watch, uint64_t now)
{
	uint64_t end = watch->began + watch->duration;
	uint64_t left = end > now ? (end - now + CLOCK_SECOND - 1) / CLOCK_SECOND : 0;

	if (!isatty(STDERR_FILENO))
		return;
	clear_progress(watch);
	fprintf(stderr, "watching: %" PRIu64 " s left, %" PRIu64 " events", left, watch->events);
	if (watch->tell)
		watch->tell(watch->context, stderr);
	watch->shown = true;
}

static void on_event(void *context, const struct model_event *entry)
{
	struct watch *watch = context;

	(void)entry;
	watch->events++;
}

static int on_ring(void *context, uint32_t events)
{
	struct watch *watch = context;
	long count = collector_drain(watch->collector);

	(void)events;
	return count < 0 ? (int)count : 0;
}

static int on_timer(void *context, uint32_t events)
{
	struct watch *watch = context;
	uint64_t now = clock_now();
	int error = on_ring(context, events);

	if (!error && now - watch->ticked >= TICK_INTERVAL) {
		error = collector_tick(watch->collector);
		watch->ticked = now;
		show_progress(watch, now);
	}
	if (now - watch->began >= watch->duration)
		loop_stop(watch->loop);
	return error;
}

static int on_signal(void *context, uint32_t signal)
{
	struct watch *watch = context;

	(void)signal;
	loop_stop(watch->loop);
	return 0;
}

static int wire(struct watch *watch)
{
	sigset_t signals;
	int timer, error;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	if ((error = loop_add_signals(watch->loop, &signals, on_signal, watch)) ||
	    (error = loop_add_timer(watch->loop, DRAIN_INTERVAL, on_timer, watch, &timer)))
		return error;
	if (!collector_probes(watch->collector))
		return 0;
	return loop_add(watch->loop, collector_fd(watch->collector), on_ring, watch);
}

/* What came up to the end. */
static int take_rest(struct watch *watch)
{
	const uint64_t end = clock_now() + FINAL_PATIENCE;
	long count = 1;

	while (count > 0 && clock_now() < end)
		count = collector_drain(watch->collector);
	if (count < 0)
		return (int)count;
	collector_look_again(watch->collector);
	return collector_tick(watch->collector);
}

int watch_run(struct watch *watch)
{
	int error = loop_new(&watch->loop);

	if (error)
		return error;
	error = wire(watch);
	if (!error) {
		model_set_sink(collector_model(watch->collector), on_event, watch);
		watch->began = watch->ticked = clock_now();
		show_progress(watch, watch->began);
		error = loop_run(watch->loop);
		clear_progress(watch);
		watch->watched = clock_now() - watch->began;
	}
	if (!error)
		error = take_rest(watch);
	model_set_sink(collector_model(watch->collector), NULL, NULL);
	loop_free(watch->loop);
	watch->loop = NULL;
	return error;
}
