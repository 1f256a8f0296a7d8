/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be leaked: evidence, not accusations. What is told of a segment in one word stands here, too,
 * and is what the column `verdict` shows.
 */
#ifndef REPORT_LEAKS_H
#define REPORT_LEAKS_H

#include "report/column.h"

/* The first that holds. */
enum leaks_verdict {
	LEAKS_GONE,       /* it ended */
	LEAKS_DEST,       /* removed: it goes with its last holder */
	LEAKS_UNKNOWN,    /* its nattch is not known */
	LEAKS_IN_USE,     /* attached */
	LEAKS_NEW,        /* seen made within LEAKS_NEW_TIME: nobody had the time to attach it */
	LEAKS_ORPHAN,     /* its creator is gone */
	LEAKS_UNATTACHED, /* its creator lives, or is not known */
	LEAKS_VERDICTS,
};

#define LEAKS_NEW_TIME (UINT64_C(10) * CLOCK_SECOND)

enum leaks_verdict leaks_verdict(const struct column_context *context,
				 const struct segment *segment);
/* "gone", "dest", "in-use", "new", "orphan", "unattached"; NULL for LEAKS_UNKNOWN */
const char *leaks_verdict_name(enum leaks_verdict verdict);

/* How much the evidence is worth. Nothing is sure without more than is known today. */
enum leaks_confidence {
	LEAKS_NONE, /* no leak */
	LEAKS_WATCH,
	LEAKS_LIKELY,
	LEAKS_SURE,
	LEAKS_CONFIDENCES,
};

enum leaks_confidence leaks_confidence(enum leaks_verdict verdict);
/* "watch", "likely", "sure"; "" for none */
const char *leaks_confidence_name(enum leaks_confidence confidence);

/* Of one segment that nobody has attached, in words: "nattch 0 for 3d, creator 9912 php-fpm exited". Returns
 * out. */
enum { LEAKS_EVIDENCE_LEN = 256 };
char *leaks_evidence(const struct column_context *context, const struct segment *segment,
		     char out[static LEAKS_EVIDENCE_LEN]);

/* Segments of one creator's program that have the same verdict */
struct leaks_row {
	char name[FACT_TEXT_LEN]; /* executable, else comm, of the creator; "-" unknown */
	enum leaks_verdict verdict;
	enum leaks_confidence confidence;
	size_t count;    /* segments */
	uint64_t size;   /* bytes asked for: these count against SHMALL */
	uint64_t bytes;  /* that would come back: resident and swapped out */
	bool has_bytes;  /* false: of some only the size is known, and stands in `bytes` */
	bool has_oldest; /* false: the age of none is known */
	uint64_t oldest; /* age of the oldest in seconds */
	struct segment_id largest;
	/* "nattch 0 for 3d, creator 9912 php-fpm exited" */
	char evidence[LEAKS_EVIDENCE_LEN];
};

struct leaks_total {
	size_t count;
	uint64_t size, bytes;
	bool has_bytes; /* as in a row */
};

struct leaks_list {
	struct leaks_row *rows; /* owned; the surest first, then by bytes */
	size_t count;
	size_t capacity;
	struct leaks_total total[LEAKS_CONFIDENCES];
};

/* Refills the list, which starts zeroed. 0 or -ENOMEM: then it is empty. Nothing in it points into the
 * model. */
int leaks_collect(const struct column_context *context, struct leaks_list *list);
void leaks_free(struct leaks_list *list);

/* What is at least likely, without the rows: for a header. */
struct leaks_total leaks_total(const struct column_context *context);

#endif
