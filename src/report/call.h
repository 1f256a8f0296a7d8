/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of the four calls by the names that shmget(2), shmat(2) and shmctl(2) give them. */
#ifndef REPORT_CALL_H
#define REPORT_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/fact.h"

enum {
	CALL_NAME_LEN = 32,
	CALL_FLAGS_MAX = 8, /* names that one word of flags has at most */
};

/* The permission bits among the flags of shmget. */
#define CALL_MODE 0777u

/* The names of the flags of a shmget or shmat, permission bits left out: "IPC_CREAT", "SHM_HUGE_2MB".
 * Bits without a name come last as one number: "0x8000". Returns how many. */
size_t call_flags(enum fact_op op, uint32_t flags,
		  char names[static CALL_FLAGS_MAX][CALL_NAME_LEN]);

/* "IPC_RMID" for a command of shmctl; the number when it has no name. Returns out. */
char *call_command(int32_t command, char out[static CALL_NAME_LEN]);

/* What an error of a call means, in words: "no segment has this key, and IPC_CREAT was not given". "" for one
 * that the call is not known to give. `error` is positive. Static. */
const char *call_failure(enum fact_op op, int error);

/* "SIGKILL"; "signal 40" for one without a name. Returns out. */
char *call_signal(int number, char out[static CALL_NAME_LEN]);

#endif
