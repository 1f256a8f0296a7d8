/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/shm.h>

#include "base/text.h"
#include "report/column_parts.h"

const struct column column_table[COLUMNS_COUNT] = {
	[COLUMN_NS] = {.name = "ns",
		       .title = "NS",
		       .help = "IPC namespace: host, here (one's own), container, unit or inode",
		       .kind = COLUMN_KIND_TEXT,
		       .width = 24,
		       .word = true,
		       .value = column_value_ns},
	[COLUMN_SHMID] = {.name = "shmid",
			  .title = "SHMID",
			  .help = "identifier of the segment in its namespace",
			  .kind = COLUMN_KIND_NUMBER,
			  .width = 8,
			  .right = true,
			  .word = true,
			  .value = column_value_shmid},
	[COLUMN_KEY] = {.name = "key",
			.title = "KEY",
			.help = "key as created; - for IPC_PRIVATE",
			.kind = COLUMN_KIND_NUMBER,
			.width = 10,
			.word = true,
			.cell = column_cell_key,
			.value = column_value_key},
	[COLUMN_OWNER] = {.name = "owner",
			  .title = "OWNER",
			  .help = "user name of the owner, or the number",
			  .kind = COLUMN_KIND_TEXT,
			  .width = 8,
			  .word = true,
			  .value = column_value_owner},
	[COLUMN_PERM] = {.name = "perm",
			 .title = "PERM",
			 .help = "permission bits",
			 .kind = COLUMN_KIND_NUMBER,
			 .width = 4,
			 .cell = column_cell_perm,
			 .value = column_value_perm},
	[COLUMN_SIZE] = {.name = "size",
			 .title = "SIZE",
			 .help = "bytes asked for when it was created",
			 .kind = COLUMN_KIND_SIZE,
			 .width = 5,
			 .right = true,
			 .descending = true,
			 .value = column_value_size},
	[COLUMN_RSS] = {.name = "rss",
			.title = "RSS",
			.help = "bytes resident in memory",
			.kind = COLUMN_KIND_SIZE,
			.width = 5,
			.right = true,
			.descending = true,
			.value = column_value_rss},
	[COLUMN_SWAP] = {.name = "swap",
			 .title = "SWAP",
			 .help = "bytes swapped out",
			 .kind = COLUMN_KIND_SIZE,
			 .width = 5,
			 .right = true,
			 .descending = true,
			 .value = column_value_swap},
	[COLUMN_NATTCH] = {.name = "nattch",
			   .title = "ATT",
			   .help = "attachments: mappings, not processes",
			   .kind = COLUMN_KIND_NUMBER,
			   .width = 3,
			   .right = true,
			   .descending = true,
			   .value = column_value_nattch},
	[COLUMN_HOLDERS] = {.name = "holders",
			    .title = "HOLDERS",
			    .help = "processes that map it: how many, the first pids shown",
			    .kind = COLUMN_KIND_NUMBER,
			    .width = 22,
			    .descending = true,
			    .word = true,
			    .cell = column_cell_holders,
			    .value = column_value_holders},
	[COLUMN_CREATOR] = {.name = "creator",
			    .title = "CREATOR",
			    .help = "pid and name of the creator, + between them when it is gone",
			    .kind = COLUMN_KIND_TEXT,
			    .width = 16,
			    .word = true,
			    .cell = column_cell_creator,
			    .value = column_value_creator},
	[COLUMN_LAST] = {.name = "last",
			 .title = "LAST",
			 .help = "who attached or detached last, + when it is gone",
			 .kind = COLUMN_KIND_TEXT,
			 .width = 16,
			 .word = true,
			 .cell = column_cell_last,
			 .value = column_value_last},
	[COLUMN_AGE] = {.name = "age",
			.title = "AGE",
			.help = "time since it was created or changed by IPC_SET",
			.kind = COLUMN_KIND_AGE,
			.width = 5,
			.right = true,
			.descending = true,
			.value = column_value_age},
	[COLUMN_IDLE] = {.name = "idle",
			 .title = "IDLE",
			 .help = "time since the last attach or detach",
			 .kind = COLUMN_KIND_AGE,
			 .width = 5,
			 .right = true,
			 .descending = true,
			 .value = column_value_idle},
	[COLUMN_FLAGS] = {.name = "flags",
			  .title = "FLAG",
			  .help = "D dest L locked H hugetlb N noreserve ! leak + new x gone",
			  .kind = COLUMN_KIND_FLAGS,
			  .width = 4,
			  .descending = true,
			  .cell = column_cell_flags,
			  .value = column_value_flags},
	[COLUMN_COMMAND] = {.name = "command",
			    .title = "COMMAND",
			    .help = "command line of the creator",
			    .kind = COLUMN_KIND_TEXT,
			    .width = 24,
			    .word = true,
			    .value = column_value_command},
	[COLUMN_CTIME] = {.name = "ctime",
			  .title = "CTIME",
			  .help = "when it was created or changed by IPC_SET",
			  .kind = COLUMN_KIND_TIME,
			  .width = 19,
			  .descending = true,
			  .value = column_value_ctime},
	[COLUMN_ATIME] = {.name = "atime",
			  .title = "ATIME",
			  .help = "when it was attached last",
			  .kind = COLUMN_KIND_TIME,
			  .width = 19,
			  .descending = true,
			  .value = column_value_atime},
	[COLUMN_DTIME] = {.name = "dtime",
			  .title = "DTIME",
			  .help = "when it was detached last",
			  .kind = COLUMN_KIND_TIME,
			  .width = 19,
			  .descending = true,
			  .value = column_value_dtime},
	[COLUMN_DRIFT] = {.name = "drift",
			  .title = "DRIFT",
			  .help = "nattch minus the mappings known; 0 is normal",
			  .kind = COLUMN_KIND_NUMBER,
			  .width = 5,
			  .right = true,
			  .descending = true,
			  .value = column_value_drift},
	[COLUMN_VERDICT] =
		{.name = "verdict",
		 .title = "VERDICT",
		 .help = "in-use, idle, orphan, growing ...: what is to be thought of it",
		 .kind = COLUMN_KIND_VERDICT,
		 .width = 14,
		 .value = column_value_verdict},
	[COLUMN_EXE] = {.name = "exe",
			.title = "EXECUTABLE",
			.help = "executable of the creator, else its name",
			.kind = COLUMN_KIND_TEXT,
			.width = 24,
			.value = column_value_exe},
	[COLUMN_CGROUP] = {.name = "cgroup",
			   .title = "CGROUP",
			   .help = "control group of the creator",
			   .kind = COLUMN_KIND_TEXT,
			   .width = 24,
			   .value = column_value_cgroup},
	[COLUMN_SITE] = {.name = "site",
			 .title = "SITE",
			 .help = "where the call is that made it",
			 .kind = COLUMN_KIND_TEXT,
			 .width = 24,
			 .word = true,
			 .value = column_value_site},
};

const struct column_flag_word column_flag_table[COLUMN_FLAGS_COUNT] = {
	{COLUMN_FLAG_DEST, "dest", 'D'},       {COLUMN_FLAG_LOCKED, "locked", 'L'},
	{COLUMN_FLAG_HUGETLB, "hugetlb", 'H'}, {COLUMN_FLAG_NORESERVE, "noreserve", 'N'},
	{COLUMN_FLAG_LEAK, "leak", '!'},       {COLUMN_FLAG_NEW, "new", '+'},
	{COLUMN_FLAG_GONE, "gone", 'x'},
};

struct column_alias {
	const char *name;
	enum column_id id;
};

static const struct column_alias column_aliases[] = {
	{"att", COLUMN_NATTCH},   {"user", COLUMN_OWNER}, {"id", COLUMN_SHMID},
	{"comm", COLUMN_CREATOR}, {"flag", COLUMN_FLAGS}, {"cmd", COLUMN_COMMAND},
};

int64_t column_wall(const struct column_context *context, uint64_t time)
{
	return context->wall - (int64_t)(context->now - time);
}

struct judge_context column_judge(const struct column_context *context)
{
	return (struct judge_context){
		.model = context->model,
		.now = context->now,
		.grace = context->grace ? context->grace : VERDICT_GRACE,
		.growth = context->growth,
		.over = context->over,
	};
}

unsigned int column_flags(const struct column_context *context, const struct segment *segment)
{
	const struct judge_context judge = column_judge(context);
	enum verdict_confidence confidence;
	unsigned int flags = 0;

	if (segment->facts.mode & FACT_MODE_DEST)
		flags |= COLUMN_FLAG_DEST;
	if (segment->facts.mode & FACT_MODE_LOCKED)
		flags |= COLUMN_FLAG_LOCKED;
	if (segment->hugetlb)
		flags |= COLUMN_FLAG_HUGETLB;
	if (segment->create_flags & SHM_NORESERVE)
		flags |= COLUMN_FLAG_NORESERVE;
	if (segment->born && context->now - segment->born < COLUMN_NEW_TIME)
		flags |= COLUMN_FLAG_NEW;
	if (segment->gone)
		flags |= COLUMN_FLAG_GONE;
	verdict_kind(&judge, segment, &confidence);
	if (confidence >= VERDICT_MEDIUM)
		flags |= COLUMN_FLAG_LEAK;
	return flags;
}

static bool column_is(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && strncasecmp(name, text, length) == 0;
}

enum column_id column_by_name(const char *name, size_t length)
{
	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		if (column_is(column_table[i].name, name, length))
			return (enum column_id)i;
	}
	for (size_t i = 0; i < sizeof(column_aliases) / sizeof(column_aliases[0]); i++) {
		if (column_is(column_aliases[i].name, name, length))
			return column_aliases[i].id;
	}
	return COLUMNS_COUNT;
}

const char *column_names(void)
{
	return "ns, shmid, key, owner, perm, size, rss, swap, nattch, holders, creator, last, "
	       "age, idle, flags, command, ctime, atime, dtime, drift, verdict, exe, cgroup, "
	       "site";
}

int column_parse_list(const char *text, enum column_id ids[static COLUMNS_COUNT], size_t *count,
		      char bad_name[static COLUMN_CELL_LEN])
{
	unsigned int seen = 0;

	*count = 0;
	for (;;) {
		size_t length;
		enum column_id id;

		text += strspn(text, " ");
		length = strcspn(text, ", ");
		id = column_by_name(text, length);
		if (id == COLUMNS_COUNT) {
			text_safe(bad_name, COLUMN_CELL_LEN, text, length);
			return -EINVAL;
		}
		if (!(seen & 1u << id))
			ids[(*count)++] = id;
		seen |= 1u << id;
		text += length;
		text += strspn(text, " ");
		if (!*text)
			return 0;
		if (*text++ != ',') {
			text_safe(bad_name, COLUMN_CELL_LEN, text - 1, strlen(text - 1));
			return -EINVAL;
		}
	}
}
