/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug files of debuginfod servers, those that DEBUGINFOD_URLS names. The program debuginfod-find asks them and
 * keeps what comes in its cache: one question at a time, as a child without capabilities that becomes, under sudo,
 * the user who called it. Nobody waits for it: there is an answer or there is none yet.
 *
 * A server that sends nothing for 10 s, three times, has failed (DEBUGINFOD_TIMEOUT, where the user has set it, in
 * place of the 10 s); so has a question that takes 10 minutes. Where servers fail, other than by not having a file,
 * none is asked any more. No build id is asked for twice, and no more than DEBUGINFOD_FILES_MOST are.
 */
#ifndef STACK_DEBUGINFOD_H
#define STACK_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>

#include "stack/elf_file.h"

enum { DEBUGINFOD_FILES_MOST = 256, DEBUGINFOD_WHY_LEN = 256 };

struct debuginfod;

/* A build id that was asked for */
struct debuginfod_file {
	unsigned char id[ELF_FILE_BUILD_ID];
	size_t length;
	char *path; /* in the cache, its content not looked at; NULL: not had, or not yet */
};

/* 0; or -errno, with a line in why[]: no server is named, or the program is missing. Starts nothing. */
int debuginfod_new(struct debuginfod **out, char why[static DEBUGINFOD_WHY_LEN]);
void debuginfod_free(struct debuginfod *servers); /* ends the question that is under way */

/* The file of this build id, which is asked for if it is not yet. NULL: it never will be. Lives as long as
 * `servers`. */
const struct debuginfod_file *debuginfod_find(struct debuginfod *servers, const unsigned char *id,
					      size_t length);
/* Takes in an answer and puts the next question. The file that was answered, with or without a path; NULL none. To
 * be called again and again while any waits. */
const struct debuginfod_file *debuginfod_step(struct debuginfod *servers);
/* How many files have no answer yet */
size_t debuginfod_waiting(const struct debuginfod *servers);

/* Ends the question that is under way; nothing is asked any more. */
void debuginfod_give_up(struct debuginfod *servers);
/* Why nothing is asked any more: safe text; "" where it is, or was given up. */
const char *debuginfod_failure(const struct debuginfod *servers);

#endif
