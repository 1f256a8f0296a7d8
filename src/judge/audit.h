/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings that bite: which of them will make a call fail or a segment vanish, and what to do about it. */
#ifndef JUDGE_AUDIT_H
#define JUDGE_AUDIT_H

#include "base/settings.h"
#include "model/model.h"

enum audit_verdict {
	AUDIT_OK,
	AUDIT_NOTE, /* good to know */
	AUDIT_WARN, /* it bites, or will */
};

const char *audit_verdict_name(enum audit_verdict verdict); /* "ok", "note", "warn" */

struct audit_row {
	enum audit_verdict verdict;
	uint32_t ipcns;  /* whose setting it is; 0: the whole machine's */
	size_t others;   /* so many namespaces beside this one are the same */
	char name[64];   /* "kernel.shmmni", "RemoveIPC", "huge pages of 2.00M" */
	char value[192]; /* "-": there is none, or it is not known */
	char why[400];   /* what it means here */
	char fix[256];   /* what to do; "" where nothing need be done */
};

struct audit_list {
	struct audit_row *rows; /* owned; the worst first */
	size_t count;
	size_t capacity;
};

/* Refills the list, which starts zeroed. 0 or -ENOMEM: then it is empty. Nothing in it points elsewhere. */
int audit_collect(const struct settings *settings, const struct model *model, uint32_t own_ipcns,
		  struct audit_list *list);
void audit_free(struct audit_list *list);

#endif
