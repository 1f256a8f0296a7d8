/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

/* One's own user and group, and no other: all that the kernel allows without privileges. To map a group one must
 * give up setgroups(2). */
static int map_self(uid_t uid, gid_t gid)
{
	char users[48], groups[48];
	int error;

	snprintf(users, sizeof(users), "%u %u 1\n", uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1\n", gid, gid);
	if ((error = write_file("/proc/self/setgroups", "deny")) ||
	    (error = write_file("/proc/self/uid_map", users)))
		return error;
	return write_file("/proc/self/gid_map", groups);
}

/* What this system has against user namespaces, and what to do */
static void explain(int error, char why[static ISOLATE_WHY_LEN])
{
	const char *advice = "run it as root";

	if (error == -EINVAL)
		advice = "this kernel has no IPC or user namespaces";
	else if (error == -ENOSPC || error == -EUSERS)
		advice = "too many exist or none is allowed (sysctl user.max_user_namespaces); or "
			 "run it as root";
	else if (error == -EPERM || error == -EACCES)
		advice = "this system lets only root make user namespaces (sysctl "
			 "kernel.unprivileged_userns_clone, "
			 "kernel.apparmor_restrict_unprivileged_userns): run it as root";
	snprintf(why, ISOLATE_WHY_LEN, "--isolate: %s: %s", strerror(-error), advice);
}

int isolate_enter(char why[static ISOLATE_WHY_LEN])
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	int error = 0;

	if (unshare(CLONE_NEWIPC) == 0)
		return 0;
	if (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWIPC))
		error = -errno;
	if (!error)
		error = map_self(uid, gid);
	if (error)
		explain(error, why);
	return error;
}
