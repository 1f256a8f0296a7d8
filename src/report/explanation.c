/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a call failed, for all that show events. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "judge/failures.h"
#include "report/call.h"
#include "report/event_line.h"

static const struct failure *failure_of(const struct column_context *context,
					const struct event *event)
{
	return failures_get(context->failures, event->failure);
}

char *event_explain(char out[static EVENT_EXPLAIN_LEN], const struct column_context *context,
		    const struct event *event)
{
	const struct failure *failure = failure_of(context, event);
	const bool failed = FACT_OP_BIT(event->op) & FACT_OPS_CALLS && event->ret < 0;

	out[0] = '\0';
	if (failure)
		snprintf(out, EVENT_EXPLAIN_LEN, "%s", failure->why);
	if (!out[0] && failed)
		snprintf(out, EVENT_EXPLAIN_LEN, "%s", call_failure(event->op, (int)-event->ret));
	return out;
}

char *event_explain_repeats(char out[static EVENT_PART_LEN], const struct column_context *context,
			    const struct event *event)
{
	const struct failure *failure = failure_of(context, event);
	char clock[EVENT_PART_LEN];

	out[0] = '\0';
	if (!failure || failure->count < 2)
		return out;
	event_clock(clock, &(struct event){.time = failure->first});
	clock[strcspn(clock, ".")] = '\0';
	snprintf(out, EVENT_PART_LEN, "%" PRIu64 " times since %.16s", failure->count, clock);
	return out;
}

void event_print_explanation(FILE *out, const struct column_context *context,
			     const struct event *event, const char *indent)
{
	const struct failure *failure = failure_of(context, event);
	char text[EVENT_EXPLAIN_LEN], repeats[EVENT_PART_LEN], line[EVENT_LINE_LEN];

	if (!event_explain(text, context, event)[0])
		return;
	event_explain_repeats(repeats, context, event);
	if (failure && failure->event.time != event->time)
		snprintf(line, sizeof(line), "as above, %s", repeats);
	else
		snprintf(line, sizeof(line), "%s%s%s", text, repeats[0] ? "; " : "", repeats);
	fputs(indent, out);
	event_print_folded(out, line, strlen(indent), report_width(out));
}
