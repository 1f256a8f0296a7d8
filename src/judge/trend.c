/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/trend.h"

#include <string.h>

#include "base/clock.h"

/* So close at first, and so wide apart in the end: some eight minutes */
#define TREND_CLOSEST CLOCK_SECOND
#define TREND_WIDEST  (16 * CLOCK_SECOND)

enum {
	TREND_LEAST = 4,    /* points that can tell anything */
	TREND_NEWEST = 4,   /* the part of them in which it must have gone on */
	TREND_RISES = 3,    /* at least */
	TREND_PER_FALL = 8, /* rises for each fall */
};

static void trend_make_room(struct trend *trend)
{
	size_t kept = 0;

	if (trend->interval < TREND_WIDEST) {
		for (size_t i = 0; i < trend->count; i += 2)
			trend->points[kept++] = trend->points[i];
		trend->interval *= 2;
	} else {
		kept = trend->count - TREND_POINTS / 4;
		memmove(trend->points, trend->points + TREND_POINTS / 4,
			kept * sizeof(trend->points[0]));
	}
	trend->count = kept;
}

void trend_note(struct trend *trend, uint64_t time, uint64_t count, uint64_t bytes)
{
	if (!trend->interval)
		trend->interval = TREND_CLOSEST;
	/* ticks come a little early, too */
	if (trend->count &&
	    time < trend->points[trend->count - 1].time + trend->interval - trend->interval / 8)
		return;
	if (trend->count == TREND_POINTS)
		trend_make_room(trend);
	trend->points[trend->count++] =
		(struct trend_point){.time = time, .count = count, .bytes = bytes};
}

bool trend_grows(const struct trend *trend)
{
	const struct trend_point *points = trend->points;
	const size_t last = trend->count - 1;
	size_t rises = 0, falls = 0;

	if (trend->count < TREND_LEAST || points[0].count >= points[last / 2].count ||
	    points[last / 2].count >= points[last].count ||
	    points[last - (last + TREND_NEWEST - 1) / TREND_NEWEST].count >= points[last].count)
		return false;
	for (size_t i = 0; i < last; i++) {
		rises += points[i + 1].count > points[i].count;
		falls += points[i + 1].count < points[i].count;
	}
	return rises >= TREND_RISES && falls * TREND_PER_FALL <= rises;
}

bool trend_is_nothing(const struct trend *trend)
{
	for (size_t i = 0; i < trend->count; i++)
		if (trend->points[i].count)
			return false;
	return true;
}
