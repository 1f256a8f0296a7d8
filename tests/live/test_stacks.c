/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stacks of creating calls, as they arrive: what is in a sample must be what helpers/creator.c says of
 * itself, and what stat(2) says of its files. Nothing is unwound here.
 *
 *   test_stacks [PROCESSES]	that end at once, in a row (1000); LIVE_RUNG: fexit, tracepoint; else the best
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe/namespaces.h"
#include "tests/live/creator_run.h"
#include "tests/live/stack_heard.h"
#include "tests/live/tap_stream.h"

enum { DRAINED_AT = 64 };

struct test {
	struct tap tap;
	char helpers[PATH_MAX];
	enum probes_rung rung;
	struct probes *probes;
	struct heard heard;
};

static bool open_probes(struct test *test, const struct probes_options *wanted)
{
	struct probes_options options = *wanted;
	char why[PROBES_WHY_LEN];

	probes_close(test->probes);
	test->probes = NULL;
	options.rung = test->rung;
	if (!probes_open(&options, &test->probes, why))
		return true;
	tap_skip(&test->tap, "probes", "%s", why);
	return false;
}

/* The row that doctor shows: the last one */
static const struct probes_report *stacks_report(const struct probes *probes)
{
	size_t count;
	const struct probes_report *reports = probes_reports(probes, &count);

	return count && !strcmp(reports[count - 1].name, "stacks") ? &reports[count - 1] : NULL;
}

/* ---- claims -------------------------------------------------------------------------------- */

/* The call stands in c, and the stack holds where c, b and a return to, in this order. */
static bool has_calls(const struct stack_sample *sample, const struct creator_told *told)
{
	enum { FUNCTION_SIZE = 256 };
	uint64_t word;
	size_t call = 1;

	memcpy(&word, sample->stack, sizeof(word));
	if (sample->stack_length < sizeof(word) || word - told->calls[0] > FUNCTION_SIZE)
		return false;
	for (size_t i = 0; i < sample->stack_length && call < CREATOR_CALLS; i += sizeof(word)) {
		memcpy(&word, sample->stack + i, sizeof(word));
		call += word == told->calls[call];
	}
	return call == CREATOR_CALLS;
}

/* Where the mapping says that c is in its file, there is its code. */
static bool has_code(const struct sample_mapping *mapping, const struct creator_told *told)
{
	const int fd = mapping ? open(mapping->path, O_RDONLY | O_CLOEXEC) : -1;
	uint64_t code = 0;

	if (fd < 0)
		return false;

	const ssize_t length = pread(fd, &code, sizeof(code),
				     (off_t)(told->calls[0] - mapping->start + mapping->offset));

	close(fd);
	return length == sizeof(code) && code == told->code;
}

struct shape {
	const char *name;
	const char *program; /* of the helpers */
	const char *shared;  /* that has a, b and c; NULL: the program */
	const char *arguments[CREATOR_ARGUMENTS];
	bool other_tid, other_pid, other_code;
};

static void sample_tell(const struct stack_sample *sample)
{
	printf("# pc %#" PRIx64 ", %zu bytes of stack, %s\n", sample->registers[SAMPLE_REGISTER_PC],
	       sample->stack_length, sample->cut ? "cut" : "whole");
	for (size_t i = 0; i < sample->mapping_count; i++)
		printf("# %#" PRIx64 "-%#" PRIx64 " +%#" PRIx64 " inode %" PRIu64 " size %" PRIu64
		       " '%s'\n",
		       sample->mappings[i].start, sample->mappings[i].end,
		       sample->mappings[i].offset, sample->mappings[i].inode,
		       sample->mappings[i].size, sample->mappings[i].path);
}

/* The mapping around the program counter is the C library's or the program's; or it has no file. */
static bool has_place(const struct stack_sample *sample, const struct shape *shape)
{
	const struct sample_mapping *mapping =
		heard_mapping_at(sample, sample->registers[SAMPLE_REGISTER_PC]);

	return mapping && (mapping->path[0] == '\0') == shape->other_code &&
	       (mapping->inode == 0) == shape->other_code;
}

/* None is there twice. */
static bool is_orderly(const struct stack_sample *sample)
{
	for (size_t i = 0; i < sample->mapping_count; i++)
		for (size_t k = 0; k < i; k++)
			if (sample->mappings[i].start < sample->mappings[k].end &&
			    sample->mappings[k].start < sample->mappings[i].end)
				return false;
	return true;
}

static void claim(struct test *test, bool holds, const char *name, const char *what)
{
	if (!holds)
		sample_tell(&test->heard.newest.sample);
	tap_ok(&test->tap, holds, "%s: %s", name, what);
}

static void check_shape(struct test *test, const struct shape *shape)
{
	const struct stack_sample *sample = &test->heard.newest.sample;
	char program[2 * PATH_MAX], library[2 * PATH_MAX];
	const struct sample_mapping *mapping;
	struct stat file = {0};
	struct creator_told told;

	snprintf(program, sizeof(program), "%s/%s", test->helpers, shape->program);
	snprintf(library, sizeof(library), "%s/%s", test->helpers,
		 shape->shared ? shape->shared : shape->program);
	heard_empty(&test->heard, test->probes, program);
	if (!creator_run_told(program, shape->arguments, &told) || stat(library, &file)) {
		tap_ok(&test->tap, false, "%s: could not be run", shape->name);
		return;
	}
	heard_listen(&test->heard, test->probes);
	claim(test, test->heard.sample_count == 1 && heard_paired(&test->heard) == 1, shape->name,
	      "one sample, that of its event");
	claim(test,
	      sample->op == FACT_SHMGET && sample->shmid == told.shmid &&
		      (sample->pid != told.pid) == shape->other_pid &&
		      (sample->tid != told.pid) == (shape->other_tid || shape->other_pid) &&
		      sample->ppid == (shape->other_pid ? told.pid : getpid()),
	      shape->name, "whose call it was");
	claim(test, test->heard.located == 1 && has_place(sample, shape), shape->name,
	      "the program is mapped, the pc, too");
	mapping = heard_mapping_of(sample, library, &file);
	claim(test,
	      mapping && mapping == heard_mapping_at(sample, told.calls[0]) &&
		      has_code(mapping, &told) &&
		      heard_mapping_at(sample, told.calls[CREATOR_CALLS - 1]),
	      shape->name, "where its calls are");
	claim(test, has_calls(sample, &told), shape->name, "the stack has its calls");
	claim(test, !sample->cut && is_orderly(sample), shape->name, "whole");
}

static const struct shape shapes[] = {
	{.name = "program", .program = "creator", .arguments = {"--tell"}},
	{.name = "static program", .program = "creator-static", .arguments = {"--tell"}},
	{.name = "shared library",
	 .program = "creator-shared",
	 .shared = "libcreator.so",
	 .arguments = {"--tell"}},
	{.name = "thread",
	 .program = "creator",
	 .arguments = {"--tell", "--thread"},
	 .other_tid = true},
	{.name = "child without exec",
	 .program = "creator",
	 .arguments = {"--tell", "--fork"},
	 .other_pid = true},
	{.name = "code of no file",
	 .program = "creator",
	 .arguments = {"--tell", "--code"},
	 .other_code = true},
	{.name = "deep stack", .program = "creator", .arguments = {"--tell", "--deep", "12000"}},
};

static void check_cut(struct test *test)
{
	const struct stack_sample *sample = &test->heard.newest.sample;
	static const char *const arguments[CREATOR_ARGUMENTS] = {"--tell", "--deep", "20000"};
	char program[2 * PATH_MAX];
	struct creator_told told;

	snprintf(program, sizeof(program), "%s/creator", test->helpers);
	heard_empty(&test->heard, test->probes, program);

	const bool ran = creator_run_told(program, arguments, &told);

	heard_listen(&test->heard, test->probes);
	claim(test,
	      ran && test->heard.sample_count == 1 && sample->cut &&
		      sample->stack_length == 16 * 1024 && !has_calls(sample, &told),
	      "deeper than is copied", "cut");
}

static void check_at_once(struct test *test, const char *name, size_t processes)
{
	static const char *const none[CREATOR_ARGUMENTS] = {NULL};
	char program[2 * PATH_MAX];
	size_t failed = 0;

	snprintf(program, sizeof(program), "%s/%s", test->helpers, name);
	heard_empty(&test->heard, test->probes, program);
	for (size_t i = 0; i < processes; i++) {
		failed += !creator_run(program, none);
		if (i % DRAINED_AT == 0)
			heard_listen(&test->heard, test->probes);
	}
	heard_listen(&test->heard, test->probes);
	tap_ok(&test->tap,
	       !failed && test->heard.sample_count == processes &&
		       test->heard.located == processes && heard_paired(&test->heard) == processes,
	       "%s: %zu processes that end at once: %zu samples, %zu with the program's file and "
	       "the pc in a mapping, %zu paired",
	       name, processes, test->heard.sample_count, test->heard.located,
	       heard_paired(&test->heard));
}

static void check_found(struct test *test)
{
	static const char *const arguments[CREATOR_ARGUMENTS] = {"--find"};
	char program[2 * PATH_MAX];

	snprintf(program, sizeof(program), "%s/creator", test->helpers);
	heard_empty(&test->heard, test->probes, program);

	const bool ran = creator_run(program, arguments);

	heard_listen(&test->heard, test->probes);
	tap_ok(&test->tap,
	       ran && test->heard.event_count == 3 && test->heard.sample_count == 1 &&
		       heard_sampled(&test->heard) == 1,
	       "a segment that is found: %zu calls, %zu sample", test->heard.event_count,
	       test->heard.sample_count);
}

static void check_attached(struct test *test, const char *name, size_t samples)
{
	static const char *const arguments[CREATOR_ARGUMENTS] = {"--attach"};
	char program[2 * PATH_MAX];

	snprintf(program, sizeof(program), "%s/creator", test->helpers);
	heard_empty(&test->heard, test->probes, program);

	const bool ran = creator_run(program, arguments);

	heard_listen(&test->heard, test->probes);
	tap_ok(&test->tap,
	       ran && test->heard.event_count == 2 && test->heard.sample_count == samples &&
		       heard_paired(&test->heard) == samples && test->heard.located == samples &&
		       (samples < 2 ||
			(test->heard.newest.sample.op == FACT_SHMAT &&
			 test->heard.newest.sample.shmid == test->heard.events[0].shmid)),
	       "%s: shmget and shmat: %zu samples", name, test->heard.sample_count);
}

/* ---- other mounts -------------------------------------------------------------------------- */

/* The program as it stands at this place, which is another file each time */
static void check_place(struct test *test, const char *name, const char *program)
{
	static const char *const none[CREATOR_ARGUMENTS] = {NULL};

	heard_empty(&test->heard, test->probes, program);

	const bool ran = creator_run(program, none);

	heard_listen(&test->heard, test->probes);
	claim(test, ran && test->heard.sample_count == 1 && test->heard.located == 1, name,
	      "by the path that its user has");
}

/* Its own path starts from another root folder than ours. */
static void check_chroot(struct test *test, const char *root, const char *program)
{
	char outside[PATH_MAX];
	int status = -1;
	pid_t pid;

	snprintf(outside, sizeof(outside), "%s%s", root, program);
	heard_empty(&test->heard, test->probes, outside);
	test->heard.program = program;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (chroot(root) || chdir("/"))
			_exit(1);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	heard_listen(&test->heard, test->probes);
	claim(test, status == 0 && test->heard.located == 1, "chroot", "as its process names it");
}

static void check_overlay(struct test *test, const char *folder)
{
	char options[4 * PATH_MAX], place[PATH_MAX], program[PATH_MAX + 16];
	static const char *const parts[] = {"lower", "upper", "work", "merged"};

	snprintf(options, sizeof(options), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 folder, folder, folder);
	for (int i = 0; i < 4; i++) {
		snprintf(place, sizeof(place), "%s/%s", folder, parts[i]);
		mkdir(place, 0755);
	}
	snprintf(program, sizeof(program), "%s/creator-static", folder);
	snprintf(place, sizeof(place), "%s/lower/program", folder);
	if (!creator_copy(program, place)) {
		tap_ok(&test->tap, false, "overlay: no copy");
		return;
	}
	snprintf(place, sizeof(place), "%s/merged", folder);
	if (mount("overlay", place, "overlay", 0, options)) {
		/* no kernel of the guests has it, as it is a module: nothing to be told there */
		if (!getenv("LIVE_SLOW"))
			tap_skip(&test->tap, "overlay", "%s", strerror(errno));
		return;
	}
	snprintf(program, sizeof(program), "%s/merged/program", folder);
	check_place(test, "overlay", program);
	snprintf(place, sizeof(place), "%s/merged", folder);
	umount2(place, MNT_DETACH);
}

/* All in a mount namespace of the test's own: nothing of it is left. */
static void check_mounts(struct test *test)
{
	char folder[] = "/tmp/test-stacks-XXXXXX";
	char program[2 * PATH_MAX], copy[PATH_MAX];

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(folder)) {
		tap_skip(&test->tap, "mounts", "%s", strerror(errno));
		return;
	}
	if (mount("tmpfs", folder, "tmpfs", 0, NULL)) {
		tap_skip(&test->tap, "mounts", "%s", strerror(errno));
		rmdir(folder);
		return;
	}
	snprintf(program, sizeof(program), "%s/creator-static", test->helpers);
	snprintf(copy, sizeof(copy), "%s/creator-static", folder);
	if (creator_copy(program, copy)) {
		check_place(test, "tmpfs", copy);
		check_chroot(test, folder, "/creator-static");
		check_overlay(test, folder);
	} else {
		tap_ok(&test->tap, false, "mounts: no copy");
	}
	umount2(folder, MNT_DETACH);
	rmdir(folder);
}

/* ---- loss ---------------------------------------------------------------------------------- */

static void check_loss(struct test *test)
{
	static const char *const arguments[CREATOR_ARGUMENTS] = {"--count", "20"};
	const struct probes_options options = {
		.stacks = PROBES_STACKS_CREATED,
		.stack_ring_size = (size_t)sysconf(_SC_PAGESIZE),
		.filter = {.comm = "creator"},
	};
	struct probes_loss loss;
	char program[2 * PATH_MAX];

	if (!open_probes(test, &options))
		return;
	snprintf(program, sizeof(program), "%s/creator", test->helpers);
	heard_empty(&test->heard, test->probes, program);

	const bool ran = creator_run(program, arguments);

	heard_listen(&test->heard, test->probes);
	probes_loss(test->probes, &loss);
	tap_ok(&test->tap,
	       ran && heard_created(&test->heard) == 20 && test->heard.sample_count < 20 &&
		       test->heard.sample_count == heard_sampled(&test->heard) &&
		       loss.stacks == 20 - test->heard.sample_count && !loss.total,
	       "a ring that is too small: %zu events, %zu samples, %" PRIu64 " lost, %" PRIu64
	       " events lost",
	       heard_created(&test->heard), test->heard.sample_count, loss.stacks, loss.total);
}

static bool hear_one(void *context, const struct stack_sample *sample)
{
	(void)sample;
	++*(long *)context;
	return false;
}

/* As many as the reader wants at a time; and it is woken for them, where it does not come by itself. */
static void check_drain(struct test *test)
{
	static const char *const arguments[CREATOR_ARGUMENTS] = {"--count", "300"};
	const struct probes_options options = {
		.stacks = PROBES_STACKS_CREATED,
		.stack_ring_size = 1024 * 1024,
		.filter = {.comm = "creator"},
	};
	char program[2 * PATH_MAX];
	long heard = 0, turns = 0;

	if (!open_probes(test, &options))
		return;

	struct pollfd file = {.fd = probes_fd(test->probes), .events = POLLIN};
	const bool quiet = poll(&file, 1, 0) == 0;

	snprintf(program, sizeof(program), "%s/creator", test->helpers);

	const bool woken = creator_run(program, arguments) && poll(&file, 1, 0) == 1;

	while (probes_drain_stacks(test->probes, hear_one, &heard) == 1)
		turns++;
	tap_ok(&test->tap, quiet && woken, "the reader is woken when the ring fills up");
	tap_ok(&test->tap, heard == 300 && turns == 300, "one at a time: %ld in %ld turns", heard,
	       turns);
}

static void check_off(struct test *test)
{
	if (!open_probes(test, &(struct probes_options){0}))
		return;
	check_attached(test, "off", 0);
	tap_ok(&test->tap, !heard_sampled(&test->heard) && !stacks_report(test->probes),
	       "off: no event says otherwise");
}

static void check_refused(struct test *test)
{
	const size_t sizes[] = {1, 2048, 12 * 1024, 128 * 1024};
	struct probes *probes = NULL;
	char why[PROBES_WHY_LEN];
	int refused = 0;

	for (int i = 0; i < 4; i++) {
		const struct probes_options options = {.stacks = PROBES_STACKS_CREATED,
						       .stack_size = sizes[i]};

		refused += probes_open(&options, &probes, why) == -EINVAL;
	}
	tap_ok(&test->tap, refused == 4, "sizes that make no sense");
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void check_created(struct test *test, size_t processes)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		check_shape(test, &shapes[i]);
	check_cut(test);
	check_found(test);
	check_attached(test, "created", 1);
	check_at_once(test, "creator", processes);
	check_at_once(test, "creator-static", processes / 4);
	check_mounts(test);
}

/* Where there are none, doctor has the reason, and all else stands. */
static bool check_stands(struct test *test)
{
	const struct probes_report *report = stacks_report(test->probes);
	struct source_status status = {0};

	probes_describe(test->probes, &status);
	tap_ok(&test->tap,
	       report && (report->stands ? !report->why[0] && !status.stacks_why[0]
					 : report->why[0] && status.stacks_why[0]),
	       "user stacks: %s%s",
	       report && report->stands ? "yes" : "no: ", report ? report->why : "");
	return report && report->stands;
}

int main(int argc, char **argv)
{
	static struct test test;
	const char *rung = getenv("LIVE_RUNG");
	const size_t processes = argc > 1 ? (size_t)atoi(argv[1]) : 1000;
	struct probes_options options = {.stacks = PROBES_STACKS_CREATED};
	const ssize_t length = readlink("/proc/self/exe", test.helpers, sizeof(test.helpers) - 64);

	if (length < 0 || unshare(CLONE_NEWIPC)) {
		tap_skip(&test.tap, "stacks", "no private IPC namespace: %s", strerror(errno));
		return tap_done(&test.tap);
	}
	strcpy(strstr(test.helpers, "/live/test_stacks"), "/helpers");
	test.heard.ipcns = namespaces_own();
	if (rung)
		test.rung = strcmp(rung, "fexit") ? PROBES_TRACEPOINT : PROBES_FEXIT;
	if (!open_probes(&test, &options))
		return tap_done(&test.tap);
	if (check_stands(&test)) {
		check_created(&test, processes);
		check_loss(&test);
		check_drain(&test);
		options.stacks = PROBES_STACKS_ATTACHED;
		options.stack_size = 64 * 1024;
		if (open_probes(&test, &options))
			check_attached(&test, "attached", 2);
	} else {
		check_attached(&test, "none to be had", 0);
	}
	check_off(&test);
	check_refused(&test);
	probes_close(test.probes);
	return tap_done(&test.tap);
}
