/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes over the wire becomes an event, or is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/types.h>

#include "bpf/shm_event.h"
#include "observe/record.h"
#include "tests/unit/chance.h"

static struct shm_event record_of(enum shm_event_kind kind, int64_t ret)
{
	struct shm_event record = {
		.size = sizeof(record),
		.kind = (__u8)kind,
		.ipcns = 1,
		.time = 2,
		.took = 3,
		.mm = 4,
		.start_time = 5,
		.cgroup = 6,
		.tgid = 7,
		.tid = 8,
		.ppid = 9,
		.inner_pid = 10,
		.uid = 11,
		.gid = 12,
		.comm = "bash",
		.ret = ret,
	};

	return record;
}

static struct event decode(const struct shm_event *record)
{
	struct event event;

	assert_int_equal(record_decode(record, sizeof(*record), &event), 0);
	return event;
}

static void test_common(void **state)
{
	const struct shm_event record = record_of(SHM_EVENT_SHMDT, -EINVAL);
	const struct event event = decode(&record);

	(void)state;
	assert_int_equal(event.op, FACT_SHMDT);
	assert_int_equal(event.ipcns, 1);
	assert_int_equal(event.time, 2);
	assert_int_equal(event.took, 3);
	assert_int_equal(event.mm, 4);
	assert_int_equal(event.start_time, 5);
	assert_int_equal(event.cgroup, 6);
	assert_int_equal(event.pid, 7);
	assert_int_equal(event.tid, 8);
	assert_int_equal(event.ppid, 9);
	assert_int_equal(event.inner_pid, 10);
	assert_int_equal(event.uid, 11);
	assert_int_equal(event.gid, 12);
	assert_string_equal(event.comm, "bash");
	assert_int_equal(event.ret, -EINVAL);
}

static void test_shmget(void **state)
{
	struct shm_event record = record_of(SHM_EVENT_SHMGET, 32769);

	(void)state;
	record.flags = SHM_EVENT_CREATED;
	record.shmget.key = -5;
	record.shmget.flags = 01600;
	record.shmget.bytes = UINT64_C(1) << 40;
	record.shmget.pgid = 77;

	struct event event = decode(&record);

	assert_int_equal(event.shmid, 32769);
	assert_true(event.created);
	assert_false(event.sampled);
	assert_int_equal(event.key, -5);
	assert_int_equal(event.flags, 01600);
	assert_int_equal(event.size, UINT64_C(1) << 40);
	assert_int_equal(event.pgid, 77);
	record.flags = SHM_EVENT_SAMPLED;
	assert_true(decode(&record).sampled);
	assert_false(decode(&record).created);
	record.ret = -ENOSPC;
	record.flags = 0;
	event = decode(&record);
	assert_int_equal(event.shmid, -1);
	assert_false(event.created);
}

static void test_shmat_and_shmdt(void **state)
{
	struct shm_event record = record_of(SHM_EVENT_SHMAT, 0x7fffffffe000);

	(void)state;
	record.shmat.shmid = 3;
	record.shmat.flags = SHM_RDONLY;
	record.shmat.addr = 0x1000;

	struct event event = decode(&record);

	assert_int_equal(event.shmid, 3);
	assert_int_equal(event.flags, SHM_RDONLY);
	assert_int_equal(event.addr, 0x1000);
	assert_int_equal(event.ret, 0x7fffffffe000);

	record = record_of(SHM_EVENT_SHMDT, 0);
	record.shmdt.addr = 0x2000;
	record.shmdt.shmid = -1;
	event = decode(&record);
	assert_int_equal(event.addr, 0x2000);
	assert_int_equal(event.shmid, -1);
}

static void test_shmctl(void **state)
{
	static const struct {
		int32_t cmd, argument;
		int64_t ret;
		int32_t shmid;
	} cases[] = {
		{IPC_RMID, 5, 0, 5},  {IPC_STAT, 5, -EINVAL, 5},   {IPC_INFO, 5, 9, -1},
		{SHM_INFO, 5, 9, -1}, {SHM_STAT, 5, 32773, 32773}, {SHM_STAT_ANY, 5, -EINVAL, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shm_event record = record_of(SHM_EVENT_SHMCTL, cases[i].ret);

		record.shmctl.shmid = cases[i].argument;
		record.shmctl.cmd = cases[i].cmd | 0x100;

		const struct event event = decode(&record);

		assert_int_equal(event.cmd, cases[i].cmd);
		assert_int_equal(event.shmid, cases[i].shmid);
	}
}

static void test_set(void **state)
{
	struct shm_event record = record_of(SHM_EVENT_SHMCTL, 0);
	struct event event;

	(void)state;
	record.shmctl.cmd = IPC_SET;
	record.shmctl.set_uid = 26;
	record.shmctl.set_gid = 27;
	record.shmctl.set_mode = 0170640;
	event = decode(&record);
	assert_false(event.has_set);
	assert_int_equal(event.set_uid, 0);
	record.flags = SHM_EVENT_SET;
	event = decode(&record);
	assert_true(event.has_set);
	assert_int_equal(event.set_uid, 26);
	assert_int_equal(event.set_gid, 27);
	assert_int_equal(event.set_mode, 0640);
}

static void test_caller(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct shm_failure record = {
		.event = record_of(SHM_EVENT_SHMGET, -ENOMEM),
		.caller = {.capabilities = 3,
			   .pages = 10,
			   .locked_pages = 4,
			   .mm_flags = 0x2000,
			   .most_bytes = 99,
			   .most_locked = UINT64_MAX,
			   .mappings = 17,
			   .euid = 5,
			   .fsgid = 6,
			   .flags = SHM_CALLER_IPC_OWNER},
	};
	struct caller_facts caller;

	(void)state;
	record.event.size = sizeof(record);
	assert_false(record_caller(&record, sizeof(record), &caller));
	record.event.flags = SHM_EVENT_CALLER;
	assert_true(record_caller(&record, sizeof(record), &caller));
	assert_int_equal(caller.capabilities, 3);
	assert_int_equal(caller.size, 10 * page);
	assert_int_equal(caller.locked, 4 * page);
	assert_true(caller.locks_future);
	assert_int_equal(caller.most_size, 99);
	assert_true(caller.most_locked == UINT64_MAX);
	assert_int_equal(caller.mappings, 17);
	assert_int_equal(caller.euid, 5);
	assert_int_equal(caller.fsgid, 6);
	assert_true(caller.ipc_userns);
	assert_false(caller.initial_userns);
	record.caller.mm_flags = 0;
	record.caller.flags = SHM_CALLER_INITIAL;
	assert_true(record_caller(&record, sizeof(record), &caller));
	assert_false(caller.locks_future || caller.ipc_userns);
	assert_true(caller.initial_userns);

	/* A record that is cut, or says that it is shorter */
	assert_false(record_caller(&record, sizeof(record) - 1, &caller));
	record.event.size = sizeof(record.event);
	assert_false(record_caller(&record, sizeof(record), &caller));
	assert_false(record_caller(&record, 0, &caller));
}

static void test_life(void **state)
{
	struct shm_event record = record_of(SHM_EVENT_FORK, 0);

	(void)state;
	record.fork.child = 70;
	record.fork.child_mm = 71;
	record.fork.child_start_time = 72;

	struct event event = decode(&record);

	assert_false(event.aside);
	record.flags = SHM_EVENT_ASIDE;
	assert_true(decode(&record).aside);
	assert_int_equal(event.op, FACT_FORK);
	assert_int_equal(event.child, 70);
	assert_int_equal(event.child_mm, 71);
	assert_int_equal(event.child_start_time, 72);
	assert_int_equal(event.shmid, -1);

	record = record_of(SHM_EVENT_EXEC, 0);
	record.exec.new_mm = 80;
	event = decode(&record);
	assert_int_equal(event.op, FACT_EXEC);
	assert_int_equal(event.child_mm, 80);

	record = record_of(SHM_EVENT_EXIT, 0);
	record.exit.status = 0x8b;
	event = decode(&record);
	assert_int_equal(event.op, FACT_EXIT);
	assert_int_equal(event.status, 0x8b);
}

/* A comm need not be terminated, and may hold anything. */
static void test_hostile_comm(void **state)
{
	struct shm_event record = record_of(SHM_EVENT_SHMDT, 0);

	(void)state;
	memset(record.comm, '\x1b', sizeof(record.comm));
	record.ret = -1;

	const struct event event = decode(&record);

	assert_int_equal(strlen(event.comm) % 4, 0);
	assert_memory_equal(event.comm, "\\x1b\\x1b", 8);
}

static void test_refused(void **state)
{
	struct shm_event record = record_of(SHM_EVENT_SHMDT, 0);
	struct event event;
	struct {
		struct shm_event known;
		char more[16];
	} longer = {.known = record};

	(void)state;
	assert_int_equal(record_decode(&record, sizeof(record) - 1, &event), -EINVAL);
	assert_int_equal(record_decode(&record, 0, &event), -EINVAL);
	record.size = sizeof(record) + 8;
	assert_int_equal(record_decode(&record, sizeof(record), &event), -EINVAL);
	record.size = sizeof(record) - 8;
	assert_int_equal(record_decode(&record, sizeof(record), &event), -EINVAL);
	record.size = sizeof(record);
	record.kind = 0;
	assert_int_equal(record_decode(&record, sizeof(record), &event), -EINVAL);
	record.kind = SHM_EVENT_KINDS;
	assert_int_equal(record_decode(&record, sizeof(record), &event), -EINVAL);
	longer.known.size = sizeof(longer);
	assert_int_equal(record_decode(&longer, sizeof(longer), &event), 0);
	assert_int_equal(event.pid, 7);
}

static void test_mapping(void **state)
{
	static const struct {
		enum shm_reason wire;
		enum fact_reason reason;
	} cases[] = {
		{SHM_REASON_UNKNOWN, FACT_REASON_UNKNOWN}, {SHM_REASON_SHMAT, FACT_REASON_SHMAT},
		{SHM_REASON_FORK, FACT_REASON_FORK},       {SHM_REASON_SPLIT, FACT_REASON_SPLIT},
		{SHM_REASON_SHMDT, FACT_REASON_SHMDT},     {SHM_REASON_MUNMAP, FACT_REASON_MUNMAP},
		{SHM_REASON_REMAP, FACT_REASON_REMAP},     {SHM_REASON_EXEC, FACT_REASON_EXEC},
		{SHM_REASON_EXIT, FACT_REASON_EXIT},       {SHM_REASONS, FACT_REASON_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shm_event record = record_of(i % 2 ? SHM_EVENT_ATTACH : SHM_EVENT_DETACH, 0);

		record.attach.start = 0x7f0000001000;
		record.attach.end = 0x7f0000004000;
		record.attach.offset = 0x2000;
		record.attach.shmid = 0;
		record.attach.vm_flags = 0x1 | 0x400000;
		record.attach.reason = cases[i].wire;

		const struct event event = decode(&record);

		assert_int_equal(event.op, i % 2 ? FACT_ATTACH : FACT_DETACH);
		assert_int_equal(event.reason, cases[i].reason);
		assert_int_equal(event.shmid, 0);
		assert_int_equal(event.addr, 0x7f0000001000);
		assert_int_equal(event.size, 0x3000);
		assert_int_equal(event.offset, 0x2000);
		assert_int_equal(event.maps, 1);
		assert_int_equal(event.flags, ATTACHMENT_READ | ATTACHMENT_HUGETLB);
	}
}

static void test_destroy(void **state)
{
	static const struct {
		enum shm_reason wire;
		enum fact_reason reason;
	} cases[] = {
		{SHM_REASON_IPC_RMID, FACT_REASON_IPC_RMID},
		{SHM_REASON_LAST_DETACH, FACT_REASON_LAST_DETACH},
		{SHM_REASON_NAMESPACE, FACT_REASON_NAMESPACE},
		{SHM_REASON_FORCED, FACT_REASON_FORCED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shm_event record = record_of(SHM_EVENT_DESTROY, 0);

		record.destroy.shmid = 77;
		record.destroy.reason = cases[i].wire;

		const struct event event = decode(&record);

		assert_int_equal(event.op, FACT_DESTROY);
		assert_int_equal(event.shmid, 77);
		assert_int_equal(event.reason, cases[i].reason);
	}
}

static void test_noise(void **state)
{
	struct chance chance = {.state = 815};
	struct event event;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const size_t length = chance_below(&chance, 2 * sizeof(struct shm_event));
		unsigned char *bytes = malloc(length ? length : 1);

		assert_non_null(bytes);
		for (size_t at = 0; at < length; at++)
			bytes[at] = (unsigned char)chance_next(&chance);
		if (length > 2 && i % 2) {
			bytes[0] = (unsigned char)length;
			bytes[1] = 0;
			bytes[2] &= 15;
		}
		if (!record_decode(bytes, length, &event))
			assert_true(event.op < FACT_OPS);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_shmget),
		cmocka_unit_test(test_shmat_and_shmdt),
		cmocka_unit_test(test_shmctl),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_caller),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_mapping),
		cmocka_unit_test(test_destroy),
		cmocka_unit_test(test_hostile_comm),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
