/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ui/canvas.h"
#include "ui/curses.h"

#include <term.h>

enum { TERMINAL_RESTORE_LEN = 256, TERMINAL_STACK = 64 * 1024, TERMINAL_ESCAPE_DELAY = 25 };

/* Presses of buttons and the wheel, in the form that knows no last column */
static const char terminal_mouse_on[] = "\033[?1000h\033[?1006h";
static const char terminal_mouse_off[] = "\033[?1006l\033[?1000l";

static const int terminal_crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
enum { TERMINAL_CRASHES = sizeof(terminal_crashes) / sizeof(terminal_crashes[0]) };

static struct {
	SCREEN *curses; /* NULL: not taken over */
	int fd;
	bool mouse; /* is to be reported */
	struct termios modes;
	char restore[TERMINAL_RESTORE_LEN]; /* what leaves the screen, ready to be written */
	size_t restore_length;
	struct sigaction before[TERMINAL_CRASHES];
	stack_t stack_before;
	char stack[TERMINAL_STACK]; /* a stack that has overflowed cannot run the handler */
} terminal;

/* Async-signal-safe. What cannot be written is left: nothing can be done about it here. */
static void terminal_write(const char *text, size_t length)
{
	ssize_t written = write(terminal.fd, text, length);

	(void)written;
}

static void terminal_report_mouse(bool on)
{
	if (on)
		terminal_write(terminal_mouse_on, sizeof(terminal_mouse_on) - 1);
	else
		terminal_write(terminal_mouse_off, sizeof(terminal_mouse_off) - 1);
}

/* Only async-signal-safe calls: endwin() is none. */
static void terminal_crashed(int signal)
{
	if (terminal.mouse)
		terminal_report_mouse(false);
	terminal_write(terminal.restore, terminal.restore_length);
	tcsetattr(terminal.fd, TCSANOW, &terminal.modes);
	/* The default action stands again (SA_RESETHAND) and is taken when this returns. */
	raise(signal);
}

static void terminal_catch_crashes(void)
{
	struct sigaction action = {.sa_handler = terminal_crashed,
				   .sa_flags = SA_RESETHAND | SA_ONSTACK};
	stack_t stack = {.ss_sp = terminal.stack, .ss_size = sizeof(terminal.stack)};

	sigfillset(&action.sa_mask);
	sigaltstack(&stack, &terminal.stack_before);
	for (size_t i = 0; i < TERMINAL_CRASHES; i++)
		sigaction(terminal_crashes[i], &action, &terminal.before[i]);
}

static void terminal_release_crashes(void)
{
	for (size_t i = 0; i < TERMINAL_CRASHES; i++)
		sigaction(terminal_crashes[i], &terminal.before[i], NULL);
	sigaltstack(&terminal.stack_before, NULL);
}

/* Appends a terminfo string without its padding ("$<5>"). Returns whether the terminal has it. */
static bool terminal_remember(const char *capability)
{
	const char *text = tigetstr(capability);

	if (!text || text == (const char *)-1)
		return false;
	while (*text && terminal.restore_length < TERMINAL_RESTORE_LEN) {
		const char *end = strncmp(text, "$<", 2) == 0 ? strchr(text, '>') : NULL;

		if (end)
			text = end + 1;
		else
			terminal.restore[terminal.restore_length++] = *text++;
	}
	return true;
}

static void terminal_prepare_restore(void)
{
	terminal.mouse = false;
	terminal.restore_length = 0;
	terminal_remember("sgr0");
	terminal_remember("op");
	terminal_remember("rmkx");
	terminal_remember("cnorm");
	/* Without a screen of its own to leave, what follows starts on a fresh line. */
	if (!terminal_remember("rmcup") && terminal.restore_length + 2 <= TERMINAL_RESTORE_LEN) {
		memcpy(terminal.restore + terminal.restore_length, "\r\n", 2);
		terminal.restore_length += 2;
	}
}

/* Whether terminfo knows the terminal. Asked before newterm(), which leaks when it fails. */
static bool terminal_known(const char *name, int fd)
{
	int error;

	if (!name || setupterm(name, fd, &error) != OK)
		return false;
	del_curterm(cur_term);
	return true;
}

static SCREEN *terminal_start(FILE *in, FILE *out)
{
	const char *const names[] = {getenv("TERM"), "xterm-256color", "xterm", "vt100"};
	SCREEN *curses = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !curses; i++)
		if (terminal_known(names[i], fileno(out)))
			curses = newterm(names[i], out, in);
	return curses;
}

int terminal_open(FILE *in, FILE *out, char why[static 256])
{
	const char *name = getenv("TERM");

	terminal.fd = fileno(out);
	if (!isatty(fileno(in)) || tcgetattr(terminal.fd, &terminal.modes) != 0) {
		snprintf(why, 256, "the live view needs a terminal");
		return -ENOTTY;
	}
	if (!name || !*name) {
		snprintf(why, 256, "TERM is not set: which terminal this is nobody knows");
		return -ENOTSUP;
	}
	if (strcmp(name, "dumb") == 0)
		goto unable;
	terminal.curses = terminal_start(in, out);
	if (!terminal.curses) {
		snprintf(
			why, 256,
			"no description of this terminal (TERM) and none of an xterm is installed; "
			"install ncurses-base, or use -b");
		return -ENOTSUP;
	}
	if (!tigetstr("cup"))
		goto unable;
	terminal_prepare_restore();
	terminal_catch_crashes();
	cbreak();
	noecho();
	nonl();
	set_escdelay(TERMINAL_ESCAPE_DELAY);
	keypad(stdscr, TRUE);
	/* escape_read() reads these */
	define_key(NULL, KEY_MOUSE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	/* ncurses 6 writes out each movement of the cursor on its own until it was left once. */
	endwin();
	doupdate();
	/* endwin() has ended it; curses asks for it again with the first key: too late for that one. */
	keypad(stdscr, TRUE);
	/* LINES and COLUMNS in the environment may be those of another terminal. */
	terminal_resize();
	return 0;
unable:
	snprintf(why, 256, "this terminal cannot move its cursor (TERM)");
	terminal_close();
	return -ENOTSUP;
}

void terminal_close(void)
{
	if (!terminal.curses)
		return;
	terminal_mouse(false);
	canvas_forget();
	endwin();
	delscreen(terminal.curses);
	terminal.curses = NULL;
	tcsetattr(terminal.fd, TCSANOW, &terminal.modes);
	if (terminal.restore_length > 0)
		terminal_release_crashes();
	terminal.restore_length = 0;
}

void terminal_suspend(void)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, before;
	sigset_t signals, mask;

	if (terminal.mouse)
		terminal_report_mouse(false);
	endwin();
	/* Not SIGSTOP: where no shell could continue it, the kernel drops a SIGTSTP. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTSTP);
	sigaction(SIGTSTP, &stop, &before);
	raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &signals, &mask);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGTSTP, &before, NULL);
	terminal_resize();
	clearok(curscr, TRUE);
	curs_set(0);
	keypad(stdscr, TRUE);
	if (terminal.mouse)
		terminal_report_mouse(true);
}

void terminal_mouse(bool on)
{
	const char *prefix = tigetstr("kmous");

	on = on && prefix && prefix != (const char *)-1;
	if (on != terminal.mouse)
		terminal_report_mouse(on);
	terminal.mouse = on;
}

void terminal_resize(void)
{
	struct winsize size;

	if (ioctl(terminal.fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	canvas_forget();
	/* Not resizeterm(), which would put a KEY_RESIZE into the keys for each call. */
	resize_term(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
}
