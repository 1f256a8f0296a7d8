/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter language of -F and of the live view.
 *
 *   expression := term { "or" term }      term := factor { "and" factor }
 *   factor     := "not" factor | "(" expression ")" | comparison | word
 *   comparison := COLUMN OP VALUE         OP := = != < <= > >= ~ !~
 *
 * COLUMN is any name of report/column.h. Values are read by the column's kind: size>1G, idle>1h,
 * nattch=0, owner=oracle. Texts, verdicts and flags have no order: only = != ~ !~. ~ is "contains", case
 * ignored, in what the cell shows: creator~php, creator~9912. holders~1021 asks for a holder's pid,
 * holders~php for a part of its name; holders=3 counts them. flag=dest takes the words and letters of
 * column_flag_table; ~ is the same as = there. verdict=orphan takes the words of judge/verdict.h. Quotes
 * ('...' or "...") hold blanks and brackets. A bare word matches a part of any text that tells who or
 * which: see struct column. An unknown value satisfies no comparison, not even != (unknown is not a
 * number). At most 4096 bytes, nested 64 deep.
 */
#ifndef REPORT_FILTER_H
#define REPORT_FILTER_H

#include "report/column.h"

struct filter;

struct filter_error {
	size_t position;   /* byte of the expression at which it went wrong, from 0 */
	char message[256]; /* "unknown column 'sise'; known: ns, shmid, ..." */
};

/* 0, -EINVAL with *error filled, or -ENOMEM. An empty or blank text gives a filter that lets all
 * pass. */
int filter_parse(const char *text, struct filter **out, struct filter_error *error);
void filter_free(struct filter *filter);

bool filter_match(const struct filter *filter, const struct column_context *context,
		  const struct segment *segment);

#endif
