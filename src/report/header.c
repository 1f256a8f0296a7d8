/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <sys/utsname.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/units.h"
#include "report/report.h"
#include "report/source.h"

enum {
	HEADER_HOST_LEN = 4 * (SYS_NMLN + 1),
};

static void header_print_source(FILE *out, const struct column_context *context,
				const struct model_totals *totals, double interval)
{
	const struct source_status *status = model_status(context->model);
	char unseen[SOURCE_TEXT_LEN], source[SOURCE_NAME_LEN], lost[SOURCE_LOST_LEN];
	time_t seconds = context->wall / (int64_t)CLOCK_SECOND;
	char host[HEADER_HOST_LEN];
	struct utsname machine = {0};
	struct tm local = {0};

	uname(&machine);
	text_safe(host, sizeof(host), machine.nodename, sizeof(machine.nodename));
	localtime_r(&seconds, &local);
	fprintf(out, "shmtop  %s  %02d:%02d:%02d", host, local.tm_hour, local.tm_min, local.tm_sec);
	if (interval > 0)
		fprintf(out, "  every %.1fs", interval);
	fprintf(out, "  %s  %s", source_name(source, status), source_lost(lost, status));
	if (totals->has_drift)
		fprintf(out, "  drift %" PRIu64, totals->drift);
	else
		fputs("  drift -", out);
	fprintf(out, "  %zu ns\n", totals->namespaces);
	if (source_unseen(unseen, status)[0])
		fprintf(out, "Unseen: %s\n", unseen);
	if (source_offer(status)[0])
		fprintf(out, SOURCE_COMPAT ": %s\n", source_offer(status));
	if (status->why[0])
		fprintf(out, "Why not better: %s\n", status->why);
}

/* A sum that lacks some segments is a lower bound, if any at all. */
char *header_sum(char out[static HEADER_SUM_LEN], bool whole, uint64_t bytes)
{
	char text[UNITS_LEN];

	if (!whole && bytes == 0)
		return strcpy(out, "-");
	snprintf(out, HEADER_SUM_LEN, "%s%s", whole ? "" : ">", units_size(text, bytes));
	return out;
}

static void header_print_memory(FILE *out, const struct model_totals *totals)
{
	char size[UNITS_LEN], rss[HEADER_SUM_LEN], swap[HEADER_SUM_LEN];

	fprintf(out, "Mem  size %s  rss %s  swap %s\n", units_size(size, totals->size),
		header_sum(rss, totals->has_rss, totals->rss),
		header_sum(swap, totals->has_swap, totals->swap));
}

/* The limits of one's own namespace, when they are known */
static const struct limits_facts *header_limits(const struct column_context *context)
{
	size_t count;
	const struct namespace_state *namespaces = model_namespaces(context->model, &count);

	for (size_t i = 0; i < count; i++) {
		if (namespaces[i].facts.ipcns == context->own_ipcns && namespaces[i].has_limits)
			return &namespaces[i].limits;
	}
	return NULL;
}

static void header_print_segments(FILE *out, const struct column_context *context,
				  const struct model_totals *totals)
{
	const struct limits_facts *limits = header_limits(context);
	uint32_t rates[MODEL_RATES];
	bool counted = source_follows(model_status(context->model));
	size_t seconds = counted ? model_rates(context->model, rates) : 0;
	char name[COLUMN_CELL_LEN];

	fprintf(out, "Seg  %zu", totals->segments);
	if (limits)
		fprintf(out, "  %s %" PRIu64 "/%" PRIu64,
			column_ns_name(context, context->own_ipcns, name), limits->segments.used,
			limits->segments.max);
	fprintf(out, "  unattached %" PRIu64 "  att %" PRIu64 "  procs %zu", totals->unattached,
		totals->attachments, totals->processes);
	if (seconds > 0)
		fprintf(out, "  ops %" PRIu32 "/s", rates[seconds - 1]);
	fputc('\n', out);
}

void header_print(FILE *out, const struct column_context *context, double interval)
{
	struct model_totals totals;

	model_totals(context->model, &totals);
	header_print_source(out, context, &totals, interval);
	header_print_memory(out, &totals);
	header_print_segments(out, context, &totals);
}
