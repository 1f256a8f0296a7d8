/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "tests/tap.h"

int session_setup(void **state)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return -1;
	*session = (struct session){.terminal = "xterm-256color", .helper = -1};
	session->emulator.master = -1;
	session->pid = session->helper_pid = -1;
	*state = session;
	return 0;
}

int session_teardown(void **state)
{
	struct session *session = *state;

	if (session->pid > 0) {
		kill(session->pid, SIGKILL);
		waitpid(session->pid, NULL, 0);
	}
	if (session->helper >= 0)
		close(session->helper);
	if (session->helper_pid > 0)
		waitpid(session->helper_pid, NULL, 0);
	if (session->emulator.terminal)
		emulator_close(&session->emulator);
	free(session);
	return 0;
}

const char *session_program(void)
{
	const char *path = getenv("SHMTOP");

	return path && *path ? path : "build/shmtop";
}

void session_run_program(const struct session *session)
{
	char *argv[SESSION_ARGUMENTS + 3] = {strdup(session_program()), strdup("--probe=poll")};
	const struct rlimit no_core = {0, 0};

	for (size_t i = 0; i < SESSION_ARGUMENTS && session->arguments[i]; i++)
		argv[i + 2] = strdup(session->arguments[i]);
	setrlimit(RLIMIT_CORE, &no_core);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("XDG_CONFIG_HOME", "/dev/null/none", 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	if (session->terminal)
		setenv("TERM", session->terminal, 1);
	else
		unsetenv("TERM");
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

void session_start(struct session *session, int rows, int columns,
		   void (*child)(const struct session *session))
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	int master, slave;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	fcntl(master, F_SETFD, FD_CLOEXEC);
	/* Once the program runs they may be its own. */
	assert_int_equal(tcgetattr(master, &session->before), 0);
	session->pid = fork();
	assert_true(session->pid >= 0);
	if (session->pid == 0) {
		login_tty(slave);
		(child ? child : session_run_program)(session);
	}
	close(slave);
	emulator_open(&session->emulator, rows, columns, master);
}

void session_print(struct session *session)
{
	char *text = emulator_text(&session->emulator);
	char *line = text;

	while (line && *line)
		print_error("%s\n", strsep(&line, "\n"));
	free(text);
}

void session_assert_comes(struct session *session, const char *text)
{
	if (emulator_wait(&session->emulator, text, SESSION_WAIT_MS))
		return;
	session_print(session);
	fail_msg("did not come on the screen: %s", text);
}

void session_assert_goes(struct session *session, const char *text)
{
	long end = emulator_clock() + SESSION_WAIT_MS;

	while (emulator_shows(&session->emulator, text)) {
		if (emulator_clock() >= end || emulator_read(&session->emulator, 100) < 0) {
			session_print(session);
			fail_msg("stays on the screen: %s", text);
		}
	}
}

void session_press(struct session *session, const char *keys)
{
	assert_int_equal(write(session->emulator.master, keys, strlen(keys)), strlen(keys));
}

int session_ended(struct session *session, int ms)
{
	long end = emulator_clock() + ms;
	int status;

	while (waitpid(session->pid, &status, WNOHANG) == 0) {
		if (emulator_clock() >= end)
			return -1;
		if (session->emulator.master < 0 || emulator_read(&session->emulator, 20) < 0)
			usleep(1000);
	}
	session->pid = -1;
	while (session->emulator.master >= 0 && emulator_read(&session->emulator, 0) > 0)
		;
	return status;
}

void session_assert_given_back(struct session *session)
{
	struct termios after;

	assert_int_equal(tcgetattr(session->emulator.master, &after), 0);
	assert_int_equal(after.c_iflag, session->before.c_iflag);
	assert_int_equal(after.c_oflag, session->before.c_oflag);
	assert_int_equal(after.c_cflag, session->before.c_cflag);
	assert_int_equal(after.c_lflag, session->before.c_lflag);
	assert_memory_equal(after.c_cc, session->before.c_cc, sizeof(after.c_cc));
	assert_false(session->emulator.alternate);
	assert_true(session->emulator.cursor_visible);
	assert_false(session->emulator.keypad);
	assert_false(session->emulator.mouse);
}
