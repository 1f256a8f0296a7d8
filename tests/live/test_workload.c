/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model against the kernel under a random workload.
 *
 *   test_workload [--seed N] [--ops N] [--plain-ops N]	LIVE_RUNG: fexit, tracepoint, poll; else the best
 *
 * Worker processes do random things to segments while a collector watches. At quiet points, when every
 * worker waits, the picture must be the kernel's: /proc/sysvipc/shm for the segments, the maps files
 * for the holders, both read here without any help of src/.
 *
 * The first operations are plain ones, one after the other, which events explain completely: there the
 * picture must hold by events alone, before any scan can repair it. After that, everything goes, all at
 * the same time, and the collector looks at it while it changes. Where each mapping is told exactly, the
 * picture holds by events alone to the end, and every look amid the work agrees with it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "observe/namespaces.h"
#include "src/cmd/collector.h"
#include "tests/live/kernel_view.h"
#include "tests/live/tap_stream.h"
#include "tests/live/work_table.h"
#include "tests/live/worker_slot.h"

enum {
	SHMIDS = 40, /* that the workers are told of */
	ROWS = 16384,
	ROUNDS_TO_QUIET = 60,
	ROUNDS_TO_PLACES = 4 * ROUNDS_TO_QUIET,
	SHOWN = 12, /* differences printed in all */
};

struct tally {
	unsigned long done[WORK_COUNT]; /* successes */
	unsigned long operations, failed;
	unsigned long quiet, ticks, drained;
	unsigned long compared_plain, differences_plain, differences, wanting, drift;
	unsigned long settled, drift_under_way, scans_unasked; /* at ticks, on the exact rung */
	unsigned long mappings, segments;                      /* compared */
};

struct test {
	struct collector *collector;
	uint32_t ipcns;
	enum collector_rung rung;
	bool forced;   /* a scan was asked for by the test itself */
	bool hurt;     /* something was lost since the last one of these */
	bool exact;    /* each change of a mapping is told by a record of its own */
	uint64_t lost; /* as of the last tick */
	uint64_t random;
	struct slot
		slots[WORKER_SLOTS]; /* slot 0 only forks: it makes the first ones, and new ones */
	int shmids[SHMIDS];
	unsigned int shown;
	struct tally tally;
};

/* ---- workers ------------------------------------------------------------------------------- */

static void slot_send(struct test *test, struct slot *slot, const struct work_command *command)
{
	if (send(slot->fd, command, sizeof(*command), MSG_NOSIGNAL) != sizeof(*command))
		give_up("a worker takes no command");
	slot->work = (enum work)command->work;
	slot->state = SLOT_WORKS;
	test->tally.operations++;
}

static int slot_find_free(const struct test *test)
{
	for (int i = 1; i < WORKER_SLOTS; i++) {
		if (test->slots[i].state == SLOT_FREE)
			return i;
	}
	return -1;
}

static void slot_fork(struct test *test, struct slot *parent, int child)
{
	struct work_command command = {.work = WORK_FORK, .slot = child};

	slot_send(test, parent, &command);
	test->slots[child].state = SLOT_STARTS;
}

static void slot_kill(struct slot *slot)
{
	kill(slot->pid, SIGKILL);
	slot->state = SLOT_ENDS;
}

static void slot_command(struct test *test, struct slot *slot, bool plain)
{
	struct work_command command = {
		.work = work_choose(&test->random, slot->mappings, plain),
		.shmid = test->shmids[chance(&test->random) % SHMIDS],
		.random = chance(&test->random),
	};
	int child = slot_find_free(test);

	if (command.work == WORK_FORK && child >= 0) {
		slot_fork(test, slot, child);
		return;
	}
	if (command.work == WORK_FORK)
		command.work = WORK_SHMDT;
	if (command.work == WORK_KILL) {
		slot_kill(slot);
		test->tally.operations++;
		test->tally.done[WORK_KILL]++;
		return;
	}
	slot_send(test, slot, &command);
	if (command.work == WORK_EXIT || command.work == WORK_KILL_BUSY) {
		test->tally.done[command.work]++;
		slot->state = SLOT_ENDS;
	}
	if (command.work == WORK_KILL_BUSY)
		slot_kill(slot);
}

/* The new segment takes the place of another one, which goes. Not by a call of this process: the
 * collector does not watch itself. */
static void shmid_add(struct test *test, int shmid)
{
	int *place = &test->shmids[chance(&test->random) % SHMIDS];
	struct work_command command = {.work = WORK_REMOVE, .shmid = *place};

	if (*place != shmid && *place >= 0) {
		slot_send(test, &test->slots[0], &command);
		slot_receive(&test->slots[0]);
	}
	*place = shmid;
}

static void slot_finish(struct test *test, struct slot *slot)
{
	enum slot_state state = slot->state;
	int64_t result;

	if (state == SLOT_ENDS) {
		slot_wait_end(slot);
		return;
	}
	if (state != SLOT_WORKS && state != SLOT_STARTS)
		return;
	result = slot_receive(slot);
	if (state == SLOT_STARTS)
		return;
	if (result < 0) {
		test->tally.failed++;
		return;
	}
	test->tally.done[slot->work]++;
	if (slot->work == WORK_SHMGET || slot->work == WORK_SHMGET_KEY)
		shmid_add(test, (int)result);
}

static void slots_finish(struct test *test)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
		slot_finish(test, &test->slots[i]);
}

/* ---- the collector ------------------------------------------------------------------------- */

static void drain(struct test *test)
{
	long count;

	while ((count = collector_drain(test->collector)) > 0)
		test->tally.drained += (unsigned long)count;
}

static uint64_t loss_total(const struct test *test)
{
	struct probes *probes = collector_probes(test->collector);
	struct probes_loss loss = {0};

	if (probes) {
		probes_count_skipped(probes);
		probes_loss(probes, &loss);
	}
	return loss.total;
}

/* Exact records leave nothing to be found out by looking: no drift while the workers are at it, and no
 * scan but for a loss, or for a holder whose process has left it to another one. */
static void tick_judge(struct test *test, const struct model_needs *before, uint64_t scans)
{
	const struct model *model = collector_model(test->collector);
	const uint64_t lost = model_status(model)->lost;

	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		if (segment->id.ipcns != test->ipcns)
			continue;
		test->tally.settled += model_is_settled(segment);
		test->tally.drift_under_way += model_drift(segment) != 0;
	}
	test->hurt = test->hurt || lost != test->lost;
	test->lost = lost;
	if (model_scans(model) != scans && !before->settle && !test->hurt && !test->forced)
		test->tally.scans_unasked++;
}

static void tick(struct test *test)
{
	const struct model *model = collector_model(test->collector);
	const uint64_t scans = model_scans(model);
	struct model_needs before;

	model_needs(model, &before);
	if (collector_tick(test->collector))
		give_up("collector_tick");
	test->tally.ticks++;
	if (test->exact)
		tick_judge(test, &before, scans);
}

/* ---- comparing ----------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void differ(struct test *test, const char *format, ...)
{
	va_list arguments;

	if (test->shown++ >= SHOWN)
		return;
	va_start(arguments, format);
	printf("# quiet point %lu: ", test->tally.quiet);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

static unsigned long segments_compare(struct test *test, bool show)
{
	static struct kernel_segment rows[ROWS];
	const struct model *model = collector_model(test->collector);
	const struct segment *segment;
	unsigned long differences = 0;
	long count = kernel_segments_read(rows, ROWS);

	for (long i = 0; i < count; i++) {
		struct segment_id id = {.ipcns = test->ipcns, .shmid = rows[i].shmid};

		segment = model_find(model, &id);
		if (segment && !segment->gone && segment->nattch == rows[i].nattch &&
		    segment->mapped == rows[i].nattch)
			continue;
		differences++;
		if (show)
			differ(test,
			       "segment %d: kernel nattch %lu, model %s nattch %lu mapped %lu",
			       rows[i].shmid, rows[i].nattch,
			       !segment        ? "none"
			       : segment->gone ? "gone"
					       : "has",
			       segment ? segment->nattch : 0, segment ? segment->mapped : 0);
	}
	for (segment = model_segments(model); segment; segment = segment->next) {
		long i = 0;

		while (i < count && rows[i].shmid != segment->id.shmid)
			i++;
		if (segment->id.ipcns != test->ipcns || i < count)
			continue;
		differences++;
		if (show)
			differ(test, "segment %d: only the model has it: nattch %lu mapped %lu",
			       segment->id.shmid, segment->nattch, segment->mapped);
	}
	test->tally.segments += (unsigned long)count;
	return differences;
}

/* The mappings that the model knows, in the form in which the kernel's are read */
static long model_mappings_read(const struct test *test, struct kernel_mapping *rows)
{
	const struct model *model = collector_model(test->collector);
	long count = 0;

	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		if (segment->id.ipcns != test->ipcns)
			continue;
		for (const struct mapping *mapping = segment->mappings; mapping && count < ROWS;
		     mapping = mapping->segment_next) {
			rows[count++] = (struct kernel_mapping){
				.pid = mapping->holder->process->pid,
				.shmid = segment->id.shmid,
				.start = mapping->start,
				.length = mapping->length,
				.perms = {mapping->flags & ATTACHMENT_READ ? 'r' : '-',
					  mapping->flags & ATTACHMENT_WRITE ? 'w' : '-',
					  mapping->flags & ATTACHMENT_EXEC ? 'x' : '-'},
			};
		}
	}
	return count;
}

static void mapping_differ(void *context, const char *side, const struct kernel_mapping *row)
{
	differ(context, "%s: process %d maps segment %d at %#lx, %lu bytes, %.3s", side, row->pid,
	       row->shmid, row->start, row->length, row->perms);
}

static unsigned long mappings_compare(struct test *test, bool places, bool show)
{
	static struct kernel_mapping kernel[ROWS], model[ROWS];
	long kernel_count = 0, model_count = model_mappings_read(test, model);

	for (int i = 0; i < WORKER_SLOTS; i++) {
		if (test->slots[i].state == SLOT_WAITS)
			kernel_count = kernel_mappings_read(test->slots[i].pid, kernel,
							    kernel_count, ROWS);
	}
	test->tally.mappings += (unsigned long)kernel_count;
	if (!places) {
		kernel_mappings_forget_places(kernel, kernel_count);
		kernel_mappings_forget_places(model, model_count);
	}
	return kernel_mappings_compare(kernel, kernel_count, model, model_count,
				       show ? mapping_differ : NULL, test);
}

/* Somebody else on the machine may just be looking at a process that ended: then its attachments end a
 * little later. Hence a deadline; a picture that stays wrong is wrong. */
static unsigned long compare(struct test *test, bool places, bool with_ticks)
{
	uint64_t deadline = clock_now() + 3 * CLOCK_SECOND;
	unsigned long differences;

	for (;;) {
		bool late = clock_now() > deadline;

		differences = segments_compare(test, late) + mappings_compare(test, places, late);
		if (differences == 0 || late)
			return differences;
		usleep(1000);
		drain(test);
		if (with_ticks)
			tick(test);
	}
}

/* Ticks until the model wants nothing. Where others use shared memory, too, that may be put off for 10 s. */
static void settle(struct test *test)
{
	uint64_t deadline = clock_now() + 15 * CLOCK_SECOND;
	struct model_needs needs;

	do {
		drain(test);
		tick(test);
		usleep(500);
		model_needs(collector_model(test->collector), &needs);
	} while ((needs.scan || needs.settle) && clock_now() < deadline);
	if (needs.scan || needs.settle)
		test->tally.wanting++;
}

/* What is lost is made good by ticks, all of it once there is rest; and so is the name of a holder whose
 * process has left it to another. */
static bool is_whole(const struct test *test)
{
	const struct model *model = collector_model(test->collector);
	struct model_needs needs;

	model_needs(model, &needs);
	if (needs.scan || test->hurt || loss_total(test) != test->lost)
		return false;
	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next)
		for (const struct mapping *mapping = segment->mappings; mapping;
		     mapping = mapping->segment_next)
			if (mapping->holder->process->ended)
				return false;
	return true;
}

static void quiet_point(struct test *test, bool plain, bool places)
{
	const struct segment *segment;

	test->tally.quiet++;
	drain(test);
	if (plain && is_whole(test)) {
		test->tally.compared_plain++;
		test->tally.differences_plain += compare(test, !test->exact, false);
	}
	settle(test);
	test->tally.differences += compare(test, !test->exact, true);
	/* mprotect leaves no record unless it splits a mapping: its places need a scan that asks for them all. */
	if (test->exact && places) {
		test->forced = true;
		model_distrust(collector_model(test->collector));
		settle(test);
		test->tally.differences += compare(test, true, true);
		test->forced = test->hurt = false;
	}
	for (segment = model_segments(collector_model(test->collector)); segment;
	     segment = segment->next) {
		if (segment->id.ipcns == test->ipcns && model_drift(segment) != 0)
			test->tally.drift++;
	}
}

/* ---- the test ------------------------------------------------------------------------------ */

/* Every worker gets a command. */
static void round_run(struct test *test, bool plain)
{
	int waiting = 0, child = slot_find_free(test);
	uint32_t random = chance(&test->random);

	for (int i = 1; i < WORKER_SLOTS; i++) {
		if (test->slots[i].state != SLOT_WAITS)
			continue;
		waiting++;
		slot_command(test, &test->slots[i], plain);
		if (plain)
			slots_finish(test);
	}
	if (waiting < 3 && child >= 0 && test->slots[child].state == SLOT_FREE)
		slot_fork(test, &test->slots[0], child);
	if (random % 4 == 0)
		drain(test);
	if (random % (test->exact ? 8 : 64) == 1)
		tick(test);
	slots_finish(test);
}

static void workload_run(struct test *test, unsigned long operations, unsigned long plain)
{
	const bool events = collector_probes(test->collector);

	for (unsigned long round = 1; test->tally.operations < operations; round++) {
		const bool is_plain = test->tally.operations < plain;

		round_run(test, is_plain);
		if (round % ROUNDS_TO_QUIET == 0)
			quiet_point(test, test->exact || (events && is_plain),
				    round % ROUNDS_TO_PLACES == 0);
	}
	quiet_point(test, test->exact, true);
}

static void statistics_print(const struct test *test)
{
	const struct tally *tally = &test->tally;
	const struct model *model = collector_model(test->collector);

	printf("# calls: %s, mappings: %s\n", model_status(model)->calls,
	       test->exact ? "exact" : "concluded");
	printf("# %lu operations (%lu refused), %lu quiet points, %lu ticks, %lu events, "
	       "%" PRIu64 " lost, %" PRIu64 " scans\n",
	       tally->operations, tally->failed, tally->quiet, tally->ticks, tally->drained,
	       loss_total(test), model_scans(model));
	printf("# compared: %lu segments, %lu mappings\n#", tally->segments, tally->mappings);
	for (int i = 0; i < WORK_COUNT; i++)
		printf(" %s %lu%s", work_table[i].name, tally->done[i],
		       i == WORK_COUNT - 1 ? "\n" : ",");
}

static void results_tell(const struct test *test, struct tap *tap)
{
	const struct tally *tally = &test->tally;
	int kinds = 0;

	for (int i = 0; i < WORK_COUNT; i++)
		kinds += tally->done[i] > 0;
	tap_ok(tap, kinds == WORK_COUNT, "each kind of operation was done: %d of %d", kinds,
	       WORK_COUNT);
	tap_ok(tap, tally->mappings > tally->quiet * 10, "there was something to compare");
	if (collector_probes(test->collector)) {
		tap_ok(tap, tally->compared_plain > tally->quiet / 10,
		       "events alone were compared: %lu times of %lu", tally->compared_plain,
		       tally->quiet);
		tap_ok(tap, tally->differences_plain == 0,
		       "events alone keep segments and holders: %lu differences",
		       tally->differences_plain);
	}
	if (test->exact) {
		tap_ok(tap, tally->settled > tally->operations / 20,
		       "at %lu ticks amid the work there was something to compare: %lu segments",
		       tally->ticks, tally->settled);
		tap_ok(tap, tally->drift_under_way == 0, "no drift at any tick: %lu segments",
		       tally->drift_under_way);
		tap_ok(tap, tally->scans_unasked == 0, "no scan without a loss: %lu",
		       tally->scans_unasked);
	}
	tap_ok(tap, tally->differences == 0,
	       "every quiet point is as the kernel says: %lu differences", tally->differences);
	tap_ok(tap, tally->wanting == 0, "at rest nothing more is wanted: %lu times it was",
	       tally->wanting);
	tap_ok(tap, tally->drift == 0, "no drift at rest: %lu segments", tally->drift);
}

/* As the command's --probe= has it; NULL: the best that stands */
static enum collector_rung rung_named(const char *name)
{
	static const char *const names[] = {
		[COLLECTOR_FEXIT] = "fexit",
		[COLLECTOR_TRACEPOINT] = "tracepoint",
		[COLLECTOR_POLL] = "poll",
	};

	for (int rung = COLLECTOR_FEXIT; name && rung <= COLLECTOR_POLL; rung++)
		if (strcmp(name, names[rung]) == 0)
			return (enum collector_rung)rung;
	if (name) {
		fprintf(stderr, "test_workload: no rung '%s'\n", name);
		exit(2);
	}
	return COLLECTOR_AUTO;
}

static void test_open(struct test *test, struct tap *tap)
{
	struct collector_options options = {.rung = test->rung, .events = true};
	char why[PROBES_WHY_LEN] = "";
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 64);

	if (length < 0 || unshare(CLONE_NEWIPC)) {
		tap_skip(tap, "the workload", "no private IPC namespace: %m");
		exit(tap_done(tap));
	}
	program[length] = '\0';
	strcpy(strrchr(program, '/'), "/../helpers/worker");
	for (int i = 0; i < SHMIDS; i++)
		test->shmids[i] = -1;
	sockets_make(test->slots);
	slot_start(&test->slots[0], program);
	sockets_close_workers_ends();

	test->ipcns = namespaces_own();
	options.only_ipcns = test->ipcns;
	if (collector_open(&options, &test->collector, why)) {
		tap_ok(tap, false, "the collector opens: %s", why);
		exit(tap_done(tap));
	}
	test->exact = model_status(collector_model(test->collector))->exact == FACT_EXACT_ALL;
	if (test->rung == COLLECTOR_FEXIT)
		tap_ok(tap, test->exact, "each mapping is told exactly");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{.name = "seed", .has_arg = required_argument, .val = 's'},
		{.name = "ops", .has_arg = required_argument, .val = 'n'},
		{.name = "plain-ops", .has_arg = required_argument, .val = 'e'},
		{.name = NULL},
	};
	static struct test test = {.random = 20240229};
	unsigned long operations = 50000, plain = 15000;
	struct tap tap = {0};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (letter) {
		case 's':
			test.random = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			operations = strtoul(optarg, NULL, 10);
			break;
		case 'e':
			plain = strtoul(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	test.rung = rung_named(getenv("LIVE_RUNG"));
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# seed %lu\n", test.random);
	test_open(&test, &tap);
	workload_run(&test, operations, plain);
	statistics_print(&test);
	results_tell(&test, &tap);
	collector_close(test.collector);
	return tap_done(&tap);
}
