/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/segment_id.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

int segment_id_parse(const char *text, struct segment_wanted *out)
{
	const char *colon = strchr(text, ':');
	uint64_t number;
	char ipcns[16];

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
		if ((size_t)(colon - text) >= sizeof(ipcns))
			return -EINVAL;
		memcpy(ipcns, text, (size_t)(colon - text));
		ipcns[colon - text] = '\0';
		if (units_parse_number(ipcns, UINT32_MAX, &number))
			return -EINVAL;
		out->has_ipcns = true;
		out->ipcns = (uint32_t)number;
		text = colon + 1;
	}
	if (units_parse_number(text, INT32_MAX, &number))
		return -EINVAL;
	out->shmid = (int32_t)number;
	return 0;
}

static bool is_wanted(const struct segment_wanted *wanted, const struct segment *segment)
{
	if (wanted->by_key)
		return segment->has_key && segment->key == wanted->key;
	return segment->id.shmid == wanted->shmid &&
	       (!wanted->has_ipcns || segment->id.ipcns == wanted->ipcns);
}

/* One that was removed has its old key in the model alone: another may have it by now. */
static bool is_removed(const struct segment *segment)
{
	return segment->facts.known & FACT_COL_MODE && segment->facts.mode & FACT_MODE_DEST;
}

const struct segment *segment_id_find(const struct command_spec *spec,
				      const struct column_context *context,
				      const struct segment_wanted *wanted, bool only_own)
{
	const struct segment *own = NULL, *found = NULL;
	size_t matches = 0;

	for (const struct segment *segment = model_segments(context->model); segment;
	     segment = segment->next) {
		if (!is_wanted(wanted, segment))
			continue;
		if (segment->id.ipcns == context->own_ipcns && (!own || is_removed(own)))
			own = segment;
		if (!found || is_removed(found))
			found = segment;
		matches += !is_removed(segment) || !wanted->by_key;
	}
	if (own)
		return own;
	if (found && matches <= 1) {
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
			      matches, wanted->text);
	else
		options_error(spec, "no segment '%s' now; shmtop list shows those that exist",
			      wanted->text);
	return NULL;
}
