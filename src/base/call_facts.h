/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be known of a call that failed, beside the call itself (base/fact.h): of its caller, of the
 * machine's memory, and of what is mapped where it pointed to.
 */
#ifndef BASE_CALL_FACTS_H
#define BASE_CALL_FACTS_H

#include "base/fact.h"

/* Capabilities that decide about the four calls (include/uapi/linux/capability.h) */
enum {
	FACT_CAP_IPC_LOCK = 14,
	FACT_CAP_IPC_OWNER = 15,
	FACT_CAP_SYS_ADMIN = 21,
};

/* Who made the call, as the kernel knew it at that moment. A limit of UINT64_MAX is none. */
struct caller_facts {
	uint32_t euid;
	uint32_t fsgid;
	uint64_t capabilities;        /* effective ones, a bit each */
	bool initial_userns;          /* they count for all of the machine */
	bool ipc_userns;              /* they count in its IPC namespace */
	bool locks_future;            /* mlockall(MCL_FUTURE) */
	uint32_t mappings;            /* all that its address space has */
	uint64_t size, most_size;     /* bytes of the address space, RLIMIT_AS */
	uint64_t locked, most_locked; /* bytes of these that are locked, RLIMIT_MEMLOCK */
};

/* Its supplementary groups */
enum { FACT_GROUPS = 64 };
struct group_facts {
	bool known; /* all of them are in the list */
	size_t count;
	uint32_t groups[FACT_GROUPS];
};

struct memory_facts {
	bool known;
	unsigned int overcommit;   /* vm.overcommit_memory */
	uint64_t total, swap;      /* bytes */
	uint64_t limit, committed; /* CommitLimit, Committed_AS: bytes */
};

enum fact_found { FACT_FOUND_UNKNOWN, FACT_FOUND_NONE, FACT_FOUND_THERE };

/* The pool of huge pages of one size */
struct pool_facts {
	enum fact_found found;
	uint64_t page_size; /* bytes; 0 unknown */
	uint64_t total, free, reserved;
};

/* What is mapped at an address, or in a range */
struct address_facts {
	enum fact_found found;
	uint64_t start, end;
	int32_t shmid;            /* of the segment that it is; -1: it is something else */
	char name[FACT_TEXT_LEN]; /* safe; "" it has none */
};

#endif
