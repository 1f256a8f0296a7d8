/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the collector share. Nobody else includes this. */
#ifndef CMD_COLLECTOR_INTERNAL_H
#define CMD_COLLECTOR_INTERNAL_H

#include "cmd/collector.h"
#include "cmd/table_rest.h"
#include "observe/attachers.h"
#include "observe/kin.h"

/* What one source may take of a core: after work that took t it rests for at least SHARE * t. */
enum { SHARE = 20 };

struct collector {
	struct collector_options options;
	struct model *model;
	struct probes *probes;
	struct attachers *attachers;
	struct owner_names *owners;
	struct debuginfod *servers; /* NULL: none may be asked */
	struct call_stacks *stacks; /* NULL: none are taken */
	struct growth *growth;      /* NULL: nobody wants it */
	struct inquiry *inquiry;    /* NULL: no calls are told */
	struct source_status status;
	uint32_t own_ipcns;

	struct sysvipc_table table;
	struct attachment_list mappings;
	struct namespace_list namespaces;
	struct table_rests rests; /* of the namespaces in that list */
	struct kin kin;           /* the other shmtop that was met last */
	struct event removal;     /* the last call of our own; time 0: none yet */

	uint64_t lost;            /* as last seen */
	uint64_t namespaces_due;  /* when they are listed again */
	uint64_t namespaces_free; /* when they may be, if something new is told of */
	size_t limits_turn;       /* looks at the tables so far */
	uint64_t tables_due;      /* the tables may be read again */
	uint64_t scan_due;        /* the mappings may be scanned again */
	uint64_t scanned;         /* the last good scan */
	uint64_t skips_due;       /* programs are asked again whether they were skipped */
	bool restless;            /* rows were unsettled at the last tick already */
	struct model_needs needs; /* of this revision of the model's facts */
	uint64_t needs_revision;
	uint64_t applied; /* events since the last tick */
	int error;        /* first failure of model_apply while draining */
};

/* Is the namespace one of those that were asked for? */
static inline bool collector_wants(const struct collector *collector, uint32_t ipcns)
{
	return !collector->options.only_ipcns || collector->options.only_ipcns == ipcns;
}

/* What the model needs now; valid until it takes something in. */
const struct model_needs *collector_needs(struct collector *collector);

/* ---- collector_tables.c ---------------------------------------------------------------------- */

/* Lists the namespaces, and tells the model which there are. 0 or -errno. */
int collector_list_namespaces(struct collector *collector);
/* Reads the table of each, and of some the limits. 0 or -errno. */
int collector_read_tables(struct collector *collector);

#endif
