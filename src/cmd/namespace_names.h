/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What IPC namespaces are called: found out for the model, and read from the command line. */
#ifndef CMD_NAMESPACE_NAMES_H
#define CMD_NAMESPACE_NAMES_H

#include "model/model.h"
#include "observe/probes.h"

/* Finds out whose those are of which the model does not know it yet, or may no more: processes execute other programs,
 * and are moved to other control groups, mostly when they are young; so one is looked at again when it is twice
 * as old. No look begins after the deadline; the rest waits for the next call. */
void namespace_names_read(struct model *model, uint64_t deadline);

/* The namespace that --ns asks for: host, here, an inode, pid:PID, or a label or a part of one that no other namespace has.
 * 0, or -errno with one line in why[], which tells what there is. */
int namespace_names_choose(const struct model *model, uint32_t own_ipcns, const char *text,
			   uint32_t *ipcns, char why[static PROBES_WHY_LEN]);

#endif
