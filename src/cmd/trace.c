/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmtop trace: events as they happen */
#include "cmd/cmd.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "cmd/arguments.h"
#include "cmd/child.h"
#include "cmd/trace_output.h"
#include "report/report.h"
#include "report/source.h"

/* How long an event may wait in the kernel before it is printed */
#define DRAIN_INTERVAL (50 * CLOCK_MS)
#define TICK_INTERVAL  CLOCK_SECOND
/* Where no events come, looks are all there is. */
#define LOOK_INTERVAL (500 * CLOCK_MS)
/* At the end the kernel may hold a full buffer, and be filling it still. */
enum { FINAL_DRAINS = 64 };

/* enum event_time: as strace, -t, -tt and -ttt */
static int argument_time(const char *text, void *field)
{
	static const char *const names[] = {[EVENT_TIME_SECONDS] = "s",
					    [EVENT_TIME_MICRO] = "us",
					    [EVENT_TIME_EPOCH] = "epoch"};
	enum event_time *time = field;

	if (!text) {
		*time += *time < EVENT_TIME_EPOCH;
		return 0;
	}
	for (int i = EVENT_TIME_SECONDS; i <= EVENT_TIME_EPOCH; i++)
		if (strcmp(text, names[i]) == 0) {
			*time = (enum event_time)i;
			return 0;
		}
	return -EINVAL;
}

static const struct option_spec trace_options[] = {
	{'J', "json", .help = "one JSON object a line",
	 .field = offsetof(struct trace_config, json)},
	{'x', "failed", .help = "only calls that failed",
	 .field = offsetof(struct trace_config, failed)},
	{'p', "pid", "PID", "only this process", argument_pid, "a process id",
	 offsetof(struct trace_config, pid)},
	{'u', "user", "USER", "only processes of this user", argument_user, "a user name or id",
	 offsetof(struct trace_config, user)},
	{'c', "comm", "COMM", "only threads of exactly this name", option_text, "a name",
	 offsetof(struct trace_config, comm)},
	{'o', "op", "OP,..",
	 "only these: shmget shmat shmdt shmctl fork exec exit\nattach detach create destroy",
	 argument_ops,
	 "names among shmget,shmat,shmdt,shmctl,fork,exec,exit,attach,detach,create,destroy",
	 offsetof(struct trace_config, ops)},
	{'n', "count", "COUNT", "end after so many events", argument_count,
	 "a whole number from 1 on", offsetof(struct trace_config, count)},
	{'d', "duration", "SECS", "end after this time", argument_duration,
	 "a number of seconds, like 10 or 0.5", offsetof(struct trace_config, duration)},
	{'S', "with-summary", .help = "at the end calls, errors and time by call and by process",
	 .field = offsetof(struct trace_config, with_summary)},
	{'s', "summary", .help = "that alone, without the events",
	 .field = offsetof(struct trace_config, only_summary)},
	{'t', "time", "[=HOW]",
	 "time of day in seconds (s); -tt with microseconds (us, as\n"
	 "without it); -ttt since the epoch (epoch)",
	 argument_time, "s, us or epoch", offsetof(struct trace_config, time)},
	{'r', "relative", .help = "time since the line before, in seconds",
	 .field = offsetof(struct trace_config, relative)},
	{'T', "took", .help = "how long each call took, also where the terminal is narrow",
	 .field = offsetof(struct trace_config, took)},
	{.name = "color",
	 .argument = "[=WHEN]",
	 .help = "auto (on a terminal), always or never: red failed, yellow\n"
		 "removed or ended, faint inferred",
	 .parse = palette_parse,
	 .expected = "auto, always or never",
	 .field = offsetof(struct trace_config, colours)},
	{'k', "stack", .help = "where each call was made that makes or attaches a segment",
	 .field = offsetof(struct trace_config, with_stacks)},
	ARGUMENT_NS(struct trace_config, ns),
	ARGUMENT_STACK_SIZE(struct trace_config, stacks),
	ARGUMENT_DEBUGINFOD(struct trace_config, stacks),
	ARGUMENT_RING(struct trace_config, ring_size),
	ARGUMENT_PROBE(struct trace_config, rung),
	ARGUMENT_COMPAT(struct trace_config, compat),
	{0},
};

const struct command_spec trace_spec = {
	.name = "trace",
	.synopsis = "[OPTIONS] [-- CMD [ARGS]]",
	.summary = "calls and attachments as they happen",
	.options = trace_options,
	.stop_at_operand = true,
	.details =
		"Shows shmget, shmat, shmdt and shmctl with their arguments, result and time, and\n"
		"what happens without a call: fork, exec and exit of processes that hold a\n"
		"segment, what that attaches or detaches, and the end of segments. Filters run in\n"
		"the kernel. With CMD: only CMD and what it starts, from its first instruction;\n"
		"ends with them, with CMD's own status; where -n or -d end it before, CMD goes "
		"on.\n"
		"What CMD prints goes to stderr: stdout is the trace's.\n"
		"\n"
		"~ before a line's text (JSON: \"inferred\") is what nobody saw happen: two looks\n"
		"at the tables differ. Where calls are followed that is a detach or the end of a\n"
		"segment (destroy). Where they cannot be, and with --probe=poll, all is inferred,\n"
		"by two looks a second: create and attach too. -p and -u then let through what is\n"
		"known to be theirs; -x, -c and CMD are refused.\n"
		"\n"
		"  shmtop trace                              everything, until ^C\n"
		"  shmtop trace -x                           why does it fail?\n"
		"  shmtop trace -o shmctl,destroy            who removes segments?\n"
		"  shmtop trace -k -o shmget                 where in the program?\n"
		"  shmtop trace -J -- shm-fork-demo hello    one program, for a script\n"
		"  shmtop trace -s -d 10                     who makes how many calls?\n"
		"\n"
		"Calls need root, or CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH (for tracefs).",
};

struct trace {
	const struct trace_config *config;
	struct trace_output output;
	struct collector *collector;
	struct loop *loop;
	struct child child;
	bool following;   /* a command */
	bool counting;    /* all forks and exits of its processes are delivered */
	bool interrupted; /* by a first ^C, which is the command's to heed */
	bool reaped;
	bool enough; /* -n or -d ends it */
	int wait_status;
	int64_t tree;      /* processes of the command that are alive, when counting */
	uint64_t deadline; /* 0 none */
	uint64_t ticked;
};

static void on_event(void *context, const struct model_event *entry)
{
	struct trace *trace = context;

	if (entry->event.op == FACT_FORK)
		trace->tree++;
	if (entry->event.op == FACT_EXIT)
		trace->tree--;
	trace_output_event(&trace->output, entry);
}

/* Looks at the tables, and tells what it infers. Returns 0 or -errno. */
static int look(struct trace *trace)
{
	int error = collector_tick(trace->collector);

	trace_output_inferred(&trace->output, collector_model(trace->collector));
	trace->ticked = clock_now();
	return error;
}

static void tell_loss(struct trace *trace)
{
	trace_output_loss(&trace->output, collector_probes(trace->collector));
}

/* Without somebody who gets the output there is nothing to trace for. */
static int check_output(struct trace *trace)
{
	if (fflush(stdout))
		return -errno;
	if (ferror(stdout))
		return -EIO;
	if (trace_output_is_full(&trace->output) ||
	    (trace->deadline && clock_now() >= trace->deadline)) {
		trace->enough = true;
		loop_stop(trace->loop);
	}
	return 0;
}

/* Reads all that is there. Returns 0 or -errno. */
static int drain(struct trace *trace)
{
	long count = collector_drain(trace->collector);

	if (count < 0)
		return (int)count;
	return check_output(trace);
}

static int on_ring(void *context, uint32_t events)
{
	(void)events;
	return drain(context);
}

/* The command's processes are counted by their events; where some were filtered out or lost the count
 * means nothing, and the trace ends with the command itself. */
static bool tree_ended(const struct trace *trace)
{
	bool certain = trace->counting && trace->output.loss.ops[FACT_FORK] == 0 &&
		       trace->output.loss.ops[FACT_EXIT] == 0;

	return trace->reaped && (!certain || trace->tree <= 0);
}

static int on_timer(void *context, uint32_t events)
{
	struct trace *trace = context;
	bool looking = !collector_probes(trace->collector);
	int error = drain(trace);

	(void)events;
	if (!error && clock_now() - trace->ticked >= (looking ? LOOK_INTERVAL : TICK_INTERVAL)) {
		error = look(trace);
		if (!error)
			error = check_output(trace);
	}
	tell_loss(trace);
	if (trace->following && tree_ended(trace))
		loop_stop(trace->loop);
	return error;
}

static void reap(struct trace *trace)
{
	int status;

	if (!trace->following || trace->reaped)
		return;
	if (waitpid(trace->child.pid, &status, WNOHANG) != trace->child.pid)
		return;
	trace->reaped = true;
	trace->wait_status = status;
}

/* ^C reaches the command from the terminal; the trace goes on until it has ended, or until the next. */
static int on_signal(void *context, uint32_t signal)
{
	struct trace *trace = context;

	if (signal == SIGCHLD) {
		reap(trace);
		return 0;
	}
	if (signal == SIGINT && trace->following && !trace->reaped && !trace->interrupted) {
		trace->interrupted = true;
		return 0;
	}
	if (trace->following && !trace->reaped)
		kill(trace->child.pid, signal == SIGINT ? SIGTERM : (int)signal);
	loop_stop(trace->loop);
	return 0;
}

static int on_output_closed(void *context, uint32_t events)
{
	(void)context;
	return events & (EPOLLERR | EPOLLHUP) ? -EPIPE : 0;
}

static int wire(struct trace *trace)
{
	struct stat output;
	sigset_t signals;
	int timer;
	int error;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	if ((error = loop_add_signals(trace->loop, &signals, on_signal, trace)) ||
	    (error = loop_add_timer(trace->loop, DRAIN_INTERVAL, on_timer, trace, &timer)))
		return error;
	if (fstat(STDOUT_FILENO, &output) == 0 && S_ISFIFO(output.st_mode))
		return loop_add(trace->loop, STDOUT_FILENO, on_output_closed, trace);
	return 0;
}

/* What the kernel must deliver so that the wanted ops can be told: where they do not come by themselves they
 * are concluded from others, and to conclude rightly takes all that moves a mapping, and its size. */
static uint32_t kernel_ops(uint32_t ops)
{
	const uint32_t mappings = FACT_OP_BIT(FACT_SHMGET) | FACT_OP_BIT(FACT_SHMAT) |
				  FACT_OP_BIT(FACT_SHMDT) | FACT_OP_BIT(FACT_FORK) |
				  FACT_OP_BIT(FACT_EXEC) | FACT_OP_BIT(FACT_EXIT) |
				  FACT_OP_BIT(FACT_ATTACH) | FACT_OP_BIT(FACT_DETACH);

	if (ops & (FACT_OP_BIT(FACT_ATTACH) | FACT_OP_BIT(FACT_DETACH)))
		ops |= mappings;
	if (ops & FACT_OP_BIT(FACT_DESTROY))
		ops |= mappings | FACT_OPS_CALLS;
	return ops & ~FACT_OP_BIT(FACT_CREATE);
}

static int open_collector(struct trace *trace)
{
	const struct trace_config *config = trace->config;
	/* The end of a traced tree is known by its forks and exits. */
	uint32_t life = trace->following ? FACT_OP_BIT(FACT_FORK) | FACT_OP_BIT(FACT_EXIT) : 0;
	/* Which segments are left is known by their ends. */
	uint32_t ends = trace_output_sums(&trace->output) && config->ops & FACT_OP_BIT(FACT_SHMGET)
				? FACT_OP_BIT(FACT_DESTROY)
				: 0;
	/* Why a call fails is known by who made what it was about, and who removed it. */
	uint32_t causes = config->failed ? FACT_OP_BIT(FACT_SHMGET) | FACT_OP_BIT(FACT_SHMCTL) : 0;
	const struct collector_options options = {
		.rung = config->rung,
		.events = true,
		.explains = true,
		.compat = config->compat,
		.ring_size = config->ring_size,
		.stacks = config->with_stacks ? PROBES_STACKS_ATTACHED : PROBES_STACKS_OFF,
		.stack_size = config->stacks.size,
		.debuginfod = config->stacks.debuginfod,
		.ns = config->ns,
		.filter =
			{
				.ops = config->ops ? kernel_ops(config->ops | ends) | causes | life
						   : 0,
				.pid = config->pid,
				.has_uid = config->user.given,
				.uid = config->user.uid,
				.comm = config->comm,
				.failed = config->failed,
				.tree = trace->following,
			},
	};
	char why[PROBES_WHY_LEN];
	int error = collector_open(&options, &trace->collector, why);

	if (error)
		log_error("trace: %s", why);
	return error;
}

/* What was asked for and looks alone cannot tell; NULL where they can. */
static const char *beyond_looks(const struct trace *trace)
{
	const struct trace_config *config = trace->config;
	const uint32_t told = FACT_OP_BIT(FACT_ATTACH) | FACT_OP_BIT(FACT_DETACH) |
			      FACT_OP_BIT(FACT_CREATE) | FACT_OP_BIT(FACT_DESTROY);

	if (trace->following)
		return "-- CMD";
	if (config->failed)
		return "-x";
	if (config->comm)
		return "-c";
	return config->ops && !(config->ops & told) ? "this -o" : NULL;
}

/* Whether what was asked for can be told by what stands. If not, one line was said. */
static bool can_tell(const struct trace *trace)
{
	const struct trace_config *config = trace->config;
	const char *why = model_status(collector_model(trace->collector))->why;
	const char *beyond = beyond_looks(trace);

	if (collector_probes(trace->collector)) {
		if (config->ops != FACT_OP_BIT(FACT_CREATE))
			return true;
		log_error("trace: create is told only where calls cannot be followed; here it is "
			  "-o shmget");
		return false;
	}
	if (beyond)
		log_error("trace: %s needs calls to be followed: %s", beyond, why);
	else
		log_error("trace: calls are not followed, two looks a second are compared: %s",
			  why);
	return !beyond;
}

static int open_sources(struct trace *trace)
{
	struct probes *probes;
	int error = open_collector(trace);

	if (error)
		return error;
	if (!can_tell(trace))
		return -EOPNOTSUPP;
	trace_output_start(&trace->output, trace->collector);
	model_set_sink(collector_model(trace->collector), on_event, trace);
	probes = collector_probes(trace->collector);
	if (!probes)
		return 0;
	error = loop_add(trace->loop, collector_fd(trace->collector), on_ring, trace);
	if (!error && trace->following)
		error = probes_follow(probes, trace->child.pid);
	if (error)
		log_error("trace: %s", strerror(-error));
	return error;
}

/* Where no events come, the end of the trace may be the first look since long. What a filter kept from being told
 * is known to have ended once two tables did not have it. */
static int last_looks(struct trace *trace)
{
	int looks = !collector_probes(trace->collector) ? 1
		    : trace_output_sums(&trace->output) ? 2
							: 0;
	int error = 0;

	for (int i = 0; !error && i < looks; i++) {
		collector_look_again(trace->collector);
		error = look(trace);
	}
	return error;
}

/* Runs until the end, then takes in what the kernel still holds. Returns 0 or -errno. */
static int run_loop(struct trace *trace)
{
	long count;
	int error = loop_run(trace->loop);

	for (int pass = 0; !error && pass < FINAL_DRAINS; pass++) {
		count = collector_drain(trace->collector);
		if (count <= 0) {
			error = (int)count;
			break;
		}
	}
	if (collector_probes(trace->collector))
		probes_count_skipped(collector_probes(trace->collector));
	tell_loss(trace);
	return error ? error : last_looks(trace);
}

/* Calls that do not come look like calls that are not made. */
static void warn_of_compat(const struct trace *trace)
{
	const char *offer = source_offer(model_status(collector_model(trace->collector)));

	if (offer[0] && (!trace->config->ops || trace->config->ops & FACT_OPS_CALLS))
		log_error("trace: " SOURCE_COMPAT ": %s", offer);
}

/* Returns the exit status. */
static int trace_events(struct trace *trace, const char *command)
{
	int error;

	if (trace->following && (error = child_release(&trace->child))) {
		log_error("trace: cannot run '%s': %s", command, strerror(-error));
		return child_exec_status(error);
	}
	warn_of_compat(trace);
	trace->ticked = clock_now();
	if (trace->config->duration)
		trace->deadline = trace->ticked + trace->config->duration;
	error = run_loop(trace);
	if (error && error != -EPIPE) {
		log_error("trace: %s%s", ferror(stdout) ? "cannot write the output: " : "",
			  strerror(-error));
		return EXIT_ERROR;
	}
	trace_output_end(&trace->output);
	if (trace->enough && trace->following && !trace->reaped)
		log_error("trace: '%s' goes on, as process %d", command, trace->child.pid);

	int status = report_finish(stdout);

	if (status || !trace->reaped)
		return status;
	return child_wait_status(trace->wait_status);
}

static int trace_with(const struct trace_config *config, char **command)
{
	const bool following = *command != NULL;
	struct trace trace = {.config = config,
			      .following = following,
			      .output = {.config = config, .following = following}};
	char name[128] = "";
	int status = EXIT_ERROR;
	int error;

	bool filtered =
		config->failed || config->pid || config->user.given || config->comm || config->ns;

	trace.counting = trace.following && !filtered;
	trace.tree = 1;
	if ((error = loop_new(&trace.loop)) || (error = wire(&trace)))
		goto out;
	if (trace.following) {
		text_safe(name, sizeof(name), *command, strlen(*command));
		if ((error = child_start(command, trace.loop, STDERR_FILENO, &trace.child)))
			goto out;
	}
	if (open_sources(&trace) == 0)
		status = trace_events(&trace, name);
	child_abandon(&trace.child);
out:
	if (error)
		log_error("trace: %s", strerror(-error));
	trace_output_free(&trace.output);
	collector_close(trace.collector);
	loop_free(trace.loop);
	return status;
}

int trace_run(const struct cmd_env *env, int argc, char **argv)
{
	struct trace_config config = {0};
	int operands, status;

	(void)env;
	if (!arguments_parse(&trace_spec, argc, argv, &config, &operands, &status))
		return status;
	if (config.comm && (strlen(config.comm) > 15 || config.comm[0] == '\0')) {
		log_error("trace: -c wants a thread's name of 1 to 15 bytes");
		return EXIT_USAGE;
	}
	if ((status = arguments_check_poll(&trace_spec, config.rung, config.compat,
					   config.ring_size)))
		return status;
	if (config.relative && config.time == EVENT_TIME_USUAL)
		config.time = EVENT_TIME_NONE;
	if (config.failed && !config.ops)
		config.ops = FACT_OPS_CALLS;
	if (config.failed && !(config.ops & FACT_OPS_CALLS)) {
		log_error("trace: -x is for calls, nothing else fails: "
			  "-o shmget,shmat,shmdt,shmctl");
		return EXIT_USAGE;
	}
	return trace_with(&config, argv + operands);
}
