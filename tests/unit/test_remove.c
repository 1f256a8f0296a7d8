/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/tap.h"

#include <errno.h>
#include <sched.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/clock.h"
#include "observe/namespaces.h"
#include "observe/remove.h"
#include "observe/sysvipc.h"

static bool may_unshare;

static struct namespace_facts here(void)
{
	return (struct namespace_facts){.ipcns = namespaces_own(), .pid = getpid()};
}

/* The facts of a fresh segment, as the table has them */
static struct segment_facts segment_new(void)
{
	struct sysvipc_table table = {0};
	struct segment_facts facts = {0};
	int shmid = shmget(IPC_PRIVATE, 12345, IPC_CREAT | 0600);

	assert_true(shmid >= 0);
	assert_int_equal(sysvipc_read(&table), 0);
	for (size_t i = 0; i < table.count; i++)
		if (table.rows[i].shmid == shmid)
			facts = table.rows[i];
	sysvipc_free(&table);
	assert_int_equal(facts.shmid, shmid);
	return facts;
}

static bool exists(int shmid)
{
	struct shmid_ds segment;

	return shmctl(shmid, IPC_STAT, &segment) == 0;
}

/* It is told as if it had been followed. */
static void assert_call(const struct event *call, const struct segment_facts *facts,
			uint64_t before)
{
	assert_in_range(call->time, before, clock_now());
	assert_in_range(call->took, 1, call->time - before);
	assert_int_equal(call->op, FACT_SHMCTL);
	assert_int_equal(call->cmd, IPC_RMID);
	assert_int_equal(call->ret, 0);
	assert_int_equal(call->ipcns, namespaces_own());
	assert_int_equal(call->shmid, facts->shmid);
	assert_int_equal(call->pid, getpid());
	assert_int_equal(call->tid, getpid());
	assert_int_equal(call->ppid, getppid());
	assert_int_equal(call->uid, getuid());
	assert_string_equal(call->comm, "test_remove");
	assert_int_not_equal(call->start_time, 0);
}

static void test_removes_what_is_meant(void **state)
{
	const struct namespace_facts place = here();
	uint64_t nattch = 7, before = clock_now();
	struct event call;

	(void)state;
	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	struct segment_facts facts = segment_new();

	assert_int_equal(remove_segment(&place, &facts, true, &nattch, &call), 0);
	assert_int_equal(nattch, 0);
	assert_false(exists(facts.shmid));
	assert_call(&call, &facts, before);
	assert_int_equal(remove_segment(&place, &facts, true, &nattch, &call), -EIDRM);
	assert_int_equal(call.time, 0);
}

static void test_removes_nothing_else(void **state)
{
	const struct namespace_facts place = here();
	uint64_t nattch;
	struct event call;

	(void)state;
	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	const struct segment_facts facts = segment_new();
	struct segment_facts other = facts;

	other.size++;
	assert_int_equal(remove_segment(&place, &other, true, &nattch, &call), -ESTALE);
	other = facts;
	other.ctime--;
	assert_int_equal(remove_segment(&place, &other, true, &nattch, &call), -ESTALE);
	other = facts;
	other.cpid++;
	assert_int_equal(remove_segment(&place, &other, true, &nattch, &call), -ESTALE);
	other = facts;
	other.known &= ~(uint32_t)FACT_COL_CTIME;
	assert_int_equal(remove_segment(&place, &other, true, &nattch, &call), -EINVAL);
	assert_int_equal(call.time, 0);
	assert_true(exists(facts.shmid));
	assert_int_equal(remove_segment(&place, &facts, true, &nattch, &call), 0);
}

static void test_tells_who_keeps_it(void **state)
{
	const struct namespace_facts place = here();
	uint64_t nattch = 0;
	struct event call;

	(void)state;
	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	const struct segment_facts facts = segment_new();
	void *address = shmat(facts.shmid, NULL, 0);

	assert_ptr_not_equal(address, (void *)-1);
	assert_int_equal(remove_segment(&place, &facts, false, &nattch, &call), -EBUSY);
	assert_int_equal(call.time, 0);
	assert_int_equal(remove_segment(&place, &facts, true, &nattch, &call), 0);
	assert_int_equal(nattch, 1);
	assert_true(exists(facts.shmid));
	shmdt(address);
	assert_false(exists(facts.shmid));
}

static void test_no_way_in(void **state)
{
	const struct namespace_facts place = {.ipcns = 1, .pid = getpid()};
	uint64_t nattch;
	struct event call;

	(void)state;
	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	const struct segment_facts facts = segment_new();

	assert_int_equal(remove_segment(&place, &facts, true, &nattch, &call), -ESRCH);
	assert_true(exists(facts.shmid));
	shmctl(facts.shmid, IPC_RMID, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_removes_what_is_meant),
		cmocka_unit_test(test_removes_nothing_else),
		cmocka_unit_test(test_tells_who_keeps_it),
		cmocka_unit_test(test_no_way_in),
	};

	may_unshare = unshare(CLONE_NEWIPC) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
