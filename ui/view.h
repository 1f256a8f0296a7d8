/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is inside the live view: its state, and the table of views.
 *
 * Nothing here points into the model across a call: segments are kept as identities, events as sequence
 * numbers.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "base/contents.h"
#include "base/units.h"
#include "cmd/screen.h"
#include "report/changes.h"
#include "report/filter.h"
#include "report/holders.h"
#include "report/leaks.h"
#include "report/limits_rows.h"
#include "report/owners.h"
#include "report/source.h"
#include "ui/columns.h"
#include "ui/config.h"
#include "ui/draw.h"
#include "ui/mouse.h"
#include "ui/prompt.h"
#include "ui/search.h"
#include "ui/tags.h"

enum view_id {
	VIEW_SEGMENTS,
	VIEW_EVENTS,
	VIEW_LEAKS,
	VIEW_OWNERS,
	VIEW_LIMITS,
	VIEW_TABS_COUNT, /* those above have a tab, in this order */
	VIEW_DETAIL = VIEW_TABS_COUNT,
	VIEW_PEEK,
	VIEW_HELP,
	VIEW_SETUP,
	VIEWS_COUNT,
};

#define VIEW_BIT(view) (1u << (view))
#define VIEWS_TABS     (VIEW_BIT(VIEW_TABS_COUNT) - 1)
#define VIEWS_PAGES \
	(VIEW_BIT(VIEW_DETAIL) | VIEW_BIT(VIEW_PEEK) | VIEW_BIT(VIEW_HELP) | VIEW_BIT(VIEW_SETUP))
#define VIEWS_ALL (VIEWS_TABS | VIEWS_PAGES)

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
	int width;                /* columns of the terminal that it has */
	enum column_id order;
	bool descending;
	bool stale;        /* order or filter changed: to be selected again */
	uint64_t revision; /* of the screen, when they were selected */
	uint64_t held;     /* generation of the newest segment when no pause held them */
	uint64_t since;    /* then: what ended earlier was not shown */
	uint64_t until;    /* when the next one is to be shown no more */
	bool several; /* there were several namespaces: their column stays, whatever comes and goes */
	bool follow; /* scroll so that the cursor stays in sight when the order changes */
	const struct filter *filter; /* the one in use; NULL: all */
	struct filter *own_filter;   /* set when it was typed here; owned */
	char filter_text[PROMPT_LEN];
	struct column_set columns;
	struct tag_set tags;
};

/* The list of events, by sequence number */
struct event_list {
	uint64_t cursor; /* as last drawn or moved, also where the newest is followed */
	uint64_t top;
	uint64_t first; /* as last drawn: what the indexes of items count from */
	size_t page;
	uint64_t held;  /* behind the newest event when the picture was paused */
	bool following; /* the cursor is the newest event */
};

/* A list of rows that are collected anew for each frame. The cursor belongs to a row by what the row is
 * about, wherever the order puts it. */
struct row_list {
	uint64_t *ids; /* rows_id() of each, as last drawn; owned */
	size_t count, capacity;
	uint64_t cursor; /* the id that it is on; 0: none yet */
	size_t index;    /* of the cursor in ids */
	size_t top, page;
};

/* What the lists beside that of the segments show, collected when the model has moved on. A revision of 0:
 * to be collected anew. */
struct leaks_state {
	struct leaks_list list;
	struct row_list rows;
	struct leaks_total total; /* of those that are likely at least; of the screen's revision */
	uint64_t revision;        /* of the list */
};

struct owners_state {
	struct owners_list list;
	struct row_list rows;
	enum owners_by by;
	uint64_t revision;
};

struct limits_state {
	struct limits_list list;
	struct row_list rows;
	uint64_t revision;
};

/* What the list of segments showed before another view narrowed it down */
struct drill {
	bool active;
	enum view_id from;
	const struct filter *filter; /* as in struct segment_list */
	struct filter *own_filter;
	char filter_text[PROMPT_LEN];
};

/* A page of lines that is scrolled, not pointed into */
struct page {
	size_t top, lines, height;
};

/* What holders have in memory, as asked for by a key. Those that were asked: */
enum { DETAIL_RESIDENT = 16 };
struct detail_resident {
	struct segment_id id; /* generation 0: nobody asked */
	struct {
		uint64_t mm, bytes;
		int error; /* instead of the bytes */
	} of[DETAIL_RESIDENT];
	size_t count;
};

/* One segment, opened */
struct detail {
	struct segment_id id;
	struct page page;
	struct holder_list holders; /* filled and used within one call; owned */
	bool inner;                 /* the same: one has another pid in its own namespace */
	struct detail_resident resident;
	struct segment_change changes[CHANGES_MOST]; /* as the holders */
	size_t change_count;
	uint64_t *events; /* sequence numbers, oldest first; the same */
	size_t event_count, event_capacity;
};

/* What stands in a segment */
struct peek {
	struct segment_id id;
	struct page page;
	uint64_t at;  /* offset of the first line */
	size_t bytes; /* in a line, as last drawn */
	/* At this tick and at the one before; owned; length 0: not read */
	struct contents *now, *before;
	int error;                        /* of the last read */
	char through[FACT_COMM_LEN + 16]; /* whom it was read through */
};

/* The page on which all of this is chosen */
struct setup {
	size_t index, top, page;
	/* As in the configuration; what stands in the screen's other parts is put in when it is saved. */
	struct config config;
	bool plain;                    /* no colours, by NO_COLOR */
	char notice[CONFIG_ERROR_LEN]; /* what was wrong with it, still to be said */
};

/* Segments whose removal is asked about, as they were when it was */
struct remove_target {
	struct segment_id id;
	struct segment_facts facts;
};

struct remove_dialog {
	struct prompt prompt; /* active: it is shown */
	char label[48];
	struct remove_target *targets; /* owned */
	size_t count, capacity;
	size_t refused;             /* are not among them */
	const char *refusal;        /* why the last of these is not */
	size_t unlisted;            /* tagged, but not listed */
	struct holder_list holders; /* filled and used within one call; owned */
	struct page page;           /* the list in it: of the targets, or of one's holders */
};

struct screen {
	int in; /* descriptor that keys are read from */
	struct theme theme;
	char host[64];
	char title[64];
	enum view_id view;
	enum view_id back[VIEWS_COUNT]; /* where Esc leads */
	uint64_t interval;              /* ns */
	/* Of the model at the last tick: what a key press shows again is not made again. */
	uint64_t revision;
	uint64_t facts_revision;
	struct model_totals totals; /* of that one */
	bool paused;
	struct screen_machine machine;
	struct remove_dialog remove;
	struct segment_list segments;
	struct drill drill;
	struct leaks_state leaks;
	struct owners_state owners;
	struct limits_state limits;
	struct event_list events;
	struct detail detail;
	struct detail pane; /* of the segment under the cursor, beside the list */
	struct peek peek;
	struct page help;
	struct prompt prompt;
	/* Takes what was typed; closes the prompt, or leaves it open for an error (prompt_fail). */
	enum screen_result (*prompt_done)(struct screen *screen,
					  const struct column_context *context);
	char message[VIEW_LINE_LEN];  /* on the status line */
	uint64_t message_end;         /* boottime until which it stays */
	char unseen[SOURCE_TEXT_LEN]; /* what was last said not to be seen */
	struct search search;
	struct area body; /* where the view was last drawn */
	struct setup setup;
	struct mouse_map mouse;
};

/* A view. Every callback may assume a screen of at least the minimal size. */
struct view_ops {
	const char *name; /* on its tab */
	/* Draws into the area: two lines at least. */
	void (*draw)(struct screen *screen, const struct column_context *context, struct area area);
	void (*move)(struct screen *screen, const struct column_context *context,
		     enum view_move move);
	/* Enter: what is under the cursor is opened. NULL: it is a segment. */
	void (*open)(struct screen *screen, const struct column_context *context);
	/* One line about what is under the cursor; "" when nothing is. */
	void (*status)(const struct screen *screen, const struct column_context *context,
		       char out[static VIEW_LINE_LEN]);
	/* Where in the list: "3/212". */
	void (*place)(const struct screen *screen, const struct column_context *context,
		      char out[static VIEW_LINE_LEN]);
	/* The segment under the cursor. False when there is none. */
	bool (*segment)(const struct screen *screen, const struct column_context *context,
			struct segment_id *out);

	/* For the search and the mouse. A list: the text of an item as it stands in its row, false behind the
	 * last one; the index of the item under the cursor, and how many there are; the cursor put on another
	 * one. NULL: no list. */
	bool (*text)(const struct screen *screen, const struct column_context *context,
		     size_t index, char out[static VIEW_LINE_LEN]);
	size_t (*index)(const struct screen *screen, const struct column_context *context,
			size_t *count);
	void (*go)(struct screen *screen, const struct column_context *context, size_t index);
	/* A page: its lines are searched as they are drawn. NULL: no page. */
	struct page *(*page)(struct screen *screen);
};

extern const struct view_ops *const view_table[VIEWS_COUNT];
extern const struct view_ops segments_view, events_view, leaks_view, owners_view, limits_view,
	detail_view, peek_view, help_view, setup_view;

/* Changes the view; Esc will lead back to the one before. */
void view_open(struct screen *screen, enum view_id view);

/* `index` moved within `count` items shown `page` at a time. */
size_t view_moved(size_t index, size_t count, size_t page, enum view_move move);
/* The first line to show so that `index` is in sight, as near to `top` as can be. */
size_t view_top(size_t top, size_t index, size_t count, size_t page);
/* rows.c: a table whose columns are given up one after the other where there is no room for all. */
struct table_column {
	const char *title;
	int least, most; /* columns; more than `least` from what is left over, from the left on */
	int rank;        /* the highest is given up first; 0 stays */
	bool right;      /* aligned */
	bool tail;       /* of a text that is too long the end is shown */
};
enum { TABLE_COLUMNS = 12 };
struct table_layout {
	const struct table_column *columns;
	size_t count;
	int widths[TABLE_COLUMNS]; /* 0: not shown */
};
void table_fit(struct table_layout *layout, const struct table_column *columns, size_t count,
	       int width);
/* Both leave the first column of the area to the mark of the cursor. */
void table_draw_heading(const struct theme *theme, struct area row,
			const struct table_layout *layout);
void table_draw_row(const struct theme *theme, struct area row, const struct table_layout *layout,
		    const char *const *cells, attr_t attributes, bool cursor);

/* Identity of a row from texts that are never the same for two rows */
uint64_t rows_id(const char *text, const char *more);
/* Makes room for the ids of `count` rows, to be filled in. 0 or -ENOMEM: then the list is empty. */
int rows_begin(struct row_list *list, size_t count);
/* Puts the cursor and the first line where they belong, for `page` lines. */
void rows_settle(struct row_list *list, size_t page);
/* Where the rows stand in an area whose first line is the heading */
struct area rows_area(const struct row_list *list, struct area area);
void rows_move(struct row_list *list, enum view_move move);
void rows_go(struct row_list *list, size_t index);
void rows_place(const struct row_list *list, char out[static VIEW_LINE_LEN]);
void rows_free(struct row_list *list);
void page_move(struct page *page, enum view_move move);
/* The first line to draw, once `lines` of them are to be shown in `height` rows. */
size_t page_fit(struct page *page, size_t lines, size_t height);
void page_place(const struct page *page, char out[static VIEW_LINE_LEN]);

/* Shows a line on the status line for some seconds. */
void view_say(struct screen *screen, const struct column_context *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for what was done with a file: "WHAT PATH", or the error (-errno). The end of a long path stays. */
void view_say_path(struct screen *screen, const struct column_context *context, int error,
		   const char *what, const char *path);
/* Whether a list of this revision is to be made again */
bool view_is_old(const struct screen *screen, uint64_t revision);
/* Holds the lists as they are, or lets them go. One that is older than the picture is made when it is looked
 * at, and held from then on. */
void view_pause(struct screen *screen, const struct column_context *context);
/* The next longer (1) or shorter (-1) time between frames */
void view_interval_step(struct screen *screen, int step);

/* Asks for a line of text; `done` gets it (struct screen). */
void view_ask(struct screen *screen, const char *label, const char *help, const char *text,
	      enum screen_result (*done)(struct screen *screen,
					 const struct column_context *context));

/* In an empty list: what there is not; and that there are no segments, with what to do about it. */
void view_draw_empty(const struct screen *screen, struct area area, const char *what);
void view_draw_no_segments(const struct screen *screen, const struct column_context *context,
			   struct area area);

bool segment_id_same(const struct segment_id *a, const struct segment_id *b);

/* drill.c: shows the segments for which a filter expression holds; back to the view and the filter before.
 * drill_back() is false when there is nothing to go back to. */
void drill_open(struct screen *screen, const struct column_context *context,
		const char *expression);
bool drill_back(struct screen *screen);
void drill_free(struct drill *drill);
/* The expression for segments of which a column is this name; "-": of which it is not known. Returns out. */
char *drill_name(const char *column, const char *name, char out[static VIEW_LINE_LEN]);

/* leaks.c: the total is brought up to date once a tick, before anything shows it */
void leaks_update(struct screen *screen, const struct column_context *context);
/* "<518M" where the size of some stands for what would come back. Returns out. */
const char *leaks_total_bytes(const struct screen *screen, char out[static UNITS_LEN + 1]);
void leaks_state_free(struct leaks_state *leaks);

/* owners.c: executable, user, cgroup, one after the other */
void owners_next(struct screen *screen, const struct column_context *context);
void owners_state_free(struct owners_state *owners);

/* limits.c */
void limits_state_free(struct limits_state *limits);

/* wide.c: how the body is divided on a wide terminal. False: it is not wide enough. */
struct wide_layout {
	struct area list, detail, events;
};
bool wide_divide(struct area body, struct wide_layout *out);
/* What stands beside the list of segments. `selected` NULL: none is. */
void wide_draw(struct screen *screen, const struct column_context *context,
	       const struct wide_layout *layout, const struct segment_id *selected);

/* segments.c */
void segments_sort_step(struct screen *screen, const struct column_context *context, int step);
/* By this column; by the one that it is sorted by: the other way round */
void segments_sort_by(struct screen *screen, enum column_id column);
/* Selects again what a tick or the user has changed; while paused, of what there was at its beginning. */
void segments_select(struct screen *screen, const struct column_context *context);
void segments_free(struct segment_list *list);

/* events.c: one event in one row, with a mark when it is under the cursor */
void events_draw_row(const struct screen *screen, const struct column_context *context,
		     struct area row, const struct model_event *entry, bool cursor);
/* The newest events, as many as the area has rows */
void events_draw_newest(struct screen *screen, const struct column_context *context,
			struct area area);
/* The column headings of such rows */
void events_draw_heading(const struct screen *screen, struct area row);

/* explanation.c: why a call failed, broken into lines: how many; 0: there is nothing to say */
enum { EXPLANATION_INDENT = 4 };
size_t explanation_lines(const struct column_context *context, const struct model_event *entry,
			 int width);
void explanation_draw(const struct theme *theme, const struct column_context *context,
		      const struct model_event *entry, struct area row, size_t line);

/* detail.c: as much of the page as the area holds, for a pane beside the list */
void detail_draw_pane(struct screen *screen, const struct column_context *context, struct area area,
		      const struct segment_id *id);
/* Key r: how much of the segment each holder has in memory */
void detail_ask_resident(struct screen *screen, const struct column_context *context);
void detail_free(struct detail *detail);
/* Opens the page of this segment. */
void detail_open(struct screen *screen, const struct segment_id *id);

/* peek.c: key x: what stands in the segment under the cursor */
void peek_open(struct screen *screen, const struct column_context *context);
/* A tick: while the page is open, its bytes are read again. */
void peek_tick(struct peek *peek);
void peek_free(struct peek *peek);

/* mouse_key.c: what was clicked */
enum screen_result mouse_run(struct screen *screen, const struct column_context *context);

/* search_key.c: the keys F3, n and N; what matches is turned round in what was drawn */
/* open_key.c */
enum screen_result open_ask(struct screen *screen, const struct column_context *context, int key);

enum screen_result search_ask(struct screen *screen, const struct column_context *context, int key);
enum screen_result search_next(struct screen *screen, const struct column_context *context,
			       int key);
void search_highlight(const struct screen *screen, struct area area);

/* setup.c: choices are put to use at once */
void setup_start(struct screen *screen, const struct screen_options *options);
enum screen_result setup_change(struct screen *screen, const struct column_context *context,
				int key);
enum screen_result setup_move_column(struct screen *screen, const struct column_context *context,
				     int key);
enum screen_result setup_save(struct screen *screen, const struct column_context *context, int key);

/* dump.c: P and E */
enum screen_result dump_text(struct screen *screen, const struct column_context *context, int key);
enum screen_result dump_json(struct screen *screen, const struct column_context *context, int key);

/* remove.c: asks whether these segments are to be removed, in place of the view, and removes them;
 * `unlisted` more are tagged */
void remove_ask(struct screen *screen, const struct column_context *context,
		const struct segment_id *ids, size_t count, size_t unlisted);
enum screen_result remove_key(struct screen *screen, const struct column_context *context,
			      bool function, wint_t key);
void remove_draw(struct screen *screen, const struct column_context *context, struct area area);
void remove_free(struct remove_dialog *dialog);

/* header.c: the lines above the views, as many as header_height() says for a screen of `rows` */
int header_height(int rows);
void header_draw(const struct screen *screen, const struct column_context *context,
		 struct area area);

#endif
