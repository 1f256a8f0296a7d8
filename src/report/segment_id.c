/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/segment_id.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

/* What stands in front of the colon: an inode, or another name of a namespace */
static int namespace_parse(const char *text, size_t length, struct segment_wanted *out)
{
	uint64_t number;

	if (length == 0 || length >= sizeof(out->ns))
		return -EINVAL;
	out->has_ipcns = true;
	memcpy(out->ns, text, length);
	out->ns[length] = '\0';
	if (strspn(out->ns, "0123456789") < length)
		return 0;
	if (units_parse_number(out->ns, UINT32_MAX, &number))
		return -EINVAL;
	out->ipcns = (uint32_t)number;
	out->ns[0] = '\0';
	return 0;
}

int segment_id_parse(const char *text, struct segment_wanted *out)
{
	const char *colon = strchr(text, ':');
	uint64_t number;

	*out = (struct segment_wanted){0};
	text_safe(out->text, sizeof(out->text), text, strlen(text));
	if (strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0) {
		out->by_key = true;
		if (units_parse_number(text, UINT32_MAX, &number) || number == 0)
			return -EINVAL;
		out->key = (int32_t)(uint32_t)number;
		return 0;
	}
	if (colon) {
		if (namespace_parse(text, (size_t)(colon - text), out))
			return -EINVAL;
		text = colon + 1;
	}
	if (units_parse_number(text, INT32_MAX, &number))
		return -EINVAL;
	out->shmid = (int32_t)number;
	return 0;
}

static bool is_wanted(const struct column_context *context, const struct segment_wanted *wanted,
		      const struct segment *segment)
{
	if (wanted->by_key)
		return segment->has_key && segment->key == wanted->key;
	if (wanted->ns[0])
		return segment->id.shmid == wanted->shmid &&
		       column_ns_is(context, segment->id.ipcns, wanted->ns);
	return segment->id.shmid == wanted->shmid &&
	       (!wanted->has_ipcns || segment->id.ipcns == wanted->ipcns);
}

/* One that was removed has its old key in the model alone: another may have it by now. */
static bool is_removed(const struct segment *segment)
{
	return segment->facts.known & FACT_COL_MODE && segment->facts.mode & FACT_MODE_DEST;
}

/* What exists by an ID */
struct segment_matches {
	const struct segment *own;   /* in one's own namespace; NULL: none */
	const struct segment *found; /* in any */
	size_t count;
};

static void find_living(const struct column_context *context, const struct segment_wanted *wanted,
			struct segment_matches *out)
{
	*out = (struct segment_matches){0};
	for (const struct segment *segment = model_segments(context->model); segment;
	     segment = segment->next) {
		if (!is_wanted(context, wanted, segment))
			continue;
		if (segment->id.ipcns == context->own_ipcns && (!out->own || is_removed(out->own)))
			out->own = segment;
		if (!out->found || is_removed(out->found))
			out->found = segment;
		out->count += !is_removed(segment) || !wanted->by_key;
	}
}

/* Programs print keys in decimal, too: a number that is nobody's shmid may be one. */
static void find_living_or_key(const struct column_context *context,
			       const struct segment_wanted *wanted, struct segment_matches *out)
{
	const struct segment_wanted by_key = {.by_key = true, .key = wanted->shmid};

	find_living(context, wanted, out);
	if (!out->found && !wanted->by_key && !wanted->has_ipcns && wanted->shmid)
		find_living(context, &by_key, out);
}

const struct segment *segment_id_find(const struct command_spec *spec,
				      const struct column_context *context,
				      const struct segment_wanted *wanted, bool only_own)
{
	struct segment_matches matches;

	if (only_own)
		find_living(context, wanted, &matches);
	else
		find_living_or_key(context, wanted, &matches);
	const struct segment *found = matches.found;

	if (matches.own)
		return matches.own;
	if (found && matches.count <= 1) {
		if (!only_own || wanted->has_ipcns)
			return found;
		options_error(spec,
			      "no segment '%s' in this IPC namespace; another has it: if that is "
			      "meant, name it as %" PRIu32 ":%" PRId32,
			      wanted->text, found->id.ipcns, found->id.shmid);
	} else if (found)
		options_error(spec,
			      "%zu IPC namespaces have a segment '%s': name one as NS:shmid "
			      "(shmtop list -o ns,shmid,key)",
			      matches.count, wanted->text);
	else
		options_error(spec, "no segment '%s' now; shmtop list shows those that exist",
			      wanted->text);
	return NULL;
}

const struct segment *segment_id_find_gone(const struct column_context *context,
					   const struct segment_wanted *wanted)
{
	const struct segment *found = NULL;
	bool own = false;

	/* the last end comes last */
	for (const struct segment *segment = model_gone(context->model); segment;
	     segment = segment->next) {
		bool here = segment->id.ipcns == context->own_ipcns;

		if (!is_wanted(context, wanted, segment) || (own && !here))
			continue;
		found = segment;
		own = here;
	}
	return found;
}

const struct segment *segment_id_find_any(const struct column_context *context,
					  const struct segment_wanted *wanted,
					  char why[static SEGMENT_ID_WHY_LEN])
{
	const struct segment *gone = segment_id_find_gone(context, wanted);
	struct segment_matches matches;

	find_living_or_key(context, wanted, &matches);
	if (matches.own)
		return matches.own;
	if (gone && gone->id.ipcns == context->own_ipcns)
		return gone;
	if (matches.count > 1) {
		snprintf(why, SEGMENT_ID_WHY_LEN,
			 "%zu IPC namespaces have a segment %s: name one as NS:SHMID",
			 matches.count, wanted->text);
		return NULL;
	}
	snprintf(why, SEGMENT_ID_WHY_LEN,
		 "no segment %s was seen, living or gone, since shmtop started", wanted->text);
	return matches.found ? matches.found : gone;
}
