/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules and the words of a verdict share. Nobody else includes this. */
#ifndef JUDGE_VERDICT_PARTS_H
#define JUDGE_VERDICT_PARTS_H

#include "judge/growth.h"
#include "judge/verdict.h"

/* What became of those who know a segment */
enum verdict_who {
	WHO_UNKNOWN,  /* some are gone, of others nothing is known */
	WHO_LIVES,    /* at least one */
	WHO_MAY_LIVE, /* nobody has looked yet, or nobody is known */
	WHO_GONE,     /* all that are known of */
};

struct verdict_look {
	const struct judge_context *context;
	const struct segment *segment;
	bool dest;    /* removed */
	bool counted; /* its nattch is known */
	/* Only where nobody has it attached: */
	bool complete;                /* all that ever knew it are known */
	const struct process *living; /* one of them; NULL none */
	const struct process *user;   /* by whom it knows it: itself, or where it was forked from */
	enum verdict_who who;
	bool over;           /* all that was run is over, and nobody who knows it lives */
	const char *mailbox; /* whose; NULL none */
};

bool verdict_is_gone(const struct process *process);
bool verdict_was_never_used(const struct segment *segment);
/* When it was made; its last use, of one that was there before shmtop looked. 0 unknown */
uint64_t verdict_newest(const struct segment *segment);
/* Nobody can come by a key, and all that used it are known; but it may be that its id was handed on to whoever started
 * its creator, or to somebody of its creator's process group, and that they live. */
bool verdict_is_with_starter(const struct verdict_look *look);
bool verdict_is_with_group(const struct verdict_look *look);
/* Is it of a tool that makes segments for others? */
bool verdict_is_of_tool(const struct segment *segment);
/* Its maker's row, if that grows; NULL: it does not. */
const struct growth_row *verdict_growth(const struct verdict_look *look);
/* How many removed segments, this one among them, a stranger holds, if they become more: else 0. */
size_t verdict_pinned(const struct verdict_look *look, const struct process **holder);
/* How many times one process has attached it, where that is worth a word: else 0. */
size_t verdict_attaches(const struct segment *segment, const struct process **process);
/* Did nattch go up and up, as far as is remembered? And from where? */
bool verdict_nattch_rises(const struct segment *segment, uint64_t *from);

/* verdict_words.c: the evidence */
typedef void verdict_words(const struct verdict_look *look, struct verdict *out);
verdict_words verdict_tell_gone, verdict_tell_pinned, verdict_tell_removed, verdict_tell_unknown,
	verdict_tell_attaches, verdict_tell_in_use, verdict_tell_new, verdict_tell_mailbox,
	verdict_tell_refused, verdict_tell_unattached;

#endif
