/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the table of report/column.c: a value for each column, and a
 * cell for those that are not written as their kind says. */
#ifndef REPORT_COLUMN_PARTS_H
#define REPORT_COLUMN_PARTS_H

#include "report/column.h"

typedef void column_value_fn(const struct column_context *context, const struct segment *segment,
			     struct column_value *out);
typedef char *column_cell_fn(const struct column_context *context, const struct segment *segment,
			     char out[static COLUMN_CELL_LEN]);

column_value_fn column_value_ns, column_value_shmid, column_value_key, column_value_owner,
	column_value_perm, column_value_size, column_value_rss, column_value_swap,
	column_value_nattch, column_value_holders, column_value_creator, column_value_last,
	column_value_age, column_value_idle, column_value_flags, column_value_command,
	column_value_ctime, column_value_atime, column_value_dtime, column_value_drift,
	column_value_verdict, column_value_exe, column_value_cgroup, column_value_site;

column_cell_fn column_cell_key, column_cell_perm, column_cell_holders, column_cell_creator,
	column_cell_last, column_cell_flags;

#endif
