/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who leaves more and more segments behind: counts by creator and call site over the last minutes, and by the
 * process that pins removed ones. Fed once a tick; judged from what it remembers.
 */
#ifndef JUDGE_GROWTH_H
#define JUDGE_GROWTH_H

#include "model/model.h"

struct growth;

/* Segments that nobody has attached and whose makers are the same: the call site and the comm where the site is
 * known, else the executable (else comm), see judge/program.h. Removed ones and mailboxes do not count. */
struct growth_row {
	const char *program; /* executable, else comm; safe; "-" unknown */
	uint32_t site;       /* of segment.site; 0 unknown */
	size_t count;        /* left behind now */
	uint64_t bytes;      /* asked for by them */
	size_t before;       /* count when it was first looked at, and that time */
	uint64_t since;
	bool grows;  /* steadily: more at each of several looks, hardly ever less */
	double rate; /* segments an hour; 0 where it does not grow */
	bool has_full; /* at that rate SHMMNI or SHMALL is used up in `full` seconds, whichever comes first */
	uint64_t full;
	const char *full_of; /* "SHMMNI", "SHMALL" */
};

int growth_new(struct growth **out); /* 0 or -ENOMEM */
void growth_free(struct growth *growth);

/* Once a tick, or once for a single look (nothing grows then). 0 or -ENOMEM. Costs what exists only when the
 * model's revision moved on, and at most every second. */
int growth_update(struct growth *growth, const struct model *model, uint64_t now);

/* Those that have at least one segment, the most bytes first. Valid until the next update. */
const struct growth_row *growth_rows(const struct growth *growth, size_t *count);
/* The row that a segment belongs to, NULL none. */
const struct growth_row *growth_of(const struct growth *growth, const struct segment *segment);
/* How many of the rows grow */
size_t growth_growing(const struct growth *growth);
/* The stranger that is the only holder of a removed segment, once its creator has let go: neither that, nor one
 * that has it by fork. NULL: it is not held like that. */
const struct process *growth_pinner(const struct segment *segment);
/* How many removed segments of others this process is the only holder of; and whether they become more. */
size_t growth_pinned(const struct growth *growth, const struct process *process, bool *grows);

#endif
