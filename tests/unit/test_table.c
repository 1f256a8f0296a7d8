/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables as exact text: aligned, raw, fitted into a width; and one segment in words. */
#include "sample.h"

#include <stdio.h>

#include "base/text.h"
#include "report/report.h"

enum { IDS_MAX = 8 };

struct table_test {
	struct column_context context;
	struct segment_id ids[IDS_MAX];
	size_t count;
	char *text;
	size_t length;
	FILE *out;
};

static int set_up(void **state)
{
	struct table_test *test = calloc(1, sizeof(*test));
	struct segment_id *ids = NULL;
	size_t capacity = 0;

	assert_non_null(test);
	test->context = sample_new();
	assert_int_equal(column_select(&test->context, NULL, COLUMN_SIZE, true, true, &ids,
				       &test->count, &capacity),
			 0);
	assert_in_range(test->count, 1, IDS_MAX);
	memcpy(test->ids, ids, test->count * sizeof(*ids));
	free(ids);
	test->out = open_memstream(&test->text, &test->length);
	assert_non_null(test->out);
	*state = test;
	return 0;
}

static int tear_down(void **state)
{
	struct table_test *test = *state;

	fclose(test->out);
	free(test->text);
	sample_free(&test->context);
	free(test);
	return 0;
}

/* What was printed since the last time. */
static const char *printed(struct table_test *test)
{
	static char text[1 << 16];

	fflush(test->out);
	assert_true(test->length < sizeof(text));
	memcpy(text, test->text, test->length);
	text[test->length] = '\0';
	rewind(test->out);
	return text;
}

static const char *print(struct table_test *test, const enum column_id *columns, size_t count,
			 struct table_options options)
{
	options.columns = columns;
	options.column_count = count;
	assert_int_equal(table_print(test->out, &test->context, test->ids, test->count, &options),
			 0);
	return printed(test);
}

static const char *print_default(struct table_test *test, struct table_options options)
{
	return print(test, table_default_columns, table_default_column_count, options);
}

#define PRINT(test, table_options, ...)                                               \
	print(test, (const enum column_id[]){__VA_ARGS__},                            \
	      sizeof((const enum column_id[]){__VA_ARGS__}) / sizeof(enum column_id), \
	      table_options)

static const struct table_options headed = {.headings = true};

static void default_columns_are_aligned(void **state)
{
	assert_string_equal(
		print_default(*state, headed),
		"NS      SHMID KEY        OWNER      PERM  SIZE   RSS ATT CREATOR         AGE  "
		"IDLE FLAG HOLDERS\n"
		"here    32769 0x52010203 4000000001 0600 8.00G 7.00G   3 1021 postgres   41d    "
		"2s      1021 1022\n"
		"here    65538 -          4000000002 0640 64.0M     -   0 9912+         3d00h "
		"3d00h !\n"
		"2           0 0x0000162e 0          0666 64.0K 4.00K   1 -                1m    "
		"1m DL   -\n"
		"here   229383 -          1000       0600 4.00K     -   0 7713+tst         3s    "
		"0s DNx\n");
}

static void numbers_have_a_width_of_their_own(void **state)
{
	const struct table_options bare = {.headings = false};

	/* Texts take what stands in them, numbers what most need. */
	assert_string_equal(PRINT(*state, bare, COLUMN_PERM, COLUMN_NATTCH, COLUMN_NS),
			    "0600   3 here\n0640   0 here\n0666   1 2\n0600   0 here\n");
}

static void raw_fields_hold_no_blank_and_are_never_empty(void **state)
{
	struct table_test *test = *state;
	const struct table_options raw = {.headings = true, .raw = true, .width = 10};

	test->context.bytes = true;
	assert_string_equal(
		PRINT(test, raw, COLUMN_SHMID, COLUMN_SIZE, COLUMN_IDLE, COLUMN_FLAGS,
		      COLUMN_HOLDERS, COLUMN_COMMAND),
		"SHMID SIZE IDLE FLAG HOLDERS COMMAND\n"
		"32769 8589934592 2 - 1021\\x201022 /usr/bin/postgres\\x20-D\\x20/data\n"
		"65538 67108864 259200 ! - -\n"
		"0 65536 60 DL - -\n"
		"229383 4097 0 DNx - -\n");
}

static void nothing_is_a_heading(void **state)
{
	struct table_test *test = *state;
	const struct table_options raw = {.headings = true, .raw = true};

	test->count = 0;
	assert_string_equal(PRINT(test, headed, COLUMN_KEY, COLUMN_SIZE, COLUMN_OWNER),
			    "KEY  SIZE OWNER\n");
	assert_string_equal(PRINT(test, raw, COLUMN_KEY, COLUMN_SIZE), "KEY SIZE\n");
	assert_string_equal(PRINT(test, (struct table_options){0}, COLUMN_KEY, COLUMN_SIZE), "");
}

static void forgotten_segments_are_passed_over(void **state)
{
	struct table_test *test = *state;
	const struct table_options raw = {.raw = true};

	test->ids[1] = (struct segment_id){.ipcns = 9, .shmid = 9, .generation = 9};
	assert_string_equal(PRINT(test, (struct table_options){0}, COLUMN_SHMID),
			    "   32769\n       0\n  229383\n");
	assert_string_equal(PRINT(test, raw, COLUMN_SHMID), "32769\n0\n229383\n");
}

static void width_is_kept(void **state)
{
	for (size_t width = 8; width < 120; width++) {
		const struct table_options options = {.headings = true, .width = width};
		char *text = strdup(print_default(*state, options));
		char *next = text;
		size_t lines = 0;

		assert_non_null(text);
		for (char *line; (line = strsep(&next, "\n")) && next; lines++) {
			assert_true(text_width(line) <= width);
			assert_true(line[0] && line[strlen(line) - 1] != ' ');
		}
		assert_int_equal(lines, 5);
		free(text);
	}
}

static void columns_are_cut_and_left_out(void **state)
{
	struct table_test *test = *state;
	struct table_options options = {.headings = true, .width = 79};

	/* Texts shrink to their usual width, the last columns go. */
	assert_string_equal(
		print_default(test, options),
		"NS      SHMID KEY        OWNER    PERM  SIZE   RSS ATT CREATOR         AGE\n"
		"here    32769 0x52010203 4000000~ 0600 8.00G 7.00G   3 1021 postgres   41d\n"
		"here    65538 -          4000000~ 0640 64.0M     -   0 9912+         3d00h\n"
		"2           0 0x0000162e 0        0666 64.0K 4.00K   1 -                1m\n"
		"here   229383 -          1000     0600 4.00K     -   0 7713+tst         3s\n");
	/* A last text is cut to what is left. */
	options.width = 20;
	assert_string_equal(PRINT(test, options, COLUMN_SHMID, COLUMN_COMMAND),
			    "   SHMID COMMAND\n   32769 /usr/bin/p~\n   65538 -\n       0 -\n"
			    "  229383 -\n");
	options.width = 3;
	assert_string_equal(PRINT(test, options, COLUMN_CREATOR), "CR~\n10~\n99~\n-\n77~\n");
}

static void namespace_goes_first_when_all_share_it(void **state)
{
	struct table_test *test = *state;
	struct table_options options = {.headings = true, .width = 96};
	static const char without[] = "   SHMID KEY        OWNER      PERM  SIZE   RSS ATT CREATOR "
				      "        AGE  IDLE FLAG "
				      "HOLDERS\n"
				      "   32769 0x52010203 4000000001 0600 8.00G 7.00G   3 1021 "
				      "postgres   41d    2s      "
				      "1021 1022\n";

	test->count = 1;
	assert_string_equal(print_default(test, options), without);
	options.width = 200;
	assert_memory_equal(print_default(test, options), "NS ", 3);
	options.width = 0;
	assert_memory_equal(print_default(test, options), "NS ", 3);
}

static void wide_characters_stay_in_their_column(void **state)
{
	struct table_test *test = *state;
	static const struct segment_facts row = {
		.known = FACT_COL_SHMID | FACT_COL_NATTCH, .shmid = 1, .nattch = 1};
	struct model *model;
	struct event get = sample_event(FACT_SHMGET, 0);
	const struct segment_id *ids = &(const struct segment_id){SAMPLE_HOST, 1, 0};
	static const enum column_id columns[] = {COLUMN_CREATOR, COLUMN_SHMID};
	struct table_options options = {
		.columns = columns, .column_count = 2, .headings = true, .width = 100};

	assert_int_equal(model_new(NULL, &model), 0);
	get.shmid = row.shmid;
	get.ret = row.shmid;
	get.created = true;
	strcpy(get.comm, "\xe6\xbc\xa2\xe5\xad\x97");
	assert_int_equal(model_apply(model, &get), 0);
	const struct column_context context = {
		.model = model, .now = SAMPLE_NOW, .own_ipcns = SAMPLE_HOST};

	assert_int_equal(table_print(test->out, &context, ids, 1, &options), 0);
	assert_string_equal(printed(test),
			    "CREATOR      SHMID\n7713 \xe6\xbc\xa2\xe5\xad\x97        1\n");
	options.headings = false;
	options.width = 8;
	options.column_count = 1;
	assert_int_equal(table_print(test->out, &context, ids, 1, &options), 0);
	assert_string_equal(printed(test), "7713 \xe6\xbc\xa2~\n");
	model_free(model);
}

/* ---- one segment ----------------------------------------------------------------------------- */

static const char *print_segment(struct table_test *test, int32_t shmid)
{
	assert_int_equal(table_print_segment(test->out, &test->context,
					     sample_segment(&test->context, shmid)),
			 0);
	return printed(test);
}

static void segment_with_holders_in_words(void **state)
{
	assert_string_equal(
		print_segment(*state, 32769),
		"Segment      32769\n"
		"Namespace    here (1)\n"
		"Key          0x52010203 (1375797763)\n"
		"State        exists\n"
		"Flags        none\n"
		"Mode         0600\n"
		"Owner        uid 4000000001, gid 5\n"
		"Made by      uid 4000000001, gid 5\n"
		"Size         8.00G (8589934592 bytes)\n"
		"Resident     7.00G (7516192768 bytes)\n"
		"Swapped      4.00K (4096 bytes)\n"
		"Created      2024-03-21 12:04:31, 41d ago, or changed by IPC_SET then\n"
		"Attached     2024-05-01 12:04:29, 2s ago\n"
		"Detached     never\n"
		"Creator      1021 postgres, alive\n"
		"  command    /usr/bin/postgres -D /data\n"
		"  program    /usr/bin/postgres\n"
		"  cgroup     /system.slice/postgresql.service\n"
		"Last user    1022 tst\\x1b[31m, alive\n"
		"  command    postgres: writer\n"
		"Verdict      in-use: nattch 3, held by 1021 postgres and others\n"
		"\n"
		"Attachments: 3, known: 3 by 2 holders\n"
		"      PID COMM             MAPS MODE  SINCE HOW   ADDR               STATE   "
		"COMMAND\n"
		"     1021 postgres            2 rw     <42d scan  0x7f0000000000     creator "
		"/usr/bin/postgres -D /data\n"
		"     1022 tst\\x1b[31m         1 r-   <1d00h scan  0x7e0000000000             "
		"postgres: writer\n"
		"\n"
		"Events seen: 0\n");
}

static void segment_that_nobody_holds_in_words(void **state)
{
	assert_string_equal(
		print_segment(*state, 65538),
		"Segment      65538\n"
		"Namespace    here (1)\n"
		"Key          IPC_PRIVATE\n"
		"State        exists\n"
		"Flags        leak\n"
		"Mode         0640\n"
		"Owner        uid 4000000002, gid 0\n"
		"Made by      uid 0, gid 0\n"
		"Size         64.0M (67108864 bytes)\n"
		"Resident     -\n"
		"Swapped      -\n"
		"Created      2024-04-28 12:04:31, 3d00h ago, or changed by IPC_SET then\n"
		"Attached     2024-04-28 12:04:31, 3d00h ago\n"
		"Detached     2024-04-28 12:04:31, 3d00h ago\n"
		"Creator      9912 -, gone\n"
		"Last user    9912 -, gone\n"
		"Verdict      orphan, likely: nattch 0 for 3d00h\n"
		"             creator 9912 is gone\n"
		"             made when nobody watched: who else knows it is not known\n"
		"\n"
		"Attachments: 0\n"
		"\n"
		"Events seen: 0\n");
}

static void segment_of_another_namespace_in_words(void **state)
{
	const char *text = print_segment(*state, 0);

	assert_non_null(strstr(text, "Namespace    2\n"));
	assert_non_null(strstr(text, "State        removed: it ends when the last holder lets go\n"
				     "Flags        dest, locked\n"));
	assert_non_null(strstr(text, "Creator      -\n"));
	assert_non_null(
		strstr(text, "\nAttachments: 1, known: 0 by 0 holders, drift 1\n\nEvents seen"));
}

static void segment_whose_holders_are_hidden_in_words(void **state)
{
	struct source_status status = *model_status(((struct column_context *)*state)->model);

	status.calls = "none";
	status.partial = true;
	model_set_status(sample_model(*state), &status);
	assert_non_null(strstr(print_segment(*state, 0),
			       "\nAttachments: 1, known: 0 by 0 holders (not all processes may be "
			       "looked at)\n\nEvents: not watched"));
	/* all of them are known */
	assert_non_null(
		strstr(print_segment(*state, 32769), "\nAttachments: 3, known: 3 by 2 holders\n"));
}

#define EVENT_HEADING                                                                    \
	"TIME                PID COMM                 SHMID "                            \
	"CALL                                                         RESULT           " \
	"        TOOK\n"

static void segment_that_is_gone_in_words(void **state)
{
	assert_string_equal(
		print_segment(*state, 229383),
		"Segment      229383\n"
		"Namespace    here (1)\n"
		"Key          IPC_PRIVATE\n"
		"State        gone since 2024-05-01 12:04:29 (last_detach)\n"
		"Flags        dest, noreserve, gone\n"
		"Mode         0600\n"
		"Owner        uid 1000, gid 0\n"
		"Made by      uid 1000, gid 0\n"
		"Size         4.00K (4097 bytes)\n"
		"Resident     -\n"
		"Swapped      -\n"
		"Created      2024-05-01 12:04:26, 5s ago\n"
		"Attached     -\n"
		"Detached     -\n"
		"Last detach  2024-05-01 12:04:29 by 7713 (exit)\n"
		"Creator      7713 tst, gone since 2024-05-01 12:04:29\n"
		"Last user    7713 tst, gone since 2024-05-01 12:04:29\n"
		"Verdict      gone: destroyed 2s ago: removed before, and its last holder let go\n"
		"             7713 tst let go last (exit)\n"
		"             removed 3s ago by 7713 tst\n"
		"\n"
		"Attachments: 0\n"
		"\n"
		"Changes:\n"
		"12:04:26  created                                               by 7713 tst "
		"(1000)\n"
		"12:04:28  IPC_RMID                                      done    by 7713 tst "
		"(1000)\n"
		"12:04:29  destroyed, as its last holder let go                  by 7713 tst "
		"(1000)\n"
		"\n"
		"Events seen: 5\n" EVENT_HEADING
		"12:04:26.000000    7713 tst                 229383 "
		"shmget(IPC_PRIVATE, 4097, IPC_CREAT|SHM_NORESERVE|0600)      "
		"= 229383 created         12.3us\n"
		"12:04:27.000000    7713 tst                 229383 "
		"shmat(229383, NULL, 0)                                       "
		"= 0x7f2a40000000         12.3us\n"
		"12:04:28.000000    7713 tst                 229383 "
		"shmctl(229383, IPC_RMID)                                     "
		"= 0                      12.3us\n"
		"12:04:29.000000    7713 tst                 229383 "
		"detach 1 mapping (exit)                                      "
		"8.00K at 0x7f2a40000000\n"
		"12:04:29.000000    7713 tst                 229383 destroy (last_detach)\n");
}

static void segment_with_unknowns_in_words(void **state)
{
	struct table_test *test = *state;
	struct segment_change removal = {
		.kind = CHANGE_REMOVE,
		.ret = -1,
		.first = SAMPLE_NOW - CLOCK_SECOND,
		.time = SAMPLE_NOW,
		.count = 2,
		.pid = 3,
		.uid = FACT_UID_UNKNOWN,
	};
	const struct segment bare = {.id = {SAMPLE_OTHER, 5, 1}, .changes = &removal};

	assert_int_equal(table_print_segment(test->out, &test->context, &bare), 0);
	assert_string_equal(printed(test),
			    "Segment      5\n"
			    "Namespace    2\n"
			    "Key          -\n"
			    "State        exists\n"
			    "Flags        none\n"
			    "Mode         -\n"
			    "Owner        -\n"
			    "Made by      -\n"
			    "Size         -\n"
			    "Resident     -\n"
			    "Swapped      -\n"
			    "Created      -\n"
			    "Attached     -\n"
			    "Detached     -\n"
			    "Creator      -\n"
			    "Last user    -\n"
			    "Verdict      unknown: its nattch is not known\n"
			    "\n"
			    "Attachments: -\n"
			    "\n"
			    "Changes:\n"
			    "12:04:31  IPC_RMID                                      "
			    "EPERM   by 3, 2 times since 12:04:30\n"
			    "\n"
			    "Events seen: 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(default_columns_are_aligned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_have_a_width_of_their_own, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(raw_fields_hold_no_blank_and_are_never_empty,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_a_heading, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forgotten_segments_are_passed_over, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(width_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(columns_are_cut_and_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(namespace_goes_first_when_all_share_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(wide_characters_stay_in_their_column, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(segment_with_holders_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(segment_that_nobody_holds_in_words, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(segment_of_another_namespace_in_words, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(segment_whose_holders_are_hidden_in_words, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(segment_that_is_gone_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(segment_with_unknowns_in_words, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
