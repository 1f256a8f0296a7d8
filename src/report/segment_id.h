/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IDs of the command line: a shmid, a key in hexadecimal, or NS:shmid. */
#ifndef REPORT_SEGMENT_ID_H
#define REPORT_SEGMENT_ID_H

#include "base/options.h"
#include "report/column.h"

enum { SEGMENT_ID_LEN = 64 };

/* What an ID asks for */
struct segment_wanted {
	char text[SEGMENT_ID_LEN]; /* as it was written; safe, for messages */
	bool by_key;
	int32_t key;
	bool has_ipcns;
	uint32_t ipcns;
	char ns[FACT_NAME_LEN]; /* where it is another name than the inode, as it was written; else "" */
	int32_t shmid;
};

/* How IDs are written, for --help */
#define SEGMENT_ID_HELP                                                                    \
	"ID is a shmid (32769), a key in hexadecimal (0x52010203), or NS:shmid with the\n" \
	"name of an IPC namespace (host, its container or unit, inode), where several\n"   \
	"have the same shmid:\n"

/* Whether `text` is an ID; `out->text` is set in any case. 0 or -EINVAL. */
int segment_id_parse(const char *text, struct segment_wanted *out);

/* The segment that exists by this ID: of one's own namespace first; elsewhere the ID must be the only one, and
 * with `only_own` must name the namespace, for what changes it: each begins with shmid 0. By a key, one that was not
 * removed; a number may be a key in decimal where it is no shmid, unless `only_own`. NULL after one line on stderr: none, or several. */
const struct segment *segment_id_find(const struct command_spec *spec,
				      const struct column_context *context,
				      const struct segment_wanted *wanted, bool only_own);

/* The segment that ended last by this ID and is remembered, of one's own namespace first; NULL: none. */
const struct segment *segment_id_find_gone(const struct column_context *context,
					   const struct segment_wanted *wanted);

/* What is meant where both will do: the one that exists, else the one that ended last; in one's own namespace, else
 * in any. NULL with the reason in words: none, or several exist. */
enum { SEGMENT_ID_WHY_LEN = 160 };
const struct segment *segment_id_find_any(const struct column_context *context,
					  const struct segment_wanted *wanted,
					  char why[static SEGMENT_ID_WHY_LEN]);

#endif
