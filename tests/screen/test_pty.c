/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program itself on a pty: keys, sizes, terminals, and that the terminal is given back whatever ends
 * it. SHMTOP names the program (default build/shmtop). It looks without BPF here: what it shows does
 * not matter, how it treats the terminal does.
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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "emulator.h"

enum { WAIT_MS = 20000, HANG_UP_MS = 1000, STORM = 300, ARGUMENTS = 8 };
#define ESCAPE "\033"

struct session {
	struct emulator emulator;
	pid_t pid;
	struct termios before;
	const char *terminal; /* TERM; NULL: unset */
	const char *arguments[ARGUMENTS];
	int helper; /* pipe to a helper process; closing it ends that one */
	pid_t helper_pid;
};

/* ---- the program on its pty ------------------------------------------------------------------ */

static const char *program(void)
{
	const char *path = getenv("SHMTOP");

	return path && *path ? path : "build/shmtop";
}

static void run_program(const struct session *session)
{
	char *argv[ARGUMENTS + 3] = {strdup(program()), strdup("--probe=poll")};
	const struct rlimit no_core = {0, 0};

	for (size_t i = 0; i < ARGUMENTS && session->arguments[i]; i++)
		argv[i + 2] = strdup(session->arguments[i]);
	setrlimit(RLIMIT_CORE, &no_core);
	setenv("LC_ALL", "C.UTF-8", 1);
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

/* Runs `child` (the program, if NULL) at the other end of a pty, as the leader of its session. */
static void start(struct session *session, int rows, int columns,
		  void (*child)(const struct session *session))
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	int master;

	session->pid = forkpty(&master, NULL, NULL, &size);
	assert_true(session->pid >= 0);
	if (session->pid == 0)
		(child ? child : run_program)(session);
	fcntl(master, F_SETFD, FD_CLOEXEC);
	emulator_open(&session->emulator, rows, columns, master);
	assert_int_equal(tcgetattr(master, &session->before), 0);
}

static void print_session(struct session *session)
{
	char *text = emulator_text(&session->emulator);
	char *line = text;

	while (line && *line)
		print_error("%s\n", strsep(&line, "\n"));
	free(text);
}

#define assert_comes(session, text)                                        \
	do {                                                               \
		if (!emulator_wait(&(session)->emulator, text, WAIT_MS)) { \
			print_session(session);                            \
			fail_msg("did not come on the screen: %s", text);  \
		}                                                          \
	} while (0)

static void press(struct session *session, const char *keys)
{
	assert_int_equal(write(session->emulator.master, keys, strlen(keys)), strlen(keys));
}

/* Its status as wait(2) reports it, with all that it wrote read; -1 when it does not end in time. */
static int ended(struct session *session, int ms)
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

/* The modes are as they were, the screen of the shell is shown, with its cursor. */
static void assert_given_back(struct session *session)
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
}

static int setup(void **state)
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

static int teardown(void **state)
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

/* ---- keys and sizes -------------------------------------------------------------------------- */

static void test_keys(void **state)
{
	struct session *session = *state;

	start(session, 24, 80, NULL);
	assert_comes(session, "[1:Segments]");
	assert_true(session->emulator.alternate);
	assert_false(session->emulator.cursor_visible);
	press(session, "2");
	assert_comes(session, "[2:Events]");
	press(session, "h");
	assert_comes(session, "[Help]");
	press(session, ESCAPE);
	assert_comes(session, "[2:Events]");
	press(session, "\t");
	assert_comes(session, "[1:Segments]");
	press(session, "z");
	assert_comes(session, "PAUSED");
	press(session, "z+");
	assert_comes(session, "LIVE 2.0s");
	press(session, "\\sise>1\r");
	assert_comes(session, "^ ");
	press(session, ESCAPE "q");
	assert_int_equal(ended(session, WAIT_MS), 0);
	assert_given_back(session);
}

/* What the last frame leaves: tabs to the edges of 90 columns, and the bar, drawn last. */
static bool storm_is_over(struct session *session)
{
	char *tabs = emulator_line(&session->emulator, 4);
	char *bar = emulator_line(&session->emulator, 29);
	bool over = strncmp(tabs, "[1:Segments] 2:Events ", 22) == 0 && strlen(tabs) == 90 &&
		    strcmp(tabs + 87, "0/0") == 0 &&
		    strcmp(bar, "F1Help EnterOpen F4Filter F6Sort IInvert zPause qQuit") == 0;

	free(tabs);
	free(bar);
	return over;
}

static void wait_for_calm(struct session *session)
{
	long end = emulator_clock() + WAIT_MS;

	while (!storm_is_over(session) && emulator_clock() < end)
		emulator_read(&session->emulator, 50);
	if (!storm_is_over(session)) {
		print_session(session);
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
	start(session, 24, 80, NULL);
	assert_comes(session, "[1:Segments]");
	press(session, "z");
	assert_comes(session, "PAUSED");
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
	press(session, "\f2");
	assert_comes(session, "[2:Events]");
	press(session, "1");
	wait_for_calm(session);
	after = emulator_text(&session->emulator);
	/* The first line has a clock. */
	assert_string_equal(strchr(before, '\n'), strchr(after, '\n'));
	free(before);
	free(after);
	press(session, "q");
	assert_int_equal(ended(session, WAIT_MS), 0);
	assert_given_back(session);
}

static void test_tiny(void **state)
{
	struct session *session = *state;

	start(session, 1, 1, NULL);
	/* The first character of what does not fit */
	while (emulator_cell(&session->emulator, 0, 0).chars[0] == 0)
		assert_true(emulator_read(&session->emulator, WAIT_MS) > 0);
	emulator_resize(&session->emulator, 7, 60);
	assert_comes(session, "q quits; shmtop needs 40x8, not 60x7");
	press(session, "q");
	assert_int_equal(ended(session, WAIT_MS), 0);
	assert_given_back(session);
}

/* ---- terminals ------------------------------------------------------------------------------- */

static void test_terminals(void **state)
{
	static const char *const terminals[] = {
		"xterm-256color",   "xterm", "vt100", "linux", "screen", "tmux",
		"no-such-terminal", NULL};
	struct session *session = *state;

	for (size_t i = 0; i < sizeof(terminals) / sizeof(terminals[0]); i++) {
		print_message("# TERM=%s\n", terminals[i] ? terminals[i] : "(unset)");
		session->terminal = terminals[i];
		start(session, 24, 80, NULL);
		assert_comes(session, "[1:Segments]");
		press(session, "h");
		assert_comes(session, "[Help]");
		press(session, "Q");
		assert_int_equal(ended(session, WAIT_MS), 0);
		assert_given_back(session);
		emulator_close(&session->emulator);
	}
}

static void test_dumb_terminal_is_refused(void **state)
{
	struct session *session = *state;
	int status;

	session->terminal = "dumb";
	start(session, 24, 80, NULL);
	assert_comes(session, "-b");
	status = ended(session, WAIT_MS);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_given_back(session);
}

/* ---- the ways out ---------------------------------------------------------------------------- */

static void test_signals_end_it(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct session *session = *state;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		start(session, 24, 80, NULL);
		assert_comes(session, "[1:Segments]");
		kill(session->pid, signals[i]);
		assert_int_equal(ended(session, WAIT_MS), 0);
		assert_given_back(session);
		emulator_close(&session->emulator);
	}
}

static void test_control_c_ends_it(void **state)
{
	struct session *session = *state;

	start(session, 24, 80, NULL);
	assert_comes(session, "[1:Segments]");
	press(session, "\003");
	assert_int_equal(ended(session, WAIT_MS), 0);
	assert_given_back(session);
}

static void test_crashes_give_the_terminal_back(void **state)
{
	static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
	static const char *const terminals[] = {"xterm-256color", "vt100"};
	struct session *session = *state;

	for (size_t i = 0; i < 2 * sizeof(signals) / sizeof(signals[0]); i++) {
		int status;

		session->terminal = terminals[i % 2];
		start(session, 24, 80, NULL);
		assert_comes(session, "[1:Segments]");
		kill(session->pid, signals[i / 2]);
		status = ended(session, WAIT_MS);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i / 2]);
		assert_given_back(session);
		emulator_close(&session->emulator);
	}
}

static void test_hang_up_ends_it(void **state)
{
	struct session *session = *state;

	session->arguments[0] = "-d";
	session->arguments[1] = "3600";
	start(session, 24, 80, NULL);
	assert_comes(session, "[1:Segments]");
	close(session->emulator.master);
	session->emulator.master = -1;
	assert_int_not_equal(ended(session, HANG_UP_MS), -1);
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
		run_program(session);
	}
	close(slave);
	emulator_open(&session->emulator, 24, 80, master);
	assert_comes(session, "[1:Segments]");
	close(session->emulator.master);
	session->emulator.master = -1;
	assert_int_not_equal(ended(session, HANG_UP_MS), -1);
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
		run_program(session);
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

	start(session, 24, 80, run_shell);
	assert_comes(session, "[1:Segments]");
	press(session, "\032");
	snprintf(stopped, sizeof(stopped), "stopped by %d", SIGTSTP);
	assert_comes(session, stopped);
	assert_given_back(session);
	/* It comes back to a terminal of another size. */
	emulator_resize(&session->emulator, 30, 100);
	press(session, "\n");
	assert_comes(session, "[1:Segments]");
	while (emulator_find(&session->emulator, "F1Help") != 29)
		assert_true(emulator_read(&session->emulator, WAIT_MS) > 0);
	assert_true(session->emulator.alternate);
	press(session, "q");
	assert_int_equal(ended(session, WAIT_MS), 0);
	assert_given_back(session);
}

/* ---- hostile names --------------------------------------------------------------------------- */

/* Makes a segment under a name that would turn the rest of the screen red, in an IPC namespace of its own
 * that ends with it. Writes a byte when it is there: 'y', or 'n' when it may not. */
static void hostile_process(int ready, int go)
{
	char answer = 'n', end;
	int shmid = -1;

	if (unshare(CLONE_NEWIPC) == 0 && prctl(PR_SET_NAME, "\033[31mEV\033]0;IL") == 0)
		shmid = shmget(IPC_PRIVATE, 12345, IPC_CREAT | 0600);
	if (shmid >= 0 && shmat(shmid, NULL, 0) != (void *)-1)
		answer = 'y';
	if (write(ready, &answer, 1) == 1 && read(go, &end, 1) != 0)
		_exit(1);
	_exit(0);
}

static bool start_hostile_process(struct session *session)
{
	int ready[2], go[2];
	char answer = 'n';

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	session->helper_pid = fork();
	assert_true(session->helper_pid >= 0);
	if (session->helper_pid == 0) {
		close(go[1]);
		hostile_process(ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	session->helper = go[1];
	assert_int_equal(read(ready[0], &answer, 1), 1);
	close(ready[0]);
	return answer == 'y';
}

static void test_hostile_name(void **state)
{
	struct session *session = *state;

	if (!start_hostile_process(session))
		skip_because("no IPC namespace of its own: needs root");
	session->arguments[0] = "-F";
	session->arguments[1] = "size=12345";
	start(session, 24, 100, NULL);
	assert_comes(session, "[1:Segments]");
	assert_comes(session, " 1/1");
	press(session, "\r");
	assert_comes(session, "\\x1b[31mEV\\x1b]0;IL");
	assert_comes(session, "[Segment]");
	press(session, "Q");
	assert_int_equal(ended(session, WAIT_MS), 0);
	assert_given_back(session);
}

int main(void)
{
#define PTY_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		PTY_TEST(test_keys),
		PTY_TEST(test_resize_storm),
		PTY_TEST(test_tiny),
		PTY_TEST(test_terminals),
		PTY_TEST(test_dumb_terminal_is_refused),
		PTY_TEST(test_signals_end_it),
		PTY_TEST(test_control_c_ends_it),
		PTY_TEST(test_crashes_give_the_terminal_back),
		PTY_TEST(test_hang_up_ends_it),
		PTY_TEST(test_hang_up_without_a_signal_ends_it),
		PTY_TEST(test_suspend),
		PTY_TEST(test_hostile_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
