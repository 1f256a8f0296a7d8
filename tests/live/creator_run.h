/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs helpers/creator.c, to its end each time. */
#ifndef TESTS_LIVE_CREATOR_RUN_H
#define TESTS_LIVE_CREATOR_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/live/helpers/creator.h"

enum { CREATOR_ARGUMENTS = 8 };

/* What it told of itself */
struct creator_told {
	pid_t pid;
	uint64_t calls[CREATOR_CALLS];
	size_t call_count;
	uint64_t code;
	int shmid;
};

bool creator_run(const char *program, const char *const arguments[CREATOR_ARGUMENTS]);
/* With --tell among the arguments */
bool creator_run_told(const char *program, const char *const arguments[CREATOR_ARGUMENTS],
		      struct creator_told *told);
/* A copy of the program, to be run elsewhere */
bool creator_copy(const char *from, const char *to);

#endif
