/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How near the limits are, and what is set up to bite: what `shmtop doctor` says beside its probes. */
#ifndef REPORT_LIMITS_REPORT_H
#define REPORT_LIMITS_REPORT_H

#include "judge/audit.h"
#include "report/report.h"

/* A paragraph for each IPC namespace and for the machine, those that are near to a limit first; namespaces of others
 * that have nothing in them are only counted. 0 or -ENOMEM. */
int limits_report_print(FILE *out, const struct column_context *context);

/* The settings that matter, the worst first; `all` adds those that are right. */
void limits_report_settings(FILE *out, const struct column_context *context,
			    const struct audit_list *list, bool all);

/* Arrays for the JSON document. NULL if no memory. */
struct json_object *limits_report_json(const struct column_context *context);
struct json_object *limits_report_json_settings(const struct column_context *context,
						const struct audit_list *list);

#endif
