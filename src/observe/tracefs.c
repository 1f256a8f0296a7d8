/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char mount_point[] = "/sys/kernel/tracing";

struct helper {
	tracefs_work *work;
	void *context;
	int error;
};

/* Where libbpf looks. Unlike access(), this counts capabilities of those who are not root. */
static bool is_readable(void)
{
	return !faccessat(AT_FDCWD, "/sys/kernel/debug/tracing/events", X_OK, AT_EACCESS) ||
	       !faccessat(AT_FDCWD, "/sys/kernel/tracing/events", X_OK, AT_EACCESS);
}

static bool is_mounted(const char *path, long type)
{
	struct statfs place;

	return !statfs(path, &place) && place.f_type == type;
}

/* What is mounted from here on is nobody else's to see. After chroot(2), / may be no mount point. */
static int leave_others(void)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	    mount(NULL, "/sys", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return 0;
}

/* The directory belongs to root, whoever mounts it: so it may be there (EBUSY) and be of no use. */
static int mount_privately(void)
{
	int error = leave_others();

	if (error)
		return error;
	if (mount("tracefs", mount_point, "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) &&
	    errno != EBUSY)
		return -errno;
	return is_readable() ? 0 : -EACCES;
}

static void *run_helper(void *context)
{
	struct helper *helper = context;

	helper->error = mount_privately();
	if (!helper->error)
		helper->work(helper->context);
	return NULL;
}

int tracefs_run(tracefs_work *work, void *context)
{
	struct helper helper = {.work = work, .context = context};
	pthread_t thread;

	if (is_readable()) {
		work(context);
		return 0;
	}

	const int error = pthread_create(&thread, NULL, run_helper, &helper);

	if (error)
		return -error;
	pthread_join(thread, NULL);
	return helper.error;
}

const char *tracefs_why(int error)
{
	if (error != -EPERM && error != -EACCES)
		return "no tracefs: needs a kernel with CONFIG_FTRACE_SYSCALLS and /sys mounted";
	if (is_mounted(mount_point, TRACEFS_MAGIC))
		return "tracefs cannot be read: needs root, or CAP_DAC_READ_SEARCH";
	return "tracefs is not mounted: needs root, or mount -t tracefs tracefs "
	       "/sys/kernel/tracing, and CAP_DAC_READ_SEARCH";
}
