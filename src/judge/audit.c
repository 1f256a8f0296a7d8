/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "judge/audit_parts.h"

const char *audit_verdict_name(enum audit_verdict verdict)
{
	static const char *const names[] = {
		[AUDIT_OK] = "ok",
		[AUDIT_NOTE] = "note",
		[AUDIT_WARN] = "warn",
	};

	return names[verdict];
}

struct audit_row *audit_add(struct audit *audit, uint32_t ipcns, const char *name)
{
	struct audit_list *list = audit->list;
	struct audit_row *row = &audit->spare;
	void *rows = list->rows;
	int error = array_reserve(&rows, &list->capacity, list->count + 1, sizeof(*list->rows));

	list->rows = rows;
	if (error)
		audit->error = error;
	else
		row = &list->rows[list->count++];
	*row = (struct audit_row){.ipcns = ipcns, .value = "-"};
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

char *audit_limit(char out[static 32], uint64_t bytes)
{
	if (bytes >= AUDIT_UNLIMITED)
		strcpy(out, "none");
	else
		units_size(out, bytes);
	return out;
}

/* ---- who removes segments --------------------------------------------------------------------- */

/* Segments that logind would see as an ordinary user's */
struct ordinary {
	size_t segments, unattached;
	uint32_t uids[3];
	size_t uid_count; /* at most one more than there is room for */
};

static void ordinary_note(struct ordinary *ordinary, uint32_t uid)
{
	const size_t room = sizeof(ordinary->uids) / sizeof(ordinary->uids[0]);

	for (size_t i = 0; i < ordinary->uid_count && i < room; i++)
		if (ordinary->uids[i] == uid)
			return;
	if (ordinary->uid_count < room)
		ordinary->uids[ordinary->uid_count] = uid;
	if (ordinary->uid_count <= room)
		ordinary->uid_count++;
}

static struct ordinary ordinary_count(const struct audit *audit)
{
	const struct settings *settings = audit->settings;
	struct ordinary ordinary = {0};

	for (const struct segment *at = model_segments(audit->model); at; at = at->next) {
		const struct segment_facts *facts = &at->facts;

		if (at->id.ipcns != settings->logind_ipcns || !(facts->known & FACT_COL_UID) ||
		    facts->uid <= settings->system_uid_max)
			continue;
		ordinary.segments++;
		ordinary.unattached += facts->known & FACT_COL_NATTCH && at->nattch == 0;
		ordinary_note(&ordinary, facts->uid);
	}
	return ordinary;
}

/* "uid 1001, 1002, 1003 and others" */
static void ordinary_users(const struct ordinary *ordinary, char out[static 64])
{
	const size_t room = sizeof(ordinary->uids) / sizeof(ordinary->uids[0]);
	size_t length = 0;

	for (size_t i = 0; i < ordinary->uid_count && i < room; i++)
		length += (size_t)snprintf(out + length, 64 - length, "%s%" PRIu32,
					   i ? ", " : "uid ", ordinary->uids[i]);
	if (ordinary->uid_count > room)
		snprintf(out + length, 64 - length, " and others");
}

static void audit_remove_ipc(struct audit *audit)
{
	const struct settings *settings = audit->settings;
	struct audit_row *row = audit_add(audit, 0, "RemoveIPC");
	struct ordinary ordinary;
	char users[64];

	if (!settings->has_systemd) {
		snprintf(row->why, sizeof(row->why), "systemd does not run here");
		return;
	}
	snprintf(row->value, sizeof(row->value), "%s (%s)", settings->remove_ipc ? "yes" : "no",
		 settings->remove_ipc_file[0] ? settings->remove_ipc_file : "the default");
	if (!settings->remove_ipc)
		return;
	row->ipcns = settings->logind_ipcns;
	ordinary = ordinary_count(audit);
	if (!ordinary.segments) {
		snprintf(row->why, sizeof(row->why),
			 "no user above uid %" PRIu32 " has a segment now",
			 settings->system_uid_max);
		return;
	}
	ordinary_users(&ordinary, users);
	row->verdict = AUDIT_WARN;
	snprintf(row->why, sizeof(row->why),
		 "%zu segment%s of ordinary users (%s), %zu of them attached by nobody: when the "
		 "last "
		 "session of such a user ends, logind removes those, and all semaphores and queues",
		 ordinary.segments, ordinary.segments == 1 ? "" : "s", users, ordinary.unattached);
	snprintf(row->fix, sizeof(row->fix),
		 "RemoveIPC=no below [Login] in /etc/systemd/logind.conf, then systemctl restart "
		 "systemd-logind; or loginctl enable-linger USER; or make it a system user");
}

/* ---- huge pages ------------------------------------------------------------------------------- */

static bool has_pool(const struct audit *audit)
{
	const struct fact_hugepools *pools = model_hugepools(audit->model);

	for (size_t i = 0; i < pools->count; i++)
		if (pools->rows[i].total || pools->rows[i].overcommit)
			return true;
	return false;
}

static void audit_group(struct audit *audit)
{
	const struct settings *settings = audit->settings;
	const struct setting *setting = &settings->sysctls[SETTING_HUGETLB_GROUP];
	struct audit_row *row = audit_add(audit, 0, setting->name);
	const bool has_members = settings->members[0];

	if (!setting->value[0])
		return;
	snprintf(row->value, sizeof(row->value), "%.16s (%.64s%s%.96s)", setting->value,
		 settings->group[0] ? settings->group : "no such group", has_members ? ": " : "",
		 settings->members);
	snprintf(row->why, sizeof(row->why),
		 "SHM_HUGETLB fails with EPERM but for this group and CAP_IPC_LOCK");
	if (!has_pool(audit)) {
		if (strcmp(setting->value, "0") == 0)
			return;
		row->verdict = AUDIT_NOTE;
		snprintf(row->why, sizeof(row->why),
			 "a group may use huge pages, but there are none: SHM_HUGETLB fails with "
			 "ENOMEM");
		snprintf(row->fix, sizeof(row->fix), "sysctl -w vm.nr_hugepages=N");
		return;
	}
	if (settings->group[0] && strcmp(setting->value, "0"))
		return;
	row->verdict = settings->group[0] ? AUDIT_NOTE : AUDIT_WARN;
	snprintf(row->fix, sizeof(row->fix),
		 "sysctl -w vm.hugetlb_shm_group=GID, for a group that the program's user is in");
}

static void audit_pool(struct audit *audit, const struct fact_hugepool *pool)
{
	const uint64_t room =
		pool->overcommit > pool->surplus ? pool->overcommit - pool->surplus : 0;
	const uint64_t left = pool->free > pool->reserved ? pool->free - pool->reserved : 0;
	char name[64] = "huge pages of ";
	struct audit_row *row;

	units_size(name + strlen(name), pool->size);
	row = audit_add(audit, 0, name);
	snprintf(row->value, sizeof(row->value),
		 "%" PRIu64 ": %" PRIu64 " free, %" PRIu64 " of these reserved", pool->total,
		 pool->free, pool->reserved);
	if (!pool->total && !pool->overcommit)
		return;
	if (!left && !room) {
		row->verdict = AUDIT_WARN;
		snprintf(row->why, sizeof(row->why),
			 "all are in use or reserved: the next SHM_HUGETLB of this size fails with "
			 "ENOMEM");
	} else if (!left) {
		row->verdict = AUDIT_NOTE;
		snprintf(row->why, sizeof(row->why),
			 "all are in use or reserved; up to %" PRIu64
			 " more come from free memory, if it has them in one piece",
			 room);
	} else if (pool->surplus) {
		row->verdict = AUDIT_NOTE;
		snprintf(row->why, sizeof(row->why),
			 "%" PRIu64
			 " of them came from free memory beyond the pool, and go back to it",
			 pool->surplus);
	}
	if (row->verdict)
		snprintf(row->fix, sizeof(row->fix),
			 "echo N >/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
			 pool->size / 1024);
}

/* ---- the machine ------------------------------------------------------------------------------ */

static void audit_overcommit(struct audit *audit)
{
	const struct settings *settings = audit->settings;
	const struct setting *setting = &settings->sysctls[SETTING_OVERCOMMIT];
	struct audit_row *row = audit_add(audit, 0, setting->name);
	char used[UNITS_LEN], limit[UNITS_LEN];

	if (!setting->value[0])
		return;
	snprintf(row->value, sizeof(row->value), "%s", setting->value);
	if (strcmp(setting->value, "2") || !settings->has_commit)
		return;
	/* In tenths, so that nothing overflows */
	const bool full = settings->committed >= settings->commit_limit / 10 * 9;

	row->verdict = full ? AUDIT_WARN : AUDIT_NOTE;
	snprintf(row->why, sizeof(row->why),
		 "%s of %s is promised (Committed_AS of CommitLimit): a segment that does not fit "
		 "into the "
		 "rest fails with ENOMEM, with SHM_NORESERVE too",
		 units_size(used, settings->committed), units_size(limit, settings->commit_limit));
	snprintf(row->fix, sizeof(row->fix),
		 "raise vm.overcommit_ratio, add swap, or sysctl -w vm.overcommit_memory=0");
}

static void audit_lockdown(struct audit *audit)
{
	const char *lockdown = audit->settings->lockdown;
	struct audit_row *row = audit_add(audit, 0, "kernel lockdown");

	if (!lockdown[0])
		return;
	snprintf(row->value, sizeof(row->value), "%s", lockdown);
	if (strcmp(lockdown, "confidentiality"))
		return;
	row->verdict = AUDIT_WARN;
	snprintf(row->why, sizeof(row->why),
		 "no program may read kernel memory: shmtop follows no calls and finds attachments "
		 "by "
		 "/proc/PID/maps");
	snprintf(row->fix, sizeof(row->fix), "boot with lockdown=integrity or none");
}

static int audit_order(const void *left, const void *right)
{
	const struct audit_row *a = left;
	const struct audit_row *b = right;

	if (a->verdict != b->verdict)
		return a->verdict > b->verdict ? -1 : 1;
	if (strcmp(a->name, b->name))
		return strcmp(a->name, b->name);
	return a->ipcns < b->ipcns ? -1 : a->ipcns > b->ipcns;
}

/* What is right in one way may be wrong in another: one row says both. The worse ones stand before it. */
static bool is_told(const struct audit_list *list, size_t at)
{
	const struct audit_row *row = &list->rows[at];

	for (size_t i = 0; i < at && row->verdict == AUDIT_OK; i++)
		if (list->rows[i].verdict != AUDIT_OK && list->rows[i].ipcns == row->ipcns &&
		    strcmp(list->rows[i].name, row->name) == 0)
			return true;
	return false;
}

static void audit_sort(struct audit_list *list)
{
	size_t kept = 0;

	if (list->count > 1)
		qsort(list->rows, list->count, sizeof(*list->rows), audit_order);
	for (size_t i = 0; i < list->count; i++)
		if (!is_told(list, i))
			list->rows[kept++] = list->rows[i];
	list->count = kept;
}

int audit_collect(const struct settings *settings, const struct model *model, uint32_t own_ipcns,
		  struct audit_list *list)
{
	const struct fact_hugepools *pools = model_hugepools(model);
	struct audit audit = {
		.settings = settings, .model = model, .own_ipcns = own_ipcns, .list = list};

	list->count = 0;
	audit.places = model_namespaces(model, &audit.place_count);
	audit_remove_ipc(&audit);
	audit_configured(&audit);
	audit_namespaces(&audit);
	audit_group(&audit);
	for (size_t i = 0; i < pools->count; i++)
		audit_pool(&audit, &pools->rows[i]);
	audit_overcommit(&audit);
	audit_lockdown(&audit);
	if (audit.error)
		list->count = 0;
	audit_sort(list);
	return audit.error;
}

void audit_free(struct audit_list *list)
{
	free(list->rows);
	*list = (struct audit_list){0};
}
