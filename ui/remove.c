/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The removal of segments: what would go is shown in place of the view, and a number must be typed. */
#include "ui/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/units.h"
#include "report/report.h"

/* Of the targets: what there is of them now */
struct remove_sums {
	size_t going, staying, gone; /* at once; with the last holder; ended meanwhile */
	uint64_t going_bytes, staying_bytes, attachments;
};

static bool remove_is_dest(const struct segment_facts *facts)
{
	return facts->known & FACT_COL_MODE && facts->mode & FACT_MODE_DEST;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Why it is not even asked about; NULL: it is. */
static const char *remove_refusal(const struct segment *segment)
{
	if (!segment || segment->gone)
		return "it has ended";
	if (remove_is_dest(&segment->facts))
		return "it is removed already, and goes with its last holder";
	return NULL;
}

static int remove_take(struct remove_dialog *dialog, const struct segment *segment)
{
	void *targets = dialog->targets;
	int error = array_reserve(&targets, &dialog->capacity, dialog->count + 1,
				  sizeof(*dialog->targets));

	dialog->targets = targets;
	if (!error)
		dialog->targets[dialog->count++] =
			(struct remove_target){segment->id, segment->facts};
	return error;
}

void remove_ask(struct screen *screen, const struct column_context *context,
		const struct segment_id *ids, size_t count)
{
	struct remove_dialog *dialog = &screen->remove;
	const char *refusal = "no segment here to remove";

	if (!screen->machine.remove) {
		view_say(screen, context, "nothing is removed without --allow-remove");
		return;
	}
	size_t refused = 0;

	dialog->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct segment *segment = model_find(context->model, &ids[i]);
		const char *why = remove_refusal(segment);

		if (!why && remove_take(dialog, segment))
			why = "no memory";
		if (why)
			refusal = why;
		refused += why != NULL;
	}
	if (dialog->count == 0) {
		view_say(screen, context, "not removed: %s", refusal);
		return;
	}
	if (dialog->count == 1)
		snprintf(dialog->label, sizeof(dialog->label),
			 "Type %" PRId32 " to remove it: ", dialog->targets[0].id.shmid);
	else
		snprintf(dialog->label, sizeof(dialog->label),
			 "Type %zu to remove all of these: ", dialog->count);
	if (refused > 0)
		view_say(screen, context, "%zu passed over: %s", refused, refusal);
	prompt_open(&dialog->prompt, dialog->label, "Enter remove  Esc leave everything as it is",
		    "");
}

/* ---- doing ----------------------------------------------------------------------------------- */

static const char *remove_failure(int error, char name[static LOG_ERRNO_LEN])
{
	switch (error) {
	case -ESTALE:
		return "it was changed, or is another one by now";
	case -EIDRM:
		return "somebody else was faster";
	case -EPERM:
		return "EPERM: only its owner, its creator or root may";
	case -EACCES:
		return "EACCES: not even its facts may be read";
	case -ESRCH:
		return "no process leads into its namespace any more";
	case -EINVAL:
		return "too little is known of it yet";
	default:
		return log_errno_name(error, name);
	}
}

static void remove_report_one(struct screen *screen, const struct column_context *context,
			      const struct remove_target *target, int error, uint64_t nattch)
{
	char size[UNITS_LEN], name[LOG_ERRNO_LEN];

	if (error)
		view_say(screen, context, "%" PRId32 " was not removed: %s", target->id.shmid,
			 remove_failure(error, name));
	else if (nattch > 0)
		view_say(screen, context,
			 "%" PRId32 " is marked dest: goes with the last of %" PRIu64
			 " attachments",
			 target->id.shmid, nattch);
	else
		view_say(screen, context, "%" PRId32 " is removed (%s)", target->id.shmid,
			 units_size(size, target->facts.size));
}

static void remove_all(struct screen *screen, const struct column_context *context)
{
	struct remove_dialog *dialog = &screen->remove;
	const struct screen_machine *machine = &screen->machine;
	size_t gone = 0, dest = 0, failed = 0;
	char name[LOG_ERRNO_LEN], first[VIEW_LINE_LEN / 2] = "";

	for (size_t i = 0; i < dialog->count; i++) {
		const struct remove_target *target = &dialog->targets[i];
		uint64_t nattch = 0;
		int error = machine->remove(machine->context, target->id.ipcns, &target->facts,
					    &nattch);

		if (dialog->count == 1)
			remove_report_one(screen, context, target, error, nattch);
		if (error && failed++ == 0)
			snprintf(first, sizeof(first), ", %" PRId32 ": %s", target->id.shmid,
				 remove_failure(error, name));
		gone += !error && nattch == 0;
		dest += !error && nattch > 0;
	}
	if (dialog->count > 1)
		view_say(screen, context,
			 "%zu removed, %zu marked dest until their last holder lets go, %zu "
			 "not%s",
			 gone, dest, failed, first);
}

static bool remove_is_confirmed(const struct remove_dialog *dialog)
{
	uint64_t number;
	uint64_t asked = dialog->count == 1 ? (uint64_t)dialog->targets[0].id.shmid : dialog->count;

	return units_parse_number(dialog->prompt.text, INT32_MAX, &number) == 0 && number == asked;
}

enum screen_result remove_key(struct screen *screen, const struct column_context *context,
			      bool function, wint_t key)
{
	struct prompt *prompt = &screen->remove.prompt;

	switch (prompt_key(prompt, function, key)) {
	case PROMPT_EDITING:
		return SCREEN_GO_ON;
	case PROMPT_CANCELLED:
		view_say(screen, context, "nothing was removed");
		return SCREEN_GO_ON;
	case PROMPT_DONE:
		break;
	}
	if (!remove_is_confirmed(&screen->remove)) {
		prompt_fail(prompt, 0, "another number is asked for; Esc leaves all as it is");
		return SCREEN_GO_ON;
	}
	prompt->active = false;
	remove_all(screen, context);
	return SCREEN_REFRESH;
}

void remove_free(struct remove_dialog *dialog)
{
	free(dialog->targets);
	holders_free(&dialog->holders);
	*dialog = (struct remove_dialog){0};
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Lines are drawn from the top of the area on; those that find no room are left out. */
struct remove_page {
	const struct theme *theme;
	struct area area;
	int line;
};

__attribute__((format(printf, 3, 4))) static void remove_line(struct remove_page *page,
							      enum theme_role role,
							      const char *format, ...)
{
	char text[VIEW_LINE_LEN];
	va_list arguments;

	if (page->line >= page->area.height)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	draw_text(page->theme, page->area.top + page->line++, page->area.left + 1,
		  page->area.width - 1, page->theme->attributes[role], text);
}

static void remove_sum_up(const struct remove_dialog *dialog, const struct column_context *context,
			  struct remove_sums *sums)
{
	*sums = (struct remove_sums){0};
	for (size_t i = 0; i < dialog->count; i++) {
		const struct segment *segment = model_find(context->model, &dialog->targets[i].id);

		if (!segment || segment->gone) {
			sums->gone++;
		} else if (segment->nattch > 0) {
			sums->staying++;
			sums->staying_bytes += segment->facts.size;
			sums->attachments += segment->nattch;
		} else {
			sums->going++;
			sums->going_bytes += segment->facts.size;
		}
	}
}

enum { REMOVE_COMM_WIDTH = 15 };

static void remove_draw_holders(const struct remove_dialog *dialog, struct remove_page *page)
{
	const struct holder_list *holders = &dialog->holders;
	int room = page->area.height - page->line;

	for (size_t i = 0; i < holders->count && room > 0; i++, room--) {
		const struct process *process = holders->rows[i].holder->process;

		if (room == 1 && i + 1 < holders->count) {
			remove_line(page, THEME_PLAIN, "  and %zu more", holders->count - i);
			break;
		}
		draw_text(page->theme, page->area.top + page->line, page->area.left + 11,
			  REMOVE_COMM_WIDTH, A_NORMAL, process->comm[0] ? process->comm : "-");
		draw_text(page->theme, page->area.top + page->line,
			  page->area.left + 12 + REMOVE_COMM_WIDTH,
			  page->area.width - 12 - REMOVE_COMM_WIDTH, A_NORMAL, process->cmdline);
		remove_line(page, THEME_PLAIN, "  %7" PRId32, process->pid);
	}
}

/* What will happen comes first: it stays in sight on a small screen. */
static void remove_draw_one(struct remove_dialog *dialog, const struct column_context *context,
			    struct remove_page *page)
{
	const struct segment *segment = model_find(context->model, &dialog->targets[0].id);
	char a[COLUMN_CELL_LEN], b[COLUMN_CELL_LEN], c[COLUMN_CELL_LEN], size[UNITS_LEN];

	if (!segment || segment->gone) {
		remove_line(page, THEME_WARNING,
			    "It has ended meanwhile: there is nothing left to remove.");
		return;
	}
	if (holders_collect(segment, &dialog->holders))
		remove_line(page, THEME_BAD, "no memory for the list of its holders");
	if (segment->nattch > 0)
		remove_line(page, THEME_WARNING,
			    "D It stays, marked dest, until the last of %" PRIu64
			    " attachments ends; no key leads to it then.",
			    segment->nattch);
	else
		remove_line(page, THEME_BAD, "It goes at once: %s, with what is in it.",
			    units_size(size, segment->facts.size));
	remove_line(page, THEME_PLAIN, "Size %s, resident %s, key %s, owner %s",
		    column_cell(COLUMN_SIZE, context, segment, a),
		    column_cell(COLUMN_RSS, context, segment, b),
		    column_cell(COLUMN_KEY, context, segment, c),
		    column_cell(COLUMN_OWNER, context, segment, (char[COLUMN_CELL_LEN]){0}));
	remove_line(page, THEME_PLAIN, "Made %s ago by %s, idle %s",
		    column_cell(COLUMN_AGE, context, segment, a),
		    column_cell(COLUMN_CREATOR, context, segment, b),
		    column_cell(COLUMN_IDLE, context, segment, c));
	if (dialog->holders.count > 0)
		remove_line(page, THEME_STRONG, "Held by %zu process%s:", dialog->holders.count,
			    dialog->holders.count == 1 ? "" : "es");
	else if (segment->nattch > 0)
		remove_line(page, THEME_WARNING, "Who holds it is not known.");
	else
		remove_line(page, THEME_PLAIN, "Nobody holds it.");
	remove_draw_holders(dialog, page);
}

static void remove_draw_target(const struct column_context *context,
			       const struct remove_target *target, struct remove_page *page)
{
	const struct segment *segment = model_find(context->model, &target->id);
	char ns[COLUMN_CELL_LEN], size[COLUMN_CELL_LEN], att[COLUMN_CELL_LEN], age[COLUMN_CELL_LEN],
		creator[COLUMN_CELL_LEN];

	if (!segment || segment->gone) {
		remove_line(page, THEME_FAINT, "x %11" PRId32 " ended meanwhile", target->id.shmid);
		return;
	}
	remove_line(page, segment->nattch > 0 ? THEME_WARNING : THEME_PLAIN,
		    "%c %11" PRId32 " %-10s %5s %5s %5s %s", segment->nattch > 0 ? 'D' : ' ',
		    target->id.shmid, column_ns_name(context, target->id.ipcns, ns),
		    column_cell(COLUMN_SIZE, context, segment, size),
		    column_cell(COLUMN_NATTCH, context, segment, att),
		    column_cell(COLUMN_AGE, context, segment, age),
		    column_cell(COLUMN_CREATOR, context, segment, creator));
}

static void remove_draw_many(const struct remove_dialog *dialog,
			     const struct column_context *context, struct remove_page *page)
{
	struct remove_sums sums;
	char going[UNITS_LEN], staying[UNITS_LEN];

	remove_sum_up(dialog, context, &sums);
	if (sums.going > 0)
		remove_line(page, THEME_BAD, "%zu will go at once: %s, with what is in them.",
			    sums.going, units_size(going, sums.going_bytes));
	if (sums.staying > 0)
		remove_line(page, THEME_WARNING,
			    "D %zu will stay, marked dest, until the last of %" PRIu64
			    " attachments ends: %s.",
			    sums.staying, sums.attachments,
			    units_size(staying, sums.staying_bytes));
	if (sums.gone > 0)
		remove_line(page, THEME_FAINT, "x %zu ended meanwhile.", sums.gone);
	remove_line(page, THEME_HEADING, "%13s %-10s %5s %5s %5s %s", "SHMID", "NS", "SIZE", "ATT",
		    "AGE", "CREATOR");
	for (size_t i = 0; i < dialog->count; i++) {
		if (page->line + 1 == page->area.height && i + 1 < dialog->count) {
			remove_line(page, THEME_PLAIN, "  and %zu more", dialog->count - i);
			break;
		}
		remove_draw_target(context, &dialog->targets[i], page);
	}
}

void remove_draw(struct screen *screen, const struct column_context *context, struct area area)
{
	struct remove_dialog *dialog = &screen->remove;
	struct remove_page page = {.theme = &screen->theme, .area = area};
	char ns[COLUMN_CELL_LEN];

	if (dialog->count == 1) {
		remove_line(&page, THEME_STRONG, "Remove segment %" PRId32 " of namespace %s?",
			    dialog->targets[0].id.shmid,
			    column_ns_name(context, dialog->targets[0].id.ipcns, ns));
		remove_draw_one(dialog, context, &page);
	} else {
		remove_line(&page, THEME_STRONG, "Remove %zu segments?", dialog->count);
		remove_draw_many(dialog, context, &page);
	}
}
