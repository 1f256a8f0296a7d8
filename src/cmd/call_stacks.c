/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/call_stacks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "stack/unwind.h"

/* Samples whose event may still be to come, or to be printed. A power of two. */
enum { CALL_STACKS_KEPT = 4096 };
/* How long a sample is sought that was sent before its event: it may have been lost */
#define CALL_STACKS_SEARCH (200 * CLOCK_MS)
/* By then its event has come, or was lost. */
#define CALL_STACKS_PATIENCE (5 * CLOCK_SECOND)

/* A segment that is gone before its stack is read needs none: where they come and go faster than they can be
 * unwound, the time for those that stay would be spent on them. After one of them that took t the others have no
 * stack for SHARE * t. */
enum { SHARE = 20 };

/* How often servers are looked after, and who waits for longer is told */
enum { LOOK_MS = 20 };
#define TELL_AFTER CLOCK_SECOND

/* What is left of a sample once it is unwound */
struct made {
	uint64_t time;
	int32_t tid;
	uint32_t ipcns;
	int32_t shmid;
	uint32_t stack;
	bool told; /* the model knows */
};

struct call_stacks {
	struct call_paths *paths;
	struct unwinder *unwinder;
	struct debuginfod *servers;         /* NULL none */
	bool told;                          /* that they failed */
	struct made made[CALL_STACKS_KEPT]; /* a ring */
	uint64_t first, end;                /* [first, end): not all of them are told */
	uint64_t spare;                     /* from then on there is time for one that is gone */

	/* the reading that is under way */
	struct model *model;
	uint64_t deadline;
	const struct event *sought;
	uint32_t found;
};

int call_stacks_new(struct debuginfod *servers, struct call_stacks **out)
{
	struct call_stacks *stacks = calloc(1, sizeof(*stacks));
	int error = stacks ? call_paths_new(&stacks->paths) : -ENOMEM;

	if (!error)
		error = unwinder_new(stacks->paths, servers, &stacks->unwinder);
	if (error) {
		call_stacks_free(stacks);
		return error;
	}
	stacks->servers = servers;
	*out = stacks;
	return 0;
}

void call_stacks_free(struct call_stacks *stacks)
{
	if (!stacks)
		return;
	unwinder_free(stacks->unwinder);
	call_paths_free(stacks->paths);
	free(stacks);
}

/* Its event is read before, but for the newest. */
static bool exists(const struct call_stacks *stacks, const struct stack_sample *sample)
{
	const struct segment_id id = {.ipcns = sample->ipcns, .shmid = sample->shmid};
	const struct segment *segment = model_find(stacks->model, &id);

	return segment && !segment->gone;
}

/* 0: nothing could be made of it, or it was not worth it */
static uint32_t unwind(struct call_stacks *stacks, const struct stack_sample *sample)
{
	const bool wanted = stacks->sought || exists(stacks, sample);
	const uint64_t began = wanted ? 0 : clock_now();
	uint32_t stack;

	if (!wanted && began < stacks->spare)
		return 0;
	stack = unwinder_unwind(stacks->unwinder, sample);
	if (!wanted) {
		const uint64_t ended = clock_now();

		stacks->spare = ended + SHARE * (ended - began);
	}
	return stack;
}

/* The oldest of those that nobody has asked for makes room. */
static struct made *keep(struct call_stacks *stacks, const struct stack_sample *sample)
{
	struct made *made = &stacks->made[stacks->end++ % CALL_STACKS_KEPT];

	if (stacks->end - stacks->first > CALL_STACKS_KEPT)
		stacks->first = stacks->end - CALL_STACKS_KEPT;
	*made = (struct made){
		.time = sample->time,
		.tid = sample->tid,
		.ipcns = sample->ipcns,
		.shmid = sample->shmid,
		.stack = unwind(stacks, sample),
		.told = sample->op != FACT_SHMGET,
	};
	return made;
}

static void tell(struct call_stacks *stacks, struct made *made)
{
	const struct call_path *path = call_paths_get(stacks->paths, made->stack);

	if (made->told)
		return;
	made->told = !path ||
		     model_set_stack(stacks->model, made->ipcns, made->shmid, made->time, path->id,
				     path->site_id) ||
		     clock_now() > made->time + CALL_STACKS_PATIENCE;
}

static bool is_of(const struct made *made, const struct event *event)
{
	return made->time == event->time && made->tid == event->tid;
}

static bool take(void *context, const struct stack_sample *sample)
{
	struct call_stacks *stacks = context;
	struct made *made = keep(stacks, sample);

	tell(stacks, made);
	if (stacks->sought && is_of(made, stacks->sought)) {
		stacks->found = made->stack;
		return false;
	}
	return clock_now() < stacks->deadline;
}

/* Those whose event came since */
static void tell_all(struct call_stacks *stacks)
{
	uint64_t first = stacks->end;

	for (uint64_t i = stacks->first; i < stacks->end; i++) {
		struct made *made = &stacks->made[i % CALL_STACKS_KEPT];

		tell(stacks, made);
		if (!made->told && first == stacks->end)
			first = i;
	}
	stacks->first = first;
}

int call_stacks_read(struct call_stacks *stacks, struct probes *probes, struct model *model,
		     uint64_t deadline)
{
	stacks->model = model;
	stacks->deadline = deadline;
	stacks->sought = NULL;
	tell_all(stacks);

	const long taken = probes_drain_stacks(probes, take, stacks);

	return taken < 0 ? (int)taken : 0;
}

uint32_t call_stacks_of(struct call_stacks *stacks, struct probes *probes, struct model *model,
			const struct event *event)
{
	const uint64_t oldest = stacks->end > CALL_STACKS_KEPT ? stacks->end - CALL_STACKS_KEPT : 0;

	for (uint64_t i = stacks->end; i > oldest; i--) {
		const struct made *made = &stacks->made[(i - 1) % CALL_STACKS_KEPT];

		if (is_of(made, event))
			return made->stack;
	}
	stacks->model = model;
	stacks->deadline = clock_now() + CALL_STACKS_SEARCH;
	stacks->sought = event;
	stacks->found = 0;
	probes_drain_stacks(probes, take, stacks);
	return stacks->found;
}

void call_stacks_name(struct call_stacks *stacks, uint64_t deadline)
{
	unwinder_name(stacks->unwinder, deadline);
}

/* ---- what servers are asked for ------------------------------------------------------------ */

/* Has somebody asked for the end? ^C was for this wait; the others are left to who blocked them. */
static bool is_interrupted(void)
{
	const struct timespec at_once = {0};
	sigset_t interrupt, pending;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	if (sigtimedwait(&interrupt, NULL, &at_once) == SIGINT)
		return true;
	sigpending(&pending);
	return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGHUP) == 1;
}

/* Until nothing is awaited. Returns whether a line stands on the terminal. */
static bool await_servers(struct call_stacks *stacks, uint64_t patience)
{
	const uint64_t began = clock_now();
	size_t waiting, told = 0;

	while ((waiting = debuginfod_waiting(stacks->servers)) > 0) {
		if (is_interrupted())
			debuginfod_give_up(stacks->servers);
		if (waiting != told && clock_now() - began > TELL_AFTER && isatty(STDERR_FILENO)) {
			fprintf(stderr, "\rasking debuginfod for %zu file%s (^C: do not wait)  ",
				waiting, waiting == 1 ? "" : "s");
			told = waiting;
		}
		poll(NULL, 0, LOOK_MS);
		unwinder_name(stacks->unwinder, clock_now() + patience);
	}
	return told > 0;
}

void call_stacks_name_all(struct call_stacks *stacks, uint64_t patience)
{
	sigset_t interrupt, before;
	const char *failure;

	unwinder_name(stacks->unwinder, clock_now() + patience);
	if (!stacks->servers)
		return;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	if (await_servers(stacks, patience))
		fprintf(stderr, "\r%60s\r", "");
	sigprocmask(SIG_SETMASK, &before, NULL);
	failure = debuginfod_failure(stacks->servers);
	if (*failure && !stacks->told)
		log_error("--debuginfod: nothing more is asked: %s", failure);
	stacks->told = *failure;
}

const struct call_paths *call_stacks_paths(const struct call_stacks *stacks)
{
	return stacks->paths;
}
