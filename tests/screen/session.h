/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program itself, at the other end of a pty with an emulated terminal. SHMTOP names it (default
 * build/shmtop). Failures end the test.
 */
#ifndef SCREEN_SESSION_H
#define SCREEN_SESSION_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "emulator.h"

enum { SESSION_WAIT_MS = 20000, SESSION_ARGUMENTS = 8 };

struct session {
	struct emulator emulator;
	pid_t pid;
	struct termios before;
	const char *terminal; /* TERM; NULL: unset */
	const char *arguments[SESSION_ARGUMENTS];
	int helper; /* pipe to a helper process; closing it ends that one */
	pid_t helper_pid;
};

/* For cmocka: *state is the session, with an xterm and no helper. */
int session_setup(void **state);
int session_teardown(void **state);

/* Runs `child` (the program, if NULL) at the other end of a pty, as the leader of its session. */
void session_start(struct session *session, int rows, int columns,
		   void (*child)(const struct session *session));
/* What such a child does in the end: becomes the program, which looks without BPF. */
void session_run_program(const struct session *session);
/* What the program is: its path */
const char *session_program(void);

void session_press(struct session *session, const char *keys);
/* Its status as wait(2) reports it, with all that it wrote read; -1 when it does not end in time. */
int session_ended(struct session *session, int ms);
void session_print(struct session *session);
/* The modes are as they were, the screen of the shell is shown, with its cursor. */
void session_assert_given_back(struct session *session);
/* Waits until the text is on the screen; or until it is not. */
void session_assert_comes(struct session *session, const char *text);
void session_assert_goes(struct session *session, const char *text);

#endif
