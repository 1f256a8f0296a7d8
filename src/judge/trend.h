/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a count went over the last minutes, in a few points: the longer it is looked at, the wider they are apart. */
#ifndef JUDGE_TREND_H
#define JUDGE_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREND_POINTS = 32 };

struct trend_point {
	uint64_t time; /* ns */
	uint64_t count;
	uint64_t bytes;
};

/* Starts zeroed. */
struct trend {
	struct trend_point points[TREND_POINTS]; /* oldest first */
	size_t count;
	uint64_t interval; /* ns between them at least; 0: not begun */
};

/* Notes how it is, unless that was done just before. */
void trend_note(struct trend *trend, uint64_t time, uint64_t count, uint64_t bytes);
/* Steadily: both halves have grown, and the newest quarter; and it hardly ever became less. */
bool trend_grows(const struct trend *trend);
/* Was it 0 at all points? */
bool trend_is_nothing(const struct trend *trend);

#endif
