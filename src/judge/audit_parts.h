/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of an audit share. */
#ifndef JUDGE_AUDIT_PARTS_H
#define JUDGE_AUDIT_PARTS_H

#include "judge/audit.h"

/* The kernel's defaults for SHMALL and SHMMAX are as good as none (include/uapi/linux/shm.h). */
#define AUDIT_UNLIMITED (UINT64_MAX / 2)

struct audit {
	const struct settings *settings;
	const struct model *model;
	const struct namespace_state *places;
	size_t place_count;
	uint32_t own_ipcns;
	struct audit_list *list;
	struct audit_row spare; /* is written where there is no memory */
	int error;
};

/* A new row, "ok" so far, until the next one is added. `ipcns` 0: the machine's. Never NULL. */
struct audit_row *audit_add(struct audit *audit, uint32_t ipcns, const char *name);

/* "96.0M", "none" for what is no limit */
char *audit_limit(char out[static 32], uint64_t bytes);

/* audit_limits.c: what each namespace allows, and what the files ask for */
void audit_configured(struct audit *audit);
void audit_namespaces(struct audit *audit);

#endif
