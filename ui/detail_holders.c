/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The holders of a segment as rows of its page, and what they have of it in memory. */
#include "ui/detail_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* For the answers to one key: the view has other work. */
#define DETAIL_RESIDENT_TIME (50 * CLOCK_MS)

enum holders_column {
	HOLDERS_PID,
	HOLDERS_INNER,
	HOLDERS_NAME,
	HOLDERS_MAPS,
	HOLDERS_MODE,
	HOLDERS_SINCE,
	HOLDERS_HOW,
	HOLDERS_STATE,
	HOLDERS_RES,
	HOLDERS_ADDRESS,
	HOLDERS_COMMAND,
	HOLDERS_COLUMNS,
};

static const struct table_column holders_columns[HOLDERS_COLUMNS] = {
	[HOLDERS_PID] = {.title = "PID", .least = 7, .right = true},
	[HOLDERS_INNER] = {.title = "INSIDE", .least = 6, .right = true, .rank = 4},
	[HOLDERS_NAME] = {.title = "HOLDER", .least = 8, .most = 15},
	[HOLDERS_MAPS] = {.title = "MAPS", .least = 4, .right = true, .rank = 3},
	[HOLDERS_MODE] = {.title = "MODE", .least = 4, .rank = 1},
	[HOLDERS_SINCE] = {.title = "SINCE", .least = 6, .right = true, .rank = 4},
	[HOLDERS_HOW] = {.title = "HOW", .least = 7, .rank = 5},
	[HOLDERS_STATE] = {.title = "STATE", .least = 11, .rank = 2},
	[HOLDERS_RES] = {.title = "RES", .least = 5, .right = true, .rank = 6},
	[HOLDERS_ADDRESS] = {.title = "ADDRESS", .least = 14, .rank = 7},
	[HOLDERS_COMMAND] = {.title = "COMMAND", .least = 10, .most = FACT_TEXT_LEN, .rank = 8},
};

/* The kernel made it; shmtop saw how, or came later. */
static const char *const holders_how[] = {
	[MAPPING_SCAN] = "found",
	[MAPPING_SHMAT] = "shmat",
	[MAPPING_FORK] = "by fork",
};

bool detail_has_inner(const struct process *process)
{
	return process->inner_pid && process->inner_pid != process->pid;
}

/* `columns` is where the layout's are kept. */
static void holders_fit(const struct detail *detail, int width,
			struct table_column columns[static HOLDERS_COLUMNS],
			struct table_layout *layout)
{
	memcpy(columns, holders_columns, sizeof(holders_columns));
	if (!detail->inner)
		columns[HOLDERS_INNER].least = 0;
	table_fit(layout, columns, HOLDERS_COLUMNS, width);
}

void detail_draw_holders_heading(const struct theme *theme, struct area row,
				 const struct detail *detail)
{
	struct table_column columns[HOLDERS_COLUMNS];
	struct table_layout layout;

	holders_fit(detail, row.width, columns, &layout);
	table_draw_heading(theme, row, &layout);
}

/* "gone exit", "creator", "new"; what matters most where several hold */
static enum theme_role holders_state(const struct column_context *context,
				     const struct segment *segment, const struct holder_row *holder,
				     char out[static 32])
{
	bool unknown = holder->reason == FACT_REASON_UNKNOWN;

	if (holder->gone) {
		snprintf(out, 32, "gone%s%s", unknown ? "" : " ",
			 unknown ? "" : fact_reason_name(holder->reason));
		return THEME_FAINT;
	}
	if (holder->origin != MAPPING_SCAN && context->now - holder->since < COLUMN_NEW_TIME) {
		strcpy(out, "new");
		return THEME_STRONG;
	}
	strcpy(out, holder->process == segment->creator ? "creator" : "");
	return THEME_PLAIN;
}

static void holders_resident(const struct detail *detail, const struct holder_row *holder,
			     char out[static UNITS_LEN])
{
	const struct detail_resident *resident = &detail->resident;

	strcpy(out, "-");
	if (!segment_id_same(&resident->id, &detail->id))
		return;
	for (size_t i = 0; i < resident->count; i++)
		if (resident->of[i].mm == holder->mm && !resident->of[i].error)
			units_size(out, resident->of[i].bytes);
}

void detail_draw_holder(const struct theme *theme, const struct column_context *context,
			struct area row, const struct segment *segment, const struct detail *detail,
			const struct holder_row *holder)
{
	const struct process *process = holder->process;
	char pid[16], inner[16] = "", maps[32], since[UNITS_LEN + 1] = ">", state[32],
		      resident[UNITS_LEN];
	char address[32];
	enum theme_role role = holders_state(context, segment, holder, state);
	const char *cells[HOLDERS_COLUMNS] = {
		[HOLDERS_PID] = pid,
		[HOLDERS_INNER] = inner,
		[HOLDERS_NAME] = process->comm[0] ? process->comm : "-",
		[HOLDERS_MAPS] = maps,
		[HOLDERS_MODE] = holders_mode(holder->flags),
		[HOLDERS_SINCE] = since,
		[HOLDERS_HOW] = holders_how[holder->origin],
		[HOLDERS_STATE] = state,
		[HOLDERS_RES] = resident,
		[HOLDERS_ADDRESS] = address,
		[HOLDERS_COMMAND] = process->cmdline,
	};
	struct table_column columns[HOLDERS_COLUMNS];
	struct table_layout layout;

	snprintf(pid, sizeof(pid), "%" PRId32, process->pid);
	if (detail_has_inner(process))
		snprintf(inner, sizeof(inner), "%" PRId32, process->inner_pid);
	snprintf(maps, sizeof(maps), "%zu", holder->maps);
	/* What a scan found had been there before: so long at least. */
	detail_ago(context, holder->since, holder->origin == MAPPING_SCAN ? since + 1 : since);
	holders_resident(detail, holder, resident);
	snprintf(address, sizeof(address), "0x%" PRIx64, holder->addr);
	holders_fit(detail, row.width, columns, &layout);
	table_draw_row(theme, row, &layout, cells, theme->attributes[role], false);
}

/* All mappings of one holder */
static int holders_ask(const struct screen_machine *machine, const struct segment *segment,
		       const struct holder_row *holder, uint64_t end, uint64_t *bytes)
{
	int error = 0;

	*bytes = 0;
	for (const struct mapping *at = holder->holder->mappings; at && !error;
	     at = at->holder_next) {
		uint64_t part = 0;

		if (at->segment != segment)
			continue;
		if (clock_now() >= end)
			return -ETIMEDOUT;
		error = machine->resident(machine->context, holder->process, at->start, at->length,
					  &part);
		*bytes += part;
	}
	return error;
}

/* Whether one was asked before */
static bool holders_asked(const struct detail_resident *resident, const struct holder_row *holder)
{
	for (size_t i = 0; i < resident->count; i++)
		if (resident->of[i].mm == holder->mm)
			return true;
	return false;
}

static size_t holders_left(const struct detail *detail)
{
	size_t left = 0;

	for (size_t i = 0; i < detail->holders.count; i++)
		left += !holders_asked(&detail->resident, &detail->holders.rows[i]);
	return left;
}

static void holders_report(struct screen *screen, const struct column_context *context)
{
	const struct detail *detail = &screen->detail;
	const struct detail_resident *resident = &detail->resident;
	size_t known = 0, left = holders_left(detail);
	char name[LOG_ERRNO_LEN];
	int error = 0;

	for (size_t i = 0; i < resident->count; i++) {
		known += resident->of[i].error == 0;
		if (resident->of[i].error)
			error = resident->of[i].error;
	}
	if (left > 0 && resident->count < DETAIL_RESIDENT)
		view_say(screen, context, "resident part known of %zu of %zu holders; r asks on",
			 known, detail->holders.count);
	else if (error)
		view_say(screen, context, "resident part known of %zu of %zu holders (%s)", known,
			 detail->holders.count, log_errno_name(error, name));
	else
		view_say(screen, context,
			 "resident part of %zu of %zu holders: pages that each has in "
			 "its own page tables",
			 known, detail->holders.count);
}

void detail_ask_resident(struct screen *screen, const struct column_context *context)
{
	struct detail *detail = &screen->detail;
	struct detail_resident *resident = &detail->resident;
	const struct segment *segment = model_find(context->model, &detail->id);
	const uint64_t end = clock_now() + DETAIL_RESIDENT_TIME;

	if (!segment || !screen->machine.resident) {
		view_say(screen, context, segment ? "nobody to ask here" : "it ended");
		return;
	}
	holders_collect(segment, &detail->holders);
	if (detail->holders.count == 0) {
		view_say(screen, context, "nobody is known to have it attached");
		return;
	}
	/* Those that there was no time for are asked next; then all of them again. */
	if (!segment_id_same(&resident->id, &detail->id) || holders_left(detail) == 0 ||
	    resident->count == DETAIL_RESIDENT)
		*resident = (struct detail_resident){.id = detail->id};
	for (size_t i = 0; i < detail->holders.count && resident->count < DETAIL_RESIDENT; i++) {
		const struct holder_row *holder = &detail->holders.rows[i];
		size_t at = resident->count;

		if (holders_asked(resident, holder))
			continue;
		if (clock_now() >= end)
			break;
		resident->of[at].mm = holder->mm;
		resident->of[at].error = holders_ask(&screen->machine, segment, holder, end,
						     &resident->of[at].bytes);
		resident->count++;
	}
	holders_report(screen, context);
}
