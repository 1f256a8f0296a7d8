/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program itself on a pty: keys, sizes, terminals, and that the terminal is given back whatever ends
 * it. It looks without BPF here: what it shows does not matter, how it treats the terminal does.
 */
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "session.h"

enum { HANG_UP_MS = 1000, STORM = 300 };
#define ESCAPE "\033"

/* ---- keys and sizes -------------------------------------------------------------------------- */

static void test_keys(void **state)
{
	struct session *session = *state;

	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "[1:Segments]");
	assert_true(session->emulator.alternate);
	assert_false(session->emulator.cursor_visible);
	/* Before the first key, which may be an arrow */
	assert_true(session->emulator.keypad);
	session_press(session, "2");
	session_assert_comes(session, "[2:Events]");
	session_press(session, "h");
	session_assert_comes(session, "[Help]");
	session_press(session, ESCAPE);
	session_assert_comes(session, "[2:Events]");
	session_press(session, "\033[Z");
	session_assert_comes(session, "[1:Segments]");
	session_press(session, "z");
	session_assert_comes(session, "PAUSED");
	session_press(session, "z+");
	session_assert_comes(session, "LIVE 2.0s");
	session_press(session, "\\sise>1\r");
	session_assert_comes(session, "^ ");
	session_press(session, ESCAPE "q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

/* What the last frame leaves: tabs to the edges of 90 columns, and the bar, drawn last. */
static bool storm_is_over(struct session *session)
{
	char *tabs = emulator_line(&session->emulator, 4);
	char *bar = emulator_line(&session->emulator, 29);
	size_t tabs_length = strlen(tabs), bar_length = strlen(bar);
	bool over = strncmp(tabs, "[1:Segments]", 12) == 0 && tabs_length == 90 &&
		    strcmp(tabs + 87, "0/0") == 0 && strncmp(bar, "F1Help ", 7) == 0 &&
		    strcmp(bar + bar_length - 5, "qQuit") == 0;

	free(tabs);
	free(bar);
	return over;
}

static void wait_for_calm(struct session *session)
{
	long end = emulator_clock() + SESSION_WAIT_MS;

	while (!storm_is_over(session) && emulator_clock() < end)
		emulator_read(&session->emulator, 50);
	if (!storm_is_over(session)) {
		session_print(session);
		fail_msg("the last frame is not whole");
	}
}

static void test_resize_storm(void **state)
{
	struct session *session = *state;
	unsigned int chance = 1;
	char *before, *after;

	session->arguments[0] = "-F";
	session->arguments[1] = "id=-1";
	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "[1:Segments]");
	session_press(session, "z");
	session_assert_comes(session, "PAUSED");
	for (int i = 0; i < STORM; i++) {
		chance = chance * 1103515245 + 12345;
		emulator_resize(&session->emulator, 1 + (int)(chance >> 16) % 200,
				1 + (int)(chance >> 8) % 500);
		emulator_read(&session->emulator, i % 10 == 0);
	}
	emulator_resize(&session->emulator, 1, 1);
	emulator_resize(&session->emulator, 30, 90);
	wait_for_calm(session);
	before = emulator_text(&session->emulator);
	/* Drawn again as a whole, and by what changes */
	session_press(session, "\f2");
	session_assert_comes(session, "[2:Events]");
	session_press(session, "1");
	wait_for_calm(session);
	after = emulator_text(&session->emulator);
	/* The first line has a clock. */
	assert_string_equal(strchr(before, '\n'), strchr(after, '\n'));
	free(before);
	free(after);
	session_press(session, "q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

static void test_tiny(void **state)
{
	struct session *session = *state;

	session_start(session, 1, 1, NULL);
	/* The first character of what does not fit */
	while (emulator_cell(&session->emulator, 0, 0).chars[0] == 0)
		assert_true(emulator_read(&session->emulator, SESSION_WAIT_MS) > 0);
	emulator_resize(&session->emulator, 7, 60);
	session_assert_comes(session, "q quits; shmtop needs 40x8, not 60x7");
	session_press(session, "q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

/* ---- terminals ------------------------------------------------------------------------------- */

static void test_terminals(void **state)
{
	static const char *const terminals[] = {
		"xterm-256color", "xterm", "vt100", "linux", "screen", "tmux", "no-such-terminal"};
	struct session *session = *state;

	for (size_t i = 0; i < sizeof(terminals) / sizeof(terminals[0]); i++) {
		print_message("# TERM=%s\n", terminals[i]);
		session->terminal = terminals[i];
		session_start(session, 24, 80, NULL);
		session_assert_comes(session, "[1:Segments]");
		session_press(session, "h");
		session_assert_comes(session, "[Help]");
		session_press(session, "Q");
		assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
		session_assert_given_back(session);
		emulator_close(&session->emulator);
	}
}

static void test_dumb_terminal_is_refused(void **state)
{
	static const char *const terminals[] = {"dumb", "", NULL};
	struct session *session = *state;

	for (size_t i = 0; i < sizeof(terminals) / sizeof(terminals[0]); i++) {
		int status;

		session->terminal = terminals[i];
		session_start(session, 24, 80, NULL);
		session_assert_comes(session, "shmtop: ");
		session_assert_comes(session, "TERM");
		session_assert_comes(session, "-b");
		status = session_ended(session, SESSION_WAIT_MS);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 1);
		session_assert_given_back(session);
		emulator_close(&session->emulator);
	}
}

/* All descriptions of terminals but that of a vt100 are gone, for this process. */
static void run_among_vt100s(const struct session *session)
{
	static const char *const folders[] = {"/etc/terminfo", "/usr/share/terminfo",
					      "/lib/terminfo"};
	static char description[4096];
	size_t length = 0;
	FILE *file;

	for (size_t i = 0; i < 3 && length == 0; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/v/vt100", folders[i]);
		file = fopen(path, "r");
		length = file ? fread(description, 1, sizeof(description), file) : 0;
		if (file)
			fclose(file);
	}
	if (length == 0 || unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		_exit(77);
	for (size_t i = 0; i < 3; i++)
		if (mount("tmpfs", folders[i], "tmpfs", 0, NULL) && errno != ENOENT)
			_exit(77);
	setenv("HOME", "/nonexistent", 1);
	unsetenv("TERMINFO");
	unsetenv("TERMINFO_DIRS");
	mkdir("/usr/share/terminfo/v", 0755);
	file = fopen("/usr/share/terminfo/v/vt100", "w");
	if (!file || fwrite(description, 1, length, file) != length || fclose(file))
		_exit(77);
	session_run_program(session);
}

static void test_the_last_way_to_fall(void **state)
{
	struct session *session = *state;
	int status;

	session->terminal = "no-such-terminal";
	session_start(session, 24, 80, run_among_vt100s);
	if (!emulator_wait(&session->emulator, "[1:Segments]", SESSION_WAIT_MS)) {
		status = session_ended(session, SESSION_WAIT_MS);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			skip_because("no folders of terminals of its own: needs root");
		session_print(session);
		fail_msg("a vt100 is not tried");
	}
	session_press(session, "q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

/* ---- options --------------------------------------------------------------------------------- */

/* What is not seen is yellow, in the first line. */
static bool is_coloured(const struct emulator *emulator)
{
	for (int column = 0; column < emulator->columns; column++) {
		VTermScreenCell cell = emulator_cell(emulator, 0, column);

		if (!VTERM_COLOR_IS_DEFAULT_FG(&cell.fg))
			return true;
	}
	return false;
}

static void test_options_reach_the_view(void **state)
{
	static const struct {
		const char *option, *bars;
		bool coloured;
	} cases[] = {
		{"--theme=dark", "─", true},
		{"--theme=mono", "─", false},
		{"-U", "-- Events --", true},
	};
	struct session *session = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		session->arguments[0] = cases[i].option;
		session->arguments[1] = "-F";
		session->arguments[2] = "id=-1";
		session_start(session, 24, 80, NULL);
		session_assert_comes(session, "no segment passes the filter; F4 changes it");
		assert_true(emulator_shows(&session->emulator, cases[i].bars));
		assert_int_equal(is_coloured(&session->emulator), cases[i].coloured);
		session_press(session, "q");
		assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
		emulator_close(&session->emulator);
	}
}

/* ---- the ways out ---------------------------------------------------------------------------- */

static void test_signals_end_it(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct session *session = *state;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		session_start(session, 24, 80, NULL);
		session_assert_comes(session, "[1:Segments]");
		kill(session->pid, signals[i]);
		assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
		session_assert_given_back(session);
		emulator_close(&session->emulator);
	}
}

/* Whether the screen of the shell is shown when the text comes */
static bool is_said_after(struct session *session, const char *text)
{
	long end = emulator_clock() + SESSION_WAIT_MS;
	char *screen;
	bool said;

	while (session->emulator.alternate && emulator_clock() < end)
		emulator_read(&session->emulator, 50);
	session_ended(session, SESSION_WAIT_MS);
	screen = emulator_text(&session->emulator);
	said = strstr(screen, text);
	free(screen);
	return said;
}

/* Without descriptors the next look fails. */
static void test_an_error_is_said_after_the_view(void **state)
{
	const struct rlimit none = {0, 0};
	struct session *session = *state;

	session->arguments[0] = "-d";
	session->arguments[1] = "0.1";
	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "[1:Segments]");
	assert_int_equal(prlimit(session->pid, RLIMIT_NOFILE, &none, NULL), 0);
	if (!is_said_after(session, "shmtop: ")) {
		session_print(session);
		fail_msg("nothing is said about the error");
	}
	session_assert_given_back(session);
}

static void test_control_c_ends_it(void **state)
{
	struct session *session = *state;

	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "[1:Segments]");
	session_press(session, "\003");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

static void test_crashes_give_the_terminal_back(void **state)
{
	static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
	static const char *const terminals[] = {"xterm-256color", "vt100"};
	struct session *session = *state;

	for (size_t i = 0; i < 2 * sizeof(signals) / sizeof(signals[0]); i++) {
		int status;

		session->terminal = terminals[i % 2];
		session->arguments[0] = "-M";
		session_start(session, 24, 80, NULL);
		session_assert_comes(session, "[1:Segments]");
		assert_int_equal(session->emulator.mouse, i % 2 == 0);
		assert_true(session->emulator.keypad);
		kill(session->pid, signals[i / 2]);
		status = session_ended(session, SESSION_WAIT_MS);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i / 2]);
		session_assert_given_back(session);
		/* Pauses that terminfo asks for are no text. */
		assert_false(emulator_shows(&session->emulator, "$<"));
		emulator_close(&session->emulator);
	}
}

static void test_hang_up_ends_it(void **state)
{
	struct session *session = *state;

	session->arguments[0] = "-d";
	session->arguments[1] = "3600";
	session_start(session, 24, 80, NULL);
	session_assert_comes(session, "[1:Segments]");
	close(session->emulator.master);
	session->emulator.master = -1;
	assert_int_not_equal(session_ended(session, HANG_UP_MS), -1);
}

/* On a terminal that is not its controlling one no signal tells that it is closed. */
static void test_hang_up_without_a_signal_ends_it(void **state)
{
	struct session *session = *state;
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	int master, slave;

	session->arguments[0] = "-d";
	session->arguments[1] = "3600";
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	fcntl(master, F_SETFD, FD_CLOEXEC);
	session->pid = fork();
	assert_true(session->pid >= 0);
	if (session->pid == 0) {
		dup2(slave, STDIN_FILENO);
		dup2(slave, STDOUT_FILENO);
		dup2(slave, STDERR_FILENO);
		close(slave);
		session_run_program(session);
	}
	close(slave);
	emulator_open(&session->emulator, 24, 80, master);
	session_assert_comes(session, "[1:Segments]");
	close(session->emulator.master);
	session->emulator.master = -1;
	assert_int_not_equal(session_ended(session, HANG_UP_MS), -1);
}

/* ---- suspend --------------------------------------------------------------------------------- */

/* What a shell does with a job: gives it the terminal, takes it back when the job stops, and brings it
 * back to the front at a line of input. */
static void run_shell(const struct session *session)
{
	pid_t job = fork();
	int status;
	char line[8];

	signal(SIGTTOU, SIG_IGN);
	if (job == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		session_run_program(session);
	}
	setpgid(job, job);
	tcsetpgrp(STDIN_FILENO, job);
	if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
		_exit(1);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	printf("stopped by %d\r\n", WSTOPSIG(status));
	fflush(stdout);
	if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
		_exit(2);
	tcsetpgrp(STDIN_FILENO, job);
	kill(-job, SIGCONT);
	if (waitpid(job, &status, 0) != job)
		_exit(3);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 4);
}

static void test_suspend(void **state)
{
	struct session *session = *state;
	char stopped[32];

	session->arguments[0] = "-M";
	session_start(session, 24, 80, run_shell);
	session_assert_comes(session, "[1:Segments]");
	session_press(session, "\032");
	snprintf(stopped, sizeof(stopped), "stopped by %d", SIGTSTP);
	session_assert_comes(session, stopped);
	session_assert_given_back(session);
	/* It comes back to a terminal of another size. */
	emulator_resize(&session->emulator, 30, 100);
	session_press(session, "\n");
	session_assert_comes(session, "[1:Segments]");
	while (emulator_find(&session->emulator, "F1Help") != 29)
		assert_true(emulator_read(&session->emulator, SESSION_WAIT_MS) > 0);
	assert_true(session->emulator.alternate);
	assert_true(session->emulator.mouse);
	assert_true(session->emulator.keypad);
	session_press(session, "q");
	assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
	session_assert_given_back(session);
}

/* ---- hostile names --------------------------------------------------------------------------- */

/* Makes a segment under a name that would turn the rest of the screen red, in an IPC namespace of its own
 * that ends with it. Writes a byte when it is there: 'y', or 'n' when it may not. */
static void hostile_process(const char *name, int ready, int go)
{
	char answer = 'n', end;
	int shmid = -1;

	if (unshare(CLONE_NEWIPC) == 0 && prctl(PR_SET_NAME, name) == 0)
		shmid = shmget(IPC_PRIVATE, 12345, IPC_CREAT | 0600);
	if (shmid >= 0 && shmat(shmid, NULL, 0) != (void *)-1)
		answer = 'y';
	if (write(ready, &answer, 1) == 1 && read(go, &end, 1) != 0)
		_exit(1);
	_exit(0);
}

static bool start_hostile_process(struct session *session, const char *name)
{
	int ready[2], go[2];
	char answer = 'n';

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	session->helper_pid = fork();
	assert_true(session->helper_pid >= 0);
	if (session->helper_pid == 0) {
		close(go[1]);
		hostile_process(name, ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	session->helper = go[1];
	assert_int_equal(read(ready[0], &answer, 1), 1);
	close(ready[0]);
	return answer == 'y';
}

static unsigned int hostile_namespace(const struct session *session)
{
	char path[64], target[64] = "";
	unsigned int inode = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/ipc", session->helper_pid);
	assert_true(readlink(path, target, sizeof(target) - 1) > 0);
	assert_int_equal(sscanf(target, "ipc:[%u]", &inode), 1);
	return inode;
}

static void end_hostile_process(struct session *session)
{
	close(session->helper);
	session->helper = -1;
	waitpid(session->helper_pid, NULL, 0);
	session->helper_pid = -1;
}

static void test_hostile_names(void **state)
{
	static const struct {
		const char *name, *shown;
	} names[] = {
		{"\033[31mEV\033]0;IL", "\\x1b[31mEV\\x1b]0;IL"},
		{"a\r\n\tb\177c", "a\\x0d\\x0a\\x09b\\x7fc"},
		{"a\xc2\x9b"
		 "31mb",
		 "a\\xc2\\x9b31mb"},
		{"x\xe2\x80\xaey\xe2\x81\xa6z", "x\\xe2\\x80\\xaey\\xe2\\x81\\xa6z"},
		{"z\xe2\x80\x8bw", "z\\xe2\\x80\\x8bw"},
		{"\xff\xc3(\x80", "\\xff\\xc3(\\x80"},
		{"\u65e5\u672c\u8a9e", "\u65e5\u672c\u8a9e"},
	};
	char filter[32];
	struct session *session = *state;

	session->arguments[0] = "-F";
	session->arguments[1] = filter;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!start_hostile_process(session, names[i].name))
			skip_because("no IPC namespace of its own: needs root");
		/* Not those of others, who may run the same test. */
		snprintf(filter, sizeof(filter), "ns=%u", hostile_namespace(session));
		session_start(session, 24, 100, NULL);
		session_assert_comes(session, "[1:Segments]");
		session_assert_comes(session, " 1/1");
		session_press(session, "\r");
		session_assert_comes(session, names[i].shown);
		session_assert_comes(session, "[Segment]");
		session_press(session, "Q");
		assert_int_equal(session_ended(session, SESSION_WAIT_MS), 0);
		session_assert_given_back(session);
		emulator_close(&session->emulator);
		end_hostile_process(session);
	}
}

int main(void)
{
#define PTY_TEST(function) \
	cmocka_unit_test_setup_teardown(function, session_setup, session_teardown)
	const struct CMUnitTest tests[] = {
		PTY_TEST(test_keys),
		PTY_TEST(test_resize_storm),
		PTY_TEST(test_tiny),
		PTY_TEST(test_terminals),
		PTY_TEST(test_dumb_terminal_is_refused),
		PTY_TEST(test_the_last_way_to_fall),
		PTY_TEST(test_options_reach_the_view),
		PTY_TEST(test_signals_end_it),
		PTY_TEST(test_an_error_is_said_after_the_view),
		PTY_TEST(test_control_c_ends_it),
		PTY_TEST(test_crashes_give_the_terminal_back),
		PTY_TEST(test_hang_up_ends_it),
		PTY_TEST(test_hang_up_without_a_signal_ends_it),
		PTY_TEST(test_suspend),
		PTY_TEST(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
