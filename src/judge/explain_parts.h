/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of explain share. Nobody else includes this. */
#ifndef JUDGE_EXPLAIN_PARTS_H
#define JUDGE_EXPLAIN_PARTS_H

#include "judge/explain.h"

struct words {
	char *out;
	size_t length;
};

/* Appends, as far as there is room. */
void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "64.0M" where that is exact, else "67108865 bytes (64.0M)" */
void say_size(struct words *words, uint64_t bytes);
/* "64.0M" in any case: where no byte decides */
void say_about(struct words *words, uint64_t bytes);
/* "881 postgres" */
void say_process(struct words *words, const struct failure_process *process);
/* "postgres (uid 26)", "uid 26" */
void say_user(struct words *words, uint32_t uid, const char *name);
/* "26" of the caller, else "its caller": who asked */
void say_caller(struct words *words, const struct failure *failure);
/* "namespace 4026532177 (docker 3f2a91c07be1)" */
void say_namespace(struct words *words, uint32_t ipcns, const char *label);
/* ": 64.0M, mode 0600, owner postgres (uid 26), 3d old, 2 attached, creator 881 postgres is gone" */
void say_segment(struct words *words, const struct failure_segment *segment);

/* Where else the key or id is: "; namespace ... has one: 5, 64.0M". Whether there was any. */
bool say_places(struct words *words, const struct failure *failure);
/* Who removed what had the key or the id. Whether that is known. */
bool say_gone(struct words *words, const struct failure *failure);
/* Why there is no segment of this id, behind "no segment 5". */
void say_no_segment(struct words *words, const struct failure *failure);

/* What a segment grants to the caller, against what was asked for: FAILURE_MAY_* bits as the lowest three
 * of a mode */
enum { MAY_READ = 4, MAY_WRITE = 2, MAY_EXEC = 1 };
/* Does the mode surely let the caller do all of this? */
bool is_granted(const struct failure *failure, unsigned int asked);
void say_refusal(struct words *words, const struct failure *failure, unsigned int asked);
/* "; its CAP_IPC_LOCK does not count here": it has the capability in another user namespace only */
void say_foreign_capability(struct words *words, const struct failure *failure, unsigned int number,
			    bool initial);
bool is_owner(const struct failure *failure);

/* One function an error: it says why. */
typedef void explain_rule(struct words *words, const struct failure *failure);

explain_rule explain_shmget_ignored, explain_shmget_exists, explain_shmget_missing,
	explain_shmget_invalid, explain_shmget_refused, explain_shmget_full, explain_shmget_memory,
	explain_shmget_privilege;
explain_rule explain_shmat_invalid, explain_shmat_refused, explain_shmat_memory,
	explain_shmat_locked;
explain_rule explain_shmdt_invalid;
explain_rule explain_shmctl_invalid, explain_shmctl_refused, explain_shmctl_privilege,
	explain_shmctl_memory, explain_shmctl_buffer;

#endif
