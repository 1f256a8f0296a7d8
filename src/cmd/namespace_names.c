/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/namespace_names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "observe/container.h"
#include "observe/namespaces.h"
#include "report/column.h"

enum { QUOTE_LEN = 64 };

static bool is_due(const struct namespace_state *state, uint64_t now)
{
	const struct namespace_owner *owner = &state->owner;

	if (!state->facts.pid || state->error == -ESRCH)
		return false;
	if (owner->pid != state->facts.pid || owner->start_time != state->facts.start_time)
		return true;
	return now - owner->start_time >= 2 * (owner->read - owner->start_time);
}

void namespace_names_read(struct model *model, uint64_t deadline)
{
	size_t count;
	const struct namespace_state *states = model_namespaces(model, &count);

	for (size_t i = 0; i < count; i++) {
		struct namespace_owner owner;
		uint64_t now = clock_now();

		if (now >= deadline)
			break;
		/* One that is gone is followed by another when they are listed again. */
		if (is_due(&states[i], now) && container_read(&states[i].facts, &owner) == 0)
			model_set_namespace_owner(model, states[i].facts.ipcns, &owner);
	}
}

/* ---- --ns ------------------------------------------------------------------------------------ */

/* All of them, as far as there is room; `only` (NULL: all) those that a text is a part of. */
static void list_names(const struct column_context *context, const char *only,
		       char why[static PROBES_WHY_LEN])
{
	static const char more[] = ", ...";
	size_t count, length = strlen(why), told = 0;
	const struct namespace_state *states = model_namespaces(context->model, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t ipcns = states[i].facts.ipcns;
		char buffer[COLUMN_CELL_LEN], name[COLUMN_CELL_LEN + 16];

		if (only && !column_ns_has(context, ipcns, only))
			continue;
		column_ns_long_name(context, ipcns, buffer);
		snprintf(name, sizeof(name), "%s%s", told++ ? ", " : "", buffer);
		if (length + strlen(name) + sizeof(more) > PROBES_WHY_LEN) {
			strcpy(why + length, more);
			return;
		}
		strcpy(why + length, name);
		length += strlen(name);
	}
}

static int choose_pid(const char *text, uint32_t *ipcns, char why[static PROBES_WHY_LEN])
{
	uint64_t pid;

	if (units_parse_number(text, INT32_MAX, &pid) || pid == 0) {
		snprintf(why, PROBES_WHY_LEN, "--ns: pid: wants a process id, like pid:812");
		return -EINVAL;
	}
	*ipcns = namespaces_of((int)pid);
	if (*ipcns)
		return 0;
	snprintf(why, PROBES_WHY_LEN,
		 "--ns: the IPC namespace of process %" PRIu64 " cannot be read: %s", pid,
		 errno == ENOENT ? "there is no such process" : strerror(errno));
	return -ESRCH;
}

/* How many match, and one of them */
static size_t count_matches(const struct column_context *context, const char *text,
			    bool (*match)(const struct column_context *, uint32_t, const char *),
			    uint32_t *ipcns)
{
	size_t count, matches = 0;
	const struct namespace_state *states = model_namespaces(context->model, &count);

	for (size_t i = 0; i < count; i++) {
		if (!match(context, states[i].facts.ipcns, text))
			continue;
		*ipcns = states[i].facts.ipcns;
		matches++;
	}
	return matches;
}

int namespace_names_choose(const struct model *model, uint32_t own_ipcns, const char *text,
			   uint32_t *ipcns, char why[static PROBES_WHY_LEN])
{
	const struct column_context context = {.model = model, .own_ipcns = own_ipcns};
	static const char pid[] = "pid:";
	char shown[QUOTE_LEN];
	size_t matches;

	if (strncmp(text, pid, sizeof(pid) - 1) == 0)
		return choose_pid(text + sizeof(pid) - 1, ipcns, why);
	/* The host's is one's own where that is not another. */
	if (strcmp(text, "here") == 0 && own_ipcns) {
		*ipcns = own_ipcns;
		return 0;
	}
	matches = count_matches(&context, text, column_ns_is, ipcns);
	if (matches == 1)
		return 0;
	if (matches == 0 && text[0])
		matches = count_matches(&context, text, column_ns_has, ipcns);
	if (matches == 1)
		return 0;
	text_safe(shown, sizeof(shown), text, strlen(text));
	snprintf(why, PROBES_WHY_LEN, "--ns: %s IPC namespace%s '%s'; %s ",
		 matches ? "several" : "no", matches ? "s match" : "", shown,
		 matches ? "these are:" : "there are:");
	list_names(&context, matches ? text : NULL, why);
	return -EINVAL;
}
