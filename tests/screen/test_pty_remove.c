/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The removal of real segments by the program itself: of its own namespace, of another, and of one that
 * was replaced between the question and the answer. All in private IPC namespaces.
 */
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session.h"

#define F9 "\033[20~"
enum { SIZE = 12345, NOBODY = 65534 };

static bool may_unshare; /* into a namespace of its own, as root */

static int segment_make(size_t size)
{
	int shmid = shmget(IPC_PRIVATE, size, IPC_CREAT | 0644);

	assert_true(shmid >= 0);
	return shmid;
}

/* Its mode, or -errno */
static int segment_mode(int shmid)
{
	struct shmid_ds facts;

	return shmctl(shmid, IPC_STAT, &facts) ? -errno : (int)facts.shm_perm.mode;
}

static void segment_end(int shmid)
{
	shmctl(shmid, IPC_RMID, NULL);
}

/* Opens the view on segments of that size; the cursor is on the one there is. */
static void open_view(struct session *session, void (*child)(const struct session *session))
{
	session->arguments[0] = "--allow-remove";
	session->arguments[1] = "-F";
	session->arguments[2] = "size=12345";
	session_start(session, 24, 100, child);
	session_assert_comes(session, " 1/1");
	session_assert_comes(session, "F9Remove");
}

static void ask(struct session *session, int shmid)
{
	char text[64];

	session_press(session, F9);
	snprintf(text, sizeof(text), "Type %d to remove it:", shmid);
	session_assert_comes(session, text);
}

/* Answers with the number, and waits for what comes of it. */
static void confirm(struct session *session, int shmid, const char *result)
{
	char text[160];

	snprintf(text, sizeof(text), "%d\r", shmid);
	session_press(session, text);
	snprintf(text, sizeof(text), "%d %s", shmid, result);
	session_assert_comes(session, text);
}

/* Among the events is the call, with what the kernel said. */
static void assert_event(struct session *session, int shmid, const char *result)
{
	char text[64];

	session_press(session, "2");
	snprintf(text, sizeof(text), "shmctl(%d, IPC_RMID)", shmid);
	session_assert_comes(session, text);
	session_assert_comes(session, result);
}

static void close_view(struct session *session)
{
	session_press(session, "q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

static void test_own_namespace(void **state)
{
	struct session *session = *state;
	int shmid, other;

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	other = segment_make(SIZE + 1);
	shmid = segment_make(SIZE);
	open_view(session, NULL);
	ask(session, shmid);
	session_assert_comes(session, "It goes at once");
	session_press(session, "\r");
	session_assert_comes(session, "another number is asked for");
	assert_true(segment_mode(shmid) >= 0);
	confirm(session, shmid, "is removed (12.0K)");
	assert_int_equal(segment_mode(shmid), -EINVAL);
	assert_true(segment_mode(other) >= 0);
	assert_event(session, shmid, "= 0");
	session_assert_comes(session, "destroy (ipc_rmid)");
	close_view(session);
	segment_end(other);
}

static void test_attached(void **state)
{
	struct session *session = *state;
	void *address;
	char row[32];
	int shmid;

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	shmid = segment_make(SIZE);
	address = shmat(shmid, NULL, 0);
	assert_ptr_not_equal(address, (void *)-1);
	open_view(session, NULL);
	ask(session, shmid);
	session_assert_comes(session, "D It stays, marked dest, until the last of 1 attachment");
	session_assert_comes(session, "Held by 1 process:");
	session_assert_comes(session, "test_pty_remove");
	confirm(session, shmid, "is marked dest");
	assert_true(segment_mode(shmid) & SHM_DEST);
	snprintf(row, sizeof(row), "%d D ", shmid);
	session_assert_comes(session, row);
	session_press(session, F9);
	session_assert_comes(session, "not removed: it is removed already");
	close_view(session);
	shmdt(address);
	assert_int_equal(segment_mode(shmid), -EINVAL);
}

/* The kernel gives the next segment this shmid, where it can be told to. */
static bool next_shmid(int shmid)
{
	FILE *file = fopen("/proc/sys/kernel/shm_next_id", "w");
	bool written = file && fprintf(file, "%d\n", shmid) > 0;

	return file && fclose(file) == 0 && written;
}

static void test_replaced(void **state)
{
	struct session *session = *state;
	int shmid;

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	shmid = segment_make(SIZE);
	open_view(session, NULL);
	ask(session, shmid);
	segment_end(shmid);
	if (!next_shmid(shmid))
		skip_because("this kernel gives no shmid that is asked for");
	assert_int_equal(segment_make(2 * SIZE), shmid);
	confirm(session, shmid, "was not removed: it was changed, or is another one by now");
	assert_true(segment_mode(shmid) >= 0);
	segment_end(shmid);
	close_view(session);
}

static void test_gone(void **state)
{
	struct session *session = *state;
	int shmid;

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	shmid = segment_make(SIZE);
	open_view(session, NULL);
	ask(session, shmid);
	segment_end(shmid);
	session_assert_comes(session, "It has ended meanwhile");
	confirm(session, shmid, "was not removed: somebody else was faster");
	close_view(session);
}

/* Root, but not mightier than other users where IPC_RMID is concerned */
static void run_weak(const struct session *session)
{
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0))
		_exit(126);
	session_run_program(session);
}

static void test_not_allowed(void **state)
{
	struct session *session = *state;
	int shmid;

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	assert_int_equal(seteuid(NOBODY), 0);
	shmid = segment_make(SIZE);
	assert_int_equal(seteuid(0), 0);
	open_view(session, run_weak);
	ask(session, shmid);
	confirm(session, shmid, "was not removed: EPERM");
	assert_true(segment_mode(shmid) >= 0);
	assert_event(session, shmid, "EPERM");
	close_view(session);
	segment_end(shmid);
}

/* Makes a segment in a namespace of its own, tells its shmid, and then, asked by a byte, its mode. */
static void elsewhere(int answers, int questions)
{
	char question;
	int answer = unshare(CLONE_NEWIPC) ? -1 : shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0644);
	int shmid = answer;

	while (write(answers, &answer, sizeof(answer)) == sizeof(answer) &&
	       read(questions, &question, 1) == 1)
		answer = segment_mode(shmid);
	_exit(0);
}

static void test_other_namespace(void **state)
{
	struct session *session = *state;
	int answers[2], questions[2], shmid, mode;

	if (!may_unshare)
		skip_because("no IPC namespace of its own: needs root");
	/* The same shmid here is not what is meant. */
	int here = segment_make(SIZE + 1);

	assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
	assert_int_equal(pipe2(questions, O_CLOEXEC), 0);
	session->helper_pid = fork();
	assert_true(session->helper_pid >= 0);
	if (session->helper_pid == 0) {
		close(questions[1]);
		elsewhere(answers[1], questions[0]);
	}
	close(answers[1]);
	close(questions[0]);
	session->helper = questions[1];
	assert_int_equal(read(answers[0], &shmid, sizeof(shmid)), sizeof(shmid));
	assert_true(shmid >= 0);
	open_view(session, NULL);
	ask(session, shmid);
	confirm(session, shmid, "is removed");
	assert_int_equal(write(questions[1], "?", 1), 1);
	assert_int_equal(read(answers[0], &mode, sizeof(mode)), sizeof(mode));
	assert_int_equal(mode, -EINVAL);
	assert_true(segment_mode(here) >= 0);
	close_view(session);
	close(answers[0]);
	segment_end(here);
}

/* Not even a question without the option */
static void test_not_without_the_option(void **state)
{
	struct session *session = *state;

	session_start(session, 24, 100, NULL);
	session_assert_comes(session, "[1:Segments]");
	assert_false(emulator_shows(&session->emulator, "F9Remove"));
	session_press(session, F9);
	session_assert_comes(session, "nothing is removed without --allow-remove");
	close_view(session);
}

int main(void)
{
#define REMOVE_TEST(function) \
	cmocka_unit_test_setup_teardown(function, session_setup, session_teardown)
	const struct CMUnitTest tests[] = {
		REMOVE_TEST(test_not_without_the_option),
		REMOVE_TEST(test_own_namespace),
		REMOVE_TEST(test_attached),
		REMOVE_TEST(test_replaced),
		REMOVE_TEST(test_gone),
		REMOVE_TEST(test_not_allowed),
		REMOVE_TEST(test_other_namespace),
	};

	may_unshare = unshare(CLONE_NEWIPC) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
