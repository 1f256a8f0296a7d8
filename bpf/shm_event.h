/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire: records that the BPF programs hand to user space.
 *
 * This is the one header that both sides include. User space includes <linux/types.h> first, the
 * BPF side vendor/kernel_types.h. Kinds and fields are append-only; a reader checks `size` before it
 * reads anything else and skips what it does not know. Only src/observe may include this file.
 */
#ifndef SHM_EVENT_H
#define SHM_EVENT_H

#define SHM_EVENT_COMM_LEN 16

enum shm_event_kind {
	SHM_EVENT_SHMGET = 1,
	SHM_EVENT_SHMAT = 2,
	SHM_EVENT_SHMDT = 3,
	SHM_EVENT_SHMCTL = 4,
	SHM_EVENT_FORK = 5,     /* a known group forked */
	SHM_EVENT_EXEC = 6,     /* a known holder's thread group replaced its address space */
	SHM_EVENT_EXIT = 7,     /* the last thread of a known group ended */
	SHM_EVENT_ATTACH = 8,   /* a mapping of a segment began */
	SHM_EVENT_DETACH = 9,   /* a mapping of a segment ends */
	SHM_EVENT_DESTROY = 10, /* a segment ends */
	SHM_EVENT_KINDS = 11,
};

enum shm_event_flag {
	SHM_EVENT_CREATED = 1 << 0, /* shmget: this call made the segment, it did not find one */
	SHM_EVENT_SAMPLED = 1 << 1, /* a struct shm_stack with its time and tid was sent before */
	SHM_EVENT_ASIDE =
		1 << 2, /* fork: by who has none mapped; exit: of who only knows of one. Told
				     * for what can be concluded: nobody asked to see it */
	SHM_EVENT_SET = 1 << 3,    /* shmctl IPC_SET: what was asked for is known */
	SHM_EVENT_CALLER = 1 << 4, /* it is the head of a struct shm_failure */
};

/* Why: attach, detach, destroy */
enum shm_reason {
	/* By a call whose enter was not seen; detach: of a dying address space, not by its own process,
	 * too */
	SHM_REASON_UNKNOWN = 0,
	SHM_REASON_SHMAT = 1,
	SHM_REASON_FORK = 2,
	SHM_REASON_SPLIT = 3, /* or moved, or doubled, by mremap: within one address space */
	SHM_REASON_SHMDT = 4,
	SHM_REASON_MUNMAP = 5, /* or something else was mapped in its place */
	SHM_REASON_REMAP = 6,  /* shmat with SHM_REMAP */
	SHM_REASON_EXEC = 7,
	SHM_REASON_EXIT = 8,
	SHM_REASON_IPC_RMID = 9,
	SHM_REASON_LAST_DETACH = 10, /* of a segment removed before */
	SHM_REASON_NAMESPACE = 11,
	SHM_REASON_FORCED = 12, /* kernel.shm_rmid_forced */
	SHM_REASONS = 13,
};

/* Why a record was not delivered. Each loss is counted under its kind; their number is a power of two. */
#define SHM_LOSS_KINDS 16
enum shm_loss_reason {
	SHM_LOSS_RING = 0,  /* the ring buffer had no room */
	SHM_LOSS_PAIRS = 1, /* the table that joins enter and exit was full */
	SHM_LOSS_KNOWN = 2, /* the table of known holders was full: its life goes unseen */
	/* A call left whose enter was not seen. Lost if the kernel skipped that program, which it counts
	 * itself; else one that was under way when tracing began. */
	SHM_LOSS_ENTER = 3,
	SHM_LOSS_REASONS = 4,
};

/* Who a thread group is to us: the value of the map `known`. Its key is the group's pid as records name
 * it, with SHM_KNOWN_HIDDEN set where the viewer's pid namespace has no number for it. One byte a
 * role: threads of a group set theirs at the same time, and a store of a byte needs no lock. */
#define SHM_KNOWN_HIDDEN 0x80000000u

struct shm_known {
	__u64 mm;     /* address space that holds the mappings, as shm_event.mm; 0 unknown */
	__u8 holder;  /* has a segment mapped: fork, exec and exit matter */
	__u8 creator; /* made a segment: fork and exit matter */
	__u8 tree;    /* belongs to the traced command: fork and exit matter */
	__u8 knows;   /* may know of a segment: forked by a group that holds, made or knows one, or
		       * held one before its exec: fork and exit matter */
	__u8 pad[4];
};

/* What user space tells the kernel about one group (program `know`): the arguments, in this order */
enum shm_know_argument {
	SHM_KNOW_PID = 0,  /* key of the map, see above */
	SHM_KNOW_ROLE = 1, /* enum shm_role */
	SHM_KNOW_MM = 2,   /* SHM_ROLE_HOLDER only */
	SHM_KNOW_ARGUMENTS = 3,
};

enum shm_role {
	SHM_ROLE_HOLDER = 0,
	SHM_ROLE_CREATOR = 1,
	SHM_ROLE_TREE = 2,
	SHM_ROLE_KNOWS = 3,
};

/* One record, the same size for every kind (at most 160 bytes), that of a call that failed with more
 * behind it. All pids are those of the viewer's pid namespace where the task is visible in it, else of
 * the initial one. */
struct shm_event {
	__u16 size; /* bytes of this record */
	__u8 kind;  /* enum shm_event_kind */
	__u8 flags; /* enum shm_event_flag */
	__u32 ipcns; /* inode of the caller's IPC namespace; attach, detach, destroy: the segment's */
	__u64 time;       /* ns, CLOCK_BOOTTIME, when the call returned */
	__u64 took;       /* ns between enter and exit; 0 for fork, exec, exit */
	__u64 mm;         /* the address space acted on: an opaque identity, never shown. fork: the
		      * parent's; exec: the old one, which is left; exit: the one that held the
		      * mappings; attach, detach: the one that has or had the mapping */
	__u64 start_time; /* of the thread group, ns CLOCK_BOOTTIME */
	__u64 cgroup;     /* cgroup v2 id */
	__u32 tgid;
	__u32 tid;
	__u32 ppid;
	__u32 inner_pid; /* tgid as the group's own pid namespace numbers it */
	__u32 uid;
	__u32 gid;
	char comm[SHM_EVENT_COMM_LEN]; /* of the thread; chosen by the process: hostile */
	__s64 ret;                     /* the call's result, or -errno */
	union {
		struct {
			__s32 key;
			__u32 flags;
			__u64 bytes;
			__u32 pgid; /* with SHM_EVENT_CREATED: the caller's process group, 0 where
				     * the viewer's pid namespace has no number for it */
		} shmget;
		struct {
			__s32 shmid;
			__u32 flags;
			__u64 addr; /* asked for; where it went is `ret` */
		} shmat;
		struct {
			__u64 addr;
			__s32 shmid; /* of the mapping at addr before the call; -1 unknown, or
				      * of a known holder, whose mappings were told before */
		} shmdt;
		struct {
			__s32 shmid;
			__s32 cmd; /* as passed, IPC_64 not stripped */
			/* With SHM_EVENT_SET: as the caller's user namespace numbers them */
			__u32 set_uid;
			__u32 set_gid;
			__u32 set_mode;
		} shmctl;
		struct {
			__u64 child_mm;
			__u64 child_start_time;
			__u32 child;
		} fork;
		struct {
			__u64 new_mm;
		} exec;
		struct {
			__s32 status; /* as wait(2) reports it */
		} exit;
		struct {
			__u64 start;  /* first address of the mapping */
			__u64 end;    /* first address behind it */
			__u64 offset; /* into the segment, bytes */
			__s32 shmid;
			__u32 vm_flags; /* as in struct shm_attachment */
			__u32 reason;   /* enum shm_reason */
		} attach;               /* and detach */
		struct {
			__s32 shmid;
			__u32 reason; /* enum shm_reason */
		} destroy;
	};
};

enum shm_caller_flag {
	/* Its capabilities are those of the initial user namespace */
	SHM_CALLER_INITIAL = 1 << 0,
	/* And these of the one that its IPC namespace belongs to */
	SHM_CALLER_IPC_OWNER = 1 << 1,
};

/* Who made a call that failed, as the kernel knew it at that moment: what decides about such calls */
struct shm_caller {
	__u64 capabilities; /* effective, a bit each */
	__u64 pages;        /* of its address space */
	__u64 locked_pages; /* of these */
	__u64 mm_flags;     /* VM_* that every new mapping gets; VM_LOCKED: mlockall(MCL_FUTURE) */
	__u64 most_bytes;   /* RLIMIT_AS; ~0: none */
	__u64 most_locked;  /* RLIMIT_MEMLOCK, bytes; ~0: none */
	__u32 mappings;
	__u32 euid;
	__u32 fsgid;
	__u32 flags; /* enum shm_caller_flag */
};

struct shm_failure {
	struct shm_event event; /* its size is that of all */
	struct shm_caller caller;
};

/* A user stack, in a ring of its own: what is needed to unwind it when its process is gone. Behind the
 * head of each record stand, without gaps: the stack, the mappings, and the paths of their files. */
#define SHM_STACK_MOST     65536 /* bytes of the stack */
#define SHM_STACK_MAPPINGS 24
#define SHM_STACK_PATHS    4096 /* bytes of all paths */

#if defined(__TARGET_ARCH_x86) || defined(__x86_64__)
#define SHM_STACK_REGISTERS 17
#else
#define SHM_STACK_REGISTERS 33
#endif

enum shm_stack_flag {
	/* There was more of the stack, of the mappings that it points into, or of their paths */
	SHM_STACK_CUT = 1 << 0,
	/* The kernel could not look mappings up, or not all of them */
	SHM_STACK_UNMAPPED = 1 << 1,
};

/* Executable, and the stack or the program counter points into it */
struct shm_stack_mapping {
	__u64 start;
	__u64 end;
	__u64 offset; /* of start in the file, bytes */
	__u64 inode;  /* of the file, as its user sees it; 0: there is no file */
	__u64 size;   /* of the file, bytes */
	__u32 device; /* of the file, as the kernel numbers it: major << 20 | minor */
	/* Among the paths: the names of file and folders, each with its NUL, the file's first. No length: not
	 * known */
	__u16 path;
	__u16 path_length;
};

struct shm_stack {
	__u32 size; /* bytes of this record, with all that stands behind the head */
	__u8 kind;  /* enum shm_event_kind of the call */
	__u8 flags; /* enum shm_stack_flag */
	__u16 pad;
	__u64 time; /* this and tid are those of the call's record */
	__u64 start_time;
	__u32 tgid;
	__u32 tid;
	__u32 ppid;
	__u32 ipcns;
	__s32 shmid;
	__u32 stack_length; /* bytes from the stack pointer on; a multiple of 8 */
	__u32 mapping_count;
	__u32 paths_length;
	__u64 registers[SHM_STACK_REGISTERS]; /* as DWARF numbers them */
};

/* The largest record with so many bytes of stack */
#define SHM_STACK_RECORD_MOST(stack)          \
	(sizeof(struct shm_stack) + (stack) + \
	 SHM_STACK_MAPPINGS * sizeof(struct shm_stack_mapping) + SHM_STACK_PATHS)

/* Records of the iterators (attachers.bpf.c), read as a stream of fixed-size structs. */
struct shm_attachment {
	__u64 mm;
	__u64 start_time; /* of the thread group, ns CLOCK_BOOTTIME */
	__u64 start;      /* first address of the mapping */
	__u64 end;        /* first address behind it */
	__u64 offset;     /* into the segment, bytes */
	__u32 tgid;
	__u32 tid;
	__u32 ipcns; /* the segment's namespace, which need not be the holder's */
	__s32 shmid;
	__u32 vm_flags; /* VM_READ 1, VM_WRITE 2, VM_EXEC 4, VM_HUGETLB 0x400000 */
	__u32 pad;
};

struct shm_task {
	__u64 mm;         /* 0: kernel thread, or the address space is gone */
	__u64 start_time; /* of the thread group, ns CLOCK_BOOTTIME */
	__u32 tgid;
	__u32 tid;
	__u32 ipcns;
	__u32 pad;
};

#endif
