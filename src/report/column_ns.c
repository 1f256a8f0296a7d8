/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an IPC namespace is called, and by what it is found. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "report/column.h"

/* Digits of a container's id that are enough for its own tools */
enum { NS_ID_SHORT = 12 };
enum { NS_INODE_DIGITS = 10 };

static const char *ns_inode(uint32_t ipcns, char out[static COLUMN_CELL_LEN])
{
	snprintf(out, COLUMN_CELL_LEN, "%" PRIu32, ipcns);
	return out;
}

const char *column_ns_label(const struct column_context *context, uint32_t ipcns, uint64_t time)
{
	const char *label;

	if (ipcns == FACT_IPCNS_HOST)
		return "host";
	label = context->model ? model_namespace_label(context->model, ipcns, time) : "";
	return label[0] ? label : NULL;
}

/* NULL: it has none but its inode. */
static const char *ns_word(const struct column_context *context, uint32_t ipcns, uint64_t gone)
{
	if (ipcns == FACT_IPCNS_HOST)
		return "host";
	if (ipcns == context->own_ipcns)
		return "here";
	/* A script names it as NS:shmid. */
	return context->bytes ? NULL : column_ns_label(context, ipcns, gone);
}

const char *column_ns_name_at(const struct column_context *context, uint32_t ipcns, uint64_t gone,
			      char out[static COLUMN_CELL_LEN])
{
	const char *word = ns_word(context, ipcns, gone);

	return word ? word : ns_inode(ipcns, out);
}

const char *column_ns_name(const struct column_context *context, uint32_t ipcns,
			   char out[static COLUMN_CELL_LEN])
{
	return column_ns_name_at(context, ipcns, 0, out);
}

const char *column_ns_long_name(const struct column_context *context, uint32_t ipcns,
				char out[static COLUMN_CELL_LEN])
{
	const char *word = ns_word(context, ipcns, 0);
	char inode[COLUMN_CELL_LEN];

	ns_inode(ipcns, inode);
	if (!word || (strncmp(word, inode, strlen(inode)) == 0 && word[strlen(inode)] == ' '))
		snprintf(out, COLUMN_CELL_LEN, "%s", word ? word : inode);
	else
		snprintf(out, COLUMN_CELL_LEN, "%s (%" PRIu32 ")", word, ipcns);
	return out;
}

const char *column_ns_error(const struct namespace_state *state)
{
	switch (state->error) {
	case 0:
		return "not read yet";
	case -ESRCH:
		return state->attached ? "no process lives in it: attachments of others keep it"
				       : "no process is left that leads into it";
	case -EPERM:
	case -EACCES:
		return "only root may enter it (CAP_SYS_ADMIN)";
	default:
		return strerror(-state->error);
	}
}

/* ---- by what it is found ----------------------------------------------------------------------- */

static bool text_is(const char *whole, const char *text)
{
	return whole[0] && strcasecmp(whole, text) == 0;
}

static bool text_has(const char *whole, const char *text)
{
	return strcasestr(whole, text);
}

static bool ns_match(const struct column_context *context, uint32_t ipcns, const char *text,
		     bool (*match)(const char *, const char *))
{
	const struct namespace_state *state =
		context->model ? model_namespace(context->model, ipcns) : NULL;
	const struct namespace_owner *owner = state ? &state->owner : NULL;
	char buffer[COLUMN_CELL_LEN], id[NS_ID_SHORT + 1];

	if (match(column_ns_name(context, ipcns, buffer), text) ||
	    match(ns_inode(ipcns, buffer), text))
		return true;
	if (!owner)
		return false;
	snprintf(id, sizeof(id), "%s", owner->container);
	return match(state->label, text) || match(owner->runtime, text) ||
	       match(owner->container, text) || match(id, text) || match(owner->pod, text) ||
	       match(owner->unit, text);
}

/* An inode, and names that no container may take: whoever runs one chooses its name. */
static bool ns_is_reserved(const char *text)
{
	const size_t digits = strspn(text, "0123456789");

	return (!text[digits] && digits <= NS_INODE_DIGITS) || text_is("host", text) ||
	       text_is("here", text);
}

bool column_ns_is(const struct column_context *context, uint32_t ipcns, const char *text)
{
	char buffer[COLUMN_CELL_LEN];

	if (ns_is_reserved(text))
		return text_is(column_ns_name(context, ipcns, buffer), text) ||
		       text_is(ns_inode(ipcns, buffer), text);
	return ns_match(context, ipcns, text, text_is);
}

bool column_ns_has(const struct column_context *context, uint32_t ipcns, const char *text)
{
	return ns_match(context, ipcns, text, text_has);
}
