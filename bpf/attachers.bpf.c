/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Iterators: who maps which segment right now, and which task lives in which IPC namespace.
 *
 * They walk the tasks of the opener's pid namespace. Not more than what was asked for is written, as
 * structs of fixed size; where the kernel's buffer is full it shows the same task or mapping again
 * at the next read.
 */
#include "task.bpf.h"
#include "shm_event.h"
#include "shm_vma.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* What the kernel expects of an iterator's program: 1 shows the same object again */
enum { SHOW_NEXT = 0, SHOW_AGAIN = 1 };

SEC("iter/task_vma")
int dump_mappings(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	struct task_struct *task = ctx->task;
	struct shm_attachment record = {0};
	struct shm_file_data data;

	if (!task || !vma || !shm_vma_read(vma, &data))
		return SHOW_NEXT;
	record.shmid = data.id;
	record.ipcns = BPF_CORE_READ(data.ns, ns.inum);
	record.mm = (__u64)vma->vm_mm;
	record.start_time = task_start_time(task);
	record.start = vma->vm_start;
	record.end = vma->vm_end;
	record.offset = shm_vma_offset(vma);
	record.tgid = task_tgid(task);
	record.tid = task_tid(task);
	record.vm_flags = vma->vm_flags;
	return bpf_seq_write(ctx->meta->seq, &record, sizeof(record)) ? SHOW_AGAIN : SHOW_NEXT;
}

/* One task a thread group: its leader, or each living thread of a group whose leader has exited. */
SEC("iter/task")
int dump_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct shm_task record = {0};

	if (!task || task->flags & PF_KTHREAD || !task->nsproxy)
		return SHOW_NEXT;
	if (task->pid != task->tgid && task->group_leader->nsproxy)
		return SHOW_NEXT;
	record.mm = (__u64)task->mm;
	record.start_time = task_start_time(task);
	record.tgid = task_tgid(task);
	record.tid = task_tid(task);
	record.ipcns = task_ipcns(task);
	return bpf_seq_write(ctx->meta->seq, &record, sizeof(record)) ? SHOW_AGAIN : SHOW_NEXT;
}
