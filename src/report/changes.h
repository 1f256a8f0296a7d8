/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was done to segments, what was refused, and by whom: their creation, IPC_SET, SHM_LOCK, SHM_UNLOCK,
 * IPC_RMID and their end. Kept by the model with each segment, gone ones included.
 */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include <json.h>
#include <stdio.h>

#include "base/log.h"
#include "report/column.h"

/* The creation, the end, and what was in between */
enum { CHANGES_MOST = MODEL_CHANGES + 2, CHANGES_LINE_LEN = 384 };

/* Was it changed, removed or destroyed, or was that refused? Its creation alone does not count. */
static inline bool changes_known(const struct segment *segment)
{
	return segment->changes || segment->end;
}

/* The entries of one segment in the order in which they are told: copies, whose pointers are the model's. A
 * creation that was seen comes first, as CHANGE_MADE. Returns how many. */
size_t changes_collect(const struct segment *segment,
		       struct segment_change out[static CHANGES_MOST]);

/* "IPC_SET owner root->oracle mode 0600->0666", "IPC_RMID", "destroyed by its last detach (exit)": what, without
 * who and when. Returns out. */
char *changes_text(const struct column_context *context, const struct segment_change *change,
		   char out[static CHANGES_LINE_LEN]);
/* "by 7713 ipcrm (root)"; "by somebody" where it is not known. Returns out. */
char *changes_who(const struct column_context *context, const struct segment_change *change,
		  char out[static CHANGES_LINE_LEN]);
/* "done", or "EPERM"; "" for what is no call. Static, or `out`. */
const char *changes_result(const struct segment_change *change, char out[static LOG_ERRNO_LEN]);
/* "12:04:30", with the day where that is another than today. Returns out. */
char *changes_clock(const struct column_context *context, uint64_t time,
		    char out[static CHANGES_LINE_LEN]);
/* "12:04:30  IPC_RMID  EPERM, 3 times since 12:01:02  by 7713 ipcrm (nobody)": all of it; of a
 * removal also the cgroup of who did it, where that is known. Returns out. */
char *changes_line(const struct column_context *context, const struct segment_change *change,
		   char out[static CHANGES_LINE_LEN]);

/* The lines of one segment, each behind `indent`. Returns how many. */
size_t changes_print(FILE *out, const struct column_context *context, const struct segment *segment,
		     const char *indent);
/* Every segment that was changed, removed by another than made it, or where that was refused, or that ended in another
 * way, under a heading of its own, the oldest first; of more than `most` (0: any number) only the latest, and a line
 * that counts the others. Returns how many there are. For the end of a trace. */
size_t changes_print_all(FILE *out, const struct column_context *context, size_t most);

/* [{"op","time","first","count","ret","errno","inferred","pid","comm","uid","cgroup","reason","old","new"}] of one
 * segment: op is create, IPC_SET, SHM_LOCK, SHM_UNLOCK, IPC_RMID or destroy. NULL without memory. */
struct json_object *changes_json(const struct column_context *context,
				 const struct segment *segment);
/* [{"ipcns","ipcns_label","shmid","changes"}] of those that changes_print_all() tells. NULL without memory. */
struct json_object *changes_json_all(const struct column_context *context, size_t most);

#endif
