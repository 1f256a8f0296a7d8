/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shmtop run: a command as it would run without shmtop; then, what it did with shared memory and left behind.
 *
 * The command is on hold until the probes stand and know it. It has the terminal and its keys: ^C and ^\ are its
 * own to heed as long as it lives, and when ^Z stops it this process stops with it.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "cmd/arguments.h"
#include "cmd/isolate.h"
#include "cmd/tree.h"
#include "observe/namespaces.h"
#include "observe/process.h"
#include "report/report.h"
#include "report/run_report.h"

/* How long an event may wait in the kernel, and how often the tables are read beside */
#define DRAIN_INTERVAL (50 * CLOCK_MS)
#define TICK_INTERVAL  (500 * CLOCK_MS)
/* Where no events come, looks are all there is. */
#define LOOK_INTERVAL (100 * CLOCK_MS)
/* Those who end together need no word. */
#define WAIT_UNTOLD (300 * CLOCK_MS)
#define WAIT_GRACE  (10 * CLOCK_SECOND)
/* At the end: buffers to read, and looks until the tables and the mappings agree */
enum { FINAL_DRAINS = 64, FINAL_LOOKS = 4 };

struct run_config {
	bool json;
	bool frames; /* all of a stack */
	bool isolate;
	const char *output;
	uint64_t grace;
	const char *suppressions;
	struct argument_stacks stacks;
	uint64_t ring_size;
	enum collector_rung rung;
	bool compat;
};

static const struct option_spec run_options[] = {
	{'J', "json", .help = "the report as one JSON document",
	 .field = offsetof(struct run_config, json)},
	{'o', "output", "FILE", "the report goes there, not to stderr", option_text, "a file",
	 offsetof(struct run_config, output)},
	{'k', "stack", .help = "stacks with every frame, and where it lies",
	 .field = offsetof(struct run_config, frames)},
	{.name = "isolate",
	 .help = "in a private IPC namespace: what is left at its end\nis never removed; needs "
		 "neither root nor BPF",
	 .field = offsetof(struct run_config, isolate)},
	{.name = "grace",
	 .argument = "SECS",
	 .help = "wait so long for what CMD left running (default 10)",
	 .parse = option_duration,
	 .expected = "a number of seconds, like 10 or 0",
	 .field = offsetof(struct run_config, grace)},
	{.name = "suppress",
	 .argument = "FILE",
	 .help = "lines of what is known to be left: see below",
	 .parse = option_text,
	 .expected = "a file",
	 .field = offsetof(struct run_config, suppressions)},
	ARGUMENT_STACKS(struct run_config, stacks),
	ARGUMENT_RING(struct run_config, ring_size),
	ARGUMENT_PROBE(struct run_config, rung),
	ARGUMENT_COMPAT(struct run_config, compat),
	{0},
};

const struct command_spec run_spec = {
	.name = "run",
	.synopsis = "[OPTIONS] -- CMD [ARGS]",
	.summary = "run a command, then tell which segments it left behind",
	.options = run_options,
	.stop_at_operand = true,
	.details =
		"CMD has its own stdin, stdout, stderr and signals. Followed are its processes "
		"and\n"
		"all that these start, daemons too, until the last of them has ended, or --grace\n"
		"is over. Then, on stderr: the calls and their failures, the most that existed at\n"
		"once, and the segments that are left: whose, and where they were made.\n"
		"\n"
		"Left behind is what CMD made and nobody removed, unless somebody else has it\n"
		"attached, its key is known to be meant to stay, or it is suppressed.\n"
		"\n"
		"Exit status: CMD's own (128+N: by signal N; 127, 126: cannot be started); 3 when\n"
		"that is 0 and something was left behind; 1 when shmtop itself failed.\n"
		"\n"
		"--isolate: CMD sees no segment, semaphore or queue of the machine, and the "
		"limits\n"
		"are those of a fresh system. Without root it has a user namespace, too, in which\n"
		"setuid programs have no effect.\n"
		"\n"
		"--suppress FILE: a line is words that must all hold, key=PATTERN, comm=PATTERN\n"
		"(of the creator) or function=PATTERN (of the stack); patterns as in a shell, key\n"
		"also private, # begins a comment:\n"
		"  key=0x4e54* comm=ntpd\n"
		"  function=pool_init*\n"
		"\n"
		"  sudo shmtop run -- make check\n"
		"  shmtop run --isolate -- ./my-test\n"
		"  shmtop run --isolate -J -o report.json -- ./my-test",
};

struct run {
	const struct run_config *config;
	char *const *words; /* of the command */
	struct loop *loop;
	struct tree tree;
	struct collector *collector;
	struct suppressions suppressions;
	struct call_tally tally;
	const struct call_paths *paths; /* once it tells */
	FILE *output;                   /* the report's; NULL: stderr */
	uint32_t own_ipcns;             /* where it is isolated, and shmtop with it; 0: it is not */
	uint64_t began, ended;
	uint64_t ticked;
	bool told; /* that and for whom it waits */
};

static bool follows(const struct run *run)
{
	return collector_probes(run->collector) != NULL;
}

/* ---- while it runs ------------------------------------------------------------------------- */

static void on_event(void *context, const struct model_event *entry)
{
	struct run *run = context;

	call_tally_event(&run->tally, collector_model(run->collector), entry);
}

static int look(struct run *run)
{
	int error = collector_tick(run->collector);

	call_tally_look(&run->tally, collector_model(run->collector),
			follows(run) ? 0 : run->own_ipcns);
	run->ticked = clock_now();
	return error;
}

static void note_rest(const struct run *run, struct run_report *report)
{
	pid_t pids[RUN_REST_SHOWN];
	struct process_facts facts;

	report->rest_count = tree_rest(&run->tree, pids, RUN_REST_SHOWN);
	for (size_t i = 0; i < report->rest_count && i < RUN_REST_SHOWN; i++) {
		report->rest[i] = (struct run_rest){.pid = pids[i]};
		if (process_read(pids[i], &facts) == 0)
			snprintf(report->rest[i].comm, sizeof(report->rest[i].comm), "%s",
				 facts.comm);
	}
}

static void tell_wait(const struct run *run)
{
	struct run_report report = {0};
	char names[RUN_REST_SHOWN * (FACT_COMM_LEN + 16)] = "";
	size_t length = 0;

	note_rest(run, &report);
	for (size_t i = 0; i < report.rest_count && i < RUN_REST_SHOWN; i++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%d %s",
					   i ? ", " : "", report.rest[i].pid, report.rest[i].comm);
	if (report.rest_count > 0)
		log_error("run: the command has ended; waiting up to %.0f s for what it left "
			  "running: %s%s (^C: do not wait)",
			  (double)run->config->grace / (double)CLOCK_SECOND, names,
			  report.rest_count > RUN_REST_SHOWN ? ", ..." : "");
}

static void check_wait(struct run *run)
{
	uint64_t waited = clock_now() - run->ended;

	if (!run->tree.ended)
		return;
	if (run->tree.over || waited >= run->config->grace) {
		loop_stop(run->loop);
		return;
	}
	if (run->told || waited < WAIT_UNTOLD)
		return;
	run->told = true;
	tell_wait(run);
}

static int on_timer(void *context, uint32_t events)
{
	struct run *run = context;
	long count = collector_drain(run->collector);
	int error = count < 0 ? (int)count : 0;

	(void)events;
	if (!error && clock_now() - run->ticked >= (follows(run) ? TICK_INTERVAL : LOOK_INTERVAL))
		error = look(run);
	check_wait(run);
	return error;
}

static int on_ring(void *context, uint32_t events)
{
	struct run *run = context;
	long count = collector_drain(run->collector);

	(void)events;
	return count < 0 ? (int)count : 0;
}

static int on_child(struct run *run)
{
	bool ended = run->tree.ended;
	/* a creator that has ended still tells its name until it is reaped */
	int error = follows(run) ? 0 : look(run);

	tree_reap(&run->tree);
	if (!ended && run->tree.ended)
		run->ended = clock_now();
	check_wait(run);
	return error;
}

static int on_signal(void *context, uint32_t signal)
{
	struct run *run = context;

	if (signal == SIGCHLD)
		return on_child(run);
	if (run->tree.ended)
		loop_stop(run->loop);
	else if (signal == SIGTERM || signal == SIGHUP)
		kill(run->tree.child.pid, (int)signal);
	return 0;
}

/* ---- the end ------------------------------------------------------------------------------- */

/* All that the kernel still holds, and looks until they agree. 0 or -errno. */
static int settle(struct run *run)
{
	struct model *model = collector_model(run->collector);
	struct model_needs needs = {.look = true};
	long count = 1;
	int error = 0;

	for (int i = 0; count > 0 && i < FINAL_DRAINS; i++)
		count = collector_drain(run->collector);
	if (count < 0)
		return (int)count;
	/* an exit that no event told */
	if (!follows(run))
		model_recheck_processes(model);
	for (int i = 0; !error && (needs.look || needs.scan) && i < FINAL_LOOKS; i++) {
		collector_look_again(run->collector);
		error = look(run);
		model_needs(model, &needs);
	}
	return error;
}

/* Attached by somebody who is none of the command's, or used last by one who lives? */
static bool is_used_by_others(const struct run *run, const struct segment *segment)
{
	const struct process *last = segment->last;

	if (run->own_ipcns)
		return false;
	if (last && last->checked && last->alive && !tree_has(&run->tree, last->pid))
		return true;
	if (segment->nattch == 0)
		return false;
	for (const struct mapping *mapping = segment->mappings; mapping;
	     mapping = mapping->segment_next)
		if (!tree_has(&run->tree, mapping->holder->process->pid))
			return true;
	return segment->mappings == NULL;
}

static bool is_left(void *choosing, const struct segment *segment, enum verdict_kind kind,
		    enum verdict_confidence confidence)
{
	struct run *run = choosing;
	bool own = run->own_ipcns && segment->id.ipcns == run->own_ipcns;
	bool removed = segment->facts.known & FACT_COL_MODE && segment->facts.mode & FACT_MODE_DEST;

	(void)confidence;
	/* one of those that still run may use and remove it */
	if (!run->tree.over && model_living_user(segment, NULL))
		return false;
	if ((!own && !segment->witnessed) || removed || kind == VERDICT_MAILBOX)
		return false;
	if (is_used_by_others(run, segment))
		return false;
	return !suppress_match(&run->suppressions, segment, run->paths);
}

static int print_report(const struct run *run, const struct column_context *context,
			const struct run_report *report)
{
	FILE *out = run->output ? run->output : stderr;
	int error;

	/* What an earlier run has told stays until there is something to tell. */
	if (run->output && ftruncate(fileno(run->output), 0) && errno != EINVAL)
		return -errno;
	if (run->config->json)
		error = run_report_json(out, context, report);
	else
		error = run_report_print(out, context, report, run->output ? "" : "shmtop:");
	return error;
}

/* Returns how many segments were left, or -errno. */
static long tell(struct run *run)
{
	const struct source_status *status = model_status(collector_model(run->collector));
	struct leaks_list left = {0};
	struct run_report report = {
		.words = run->words,
		.status = child_wait_status(run->tree.status),
		.signal = WIFSIGNALED(run->tree.status) ? WTERMSIG(run->tree.status) : 0,
		.took = run->ended - run->began,
		.isolated = run->own_ipcns != 0,
		.unseen = follows(run) ? NULL : status->why,
		.lost = status->lost,
		.tally = &run->tally,
		.left = &left,
		.suppressions = &run->suppressions,
		.stacks = run->config->frames,
	};
	collector_name_stacks(run->collector);
	struct column_context context = collector_context(run->collector);

	run->paths = context.paths;
	context.over = run->tree.over;
	int error = leaks_collect_chosen(&context, is_left, run, &left);
	long count = (long)left.id_count;

	if (!run->tree.over)
		note_rest(run, &report);
	if (!error)
		error = print_report(run, &context, &report);
	leaks_free(&left);
	return error ? error : count;
}

/* ---- wiring -------------------------------------------------------------------------------- */

/* Before the command is started, which has them as they were. */
static int wire_signals(struct run *run)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	return loop_add_signals(run->loop, &signals, on_signal, run);
}

static int wire_sources(struct run *run)
{
	struct probes *probes = collector_probes(run->collector);
	int timer, error = 0;

	if (probes)
		error = probes_follow(probes, run->tree.child.pid);
	if (!error && probes)
		error = loop_add(run->loop, collector_fd(run->collector), on_ring, run);
	if (!error)
		error = loop_add_timer(run->loop, probes ? DRAIN_INTERVAL : LOOK_INTERVAL, on_timer,
				       run, &timer);
	return error;
}

/* Returns the exit status when there is nothing to go on with, else 0. */
static int open_sources(struct run *run)
{
	const struct run_config *config = run->config;
	const struct collector_options options = {
		.rung = config->rung,
		.events = true,
		.compat = config->compat,
		.ring_size = config->ring_size,
		.stacks = config->stacks.which,
		.stack_size = config->stacks.size,
		.debuginfod = config->stacks.debuginfod,
		.filter.tree = true,
		/* what nobody may look at but root */
		.only_ipcns = geteuid() || config->rung == COLLECTOR_POLL ? run->own_ipcns : 0,
	};
	char why[PROBES_WHY_LEN];
	int error = collector_open(&options, &run->collector, why);

	if (error) {
		log_error("run: %s", why);
		return EXIT_ERROR;
	}
	model_set_sink(collector_model(run->collector), on_event, run);
	if (!follows(run) && !run->own_ipcns) {
		log_error("run: what a command makes can be told only by following its calls, as "
			  "root, or in a namespace of its own, by --isolate: %s",
			  model_status(collector_model(run->collector))->why);
		return EXIT_ERROR;
	}
	if ((error = wire_sources(run)))
		log_error("run: %s", strerror(-error));
	return error ? EXIT_ERROR : 0;
}

/* As a shell says it. Returns its exit status. */
static int tell_unstarted(const struct run *run, int error)
{
	char name[128];

	text_safe(name, sizeof(name), run->words[0], strlen(run->words[0]));
	log_error("run: %s: %s", name,
		  error == -ENOENT && !strchr(run->words[0], '/') ? "command not found"
								  : strerror(-error));
	return child_exec_status(error);
}

/* The report is lost, the command is not. */
static int go_on_without(const struct run *run, int error)
{
	int status = run->tree.status;

	log_error("run: no report: %s", strerror(-error));
	loop_restore_signals(run->loop);
	while (!run->tree.ended && waitpid(run->tree.child.pid, &status, 0) < 0 && errno == EINTR)
		;
	status = child_wait_status(status);
	return status ? status : EXIT_ERROR;
}

static int finish(struct run *run)
{
	int status = child_wait_status(run->tree.status);
	long left = settle(run);

	if (left == 0)
		left = tell(run);
	if (left < 0)
		return go_on_without(run, (int)left);

	int written = report_finish(run->output ? run->output : stderr);

	if (status)
		return status;
	return written ? written : left > 0 ? EXIT_LEAK : 0;
}

static int run_command(struct run *run)
{
	int status, error = wire_signals(run);

	if (!error)
		error = tree_start(&run->tree, run->words, run->loop);
	if (error) {
		log_error("run: %s", strerror(-error));
		return EXIT_ERROR;
	}
	status = open_sources(run);
	if (status) {
		child_abandon(&run->tree.child);
		return status;
	}
	run->began = run->ticked = clock_now();
	error = child_release(&run->tree.child);
	if (error)
		return tell_unstarted(run, error);
	error = loop_run(run->loop);
	return error ? go_on_without(run, error) : finish(run);
}

static FILE *open_output(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

/* What was asked for, before anything is done. Returns the exit status when it cannot be, else 0. */
static int prepare(struct run *run)
{
	const struct run_config *config = run->config;
	char unread[SUPPRESS_WHY_LEN], refused[ISOLATE_WHY_LEN], name[128];

	if (config->suppressions &&
	    suppress_read(config->suppressions, &run->suppressions, unread)) {
		log_error("run: --suppress: %s", unread);
		return EXIT_USAGE;
	}
	if (config->output && !(run->output = open_output(config->output))) {
		int error = errno;

		text_safe(name, sizeof(name), config->output, strlen(config->output));
		log_error("run: cannot write '%s': %s", name, strerror(error));
		return EXIT_ERROR;
	}
	if (!config->isolate)
		return 0;
	if (isolate_enter(refused)) {
		log_error("run: %s", refused);
		return EXIT_ERROR;
	}
	run->own_ipcns = namespaces_own();
	return 0;
}

static int run_with(const struct run_config *config, char *const *words)
{
	struct run run = {.config = config, .words = words};
	int status = prepare(&run);

	if (!status && loop_new(&run.loop))
		status = EXIT_ERROR;
	if (!status)
		status = run_command(&run);
	collector_close(run.collector);
	loop_free(run.loop);
	suppress_free(&run.suppressions);
	if (run.output)
		fclose(run.output);
	return status;
}

int run_run(const struct cmd_env *env, int argc, char **argv)
{
	struct run_config config = {
		.grace = WAIT_GRACE,
		.stacks.which = PROBES_STACKS_CREATED,
	};
	int operands, status;

	(void)env;
	if (!arguments_parse(&run_spec, argc, argv, &config, &operands, &status))
		return status;
	if (operands == argc) {
		log_error("run: wants a command: shmtop run [OPTIONS] -- CMD [ARGS]");
		return EXIT_USAGE;
	}
	if ((status =
		     arguments_check_poll(&run_spec, config.rung, config.compat, config.ring_size)))
		return status;
	return run_with(&config, argv + operands);
}
