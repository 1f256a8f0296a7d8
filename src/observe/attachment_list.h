/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list that a scan makes (observe/attachers.h): filled in any order, then settled. Pure. */
#ifndef OBSERVE_ATTACHMENT_LIST_H
#define OBSERVE_ATTACHMENT_LIST_H

#include "observe/attachers.h"

/* 0, or -ENOMEM with the list unchanged. */
int attachment_list_add(struct attachment_list *list, const struct attachment *row);

/* Orders the rows by (mm, start), keeps one of each, and labels all rows of an address space by its
 * oldest thread group (of equally old ones, the lowest pid). */
void attachment_list_settle(struct attachment_list *list);

#endif
