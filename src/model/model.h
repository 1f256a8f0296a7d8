/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model: the one mutable truth about segments, their holders and what happened to them.
 *
 * It takes in facts (base/fact.h) and never asks for any: no system call is made here. Two ways in:
 * model_apply() for one event, and the model_reconcile_*() for a snapshot. Who is believed:
 * /proc/sysvipc/shm for existence, nattch, sizes and times; the attachment scan for who holds; events
 * for who did what and for what lived and died between two snapshots. An event older than the
 * snapshot goes to history and changes no count.
 *
 * Where the source tells attachments by records of their own (source_status.exact) these are believed for
 * who holds, too: a scan then names holders, and puts mappings right only where a record was lost or the
 * kernel's count says that something is wrong.
 *
 * Readers get const structs and may follow their pointers until the next model call, never longer:
 * what is kept across a tick is an identity (struct segment_id). Memory is bounded by what exists plus
 * struct model_limits. Times are ns of CLOCK_BOOTTIME unless the fact says otherwise.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stddef.h>

/* A table that cannot grow for lack of memory says so and does not end the program. */
#ifndef HASH_NONFATAL_OOM
#define HASH_NONFATAL_OOM 1
#endif
#include <uthash.h>

#include "base/clock.h"
#include "base/fact.h"

struct model;
struct segment;
struct holder;

/* A shmid is unique in its namespace only, and is used again: the generation tells one life from the
 * next. Generations start at 1 and are unique within the model. */
struct segment_id {
	uint32_t ipcns;
	int32_t shmid;
	uint64_t generation;
};

/* A process that the model refers to: as creator, last user or holder. It outlives the real one. */
struct process {
	int32_t pid;
	uint64_t start_time; /* 0: unknown */
	bool alive;          /* meaningful when `checked` */
	bool checked;        /* its facts were looked up, or an event told them */
	bool resolved;       /* /proc was read (or is known to be too late): not wanted any more */
	bool has_uid;
	char state; /* its letter, as in proc(5), when /proc was read; 0 unknown */
	uint32_t uid;
	uint64_t ended; /* 0: not seen to end */
	bool has_status;
	int32_t status;           /* as wait(2) reports it, when has_status */
	char comm[FACT_COMM_LEN]; /* "" unknown */
	const char *cmdline;      /* "" unknown, never NULL */
	const char *exe;          /* "" unknown */
	const char *cgroup;       /* "" unknown */
	int32_t inner_pid;        /* 0 unknown */
	uint64_t cgroup_id;       /* cgroup v2 id, as the last event had it; 0 unknown */

	/* the model's own */
	uint64_t latest;  /* start time unknown: it started no later than this; 0 cannot be told */
	uint64_t missing; /* when it was found to be gone, though nobody saw it end; 0 was not */
	uint64_t looked;  /* when /proc was read and had it; 0 never */
	char *texts;      /* what cmdline, exe and cgroup point into; NULL none */
	unsigned int references;
	bool queued;                 /* in the list of the wanted */
	bool listed;                 /* in the list of those to look at for being unused */
	struct process *next_wanted; /* by `queued` */
	struct process *next_listed; /* by `listed` */
	struct process *same_pid; /* others that had this pid; the first of them is in the index */
	UT_hash_handle hh;        /* by pid */
	struct segment *gone;     /* those that it made and that ended, by sibling_next */
	size_t gone_count;
	struct segment_id let_go; /* of the last detach by shmdt that a record told */
	unsigned int knows;       /* how many segments have it among their users */
	/* Of the references, those that are no reason to follow its life: of segments whose creator it
	 * started, and of changes */
	unsigned int cited;
	/* The nearest ancestor that knows segments, and when the fork was that this one comes from; those of
	 * whom it is the ancestor, the last fork first: all of them live, or have descendants of theirs. */
	struct process *ancestor;
	uint64_t forked;
	struct process *descendants;
	struct process *descendant_prev, *descendant_next;
};

/* A process group that made segments */
struct process_group {
	int32_t pgid;   /* its leader's pid */
	bool empty;     /* none of its processes is left: for good */
	uint64_t asked; /* when somebody looked whether there are any; 0: nobody did yet */
	/* The comm of its leader, which was in it then; "": it was not, or is not known */
	char leader[FACT_COMM_LEN];

	/* the model's own */
	unsigned int references;
	bool queued;                                     /* in the list of the wanted */
	struct process_group *prev_wanted, *next_wanted; /* by `queued` */
	UT_hash_handle hh;                               /* by pgid, while it is not empty */
};

/* Somebody who made or attached a segment */
struct segment_user {
	struct process *process; /* NULL: nobody */
	uint64_t since;          /* when it was first told to; 0: before shmtop looked */
};
enum { MODEL_USERS = 8 };

enum mapping_origin {
	MAPPING_SCAN,  /* was there when first looked at */
	MAPPING_SHMAT, /* the event was seen */
	MAPPING_FORK,  /* inherited; the fork was seen */
};

/* One attachment: nattch counts these. In the lists of its holder and of its segment. A part that was
 * split off, moved or doubled is as old as what it was made from, and came the same way.
 *
 * Where it lies, and for what it may be used, is what the last scan or record told: mprotect changes both, and
 * leaves no record unless it makes two of one. How many there are is not affected. */
struct mapping {
	struct segment *segment;
	struct holder *holder;
	uint64_t start;
	uint64_t length; /* bytes */
	uint64_t offset; /* into the segment */
	uint32_t flags;  /* enum attachment_flag */
	enum mapping_origin origin;
	uint64_t since; /* when it was made; for MAPPING_SCAN, when it was first seen */

	struct mapping *holder_prev, *holder_next;
	struct mapping *segment_prev, *segment_next;
	uint64_t scan; /* stamp of the last scan that saw it */
};

/* An address space that maps segments, labelled by its thread group. */
struct holder {
	uint64_t mm;
	struct process *process;
	struct mapping *mappings; /* by holder_next, ascending by start */
	size_t count;

	/* the model's own */
	enum fact_reason left; /* its process ended (exit) or has another address space (exec), and
				* this one still maps: shared, or not yet let go of; 0: it did not */
	bool mislabelled;      /* because of that: a scan is wanted. Counted in the model */
	bool unnamed;          /* made by a fork whose child is not named yet: that of its parent */
	uint64_t scan;         /* stamp of the last scan that saw it */
	UT_hash_handle hh;     /* by mm */
};

enum change_kind {
	CHANGE_REMOVE, /* IPC_RMID */
	CHANGE_SET,    /* IPC_SET */
	CHANGE_LOCK,   /* SHM_LOCK */
	CHANGE_UNLOCK, /* SHM_UNLOCK */
	CHANGE_END,    /* it was destroyed */
	CHANGE_MADE,   /* it was created: the segment tells that itself, see report/changes.h */
	CHANGE_KINDS,
};

/* What IPC_SET sets */
struct segment_rights {
	uint32_t uid, gid;
	uint32_t mode; /* permission bits */
};

/* What was done to a segment, or was refused. One entry stands for all repeats of the same by the same. */
struct segment_change {
	enum change_kind kind;
	enum fact_reason reason; /* CHANGE_END: why */
	int64_t ret;             /* what the call returned; 0, or -errno */
	uint64_t first, time;    /* when it was done first and last: the same where `count` is 1 */
	uint64_t count;
	bool inferred; /* no event told of it: two tables differ. `time` is when the later was read, and who
			* did it is not known */
	bool has_old, has_new; /* CHANGE_SET: the rights before, and those asked for */
	bool seen;             /* `new` is what a later table had */
	struct segment_rights old, new;
	/* Who, as it was then */
	int32_t pid;  /* 0 unknown */
	uint32_t uid; /* FACT_UID_UNKNOWN: so it is */
	char comm[FACT_COMM_LEN];

	struct process *process; /* for what else is known of it; NULL unknown */
	struct segment_change *next;
};

/* The entries of one segment, beside its end. When there are more the oldest goes that has a newer one of the
 * same kind and outcome; the removal that was done first always stays. */
enum { MODEL_CHANGES = 8 };

struct segment {
	struct segment_id id;
	struct segment_facts facts; /* see facts.known; nattch below is the live one */
	uint64_t born;              /* when it was made, or first seen between two looks; 0: it is
				     * older than shmtop's look, or nobody knows */
	uint64_t gone; /* 0: it exists; else when it ended, or was found to have ended */
	enum fact_reason gone_reason;
	uint64_t nattch;             /* the kernel's at the snapshot, moved by the events since */
	uint64_t mapped;             /* mappings known */
	struct process *creator;     /* NULL unknown */
	struct process *last;        /* who attached or detached last; NULL unknown */
	struct process *starter;     /* the parent of its creator, when it was made; NULL unknown */
	struct process_group *group; /* that its creator was in then; NULL unknown */
	int32_t key;                 /* as created: kept when IPC_RMID makes the kernel's 0 */
	bool has_key;
	uint32_t
		create_flags; /* of the shmget, when born; SHM_HUGETLB and SHM_NORESERVE live here */
	bool hugetlb;         /* known from the shmget or from a mapping */
	bool has_idle;
	uint64_t idle_since; /* last attach or detach (or creation), when has_idle */

	/* Post-mortem: the last detach that an event told. */
	uint64_t detached; /* time; 0 none seen */
	enum fact_reason detached_reason;
	int32_t detached_pid;
	/* The last IPC_RMID of one of its users that was refused (EPERM, EACCES), unless another has attached
	 * it since */
	uint64_t refused; /* time; 0 none */
	int64_t refused_ret;
	struct process *refused_to;

	struct segment_change *changes; /* by `time`, oldest first */
	struct segment_change *end;     /* CHANGE_END; NULL: it exists */
	unsigned int change_count;
	uint64_t changes_dropped; /* entries that there was no room for */

	/* Where it was made: ids of stack/call_paths.h; 0 unknown */
	uint32_t stack;
	uint32_t site;

	/* Who knows it, beside what these forked: see model_living_user() */
	struct segment_user users[MODEL_USERS];
	bool shared;       /* others than its creator have attached it, or have it by fork */
	uint64_t attached; /* the last attach that was told, by fork too; 0 none */
	uint64_t
		unseen; /* a row told of an attach that no event told of: the latest that it can have
			    * been; 0 none */
	bool witnessed; /* the event of its creation was seen: `born` is exact */

	struct mapping *mappings; /* by segment_next */
	uint64_t last_event;      /* sequence number + 1 of its newest event in the ring; 0 none */

	/* the model's own */
	uint64_t snapshot;                   /* stamp of the last snapshot that had it */
	uint64_t facts_time;                 /* start of that snapshot */
	uint64_t before_time, before_nattch; /* of the row before */
	uint64_t touched;  /* last event that changed its mappings or nattch, or may have */
	uint64_t outdated; /* last event that changed what only its row tells */
	uint64_t missed;   /* stamp of the first snapshot that had it no more; the record of its end
			    * is awaited. 0: the last one had it */
	uint64_t
		confirmed; /* start of the last scan since it is known: older events change no mapping */
	bool disturbed; /* the kernel's row changed since it was confirmed, or a mapping was split */
	bool doubted;   /* its rows have not agreed with its mappings for long */
	bool unrecorded; /* it ended by a look: the record of its end is still to come */
	uint64_t agreed; /* start of the last look at which they did agree */
	bool trusted; /* all of its mappings are known: a scan or all events since its birth told */
	bool unbroken;               /* no event was lost since its creation was told */
	bool crowded;                /* more lived at once than `users` has room for */
	uint64_t first_seen;         /* by the first snapshot or event that showed it */
	uint64_t unexplained_since;  /* its row changed after this, see model_needs; 0 it did not */
	int64_t accepted_drift;      /* that a scan could not mend */
	size_t leaving, left;        /* counts while one holder lets go */
	size_t coming;               /* the same while a scan is taken in, with `leaving` */
	bool by_records;             /* the same: its mappings are kept by records */
	bool surplus;                /* the same: more of them are known than the kernel counts */
	struct segment *prev, *next; /* all that exist; or all that are gone, oldest first */
	struct segment *sibling_prev,
		*sibling_next;         /* gone ones of the same creator, oldest first */
	struct segment *older, *newer; /* lives of the same id; the newest is in the index */
	struct nattch_trace *trace;    /* NULL: its nattch did not change, or too long ago */
	uint64_t noted_time, noted;    /* its nattch at the last tick that knew it; time 0: none */
	UT_hash_handle hh;             /* by (ipcns, shmid) */
};

/* What has a limit */
enum model_resource {
	MODEL_SEGMENTS, /* SHMMNI */
	MODEL_PAGES,    /* SHMALL */
	MODEL_SEMSETS,
	MODEL_SEMS,
	MODEL_QUEUES,
	MODEL_HUGEPAGES, /* the machine's, whichever the namespace */
	MODEL_RESOURCES,
};

struct model_sample {
	uint64_t time;
	uint64_t used[MODEL_RESOURCES];
};

/* Minutes of them, MODEL_SAMPLE_INTERVAL apart */
enum { MODEL_SAMPLES = 36 };
#define MODEL_SAMPLE_INTERVAL (UINT64_C(5) * CLOCK_SECOND)

/* An IPC namespace that has processes or segments */
struct namespace_state {
	struct namespace_facts facts;
	/* Whose it is, by its oldest process: "docker 3f2a91c07be1", else "4026532210 (postgres 812)": where another
	 * one is called so already the younger has the second; "" unknown */
	char label[FACT_LABEL_LEN];
	struct namespace_owner owner;
	uint64_t
		attached; /* mappings of unknown segments, by the last scan: no process leads there */
	bool readable;    /* its table was read at the last snapshot */
	int error;        /* -errno of the last try when not */
	size_t unreadable_rows;
	uint64_t read; /* time of the last good snapshot; 0 never */
	bool has_limits;
	struct limits_facts limits;
	size_t segments; /* that exist in it, as far as is known */
	uint64_t seen;   /* last time something told that it exists */

	/* the model's own */
	struct model_sample samples[MODEL_SAMPLES]; /* a ring */
	size_t sampled;                             /* how many were taken */
};

/* An event in the ring, with the link to the event before it of the same segment */
struct model_event {
	struct event event;
	struct segment_id segment; /* generation 0: none */
	uint64_t previous;         /* sequence number + 1; 0 none */
};

/* An address space that held a segment, and let go of all of it or of a part. */
struct gone_holder {
	struct segment_id segment;
	struct process *process;
	uint64_t mm;
	uint64_t addr;  /* the lowest address */
	uint64_t maps;  /* mappings that ended at once */
	uint32_t flags; /* enum attachment_flag, of all of them together */
	enum mapping_origin origin;
	uint64_t since; /* of the oldest of them, with its origin */
	uint64_t time;  /* when it let go */
	enum fact_reason reason;
};

#define MODEL_GONE_HOLDER_TIME (UINT64_C(5) * CLOCK_SECOND)

struct model_limits {
	size_t events;          /* ring of recent events; default 4096 */
	size_t gone_segments;   /* remembered after their end; default 512 */
	size_t gone_of_creator; /* of these, made by one process: so that one that makes and removes
				 * segments all the time leaves room for the others; 0: any; default 64 */
};

extern const struct model_limits model_limits_default;

/* Returns 0 or -ENOMEM. A NULL `limits` means the default. */
int model_new(const struct model_limits *limits, struct model **out);
void model_free(struct model *model);

/* Nanoseconds from CLOCK_BOOTTIME to the epoch, as of now: joins atime, dtime and ctime of a segment with
 * the times of processes. Set it before the first snapshot, and at every tick since the wall clock may
 * be stepped. Without it idle_since is known from events alone, and no process that is known by a pid of
 * the table alone can be told from a later one with the same pid: those stay unresolved. */
void model_set_wall_offset(struct model *model, int64_t offset);

/* ---- ways in ------------------------------------------------------------------------------- */

/*
 * One event. Derived events are made here: fork of a holder gives one attach a mapping, exit and exec
 * one detach a segment with the number of mappings that ended; the end of a segment gives a destroy.
 * What is told aside (event.aside) is taken in, and enters no ring.
 * Returns 0 or -ENOMEM (the event is then in the ring all the same; a reconcile repairs the rest).
 *
 * Records of attachments and ends (attach, detach, destroy) do not enter the ring as they come: each
 * change of nattch that no call tells gives one derived event, with who did it. Attach by fork is told
 * when the fork itself is, which names the child; one that fails is not told at all. A detach by exit is
 * that of the holder, whoever let go of the address space last.
 */
int model_apply(struct model *model, const struct event *event);

/* Called for every event, given or derived, in order, as it enters the ring. One sink. */
typedef void model_sink(void *context, const struct model_event *event);
void model_set_sink(struct model *model, model_sink *sink, void *context);

/* Where a call was made: the shmget that made a segment, which the segment then remembers, or another call whose
 * event is still in the ring. Returns whether there is any; to be told after its event. */
bool model_set_stack(struct model *model, uint32_t ipcns, int32_t shmid, uint64_t time,
		     uint32_t stack, uint32_t site);

/* The table of one namespace as read from `began` on. Rows with known shmid only; `unreadable` lines
 * were skipped. Segments of that namespace that are older than `began` and not in it have ended; but
 * when lines were unreadable nobody knows which these are, and all stay. Where ends are told by records
 * one that is missing stays until the next table: its record is under way. A segment that events gave up
 * for destroyed too early (it is in the table, marked for destruction) lives on. Where no events come, a
 * segment that the first table of its namespace had not gives a derived create. */
int model_reconcile_segments(struct model *model, uint32_t ipcns, const struct segment_facts *rows,
			     size_t count, size_t unreadable, uint64_t began);

/* The whole list of mappings of all address spaces as scanned from `began` on. Mappings of segments
 * that the model does not know are dropped. A holder that has fewer mappings of a segment than before
 * gives a derived detach; where no events come one that has more gives a derived attach, except at the
 * first scan. */
int model_reconcile_attachments(struct model *model, const struct attachment *rows, size_t count,
				uint64_t began);

/* All namespaces that have a process. One that is not in the list has none left and is forgotten with
 * its segments (reason FACT_REASON_NAMESPACE), unless one of them is known to be mapped: a mapping keeps
 * its namespace alive. That one turns unreadable (-ESRCH), and a scan is asked for. */
int model_reconcile_namespaces(struct model *model, const struct namespace_facts *rows,
			       size_t count, uint64_t began);

/* Whose a namespace is; of one that is not known nothing is kept. */
void model_set_namespace_owner(struct model *model, uint32_t ipcns,
			       const struct namespace_owner *owner);

/* The table of this namespace could not be read: error is -errno. */
void model_namespace_unreadable(struct model *model, uint32_t ipcns, int error, uint64_t now);
void model_set_limits(struct model *model, const struct limits_facts *limits);
void model_set_hugepools(struct model *model, const struct fact_hugepools *pools);
void model_set_status(struct model *model, const struct source_status *status);

/* Forgets processes that nobody refers to; closes the second of the rate history. Call once a tick. */
void model_expire(struct model *model, uint64_t now);

/* Processes whose /proc facts are wanted, one after the other: NULL when there are none. The caller
 * answers each with model_process_known() or model_process_missing(). */
const struct process *model_next_wanted(struct model *model);
/* What /proc says about that pid now. When it started after the time at which the model met the
 * process, or at another start_time, it is a later process with the same pid and tells nothing.
 * Returns whether it is that process, and lives, and is worth following: more than the starter of a creator. */
bool model_process_known(struct model *model, const struct process *process,
			 const struct process_facts *facts, uint64_t now);
/* /proc has no such pid any more. */
void model_process_missing(struct model *model, const struct process *process, uint64_t now);

/* After lost events: every process that is thought to live is wanted again. */
void model_recheck_processes(struct model *model);

/* The same for process groups of creators that are gone: does one have a process, a zombie too? The caller answers
 * each with model_group_known() before it asks for the next. `leader` is the comm of its leader, where that lives,
 * else "". */
const struct process_group *model_next_group(struct model *model);
void model_group_known(struct model *model, const struct process_group *group, bool empty,
		       const char *leader, uint64_t now);
/* Whoever may have been told the id of a segment whose creator is gone, the one that started that or its process
 * group, is wanted when the creator ends and then each MODEL_HEIRS_INTERVAL: nothing tells of their end. This wants
 * them at the next model_expire(), before a report. */
#define MODEL_HEIRS_INTERVAL (UINT64_C(5) * CLOCK_SECOND)
void model_recheck_heirs(struct model *model);

/* ---- ways out ------------------------------------------------------------------------------ */

/* Segments that exist, oldest known first; then follow ->next. */
const struct segment *model_segments(const struct model *model);
/* Segments that ended and are remembered, oldest end first; then follow ->next. */
const struct segment *model_gone(const struct model *model);
/* The first of those that ended at this time or later; NULL: none. The older ones cost nothing. */
const struct segment *model_gone_since(const struct model *model, uint64_t time);
size_t model_segment_count(const struct model *model);
size_t model_gone_count(const struct model *model);

/* NULL when it is known no more. A generation of 0 finds the living one, else the last gone one. */
const struct segment *model_find(const struct model *model, const struct segment_id *id);
/* The generation that was given last: what is newer had not been met. */
uint64_t model_generation(const struct model *model);

/* The IPC_RMID that removed it, else the last one that was refused; NULL: none is known. */
const struct segment_change *model_removal(const struct segment *segment);
/* What the call of this event changed, or was refused; NULL: nothing, or that is forgotten. */
const struct segment_change *model_event_change(const struct model *model,
						const struct model_event *entry);

const struct namespace_state *model_namespaces(const struct model *model, size_t *count);
const struct namespace_state *model_namespace(const struct model *model, uint32_t ipcns);
/* Its label; of a segment that ended at `gone`, that of the namespace which had the inode then: an inode is
 * used again. 0: now. "" unknown, or forgotten: the last MODEL_PAST_NAMESPACES are remembered. */
enum { MODEL_PAST_NAMESPACES = 64 };
const char *model_namespace_label(const struct model *model, uint32_t ipcns, uint64_t gone);
/* None where nobody told of any */
const struct fact_hugepools *model_hugepools(const struct model *model);
const struct source_status *model_status(const struct model *model);

struct model_totals {
	size_t segments, gone, namespaces;
	size_t processes;         /* distinct holders */
	uint64_t attachments;     /* sum of nattch */
	uint64_t size, rss, swap; /* bytes */
	bool has_rss, has_swap;   /* false: unknown for at least one segment */
	uint64_t drift;           /* sum of |nattch - mapped| over settled segments */
	bool has_drift;           /* false: see model_has_drift() */
	uint64_t unattached;      /* segments with nattch 0 */
};
void model_totals(const struct model *model, struct model_totals *out);

/* nattch - mapped for a segment where two tables in a row showed the same, and nothing is known to have
 * happened since a little before the earlier one: 0 when that is not so. While a shmat runs the kernel
 * counts one more, so one table alone proves nothing. */
int64_t model_drift(const struct segment *segment);
/* Can drift of it be told at all now? */
bool model_is_settled(const struct segment *segment);
/* Is it known? Where some processes may not be looked at, mappings that are missing tell nothing. */
bool model_has_drift(const struct model *model, const struct segment *segment);

/* What the collector must do next. Ask when the events up to the last snapshot are drained, else those
 * under way look like changes that nobody told.
 *
 * `look`: the tables are to be read again before anything is done about it: the last one does not agree
 * with the mappings known, and the one before did not say the same; or an IPC_SET changed a row. Who
 * ticks looks again at the next tick, which is time enough for a shmat under way to end; who looks once
 * looks again until neither this nor `scan` is wanted. A table alone does, without a scan.
 * `scan`: the attachments known cannot be trusted: an event was lost (model_distrust), drift, rows of a busy
 * segment that did not agree once in 10 s, or rows that changed in a way that no event told. Drift that a
 * scan left as it was (a holder that may not be looked at) is shown, but asks for no other scan until it
 * changes.
 * `settle`: scan when things are at rest: rows changed since the last scan, though all adds up; a mapping was
 * split, so that parts may be used for something else; or a holder goes by the name of a process that has left
 * it. */
struct model_needs {
	bool look;
	bool scan;
	bool settle;
};
void model_needs(const struct model *model, struct model_needs *out);
/* Events were lost, or the source just started: nothing is trusted until the next scan. */
void model_distrust(struct model *model);
/* How many scans were taken in so far. */
uint64_t model_scans(const struct model *model);

/* Moves on with everything that is taken in, and with time: what was made of the model for one revision
 * need not be made again for the same. Never 0. */
uint64_t model_revision(const struct model *model);
/* The same without time: of what does not depend on it. */
uint64_t model_facts_revision(const struct model *model);

/* How nattch went, oldest first: each value held until the next point, the last one holds. One point a tick
 * at which it was another than at the tick before, and the end of a gone one. 0 where it did not change, or
 * others did so often that it was forgotten. Returns how many. */
enum { MODEL_NATTCH_POINTS = 48 };
struct nattch_point {
	uint64_t time;
	uint64_t nattch;
};
size_t model_nattch_history(const struct segment *segment,
			    struct nattch_point out[static MODEL_NATTCH_POINTS]);

/* Who let go of a segment lately, newest first: `index` from 0 on, NULL behind the last. An address space may
 * come several times, may still hold the segment by another mapping, or hold it again. */
const struct gone_holder *model_gone_holder(const struct model *model, size_t index);

/* Who knows a segment by its id, and may use it again: who made or attached it, and what these forked since. One
 * of them that lives, or may; NULL: nobody that is known of. `user` (may be NULL) is who made or attached it:
 * the same, or the one that this one was forked by, or by others in between. */
const struct process *model_living_user(const struct segment *segment, const struct process **user);
/* Are all of these known? Only of one whose creation and all that came after was told: never after a loss, nor
 * once its times told of an attach that nothing else told of. Where calls are not followed (of 32-bit programs,
 * status.compat), and attaches have no records (FACT_EXACT_ATTACH), its times are all that shows them: one that
 * is followed by an attach that is told, before the table was read or in the same second, goes unnoticed. */
bool model_knows_users(const struct model *model, const struct segment *segment);

/* Use and limit; zeros where they are not known. */
struct fact_use model_use(const struct namespace_state *state, enum model_resource resource);
/* Seconds until it is used up, if it goes on as it did over the last minutes. False: it does not grow
 * steadily, will last for long, or too little is known. */
bool model_exhaustion(const struct namespace_state *state, enum model_resource resource,
		      uint64_t *seconds);

/* Sequence numbers run from 0 on. The ring holds [first, end). NULL outside. */
uint64_t model_events_first(const struct model *model);
uint64_t model_events_end(const struct model *model);
const struct model_event *model_event(const struct model *model, uint64_t sequence);

/* Calls a second over the last seconds, newest last; at most MODEL_RATES values. */
enum { MODEL_RATES = 60 };
size_t model_rates(const struct model *model, uint32_t out[static MODEL_RATES]);

#endif
