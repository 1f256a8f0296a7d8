/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The columns of a table of segments, declared once: `list`, -o, -s, the filter language and the
 * live view derive names, help, cells and order from this table.
 */
#ifndef REPORT_COLUMN_H
#define REPORT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "judge/verdict.h"
#include "model/model.h"

enum column_id {
	COLUMN_NS, /* column_ns_name() */
	COLUMN_SHMID,
	COLUMN_KEY,   /* 0x%08x as created, also after its removal; "-" for IPC_PRIVATE */
	COLUMN_OWNER, /* user name of uid, or the number */
	COLUMN_PERM,  /* 0600; its value is the octal digits read as a decimal number */
	COLUMN_SIZE,
	COLUMN_RSS,
	COLUMN_SWAP,
	COLUMN_NATTCH,
	COLUMN_HOLDERS, /* distinct address spaces: the first pids, then "+N"; "" none, "-" unknown */
	COLUMN_CREATOR, /* "881 zabbix_srv"; "9912+php-fpm" when gone; pid alone if unknown */
	COLUMN_LAST,    /* who attached or detached last, in the same form */
	COLUMN_AGE,     /* since it was seen made, else since ctime (creation or IPC_SET) */
	COLUMN_IDLE,    /* since the last attach or detach */
	COLUMN_FLAGS,   /* letters of column_flag_table */
	COLUMN_COMMAND, /* command line of the creator */
	COLUMN_CTIME,
	COLUMN_ATIME,
	COLUMN_DTIME,
	COLUMN_DRIFT,
	COLUMN_VERDICT, /* verdict_kind_name() */
	COLUMN_EXE, /* executable of the creator, else its comm: as owners and leaks are told apart */
	COLUMN_CGROUP, /* of the creator */
	COLUMN_SITE,   /* where it was made: "main fork_demo.c:130", as far as that is known */
	COLUMNS_COUNT,
};

struct owner_names;
struct call_paths;
struct failures;

/* What a cell may need beside the segment. */
struct column_context {
	const struct model *model;
	uint64_t now; /* boottime ns */
	int64_t wall; /* the same instant, epoch ns */
	uint32_t own_ipcns;
	bool bytes; /* sizes in bytes, ages and times in seconds: plain numbers (--raw) */
	struct owner_names *owners;      /* report/owner.h; NULL: owners are shown by number */
	const struct call_paths *paths;  /* stack/call_paths.h; NULL: nobody unwinds stacks */
	const struct failures *failures; /* judge/failures.h; NULL: nobody asks why calls fail */
	/* Of struct judge_context; grace 0: the usual one */
	const struct growth *growth;
	uint64_t grace;
	bool over;
	/* CPU that shmtop itself uses, in cores, over the last ticks. Negative: unknown. Where nobody
	 * measures it is 0. */
	double own_cpu;
};

/* What can be said of a segment in one word; unknown counts as not. */
enum column_flag {
	COLUMN_FLAG_DEST = 1 << 0, /* removed: goes with its last holder */
	COLUMN_FLAG_LOCKED = 1 << 1,
	COLUMN_FLAG_HUGETLB = 1 << 2,
	COLUMN_FLAG_NORESERVE = 1 << 3,
	COLUMN_FLAG_NEW = 1 << 4, /* seen made within COLUMN_NEW_TIME */
	COLUMN_FLAG_GONE = 1 << 5,
	COLUMN_FLAG_LEAK = 1 << 6, /* likely a leak, or surely */
};

enum { COLUMN_FLAGS_COUNT = 7 };
#define COLUMN_NEW_TIME (UINT64_C(5) * CLOCK_SECOND)

struct column_flag_word {
	enum column_flag flag;
	const char *word; /* "dest": for filters and JSON */
	char letter;      /* 'D': for cells */
};

/* In the order of the letters in a cell. */
extern const struct column_flag_word column_flag_table[COLUMN_FLAGS_COUNT];

unsigned int column_flags(const struct column_context *context, const struct segment *segment);

/* What its verdict is made from. */
struct judge_context column_judge(const struct column_context *context);

/* Epoch ns of a boottime instant, by the context's pair of clocks. */
int64_t column_wall(const struct column_context *context, uint64_t time);

enum { COLUMN_CELL_LEN = 256 };

/* "host" for the machine's first IPC namespace, "here" for another one that is one's own, as in a
 * container, else its label (model.h), or its inode where that is unknown, or where plain values are asked for
 * (context.bytes). Static, the model's, or `out`. */
const char *column_ns_name(const struct column_context *context, uint32_t ipcns,
			   char out[static COLUMN_CELL_LEN]);
/* "host", or its label; of what happened at `time`, else (0) as it is now. NULL unknown. For JSON, where nobody is
 * here. */
const char *column_ns_label(const struct column_context *context, uint32_t ipcns, uint64_t time);
/* column_ns_name() of a segment that ended then; 0: it exists. */
const char *column_ns_name_at(const struct column_context *context, uint32_t ipcns, uint64_t gone,
			      char out[static COLUMN_CELL_LEN]);
/* With the inode behind it, if it is not in it: "docker 3f2a91c07be1 (4026532210)". Returns out. */
const char *column_ns_long_name(const struct column_context *context, uint32_t ipcns,
				char out[static COLUMN_CELL_LEN]);
/* Is the text one of its names (host, here, inode, label, runtime, container's id or its first 12 digits, pod,
 * unit), or a part of one? Case does not matter. */
bool column_ns_is(const struct column_context *context, uint32_t ipcns, const char *text);
bool column_ns_has(const struct column_context *context, uint32_t ipcns, const char *text);
/* Why the table of one that is not readable could not be read. Static. */
const char *column_ns_error(const struct namespace_state *state);

/* "812", "812 (7 inside)" where its own pid namespace gives it another. Returns out. */
enum { COLUMN_PID_LEN = 40 };
char *column_pid(const struct process *process, char out[static COLUMN_PID_LEN]);

/* A value to compare and filter by. Text points into the segment, into `buffer` or is static. */
struct column_value {
	enum { COLUMN_UNKNOWN, COLUMN_NUMBER, COLUMN_TEXT } type;
	int64_t number; /* sizes in bytes, ages in seconds, times in epoch seconds */
	const char *text;
	char buffer[COLUMN_CELL_LEN];
};

/* How the filter language reads a constant */
enum column_kind {
	COLUMN_KIND_NUMBER,
	COLUMN_KIND_SIZE,
	COLUMN_KIND_AGE,
	COLUMN_KIND_TIME, /* seconds since the epoch; 0 never */
	COLUMN_KIND_TEXT,
	COLUMN_KIND_VERDICT, /* a text, one of those of verdict_kind_name() but "unknown" */
	COLUMN_KIND_FLAGS,
};

struct column {
	const char *name;  /* for -o, -s and filters: "size" */
	const char *title; /* "SIZE" */
	const char *help;  /* one line */
	enum column_kind kind;
	unsigned int width; /* columns of the terminal that most values need */
	bool right;         /* aligned */
	bool descending;    /* the natural order when sorted by it: biggest first */
	bool word;          /* a bare word of a filter looks for its text here */
	/* Writes the cell in a way of its own; NULL: as the kind says. Use column_cell(). */
	char *(*cell)(const struct column_context *context, const struct segment *segment,
		      char out[static COLUMN_CELL_LEN]);
	void (*value)(const struct column_context *context, const struct segment *segment,
		      struct column_value *out);
};

extern const struct column column_table[COLUMNS_COUNT];

/* Text of a cell; unknown is "-". Returns out. */
char *column_cell(enum column_id id, const struct column_context *context,
		  const struct segment *segment, char out[static COLUMN_CELL_LEN]);

/* Other names are accepted too: "att" for nattch, "user" for owner, "id" for shmid, "comm" for
 * creator. COLUMNS_COUNT when there is none. Case does not matter. */
enum column_id column_by_name(const char *name, size_t length);

/* "ns, shmid, key, ..." for messages and help. Static storage. */
const char *column_names(void);

/* "shmid,key,size" into ids[]; a name that comes twice counts once. 0, or -EINVAL with the name
 * that is not known in `bad_name`, safe. */
int column_parse_list(const char *text, enum column_id ids[static COLUMNS_COUNT], size_t *count,
		      char bad_name[static COLUMN_CELL_LEN]);

/* Order of two segments by a column, ties by namespace, shmid and generation. Unknown values come
 * last in either direction. */
int column_compare(const struct column_context *context, enum column_id id, bool descending,
		   const struct segment *a, const struct segment *b);

/* For how long lists show a segment after its end */
#define COLUMN_GONE_TIME (UINT64_C(10) * CLOCK_SECOND)

/* Who ended at this time or later is still to be shown. */
static inline uint64_t column_gone_since(const struct column_context *context)
{
	return context->now > COLUMN_GONE_TIME ? context->now - COLUMN_GONE_TIME + 1 : 1;
}

/* Identities of the segments to show: those that pass the filter (NULL: all), in order. `gone` adds
 * those that ended at this time or later; 0: none. *ids is reallocated as needed (array_reserve). 0, or -ENOMEM: what was in it,
 * and *count, stay. */
struct filter;
int column_select(const struct column_context *context, const struct filter *filter,
		  enum column_id order, bool descending, uint64_t gone, struct segment_id **ids,
		  size_t *count, size_t *capacity);

#endif
