/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells about a process. Every string is made safe here. */
#ifndef OBSERVE_PROCESS_H
#define OBSERVE_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/fact.h"

/* Reads /proc/PID: stat (comm, start time), status (uid: the real one; state, inner pid), cmdline, exe (the link's text,
 * " (deleted)" kept), cgroup (the v2 path, or the first v1 one). What may not be read is left empty.
 * The start time is read before and after the rest: -ESRCH when the pid is gone or changed hands
 * meanwhile. Else 0, or -errno. */
int process_read(int pid, struct process_facts *facts);

/* The whole text of /proc/PID/cgroup, and the comm, of the process that started then, to the clock tick. Its length,
 * or -errno: -ESRCH when it is gone. Version 1 has a line for each of a dozen controllers. */
enum { PROCESS_CGROUP_LEN = 16 * 1024 };
ssize_t process_read_cgroup(int pid, uint64_t start_time, char comm[static FACT_COMM_LEN],
			    char out[static PROCESS_CGROUP_LEN]);

/* The start time only, ns of CLOCK_BOOTTIME to the clock tick. 0, or -ESRCH and others. */
int process_start_time(int pid, uint64_t *start_time);

/* Whether the pid is still that of the process that started then, to the clock tick; 0 is any. 0, or -ESRCH and
 * others. What was opened by the pid before belongs to that process, too. */
int process_check(int pid, uint64_t start_time);

/* Has the process group no process any more, not even a zombie? Where that cannot be told it has. `leader` is the comm of
 * the process that it is called by, if that lives and is in it, else "". */
bool process_group_is_empty(int pgid, char leader[static FACT_COMM_LEN]);

/* Parses /proc/PID/stat: the comm may hold any byte, ')' and spaces included. Pure. `state` may be NULL.
 * `ticks` is start time in clock ticks. 0 or -EINVAL. */
int process_parse_stat(const char *text, size_t length, char comm[static FACT_COMM_LEN],
		       char *state, uint64_t *ticks);

/* Parses /proc/PID/cgroup: the v2 path ("0::/..."), else the path of the first line. Pure, safe text. */
void process_parse_cgroup(const char *text, size_t length, char out[static FACT_TEXT_LEN]);

#endif
