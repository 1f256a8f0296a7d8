/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel declarations for the BPF programs: only what they read, written by hand.
 *
 * Every struct is relocated against the running kernel's BTF when it is loaded (CO-RE), so offsets and
 * missing members here mean nothing; names and types do. Valid for x86-64 and arm64, Linux 5.10 and
 * newer. Constants are those of the kernel's user interface, which never change.
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define false 0
#define true 1
#define NULL ((void *)0)

/* include/uapi/linux/bpf.h */
#define BPF_ANY                        0
#define BPF_NOEXIST                    1
#define BPF_LOCAL_STORAGE_GET_F_CREATE 1
#define BPF_RB_NO_WAKEUP               1
#define BPF_RB_FORCE_WAKEUP            2
#define BPF_RB_AVAIL_DATA              0
#define BPF_MAP_TYPE_HASH              1
#define BPF_MAP_TYPE_ARRAY             2
#define BPF_MAP_TYPE_LRU_HASH          9
#define BPF_MAP_TYPE_RINGBUF           27
#define BPF_MAP_TYPE_TASK_STORAGE      29
#define BPF_F_NO_PREALLOC              1

/* Looked up by name in the running kernel's BTF: does it have the helper? */
enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158, /* 5.11 */
	BPF_FUNC_task_pt_regs = 175,         /* 5.15 */
	BPF_FUNC_find_vma = 180,             /* 5.17 */
};

/* include/uapi/asm-generic/errno-base.h, include/uapi/linux/ipc.h, include/linux/sched.h,
 * include/linux/sched/signal.h */
#define ENOENT            2
#define IPC_PRIVATE       0
#define IPC_CREAT         01000
#define IPC_EXCL          02000
#define IPC_RMID          0
#define IPC_SET           1
#define IPC_64            0x0100 /* a version, beside the command of shmctl */
#define PF_EXITING        0x00000004
#define PF_KTHREAD        0x00200000
#define SHM_DEST          01000
#define SIGNAL_GROUP_EXIT 0x00000004
#define VM_EXEC           0x00000004 /* include/linux/mm.h */
#define RLIMIT_MEMLOCK    8          /* include/uapi/asm-generic/resource.h */
#define RLIMIT_AS         9
#define RLIMITS           16
#define IPC_PERM_UID      4 /* uid, gid, cuid, cgid and mode in a struct ipc64_perm */

/* include/uapi/linux/ipc.h: what ipc(2) is asked for; above it there is a version */
#define IPC_CALL_MASK   0xffff
#define IPC_CALL_SHMAT  21
#define IPC_CALL_SHMDT  22
#define IPC_CALL_SHMGET 23
#define IPC_CALL_SHMCTL 24

/* syscalls:sys_enter_* and sys_exit_*, as /sys/kernel/tracing/events/syscalls/.../format lays them out:
 * not a kernel type, so not relocated */
struct syscall_enter {
	__u64 common;
	__u64 number;
	__u64 args[6];
};

struct syscall_exit {
	__u64 common;
	__u64 number;
	__s64 ret;
};

/* include/uapi/linux/bpf.h; not a kernel type either */
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct list_head {
	struct list_head *next, *prev;
};

struct ns_common {
	unsigned int inum;
};

struct user_namespace {
	int level;
};

struct ipc_namespace {
	struct ns_common ns;
	int shm_rmid_forced;
	struct user_namespace *user_ns;
};

struct pid_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct ipc_namespace *ipc_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

/* include/linux/pid.h, 4.19 and newer */
enum pid_type { PIDTYPE_PGID = 2, PIDTYPE_MAX = 4 };

struct mm_struct {
	atomic_t mm_users;
	unsigned long start_stack;
	int map_count;
	unsigned long total_vm;
	unsigned long locked_vm;
	unsigned long def_flags;
};

/* Which of its members there are depends on the architecture. */
struct thread_info {
	unsigned long flags;
	unsigned int status;
};

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, sp;
#else
	__u64 regs[31], sp, pc;
	int syscallno;
#endif
};

struct thread_struct {
#if defined(__TARGET_ARCH_x86)
	unsigned long fsbase;
#else
	struct {
		unsigned long tp_value;
	} uw;
#endif
};

struct rlimit {
	unsigned long rlim_cur;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct pid *pids[PIDTYPE_MAX];
	struct rlimit rlim[RLIMITS];
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

typedef struct {
	__u64 val;
} kernel_cap_t;

struct cred {
	kuid_t euid;
	kgid_t fsgid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};

struct sysv_shm {
	struct list_head shm_clist;
};

struct fs_struct;

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	char comm[16];
	struct sysv_shm sysvshm;
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct cred *cred;
	struct thread_struct thread;
};

struct linux_binprm;

struct kern_ipc_perm {
	int id;
	unsigned short mode;
};

struct shmid_kernel {
	struct kern_ipc_perm shm_perm;
	struct list_head shm_clist;
};

struct super_block {
	__u32 s_dev;
};

struct inode {
	unsigned long i_ino;
	__s64 i_size;
	struct super_block *i_sb;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
	void *private_data;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

#pragma clang attribute pop

/* ipc/shm.c: behind vm_file->private_data of a mapped segment. Read as a whole, so not relocated: its
 * head has been this since 2.6.24. */
struct shm_file_data {
	int id;
	struct ipc_namespace *ns;
	struct file *file;
};

#endif
