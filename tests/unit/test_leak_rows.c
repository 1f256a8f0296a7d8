/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaks as paragraphs, and what they are collected from. */
#include "sample.h"

#include <stdio.h>

#include "paths_sample.h"
#include "report/leak_rows.h"

enum { NS = 3, PID = 500, TEXT_LEN = 8192 };

struct bench {
	struct column_context context;
	struct call_paths *paths;
	char text[TEXT_LEN];
};

static int set_up(void **state)
{
	static struct bench bench;

	bench.context = sample_new();
	assert_int_equal(call_paths_new(&bench.paths), 0);
	bench.context.paths = bench.paths;
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	sample_free(&bench->context);
	call_paths_free(bench->paths);
	return 0;
}

static bool in_namespace(void *choosing, const struct segment *segment, enum verdict_kind kind,
			 enum verdict_confidence confidence)
{
	(void)choosing;
	(void)kind;
	(void)confidence;
	return segment->id.ipcns == NS;
}

/* `count` segments that a process makes at one place, which then ends. */
static void leave(struct bench *bench, int32_t first, int32_t count, const char *function,
		  uint64_t offset)
{
	struct model *model = sample_model(&bench->context);
	uint32_t stack = function ? paths_sample(bench->paths, function, offset) : 0;
	uint64_t time = SAMPLE_NOW - 60 * CLOCK_SECOND;

	for (int32_t i = 0; i < count; i++, time++) {
		const struct event event = {
			.op = FACT_SHMGET,
			.time = time,
			.ipcns = NS,
			.shmid = first + i,
			.ret = first + i,
			.pid = PID,
			.tid = PID,
			.ppid = 400,
			.pgid = PID,
			.mm = 0x500,
			.start_time = SAMPLE_NOW - 90 * CLOCK_SECOND,
			.created = true,
			.size = 1000,
			.comm = "server",
		};

		assert_int_equal(model_apply(model, &event), 0);
		if (stack)
			model_set_stack(model, NS, event.shmid, event.time, stack,
					call_paths_get(bench->paths, stack)->site_id);
	}
}

static void end_maker(struct bench *bench)
{
	const struct event event = {
		.op = FACT_EXIT,
		.time = SAMPLE_NOW - 30 * CLOCK_SECOND,
		.ipcns = NS,
		.shmid = -1,
		.pid = PID,
		.tid = PID,
		.mm = 0x500,
		.start_time = SAMPLE_NOW - 90 * CLOCK_SECOND,
		.comm = "server",
	};

	struct model *model = sample_model(&bench->context);

	assert_int_equal(model_apply(model, &event), 0);
	for (const struct segment *at = model_segments(model); at; at = at->next)
		if (at->starter)
			model_process_missing(model, at->starter, SAMPLE_NOW);
	for (const struct segment *at = model_segments(model); at; at = at->next)
		if (at->group)
			model_group_known(model, at->group, true, "", SAMPLE_NOW);
}

static const char *print(struct bench *bench, const struct leak_rows_options *options)
{
	struct leaks_list list = {0};
	FILE *out = fmemopen(bench->text, TEXT_LEN, "w");

	assert_non_null(out);
	assert_int_equal(leaks_collect_chosen(&bench->context, in_namespace, NULL, &list), 0);
	leak_rows_print(out, &bench->context, &list, options);
	fclose(out);
	leaks_free(&list);
	return bench->text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

static void a_row_is_a_paragraph(void **state)
{
	struct bench *bench = *state;
	const struct leak_rows_options options = {0};

	leave(bench, 7, 1, "handle_request", 0x100);
	end_maker(bench);
	const char *text = print(bench, &options);

	assert_has(text, "sure orphan: 1 segment (1000)\n"
			 "  made by server at handle_request server.c:42\n"
			 "    shmget+0x0\n"
			 "    handle_request server.c:42\n"
			 "    main server.c:7\n"
			 "  never attached in 1m, creator 500 server exited 30s ago");
	assert_has(text, "\n  shmtop rm 3:7\n");
	/* what starts a program tells nothing */
	assert_lacks(text, "__libc_start_main");
	assert_lacks(text, "in memory");
}

static void every_frame_if_asked_for(void **state)
{
	struct bench *bench = *state;
	const struct leak_rows_options options = {.stacks = true};

	leave(bench, 7, 1, "handle_request", 0x100);
	const char *text = print(bench, &options);

	assert_has(text, "    handle_request server.c:42  (/usr/bin/server+0x100)\n");
	assert_has(text, "    __libc_start_main+0x0  (/lib/libc.so.6+0x2000)\n");
}

static void call_sites_are_told_apart_and_ids_bounded(void **state)
{
	struct bench *bench = *state;
	const struct leak_rows_options options = {0};

	leave(bench, 1, 20, "handle_request", 0x100);
	leave(bench, 30, 2, "reload", 0x180);
	end_maker(bench);
	const char *text = print(bench, &options);

	assert_has(text, "sure orphan: 20 segments (19.5K)\n"
			 "  made by server at handle_request server.c:42\n");
	assert_has(text, "  shmtop rm 3:1 3:2 3:3 3:4 3:5 3:6 3:7 3:8\n"
			 "  and 12 more: shmtop leaks --commands\n"
			 "\n"
			 "sure orphan: 2 segments (1.95K)\n"
			 "  made by server at reload server.c:42\n");
	assert_has(text, "  shmtop rm 3:30 3:31\n");
}

static void without_words_and_commands(void **state)
{
	struct bench *bench = *state;
	const struct leak_rows_options options = {.no_words = true, .temporary = true};

	bench->context.over = true;
	leave(bench, 7, 1, NULL, 0);
	end_maker(bench);
	const char *text = print(bench, &options);

	assert_ptr_equal(strstr(text, "orphan: 1 segment (1000)\n  made by server\n"), text);
	assert_lacks(text, "shmtop rm");
}

/* What is only in use may be chosen, too. */
static void ids_follow_their_rows(void **state)
{
	struct bench *bench = *state;
	struct leaks_list list = {0};
	struct leaks_total sum;

	leave(bench, 1, 1, "a", 0x100);
	leave(bench, 2, 1, "b", 0x180);
	leave(bench, 3, 1, "a", 0x100);
	assert_int_equal(leaks_collect_chosen(&bench->context, in_namespace, NULL, &list), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.id_count, 3);
	for (size_t i = 0; i < list.count; i++)
		for (size_t j = 0; j < list.rows[i].count; j++)
			assert_int_equal(
				model_find(bench->context.model, &list.ids[list.rows[i].first + j])
					->site,
				list.rows[i].site);
	assert_int_equal(list.ids[list.rows[0].first].shmid, 1);
	assert_int_equal(list.ids[list.rows[0].first + 1].shmid, 3);
	sum = leaks_sum(&list);
	assert_int_equal(sum.count, 3);
	assert_int_equal(sum.size, 3000);
	assert_false(sum.has_bytes);
	leaks_free(&list);
	assert_null(list.ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_row_is_a_paragraph, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_frame_if_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(call_sites_are_told_apart_and_ids_bounded, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(without_words_and_commands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ids_follow_their_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
