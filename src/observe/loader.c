/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/loader.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"

/* PROC_PID_INIT_INO and PROC_USER_INIT_INO, include/linux/proc_ns.h */
enum { INITIAL_PIDNS = 0xEFFFFFFC, INITIAL_USERNS = 0xEFFFFFFD };

/* Programs, maps, links and the BTF of modules each take a descriptor. Whoever has fewer has asked for
 * it: the usual limit is 1024. */
enum { FILES_NEEDED = 256 };

uint32_t loader_pidns(void)
{
	struct stat place;

	if (stat("/proc/self/ns/pid", &place) || place.st_ino == INITIAL_PIDNS)
		return 0;
	return place.st_ino;
}

/* There every capability can be had, and none counts for BPF. */
static bool in_user_namespace(void)
{
	struct stat place;

	return !stat("/proc/self/ns/user", &place) && place.st_ino != INITIAL_USERNS;
}

static bool has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data))
		return true;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

static bool may_load(void)
{
	return has_capability(CAP_SYS_ADMIN) ||
	       (has_capability(CAP_BPF) && has_capability(CAP_PERFMON));
}

/* libbpf tries other ways when it can open no more files, and ends with an error of those. */
static bool files_are_few(void)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < FILES_NEEDED;
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

/* lockdown=confidentiality takes this helper away, and nothing else does; the file that names the mode
 * is there only where securityfs is mounted. */
static bool is_confidential(void)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const int fd = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, NULL, "GPL", program,
				     sizeof(program) / sizeof(program[0]), NULL);

	if (fd >= 0)
		close(fd);
	return fd == -EINVAL;
}

/* Who refuses the whole call refuses an unknown command too; else EINVAL is the answer. */
static bool bpf_is_refused(void)
{
	return syscall(SYS_bpf, -1, NULL, 0) < 0 && errno == EPERM;
}

/* To those who have the capabilities */
static const char *why_refused(void)
{
	if (!bpf_is_refused())
		return "refused by the kernel (EPERM): it is hardened, or a security module has "
		       "a rule; needs another kernel or rule";
	if (prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER)
		return "bpf() is refused by a seccomp filter: needs a container that allows it";
	return "bpf() is refused by a security module: needs a rule that allows it";
}

/* NULL: the error itself is all that is known. */
static const char *why_known(int error)
{
	if ((error == -EPERM || error == -EACCES) && !may_load())
		return "needs root, or CAP_BPF and CAP_PERFMON (events: CAP_DAC_READ_SEARCH too)";
	if (error == -EPERM && in_user_namespace())
		return "BPF is not for user namespaces: needs root of the machine";
	if ((error == -EPERM || error == -ENOMEM) && memory_lock_counts())
		return "the limit of locked memory is too low: needs ulimit -l unlimited";
	if (error == -EMFILE || (error != -EPERM && error != -ENOENT && files_are_few()))
		return "the limit of open files is too low: needs ulimit -n 1024";
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return "no /sys/kernel/btf/vmlinux: needs a kernel with CONFIG_DEBUG_INFO_BTF";
	if (error == -ENOSYS)
		return "no bpf(): needs CONFIG_BPF_SYSCALL, and no seccomp filter that hides it";
	if (error == -ENOMEM)
		return "out of memory in the kernel (ENOMEM): needs a smaller --ring-size, or some "
		       "free";
	if (is_confidential())
		return "lockdown=confidentiality: needs a kernel with lockdown=integrity or none";
	if (error == -ENOENT || error == -ESRCH)
		return "this kernel has no function or tracepoint of that name: needs another "
		       "kernel";
	return error == -EPERM ? why_refused() : NULL;
}

char *loader_why(int error, char out[static LOADER_WHY_LEN])
{
	const char *reason = why_known(error);
	char name[LOG_ERRNO_LEN];

	if (reason)
		snprintf(out, LOADER_WHY_LEN, "%s", reason);
	else
		snprintf(out, LOADER_WHY_LEN, "refused by the kernel (%s): dmesg may say more",
			 log_errno_name(-error, name));
	return out;
}
