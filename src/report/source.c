/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct source_word {
	const char *stands;
	const char *words;
};

/* Short enough for a line of 80 columns in doctor */
#define SOURCE_FREE       "every one; other system calls pay nothing"
#define SOURCE_TAXED      "every one; all system calls pay some ns"
#define SOURCE_LOOKS      "not followed; two looks are compared"
#define SOURCE_OFFER      "not followed; --compat follows them, at a cost"
#define SOURCE_OFFER_REST "some are not followed; --compat follows all"

static const struct source_word source_calls[] = {
	{"fexit", SOURCE_FREE},
	{"tracepoint", SOURCE_TAXED},
	{"mixed", SOURCE_TAXED},
	{"none", SOURCE_LOOKS},
	{0},
};

static const struct source_word source_compat[] = {
	{"fexit", SOURCE_FREE},
	{"raw", SOURCE_TAXED},
	{"mixed", SOURCE_OFFER_REST},
	{"none", SOURCE_OFFER},
	{0},
};

static const struct source_word source_looks[] = {
	{"none", SOURCE_LOOKS},
	{0},
};

static const struct source_word source_life[] = {
	{"exact", "each attach, detach and end, as the kernel makes it"},
	{"sched", "fork, exec, exit of holders; the rest is concluded"},
	{"none", SOURCE_LOOKS},
	{0},
};

static const struct source_word source_attachers[] = {
	{"iter", "all mappings, read in the kernel"},
	{"maps", "/proc/PID/maps of each process"},
	{"none", "not known"},
	{0},
};

static const struct {
	enum fact_exact bit;
	const char *words;
} source_exact[] = {
	{FACT_EXACT_ATTACH, "attach"},
	{FACT_EXACT_INHERIT, "fork"},
	{FACT_EXACT_DETACH, "detach"},
	{FACT_EXACT_DESTROY, "end"},
};

static const char *source_stands(const char *stands)
{
	return stands ? stands : "none";
}

static void source_add(struct source_line *line, const char *what, const char *stands,
		       const struct source_word *words)
{
	stands = source_stands(stands);
	*line = (struct source_line){.what = what, .stands = stands};
	while (words->stands && strcmp(words->stands, stands) != 0)
		words++;
	if (words->words)
		snprintf(line->words, sizeof(line->words), "%s", words->words);
}

/* "attach, detach" behind what `line` says already */
static void source_append_exact(struct source_line *line, const char *heading, uint32_t bits)
{
	for (size_t i = 0; i < sizeof(source_exact) / sizeof(source_exact[0]); i++) {
		size_t length = strlen(line->words);

		if (!(bits & source_exact[i].bit))
			continue;
		snprintf(line->words + length, sizeof(line->words) - length, "%s%s", heading,
			 source_exact[i].words);
		heading = ", ";
	}
}

static void source_add_words(struct source_line *line, const char *what, const char *words)
{
	*line = (struct source_line){.what = what, .stands = ""};
	snprintf(line->words, sizeof(line->words), "%s", words);
}

bool source_has_stacks(const struct source_status *status)
{
	return strcmp(source_stands(status->stacks), "none") != 0;
}

size_t source_lines(const struct source_status *status, struct source_line out[static SOURCE_LINES])
{
	char unseen[SOURCE_TEXT_LEN];
	size_t count = 4;

	source_unseen(unseen, status);
	source_add(&out[0], "calls", status->calls, source_calls);
	source_add(&out[1], SOURCE_COMPAT, status->compat,
		   source_follows(status) ? source_compat : source_looks);
	source_add(&out[2], "life", status->life, source_life);
	if (strcmp(out[2].stands, "mixed") == 0) {
		source_append_exact(&out[2], "exact: ", status->exact);
		source_append_exact(&out[2], "; concluded: ", ~status->exact);
	}
	source_add(&out[3], "attachers", status->attachers, source_attachers);
	if (source_has_stacks(status))
		source_add_words(&out[count++], "stacks", "where segments are made");
	else if (status->stacks_why[0])
		source_add_words(&out[count++], "stacks", status->stacks_why);
	if (count > 4)
		out[4].stands = source_stands(status->stacks);
	source_add_words(&out[count++], "unseen", unseen[0] ? unseen : "nothing");
	if (status->why[0])
		source_add_words(&out[count++], "why not better", status->why);
	return count;
}

bool source_follows(const struct source_status *status)
{
	return strcmp(source_stands(status->calls), "none") != 0;
}

const char *source_offer(const struct source_status *status)
{
	const char *compat = source_stands(status->compat);

	if (source_follows(status) && strcmp(compat, "none") == 0)
		return SOURCE_OFFER;
	return strcmp(compat, "mixed") == 0 ? SOURCE_OFFER_REST : "";
}

char *source_unseen(char out[static SOURCE_TEXT_LEN], const struct source_status *status)
{
	const char *events = status->unseen;

	if (!source_follows(status))
		events = "calls, what comes and goes between two looks";
	snprintf(out, SOURCE_TEXT_LEN, "%s%s%s", events, events[0] && status->partial ? ", " : "",
		 status->partial ? "holders that may not be looked at" : "");
	return out;
}

char *source_name(char out[static SOURCE_NAME_LEN], const struct source_status *status)
{
	const char *calls = source_stands(status->calls);
	const char *life = source_stands(status->life);

	if (!source_follows(status))
		snprintf(out, SOURCE_NAME_LEN, "poll");
	else if ((strcmp(calls, "fexit") == 0 && strcmp(life, "exact") != 0) ||
		 (strcmp(calls, "tracepoint") == 0 && strcmp(life, "sched") != 0))
		snprintf(out, SOURCE_NAME_LEN, "%s/%s", calls, life);
	else
		snprintf(out, SOURCE_NAME_LEN, "%s", calls);
	return out;
}

char *source_lost(char out[static SOURCE_LOST_LEN], const struct source_status *status)
{
	if (source_follows(status))
		snprintf(out, SOURCE_LOST_LEN, "lost %" PRIu64, status->lost);
	else
		snprintf(out, SOURCE_LOST_LEN, "lost -");
	return out;
}
