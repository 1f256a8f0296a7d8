/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stack/quiet_child.h"

pid_t quiet_child_fork(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, NULL);
}

void quiet_child_end(pid_t child)
{
	kill(-child, SIGKILL);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* In a user namespace there may be no others that it could be. */
static bool done_or_refused(int result)
{
	return result == 0 || errno == EPERM || errno == EINVAL;
}

bool quiet_child_become(uid_t uid, gid_t gid)
{
	return geteuid() != 0 ||
	       (done_or_refused(setgroups(0, NULL)) && done_or_refused(setresgid(gid, gid, gid)) &&
		done_or_refused(setresuid(uid, uid, uid)));
}

/* Whoever it is: a service that has capabilities need not be root, and root without any is a user. */
static bool clear_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) == 0;
}

bool quiet_child_lay_down_rights(void)
{
	/* behind the change of user, which clears it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && clear_capabilities();
}
