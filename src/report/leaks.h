/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be leaked, summed up: segments of the same verdict that were made by the same program at the same
 * place. Evidence, not accusations.
 */
#ifndef REPORT_LEAKS_H
#define REPORT_LEAKS_H

#include "report/column.h"

enum { LEAKS_EVIDENCE_LEN = 512 };

/* Segments that have the same verdict, as sure, and the same maker: see judge/program.h */
struct leaks_row {
	char name[FACT_TEXT_LEN]; /* executable, else comm, of the creator; "-" unknown */
	uint32_t site;            /* of segment.site; 0 unknown */
	uint32_t stack;           /* of one of them; 0 unknown */
	enum verdict_kind kind;
	enum verdict_confidence confidence; /* VERDICT_LOW at least, where nobody chose otherwise */
	size_t first, count;                /* segments: from leaks_list.ids[first] on */
	uint64_t size;                      /* bytes asked for: these count against SHMALL */
	uint64_t bytes;                     /* that would come back: resident and swapped out */
	bool has_bytes;  /* false: of some only the size is known, and stands in `bytes` */
	bool has_oldest; /* false: the age of none is known */
	uint64_t oldest; /* age of the oldest in seconds */
	struct segment_id largest;
	struct segment_id
		example; /* the one that the evidence is about: unused for the longest time */
	/* Of all that this maker left behind, whatever the verdict, as in struct growth_row */
	bool grows;
	double rate;
	bool has_full;
	uint64_t full;
	const char *full_of;
	/* "nattch 0 for 3d, creator 9912 php-fpm exited 3d ago"; of several: "the longest: ..." */
	char evidence[LEAKS_EVIDENCE_LEN];
};

struct leaks_total {
	size_t count;
	uint64_t size, bytes;
	bool has_bytes; /* as in a row */
};

struct leaks_list {
	struct leaks_row *rows; /* owned; the surest first, then by kind, then by bytes */
	size_t count;
	size_t capacity;
	struct segment_id *ids; /* owned; of the segments, row by row, oldest first */
	size_t id_count;
	size_t id_capacity;
	struct leaks_total total[VERDICT_CONFIDENCES];
};

/* Refills the list, which starts zeroed. 0 or -ENOMEM: then it is empty. Nothing in it points into the model. */
int leaks_collect(const struct column_context *context, struct leaks_list *list);
/* The same with the segments that `choice` takes; their confidence may be VERDICT_NONE. */
typedef bool leaks_choice(void *choosing, const struct segment *segment, enum verdict_kind kind,
			  enum verdict_confidence confidence);
int leaks_collect_chosen(const struct column_context *context, leaks_choice *choice, void *choosing,
			 struct leaks_list *list);
void leaks_free(struct leaks_list *list);

/* Does the segment belong to this row? */
bool leaks_row_has(const struct column_context *context, const struct leaks_row *row,
		   const struct segment *segment);

/* All of them together */
struct leaks_total leaks_sum(const struct leaks_list *list);

/* What is at least likely, without the rows: for a header. */
struct leaks_total leaks_total(const struct column_context *context);

/* The evidence in one line: its reasons joined by commas. Returns out. */
char *leaks_evidence(const struct verdict *verdict, char out[static LEAKS_EVIDENCE_LEN]);

#endif
