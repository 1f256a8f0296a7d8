/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts that flow through shmtop: what observe/ finds out and model/ takes in.
 *
 * Plain values without ownership. A field whose value may be unknown says how unknown is told; no
 * number stands for it. Text that a process can choose was made safe (base/text.h) when it entered.
 * Times named *_time of events and processes are nanoseconds of CLOCK_BOOTTIME; those of segments
 * (atime, dtime, ctime) are seconds since the epoch, as the kernel keeps them.
 */
#ifndef BASE_FACT_H
#define BASE_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A comm has at most 15 bytes; each may become "\xNN". */
#define FACT_COMM_LEN 64
#define FACT_TEXT_LEN 512

/* Mode bits that the kernel adds to a segment's permissions (include/linux/shm.h) */
#define FACT_MODE_DEST   01000
#define FACT_MODE_LOCKED 02000

enum fact_op {
	FACT_SHMGET,
	FACT_SHMAT,
	FACT_SHMDT,
	FACT_SHMCTL,
	FACT_FORK,
	FACT_EXEC,
	FACT_EXIT,
	FACT_ATTACH,  /* an attachment began without a shmat */
	FACT_DETACH,  /* an attachment ended without a shmdt */
	FACT_CREATE,  /* a segment was found that no shmget told of */
	FACT_DESTROY, /* a segment ended */
	FACT_OPS,
};

#define FACT_OP_BIT(op) (1u << (op))
#define FACT_OPS_CALLS                                                                  \
	(FACT_OP_BIT(FACT_SHMGET) | FACT_OP_BIT(FACT_SHMAT) | FACT_OP_BIT(FACT_SHMDT) | \
	 FACT_OP_BIT(FACT_SHMCTL))
#define FACT_OPS_ALL (FACT_OP_BIT(FACT_OPS) - 1)

/* Lower-case name as in the JSON field "op": "shmget", ... "destroy". */
const char *fact_op_name(enum fact_op op);
/* The op of that name, or FACT_OPS when there is none. */
enum fact_op fact_op_by_name(const char *name);

/* Why an attachment began or ended, or a segment ended (ops attach, detach, create and destroy) */
enum fact_reason {
	FACT_REASON_UNKNOWN, /* noticed afterwards: nobody saw the cause */
	FACT_REASON_EXIT,
	FACT_REASON_EXEC,
	FACT_REASON_SHMDT,
	FACT_REASON_IPC_RMID,    /* destroyed by the call itself: nobody was attached */
	FACT_REASON_LAST_DETACH, /* removed before, destroyed when its last holder let go */
	FACT_REASON_NAMESPACE,   /* its IPC namespace ended */
	FACT_REASON_SHMAT,
	FACT_REASON_FORK,   /* the child has what its parent has */
	FACT_REASON_SPLIT,  /* mprotect, munmap or mremap of a part made two mappings of one */
	FACT_REASON_MREMAP, /* moved or doubled; the old one ends by munmap */
	FACT_REASON_MUNMAP, /* by munmap, or by what else was mapped in its place */
	FACT_REASON_REMAP,  /* a shmat with SHM_REMAP took its place */
	FACT_REASON_FORCED, /* nobody was attached and kernel.shm_rmid_forced is set */
	FACT_REASONS,
};

const char *fact_reason_name(enum fact_reason reason); /* "exit", "ipc_rmid", ... "unknown" */

/* Changes for which the source gives records of their own, made where the kernel makes the change. What
 * has no bit here must be concluded from calls, fork, exec and exit. */
enum fact_exact {
	FACT_EXACT_ATTACH = 1 << 0,  /* by shmat */
	FACT_EXACT_INHERIT = 1 << 1, /* by fork, and by what splits or moves a mapping */
	FACT_EXACT_DETACH = 1 << 2,
	FACT_EXACT_DESTROY = 1 << 3,
	FACT_EXACT_ALL = (1 << 4) - 1,
};

/* No user has this id: it is (uid_t)-1. */
#define FACT_UID_UNKNOWN UINT32_MAX

struct caller_facts; /* base/call_facts.h */

/* One thing that happened. Fields that the op does not have are 0.
 *
 * A source with FACT_EXACT_* delivers attach, detach and destroy itself: then ipcns and shmid are the
 * segment's, mm the address space that has or had the mapping, and pid whoever did it, which for a detach
 * may be anybody who let go of a dying address space last. */
struct event {
	uint64_t time; /* when it ended */
	uint64_t took; /* ns, the four calls only */
	uint64_t mm;   /* identity of the address space; fork: the parent's; exec: the one left */
	uint64_t start_time; /* of the process; 0 unknown */
	uint64_t cgroup;     /* cgroup v2 id; 0 unknown */
	uint32_t ipcns;
	int32_t shmid; /* -1: none or unknown. shmget: its result, or what it failed about */
	int32_t pid;   /* thread group; 0 unknown (detach, destroy noticed afterwards) */
	int32_t tid;
	int32_t ppid;
	int32_t inner_pid; /* pid in the process's own pid namespace */
	int32_t pgid; /* shmget that made the segment: its process group; 0 unknown, or hidden */
	uint32_t uid; /* FACT_UID_UNKNOWN: so it is */
	uint32_t gid;
	int64_t ret; /* result, or -errno; addresses of shmat are positive here */
	enum fact_op op;
	enum fact_reason reason; /* attach, detach, create, destroy */
	bool inferred;           /* nobody saw it happen: two looks differ. `time` is when the later
				  * one began, and who did it may be unknown */
	bool created;            /* shmget made the segment */
	bool aside; /* fork, exit: of a process that only may know of a segment. Told for what can be
			 * concluded from it: it enters no history */
	bool sampled;   /* a stack of this call was sent, whose sample has the same time and tid */
	uint32_t stack; /* id of its call path; 0 unknown. Filled in by whoever unwinds */
	int32_t key;    /* shmget, create */
	uint64_t size;  /* shmget, create: bytes asked for; attach, detach: length of the mapping */
	uint32_t flags; /* shmget, shmat; attach, detach: enum attachment_flag */
	int32_t cmd;    /* shmctl, IPC_64 stripped */
	int32_t index;  /* shmctl SHM_STAT, SHM_STAT_ANY: given where others give a shmid */
	bool has_set;   /* shmctl IPC_SET: what was asked for is known */
	uint32_t set_uid, set_gid, set_mode; /* permission bits */
	uint32_t failure; /* a call that failed, or did not do all that it was asked for: id in
			   * judge/failures.h; 0: not looked into */
	const struct caller_facts
		*caller;   /* a call that failed; NULL unknown. Only while the event is
					    * told: kept nowhere */
	uint64_t addr;     /* shmat: asked for; shmdt: given; attach, detach: first address */
	uint64_t offset;   /* attach, detach: into the segment, bytes */
	uint64_t maps;     /* attach, detach: mappings that began or ended */
	int32_t child;     /* fork */
	uint64_t child_mm; /* fork; exec: the new one */
	uint64_t child_start_time;
	int32_t status; /* exit: as wait(2) reports it */
	char comm[FACT_COMM_LEN];
};

/* Columns that a row of /proc/sysvipc/shm had; a kernel may lack some, a row may be cut. */
enum fact_column {
	FACT_COL_KEY = 1 << 0,
	FACT_COL_SHMID = 1 << 1,
	FACT_COL_MODE = 1 << 2,
	FACT_COL_SIZE = 1 << 3,
	FACT_COL_CPID = 1 << 4,
	FACT_COL_LPID = 1 << 5,
	FACT_COL_NATTCH = 1 << 6,
	FACT_COL_UID = 1 << 7,
	FACT_COL_GID = 1 << 8,
	FACT_COL_CUID = 1 << 9,
	FACT_COL_CGID = 1 << 10,
	FACT_COL_ATIME = 1 << 11,
	FACT_COL_DTIME = 1 << 12,
	FACT_COL_CTIME = 1 << 13,
	FACT_COL_RSS = 1 << 14,
	FACT_COL_SWAP = 1 << 15,
	FACT_COL_ALL = (1 << 16) - 1,
};

/* A segment as the kernel's own table shows it. A field is known when its bit stands in `known`. */
struct segment_facts {
	uint32_t known; /* enum fact_column */
	int32_t shmid;
	int32_t key;   /* 0 (IPC_PRIVATE) also once the segment is removed */
	uint32_t mode; /* permission bits, FACT_MODE_DEST, FACT_MODE_LOCKED */
	uint64_t size; /* bytes */
	int32_t cpid;  /* creator's thread group in the reader's pid namespace; 0: not visible there
			*/
	int32_t lpid;  /* who attached or detached last; 0: nobody, or not visible */
	uint64_t nattch;
	uint32_t uid, gid, cuid, cgid;
	int64_t atime, dtime, ctime; /* 0: never */
	uint64_t rss, swap;          /* bytes; known only where the kernel's figure is possible */
};

enum attachment_flag {
	ATTACHMENT_READ = 1 << 0,
	ATTACHMENT_WRITE = 1 << 1,
	ATTACHMENT_EXEC = 1 << 2,
	ATTACHMENT_HUGETLB = 1 << 3,
};

/* One mapping of a segment (nattch counts these), found by a scan. */
struct attachment {
	uint64_t mm;         /* identity of the address space */
	uint64_t start_time; /* of the process, 0 unknown */
	uint64_t start;      /* first address */
	uint64_t length;     /* bytes */
	uint64_t offset;     /* into the segment, bytes */
	uint32_t ipcns;
	int32_t shmid;
	int32_t pid; /* thread group that labels the address space */
	uint32_t flags;
};

/* A process as /proc shows it. Strings are safe; an empty one is unknown. */
struct process_facts {
	int32_t pid;
	int32_t inner_pid; /* in the process's own pid namespace; 0 unknown */
	bool has_uid;
	char state; /* its letter, as in proc(5): 'S', 'T'; 0 unknown */
	uint32_t uid;
	uint64_t start_time; /* ns CLOCK_BOOTTIME, to the clock tick (10 ms) of /proc/PID/stat */
	char comm[FACT_COMM_LEN];
	char cmdline[FACT_TEXT_LEN];
	char exe[FACT_TEXT_LEN];
	char cgroup[FACT_TEXT_LEN];
};

#define FACT_LABEL_LEN 64

/* The machine's first IPC namespace (include/linux/proc_ns.h: PROC_IPC_INIT_INO) */
#define FACT_IPCNS_HOST UINT32_C(0xefffffff)

/* A name of a container or a unit; each may be cut. */
#define FACT_NAME_LEN 256

/* Whose an IPC namespace is, by its oldest process and that one's control group. Strings are safe; an empty
 * one is unknown, or there is none. */
struct namespace_owner {
	int32_t pid;
	uint64_t start_time; /* with the pid: the process */
	uint64_t read;       /* when it was looked at; 0: never */
	char comm[FACT_COMM_LEN];
	char label[FACT_LABEL_LEN];    /* short: "docker 3f2a91c07be1", "postgresql.service" */
	char runtime[16];              /* "docker", "podman", "cri-o", ... */
	char container[FACT_NAME_LEN]; /* id or name */
	char pod[FACT_NAME_LEN];       /* uid of Kubernetes' pod, or id of podman's */
	char unit[FACT_NAME_LEN];      /* systemd's, inside of the container if it is in one */
};

/* An IPC namespace with at least one process */
struct namespace_facts {
	uint32_t ipcns;
	int32_t pid;         /* its oldest process: the way in */
	uint64_t start_time; /* of that process */
};

struct fact_use {
	uint64_t used, max;
};

/* Use against the limits of one IPC namespace; IPC_INFO and friends, see shmctl(2) */
struct limits_facts {
	uint32_t ipcns;
	uint64_t time;            /* when they were read; 0 unknown */
	struct fact_use segments; /* SHMMNI */
	struct fact_use pages;    /* SHMALL, in pages of page_size */
	uint64_t page_size;
	uint64_t shmmax;                  /* bytes, one segment */
	struct fact_use semsets;          /* SEMMNI */
	struct fact_use sems;             /* SEMMNS */
	struct fact_use queues;           /* MSGMNI */
	uint64_t messages, message_bytes; /* in all queues */
	uint64_t msgmnb, msgmax;          /* bytes: a new queue, one message */
	uint64_t rss, swap;               /* bytes of all segments */
	bool rmid_forced; /* kernel.shm_rmid_forced; false where that is not known */
	bool has_next_id; /* kernel.shm_next_id asks for an id for the next segment: next_id */
	int32_t next_id;
	bool has_hugepages; /* false: this kernel has none */
	uint64_t hugepage_size, hugepages_total, hugepages_free, hugepages_reserved;
};

/* The machine's huge pages of one size; counts of pages */
struct fact_hugepool {
	uint64_t size; /* bytes */
	uint64_t total, free,
		reserved; /* as in /proc/meminfo; reserved ones are free, but not for others */
	uint64_t surplus, overcommit; /* of the total, taken beyond the pool; how many may be */
};

enum { FACT_HUGEPOOLS = 8 };

/* Ordered by size */
struct fact_hugepools {
	struct fact_hugepool rows[FACT_HUGEPOOLS];
	size_t count;
};

/* How the facts come in and how far they can be trusted: the header line, doctor, the JSON head */
struct source_status {
	const char
		*calls; /* "fexit", "tracepoint", "mixed", or "none": events do not come at all */
	const char *compat; /* calls of 32-bit programs: "fexit", "raw", "mixed": some, or "none" */
	const char *life;   /* "exact", "sched", "mixed", or "none" */
	const char *attachers; /* "iter", "maps", or "none" */
	const char *stacks;    /* where calls were made: "kernel", or "none" */
	uint32_t exact;        /* enum fact_exact */
	uint64_t lost;         /* events that the kernel could not deliver since the start */
	uint64_t skipped;      /* of these, those whose probe it did not run, being busy: no larger
			   * buffer would help */
	bool partial;     /* some processes may not be looked at: their mappings are not known */
	char unseen[128]; /* what nothing that stands can see, for people; may be empty */
	char why[256];    /* why not better; empty when nothing is missing */
	char attachers_why[256]; /* why attachers are not "iter"; empty when they are */
	char stacks_why[256];    /* why stacks are wanted and there are none; else empty */
};

#endif
