/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model as text and JSON. Pure functions from a const model to a FILE or a json-c object;
 * whoever opened the FILE checks it for errors (report_finish).
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <json.h>
#include <stdio.h>

#include "base/units.h"
#include "report/column.h"

/* ---- text ---------------------------------------------------------------------------------- */

struct table_options {
	const enum column_id *columns;
	size_t column_count;
	bool headings;
	/* Unaligned: fields separated by one space, blanks in them as \x20, empty ones as -. Figures
	 * are plain numbers if column_context.bytes says so. */
	bool raw;
	size_t width; /* columns of the terminal; 0: no limit (a pipe) */
};

/* The default columns of `list`. */
extern const enum column_id table_default_columns[];
extern const size_t table_default_column_count;

/* One line a segment, columns as wide as what stands in them. Not by libsmartcols, which needs three times
 * as long for 32,000 rows (150 ms against 50 ms, cells included). Where the width is limited texts are cut, marked with
 * ~, and columns left out from the right; before that the namespace, if all rows share one's own.
 * 0 or -ENOMEM. */
int table_print(FILE *out, const struct column_context *context, const struct segment_id *ids,
		size_t count, const struct table_options *options);

/* Everything about one segment: facts in words, its verdict, where it was made, holders one a line, its events.
 * 0 or -ENOMEM. */
int table_print_segment(FILE *out, const struct column_context *context,
			const struct segment *segment);

/* The frames of a call path, one a line, each behind `indent`; nothing when it is not known. */
void table_print_stack(FILE *out, const struct call_paths *paths, uint32_t id, const char *indent);

/* The event with what the model has come to know of its process since: a look that finds a mapping does
 * not tell whose name and user it is. Valid by itself. */
struct event event_named(const struct model *model, const struct model_event *entry);

/* One event in one line without newline: "12:04:30.118204  7713 tst   shmget(IPC_PRIVATE, 64.0M,
 * IPC_CREAT|0600) = 229383 created  12us". Columns line up. Returns out. */
enum { EVENT_LINE_LEN = 1024 };
char *event_line(char out[static EVENT_LINE_LEN], const struct event *event);
/* Heading that fits event_line. */
char *event_heading(char out[static EVENT_LINE_LEN]);
/* The pieces of it, for other layouts. Return out. */
enum { EVENT_PART_LEN = 192 };
/* "12:04:30.118204" */
char *event_clock(char out[static EVENT_PART_LEN], const struct event *event);
/* "shmat(4, NULL, SHM_RDONLY)", "detach 1 mapping (munmap)". What nobody saw happen, but two looks tell,
 * begins with the mark: "~detach 1 mapping". */
#define EVENT_INFERRED "~"
char *event_call(char out[static EVENT_PART_LEN], const struct event *event);
/* "= 0x7f2a40000000", "ENOSPC", "status 0", "64.0K at 0x7f2a40000000"; "" where there is none */
char *event_result(char out[static EVENT_PART_LEN], const struct event *event);

/* Why a call failed, or did less than it was asked for, in one sentence: by what was known then, else in
 * general. "" where there is nothing to say. Returns out. */
enum { EVENT_EXPLAIN_LEN = 512 };
char *event_explain(char out[static EVENT_EXPLAIN_LEN], const struct column_context *context,
		    const struct event *event);
/* "37 times since 12:04:05"; "" where it came once. Returns out. */
char *event_explain_repeats(char out[static EVENT_PART_LEN], const struct column_context *context,
			    const struct event *event);
/* Both in a line below that of the event, or none; of a repeat no more than how often it came. */
void event_print_explanation(FILE *out, const struct column_context *context,
			     const struct event *event, const char *indent);

/* Sequence numbers of the events of a segment that are still in the ring, oldest first. *sequences is
 * reallocated as needed (array_reserve). 0 or -ENOMEM. */
int event_history(const struct model *model, const struct segment *segment, uint64_t **sequences,
		  size_t *count, size_t *capacity);

/* A sum of bytes: "64.0M"; ">64.0M" when a part of it is unknown, "-" when all is. Returns out. */
enum { HEADER_SUM_LEN = UNITS_LEN + 1 };
char *header_sum(char out[static HEADER_SUM_LEN], bool whole, uint64_t bytes);

/* Lines above a table: time, rung, loss, drift, what the rung cannot do, totals. `interval` in seconds; 0
 * for a single look. */
void header_print(FILE *out, const struct column_context *context, double interval);

/* ---- JSON ---------------------------------------------------------------------------------- */

/* A document with its head: schema "shmtop.NAME/1", time, host, kernel, probe. NULL if no memory. */
struct json_object *json_document(const char *name, const struct column_context *context);
struct json_object *json_segment(const struct column_context *context,
				 const struct segment *segment);
/* The frames of a call path, innermost first; NULL (null) when it is not known. `paths` may be NULL. */
struct json_object *json_stack(const struct call_paths *paths, uint32_t id);
/* Of the context it takes the model (NULL: namespaces have no label) and the paths. */
struct json_object *json_event(const struct column_context *context, const struct event *event);
/* All IPC namespaces: whose they are, and why one could not be read. */
struct json_object *json_namespaces(const struct column_context *context);
/* The events of one segment that are still in the ring, oldest first. */
struct json_object *json_events(const struct column_context *context,
				const struct segment *segment);
struct creator_list;
/* Its limits, null each, with the reason, where they are not known, and who made how much; `creators` are of all
 * namespaces. */
struct json_object *json_limits(const struct column_context *context,
				const struct namespace_state *place,
				const struct creator_list *creators);
/* The machine's huge pages, an element for each size. */
struct json_object *json_hugepages(const struct column_context *context);
/* One line and a newline. Frees the object. */
void json_print(FILE *out, struct json_object *object);
/* Prints the document with one member more, the array of these segments, made one after the other: any
 * number takes the memory of one. Frees the document, which must have a member. 0 or -ENOMEM. */
int json_print_segments(FILE *out, struct json_object *document, const char *name,
			const struct column_context *context, const struct segment_id *ids,
			size_t count);

/* Columns of the terminal that `out` is; 0: it is none, or does not say. */
size_t report_width(FILE *out);
/* Flushes `out`. Returns the exit status that this makes: 0; 0 and silence for a closed pipe
 * (EPIPE); 1 with a line on stderr for any other error, such as a full disk. */
int report_finish(FILE *out);

#endif
