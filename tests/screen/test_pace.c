/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program itself on a pty: how often it looks, and that a held picture is held while it does. */
#include "tests/tap.h"

#include <stdio.h>
#include <sys/shm.h>
#include <unistd.h>

#include "session.h"

/* Ten are a second, after which the clock of a frame is another one. */
enum { LOOKS = 15 };
enum { EVENTS = 4000, QUIET_MS = 500 };

/* Bytes that the program has read so far: each look reads the tables. -1 where the kernel does not count. */
static long long session_read_bytes(const struct session *session)
{
	char path[64], line[64];
	long long bytes = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/io", session->pid);
	in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "rchar: %lld", &bytes) == 1)
			break;
	if (in)
		fclose(in);
	return bytes;
}

/* Waits until the program has looked some times. False: it does not. */
static bool session_looks(struct session *session)
{
	long long before = session_read_bytes(session), now = before;
	long end = emulator_clock() + SESSION_WAIT_MS;
	int looks = 0;

	if (before < 0)
		skip_because("the kernel does not count what a process reads");
	while (looks < LOOKS && emulator_clock() < end) {
		emulator_read(&session->emulator, 10);
		now = session_read_bytes(session);
		looks += now != before;
		before = now;
	}
	return looks == LOOKS;
}

static void close_view(struct session *session)
{
	session_press(session, "q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

static void test_pause_goes_on_looking(void **state)
{
	struct session *session = *state;
	size_t fed;

	session->arguments[0] = "-d";
	session->arguments[1] = "0.1";
	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "LIVE 0.1s");
	session_press(session, "z");
	session_assert_comes(session, "PAUSED");
	/* The rest of that frame */
	assert_true(session_looks(session));
	fed = session->emulator.fed;
	assert_true(session_looks(session));
	assert_int_equal(session->emulator.fed, fed);
	session_press(session, "z");
	session_assert_comes(session, "LIVE");
	close_view(session);
}

static void test_interval_is_followed(void **state)
{
	struct session *session = *state;

	session->arguments[0] = "-d";
	session->arguments[1] = "3600";
	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "LIVE 3600.0s");
	session_press(session, "---------");
	session_assert_comes(session, "LIVE 0.1s");
	assert_true(session_looks(session));
	close_view(session);
}

/* So many fill a small ring many times over: the program reads them as they come, and draws at the tick. */
static void test_events_wait_for_the_tick(void **state)
{
	static const char *const arguments[] = {"--probe=auto", "-d", "3600", "--ring-size", "64K"};
	struct session *session = *state;

	if (geteuid() != 0)
		skip_because("without root there are no events");
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		session->arguments[i] = arguments[i];
	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "[1:Segments]");
	while (emulator_read(&session->emulator, QUIET_MS) > 0)
		;
	for (int i = 0; i < EVENTS; i++)
		assert_int_equal(shmctl(shmget(IPC_PRIVATE, 4096, 0600), IPC_RMID, NULL), 0);
	assert_int_equal(emulator_read(&session->emulator, QUIET_MS), 0);
	session_press(session, "2");
	session_assert_comes(session, "shmctl(");
}

int main(void)
{
#define PACE_TEST(function) \
	cmocka_unit_test_setup_teardown(function, session_setup, session_teardown)
	const struct CMUnitTest tests[] = {
		PACE_TEST(test_pause_goes_on_looking),
		PACE_TEST(test_interval_is_followed),
		PACE_TEST(test_events_wait_for_the_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
