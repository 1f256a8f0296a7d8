/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who made how much of what fills an IPC namespace. */
#ifndef REPORT_CREATORS_H
#define REPORT_CREATORS_H

#include "report/column.h"

struct creator {
	uint32_t ipcns;
	char program[FACT_TEXT_LEN]; /* executable, else comm; "-": gone before anybody looked */
	uint32_t uid; /* owner of its segments; FACT_UID_UNKNOWN: of several, or not known */
	size_t segments;
	size_t unattached; /* of these, without any attachment */
	uint64_t bytes;    /* whole pages, as SHMALL counts them */
	bool has_times;
	int64_t first, last; /* ctime of the oldest and the newest, epoch seconds; with has_times */
};

struct creator_list {
	struct creator *rows; /* owned; by namespace, then the most segments first, then bytes */
	size_t count;
	size_t capacity;
};

/* Refills the list, which starts zeroed. Makers that are not known are told apart by the owner. 0 or -ENOMEM: then it is
 * empty. Nothing in it points into the model. */
int creators_collect(const struct column_context *context, struct creator_list *list);
void creators_free(struct creator_list *list);

/* Those of one namespace. */
const struct creator *creators_of(const struct creator_list *list, uint32_t ipcns, size_t *count);

/* "/usr/bin/php-fpm (www-data)", "gone (www-data)"; a long path is cut at its front. Short: "php-fpm (www-data)". Returns
 * out. */
enum { CREATORS_NAME_LEN = 96 };
char *creators_name(char out[static CREATORS_NAME_LEN], const struct column_context *context,
		    const struct creator *creator);
char *creators_short_name(char out[static CREATORS_NAME_LEN], const struct column_context *context,
			  const struct creator *creator);
/* "4000 segments, 15.6M, 3990 unattached, made 2d to 10s ago". Returns out. */
enum { CREATORS_WORDS_LEN = 128 };
char *creators_words(char out[static CREATORS_WORDS_LEN], const struct column_context *context,
		     const struct creator *creator);

#endif
