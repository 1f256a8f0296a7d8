/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is inside the live view: its state, and the table of views.
 *
 * Nothing here points into the model across a call: segments are kept as identities, events as sequence
 * numbers.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "cmd/screen.h"
#include "report/filter.h"
#include "report/holders.h"
#include "report/source.h"
#include "ui/draw.h"
#include "ui/prompt.h"

enum view_id {
	VIEW_SEGMENTS,
	VIEW_EVENTS,
	VIEW_DETAIL,
	VIEW_HELP,
	VIEWS_COUNT,
};

#define VIEW_BIT(view) (1u << (view))
#define VIEWS_TABS     (VIEW_BIT(VIEW_SEGMENTS) | VIEW_BIT(VIEW_EVENTS))
#define VIEWS_PAGES    (VIEW_BIT(VIEW_DETAIL) | VIEW_BIT(VIEW_HELP))
#define VIEWS_ALL      (VIEWS_TABS | VIEWS_PAGES)

/* Below this nothing useful fits. */
enum { VIEW_MIN_WIDTH = 40, VIEW_MIN_HEIGHT = 8 };
enum { VIEW_LINE_LEN = 512 };

enum view_move {
	MOVE_UP,
	MOVE_DOWN,
	MOVE_PAGE_UP,
	MOVE_PAGE_DOWN,
	MOVE_HOME,
	MOVE_END,
};

/* The list of segments. The cursor belongs to a segment, wherever the order puts it. */
struct segment_list {
	struct segment_id *ids; /* as last drawn; owned */
	size_t count, capacity;
	struct segment_id cursor; /* generation 0: none yet */
	size_t index;             /* of the cursor in ids */
	size_t top;               /* index of the first line shown */
	size_t page;              /* lines shown */
	enum column_id order;
	bool descending;
	bool stale;  /* order or filter changed: to be selected again */
	bool follow; /* scroll so that the cursor stays in sight when the order changes */
	const struct filter *filter; /* the one in use; NULL: all */
	struct filter *own_filter;   /* set when it was typed here; owned */
	char filter_text[PROMPT_LEN];
};

/* The list of events, by sequence number */
struct event_list {
	uint64_t cursor;
	uint64_t top;
	size_t page;
	uint64_t end;   /* behind the newest event that was shown */
	bool following; /* the cursor is the newest event */
};

/* A page of lines that is scrolled, not pointed into */
struct page {
	size_t top, lines, height;
};

/* One segment, opened */
struct detail {
	struct segment_id id;
	struct page page;
	struct holder_list holders; /* filled and used within one call; owned */
	uint64_t *events;           /* sequence numbers, oldest first; the same */
	size_t event_count, event_capacity;
};

struct screen {
	struct theme theme;
	char host[64];
	char title[64];
	enum view_id view;
	enum view_id back[VIEWS_COUNT]; /* where Esc leads */
	uint64_t interval;              /* ns */
	bool paused;
	struct segment_list segments;
	struct event_list events;
	struct detail detail;
	struct page help;
	struct prompt prompt;
	char message[VIEW_LINE_LEN];  /* on the status line */
	uint64_t message_end;         /* boottime until which it stays */
	char unseen[SOURCE_TEXT_LEN]; /* what was last said not to be seen */
};

/* A view. Every callback may assume a screen of at least the minimal size. */
struct view_ops {
	const char *name; /* on its tab */
	/* Draws into the area: two lines at least. */
	void (*draw)(struct screen *screen, const struct column_context *context, struct area area);
	void (*move)(struct screen *screen, const struct column_context *context,
		     enum view_move move);
	/* One line about what is under the cursor; "" when nothing is. */
	void (*status)(const struct screen *screen, const struct column_context *context,
		       char out[static VIEW_LINE_LEN]);
	/* Where in the list: "3/212". */
	void (*place)(const struct screen *screen, const struct column_context *context,
		      char out[static VIEW_LINE_LEN]);
	/* The segment under the cursor. False when there is none. */
	bool (*segment)(const struct screen *screen, const struct column_context *context,
			struct segment_id *out);
};

extern const struct view_ops *const view_table[VIEWS_COUNT];
extern const struct view_ops segments_view, events_view, detail_view, help_view;

/* Changes the view; Esc will lead back to the one before. */
void view_open(struct screen *screen, enum view_id view);

/* `index` moved within `count` items shown `page` at a time. */
size_t view_moved(size_t index, size_t count, size_t page, enum view_move move);
/* The first line to show so that `index` is in sight, as near to `top` as can be. */
size_t view_top(size_t top, size_t index, size_t count, size_t page);
void page_move(struct page *page, enum view_move move);
/* The first line to draw, once `lines` of them are to be shown in `height` rows. */
size_t page_fit(struct page *page, size_t lines, size_t height);
void page_place(const struct page *page, char out[static VIEW_LINE_LEN]);

/* Shows a line on the status line for some seconds. */
void view_say(struct screen *screen, const struct column_context *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool segment_id_same(const struct segment_id *a, const struct segment_id *b);

/* segments.c */
void segments_sort_step(struct screen *screen, const struct column_context *context, int step);
void segments_free(struct segment_list *list);

/* events.c: one event in one row, with a mark when it is under the cursor */
void events_draw_row(const struct screen *screen, const struct column_context *context,
		     struct area row, const struct model_event *entry, bool cursor);
/* The newest events, as many as the area has rows */
void events_draw_newest(struct screen *screen, const struct column_context *context,
			struct area area);
/* The column headings of such rows */
void events_draw_heading(const struct screen *screen, struct area row);

/* detail.c */
void detail_free(struct detail *detail);

/* header.c: the lines above the views, as many as header_height() says for a screen of `rows` */
int header_height(int rows);
void header_draw(const struct screen *screen, const struct column_context *context,
		 struct area area);

#endif
