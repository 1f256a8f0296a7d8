/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shmtop rm: guarded removal of segments.
 *
 * Each is shown first, and what was shown is what is removed: its identity is looked at again right before,
 * and so is who has it attached.
 */
#include "cmd/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "cmd/arguments.h"
#include "report/holders.h"
#include "report/leaks.h"
#include "report/report.h"
#include "report/segment_id.h"

enum { HOLDERS_SHOWN = 8 };

struct rm_config {
	bool yes;
	bool force;
	enum collector_rung rung;
};

static const struct option_spec rm_options[] = {
	{'y', "yes", .help = "do not ask; needed without a terminal",
	 .field = offsetof(struct rm_config, yes)},
	{.name = "force",
	 .help = "even while it is attached: then it is marked, and ends\nwhen its last holder "
		 "lets go",
	 .field = offsetof(struct rm_config, force)},
	ARGUMENT_LOOK(struct rm_config, rung),
	{0},
};

const struct command_spec rm_spec = {
	.name = "rm",
	.synopsis = "[OPTIONS] ID...",
	.summary = "remove segments, after a look at each",
	.options = rm_options,
	.details = SEGMENT_ID_HELP
	"  shmtop rm 32769\n"
	"  shmtop rm 0x52010203\n"
	"  sudo shmtop rm --yes 4026532210:0 4026532210:1\n"
	"\n"
	"Shows size, owner, age, who has it attached, and what it is taken for; then asks.\n"
	"One that is attached stays, unless --force. What was shown is what is removed: if\n"
	"the ID is another segment's by then, nothing is done.\n"
	"\n"
	"Exit status: 0 when all of them were removed, else 1.",
};

struct rm {
	const struct rm_config *config;
	struct collector *collector;
	FILE *talk; /* where the segment is shown: there where the question is asked */
	bool asks;
	bool over; /* nobody answers any more */
};

/* A segment as it was shown */
struct target {
	const char *name; /* as the user wrote it */
	uint32_t ipcns;
	struct segment_facts facts;
};

/* ---- what is shown ------------------------------------------------------------------------- */

/* "26633 postgres, 26634 postgres, 4 more"; who it is may not be known. */
static void print_holders(FILE *out, const struct segment *segment)
{
	struct holder_list list = {0};

	if (holders_collect(segment, &list) || list.count == 0)
		fputs("somebody who may not be looked at (as root it is told)", out);
	for (size_t i = 0; i < list.count && i < HOLDERS_SHOWN; i++) {
		const struct process *process = list.rows[i].process;

		fprintf(out, "%s%" PRId32 "%s%s", i ? ", " : "", process->pid,
			process->comm[0] ? " " : "", process->comm);
	}
	if (list.count > HOLDERS_SHOWN)
		fprintf(out, ", %zu more", list.count - HOLDERS_SHOWN);
	holders_free(&list);
}

static bool is_attached(const struct segment *segment)
{
	return !(segment->facts.known & FACT_COL_NATTCH) || segment->nattch > 0;
}

static bool is_removed(const struct segment *segment)
{
	return segment->facts.known & FACT_COL_MODE && segment->facts.mode & FACT_MODE_DEST;
}

static void print_verdict(FILE *out, const struct column_context *context,
			  const struct segment *segment)
{
	const struct judge_context judge = column_judge(context);
	char evidence[LEAKS_EVIDENCE_LEN];
	struct verdict verdict;

	verdict_judge(&judge, segment, &verdict);
	const char *word = verdict_confidence_word(verdict.confidence);

	fprintf(out, "  %s%s%s: %s\n", word, *word ? " " : "", verdict_kind_name(verdict.kind),
		leaks_evidence(&verdict, evidence));
}

static void print_segment(FILE *out, const struct column_context *context,
			  const struct segment *segment)
{
	static const struct {
		enum column_id id;
		const char *label;
	} parts[] = {
		{COLUMN_SIZE, ""},    {COLUMN_KEY, "key "},         {COLUMN_OWNER, "owner "},
		{COLUMN_AGE, "age "}, {COLUMN_CREATOR, "made by "},
	};
	char cell[COLUMN_CELL_LEN];

	fprintf(out, "%" PRId32 " in %s:", segment->id.shmid,
		column_ns_name(context, segment->id.ipcns, cell));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		fprintf(out, "%s %s%s", i ? "," : "", parts[i].label,
			column_cell(parts[i].id, context, segment, cell));
	fputc('\n', out);
	print_verdict(out, context, segment);
	if (!is_attached(segment)) {
		fputs("  attached by nobody\n", out);
		return;
	}
	fprintf(out, "  %s attachment%s, by ", column_cell(COLUMN_NATTCH, context, segment, cell),
		segment->nattch == 1 ? "" : "s");
	print_holders(out, segment);
	fputc('\n', out);
}

/* Its pages, in memory and swapped out; where these are not known it is at most its size. */
static void print_bytes(FILE *out, const struct segment_facts *facts, const char *what)
{
	const uint32_t pages = FACT_COL_RSS | FACT_COL_SWAP;
	bool exact = (facts->known & pages) == pages;
	char text[UNITS_LEN];

	fprintf(out, "%s%s %s\n", exact ? "" : "up to ",
		units_size(text, exact ? facts->rss + facts->swap : facts->size), what);
}

/* ---- guards -------------------------------------------------------------------------------- */

static bool may_be_removed(const struct rm *rm, const struct target *target,
			   const struct segment *segment)
{
	if (is_removed(segment)) {
		log_error("rm: %s is removed already: it ends when its last holder lets go",
			  target->name);
		return false;
	}
	if (is_attached(segment) && !rm->config->force) {
		log_error("rm: %s is attached: not removed (--force marks it, to end with its last "
			  "holder)",
			  target->name);
		return false;
	}
	return true;
}

static bool confirmed(struct rm *rm, const struct segment *segment)
{
	char *line = NULL;
	size_t capacity = 0;
	bool yes;

	if (!rm->asks)
		return true;
	fprintf(rm->talk, "%s [y/N] ",
		is_attached(segment) ? "Mark it for removal?" : "Remove it?");
	fflush(rm->talk);
	rm->over = getline(&line, &capacity, stdin) <= 0;
	yes = !rm->over && (strcasecmp(line, "y\n") == 0 || strcasecmp(line, "yes\n") == 0);
	if (rm->over)
		fputc('\n', rm->talk);
	free(line);
	return yes;
}

static void tell_failure(const struct target *target, int error)
{
	switch (error) {
	case -ESTALE:
		log_error("rm: %s was changed, or is another segment by now: not removed; look "
			  "again (shmtop show %s)",
			  target->name, target->name);
		break;
	case -EIDRM:
		log_error("rm: %s is gone already: somebody else removed it", target->name);
		break;
	case -EBUSY:
		log_error("rm: %s was attached meanwhile: not removed", target->name);
		break;
	case -EPERM:
	case -EACCES:
		log_error("rm: %s: %s: its owner, its creator or root may remove it", target->name,
			  strerror(-error));
		break;
	case -ESRCH:
		log_error("rm: %s: no process leads into its IPC namespace any more", target->name);
		break;
	default:
		log_error("rm: %s: %s", target->name, strerror(-error));
	}
}

/* ---- removal ------------------------------------------------------------------------------- */

static int remove_target(const struct rm *rm, const struct target *target)
{
	uint64_t nattch = 0;
	int error = collector_remove(rm->collector, target->ipcns, &target->facts,
				     rm->config->force, &nattch);

	if (error) {
		tell_failure(target, error);
		return EXIT_ERROR;
	}
	if (nattch == 0) {
		printf("segment %s removed: ", target->name);
		print_bytes(stdout, &target->facts, "of memory came back");
	} else {
		printf("segment %s marked dest: it ends when the last of %" PRIu64
		       " attachment%s is let go, then ",
		       target->name, nattch, nattch == 1 ? "" : "s");
		print_bytes(stdout, &target->facts, "of memory come back");
	}
	fflush(stdout); /* before what stderr says of the next one */
	return 0;
}

/* Returns the exit status that this one makes. */
static int rm_one(struct rm *rm, const struct segment_wanted *wanted)
{
	const struct column_context context = collector_context(rm->collector);
	const struct segment *segment = segment_id_find(&rm_spec, &context, wanted, true);

	if (!segment)
		return EXIT_ERROR;

	const struct target target = {
		.name = wanted->text,
		.ipcns = segment->id.ipcns,
		.facts = segment->facts,
	};

	print_segment(rm->talk, &context, segment);
	fflush(rm->talk);
	if (!may_be_removed(rm, &target, segment))
		return EXIT_ERROR;
	if (!confirmed(rm, segment)) {
		log_error("rm: %s stays", target.name);
		return EXIT_ERROR;
	}
	return remove_target(rm, &target);
}

static int rm_all(struct rm *rm, const struct segment_wanted *wanted, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count && !rm->over; i++)
		status |= rm_one(rm, &wanted[i]);

	int written = report_finish(stdout);

	return status ? status : written;
}

/* All IDs are read before anything is done. */
static int parse_ids(int count, char **texts, struct segment_wanted *wanted)
{
	if (count == 0) {
		log_error("rm: wants IDs: a shmid, 0xKEY or NS:shmid each; shmtop list shows them");
		return EXIT_USAGE;
	}
	for (int i = 0; i < count; i++) {
		if (segment_id_parse(texts[i], &wanted[i]) == 0)
			continue;
		log_error("rm: '%s' is no ID: a shmid (32769), 0xKEY or NS:shmid", wanted[i].text);
		return EXIT_USAGE;
	}
	return 0;
}

static int rm_with(const struct rm_config *config, const struct segment_wanted *wanted,
		   size_t count)
{
	struct rm rm = {.config = config, .asks = !config->yes, .talk = stdout};
	const struct collector_options options = {.rung = config->rung};
	char why[PROBES_WHY_LEN];

	if (rm.asks && !isatty(STDIN_FILENO)) {
		log_error("rm: there is no terminal to ask on; --yes removes without asking");
		return EXIT_USAGE;
	}
	if (rm.asks && !isatty(STDOUT_FILENO))
		rm.talk = stderr;
	if (collector_open(&options, &rm.collector, why)) {
		log_error("rm: %s", why);
		return EXIT_ERROR;
	}
	int status = rm_all(&rm, wanted, count);

	collector_close(rm.collector);
	return status;
}

int rm_run(const struct cmd_env *env, int argc, char **argv)
{
	struct rm_config config = {0};
	struct segment_wanted *wanted;
	int operands, status;

	(void)env;
	if (!arguments_parse(&rm_spec, argc, argv, &config, &operands, &status))
		return status;
	wanted = calloc((size_t)(argc - operands) + 1, sizeof(*wanted));
	if (!wanted) {
		log_error("rm: %s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	status = parse_ids(argc - operands, argv + operands, wanted);
	if (!status)
		status = rm_with(&config, wanted, (size_t)(argc - operands));
	free(wanted);
	return status;
}
