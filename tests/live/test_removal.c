/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the model is told of the removals that shmtop does itself: its own calls are not followed. The call,
 * and one end, whatever stands; nothing of a removal that was not tried.
 *
 *	test_removal	LIVE_RUNG: fexit, tracepoint, poll; else the best
 */
#include "tests/tap.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/collector.h"
#include "observe/namespaces.h"

enum { SIZE = 12345, NOBODY = 65534 };
#define WAIT (10 * CLOCK_SECOND)

static bool may_unshare; /* into a namespace of its own, as root */

/* ---- the collector --------------------------------------------------------------------------- */

static enum collector_rung rung_named(const char *name)
{
	static const char *const names[] = {"auto", "fexit", "tracepoint", "poll"};

	for (int rung = COLLECTOR_AUTO; name && rung <= COLLECTOR_POLL; rung++)
		if (strcmp(name, names[rung]) == 0)
			return (enum collector_rung)rung;
	return COLLECTOR_AUTO;
}

static struct collector *collector_start(void)
{
	const struct collector_options options = {.rung = rung_named(getenv("LIVE_RUNG")),
						  .events = true};
	struct collector *collector;
	char why[PROBES_WHY_LEN];

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	if (collector_open(&options, &collector, why))
		fail_msg("%s", why);
	return collector;
}

static const struct segment *segment_of(struct collector *collector, uint32_t ipcns, int shmid)
{
	const struct segment_id id = {.ipcns = ipcns, .shmid = shmid};

	return model_find(collector_model(collector), &id);
}

/* When the table of the namespace was read last */
static uint64_t table_read(struct collector *collector, uint32_t ipcns)
{
	size_t count;
	const struct namespace_state *rows = model_namespaces(collector_model(collector), &count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].facts.ipcns == ipcns)
			return rows[i].read;
	return 0;
}

static int segment_make(void)
{
	int shmid = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0644);

	assert_true(shmid >= 0);
	return shmid;
}

/* Ticks until the table of this namespace was read once more. */
static void look_once(struct collector *collector)
{
	const uint32_t here = namespaces_own();
	uint64_t read = table_read(collector, here), end = clock_now() + WAIT;

	while (table_read(collector, here) == read) {
		assert_true(clock_now() < end);
		assert_int_equal(collector_tick(collector), 0);
	}
}

/* Looks until all is added that looks would add. A table in which nothing changes would rest. */
static void look(struct collector *collector)
{
	int change = segment_make();

	look_once(collector);
	assert_int_equal(shmctl(change, IPC_RMID, NULL), 0);
	look_once(collector);
}

/* Ticks until the segment has ended. */
static void look_for_end(struct collector *collector, uint32_t ipcns, int shmid)
{
	uint64_t end = clock_now() + WAIT;

	while (!segment_of(collector, ipcns, shmid)->gone) {
		assert_true(clock_now() < end);
		assert_int_equal(collector_tick(collector), 0);
	}
}

/* Ticks until its row was read, and hands it out. */
static struct segment_facts facts_of(struct collector *collector, uint32_t ipcns, int shmid)
{
	const struct segment *segment = segment_of(collector, ipcns, shmid);
	uint64_t end = clock_now() + WAIT;

	while (!segment || !(segment->facts.known & FACT_COL_CTIME)) {
		assert_true(clock_now() < end);
		assert_int_equal(collector_tick(collector), 0);
		segment = segment_of(collector, ipcns, shmid);
	}
	return segment->facts;
}

/* ---- what it was told ------------------------------------------------------------------------ */

/* Of one segment, as it enters its history */
struct told {
	struct segment_id id;
	size_t calls, ends;
	struct event call, end; /* the last ones */
};

static void note(void *context, const struct model_event *entry)
{
	struct told *told = context;

	if (entry->segment.generation != told->id.generation)
		return;
	if (entry->event.op == FACT_SHMCTL) {
		told->calls++;
		told->call = entry->event;
	}
	if (entry->event.op == FACT_DESTROY) {
		told->ends++;
		told->end = entry->event;
	}
}

/* From now on; the facts of its row */
static struct segment_facts note_all(struct collector *collector, uint32_t ipcns, int shmid,
				     struct told *told)
{
	const struct segment_facts facts = facts_of(collector, ipcns, shmid);

	*told = (struct told){.id = segment_of(collector, ipcns, shmid)->id};
	model_set_sink(collector_model(collector), note, told);
	return facts;
}

static const struct segment *noted(struct collector *collector, const struct told *told)
{
	const struct segment *segment = model_find(collector_model(collector), &told->id);

	assert_non_null(segment);
	return segment;
}

static void assert_told(struct collector *collector, const struct told *told, int ret, size_t ends)
{
	const struct segment *segment = noted(collector, told);

	assert_int_equal(told->calls, 1);
	assert_int_equal(told->ends, ends);
	assert_int_equal(told->call.cmd, IPC_RMID);
	assert_int_equal(told->call.ret, ret);
	assert_int_equal(told->call.pid, getpid());
	assert_string_equal(told->call.comm, "test_removal");
	assert_int_equal(model_removal(segment)->time, told->call.time);
	assert_int_equal(model_removal(segment)->ret, ret);
	assert_int_equal(model_removal(segment)->pid, getpid());
}

/* By the removal itself, as everybody would be told who follows it */
static void assert_ended_by_it(struct collector *collector, const struct told *told)
{
	const struct segment *segment = noted(collector, told);

	assert_told(collector, told, 0, 1);
	assert_int_not_equal(segment->gone, 0);
	assert_int_equal(segment->gone_reason, FACT_REASON_IPC_RMID);
	assert_int_equal(told->end.reason, FACT_REASON_IPC_RMID);
	assert_int_equal(told->end.pid, getpid());
	assert_false(told->end.inferred);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_unattached(void **state)
{
	struct collector *collector = collector_start();
	const uint32_t here = namespaces_own();
	struct told told;
	uint64_t nattch = 7;
	int shmid;

	(void)state;
	shmid = segment_make();
	const struct segment_facts facts = note_all(collector, here, shmid, &told);

	assert_int_equal(collector_remove(collector, here, &facts, true, &nattch), 0);
	assert_int_equal(nattch, 0);
	/* At once, and no look changes it or tells it again. */
	for (int i = 0; i < 2; i++) {
		assert_ended_by_it(collector, &told);
		look(collector);
	}
	/* There is nothing left to try. */
	assert_int_equal(collector_remove(collector, here, &facts, true, &nattch), -EIDRM);
	look(collector);
	assert_ended_by_it(collector, &told);
	collector_close(collector);
}

/* A process that attaches the segment, and ends when `hold` is closed. Returns when it did. */
static pid_t attacher(int shmid, int hold[static 2])
{
	int done[2];
	char byte;

	assert_int_equal(pipe(done), 0);
	assert_int_equal(pipe(hold), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		close(hold[1]);
		if (shmat(shmid, NULL, 0) == (void *)-1 || write(done[1], "", 1) != 1)
			_exit(1);
		_exit(read(hold[0], &byte, 1) != 0);
	}
	close(hold[0]);
	close(done[1]);
	assert_int_equal(read(done[0], &byte, 1), 1);
	close(done[0]);
	return pid;
}

static void test_attached(void **state)
{
	struct collector *collector = collector_start();
	const uint32_t here = namespaces_own();
	struct told told;
	uint64_t nattch = 0;
	int hold[2], shmid;
	pid_t pid;

	(void)state;
	shmid = segment_make();
	pid = attacher(shmid, hold);
	const struct segment_facts facts = note_all(collector, here, shmid, &told);

	assert_int_equal(collector_remove(collector, here, &facts, true, &nattch), 0);
	assert_int_equal(nattch, 1);
	for (int i = 0; i < 2; i++) {
		assert_told(collector, &told, 0, 0);
		assert_int_equal(noted(collector, &told)->gone, 0);
		assert_true(noted(collector, &told)->facts.mode & FACT_MODE_DEST);
		look(collector);
	}
	close(hold[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	look_for_end(collector, here, shmid);
	assert_told(collector, &told, 0, 1);
	if (collector_probes(collector))
		assert_int_equal(noted(collector, &told)->gone_reason, FACT_REASON_LAST_DETACH);
	collector_close(collector);
}

static void set_effective(uint32_t capability, bool on)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uint32_t bit = 1u << capability % 32;

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	if (on)
		data[capability / 32].effective |= bit;
	else
		data[capability / 32].effective &= ~bit;
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void test_refused(void **state)
{
	struct collector *collector = collector_start();
	const uint32_t here = namespaces_own();
	struct told told;
	uint64_t nattch;
	int shmid;

	(void)state;
	assert_int_equal(seteuid(NOBODY), 0);
	shmid = segment_make();
	assert_int_equal(seteuid(0), 0);
	struct segment_facts facts = note_all(collector, here, shmid, &told);

	/* Of one that is another by now it is not even tried. */
	facts.size++;
	assert_int_equal(collector_remove(collector, here, &facts, true, &nattch), -ESTALE);
	assert_int_equal(told.calls, 0);
	facts.size--;
	set_effective(CAP_SYS_ADMIN, false);
	assert_int_equal(collector_remove(collector, here, &facts, true, &nattch), -EPERM);
	set_effective(CAP_SYS_ADMIN, true);
	for (int i = 0; i < 2; i++) {
		assert_told(collector, &told, -EPERM, 0);
		assert_int_equal(noted(collector, &told)->gone, 0);
		look(collector);
	}
	assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
	collector_close(collector);
}

/* In a namespace of their own: one that makes a segment, and one that stays when that has ended */
struct pair {
	pid_t first, second;
	uint32_t ipcns;
	int shmid;
};

/* The first: told the others by `answers`, both end when `hold` does. */
static void lead(int answers, int hold)
{
	struct pair pair = {.first = getpid()};
	char byte;

	if (unshare(CLONE_NEWIPC))
		_exit(1);
	pair.ipcns = namespaces_own();
	pair.shmid = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0644);
	pair.second = fork();
	if (pair.second != 0 && write(answers, &pair, sizeof(pair)) != sizeof(pair))
		_exit(1);
	close(answers);
	_exit(read(hold, &byte, 1) != 0);
}

static void pair_start(struct pair *pair, int hold[static 2])
{
	int answers[2];

	assert_int_equal(pipe(answers), 0);
	assert_int_equal(pipe(hold), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		close(hold[1]);
		lead(answers[1], hold[0]);
	}
	close(hold[0]);
	close(answers[1]);
	assert_int_equal(read(answers[0], pair, sizeof(*pair)), sizeof(*pair));
	close(answers[0]);
	assert_int_equal(pair->first, pid);
	assert_true(pair->second > 0 && pair->shmid >= 0);
}

/* The oldest process of a namespace is the way in: when it ends there may be others. */
static void test_way_in_has_ended(void **state)
{
	struct collector *collector;
	struct told told;
	struct pair pair;
	uint64_t nattch;
	int hold[2];

	(void)state;
	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	pair_start(&pair, hold);
	collector = collector_start();
	const struct segment_facts facts = note_all(collector, pair.ipcns, pair.shmid, &told);

	kill(pair.first, SIGKILL);
	assert_int_equal(waitpid(pair.first, NULL, 0), pair.first);
	assert_int_equal(collector_remove(collector, pair.ipcns, &facts, true, &nattch), 0);
	assert_ended_by_it(collector, &told);
	/* Both tables are read at the next tick. */
	look(collector);
	assert_ended_by_it(collector, &told);
	close(hold[1]);
	collector_close(collector);
}

static void test_no_way_in(void **state)
{
	struct collector *collector = collector_start();
	const struct segment_facts facts = {.known = FACT_COL_ALL, .shmid = 1};
	uint64_t nattch;

	(void)state;
	assert_int_equal(collector_remove(collector, 1, &facts, true, &nattch), -ESRCH);
	collector_close(collector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unattached), cmocka_unit_test(test_attached),
		cmocka_unit_test(test_refused),    cmocka_unit_test(test_way_in_has_ended),
		cmocka_unit_test(test_no_way_in),
	};

	may_unshare = unshare(CLONE_NEWIPC) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
