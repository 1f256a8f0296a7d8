/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/changes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "report/json_parts.h"
#include "report/owner.h"

enum {
	CHANGES_TEXT_WIDTH = 45,
	CHANGES_RESULT_WIDTH = 7,
};

static const char *const changes_names[CHANGE_KINDS] = {
	[CHANGE_REMOVE] = "IPC_RMID",   [CHANGE_SET] = "IPC_SET", [CHANGE_LOCK] = "SHM_LOCK",
	[CHANGE_UNLOCK] = "SHM_UNLOCK", [CHANGE_END] = "destroy", [CHANGE_MADE] = "create",
};

/* ---- the entries --------------------------------------------------------------------------- */

static bool is_call(const struct segment_change *change)
{
	return change->kind < CHANGE_END;
}

static bool changes_creation(const struct segment *segment, struct segment_change *out)
{
	const struct process *creator = segment->creator;

	if (!segment->born)
		return false;
	*out = (struct segment_change){
		.kind = CHANGE_MADE,
		.first = segment->born,
		.time = segment->born,
		.count = 1,
		.inferred = !segment->witnessed,
		.uid = creator && creator->has_uid ? creator->uid : FACT_UID_UNKNOWN,
		.pid = creator ? creator->pid : 0,
		.process = segment->creator,
	};
	if (creator)
		memcpy(out->comm, creator->comm, sizeof(out->comm));
	return true;
}

/* A call that ends a segment returns after it; only what was refused may have been tried later. */
static bool is_after_end(const struct segment_change *change, const struct segment *segment)
{
	return segment->end && change->ret < 0 && change->first > segment->gone;
}

size_t changes_collect(const struct segment *segment,
		       struct segment_change out[static CHANGES_MOST])
{
	size_t count = changes_creation(segment, &out[0]);
	bool ended = !segment->end;

	for (const struct segment_change *at = segment->changes; at; at = at->next) {
		if (!ended && is_after_end(at, segment)) {
			out[count++] = *segment->end;
			ended = true;
		}
		out[count++] = *at;
	}
	if (!ended)
		out[count++] = *segment->end;
	return count;
}

/* ---- text ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void append(char out[static CHANGES_LINE_LEN],
							 const char *format, ...)
{
	size_t length = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + length, CHANGES_LINE_LEN - length, format, args);
	va_end(args);
}

static void append_user(const struct column_context *context, uint32_t uid,
			char out[static CHANGES_LINE_LEN])
{
	const char *name = owner_name(context->owners, uid);

	if (name)
		append(out, "%s", name);
	else
		append(out, "%" PRIu32, uid);
}

/* "owner root->oracle", "group 0->54321", "mode 0600->0666": what differs; all of it where the rights before are
 * not known. */
static void append_rights(const struct column_context *context, const struct segment_change *change,
			  char out[static CHANGES_LINE_LEN])
{
	const struct segment_rights *old = &change->old, *new = &change->new;
	const bool all = !change->has_old;
	const size_t length = strlen(out);

	if (!change->has_new) {
		append(out, ", to what is not known yet");
		return;
	}
	if (all || old->uid != new->uid) {
		append(out, " owner ");
		if (!all) {
			append_user(context, old->uid, out);
			append(out, "->");
		}
		append_user(context, new->uid, out);
	}
	if (!all && old->gid != new->gid)
		append(out, " group %" PRIu32 "->%" PRIu32, old->gid, new->gid);
	else if (all)
		append(out, " group %" PRIu32, new->gid);
	if (!all && old->mode != new->mode)
		append(out, " mode %04" PRIo32 "->%04" PRIo32, old->mode, new->mode);
	else if (all)
		append(out, " mode %04" PRIo32, new->mode);
	if (strlen(out) == length)
		append(out, ", nothing new");
}

static const char *changes_end(enum fact_reason reason)
{
	switch (reason) {
	case FACT_REASON_IPC_RMID:
		return "destroyed, as nobody had it attached";
	case FACT_REASON_LAST_DETACH:
		return "destroyed, as its last holder let go";
	case FACT_REASON_FORCED:
		return "destroyed by kernel.shm_rmid_forced";
	case FACT_REASON_NAMESPACE:
		return "ended with its IPC namespace";
	default:
		return "ended, nobody saw why";
	}
}

char *changes_text(const struct column_context *context, const struct segment_change *change,
		   char out[static CHANGES_LINE_LEN])
{
	snprintf(out, CHANGES_LINE_LEN, "%s",
		 change->inferred && change->kind != CHANGE_END ? "~" : "");
	if (change->kind == CHANGE_MADE)
		append(out, "created");
	else if (change->kind == CHANGE_END)
		append(out, "%s", changes_end(change->reason));
	else
		append(out, "%s", changes_names[change->kind]);
	if (change->kind == CHANGE_SET)
		append_rights(context, change, out);
	return out;
}

char *changes_who(const struct column_context *context, const struct segment_change *change,
		  char out[static CHANGES_LINE_LEN])
{
	if (!change->pid) {
		snprintf(out, CHANGES_LINE_LEN, "by somebody");
		return out;
	}
	snprintf(out, CHANGES_LINE_LEN, "by %" PRId32 "%s%s", change->pid,
		 change->comm[0] ? " " : "", change->comm);
	if (change->uid != FACT_UID_UNKNOWN) {
		append(out, " (");
		append_user(context, change->uid, out);
		append(out, ")");
	}
	return out;
}

char *changes_clock(const struct column_context *context, uint64_t time,
		    char out[static CHANGES_LINE_LEN])
{
	const time_t now = context->wall / (int64_t)CLOCK_SECOND;
	const time_t then = column_wall(context, time) / (int64_t)CLOCK_SECOND;
	struct tm today = {0}, day = {0};

	localtime_r(&now, &today);
	localtime_r(&then, &day);
	strftime(out, CHANGES_LINE_LEN,
		 today.tm_yday == day.tm_yday && today.tm_year == day.tm_year ? "%T" : "%F %T",
		 &day);
	return out;
}

/* Where the end needs nobody, and nobody is known, none is told. */
static bool has_who(const struct segment_change *change)
{
	return change->kind != CHANGE_END || change->pid;
}

const char *changes_result(const struct segment_change *change, char out[static LOG_ERRNO_LEN])
{
	if (change->ret < 0)
		return log_errno_name((int)change->ret, out);
	return is_call(change) ? "done" : "";
}

/* Whoever removed it may have done so for a service: a session that ended, a container that was stopped. */
static const char *changes_cgroup(const struct segment_change *change)
{
	const char *cgroup = change->process ? change->process->cgroup : "";

	return change->kind == CHANGE_REMOVE && change->ret >= 0 && strcmp(cgroup, "/") != 0
		       ? cgroup
		       : "";
}

char *changes_line(const struct column_context *context, const struct segment_change *change,
		   char out[static CHANGES_LINE_LEN])
{
	char part[CHANGES_LINE_LEN], clock[CHANGES_LINE_LEN], name[LOG_ERRNO_LEN];
	size_t width;

	changes_text(context, change, part);
	width = text_width(part);
	snprintf(out, CHANGES_LINE_LEN, "%s  %s%*s ", changes_clock(context, change->time, clock),
		 part, width < CHANGES_TEXT_WIDTH ? (int)(CHANGES_TEXT_WIDTH - width) : 0, "");
	append(out, "%-*s", CHANGES_RESULT_WIDTH, changes_result(change, name));
	if (has_who(change))
		append(out, " %s", changes_who(context, change, part));
	if (changes_cgroup(change)[0])
		append(out, ", in %s", changes_cgroup(change));
	if (change->count > 1)
		append(out, ", %" PRIu64 " times since %s", change->count,
		       changes_clock(context, change->first, clock));
	for (size_t length = strlen(out); length > 0 && out[length - 1] == ' '; length--)
		out[length - 1] = '\0';
	return out;
}

size_t changes_print(FILE *out, const struct column_context *context, const struct segment *segment,
		     const char *indent)
{
	struct segment_change rows[CHANGES_MOST];
	const size_t count = changes_collect(segment, rows);
	char line[CHANGES_LINE_LEN];

	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s\n", indent, changes_line(context, &rows[i], line));
	if (segment->changes_dropped)
		fprintf(out, "%sand %" PRIu64 " more, older ones\n", indent,
			segment->changes_dropped);
	return count;
}

/* ---- of all segments ----------------------------------------------------------------------- */

/* Removed by who made it, and gone: nobody asks who it was. */
static bool is_usual(const struct segment *segment)
{
	const struct segment_change *end = segment->end;

	for (const struct segment_change *at = segment->changes; at; at = at->next)
		if (at->kind != CHANGE_REMOVE || at->ret < 0 || !at->process ||
		    at->process != segment->creator)
			return false;
	return segment->changes && (!end || end->reason == FACT_REASON_IPC_RMID ||
				    end->reason == FACT_REASON_LAST_DETACH);
}

/* What a filter kept from being told only shows in the tables: of segments that no event was about that is nothing to
 * tell. */
static bool is_followed(const struct segment *segment)
{
	const struct segment_change *at = segment->changes;

	while (at && at->inferred)
		at = at->next;
	return segment->witnessed || at;
}

static bool is_told(const struct segment *segment)
{
	return changes_known(segment) && is_followed(segment) && !is_usual(segment);
}

static size_t count_told(const struct segment *list)
{
	size_t count = 0;

	for (; list; list = list->next)
		count += is_told(list);
	return count;
}

/* Leaves out the first `skip` of them; returns how many of these are still to be left out. */
static size_t print_changed(FILE *out, const struct column_context *context,
			    const struct segment *list, size_t skip)
{
	char name[COLUMN_CELL_LEN], key[COLUMN_CELL_LEN], size[COLUMN_CELL_LEN];

	for (; list; list = list->next) {
		if (!is_told(list))
			continue;
		if (skip > 0) {
			skip--;
			continue;
		}
		fprintf(out, "segment %" PRId32 "  key %s  size %s  IPC namespace %s\n",
			list->id.shmid, column_cell(COLUMN_KEY, context, list, key),
			column_cell(COLUMN_SIZE, context, list, size),
			column_ns_name(context, list->id.ipcns, name));
		changes_print(out, context, list, "  ");
	}
	return skip;
}

size_t changes_print_all(FILE *out, const struct column_context *context, size_t most)
{
	const struct segment *gone = model_gone(context->model);
	const struct segment *living = model_segments(context->model);
	const size_t count = count_told(gone) + count_told(living);
	size_t skip = most && count > most ? count - most : 0;

	if (skip > 0)
		fprintf(out, "%zu segment%s before %s not shown\n", skip, skip == 1 ? "" : "s",
			most == 1 ? "this is" : "these are");
	skip = print_changed(out, context, gone, skip);
	print_changed(out, context, living, skip);
	return count;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static struct json_object *json_rights(bool known, const struct segment_rights *rights)
{
	struct json_object *object = known ? json_object_new_object() : NULL;

	if (!object)
		return NULL;
	json_add(object, "uid", json_object_new_int64(rights->uid));
	json_add(object, "gid", json_object_new_int64(rights->gid));
	json_add(object, "mode", json_mode(rights->mode));
	return object;
}

static struct json_object *json_change(const struct column_context *context,
				       const struct segment_change *change)
{
	struct json_object *object = json_object_new_object();
	const bool known = change->pid && change->uid != FACT_UID_UNKNOWN;
	const bool refused = change->ret < 0;
	char error[LOG_ERRNO_LEN];

	if (!object)
		return NULL;
	json_add(object, "op", json_object_new_string(changes_names[change->kind]));
	json_add(object, "time", json_time(column_wall(context, change->time)));
	json_add(object, "first", json_time(column_wall(context, change->first)));
	json_add(object, "count", json_object_new_uint64(change->count));
	json_add(object, "ret",
		 is_call(change) && !change->inferred ? json_object_new_int64(change->ret) : NULL);
	json_add(object, "errno",
		 refused ? json_text(log_errno_name((int)change->ret, error)) : NULL);
	json_add(object, "inferred", json_object_new_boolean(change->inferred));
	json_add(object, "pid", change->pid ? json_object_new_int(change->pid) : NULL);
	json_add(object, "comm", json_text(change->comm));
	json_add(object, "uid", known ? json_object_new_int64(change->uid) : NULL);
	json_add(object, "cgroup", json_text(change->process ? change->process->cgroup : NULL));
	if (change->kind == CHANGE_END)
		json_add(object, "reason", json_text(fact_reason_name(change->reason)));
	if (change->kind == CHANGE_SET) {
		json_add(object, "old", json_rights(change->has_old, &change->old));
		json_add(object, "new", json_rights(change->has_new, &change->new));
	}
	return object;
}

/* Leaves out the first `skip` of them; returns how many of these are still to be left out. */
static size_t json_add_changed(struct json_object *array, const struct column_context *context,
			       const struct segment *list, size_t skip)
{
	for (; list; list = list->next) {
		struct json_object *object;

		if (!is_told(list))
			continue;
		if (skip > 0) {
			skip--;
			continue;
		}
		if (!(object = json_object_new_object()))
			continue;
		json_add(object, "ipcns", json_object_new_int64(list->id.ipcns));
		json_add(object, "ipcns_label", json_ns_label(context, list->id.ipcns, list->gone));
		json_add(object, "shmid", json_object_new_int(list->id.shmid));
		json_add(object, "changes", changes_json(context, list));
		json_object_array_add(array, object);
	}
	return skip;
}

struct json_object *changes_json_all(const struct column_context *context, size_t most)
{
	const struct segment *gone = model_gone(context->model);
	const struct segment *living = model_segments(context->model);
	const size_t count = count_told(gone) + count_told(living);
	size_t skip = most && count > most ? count - most : 0;
	struct json_object *array = json_object_new_array();

	if (array) {
		skip = json_add_changed(array, context, gone, skip);
		json_add_changed(array, context, living, skip);
	}
	return array;
}

struct json_object *changes_json(const struct column_context *context,
				 const struct segment *segment)
{
	struct json_object *array = json_object_new_array_ext(CHANGES_MOST);
	struct segment_change rows[CHANGES_MOST];
	const size_t count = changes_collect(segment, rows);

	for (size_t i = 0; array && i < count; i++)
		json_object_array_add(array, json_change(context, &rows[i]));
	return array;
}
