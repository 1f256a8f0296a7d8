/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in a real segment, shown by the program itself while the test writes to it. */
#include "tests/tap.h"

#include <sched.h>
#include <string.h>
#include <sys/shm.h>

#include "session.h"

enum { SIZE = 12345 };

static bool may_unshare; /* into a namespace of its own, as root */

static void assert_untouched(int shmid, const struct shmid_ds *before)
{
	struct shmid_ds now;

	assert_int_equal(shmctl(shmid, IPC_STAT, &now), 0);
	assert_int_equal(now.shm_nattch, before->shm_nattch);
	assert_int_equal(now.shm_lpid, before->shm_lpid);
	assert_int_equal(now.shm_atime, before->shm_atime);
	assert_int_equal(now.shm_dtime, before->shm_dtime);
}

static void test_what_is_written_is_seen(void **state)
{
	struct session *session = *state;
	struct shmid_ds before;
	char *memory;
	int shmid;

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	shmid = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	memory = shmat(shmid, NULL, 0);
	assert_ptr_not_equal(memory, (char *)-1);
	strcpy(memory, "Hello, peek!");
	session->arguments[0] = "-F";
	session->arguments[1] = "size=12345";
	session_start(session, 24, 100, NULL);
	session_assert_comes(session, " 1/1");
	/* The program was forked from here, and let go of the segment when it began. */
	assert_int_equal(shmctl(shmid, IPC_STAT, &before), 0);
	session_press(session, "x");
	session_assert_comes(session, "48 65 6c 6c 6f 2c 20 70  65 65 6b 21 00");
	session_assert_comes(session, "|Hello, peek!....|");
	session_assert_comes(session, " test_pty_peek");
	memory[1] = 'a';
	session_assert_comes(session, "48*61 6c 6c 6f 2c 20 70");
	/* At the next frame it has not changed again. */
	session_assert_comes(session, "48 61 6c 6c 6f 2c 20 70");
	session_press(session, "\033OF");
	session_assert_comes(session, "00003030  never written");
	assert_untouched(shmid, &before);

	/* It stays open while nobody has it attached. */
	shmdt(memory);
	session_assert_comes(session, "nobody has it attached");
	memory = shmat(shmid, NULL, 0);
	session_assert_comes(session, "never written");
	shmdt(memory);
	shmctl(shmid, IPC_RMID, NULL);
	session_assert_comes(session, "ended: nothing is left to look into");
	session_press(session, "Q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_written_is_seen, session_setup,
						session_teardown),
	};

	may_unshare = unshare(CLONE_NEWIPC) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
