/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/loader.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"

/* PROC_PID_INIT_INO, include/linux/proc_ns.h */
enum { INITIAL_PIDNS = 0xEFFFFFFC };

uint32_t loader_pidns(void)
{
	struct stat place;

	if (stat("/proc/self/ns/pid", &place) || place.st_ino == INITIAL_PIDNS)
		return 0;
	return place.st_ino;
}

static bool has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data))
		return true;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

/* Until 5.11 BPF maps were charged to the locked-memory limit. */
static bool memory_lock_counts(void)
{
	struct rlimit limit;
	struct utsname name;
	int major, minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		return false;
	if (major > 5 || (major == 5 && minor >= 11))
		return false;
	return !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

char *loader_why(int error, char out[static LOADER_WHY_LEN])
{
	const bool refused = error == -EPERM || error == -EACCES;
	const bool may_load = has_capability(CAP_SYS_ADMIN) ||
			      (has_capability(CAP_BPF) && has_capability(CAP_PERFMON));
	char name[LOG_ERRNO_LEN];

	if (refused && !may_load)
		snprintf(
			out, LOADER_WHY_LEN,
			"needs root, or CAP_BPF and CAP_PERFMON (events: CAP_DAC_READ_SEARCH too)");
	else if ((error == -EPERM || error == -ENOMEM) && memory_lock_counts())
		snprintf(out, LOADER_WHY_LEN,
			 "the limit of locked memory is too low: needs ulimit -l unlimited");
	else if (access("/sys/kernel/btf/vmlinux", R_OK))
		snprintf(out, LOADER_WHY_LEN,
			 "no /sys/kernel/btf/vmlinux: needs a kernel with CONFIG_DEBUG_INFO_BTF");
	else if (error == -ENOSYS)
		snprintf(out, LOADER_WHY_LEN, "this kernel has no bpf()");
	else if (error == -EPERM)
		snprintf(out, LOADER_WHY_LEN,
			 "refused by the kernel (EPERM): lockdown, seccomp or a security module");
	else
		snprintf(out, LOADER_WHY_LEN, "refused by the kernel (%s)",
			 log_errno_name(-error, name));
	return out;
}
