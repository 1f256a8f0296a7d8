/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/record.h"

#include <errno.h>
#include <linux/types.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/text.h"
#include "bpf/shm_event.h"

enum { IPC_64 = 0x100 }; /* include/uapi/linux/ipc.h: a version bit that old callers add to cmd */

static const enum fact_op ops[SHM_EVENT_KINDS] = {
	[SHM_EVENT_SHMGET] = FACT_SHMGET, [SHM_EVENT_SHMAT] = FACT_SHMAT,
	[SHM_EVENT_SHMDT] = FACT_SHMDT,   [SHM_EVENT_SHMCTL] = FACT_SHMCTL,
	[SHM_EVENT_FORK] = FACT_FORK,     [SHM_EVENT_EXEC] = FACT_EXEC,
	[SHM_EVENT_EXIT] = FACT_EXIT,     [SHM_EVENT_ATTACH] = FACT_ATTACH,
	[SHM_EVENT_DETACH] = FACT_DETACH, [SHM_EVENT_DESTROY] = FACT_DESTROY,
};

static const enum fact_reason reasons[SHM_REASONS] = {
	[SHM_REASON_UNKNOWN] = FACT_REASON_UNKNOWN,
	[SHM_REASON_SHMAT] = FACT_REASON_SHMAT,
	[SHM_REASON_FORK] = FACT_REASON_FORK,
	[SHM_REASON_SPLIT] = FACT_REASON_SPLIT,
	[SHM_REASON_SHMDT] = FACT_REASON_SHMDT,
	[SHM_REASON_MUNMAP] = FACT_REASON_MUNMAP,
	[SHM_REASON_REMAP] = FACT_REASON_REMAP,
	[SHM_REASON_EXEC] = FACT_REASON_EXEC,
	[SHM_REASON_EXIT] = FACT_REASON_EXIT,
	[SHM_REASON_IPC_RMID] = FACT_REASON_IPC_RMID,
	[SHM_REASON_LAST_DETACH] = FACT_REASON_LAST_DETACH,
	[SHM_REASON_NAMESPACE] = FACT_REASON_NAMESPACE,
	[SHM_REASON_FORCED] = FACT_REASON_FORCED,
};

static enum fact_reason reason_of(uint32_t reason)
{
	return reason < SHM_REASONS ? reasons[reason] : FACT_REASON_UNKNOWN;
}

/* include/linux/mm.h */
enum { VM_READ = 0x1, VM_WRITE = 0x2, VM_EXEC = 0x4, VM_LOCKED = 0x2000, VM_HUGETLB = 0x400000 };

enum { PERMISSIONS = 0777 };

uint32_t record_vm_flags(uint32_t vm_flags)
{
	return (vm_flags & VM_READ ? ATTACHMENT_READ : 0u) |
	       (vm_flags & VM_WRITE ? ATTACHMENT_WRITE : 0u) |
	       (vm_flags & VM_EXEC ? ATTACHMENT_EXEC : 0u) |
	       (vm_flags & VM_HUGETLB ? ATTACHMENT_HUGETLB : 0u);
}

enum fact_op record_op(unsigned int kind)
{
	return kind > 0 && kind < SHM_EVENT_KINDS ? ops[kind] : FACT_OPS;
}

static void decode_common(const struct shm_event *record, struct event *event)
{
	*event = (struct event){
		.time = record->time,
		.took = record->took,
		.mm = record->mm,
		.start_time = record->start_time,
		.cgroup = record->cgroup,
		.ipcns = record->ipcns,
		.shmid = -1,
		.pid = (int32_t)record->tgid,
		.tid = (int32_t)record->tid,
		.ppid = (int32_t)record->ppid,
		.inner_pid = (int32_t)record->inner_pid,
		.uid = record->uid,
		.gid = record->gid,
		.ret = record->ret,
		.op = ops[record->kind],
		.sampled = record->flags & SHM_EVENT_SAMPLED,
		.aside = record->flags & SHM_EVENT_ASIDE,
	};
	text_safe(event->comm, sizeof(event->comm), record->comm, sizeof(record->comm));
}

/* Some commands name no segment, and some name it by its place in the kernel's table: the result then
 * tells which it was. */
static int32_t shmctl_shmid(int32_t cmd, int32_t argument, int64_t ret)
{
	switch (cmd) {
	case IPC_INFO:
	case SHM_INFO:
		return -1;
	case SHM_STAT:
	case SHM_STAT_ANY:
		return ret >= 0 ? (int32_t)ret : -1;
	default:
		return argument;
	}
}

static void decode_call(const struct shm_event *record, struct event *event)
{
	switch (record->kind) {
	case SHM_EVENT_SHMGET:
		event->key = record->shmget.key;
		event->flags = record->shmget.flags;
		event->size = record->shmget.bytes;
		event->created = record->flags & SHM_EVENT_CREATED;
		event->pgid = (int32_t)record->shmget.pgid;
		if (record->ret >= 0)
			event->shmid = (int32_t)record->ret;
		break;
	case SHM_EVENT_SHMAT:
		event->shmid = record->shmat.shmid;
		event->flags = record->shmat.flags;
		event->addr = record->shmat.addr;
		break;
	case SHM_EVENT_SHMDT:
		event->shmid = record->shmdt.shmid;
		event->addr = record->shmdt.addr;
		break;
	case SHM_EVENT_SHMCTL:
		event->cmd = record->shmctl.cmd & ~IPC_64;
		event->shmid = shmctl_shmid(event->cmd, record->shmctl.shmid, record->ret);
		if (event->cmd == SHM_STAT || event->cmd == SHM_STAT_ANY)
			event->index = record->shmctl.shmid;
		event->has_set = record->flags & SHM_EVENT_SET;
		if (!event->has_set)
			break;
		event->set_uid = record->shmctl.set_uid;
		event->set_gid = record->shmctl.set_gid;
		event->set_mode = record->shmctl.set_mode & PERMISSIONS;
		break;
	}
}

static void decode_life(const struct shm_event *record, struct event *event)
{
	switch (record->kind) {
	case SHM_EVENT_FORK:
		event->child = (int32_t)record->fork.child;
		event->child_mm = record->fork.child_mm;
		event->child_start_time = record->fork.child_start_time;
		break;
	case SHM_EVENT_EXEC:
		event->child_mm = record->exec.new_mm;
		break;
	case SHM_EVENT_EXIT:
		event->status = record->exit.status;
		break;
	case SHM_EVENT_ATTACH:
	case SHM_EVENT_DETACH:
		event->shmid = record->attach.shmid;
		event->addr = record->attach.start;
		event->size = record->attach.end - record->attach.start;
		event->offset = record->attach.offset;
		event->flags = record_vm_flags(record->attach.vm_flags);
		event->maps = 1;
		event->reason = reason_of(record->attach.reason);
		break;
	case SHM_EVENT_DESTROY:
		event->shmid = record->destroy.shmid;
		event->reason = reason_of(record->destroy.reason);
		break;
	}
}

int record_decode(const void *data, size_t length, struct event *event)
{
	const struct shm_event *record = data;

	if (length < sizeof(*record) || record->size < sizeof(*record) || record->size > length)
		return -EINVAL;
	if (record_op(record->kind) == FACT_OPS)
		return -EINVAL;
	decode_common(record, event);
	decode_call(record, event);
	decode_life(record, event);
	return 0;
}

bool record_caller(const void *data, size_t length, struct caller_facts *caller)
{
	const struct shm_failure *record = data;
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (length < sizeof(*record) || record->event.size < sizeof(*record) ||
	    !(record->event.flags & SHM_EVENT_CALLER))
		return false;
	*caller = (struct caller_facts){
		.euid = record->caller.euid,
		.fsgid = record->caller.fsgid,
		.capabilities = record->caller.capabilities,
		.initial_userns = record->caller.flags & SHM_CALLER_INITIAL,
		.ipc_userns = record->caller.flags & SHM_CALLER_IPC_OWNER,
		.locks_future = record->caller.mm_flags & VM_LOCKED,
		.mappings = record->caller.mappings,
		.size = record->caller.pages * page,
		.most_size = record->caller.most_bytes,
		.locked = record->caller.locked_pages * page,
		.most_locked = record->caller.most_locked,
	};
	return true;
}
