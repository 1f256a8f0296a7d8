/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call that failed, with facts that most tests of explain want, and what is said of it */
#ifndef TESTS_UNIT_EXPLAIN_FIXTURE_H
#define TESTS_UNIT_EXPLAIN_FIXTURE_H

#include "tests/tap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>

#include "base/clock.h"
#include "judge/explain.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

enum { NS = 4026532177, HUGE_SHIFT = 26 };

/* A call of nobody, in a container */
static inline struct failure failed(enum fact_op op, int error)
{
	return (struct failure){
		.event =
			{
				.op = op,
				.ret = -error,
				.time = 100 * CLOCK_SECOND,
				.ipcns = NS,
				.pid = 100,
				.key = 0x1234,
				.shmid = op == FACT_SHMGET ? -1 : 5,
				.size = op == FACT_SHMGET ? 8192 : 0,
				.flags = op == FACT_SHMGET ? IPC_CREAT | 0600 : 0,
			},
		.has_caller = true,
		.caller = {.euid = 65534,
			   .fsgid = 65534,
			   .most_size = UINT64_MAX,
			   .most_locked = UINT64_MAX},
		.caller_name = "nobody",
		.label = "docker 3f2a91c07be1",
		.page_size = 4096,
		.mapping = {.shmid = -1},
	};
}

static inline struct failure found(enum fact_op op, int error)
{
	struct failure failure = failed(op, error);

	failure.found = FACT_FOUND_THERE;
	failure.segment = (struct failure_segment){
		.facts = {.known = FACT_COL_ALL,
			  .shmid = 5,
			  .mode = 0640,
			  .size = 4096,
			  .nattch = 2,
			  .uid = 26,
			  .gid = 27,
			  .cuid = 26,
			  .cgid = 27},
		.owner = "postgres",
		.has_age = true,
		.age = 3 * 86400 * CLOCK_SECOND,
		.creator = {.pid = 881, .comm = "postmaster", .life = FAILURE_GONE},
	};
	return failure;
}

static inline struct failure missing(enum fact_op op, int error)
{
	struct failure failure = failed(op, error);

	failure.found = FACT_FOUND_NONE;
	return failure;
}

static inline void assert_says(const struct failure *failure, const char *expected)
{
	char out[EXPLAIN_LEN];

	assert_string_equal(explain(out, failure), expected);
}

/* The same without the facts: no claim beyond the call. */
static inline void assert_says_unknown(enum fact_op op, int error, const char *expected)
{
	struct failure failure = failed(op, error);

	failure.has_caller = false;
	failure.label[0] = '\0';
	assert_says(&failure, expected);
}

#define SEGMENT                                                                          \
	"4.00K, mode 0640, owner postgres (uid 26), 3d00h old, 2 attached, creator 881 " \
	"postmaster is gone"
#define HERE "namespace 4026532177 (docker 3f2a91c07be1)"

#endif
