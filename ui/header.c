/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines above the views: what is watched, how far it can be trusted, and how full things are. */
#include "ui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"
#include "report/report.h"
#include "report/source.h"

enum {
	HEADER_LINES = 4,
	HEADER_ROWS = 16, /* of the screen, from which on the gauges are shown */
	HEADER_GAUGE_MAX = 72,
	HEADER_FACTS_WIDTH = 32,
	HEADER_FULL = 80, /* percent */
	HEADER_BRIMFUL = 95,
	HEADER_OWN_CPU = 1, /* percent of a core from which on it is shown */
};

int header_height(int rows)
{
	return rows >= HEADER_ROWS ? HEADER_LINES : 1;
}

static void header_clock(const struct column_context *context, char out[static DRAW_PIECE_LEN])
{
	time_t seconds = context->wall / (int64_t)CLOCK_SECOND;
	struct tm local;

	if (localtime_r(&seconds, &local))
		strftime(out, DRAW_PIECE_LEN, "%H:%M:%S", &local);
}

static void header_draw_title(const struct screen *screen, const struct column_context *context,
			      const struct model_totals *totals, struct area row)
{
	const struct source_status *status = model_status(context->model);
	char unseen[SOURCE_TEXT_LEN], source[SOURCE_NAME_LEN], lost[SOURCE_LOST_LEN];
	bool blind = source_unseen(unseen, status)[0];
	struct draw_piece pieces[] = {
		{.text = "shmtop", .role = THEME_STRONG},
		{.rank = 5}, /* host */
		{.rank = 6}, /* clock */
		{.rank = 2}, /* pace */
		{.rank = 7}, /* title */
		{.right = true, .rank = 8, .role = THEME_WARNING},
		{.right = true, .role = blind ? THEME_WARNING : THEME_PLAIN},
		{.right = true, .rank = 1, .role = status->lost ? THEME_BAD : THEME_PLAIN},
		{.right = true, .rank = 3, .role = totals->drift ? THEME_WARNING : THEME_PLAIN},
		{.right = true, .rank = 4},
	};

	snprintf(pieces[1].text, DRAW_PIECE_LEN, "%s", screen->host);
	header_clock(context, pieces[2].text);
	if (screen->paused) {
		snprintf(pieces[3].text, DRAW_PIECE_LEN, "PAUSED");
		pieces[3].role = THEME_SELECTED;
	} else {
		snprintf(pieces[3].text, DRAW_PIECE_LEN, "LIVE %.1fs",
			 (double)screen->interval / (double)CLOCK_SECOND);
	}
	snprintf(pieces[4].text, DRAW_PIECE_LEN, "%s", screen->title);
	if (context->own_cpu * 100 >= HEADER_OWN_CPU)
		snprintf(pieces[5].text, DRAW_PIECE_LEN, "own cpu %.0f%%", context->own_cpu * 100);
	snprintf(pieces[6].text, DRAW_PIECE_LEN, "%s%s", blind ? "!" : "",
		 source_name(source, status));
	snprintf(pieces[7].text, DRAW_PIECE_LEN, "%s", source_lost(lost, status));
	if (totals->has_drift)
		snprintf(pieces[8].text, DRAW_PIECE_LEN, "drift %" PRIu64, totals->drift);
	else
		snprintf(pieces[8].text, DRAW_PIECE_LEN, "drift -");
	snprintf(pieces[9].text, DRAW_PIECE_LEN, "%zu ns", totals->namespaces);
	draw_pieces(&screen->theme, row.top, row.left, row.width, pieces,
		    sizeof(pieces) / sizeof(pieces[0]));
}

static double header_share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static enum theme_role header_fullness(double share)
{
	if (share * 100 >= HEADER_BRIMFUL)
		return THEME_BAD;
	return share * 100 >= HEADER_FULL ? THEME_WARNING : THEME_GOOD;
}

/* The memory of all segments, as far as it is known, beside their size */
static void header_draw_memory(const struct screen *screen, const struct model_totals *totals,
			       struct area row, int gauge)
{
	char figures[DRAW_PIECE_LEN], rss[HEADER_SUM_LEN], swap[HEADER_SUM_LEN], size[UNITS_LEN];

	header_sum(rss, totals->has_rss, totals->rss);
	header_sum(swap, totals->has_swap, totals->swap);
	snprintf(figures, sizeof(figures), "%5s/%-5s", rss, units_size(size, totals->size));
	draw_gauge(&screen->theme, row.top, row.left, gauge,
		   &(struct draw_gauge){
			   .name = "Mem",
			   .share = header_share(totals->rss, totals->size),
			   .second = header_share(totals->swap, totals->size),
			   .role = THEME_GOOD,
			   .figures = figures,
		   });
	draw_format(&screen->theme, row.top, row.left + gauge + 2, row.width - gauge - 2, A_NORMAL,
		    "rss %-6s  swap %s", rss, swap);
}

/* The namespace that is nearest to its limit of segments; NULL where no limits are known. */
static const struct namespace_state *header_fullest(const struct column_context *context)
{
	const struct namespace_state *fullest = NULL;
	const struct namespace_state *rows;
	double most = -1;
	size_t count;

	rows = model_namespaces(context->model, &count);
	for (size_t i = 0; i < count; i++) {
		const struct fact_use *use = &rows[i].limits.segments;

		if (!rows[i].has_limits || header_share(use->used, use->max) <= most)
			continue;
		most = header_share(use->used, use->max);
		fullest = &rows[i];
	}
	return fullest;
}

static void header_draw_segments(const struct screen *screen, const struct column_context *context,
				 const struct model_totals *totals, struct area row, int gauge)
{
	const struct namespace_state *fullest = header_fullest(context);
	struct draw_gauge seg = {.name = "Seg"};
	char figures[DRAW_PIECE_LEN], place[COLUMN_CELL_LEN];
	bool several = screen->segments.several;

	if (fullest) {
		seg.share =
			header_share(fullest->limits.segments.used, fullest->limits.segments.max);
		snprintf(figures, sizeof(figures), "%.19s%s%" PRIu64 "/%" PRIu64,
			 several ? column_ns_name(context, fullest->facts.ipcns, place) : "",
			 several ? " " : "", fullest->limits.segments.used,
			 fullest->limits.segments.max);
	} else {
		snprintf(figures, sizeof(figures), "%zu/-", totals->segments);
	}
	seg.role = header_fullness(seg.share);
	seg.figures = figures;
	draw_gauge(&screen->theme, row.top, row.left, gauge, &seg);
	draw_format(&screen->theme, row.top, row.left + gauge + 2, row.width - gauge - 2, A_NORMAL,
		    "att %-6" PRIu64 "  procs %zu", totals->attachments, totals->processes);
}

static void header_draw_rates(const struct screen *screen, const struct column_context *context,
			      struct area row, int gauge)
{
	const struct leaks_total *leaks = &screen->leaks.total;
	char bytes[UNITS_LEN + 1];
	uint32_t rates[MODEL_RATES];
	size_t count = 0;
	char figures[DRAW_PIECE_LEN] = "-";

	if (source_follows(model_status(context->model))) {
		count = model_rates(context->model, rates);
		snprintf(figures, sizeof(figures), "%5" PRIu32 "/s",
			 count > 0 ? rates[count - 1] : 0);
	}
	draw_spark(&screen->theme, row.top, row.left, gauge, "Ops", rates, count, figures);
	draw_format(&screen->theme, row.top, row.left + gauge + 2, row.width - gauge - 2,
		    screen->theme.attributes[leaks->count > 0 ? THEME_BAD : THEME_PLAIN],
		    leaks->count > 0 ? "LEAKS %zu  %s" : "leaks %zu", leaks->count,
		    leaks_total_bytes(screen, bytes));
}

void header_draw(const struct screen *screen, const struct column_context *context,
		 struct area area)
{
	const struct model_totals *totals = &screen->totals;
	int gauge = area.width - HEADER_FACTS_WIDTH;

	header_draw_title(screen, context, totals, area);
	if (area.height < HEADER_LINES)
		return;
	if (gauge > HEADER_GAUGE_MAX)
		gauge = HEADER_GAUGE_MAX;
	if (gauge < area.width / 2)
		gauge = area.width / 2;
	area.top++;
	header_draw_memory(screen, totals, area, gauge);
	area.top++;
	header_draw_segments(screen, context, totals, area, gauge);
	area.top++;
	header_draw_rates(screen, context, area, gauge);
}
