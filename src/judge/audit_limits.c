/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "judge/audit_parts.h"

/* ipc/util.h: IPCMNI, and what it is with ipcmni_extend */
enum { IDS_MAX = 32768, IDS_MAX_EXTENDED = 1 << 24 };

/* ---- what the files ask for ------------------------------------------------------------------- */

/* Takes the number off the text, in any base that the kernel reads. False: there is none. */
static bool take_number(const char **text, long long *number)
{
	char *end;

	errno = 0;
	*number = (long long)strtoull(*text, &end, 0);
	if (end == *text || (*end && *end != ' ') || errno)
		return false;
	*text = *end ? end + 1 : end;
	return true;
}

/* "0x1000" is 4096. */
static bool same_value(const char *a, const char *b)
{
	long long left, right;

	if (strcmp(a, b) == 0)
		return true;
	while (*a && *b)
		if (!take_number(&a, &left) || !take_number(&b, &right) || left != right)
			return false;
	return *a == *b;
}

/* How many ids of a kind the file asks for; 0: it is about something else. */
static uint64_t ids_wanted(enum setting_id id, const char *wanted)
{
	uint64_t semmni;

	if (id == SETTING_SEM)
		return sscanf(wanted, "%*d %*d %*d %" SCNu64, &semmni) == 1 ? semmni : 0;
	return id == SETTING_SHMMNI || id == SETTING_MSGMNI ? strtoull(wanted, NULL, 0) : 0;
}

/* Not of one IPC namespace: all below vm. */
static bool is_of_machine(enum setting_id id)
{
	return id >= SETTING_NR_HUGEPAGES;
}

static void tell_unapplied(const struct audit *audit, enum setting_id id, struct audit_row *row)
{
	const struct setting *setting = &audit->settings->sysctls[id];
	const uint64_t most = audit->settings->extended_ids ? IDS_MAX_EXTENDED : IDS_MAX;
	const char *cause = "it was not applied, or was changed since";

	snprintf(row->fix, sizeof(row->fix),
		 "sysctl -w '%s=%.96s'; sysctl --system applies all files", setting->name,
		 setting->wanted);
	if (ids_wanted(id, setting->wanted) > most) {
		cause = audit->settings->extended_ids ? "the kernel takes no more than 16777216"
						      : "the kernel takes no more than 32768";
		snprintf(row->fix, sizeof(row->fix), "%s",
			 audit->settings->extended_ids
				 ? "lower it there"
				 : "lower it there, or boot with ipcmni_extend for up to 16777216");
	} else if (!is_of_machine(id) && audit->own_ipcns != FACT_IPCNS_HOST) {
		cause = "files are for the host's IPC namespace; each other one begins with the "
			"kernel's defaults";
		snprintf(row->fix, sizeof(row->fix),
			 "docker run --sysctl, securityContext.sysctls of a pod, or in the "
			 "namespace: "
			 "sysctl -w '%s=%.96s'",
			 setting->name, setting->wanted);
	} else if (id == SETTING_NR_HUGEPAGES) {
		cause = "it was not applied, or free memory had no more in one piece";
		snprintf(row->fix, sizeof(row->fix),
			 "sysctl -w %s=%.96s; at boot there is room: hugepages=%.96s on the "
			 "kernel's "
			 "command line",
			 setting->name, setting->wanted, setting->wanted);
	}
	snprintf(row->why, sizeof(row->why), "%s asks for %s, which is not in effect: %s",
		 setting->file, setting->wanted, cause);
}

void audit_configured(struct audit *audit)
{
	for (int id = 0; id < SETTINGS; id++) {
		const struct setting *setting = &audit->settings->sysctls[id];
		struct audit_row *row;
		bool differs = setting->value[0] && setting->wanted[0] &&
			       !same_value(setting->value, setting->wanted);

		/* These have a row of their own. */
		if (!differs && (id == SETTING_HUGETLB_GROUP || id == SETTING_OVERCOMMIT))
			continue;
		row = audit_add(audit, is_of_machine(id) ? 0 : audit->own_ipcns, setting->name);
		if (setting->value[0])
			snprintf(row->value, sizeof(row->value), "%s", setting->value);
		if (!differs)
			continue;
		row->verdict = AUDIT_WARN;
		tell_unapplied(audit, id, row);
	}
}

/* ---- what a namespace allows ------------------------------------------------------------------ */

static uint64_t all_bytes(const struct limits_facts *limits)
{
	uint64_t bytes;

	return __builtin_mul_overflow(limits->pages.max, limits->page_size, &bytes) ? UINT64_MAX
										    : bytes;
}

static void warn(struct audit *audit, uint32_t ipcns, const char *name, const char *value,
		 const char *why, const char *fix)
{
	struct audit_row *row = audit_add(audit, ipcns, name);

	row->verdict = AUDIT_WARN;
	snprintf(row->value, sizeof(row->value), "%s", value);
	snprintf(row->why, sizeof(row->why), "%s", why);
	snprintf(row->fix, sizeof(row->fix), "%s", fix);
}

static void audit_useless(struct audit *audit, const struct limits_facts *limits)
{
	char value[32];

	if (!limits->segments.max)
		warn(audit, limits->ipcns, "kernel.shmmni", "0",
		     "no segment may be made: shmget fails with ENOSPC",
		     "sysctl -w kernel.shmmni=4096");
	if (limits->shmmax < limits->page_size) {
		snprintf(value, sizeof(value), "%" PRIu64, limits->shmmax);
		warn(audit, limits->ipcns, "kernel.shmmax", value,
		     "no segment may be larger: it counts bytes, and shmget fails with EINVAL",
		     "sysctl -w kernel.shmmax=18446744073692774399");
	}
	if (all_bytes(limits) < 1 << 20) {
		snprintf(value, sizeof(value), "%" PRIu64, limits->pages.max);
		warn(audit, limits->ipcns, "kernel.shmall", value,
		     "all segments together have less than 1M: it counts pages, and shmget fails "
		     "with "
		     "ENOSPC",
		     "sysctl -w kernel.shmall=18446744073692774399");
	}
}

static void audit_together(struct audit *audit, const struct limits_facts *limits)
{
	const uint64_t all = all_bytes(limits);
	char total[32], largest[32];
	struct audit_row *row;

	if (limits->shmmax >= AUDIT_UNLIMITED || all >= limits->shmmax)
		return;
	row = audit_add(audit, limits->ipcns, "kernel.shmall");
	row->verdict = AUDIT_NOTE;
	snprintf(row->value, sizeof(row->value), "%" PRIu64, limits->pages.max);
	snprintf(row->why, sizeof(row->why),
		 "%s for all segments together is less than the %s that one may have (SHMMAX): "
		 "what is "
		 "larger fails with ENOSPC",
		 audit_limit(total, all), audit_limit(largest, limits->shmmax));
	snprintf(row->fix, sizeof(row->fix), "sysctl -w kernel.shmall=%" PRIu64 ", at least",
		 limits->shmmax / limits->page_size + (limits->shmmax % limits->page_size != 0));
}

static void audit_forced(struct audit *audit, const struct limits_facts *limits)
{
	if (limits->rmid_forced)
		warn(audit, limits->ipcns, "kernel.shm_rmid_forced", "1",
		     "a segment goes with its last detach, and with the end of its maker where "
		     "nobody has "
		     "it attached, though nobody removed it",
		     "sysctl -w kernel.shm_rmid_forced=0");
}

static void audit_next_id(struct audit *audit, const struct limits_facts *limits)
{
	struct audit_row *row;

	if (!limits->has_next_id)
		return;
	row = audit_add(audit, limits->ipcns, "kernel.shm_next_id");
	row->verdict = AUDIT_NOTE;
	snprintf(row->value, sizeof(row->value), "%" PRId32, limits->next_id);
	snprintf(
		row->why, sizeof(row->why),
		"the next segment gets this id if it is free: a restored checkpoint asks for that");
	/* The kernel takes no -1. Where the id is taken the segment gets another. */
	snprintf(row->fix, sizeof(row->fix),
		 "make a segment and remove it: ipcmk -M 1, then ipcrm -m with the id that it "
		 "tells");
}

/* ---- namespaces that differ ------------------------------------------------------------------- */

enum { LIMIT_KINDS = 6 };

struct limit_kind {
	const char *name;
	bool bytes;
	uint64_t max;
};

static void limit_kinds(const struct limits_facts *limits, struct limit_kind kinds[LIMIT_KINDS])
{
	const struct limit_kind all[LIMIT_KINDS] = {
		{.name = "SHMMNI", .max = limits->segments.max},
		{.name = "SHMALL", .max = all_bytes(limits), .bytes = true},
		{.name = "SHMMAX", .max = limits->shmmax, .bytes = true},
		{.name = "SEMMNI", .max = limits->semsets.max},
		{.name = "SEMMNS", .max = limits->sems.max},
		{.name = "MSGMNI", .max = limits->queues.max},
	};

	memcpy(kinds, all, sizeof(all));
}

static bool same_limits(const struct limits_facts *a, const struct limits_facts *b)
{
	struct limit_kind left[LIMIT_KINDS], right[LIMIT_KINDS];

	limit_kinds(a, left);
	limit_kinds(b, right);
	for (int i = 0; i < LIMIT_KINDS; i++)
		if (left[i].max != right[i].max)
			return false;
	return true;
}

static void limit_text(char out[static 32], const struct limit_kind *kind)
{
	if (kind->bytes)
		audit_limit(out, kind->max);
	else
		snprintf(out, 32, "%" PRIu64, kind->max);
}

/* "SHMMNI 4096 (host 32000), SHMALL none (host 8.00G)" */
static void tell_difference(const struct limits_facts *limits, const struct limits_facts *first,
			    const char *whose, struct audit_row *row)
{
	struct limit_kind kinds[LIMIT_KINDS], others[LIMIT_KINDS];
	const size_t room = sizeof(row->value);
	size_t length = 0;

	limit_kinds(limits, kinds);
	limit_kinds(first, others);
	for (int i = 0; i < LIMIT_KINDS; i++) {
		char value[32], other[32];

		if (kinds[i].max == others[i].max || length >= room)
			continue;
		limit_text(value, &kinds[i]);
		limit_text(other, &others[i]);
		length += (size_t)snprintf(row->value + length, room - length, "%s%s %s (%s %s)",
					   length ? ", " : "", kinds[i].name, value, whose, other);
	}
}

static const struct namespace_state *find_limits(const struct audit *audit, uint32_t ipcns)
{
	for (size_t i = 0; i < audit->place_count; i++)
		if (audit->places[i].facts.ipcns == ipcns && audit->places[i].has_limits)
			return &audit->places[i];
	return NULL;
}

/* One row for all that differ in the same way */
static void audit_differing(struct audit *audit)
{
	const struct namespace_state *first = find_limits(audit, FACT_IPCNS_HOST);
	const char *whose = first ? "host" : "here";
	const size_t begin = audit->list->count;

	if (!first)
		first = find_limits(audit, audit->own_ipcns);
	for (size_t i = 0; first && i < audit->place_count; i++) {
		const struct namespace_state *place = &audit->places[i];
		struct audit_row *row = NULL;

		if (!place->has_limits || same_limits(&place->limits, &first->limits))
			continue;
		for (size_t j = begin; j < audit->list->count && !row; j++)
			if (same_limits(&place->limits,
					&find_limits(audit, audit->list->rows[j].ipcns)->limits))
				row = &audit->list->rows[j];
		if (row) {
			row->others++;
			continue;
		}
		row = audit_add(audit, place->facts.ipcns, "other limits");
		row->verdict = AUDIT_NOTE;
		tell_difference(&place->limits, &first->limits, whose, row);
		snprintf(row->why, sizeof(row->why),
			 "limits are of each IPC namespace: what is set in one reaches no other");
		snprintf(row->fix, sizeof(row->fix),
			 "if that is not meant: docker run --sysctl, or securityContext.sysctls of "
			 "a pod");
	}
}

void audit_namespaces(struct audit *audit)
{
	for (size_t i = 0; i < audit->place_count; i++) {
		const struct limits_facts *limits = &audit->places[i].limits;

		if (!audit->places[i].has_limits || !limits->page_size)
			continue;
		audit_useless(audit, limits);
		audit_together(audit, limits);
		audit_forced(audit, limits);
		audit_next_id(audit, limits);
	}
	audit_differing(audit);
}
