/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shmtop peek: what stands in a segment.
 *
 * It is looked at through one of those who have it attached, which leaves all as it is; where nobody has, only
 * when the user asks to attach it.
 */
#include "cmd/peek.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/units.h"
#include "cmd/arguments.h"
#include "cmd/cmd.h"
#include "report/hexdump.h"
#include "report/holders.h"
#include "report/report.h"
#include "report/segment_id.h"

enum { HOLDERS_ASKED = 16, LENGTH_DEFAULT = 256, JSON_MAX = 16 << 20 };

/* For all holders together: somebody waits for the dump. */
#define RESIDENT_TIME (200 * CLOCK_MS)

static int parse_length(const char *text, void *field)
{
	uint64_t *length = field;
	int error = 0;

	if (strcmp(text, "all") == 0)
		*length = PEEK_ALL;
	else
		error = units_parse_size(text, length);
	return !error && *length == 0 ? -EINVAL : error;
}

/* Dumps have their offsets in hexadecimal. */
static int parse_offset(const char *text, void *field)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	return hex ? units_parse_number(text, UINT64_MAX, field) : units_parse_size(text, field);
}

static const struct option_spec peek_options[] = {
	{'n', "bytes", "BYTES", "how many: 4096, 4K, all (default 256)", parse_length,
	 "a number of bytes from 1 on, like 4096 or 4K, or all",
	 offsetof(struct peek_config, length)},
	{.name = "offset",
	 .argument = "BYTES",
	 .help = "from there on: 4096, 4K, 0x1000 (default 0)",
	 .parse = parse_offset,
	 .expected = "a number of bytes, like 4096, 4K or 0x1000",
	 .field = offsetof(struct peek_config, offset)},
	{'w', "watch", .help = "look again and again, and mark the bytes that changed",
	 .field = offsetof(struct peek_config, watch)},
	{'d', "delay", "SECS", "time between two looks with -w (default 1)", argument_interval,
	 "seconds from 0.1 to 3600", offsetof(struct peek_config, interval)},
	{'J', "json", .help = "one JSON document, with the bytes in hexadecimal",
	 .field = offsetof(struct peek_config, json)},
	{.name = "raw",
	 .help = "the bytes as they are, for a file or a pipe",
	 .field = offsetof(struct peek_config, raw)},
	{.name = "attach",
	 .help = "attach it for the look where nothing else leads to it:\nchanges atime, dtime, "
		 "lpid, and nattch for a moment",
	 .field = offsetof(struct peek_config, attach)},
	ARGUMENT_NS(struct peek_config, ns),
	ARGUMENT_LOOK(struct peek_config, rung),
	{0},
};

const struct command_spec peek_spec = {
	.name = "peek",
	.synopsis = "[OPTIONS] ID",
	.summary = "what stands in a segment: hexadecimal and text",
	.options = peek_options,
	.details = SEGMENT_ID_HELP
	"  sudo shmtop peek 32769\n"
	"  sudo shmtop peek -n 4K --offset 1M 0x52010203\n"
	"  sudo shmtop peek -w 32769\n"
	"  sudo shmtop peek --raw -n all 32769 >dump\n"
	"\n"
	"It is looked at through one of the processes that have it attached: nattch, atime,\n"
	"dtime, lpid and the memory in use stay as they are. (If that process ends at this\n"
	"very moment, shmtop can become lpid. What was swapped out comes back in.) Pages that\n"
	"nobody has written are told as holes, and not made; huge pages do not tell theirs.\n"
	"\n"
	"It begins with how much of the segment each holder has in its own page tables.\n"
	"With -w a star stands before each byte that changed; on a pipe only lines that\n"
	"changed are printed, each with the time.\n"
	"\n"
	"Nobody has it attached: then it is not looked at, unless --attach. One that is\n"
	"removed already is not attached: its end would be the detach.",
};

/* ---- reading ------------------------------------------------------------------------------- */

const struct segment *peek_segment(const struct peek *peek)
{
	const struct segment *segment = model_find(collector_model(peek->collector), &peek->id);

	return segment && !segment->gone ? segment : NULL;
}

static int read_once(struct peek *peek, uint64_t offset, size_t length)
{
	const struct model *model = collector_model(peek->collector);
	const struct segment *segment = peek_segment(peek);
	int error = -EIDRM;

	peek->through = NULL;
	if (segment)
		error = segment_contents_read(model, segment, offset, length, &peek->contents,
					      &peek->through);
	/* Those that let go are first looked for again. */
	if (segment && peek->config->attach && (error == -ENOTCONN || error == -EPERM))
		error = segment_contents_attach(model, segment, offset, length, &peek->contents);
	return error;
}

int peek_read(struct peek *peek, uint64_t offset)
{
	uint64_t left = peek->end - offset;
	size_t length = left < CONTENTS_MAX ? left : CONTENTS_MAX;
	int error = read_once(peek, offset, length);

	if (error != -ENOENT)
		return error;
	collector_look_again(peek->collector);
	error = collector_tick(peek->collector);
	return error ? error : read_once(peek, offset, length);
}

void peek_tell(const struct peek *peek, int error)
{
	static const struct {
		int error;
		const char *text;
	} table[] = {
		{ENOTCONN, "nobody has it attached: to look would mean to attach it, which changes "
			   "nattch, atime and lpid; --attach does it all the same"},
		{EPERM, "those who have it attached may not be looked into: that takes root "
			"(CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE, and CAP_SYS_PTRACE)"},
		{EACCES, "its owner, its creator, those whom its mode lets read it, or root may "
			 "attach it"},
		{ENOENT, "those who had it attached let go of it meanwhile: try again"},
		{EIDRM, "it ended"},
		{ESTALE, "it was changed, or is another segment by now: look again (shmtop list)"},
		{EBUSY, "it is removed already, and an attachment might be its last: not attached"},
		{ENOTSUP, "kernel.shm_rmid_forced is set: to attach it and let go would remove it"},
		{ESRCH, "no process leads into its IPC namespace any more"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].error == -error) {
			log_error("peek: %s: %s", peek->name, table[i].text);
			return;
		}
	log_error("peek: %s: %s", peek->name, strerror(-error));
}

/* ---- who has how much of it ---------------------------------------------------------------- */

/* Calls `tell` for each holder: what it has in its page tables, or -errno. */
static void ask_holders(const struct segment *segment,
			void (*tell)(void *context, const struct process *process, int error,
				     uint64_t bytes),
			void *context)
{
	const uint64_t end = clock_now() + RESIDENT_TIME;
	struct holder_list list = {0};

	holders_collect(segment, &list);
	for (size_t i = 0; i < list.count; i++) {
		uint64_t bytes = 0;
		int error = -ETIMEDOUT;

		if (i < HOLDERS_ASKED && clock_now() < end)
			error = segment_contents_resident(segment, list.rows[i].holder, &bytes);
		tell(context, list.rows[i].process, error, bytes);
	}
	holders_free(&list);
}

struct holders_line {
	size_t shown, more;
};

static void print_holder(void *context, const struct process *process, int error, uint64_t bytes)
{
	struct holders_line *line = context;
	char text[UNITS_LEN] = "-";

	if (line->shown == HOLDERS_ASKED) {
		line->more++;
		return;
	}
	if (!error)
		units_size(text, bytes);
	printf("%s%" PRId32 " %s %s", line->shown++ ? ", " : "resident: ", process->pid,
	       process->comm[0] ? process->comm : "-", text);
}

static void add_holder(void *context, const struct process *process, int error, uint64_t bytes)
{
	struct json_object *holder = json_object_new_object();

	json_object_object_add(holder, "pid", json_object_new_int(process->pid));
	json_object_object_add(holder, "comm",
			       process->comm[0] ? json_object_new_string(process->comm) : NULL);
	json_object_object_add(holder, "resident", error ? NULL : json_object_new_uint64(bytes));
	json_object_array_add(context, holder);
}

/* ---- text ---------------------------------------------------------------------------------- */

static void print_head(const struct peek *peek)
{
	const struct column_context context = collector_context(peek->collector);
	const struct segment *segment = peek_segment(peek);
	const struct process *process = peek->through ? peek->through->holder->process : NULL;
	struct holders_line line = {0};
	char cell[COLUMN_CELL_LEN], size[UNITS_LEN];

	printf("%" PRId32 " in %s: %s, owner ", segment->id.shmid,
	       column_ns_name(&context, segment->id.ipcns, cell),
	       units_size(size, segment->facts.size));
	fputs(column_cell(COLUMN_OWNER, &context, segment, cell), stdout);
	if (process)
		printf(", looked at through %" PRId32 " %s\n", process->pid, process->comm);
	else
		printf(", attached for this: atime, dtime and lpid (%d) tell of it\n", getpid());
	ask_holders(segment, print_holder, &line);
	if (line.more)
		printf(", %zu more", line.more);
	if (line.shown)
		putchar('\n');
	if (peek->config->offset > 0 || peek->end < segment->facts.size)
		printf("bytes %" PRIu64 " to %" PRIu64 " of %" PRIu64 "\n", peek->config->offset,
		       peek->end - 1, segment->facts.size);
	putchar('\n');
}

/* Reads all that is shown, piece by piece, from one that is already read. */
static int print_pieces(struct peek *peek, void (*print)(void *context, const struct contents *),
			void *context)
{
	uint64_t at = peek->config->offset;
	int error = 0;

	while (peek->contents.length > 0 && !ferror(stdout)) {
		print(context, &peek->contents);
		at += peek->contents.length;
		if (at >= peek->end)
			break;
		error = peek_read(peek, at);
		if (error)
			break;
	}
	return error;
}

static void print_text_piece(void *context, const struct contents *contents)
{
	hexdump_print(context, contents);
}

static int print_text(struct peek *peek)
{
	struct hexdump dump = {.out = stdout, .layout = hexdump_layout(peek->end, 0)};

	print_head(peek);
	int error = print_pieces(peek, print_text_piece, &dump);

	hexdump_end(&dump);
	return error;
}

static void print_raw_piece(void *context, const struct contents *contents)
{
	fwrite(contents->bytes, 1, contents->length, context);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

struct json_dump {
	char *hex; /* owned */
	size_t length;
	struct json_object *holes;
	struct contents_hole hole; /* not added yet; length 0: none */
};

static void add_hole(struct json_dump *dump)
{
	struct json_object *hole;

	if (dump->hole.length == 0)
		return;
	hole = json_object_new_object();
	json_object_object_add(hole, "offset", json_object_new_uint64(dump->hole.offset));
	json_object_object_add(hole, "length", json_object_new_uint64(dump->hole.length));
	json_object_array_add(dump->holes, hole);
	dump->hole.length = 0;
}

static void add_piece(void *context, const struct contents *contents)
{
	static const char digits[] = "0123456789abcdef";
	struct json_dump *dump = context;

	for (size_t i = 0; i < contents->length; i++) {
		dump->hex[dump->length++] = digits[contents->bytes[i] >> 4];
		dump->hex[dump->length++] = digits[contents->bytes[i] & 0xf];
	}
	for (size_t i = 0; i < contents->hole_count; i++) {
		const struct contents_hole *hole = &contents->holes[i];

		if (dump->hole.length && dump->hole.offset + dump->hole.length == hole->offset) {
			dump->hole.length += hole->length;
			continue;
		}
		add_hole(dump);
		dump->hole = *hole;
	}
}

static struct json_object *json_through(const struct peek *peek)
{
	struct json_object *through;
	char address[32];

	if (!peek->through)
		return NULL;
	through = json_object_new_object();
	snprintf(address, sizeof(address), "0x%" PRIx64, peek->through->start);
	json_object_object_add(through, "pid",
			       json_object_new_int(peek->through->holder->process->pid));
	json_object_object_add(through, "addr", json_object_new_string(address));
	return through;
}

static int print_json(struct peek *peek)
{
	const struct column_context context = collector_context(peek->collector);
	const struct segment *segment = peek_segment(peek);
	struct json_object *document = json_document("peek", &context);
	struct json_object *resident = json_object_new_array();
	struct json_dump dump = {.holes = json_object_new_array()};
	int error = -ENOMEM;

	dump.hex = malloc((peek->end - peek->config->offset) * 2 + 1);
	if (!document || !resident || !dump.holes || !dump.hex)
		goto out;
	json_object_object_add(document, "segment", json_segment(&context, segment));
	json_object_object_add(document, "through", json_through(peek));
	json_object_object_add(document, "attached", json_object_new_boolean(!peek->through));
	ask_holders(segment, add_holder, resident);
	error = print_pieces(peek, add_piece, &dump);
	if (error)
		goto out;
	add_hole(&dump);
	json_object_object_add(document, "resident", json_object_get(resident));
	json_object_object_add(document, "offset", json_object_new_uint64(peek->config->offset));
	json_object_object_add(document, "length", json_object_new_uint64(dump.length / 2));
	json_object_object_add(document, "holes", json_object_get(dump.holes));
	json_object_object_add(document, "hex",
			       json_object_new_string_len(dump.hex, (int)dump.length));
	json_print(stdout, document);
	document = NULL;
out:
	json_object_put(document);
	json_object_put(resident);
	json_object_put(dump.holes);
	free(dump.hex);
	return error;
}

/* ---- open, look, close --------------------------------------------------------------------- */

/* What is shown, within the segment. Returns the exit status that it makes. */
static int set_range(struct peek *peek, const struct segment *segment)
{
	const struct peek_config *config = peek->config;
	uint64_t length = config->length ? config->length : LENGTH_DEFAULT;
	uint64_t size = segment->facts.size;

	if (!(segment->facts.known & FACT_COL_SIZE)) {
		log_error("peek: %s: its size is not known", peek->name);
		return EXIT_ERROR;
	}
	if (config->offset >= size) {
		log_error("peek: %s has %" PRIu64 " bytes: --offset leads behind its end",
			  peek->name, size);
		return EXIT_ERROR;
	}
	peek->end = length < size - config->offset ? config->offset + length : size;
	if (config->json && peek->end - config->offset > JSON_MAX) {
		log_error("peek: -J tells 16M at most: -n less, or --raw");
		return EXIT_USAGE;
	}
	if (config->watch && peek->end - config->offset > CONTENTS_MAX) {
		log_error("peek: -w watches 64K at most: -n less, and --offset");
		return EXIT_USAGE;
	}
	return 0;
}

static int look(struct peek *peek)
{
	int error = peek_read(peek, peek->config->offset);

	if (!error && peek->config->watch)
		return peek_watch(peek);
	if (!error && peek->config->json)
		error = print_json(peek);
	else if (!error && peek->config->raw)
		error = print_pieces(peek, print_raw_piece, stdout);
	else if (!error)
		error = print_text(peek);
	int written = report_finish(stdout);

	if (error)
		peek_tell(peek, error);
	return error ? EXIT_ERROR : written;
}

static int peek_with(const struct peek_config *config, const struct segment_wanted *wanted)
{
	const struct collector_options options = {.rung = config->rung, .ns = config->ns};
	struct peek *peek = calloc(1, sizeof(*peek));
	char why[PROBES_WHY_LEN];
	int status = EXIT_ERROR;

	if (!peek) {
		log_error("peek: %s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	peek->config = config;
	peek->name = wanted->text;
	if (collector_open(&options, &peek->collector, why)) {
		log_error("peek: %s", why);
		goto out;
	}
	const struct column_context context = collector_context(peek->collector);
	const struct segment *segment =
		segment_id_find(&peek_spec, &context, wanted, config->attach);

	if (!segment)
		goto out;
	peek->id = segment->id;
	status = set_range(peek, segment);
	if (!status)
		status = look(peek);
out:
	collector_close(peek->collector);
	free(peek);
	return status;
}

/* What does not go together. NULL: all of it does. */
static const char *config_conflict(const struct peek_config *config)
{
	if (config->raw && config->json)
		return "--raw and -J: one of them";
	if (config->watch && (config->raw || config->json))
		return "-w prints lines: not with --raw or -J";
	if (config->watch && config->attach)
		return "-w looks again and again: not with --attach, which changes the segment "
		       "each time";
	if (config->interval && !config->watch)
		return "-d is the time between two looks: only with -w";
	if (config->raw && isatty(STDOUT_FILENO))
		return "--raw is for a file or a pipe: a terminal would obey what stands there";
	return NULL;
}

int peek_run(const struct cmd_env *env, int argc, char **argv)
{
	struct peek_config config = {0};
	struct segment_wanted wanted;
	const char *conflict;
	int operands, status;

	(void)env;
	if (!arguments_parse(&peek_spec, argc, argv, &config, &operands, &status))
		return status;
	conflict = config_conflict(&config);
	if (conflict) {
		log_error("peek: %s", conflict);
		return EXIT_USAGE;
	}
	if (argc - operands != 1) {
		log_error("peek: wants one ID: a shmid, 0xKEY or NS:shmid; shmtop list shows them");
		return EXIT_USAGE;
	}
	if (segment_id_parse(argv[operands], &wanted)) {
		log_error("peek: '%s' is no ID: a shmid (32769), 0xKEY or NS:shmid", wanted.text);
		return EXIT_USAGE;
	}
	return peek_with(&config, &wanted);
}
