/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a mapping an attached System V segment, and which one?
 *
 * ipc/shm.c (do_shmat) gives each attachment a file of its own over the segment's inode, whose
 * private_data is a struct shm_file_data. Its name, "SYSV%08x", proves nothing, since anybody can name
 * a file so; what cannot be forged is private_data that leads back to the file's own inode, whose
 * number is the segment's id (newseg). Needs a typed VMA pointer: 5.13 and newer.
 */
#ifndef SHM_VMA_BPF_H
#define SHM_VMA_BPF_H

#include "vendor/kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Set before loading: arm64 has several page sizes. */
const volatile __u32 page_shift = 12;

/* First byte of the segment that the mapping shows. */
static __always_inline __u64 shm_vma_offset(struct vm_area_struct *vma)
{
	return (__u64)vma->vm_pgoff << page_shift;
}

/* False: no segment. `data->ns` is the segment's namespace. */
static __always_inline bool shm_vma_read(struct vm_area_struct *vma, struct shm_file_data *data)
{
	struct file *file = vma->vm_file, *below;
	struct inode *inode;

	if (!file || bpf_probe_read_kernel(data, sizeof(*data), file->private_data))
		return false;
	inode = file->f_inode;
	below = data->file; /* by itself: only what is read of the kernel's memory is relocated */
	return data->id == (__s32)inode->i_ino && BPF_CORE_READ(below, f_inode) == inode;
}

#endif
