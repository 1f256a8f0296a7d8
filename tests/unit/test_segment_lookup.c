/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A segment is found by its key and its id, with all that the kernel says of it, and nothing is changed by that. */
#include "tests/tap.h"

#include <errno.h>
#include <sched.h>
#include <sys/shm.h>
#include <unistd.h>

#include "observe/segment_lookup.h"

enum { KEY = 0x7e570004 };

static bool is_private;

static int setup(void **state)
{
	(void)state;
	is_private = unshare(CLONE_NEWIPC) == 0;
	return 0;
}

static void it_is_found(void **state)
{
	struct segment_facts by_key, by_id;
	struct shmid_ds before, after;
	int shmid;

	(void)state;
	if (!is_private)
		skip_because("a private IPC namespace needs root");
	shmid = shmget(KEY, 5000, IPC_CREAT | IPC_EXCL | 0640);
	assert_true(shmid >= 0);
	assert_int_equal(shmctl(shmid, IPC_STAT, &before), 0);
	assert_int_equal(segment_lookup_key(KEY, &by_key), 0);
	assert_int_equal(segment_lookup_id(shmid, &by_id), 0);
	assert_memory_equal(&by_key, &by_id, sizeof(by_id));
	assert_int_equal(by_id.known, FACT_COL_ALL & ~(FACT_COL_RSS | FACT_COL_SWAP));
	assert_int_equal(by_id.shmid, shmid);
	assert_int_equal(by_id.key, KEY);
	assert_int_equal(by_id.size, 5000);
	assert_int_equal(by_id.mode, 0640);
	assert_int_equal(by_id.cpid, getpid());
	assert_int_equal(by_id.uid, geteuid());
	assert_int_equal(by_id.nattch, 0);
	assert_int_equal(by_id.ctime, before.shm_ctime);
	assert_int_equal(shmctl(shmid, IPC_STAT, &after), 0);
	assert_memory_equal(&before, &after, sizeof(after));
	assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
	assert_int_equal(segment_lookup_id(shmid, &by_id), -ENOENT);
	assert_int_equal(segment_lookup_key(KEY, &by_key), -ENOENT);
}

/* That there is one is known even of one that may not be looked at. */
static void it_may_be_refused(void **state)
{
	struct segment_facts facts;
	int shmid;

	(void)state;
	if (!is_private)
		skip_because("a private IPC namespace needs root");
	shmid = shmget(KEY, 5000, IPC_CREAT | IPC_EXCL | 0600);
	assert_true(shmid >= 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(segment_lookup_key(KEY, &facts), -EACCES);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(facts.known, FACT_COL_SHMID);
	assert_int_equal(facts.shmid, shmid);
	assert_int_equal(shmctl(shmid, IPC_RMID, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_found),
		cmocka_unit_test(it_may_be_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
