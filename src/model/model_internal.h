/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the model share. Nobody else includes this.
 *
 * Who may change what: segment.c the lives and their lists, mapping.c holders and mappings, processes.c
 * processes, family.c who knows a segment, group.c process groups, namespace.c namespaces, history.c the ring. apply.c
 * (calls, fork, exec and exit), attachment.c (records of attachments and ends) and reconcile.c decide.
 *
 * change.c remembers who changed or removed a segment, nattch.c, departure.c and exhaustion.c how things went
 * lately; nothing is decided by that.
 */
#ifndef MODEL_MODEL_INTERNAL_H
#define MODEL_MODEL_INTERNAL_H

#include "model/model.h"

#include "base/clock.h"
#include "base/pool.h"

/* Calls counted by second: those that are closed, the open one, and room for late events. */
enum { HISTORY_SECONDS = 64 };

struct history_second {
	uint64_t second; /* of CLOCK_BOOTTIME */
	uint32_t calls;
};

/* How the nattch of one segment went */
struct nattch_trace {
	struct segment *segment;
	struct nattch_point points[MODEL_NATTCH_POINTS]; /* a ring */
	size_t count;                                    /* points that there ever were */
	struct nattch_trace *prev, *next;
};

/* What a trace takes is too much for each of many segments: those that changed last have one. */
enum { NATTCH_TRACES = 1024 };
/* Address spaces that let go lately: an upper bound, after an exit of something large */
enum { DEPARTURES = 1024 };

/* A namespace that ended, or whose oldest process did: what it was called */
struct namespace_past {
	uint32_t ipcns;
	uint64_t ended;
	char label[FACT_LABEL_LEN];
};

struct model {
	struct model_limits limits;
	uint64_t revision, times; /* of these so many by time alone */
	struct source_status status;
	struct fact_hugepools hugepools;
	struct pool segment_pool, holder_pool, mapping_pool, process_pool, trace_pool, change_pool,
		group_pool;

	/* An anchor never leaves its index, which so keeps its table: coming and going of the only
	 * entry allocates nothing. Its key is the one that means unknown, and is never looked up. */
	struct segment segment_anchor;
	struct holder holder_anchor;
	struct process process_anchor;
	struct process_group group_anchor;

	struct segment *index; /* newest life by (ipcns, shmid) */
	struct segment *living, *gone;
	size_t living_count, gone_count;
	struct holder *holders;
	struct process *processes; /* first of each pid */
	struct process *wanted, *wanted_last;
	struct process *listed;       /* new, or unused since the last look */
	struct process_group *groups; /* that are not known to be empty */
	struct process_group *wanted_groups;
	uint64_t heirs_due; /* see model_recheck_heirs() */
	bool creator_ended; /* since they were wanted last */

	struct namespace_state *namespaces; /* ascending by inode */
	size_t namespace_count, namespace_capacity;
	struct namespace_past past[MODEL_PAST_NAMESPACES]; /* a ring */
	size_t past_count;                                 /* that ever ended */

	struct model_event *ring; /* limits.events of them */
	uint64_t ring_end;
	model_sink *sink;
	void *sink_context;
	struct history_second seconds[HISTORY_SECONDS];
	uint64_t seconds_first, seconds_end; /* closed ones; end 0: none yet */

	struct nattch_trace *traces; /* the one that changed longest ago first */
	size_t trace_count;

	struct gone_holder *departures;            /* a ring of DEPARTURES */
	uint64_t departures_first, departures_end; /* [first, end) */

	uint64_t generation; /* last given */
	uint64_t stamp;      /* last snapshot or scan */
	uint64_t scans;
	uint64_t scan_stamp; /* of the last one */
	uint64_t scan_over; /* it has seen nothing of what is later; UINT64_MAX: nobody knows yet */
	size_t mislabelled; /* holders */
	bool infers;        /* no events come: looks tell what happened */
	bool distrusted;
	bool has_wall;
	int64_t wall_offset;
};

/* Does the source tell all of these (enum fact_exact) by records of their own? */
static inline bool model_is_told(const struct model *model, uint32_t exact)
{
	return (model->status.exact & exact) == exact;
}

/* All that moves a mapping */
enum { MODEL_MAPPINGS = FACT_EXACT_ATTACH | FACT_EXACT_INHERIT | FACT_EXACT_DETACH };

/* ---- segment.c ----------------------------------------------------------------------------- */

/* An event older than the segment's row is in its nattch already, and one older than the last scan is in
 * its mappings already. */
static inline bool segment_moves_nattch(const struct segment *segment, uint64_t time)
{
	return time >= segment->facts_time;
}

static inline bool segment_moves_mappings(const struct segment *segment, uint64_t time)
{
	return time >= segment->confirmed;
}

struct segment *segment_newest(const struct model *model, uint32_t ipcns, int32_t shmid);
/* The one that exists, or NULL. */
struct segment *segment_living(const struct model *model, uint32_t ipcns, int32_t shmid);
/* The life that something at this time concerns; it may be over. NULL when none is known. */
struct segment *segment_at(const struct model *model, uint32_t ipcns, int32_t shmid, uint64_t time);
/* A new life, known only by its id, which is not negative. There must be no living one. 0 or -ENOMEM. */
int segment_new(struct model *model, uint32_t ipcns, int32_t shmid, uint64_t time,
		struct segment **out);
/* Ends a life: drops its mappings, tells the derived destroy. `cause` may be NULL. */
void segment_end(struct model *model, struct segment *segment, uint64_t time,
		 enum fact_reason reason, const struct event *cause);
/* It did not end, after all. Only the newest life. */
void segment_revive(struct model *model, struct segment *segment);
/* Ends it if it was marked for destruction and nobody holds it any more. */
void segment_check_end(struct model *model, struct segment *segment, const struct event *cause);
/* Who made it; NULL unknown. */
void segment_made_by(struct model *model, struct segment *segment, struct process *process);
/* Forgets gone ones that are too many, the oldest first. */
void segment_trim(struct model *model);

/* An event brought so many mappings, or took them (< 0). To be called when the lists are changed. */
void segment_count(const struct model *model, struct segment *segment, int64_t change,
		   uint64_t time);
/* Something happened then that may have changed its row for a moment: what was seen so far settles nothing.
 */
void segment_unsettle(struct segment *segment, uint64_t time);
/* Post-mortem: who let go of it, unless something newer is known. */
void segment_let_go(struct segment *segment, uint64_t time, enum fact_reason reason, int32_t pid);

/* When it was last attached, detached or made. A second of the epoch never beats an event in it. */
void segment_idle_at(struct segment *segment, uint64_t time);
void segment_idle_by_facts(const struct model *model, struct segment *segment);

/* The process that attached or detached at this time becomes its last user, unless something newer is
 * known. NULL is allowed. */
void segment_used_by(struct model *model, struct segment *segment, struct process *process,
		     uint64_t time);

/* It attached the segment then, or (it forked) its child has it too. NULL is allowed. */
void segment_attached_by(struct model *model, struct segment *segment, struct process *process,
			 uint64_t time);

/* The latest start of a process that can have made it, or attached or detached it last, by the facts. */
uint64_t segment_creator_latest(const struct model *model, const struct segment *segment);
uint64_t segment_last_latest(const struct model *model, const struct segment *segment);

/* ---- mapping.c ----------------------------------------------------------------------------- */

struct holder *holder_find(const struct model *model, uint64_t mm);
/* Finds or makes it. Who borrows an address space (a vfork child) does not become its label while the
 * one that it has lives in it. 0 or -ENOMEM (a NULL process is one that found no memory). */
int holder_get(struct model *model, uint64_t mm, struct process *process, struct holder **out);
/* This one is its label from now on. */
void holder_label(struct model *model, struct holder *holder, struct process *process);
/* Its label ended, or has another address space. */
void holder_left(struct model *model, struct holder *holder, enum fact_reason reason);
/* A scan could find no better label. */
void holder_accept(struct model *model, struct holder *holder);
/* Forgets it if it holds nothing. */
void holder_settle(struct model *model, struct holder *holder);
/* First mapping at or above `start`; `from` NULL begins at the lowest, else at that one. */
struct mapping *holder_seek(const struct holder *holder, struct mapping *from, uint64_t start);
/* The mapping of this segment that starts there, or NULL; `from` as above. */
struct mapping *holder_mapping(const struct holder *holder, struct mapping *from, uint64_t start,
			       const struct segment *segment);
/* The mapping of the attach at this address (fragments keep their base), or NULL. */
struct mapping *holder_attached_at(const struct holder *holder, uint64_t base);

/* Where its attach began, whatever is left of it */
static inline uint64_t mapping_base(const struct mapping *mapping)
{
	return mapping->start - mapping->offset;
}

/* Copies what `like` says and enters it into both lists. 0 or -ENOMEM. */
int mapping_add(struct model *model, const struct mapping *like, struct mapping **out);
/* What is below `start` is not its own any more. */
void mapping_cut(struct mapping *mapping, uint64_t start);
/* The holder stays, even if it holds nothing now: see holder_settle(). */
void mapping_remove(struct model *model, struct mapping *mapping, enum fact_reason reason,
		    uint64_t time);

/* ---- processes.c ----------------------------------------------------------------------------- */

/* A reference from *place; gives up the one that it was. `process` may be NULL. */
void process_use(struct model *model, struct process **place, struct process *process);

/* Finds or makes the process with this pid and start time (0 unknown: then it started no later than
 * `latest`). NULL without memory, or when the pid is 0. */
struct process *process_get(struct model *model, int32_t pid, uint64_t start_time, uint64_t latest);
/* The same for the one that acts in an event, with what the event tells about it. */
struct process *process_of_event(struct model *model, const struct event *event);
/* The child of a fork, with what it has from its parent. */
struct process *process_of_child(struct model *model, const struct event *event);
/* exec and exit change those that are known, and make none. */
void process_exec(struct model *model, const struct event *event);
void process_exit(struct model *model, const struct event *event);
/* A reference as process_use() makes it, but no reason to follow its life. */
void process_cite(struct model *model, struct process **place, struct process *process);
/* Wants those again whose end nothing tells, and that may know the id of a segment, where that is due. */
void process_want_heirs(struct model *model, uint64_t now);
/* Frees those that nobody uses. */
void process_sweep(struct model *model);
void process_free_all(struct model *model);

/* A second of the epoch as the latest start of a process that acted in it; 0 cannot be told. */
uint64_t process_latest_start(const struct model *model, int64_t second);

/* The one that this is about, if it is known already. */
struct process *process_find(const struct model *model, int32_t pid, uint64_t start_time);
/* Looks for it at the next sweep, since it may be unused now. */
void process_list(struct model *model, struct process *process);

static inline bool process_may_live(const struct process *process)
{
	return !process->ended && !process->missing;
}

/* ---- family.c ------------------------------------------------------------------------------ */

/* It made or attached the segment, no later than this. NULL is allowed. */
void family_use(struct model *model, struct segment *segment, struct process *process,
		uint64_t since);
/* It is none of its users after all: that was another with the same pid. */
void family_disown(struct model *model, struct segment *segment, const struct process *process);
/* The segment is over. */
void family_forget(struct model *model, struct segment *segment);
/* Is it one of the users, or was it forked by one since? */
bool family_includes(const struct segment *segment, const struct process *process);
/* 0 or -ENOMEM. */
int family_fork(struct model *model, const struct event *event);
/* It ended. */
void family_end(struct model *model, struct process *process);
/* Do its times tell of an attach that no event told of? */
bool family_is_unseen(const struct model *model, const struct segment *segment);
/* After a row was taken in: does it tell of an attach that no event told of? */
void family_doubt(const struct model *model, struct segment *segment, uint64_t began);
/* Something was not told: of those that exist nobody can say any more who knows them. */
void family_distrust(struct model *model);

/* ---- group.c ------------------------------------------------------------------------------- */

/* A reference from *place to the group with this number now; gives up the one that it was. 0: to none. */
void group_set(struct model *model, struct process_group **place, int32_t pgid);
/* Is it empty by now? */
void group_want(struct model *model, struct process_group *group);

/* ---- namespace.c --------------------------------------------------------------------------- */

struct namespace_state *namespace_find(const struct model *model, uint32_t ipcns);
/* Finds or makes it. NULL without memory. */
struct namespace_state *namespace_get(struct model *model, uint32_t ipcns);
/* A scan begins, which began then; it found a mapping of a segment there that the model does not know. */
void namespace_scan(struct model *model);
void namespace_attached(struct model *model, uint32_t ipcns, uint64_t began);
/* A record told that such a mapping ended. */
void namespace_let_go(struct model *model, uint32_t ipcns);

/* ---- drift.c ------------------------------------------------------------------------------- */

/* What a record tells may be done a little later: a detach waits for those who read the table. */
#define DRIFT_REST (100 * CLOCK_MS)

/* After a row was taken in: has it not agreed with the mappings for long? */
void drift_doubt(struct segment *segment, uint64_t began);

/* ---- attachment.c -------------------------------------------------------------------------- */

/* A record of an attachment or of an end. 0 or -ENOMEM. */
int attachment_apply(struct model *model, const struct event *event);
/* The fork that names whose the attachments are that were told before it. 0 or -ENOMEM. */
int attachment_name(struct model *model, const struct event *event);
/* What a shmat or shmdt that succeeded was about, after its attachments were told; NULL unknown. */
struct segment *attachment_segment(struct model *model, const struct event *event);
/* Tells that the child of this fork has this mapping, too. */
void attachment_tell_inherited(struct model *model, const struct mapping *mapping,
			       const struct event *fork);

/* ---- nattch.c ------------------------------------------------------------------------------ */

/* At each tick: notes what changed since the last one. */
void nattch_note_all(struct model *model, uint64_t now);
/* The end of a life, before its nattch is 0. */
void nattch_note_end(struct model *model, struct segment *segment, uint64_t time);
void nattch_forget(struct model *model, struct segment *segment);

/* ---- departure.c --------------------------------------------------------------------------- */

/* A mapping that is about to be removed. */
void departure_note(struct model *model, const struct mapping *mapping, enum fact_reason reason,
		    uint64_t time);
/* Forgets those up to `until`. */
void departure_expire(struct model *model, uint64_t until);

/* ---- exhaustion.c -------------------------------------------------------------------------- */

/* After limits were taken in. */
void exhaustion_sample(struct namespace_state *state);

/* ---- change.c ----------------------------------------------------------------------------- */

enum { CHANGE_PERMISSIONS = 0777 };

/* A shmctl, before it is taken in. */
void change_note(struct model *model, struct segment *segment, const struct event *event);
/* A row of the table, before it is taken in: what no call told. */
void change_note_row(struct model *model, struct segment *segment, const struct segment_facts *row,
		     uint64_t began);
/* Why it ended; who did it is taken from `cause`, which may be NULL: unknown. A later word replaces the one
 * before. */
void change_tell_end(struct model *model, struct segment *segment, enum fact_reason reason,
		     const struct event *cause);
void change_revoke_end(struct model *model, struct segment *segment);
void change_forget(struct model *model, struct segment *segment);

/* ---- history.c ----------------------------------------------------------------------------- */

/* Into the ring, the chain of the segment (NULL none), the rates, and to the sink. */
void history_add(struct model *model, const struct event *event, struct segment *segment);
/* An attach, detach or destroy. Who did it is taken from `cause`, else from `process`; both may be NULL. */
struct history_derived {
	enum fact_op op;
	enum fact_reason reason;
	bool inferred;
	uint64_t time;
	uint64_t maps;
	const struct mapping *mapping; /* where it is, if it is one; NULL not known */
	const struct event *cause;
	const struct process *process;
};
void history_derive(struct model *model, struct segment *segment,
		    const struct history_derived *derived);
/* Closes the seconds before `now`. */
void history_close_seconds(struct model *model, uint64_t now);

#endif
