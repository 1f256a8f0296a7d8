/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "report/holders.h"
#include "report/json_parts.h"
#include "report/owner.h"
#include "report/source.h"

enum {
	JSON_NUMBER_LEN = 40,
	JSON_HOST_LEN = 4 * (SYS_NMLN + 1),
};

/* ---- parts ----------------------------------------------------------------------------------- */

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add_ex(object, key, value,
				      JSON_C_OBJECT_ADD_KEY_IS_NEW |
					      JSON_C_OBJECT_ADD_CONSTANT_KEY))
		json_object_put(value);
}

struct json_object *json_text(const char *text)
{
	return text && text[0] ? json_object_new_string(text) : NULL;
}

struct json_object *json_hex(uint64_t number)
{
	char text[JSON_NUMBER_LEN];

	snprintf(text, sizeof(text), "0x%" PRIx64, number);
	return json_object_new_string(text);
}

struct json_object *json_key_hex(int32_t key)
{
	char text[JSON_NUMBER_LEN];

	snprintf(text, sizeof(text), "0x%08" PRIx32, (uint32_t)key);
	return json_object_new_string(text);
}

struct json_object *json_mode(uint32_t mode)
{
	char text[JSON_NUMBER_LEN];

	snprintf(text, sizeof(text), "%04" PRIo32, mode & 0777);
	return json_object_new_string(text);
}

struct json_object *json_time(int64_t wall)
{
	char text[JSON_NUMBER_LEN];

	snprintf(text, sizeof(text), "%" PRId64 ".%09" PRId64, wall / (int64_t)CLOCK_SECOND,
		 wall % (int64_t)CLOCK_SECOND);
	return json_object_new_double_s((double)wall / (double)CLOCK_SECOND, text);
}

/* ---- segments -------------------------------------------------------------------------------- */

static void json_add_process(struct json_object *object, const struct process *process)
{
	json_add(object, "pid", json_object_new_int(process->pid));
	json_add(object, "inner_pid",
		 process->inner_pid ? json_object_new_int(process->inner_pid) : NULL);
	json_add(object, "comm", json_text(process->comm));
	json_add(object, "cmdline", json_text(process->cmdline));
	json_add(object, "exe", json_text(process->exe));
	json_add(object, "uid", process->has_uid ? json_object_new_int64(process->uid) : NULL);
	json_add(object, "cgroup", json_text(process->cgroup));
	json_add(object, "alive",
		 process->checked ? json_object_new_boolean(process->alive) : NULL);
}

static struct json_object *json_process(const struct process *process)
{
	struct json_object *object = process ? json_object_new_object() : NULL;

	if (object)
		json_add_process(object, process);
	return object;
}

static struct json_object *json_holder(const struct column_context *context,
				       const struct holder_row *row)
{
	struct json_object *object = json_object_new_object();
	bool seen = row->origin != MAPPING_SCAN;

	if (!object)
		return NULL;
	json_add_process(object, row->holder->process);
	json_add(object, "maps", json_object_new_uint64(row->maps));
	json_add(object, "mode", json_object_new_string(holders_mode(row->flags)));
	json_add(object, "addr", json_hex(row->addr));
	json_add(object, "since", seen ? json_time(column_wall(context, row->since)) : NULL);
	json_add(object, "how", json_object_new_string(holders_origin(row->origin)));
	json_add(object, "state", json_text(holders_hindrance(row->holder->process)));
	return object;
}

/* null where attachments are but no mapping was found: nobody could look. */
static struct json_object *json_holders(const struct column_context *context,
					const struct segment *segment)
{
	bool unattached = segment->facts.known & FACT_COL_NATTCH && segment->nattch == 0;
	struct holder_list list = {0};
	struct json_object *array = NULL;

	if ((segment->mappings || unattached) && holders_collect(segment, &list) == 0)
		array = json_object_new_array_ext((int)list.count);
	for (size_t i = 0; array && i < list.count; i++)
		json_object_array_add(array, json_holder(context, &list.rows[i]));
	holders_free(&list);
	return array;
}

/* What lasts as long as the segment; new, gone and orphan are told by other fields. */
static struct json_object *json_segment_flags(const struct column_context *context,
					      const struct segment *segment)
{
	const unsigned int lasting =
		COLUMN_FLAG_DEST | COLUMN_FLAG_LOCKED | COLUMN_FLAG_HUGETLB | COLUMN_FLAG_NORESERVE;
	unsigned int flags = column_flags(context, segment) & lasting;
	struct json_object *array = json_object_new_array_ext(COLUMN_FLAGS_COUNT);

	for (size_t i = 0; array && i < COLUMN_FLAGS_COUNT; i++) {
		if (flags & column_flag_table[i].flag)
			json_object_array_add(array,
					      json_object_new_string(column_flag_table[i].word));
	}
	return array;
}

static struct json_object *json_column(const struct column_context *context,
				       const struct segment *segment, enum column_id column)
{
	struct column_value value;

	column_table[column].value(context, segment, &value);
	return value.type == COLUMN_NUMBER ? json_object_new_int64(value.number) : NULL;
}

static struct json_object *json_known(const struct segment *segment, enum fact_column column,
				      uint64_t number)
{
	return segment->facts.known & column ? json_object_new_uint64(number) : NULL;
}

static void json_add_identity(struct json_object *object, const struct column_context *context,
			      const struct segment *segment)
{
	bool has_mode = segment->facts.known & FACT_COL_MODE;

	json_add(object, "ipcns", json_object_new_int64(segment->id.ipcns));
	json_add(object, "ipcns_label", json_ns_label(context, segment->id.ipcns, segment->gone));
	json_add(object, "shmid", json_object_new_int(segment->id.shmid));
	json_add(object, "key", segment->has_key ? json_object_new_int(segment->key) : NULL);
	json_add(object, "key_hex", segment->has_key ? json_key_hex(segment->key) : NULL);
	json_add(object, "mode", has_mode ? json_mode(segment->facts.mode) : NULL);
}

static void json_add_figures(struct json_object *object, const struct column_context *context,
			     const struct segment *segment)
{
	const struct segment_facts *facts = &segment->facts;
	bool has_uid = facts->known & FACT_COL_UID;
	bool has_drift = model_has_drift(context->model, segment);

	json_add(object, "size", json_known(segment, FACT_COL_SIZE, facts->size));
	json_add(object, "rss", json_known(segment, FACT_COL_RSS, facts->rss));
	json_add(object, "swap", json_known(segment, FACT_COL_SWAP, facts->swap));
	json_add(object, "nattch", json_known(segment, FACT_COL_NATTCH, segment->nattch));
	json_add(object, "mapped", has_drift ? json_object_new_uint64(segment->mapped) : NULL);
	json_add(object, "drift", has_drift ? json_object_new_int64(model_drift(segment)) : NULL);
	json_add(object, "uid", json_known(segment, FACT_COL_UID, facts->uid));
	json_add(object, "owner",
		 has_uid ? json_text(owner_name(context->owners, facts->uid)) : NULL);
	json_add(object, "gid", json_known(segment, FACT_COL_GID, facts->gid));
	json_add(object, "cuid", json_known(segment, FACT_COL_CUID, facts->cuid));
	json_add(object, "cgid", json_known(segment, FACT_COL_CGID, facts->cgid));
	json_add(object, "atime", json_column(context, segment, COLUMN_ATIME));
	json_add(object, "dtime", json_column(context, segment, COLUMN_DTIME));
	json_add(object, "ctime", json_column(context, segment, COLUMN_CTIME));
}

static struct json_object *json_instant(const struct column_context *context, uint64_t time)
{
	return time ? json_time(column_wall(context, time)) : NULL;
}

static struct json_object *json_reasons(const struct verdict *verdict)
{
	struct json_object *array = json_object_new_array_ext((int)verdict->count);

	for (size_t i = 0; array && i < verdict->count; i++)
		json_object_array_add(array, json_object_new_string(verdict->because[i]));
	return array;
}

static struct json_object *json_verdict(const struct column_context *context,
					const struct segment *segment)
{
	const struct judge_context judge = column_judge(context);
	struct json_object *object = json_object_new_object();
	struct verdict verdict;

	if (!object)
		return NULL;
	verdict_judge(&judge, segment, &verdict);
	json_add(object, "kind", json_object_new_string(verdict_kind_name(verdict.kind)));
	json_add(object, "confidence",
		 json_object_new_string(verdict_confidence_name(verdict.confidence)));
	json_add(object, "since", json_instant(context, verdict.since));
	json_add(object, "because", json_reasons(&verdict));
	json_add(object, "stack", json_stack(context->paths, segment->stack));
	return object;
}

struct json_object *json_segment(const struct column_context *context,
				 const struct segment *segment)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add_identity(object, context, segment);
	json_add(object, "flags", json_segment_flags(context, segment));
	json_add_figures(object, context, segment);
	json_add(object, "born", json_instant(context, segment->born));
	json_add(object, "gone", json_instant(context, segment->gone));
	json_add(object, "creator", json_process(segment->creator));
	json_add(object, "last", json_process(segment->last));
	json_add(object, "holders", json_holders(context, segment));
	json_add(object, "verdict", json_verdict(context, segment));
	return object;
}

/* ---- documents ------------------------------------------------------------------------------- */

static struct json_object *json_probe(const struct model *model)
{
	const struct source_status *status = model_status(model);
	bool follows = source_follows(status);
	struct json_object *object = json_object_new_object();
	struct model_totals totals;
	char unseen[SOURCE_TEXT_LEN];

	if (!object)
		return NULL;
	model_totals(model, &totals);
	json_add(object, "calls", json_text(status->calls));
	json_add(object, "compat", json_text(status->compat));
	json_add(object, "life", json_text(status->life));
	json_add(object, "attachers", json_text(status->attachers));
	json_add(object, "stacks", json_text(status->stacks));
	json_add(object, "exact",
		 json_object_new_boolean((status->exact & FACT_EXACT_ALL) == FACT_EXACT_ALL));
	json_add(object, "unseen", json_object_new_string(source_unseen(unseen, status)));
	/* Where no event comes none can be lost. */
	json_add(object, "lost", follows ? json_object_new_uint64(status->lost) : NULL);
	json_add(object, "skipped", follows ? json_object_new_uint64(status->skipped) : NULL);
	json_add(object, "drift", totals.has_drift ? json_object_new_uint64(totals.drift) : NULL);
	json_add(object, "why", json_object_new_string(status->why));
	return object;
}

struct json_object *json_document(const char *name, const struct column_context *context)
{
	struct json_object *object = json_object_new_object();
	char schema[JSON_NUMBER_LEN], host[JSON_HOST_LEN], kernel[JSON_HOST_LEN];
	struct utsname machine = {0};

	if (!object)
		return NULL;
	uname(&machine);
	snprintf(schema, sizeof(schema), "shmtop.%s/1", name);
	text_safe(host, sizeof(host), machine.nodename, sizeof(machine.nodename));
	text_safe(kernel, sizeof(kernel), machine.release, sizeof(machine.release));
	json_add(object, "schema", json_object_new_string(schema));
	json_add(object, "time", json_time(context->wall));
	json_add(object, "host", json_text(host));
	json_add(object, "kernel", json_text(kernel));
	json_add(object, "probe", json_probe(context->model));
	return object;
}

static const char *json_string(struct json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
}

void json_print(FILE *out, struct json_object *object)
{
	const char *text = json_string(object);

	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(object);
}

int json_print_segments(FILE *out, struct json_object *document, const char *name,
			const struct column_context *context, const struct segment_id *ids,
			size_t count)
{
	const char *head = json_string(document);
	bool first = true;

	if (!head) {
		json_object_put(document);
		return -ENOMEM;
	}
	/* All but the brace that closes it; a document has members already. */
	fprintf(out, "%.*s,\"%s\":[", (int)strlen(head) - 1, head, name);
	json_object_put(document);
	for (size_t i = 0; i < count; i++) {
		const struct segment *segment = model_find(context->model, &ids[i]);
		struct json_object *object;

		if (!segment)
			continue;
		object = json_segment(context, segment);
		fprintf(out, "%s%s", first ? "" : ",", object ? json_string(object) : "null");
		json_object_put(object);
		first = false;
	}
	fputs("]}\n", out);
	return 0;
}
