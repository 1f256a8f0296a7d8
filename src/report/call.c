/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>

#include "report/call.h"

/* include/uapi/linux/shm.h: the page size of SHM_HUGETLB, as its logarithm */
enum {
	CALL_HUGE_SHIFT = 26,
	CALL_HUGE_MASK = 0x3f,
};

struct call_flag {
	uint32_t bit;
	const char *name;
};

static const struct call_flag call_shmget_flags[] = {
	{IPC_CREAT, "IPC_CREAT"},
	{IPC_EXCL, "IPC_EXCL"},
	{SHM_HUGETLB, "SHM_HUGETLB"},
	{SHM_NORESERVE, "SHM_NORESERVE"},
	{0},
};

static const struct call_flag call_shmat_flags[] = {
	{SHM_RDONLY, "SHM_RDONLY"},
	{SHM_RND, "SHM_RND"},
	{SHM_REMAP, "SHM_REMAP"},
	{SHM_EXEC, "SHM_EXEC"},
	{0},
};

static const char *const call_commands[] = {
	[IPC_RMID] = "IPC_RMID", [IPC_SET] = "IPC_SET",   [IPC_STAT] = "IPC_STAT",
	[IPC_INFO] = "IPC_INFO", [SHM_LOCK] = "SHM_LOCK", [SHM_UNLOCK] = "SHM_UNLOCK",
	[SHM_STAT] = "SHM_STAT", [SHM_INFO] = "SHM_INFO", [SHM_STAT_ANY] = "SHM_STAT_ANY",
};

/* The kernel's names follow the size: SHM_HUGE_64KB, SHM_HUGE_2MB, SHM_HUGE_1GB. */
static void call_huge_size(unsigned int logarithm, char out[static CALL_NAME_LEN])
{
	static const char units[] = "KMGTPE";

	if (logarithm < 10)
		snprintf(out, CALL_NAME_LEN, "%u<<SHM_HUGE_SHIFT", logarithm);
	else
		snprintf(out, CALL_NAME_LEN, "SHM_HUGE_%u%cB", 1u << logarithm % 10,
			 units[logarithm / 10 - 1]);
}

size_t call_flags(enum fact_op op, uint32_t flags, char names[static CALL_FLAGS_MAX][CALL_NAME_LEN])
{
	const struct call_flag *known = op == FACT_SHMGET ? call_shmget_flags : call_shmat_flags;
	size_t count = 0;

	if (op == FACT_SHMGET)
		flags &= ~CALL_MODE;
	for (; known->name; known++) {
		if (!(flags & known->bit))
			continue;
		snprintf(names[count++], CALL_NAME_LEN, "%s", known->name);
		flags &= ~known->bit;
	}
	if (op == FACT_SHMGET && flags >> CALL_HUGE_SHIFT) {
		call_huge_size(flags >> CALL_HUGE_SHIFT & CALL_HUGE_MASK, names[count++]);
		flags &= (1u << CALL_HUGE_SHIFT) - 1;
	}
	if (flags)
		snprintf(names[count++], CALL_NAME_LEN, "0x%" PRIx32, flags);
	return count;
}

char *call_command(int32_t command, char out[static CALL_NAME_LEN])
{
	const char *name = NULL;

	if (command >= 0 && (size_t)command < sizeof(call_commands) / sizeof(call_commands[0]))
		name = call_commands[command];
	if (name)
		snprintf(out, CALL_NAME_LEN, "%s", name);
	else
		snprintf(out, CALL_NAME_LEN, "%" PRId32, command);
	return out;
}

/* What the kernel's ipc/shm.c and ipc/util.c give them for */
static const struct {
	enum fact_op op;
	int error;
	const char *words;
} call_failures[] = {
	{FACT_SHMGET, EACCES, "the permissions of the segment do not let this user in"},
	{FACT_SHMGET, EEXIST, "the key has a segment, and IPC_EXCL wants a new one"},
	{FACT_SHMGET, EINVAL,
	 "more than the segment of this key has, or no size between 1 and SHMMAX"},
	{FACT_SHMGET, ENOENT, "no segment has this key, and IPC_CREAT was not given"},
	{FACT_SHMGET, ENOMEM, "no memory: overcommit does not allow it, or no huge pages are free"},
	{FACT_SHMGET, ENOSPC, "SHMMNI segments or SHMALL pages are in use: a limit, not disk"},
	{FACT_SHMGET, EPERM, "huge pages need CAP_IPC_LOCK or the group of hugetlb_shm_group"},
	{FACT_SHMAT, EACCES, "the permissions of the segment do not let this user in"},
	{FACT_SHMAT, EIDRM, "the segment was removed"},
	{FACT_SHMAT, EINVAL, "no such segment, or the address is not aligned or in use"},
	{FACT_SHMAT, ENOMEM, "no room in the address space, or above a limit of it"},
	{FACT_SHMDT, EINVAL, "nothing is attached at this address"},
	{FACT_SHMCTL, EACCES, "the permissions of the segment do not let this user read"},
	{FACT_SHMCTL, EFAULT, "the address of the buffer is no good"},
	{FACT_SHMCTL, EIDRM, "the segment was removed"},
	{FACT_SHMCTL, EINVAL, "no such segment, or no such command"},
	{FACT_SHMCTL, ENOMEM, "more than RLIMIT_MEMLOCK lets this user lock"},
	{FACT_SHMCTL, EPERM, "only its owner, its creator or a privileged user may"},
};

const char *call_failure(enum fact_op op, int error)
{
	for (size_t i = 0; i < sizeof(call_failures) / sizeof(call_failures[0]); i++)
		if (call_failures[i].op == op && call_failures[i].error == error)
			return call_failures[i].words;
	return "";
}

char *call_signal(int number, char out[static CALL_NAME_LEN])
{
	const char *name = sigabbrev_np(number);

	if (name)
		snprintf(out, CALL_NAME_LEN, "SIG%s", name);
	else
		snprintf(out, CALL_NAME_LEN, "signal %d", number);
	return out;
}
