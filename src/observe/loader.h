/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What loading BPF programs needs and tells, whichever they are. */
#ifndef OBSERVE_LOADER_H
#define OBSERVE_LOADER_H

#include <stdint.h>

/* The inode of the caller's pid namespace, as the BPF programs want it: 0 for the initial one. */
uint32_t loader_pidns(void);

enum { LOADER_WHY_LEN = 256 };

/* One line for people: why the kernel refused to load or attach BPF programs with -errno `error`, and
 * how to get it. Returns out. */
char *loader_why(int error, char out[static LOADER_WHY_LEN]);

#endif
