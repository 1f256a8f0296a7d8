/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a process is, by the names that container runtimes and systemd give to control groups. */
#ifndef OBSERVE_CONTAINER_H
#define OBSERVE_CONTAINER_H

#include <stddef.h>

#include "base/fact.h"

/* What the text of /proc/PID/cgroup tells: of its paths (v2, and v1's one for each controller) the one that names
 * a container, else a unit, else a slice. Fills in runtime, container, pod, unit and label. Pure, safe text.
 * A container's id is shortened for the label, as its own tools do: 12 digits of it, or 8 and 8 of a pod's.
 * A login session, a slice and a user's manager hold too many things to be a label. */
void container_parse(const char *text, size_t length, struct namespace_owner *out);

/* The owner of a namespace, from its oldest process. 0, or -errno: -ESRCH when that is gone. */
int container_read(const struct namespace_facts *place, struct namespace_owner *out);

#endif
