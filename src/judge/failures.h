/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that failed, each with what was known when it did: the facts from which judge/explain.h tells why.
 *
 * The same call that fails the same way again is counted, and its facts are not gathered anew, unless
 * something happened since to what it is about, or they are old. Beside calls that failed there are those
 * that did less than they were asked for: a shmget that found a segment passes over SHM_HUGETLB.
 *
 * Bounded: the oldest are forgotten. A repeat costs one look-up, and no memory.
 */
#ifndef JUDGE_FAILURES_H
#define JUDGE_FAILURES_H

#include "base/call_facts.h"

enum {
	FAILURES_MAX = 512,
	FAILURE_NAME_LEN = 64,
	FAILURE_WHY_LEN = 512,
	FAILURE_PLACES = 2, /* other namespaces that are named */
	FAILURE_MAKERS = 3, /* creators that are named */
};

struct failure_process {
	int32_t pid; /* 0: unknown */
	char comm[FACT_COMM_LEN];
	enum failure_life { FAILURE_LIFE_UNKNOWN, FAILURE_LIVES, FAILURE_GONE } life;
};

/* A segment, as it was when the call failed */
struct failure_segment {
	struct segment_facts facts;   /* what is known of it */
	char owner[FAILURE_NAME_LEN]; /* name of its uid; "" it has none */
	bool has_age;
	uint64_t age; /* ns since it was made, or changed by IPC_SET */
	struct failure_process creator;
	bool hugetlb;
	bool small; /* pages of the usual size; neither: not known */
};

/* Another one that had the key or the id, and was removed or ended before */
struct failure_gone {
	bool known;
	int32_t shmid;
	bool has_size;
	uint64_t size;
	uint64_t before;           /* ns between its removal, or its end, and the call */
	bool removed;              /* by IPC_RMID */
	enum fact_reason reason;   /* of its end; UNKNOWN also: it has not ended yet */
	uint64_t attached;         /* it has not ended: mappings that keep it */
	struct failure_process by; /* whose IPC_RMID it was */
};

/* A segment of another namespace with the same key or id */
struct failure_place {
	uint32_t ipcns;
	char label[FACT_LABEL_LEN]; /* whose it is; "" unknown */
	int32_t shmid;
	bool has_size;
	uint64_t size;
};

/* Who made most of the segments that exist in the namespace */
struct failure_maker {
	char name[FACT_COMM_LEN];
	uint64_t segments, pages;
};

/* What was attached there before */
struct failure_detach {
	bool known;
	int32_t shmid;
	uint64_t before; /* ns */
	enum fact_reason reason;
};

/* Facts that were not looked for, or that nobody knows, are 0. */
struct failure {
	struct event event; /* the first that failed so; without caller */
	uint64_t gathered;  /* when the facts were */
	bool has_caller;
	struct caller_facts caller;
	char caller_name[FAILURE_NAME_LEN]; /* of its euid; "" it has none */
	struct group_facts groups;

	/* What the call named by key or id */
	enum fact_found found;
	struct failure_segment segment;
	struct failure_gone gone;
	char label[FACT_LABEL_LEN]; /* of the caller's namespace; "" unknown */
	struct failure_place places[FAILURE_PLACES];
	size_t place_count; /* all that there are */

	bool has_limits;
	struct limits_facts limits;
	struct failure_maker makers[FAILURE_MAKERS];
	size_t maker_count;
	uint64_t page_size; /* 0 unknown */
	struct memory_facts memory;
	struct pool_facts pool; /* of the size that was asked for, or that the segment has */
	bool has_hugetlb_group;
	uint32_t hugetlb_group;       /* vm.hugetlb_shm_group */
	uint64_t max_mappings;        /* vm.max_map_count; 0 unknown */
	struct address_facts mapping; /* where a shmat or shmdt pointed to */
	struct failure_detach detach;

	/* the table's own */
	char why[FAILURE_WHY_LEN]; /* as explain() says it: once, however often the call fails */
	uint32_t id;               /* never given twice */
	uint64_t count;            /* how often, this one included */
	uint64_t first;            /* when it came first */
};

struct failures;

/* 0 or -ENOMEM. */
int failures_new(struct failures **out);
void failures_free(struct failures *failures);

/* Is it one to be told about here? */
bool failures_want(const struct event *event);

/* Wants to be told every event, since those that make, change, remove or end a segment make facts old. The id of
 * the failure that this one repeats, which is counted once more; 0: it repeats none, or its facts hold no
 * more. */
uint32_t failures_repeat(struct failures *failures, const struct event *event);
/* The failure that this event is, counted once more where it repeats one whose facts held no more. */
uint32_t failures_add(struct failures *failures, const struct failure *facts);
/* The segment that the call named by its key, if one was found; -1: none. */
int32_t failures_segment(const struct failures *failures, uint32_t id);
/* NULL: it is forgotten, or there never was one. */
const struct failure *failures_get(const struct failures *failures, uint32_t id);

#endif
