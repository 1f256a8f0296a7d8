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
#include "base/text.h"
#include "base/units.h"
#include "report/report.h"

enum { REMOVE_REASON_LEN = 128 };

/* Of the targets: what there is of them now */
struct remove_sums {
	size_t going, staying, gone; /* at once; with the last holder; ended meanwhile */
	uint64_t going_bytes, staying_bytes, attachments;
};

static bool remove_is_dest(const struct segment_facts *facts)
{
	return facts->known & FACT_COL_MODE && facts->mode & FACT_MODE_DEST;
}

static const char remove_help[] = "Enter remove  Esc leave everything as it is";
static const char remove_help_scroll[] =
	"Enter remove  Esc leave everything as it is  Up Down PgUp PgDn scroll";

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
		const struct segment_id *ids, size_t count, size_t unlisted)
{
	struct remove_dialog *dialog = &screen->remove;

	dialog->refusal = "no segment here to remove";
	if (!screen->machine.remove) {
		view_say(screen, context, "nothing is removed without --allow-remove");
		return;
	}
	dialog->page = (struct page){0};
	dialog->unlisted = unlisted;
	dialog->count = dialog->refused = 0;
	for (size_t i = 0; i < count; i++) {
		const struct segment *segment = model_find(context->model, &ids[i]);
		const char *why = remove_refusal(segment);

		if (!why && remove_take(dialog, segment))
			why = "no memory";
		if (why)
			dialog->refusal = why;
		dialog->refused += why != NULL;
	}
	if (dialog->count == 0) {
		view_say(screen, context, "not removed: %s", dialog->refusal);
		return;
	}
	if (dialog->count == 1)
		snprintf(dialog->label, sizeof(dialog->label),
			 "Type %" PRId32 " to remove it: ", dialog->targets[0].id.shmid);
	else
		snprintf(dialog->label, sizeof(dialog->label),
			 "Type %zu to remove all of these: ", dialog->count);
	prompt_open(&dialog->prompt, dialog->label, remove_help, "");
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

/* Only what there is of; `reason` is that of the first failure. */
static void remove_report_all(struct screen *screen, const struct column_context *context,
			      size_t gone, size_t dest, size_t failed, const char *reason)
{
	char line[VIEW_LINE_LEN];
	size_t length = 0;

	if (gone > 0)
		length += (size_t)snprintf(line, sizeof(line), "%zu removed", gone);
	if (dest > 0)
		length += (size_t)snprintf(line + length, sizeof(line) - length,
					   "%s%zu marked dest", length > 0 ? ", " : "", dest);
	if (failed > 0)
		snprintf(line + length, sizeof(line) - length, "%s%zu not removed (%s)",
			 length > 0 ? ", " : "", failed, reason);
	view_say(screen, context, "%s", line);
}

static void remove_all(struct screen *screen, const struct column_context *context)
{
	struct remove_dialog *dialog = &screen->remove;
	const struct screen_machine *machine = &screen->machine;
	size_t gone = 0, dest = 0, failed = 0;
	char name[LOG_ERRNO_LEN], first[REMOVE_REASON_LEN] = "";

	for (size_t i = 0; i < dialog->count; i++) {
		const struct remove_target *target = &dialog->targets[i];
		uint64_t nattch = 0;
		int error = machine->remove(machine->context, target->id.ipcns, &target->facts,
					    &nattch);

		if (dialog->count == 1)
			remove_report_one(screen, context, target, error, nattch);
		if (error && failed++ == 0)
			snprintf(first, sizeof(first), "%" PRId32 ": %s", target->id.shmid,
				 remove_failure(error, name));
		gone += !error && nattch == 0;
		dest += !error && nattch > 0;
	}
	if (dialog->count > 1)
		remove_report_all(screen, context, gone, dest, failed, first);
}

static bool remove_is_confirmed(const struct remove_dialog *dialog)
{
	uint64_t number;
	uint64_t asked = dialog->count == 1 ? (uint64_t)dialog->targets[0].id.shmid : dialog->count;

	return units_parse_number(dialog->prompt.text, INT32_MAX, &number) == 0 && number == asked;
}

/* The keys that scroll are none of a line that is typed. False: another key. */
static bool remove_scroll(struct remove_dialog *dialog, wint_t key)
{
	enum view_move move;

	if (key == KEY_UP)
		move = MOVE_UP;
	else if (key == KEY_DOWN)
		move = MOVE_DOWN;
	else if (key == KEY_PPAGE)
		move = MOVE_PAGE_UP;
	else if (key == KEY_NPAGE)
		move = MOVE_PAGE_DOWN;
	else
		return false;
	page_move(&dialog->page, move);
	return true;
}

enum screen_result remove_key(struct screen *screen, const struct column_context *context,
			      bool function, wint_t key)
{
	struct prompt *prompt = &screen->remove.prompt;

	if (function && remove_scroll(&screen->remove, key))
		return SCREEN_GO_ON;
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

/* Lines are drawn from the second one of the area on: the first one is the title's. Those that find no room
 * are left out. */
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

/* What was meant to be removed, too, and is not. */
static void remove_draw_left_out(const struct remove_dialog *dialog, struct remove_page *page)
{
	bool one = dialog->unlisted == 1;

	if (dialog->refused > 0)
		remove_line(page, THEME_PLAIN, "%zu passed over: %s", dialog->refused,
			    dialog->refusal);
	if (dialog->unlisted > 0)
		remove_line(page, THEME_PLAIN, "%zu tagged segment%s not listed: %s",
			    dialog->unlisted, one ? " is" : "s are",
			    one ? "it stays" : "they stay");
}

/* ---- one ------------------------------------------------------------------------------------- */

enum { REMOVE_COMM_WIDTH = 15 };

static void remove_draw_holder(const struct holder_row *holder, struct remove_page *page)
{
	const struct process *process = holder->holder->process;
	int row = page->area.top + page->line, left = page->area.left + 11;

	draw_text(page->theme, row, left, REMOVE_COMM_WIDTH, A_NORMAL,
		  process->comm[0] ? process->comm : "-");
	left += REMOVE_COMM_WIDTH + 1;
	draw_text(page->theme, row, left, page->area.left + page->area.width - left, A_NORMAL,
		  process->cmdline);
	remove_line(page, THEME_PLAIN, "  %7" PRId32, process->pid);
}

/* What will happen comes first: it stays in sight on a small screen. */
static void remove_draw_facts(const struct remove_dialog *dialog,
			      const struct column_context *context, const struct segment *segment,
			      struct remove_page *page)
{
	char a[COLUMN_CELL_LEN], b[COLUMN_CELL_LEN], c[COLUMN_CELL_LEN], size[UNITS_LEN];

	if (segment->nattch > 0)
		remove_line(page, THEME_WARNING,
			    "D It stays, marked dest, until the last of %" PRIu64
			    " attachments ends; no key leads to it then.",
			    segment->nattch);
	else
		remove_line(page, THEME_BAD, "It goes at once: %s, with what is in it.",
			    units_size(size, segment->facts.size));
	remove_draw_left_out(dialog, page);
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
}

static void remove_draw_one(struct remove_dialog *dialog, const struct column_context *context,
			    struct remove_page *page)
{
	const struct segment *segment = model_find(context->model, &dialog->targets[0].id);
	size_t top;

	if (!segment || segment->gone) {
		remove_line(page, THEME_WARNING,
			    "It has ended meanwhile: there is nothing left to remove.");
		page_fit(&dialog->page, 0, 1);
		return;
	}
	if (holders_collect(segment, &dialog->holders))
		remove_line(page, THEME_BAD, "no memory for the list of its holders");
	/* However small the screen is, one row of the list is seen. */
	page->area.height -= dialog->holders.count > 0;
	remove_draw_facts(dialog, context, segment, page);
	page->area.height += dialog->holders.count > 0;
	top = page_fit(&dialog->page, dialog->holders.count,
		       (size_t)(page->area.height - page->line));
	for (size_t i = top; i < dialog->holders.count && page->line < page->area.height; i++)
		remove_draw_holder(&dialog->holders.rows[i], page);
}

/* ---- many ------------------------------------------------------------------------------------ */

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

static void remove_draw_many(struct remove_dialog *dialog, const struct column_context *context,
			     struct remove_page *page)
{
	struct remove_sums sums;
	char going[UNITS_LEN], staying[UNITS_LEN];
	size_t top;

	remove_sum_up(dialog, context, &sums);
	page->area.height--;
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
	remove_draw_left_out(dialog, page);
	remove_line(page, THEME_HEADING, "%13s %-10s %5s %5s %5s %s", "SHMID", "NS", "SIZE", "ATT",
		    "AGE", "CREATOR");
	page->area.height++;
	top = page_fit(&dialog->page, dialog->count, (size_t)(page->area.height - page->line));
	for (size_t i = top; i < dialog->count && page->line < page->area.height; i++)
		remove_draw_target(context, &dialog->targets[i], page);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The part of the list that is shown: "3-16 of 40"; "" when all of it is. */
static void remove_place(const struct page *page, char out[static VIEW_LINE_LEN])
{
	out[0] = '\0';
	if (page->lines > page->height)
		snprintf(out, VIEW_LINE_LEN, "  %zu-%zu of %zu", page->top + 1,
			 page->top + page->height, page->lines);
}

/* The place stays whole, whatever becomes of the question. */
static void remove_draw_title(const struct remove_dialog *dialog,
			      const struct column_context *context, const struct theme *theme,
			      struct area area)
{
	attr_t strong = theme->attributes[THEME_STRONG];
	char title[VIEW_LINE_LEN], place[VIEW_LINE_LEN], ns[COLUMN_CELL_LEN];
	int room = area.width - 1, left = area.left + 1;

	remove_place(&dialog->page, place);
	room -= (int)text_width(place);
	if (dialog->count == 1)
		snprintf(title, sizeof(title), "Remove segment %" PRId32 " of namespace %s?",
			 dialog->targets[0].id.shmid,
			 column_ns_name(context, dialog->targets[0].id.ipcns, ns));
	else
		snprintf(title, sizeof(title), "Remove %zu segments?", dialog->count);
	left += draw_text(theme, area.top, left, room, strong, title);
	draw_text(theme, area.top, left, area.left + area.width - left, strong, place);
}

void remove_draw(struct screen *screen, const struct column_context *context, struct area area)
{
	struct remove_dialog *dialog = &screen->remove;
	struct remove_page page = {.theme = &screen->theme, .area = area, .line = 1};

	if (dialog->count == 1)
		remove_draw_one(dialog, context, &page);
	else
		remove_draw_many(dialog, context, &page);
	remove_draw_title(dialog, context, &screen->theme, area);
	dialog->prompt.help =
		dialog->page.lines > dialog->page.height ? remove_help_scroll : remove_help;
}
