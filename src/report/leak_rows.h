/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of report/leaks.h as `leaks` and `run` print them: a paragraph each, with the command that removes them. */
#ifndef REPORT_LEAK_ROWS_H
#define REPORT_LEAK_ROWS_H

#include <stdio.h>

#include "report/leaks.h"

struct leak_rows_options {
	bool no_words;  /* all are as sure: without the word for it */
	bool stacks;    /* every frame, and where it lies; else those on the way to main */
	bool temporary; /* they end by themselves, with their namespace: no command removes them */
};

void leak_rows_print(FILE *out, const struct column_context *context, const struct leaks_list *list,
		     const struct leak_rows_options *options);

/* Only the commands, one a segment, row by row: "shmtop rm 4026531839:7" */
void leak_rows_print_commands(FILE *out, const struct leaks_list *list);

/* "1 segment (1.00K)"; "990 segments (15.4M)". Returns out. */
enum { LEAK_ROWS_COUNT_LEN = 96 };
char *leak_rows_count(char out[static LEAK_ROWS_COUNT_LEN], size_t count, uint64_t size);

#endif
