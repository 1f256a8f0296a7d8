/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop: the live view, and its plain frames with -b */
#include "cmd/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/screen.h"
#include "cmd/segment_contents.h"
#include "observe/resident.h"
#include "report/report.h"

struct live_command {
	struct live_config live;
};

static const struct option_spec live_options[] = {
	LIVE_OPTIONS(struct live_command, live),
	{0},
};

const struct command_spec live_spec = {
	.name = NULL,
	.synopsis = "[OPTIONS] | COMMAND [OPTIONS]",
	.summary = "watch System V shared memory: segments, who holds them, what happens to them",
	.options = live_options,
	.details =
		"Commands (each has its own --help):\n"
		"  list      one look at all segments, as a table or JSON\n"
		"  show ID   one segment: facts, holders, history\n"
		"  trace     calls and attachments as they happen, of all or of one command\n"
		"  leaks     which segments nobody will remove, on what evidence, made where\n"
		"  run CMD   run a command, then tell which segments it left behind\n"
		"  peek ID   what stands in a segment, without touching it\n"
		"  rm ID     remove segments, after a look at each\n"
		"  doctor    which probes stand, why not better, limits and headroom\n"
		"  demo      the live view on a bundled workload that leaks\n"
		"\n"
		"Examples:\n"
		"  sudo shmtop                      the live view; h for its keys, q to quit\n"
		"  sudo shmtop -F 'nattch=0'        only segments that nobody has attached\n"
		"  sudo shmtop -b -n 3              three frames as text\n"
		"  sudo shmtop -J -d 10 | jq ...    a document every ten seconds\n"
		"  sudo shmtop leaks -d 60          what leaks, and the line that made it\n"
		"  sudo shmtop run -- make check    what do my tests leave behind?\n"
		"\n"
		"Columns and filters are those of shmtop list --help. Without root it shows what\n"
		"/proc lets it see. Options win over what W saved: --mouse=no switches it off.",
};

/* What this process has used of the CPU, at the last ticks */
enum { OWN_CPU_TICKS = 5 };
struct own_cpu {
	uint64_t times[OWN_CPU_TICKS], used[OWN_CPU_TICKS];
	size_t ticks;
};

struct live {
	const struct live_config *config;
	const struct screen_ops *ops;
	const struct live_workload *workload;
	struct selection selection;
	struct collector *collector;
	struct loop *loop;
	struct screen *screen; /* NULL with -b */
	int timer;
	uint64_t interval;
	unsigned int frames;
	uint64_t shown; /* events up to here were in a frame */
	struct own_cpu own_cpu;
	struct segment_id *ids;
	size_t ids_capacity;
};

/* ---- frames as text ------------------------------------------------------------------------ */

/* The events since the last frame, or the newest of them. */
enum { FRAME_EVENTS = 20 };

static void print_events(struct live *live, const struct column_context *context)
{
	const struct model *model = context->model;
	uint64_t end = model_events_end(model);
	uint64_t first = model_events_first(model);
	uint64_t from = live->shown > first ? live->shown : first;
	char line[EVENT_LINE_LEN];

	live->shown = end;
	if (from == end)
		return;
	puts("");
	if (end - from > FRAME_EVENTS) {
		printf("... %llu more\n", (unsigned long long)(end - from - FRAME_EVENTS));
		from = end - FRAME_EVENTS;
	}
	for (uint64_t sequence = from; sequence < end; sequence++) {
		const struct event event = event_named(model, model_event(model, sequence));

		puts(event_line(line, &event));
		event_print_explanation(stdout, context, &event, "    ");
	}
}

static struct json_object *json_new_events(struct live *live, const struct column_context *context)
{
	const struct model *model = context->model;
	struct json_object *array = json_object_new_array();
	uint64_t end = model_events_end(model);
	uint64_t first = model_events_first(model);

	for (uint64_t sequence = live->shown > first ? live->shown : first; array && sequence < end;
	     sequence++) {
		const struct event event = event_named(model, model_event(model, sequence));

		json_object_array_add(array, json_event(context, &event));
	}
	live->shown = end;
	return array;
}

static int select_rows(struct live *live, const struct column_context *context, size_t *count)
{
	return column_select(context, live->selection.filter, live->selection.order,
			     live->selection.descending, column_gone_since(context), &live->ids,
			     count, &live->ids_capacity);
}

static int print_json_frame(struct live *live, const struct column_context *context, size_t count)
{
	struct json_object *document = json_document("list", context);
	struct json_object *namespaces = json_namespaces(context);
	struct json_object *events = json_new_events(live, context);

	if (!document || !namespaces || !events) {
		json_object_put(document);
		json_object_put(namespaces);
		json_object_put(events);
		return -ENOMEM;
	}
	json_object_object_add(document, "namespaces", namespaces);
	json_object_object_add(document, "events", events);
	return json_print_segments(stdout, document, "segments", context, live->ids, count);
}

static int print_text_frame(struct live *live, const struct column_context *context, size_t count)
{
	const struct table_options options = {
		.columns = table_default_columns,
		.column_count = table_default_column_count,
		.headings = true,
	};

	if (live->frames)
		puts("");
	header_print(stdout, context, (double)live->interval / (double)CLOCK_SECOND);
	puts("");
	int error = table_print(stdout, context, live->ids, count, &options);

	if (error)
		return error;
	if (count == 0)
		puts(live->selection.filter ? "(no segment passes the filter)"
		     : live->workload       ? "(no segments yet)"
					    : "(no segments; shmtop demo makes some)");
	print_events(live, context);
	return 0;
}

static int print_frame(struct live *live, const struct column_context *context)
{
	size_t count;
	int error = select_rows(live, context, &count);

	if (!error)
		error = live->config->json ? print_json_frame(live, context, count)
					   : print_text_frame(live, context, count);
	if (error)
		return error;
	if (fflush(stdout))
		return -errno;
	return ferror(stdout) ? -EPIPE : 0;
}

/* ---- what the view asks for ---------------------------------------------------------------- */

static int live_remove(void *context, uint32_t ipcns, const struct segment_facts *facts,
		       uint64_t *nattch)
{
	struct live *live = context;

	return collector_remove(live->collector, ipcns, facts, true, nattch);
}

static int live_resident(void *context, const struct process *process, uint64_t address,
			 uint64_t length, uint64_t *bytes)
{
	(void)context;
	return resident_read(process->pid, process->start_time, address, length, bytes);
}

static int live_contents(void *context, const struct segment *segment, uint64_t offset,
			 size_t length, struct contents *out, const struct process **through)
{
	struct live *live = context;
	const struct mapping *mapping;
	int error = segment_contents_read(collector_model(live->collector), segment, offset, length,
					  out, &mapping);

	if (!error)
		*through = mapping->holder->process;
	else if (error == -ENOENT)
		collector_look_again(live->collector);
	return error;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void own_cpu_tick(struct own_cpu *own)
{
	size_t at = own->ticks++ % OWN_CPU_TICKS;

	own->times[at] = clock_now();
	own->used[at] = clock_cpu();
}

/* Between the oldest tick that is kept and the newest */
static double own_cpu_share(const struct own_cpu *own)
{
	size_t newest = (own->ticks + OWN_CPU_TICKS - 1) % OWN_CPU_TICKS;
	size_t oldest = own->ticks > OWN_CPU_TICKS ? own->ticks % OWN_CPU_TICKS : 0;

	if (own->ticks < 2 || own->times[newest] <= own->times[oldest])
		return -1;
	return (double)(own->used[newest] - own->used[oldest]) /
	       (double)(own->times[newest] - own->times[oldest]);
}

static struct column_context live_context(const struct live *live)
{
	struct column_context context = collector_context(live->collector);

	context.own_cpu = own_cpu_share(&live->own_cpu);
	return context;
}

static int draw(struct live *live)
{
	const struct column_context context = live_context(live);
	int error = 0;

	if (live->screen)
		live->ops->draw(live->screen, &context);
	else
		error = print_frame(live, &context);
	live->frames++;
	if (live->config->count && live->frames >= live->config->count)
		loop_stop(live->loop);
	return error;
}

static int collect_and_draw(struct live *live)
{
	int error = collector_tick(live->collector);

	return error ? error : draw(live);
}

static int on_tick(void *context, uint32_t events)
{
	struct live *live = context;

	(void)events;
	own_cpu_tick(&live->own_cpu);
	/* Paused is the picture, not the collector: what happens meanwhile is in the history. */
	if (live->screen && live->ops->paused(live->screen))
		return collector_tick(live->collector);
	return collect_and_draw(live);
}

static int on_ring(void *context, uint32_t events)
{
	struct live *live = context;
	long count = collector_drain(live->collector);

	(void)events;
	return count < 0 ? (int)count : 0;
}

static int follow_interval(struct live *live)
{
	uint64_t interval = live->ops->interval(live->screen);

	if (interval == live->interval)
		return 0;
	live->interval = interval;
	return loop_set_timer(live->loop, live->timer, interval);
}

static int on_key(void *context, uint32_t events)
{
	struct live *live = context;
	const struct column_context now = live_context(live);
	int error;

	/* A terminal that was closed never gives another key. */
	if (events & (EPOLLHUP | EPOLLERR))
		return -EIO;
	enum screen_result result = live->ops->input(live->screen, &now);

	if ((error = follow_interval(live)))
		return error;
	if (result == SCREEN_QUIT)
		loop_stop(live->loop);
	return result == SCREEN_REFRESH ? collect_and_draw(live) : 0;
}

static int on_signal(void *context, uint32_t number)
{
	struct live *live = context;
	const struct column_context now = live_context(live);

	if (number == SIGCHLD) {
		if (live->workload)
			live->workload->child_ended(live->workload->context);
		return 0;
	}
	if (number == SIGWINCH || number == SIGTSTP) {
		if (!live->screen)
			return 0;
		if (number == SIGWINCH)
			live->ops->resize(live->screen, &now);
		else
			live->ops->suspend(live->screen, &now);
		return 0;
	}
	loop_stop(live->loop);
	return 0;
}

static int wire(struct live *live)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
	sigset_t signals;
	int error;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&signals, numbers[i]);
	if (live->screen) {
		sigaddset(&signals, SIGWINCH);
		sigaddset(&signals, SIGTSTP);
	}
	if ((error = loop_add_signals(live->loop, &signals, on_signal, live)) ||
	    (error = loop_add_timer(live->loop, live->interval, on_tick, live, &live->timer)))
		return error;
	if (collector_fd(live->collector) >= 0 &&
	    (error = loop_add(live->loop, collector_fd(live->collector), on_ring, live)))
		return error;
	return live->screen ? loop_add(live->loop, STDIN_FILENO, on_key, live) : 0;
}

enum { TITLE_LEN = 64 };

/* ---- open, run, close ---------------------------------------------------------------------- */

static bool wants_screen(const struct live_config *config)
{
	return !config->batch && !config->json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
}

static int open_screen(struct live *live)
{
	const char *ns = live->config->ns;
	char title[TITLE_LEN];
	const struct screen_options options = {
		.order = live->selection.order,
		.has_order = live->selection.has_order,
		.descending = live->selection.descending,
		.filter = live->selection.filter,
		.filter_text = live->config->filter,
		.interval = live->config->interval,
		.ascii = live->config->ascii,
		.mouse = live->config->mouse,
		.theme = live->config->theme,
		.title = live->workload ? live->workload->title : title,
		.machine = {.remove = live->config->allow_remove ? live_remove : NULL,
			    .resident = live_resident,
			    .contents = live_contents,
			    .context = live},
	};
	char why[256];
	int error;

	/* The view makes it safe. */
	snprintf(title, sizeof(title), "%s%s", ns ? "ns " : "", ns ? ns : "");
	error = live->ops->open(&options, &live->screen, why);

	if (error)
		log_error("%s; shmtop -b prints plain frames", why);
	else
		live->interval = live->ops->interval(live->screen);
	return error;
}

static int open_collector(struct live *live)
{
	const struct collector_options options = {
		.rung = live->config->rung,
		.events = true,
		.explains = true,
		.compat = live->config->compat,
		.ring_size = live->config->ring_size,
		.stacks = live->config->stacks.which,
		.stack_size = live->config->stacks.size,
		.debuginfod = live->config->stacks.debuginfod,
		.growth = true,
		.ns = live->config->ns,
	};
	char why[PROBES_WHY_LEN];
	int error = collector_open(&options, &live->collector, why);

	if (error)
		log_error("%s", why);
	return error;
}

/* Runs with everything open. Returns 0 or -errno. */
static int run(struct live *live)
{
	int error = wire(live);

	if (!error && live->workload)
		error = live->workload->start(live->workload->context, live->loop);
	if (!error)
		error = draw(live);
	if (!error)
		error = loop_run(live->loop);
	if (live->workload)
		live->workload->stop(live->workload->context);
	return error;
}

int live_session(const struct cmd_env *env, const struct command_spec *spec,
		 const struct live_config *config, const struct live_workload *workload)
{
	struct live live = {
		.config = config,
		.ops = env->screen,
		.workload = workload,
		.interval = config->interval ? config->interval : LIVE_INTERVAL_DEFAULT,
	};
	int status = arguments_check_poll(spec, config->rung, config->compat, config->ring_size);
	int error = 0;

	if (!status && config->allow_remove && (config->batch || config->json)) {
		options_error(spec,
			      "--allow-remove is about a key of the live view: not with -b or -J");
		status = EXIT_USAGE;
	}
	if (status ||
	    (status = selection_parse(spec, config->order, config->filter, &live.selection)))
		return status;
	status = EXIT_ERROR;
	if ((error = loop_new(&live.loop))) {
		log_error("%s", strerror(-error));
		goto out;
	}
	if (open_collector(&live))
		goto out;
	if (wants_screen(config) && open_screen(&live))
		goto out;
	error = run(&live);
	status = EXIT_FINE;
out:
	/* The terminal is given back before anything is said. */
	if (live.screen)
		live.ops->close(live.screen);
	/* A terminal or a pipe whose other end is gone leaves nobody to tell. */
	if (status == EXIT_FINE && error && error != -EPIPE && error != -EIO) {
		log_error("%s%s", ferror(stdout) ? "cannot write the output: " : "",
			  strerror(-error));
		status = EXIT_ERROR;
	}
	if (status == EXIT_FINE)
		status = report_finish(stdout);
	free(live.ids);
	loop_free(live.loop);
	collector_close(live.collector);
	selection_free(&live.selection);
	return status;
}

int live_run(const struct cmd_env *env, int argc, char **argv)
{
	struct live_command config = {.live.stacks.which = PROBES_STACKS_CREATED};
	int operands, status;

	if (!arguments_parse(&live_spec, argc, argv, &config, &operands, &status))
		return status;
	if ((status = arguments_none(&live_spec, operands, argc, argv)))
		return status;
	return live_session(env, &live_spec, &config.live, NULL);
}
