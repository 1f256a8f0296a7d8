/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/failures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "base/clock.h"
#include "judge/explain.h"

/* A table that cannot grow for lack of memory says so and does not end the program. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Limits and their use move on without an event. */
#define FAILURES_FRESH (10 * CLOCK_SECOND)
/* When things changed last, by a hash of their key or id; a power of two */
enum { FAILURES_CHANGES = 1024 };

/* What makes a call the same as another. Compared as bytes: made from zero. */
struct failure_key {
	uint64_t start_time;
	uint64_t size;
	uint64_t addr;
	uint32_t ipcns;
	uint32_t flags;
	int32_t pid;
	int32_t op;
	int32_t error;
	int32_t cmd;
	int32_t target; /* key or shmid */
	uint32_t set_uid, set_gid, set_mode;
	uint32_t euid, fsgid; /* a process may change who it is */
	uint64_t capabilities;
};

struct entry {
	struct failure failure;
	struct failure_key key;
	uint64_t changes; /* of the table, when the facts were gathered */
	UT_hash_handle hh;
};

struct failures {
	struct entry entries[FAILURES_MAX]; /* a ring, by id */
	struct entry *index;                /* newest of each key */
	uint32_t last;                      /* id */
	uint64_t changes;
	uint64_t changed[FAILURES_CHANGES];
};

int failures_new(struct failures **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void failures_free(struct failures *failures)
{
	if (!failures)
		return;
	HASH_CLEAR(hh, failures->index);
	free(failures);
}

bool failures_want(const struct event *event)
{
	if (!(FACT_OP_BIT(event->op) & FACT_OPS_CALLS) || event->inferred)
		return false;
	if (event->op == FACT_SHMGET && event->ret >= 0)
		return !event->created && event->flags & SHM_HUGETLB;
	return event->ret < 0;
}

/* `caller` NULL: unknown */
static struct failure_key key_of(const struct event *event, const struct caller_facts *caller)
{
	struct failure_key key;

	memset(&key, 0, sizeof(key));
	key.start_time = event->start_time;
	key.size = event->size;
	key.addr = event->addr;
	key.ipcns = event->ipcns;
	key.flags = event->flags;
	key.pid = event->pid;
	key.op = (int32_t)event->op;
	key.error = event->ret < 0 ? (int32_t)event->ret : 0;
	key.cmd = event->cmd;
	key.target = event->op == FACT_SHMGET ? event->key : event->shmid;
	key.set_uid = event->set_uid;
	key.set_gid = event->set_gid;
	key.set_mode = event->set_mode;
	if (caller) {
		key.euid = caller->euid;
		key.fsgid = caller->fsgid;
		key.capabilities = caller->capabilities;
	}
	return key;
}

/* ---- what changed -------------------------------------------------------------------------- */

/* Two that share a place cost a gathering that was not needed. */
static uint64_t *change_at(struct failures *failures, uint32_t ipcns, bool by_key, int32_t number)
{
	uint64_t mixed = ((uint64_t)ipcns << 33 | (uint64_t)by_key << 32 | (uint32_t)number) *
			 UINT64_C(0x9e3779b97f4a7c15);

	return &failures->changed[mixed >> 32 & (FAILURES_CHANGES - 1)];
}

static void note_change(struct failures *failures, const struct event *event)
{
	const bool made = event->op == FACT_CREATE || event->created;
	const bool changed = event->op == FACT_SHMCTL && event->ret == 0 &&
			     (event->cmd == IPC_RMID || event->cmd == IPC_SET);

	if (!made && !changed && event->op != FACT_DESTROY)
		return;
	failures->changes++;
	if (made)
		*change_at(failures, event->ipcns, true, event->key) = failures->changes;
	*change_at(failures, event->ipcns, false, event->shmid) = failures->changes;
}

/* Did nothing happen to what it is about? */
static bool still_holds(struct failures *failures, const struct entry *entry, uint64_t now)
{
	const struct failure *failure = &entry->failure;
	const struct event *event = &failure->event;
	const bool by_key = event->op == FACT_SHMGET;
	const int32_t target = by_key ? event->key : event->shmid;

	if (now > failure->gathered && now - failure->gathered > FAILURES_FRESH)
		return false;
	if (*change_at(failures, event->ipcns, by_key, target) > entry->changes)
		return false;
	return !by_key || failure->found != FACT_FOUND_THERE ||
	       *change_at(failures, event->ipcns, false, failure->segment.facts.shmid) <=
		       entry->changes;
}

/* ---- the table ----------------------------------------------------------------------------- */

static struct entry *find(const struct failures *failures, const struct failure_key *key)
{
	struct entry *entry;

	HASH_FIND(hh, failures->index, key, sizeof(*key), entry);
	return entry;
}

uint32_t failures_repeat(struct failures *failures, const struct event *event)
{
	struct failure_key key;
	struct entry *entry;

	note_change(failures, event);
	if (!failures_want(event))
		return 0;
	key = key_of(event, event->caller);
	entry = find(failures, &key);
	if (!entry || !still_holds(failures, entry, event->time))
		return 0;
	entry->failure.count++;
	return entry->failure.id;
}

/* One that finds no place in the index is not counted on: its repeats are gathered anew. */
uint32_t failures_add(struct failures *failures, const struct failure *facts)
{
	const struct failure_key key =
		key_of(&facts->event, facts->has_caller ? &facts->caller : NULL);
	struct entry *before = find(failures, &key);
	const uint64_t count = before ? before->failure.count : 0;
	const uint64_t first = before ? before->failure.first : facts->event.time;
	struct entry *entry;

	if (before)
		HASH_DEL(failures->index, before);
	failures->last++;
	entry = &failures->entries[failures->last % FAILURES_MAX];
	if (entry->hh.tbl && find(failures, &entry->key) == entry)
		HASH_DEL(failures->index, entry);
	memset(entry, 0, sizeof(*entry));
	entry->failure = *facts;
	entry->failure.event.caller = NULL;
	explain(entry->failure.why, facts);
	entry->failure.id = entry->failure.event.failure = failures->last;
	entry->failure.count = count + 1;
	entry->failure.first = first;
	entry->key = key;
	entry->changes = failures->changes;
	HASH_ADD(hh, failures->index, key, sizeof(entry->key), entry);
	return failures->last;
}

int32_t failures_segment(const struct failures *failures, uint32_t id)
{
	const struct failure *failure = failures_get(failures, id);

	return failure && failure->found == FACT_FOUND_THERE ? failure->segment.facts.shmid : -1;
}

const struct failure *failures_get(const struct failures *failures, uint32_t id)
{
	const struct entry *entry;

	if (!failures || !id)
		return NULL;
	entry = &failures->entries[id % FAILURES_MAX];
	return entry->failure.id == id ? &entry->failure : NULL;
}
