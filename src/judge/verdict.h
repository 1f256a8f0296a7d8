/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be thought of a segment: a kind, how sure that is, and the evidence in words that a person can
 * check. Pure functions over the const model. One table of rules, the first that holds.
 *
 * HIGH is for what nobody can use again: it stops a build (exit status 3), so it takes more than a suspicion.
 */
#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

#include "model/model.h"

enum verdict_kind {
	VERDICT_UNKNOWN, /* too little is known */
	VERDICT_GONE,    /* it ended */
	VERDICT_IN_USE,
	VERDICT_NEW,     /* within the grace period */
	VERDICT_DEST,    /* removed: goes with its last holder */
	VERDICT_IDLE,    /* nattch 0, and somebody who knows it lives, or may */
	VERDICT_MAILBOX, /* meant to stay without anybody attached, by a key that is known for it */
	VERDICT_ORPHAN,  /* nattch 0, and everybody who ever touched it is gone */
	VERDICT_GROWING, /* as orphan or idle, and its creator or call site leaves more and more behind */
	VERDICT_DEST_PINNED,    /* removed, and a stranger holds more and more of such */
	VERDICT_FAILED_REMOVAL, /* an IPC_RMID was refused, then everybody left */
	VERDICT_ATTACH_LEAK,    /* one process maps it again and again */
	VERDICT_KINDS,
};

enum verdict_confidence {
	VERDICT_NONE,   /* nothing is wrong */
	VERDICT_LOW,    /* "watch" */
	VERDICT_MEDIUM, /* "likely" */
	VERDICT_HIGH,   /* "sure" */
	VERDICT_CONFIDENCES,
};

enum { VERDICT_REASONS = 8, VERDICT_REASON_LEN = 192 };

struct verdict {
	enum verdict_kind kind;
	enum verdict_confidence confidence;
	uint64_t since; /* CLOCK_BOOTTIME ns; 0 unknown */
	size_t count;   /* of because[] */
	char because[VERDICT_REASONS][VERDICT_REASON_LEN];
};

#define VERDICT_GRACE (UINT64_C(10) * CLOCK_SECOND)

struct growth;

struct judge_context {
	const struct model *model;
	uint64_t now;   /* CLOCK_BOOTTIME ns */
	uint64_t grace; /* ns; VERDICT_GRACE */
	/* Who leaves more and more behind, judge/growth.h; NULL: nobody is known to, and the kinds growing and
	 * dest-pinned are not told */
	const struct growth *growth;
	/* `shmtop run`: everything that was started is over and whatever it made is left behind for good:
	 * a private IPC namespace that is about to end, or the end of the tree that was followed. Of a segment
	 * that somebody who lives is known to have used it says nothing. */
	bool over;
};

void verdict_judge(const struct judge_context *context, const struct segment *segment,
		   struct verdict *out);
/* The kind alone, without the words: for columns, filters and counts. `confidence` may be NULL. */
enum verdict_kind verdict_kind(const struct judge_context *context, const struct segment *segment,
			       enum verdict_confidence *confidence);

/* "in-use", "failed-removal", ...; "unknown" */
const char *verdict_kind_name(enum verdict_kind kind);
/* For JSON: "none", "low", "medium", "high" */
const char *verdict_confidence_name(enum verdict_confidence confidence);
/* For people: "", "watch", "likely", "sure" */
const char *verdict_confidence_word(enum verdict_confidence confidence);

#endif
