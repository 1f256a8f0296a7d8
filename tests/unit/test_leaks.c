/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that sum up what has the same verdict, the same maker, and the same call site. */
#include "sample.h"

#include "judge/growth.h"
#include "report/leaks.h"

static int set_up(void **state)
{
	static struct column_context context;

	context = sample_new();
	*state = &context;
	return 0;
}

static int tear_down(void **state)
{
	sample_free(*state);
	return 0;
}

#define STARTED (SAMPLE_NOW - 1000 * CLOCK_SECOND)

/* shmget of a process, so many seconds ago */
static void make(struct model *model, int32_t shmid, int32_t pid, unsigned int ago, int32_t key)
{
	struct event get = sample_event(FACT_SHMGET, ago * 1000);

	get.shmid = shmid;
	get.ret = shmid;
	get.pid = get.tid = pid;
	get.ppid = 400;
	get.pgid = pid;
	get.mm = 0x1000 + (uint64_t)pid;
	get.start_time = STARTED;
	get.created = true;
	get.key = key;
	get.size = shmid == 9 ? 2 << 20 : 1 << 20;
	assert_int_equal(model_apply(model, &get), 0);
	for (const struct segment *at = model_segments(model); at; at = at->next)
		if (at->starter)
			model_process_missing(model, at->starter, SAMPLE_NOW);
	for (const struct segment *at = model_segments(model); at; at = at->next)
		if (at->group)
			model_group_known(model, at->group, true, "", SAMPLE_NOW);
}

static void at_site(struct model *model, int32_t shmid, unsigned int ago, uint32_t site)
{
	model_set_stack(model, SAMPLE_HOST, shmid, SAMPLE_NOW - ago * CLOCK_SECOND, site + 100,
			site);
}

static void end(struct model *model, int32_t pid, unsigned int ago, int status)
{
	struct event exit = sample_event(FACT_EXIT, ago * 1000);

	exit.shmid = -1;
	exit.pid = exit.tid = pid;
	exit.mm = 0x1000 + (uint64_t)pid;
	exit.start_time = STARTED;
	exit.status = status;
	assert_int_equal(model_apply(model, &exit), 0);
}

static void one_leak_is_told_in_words(void **state)
{
	struct leaks_list list = {0};

	assert_int_equal(leaks_collect(*state, &list), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.rows[0].name, "-");
	assert_int_equal(list.rows[0].kind, VERDICT_ORPHAN);
	assert_int_equal(list.rows[0].confidence, VERDICT_MEDIUM);
	assert_int_equal(list.rows[0].count, 1);
	assert_int_equal(list.rows[0].bytes, 64 << 20);
	assert_false(list.rows[0].has_bytes); /* what is resident is not known: it is the size */
	assert_true(list.rows[0].has_oldest);
	assert_int_equal(list.rows[0].oldest, 3 * SAMPLE_DAY);
	assert_int_equal(list.rows[0].largest.shmid, 65538);
	assert_int_equal(list.rows[0].example.shmid, 65538);
	assert_false(list.rows[0].grows);
	assert_string_equal(list.rows[0].evidence,
			    "nattch 0 for 3d00h, creator 9912 is gone, made when nobody watched: "
			    "who else knows it is not known");
	assert_int_equal(list.total[VERDICT_MEDIUM].count, 1);
	assert_int_equal(list.total[VERDICT_MEDIUM].bytes, 64 << 20);
	assert_int_equal(list.total[VERDICT_LOW].count, 0);
	assert_true(list.total[VERDICT_LOW].has_bytes);
	assert_int_equal(leaks_total(*state).count, 1);
	assert_false(leaks_total(*state).has_bytes);
	leaks_free(&list);
	assert_null(list.rows);
}

/* Rows by which the kernel tells more: of 8 never attached, resident pages known */
static void look(struct model *model, const struct segment_facts *rows, size_t count)
{
	assert_int_equal(model_reconcile_segments(model, SAMPLE_HOST, rows, count, 0, SAMPLE_NOW),
			 0);
}

static struct segment_facts a_row(int32_t shmid, int32_t pid, uint64_t size, uint64_t rss)
{
	return (struct segment_facts){
		.known = FACT_COL_ALL, .shmid = shmid, .size = size, .cpid = pid, .rss = rss};
}

static void leaks_are_grouped_by_verdict_and_maker(void **state)
{
	const struct column_context *context = *state;
	struct model *model = sample_model(context);
	struct segment_facts rows[] = {
		sample_host_rows[0],           sample_host_rows[1],
		a_row(8, 500, 1 << 20, 4096),  a_row(9, 501, 2 << 20, 12288),
		a_row(10, 502, 1 << 20, 4096), a_row(11, 503, 1 << 20, 4096),
		a_row(12, 504, 1 << 20, 4096),
	};
	struct leaks_list list = {0};

	rows[6].key = 0x1234;
	make(model, 8, 500, 40, 0);
	make(model, 9, 501, 30, 0);
	make(model, 10, 502, 20, 0);
	make(model, 11, 503, 20, 0);
	make(model, 12, 504, 20, 0x1234);
	end(model, 500, 15, 9);
	end(model, 501, 15, 0);
	end(model, 503, 15, 9);
	end(model, 504, 15, 0);
	look(model, rows, 7);
	assert_int_equal(leaks_collect(context, &list), 0);
	/* 10 is known to its creator, who lives */
	assert_int_equal(list.count, 3);
	const struct leaks_row *row = &list.rows[0];

	/* what is sure comes first, then the most bytes */
	assert_string_equal(row->name, "tst");
	assert_int_equal(row->kind, VERDICT_ORPHAN);
	assert_int_equal(row->confidence, VERDICT_HIGH);
	assert_int_equal(row->count, 3);
	assert_int_equal(row->size, 4 << 20);
	assert_int_equal(row->bytes, 20480);
	assert_true(row->has_bytes);
	assert_int_equal(row->oldest, 40);
	assert_int_equal(row->largest.shmid, 9);
	assert_int_equal(row->example.shmid, 8);
	assert_string_equal(row->evidence,
			    "the longest: never attached in 40s, creator 500 tst was killed by "
			    "signal 9 15s ago, nobody else ever attached it");
	assert_string_equal(list.rows[1].name, "-");
	assert_int_equal(list.rows[1].confidence, VERDICT_MEDIUM);
	assert_string_equal(list.rows[2].name, "tst");
	assert_int_equal(list.rows[2].confidence, VERDICT_MEDIUM);
	assert_int_equal(list.rows[2].example.shmid, 12);
	assert_int_equal(list.total[VERDICT_HIGH].count, 3);
	assert_int_equal(list.total[VERDICT_HIGH].bytes, 20480);
	assert_int_equal(list.total[VERDICT_MEDIUM].count, 2);
	assert_int_equal(list.total[VERDICT_MEDIUM].size, 65 << 20);
	assert_int_equal(leaks_total(context).count, 5);

	assert_true(leaks_row_has(context, row, sample_segment(context, 11)));
	assert_false(leaks_row_has(context, row, sample_segment(context, 12)));
	assert_false(leaks_row_has(context, row, sample_segment(context, 10)));
	assert_false(leaks_row_has(context, row, sample_segment(context, 32769)));

	/* again into the same list */
	assert_int_equal(leaks_collect(context, &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.total[VERDICT_HIGH].count, 3);
	leaks_free(&list);
}

static void two_call_sites_are_told_apart(void **state)
{
	const struct column_context *context = *state;
	struct model *model = sample_model(context);
	const struct process_facts facts = {
		.pid = 500, .start_time = STARTED, .comm = "tst", .exe = "/usr/bin/tst"};
	const struct process *wanted;
	struct leaks_list list = {0};

	for (int i = 0; i < 4; i++)
		make(model, 8 + i, 500 + i, 40, 0);
	at_site(model, 8, 40, 1);
	at_site(model, 9, 40, 1);
	at_site(model, 10, 40, 2);
	while ((wanted = model_next_wanted(model)))
		if (wanted->pid == 500)
			model_process_known(model, wanted, &facts, SAMPLE_NOW);
	for (int i = 0; i < 4; i++)
		end(model, 500 + i, 15, 0);
	assert_int_equal(leaks_collect(context, &list), 0);
	assert_int_equal(list.count, 4);
	/* of one the executable is known, and so it is of the other */
	assert_int_equal(list.rows[0].site, 1);
	assert_int_equal(list.rows[0].stack, 101);
	assert_int_equal(list.rows[0].count, 2);
	assert_string_equal(list.rows[0].name, "/usr/bin/tst");
	assert_int_equal(list.rows[1].site, 0);
	assert_string_equal(list.rows[1].name, "tst");
	assert_int_equal(list.rows[2].site, 2);
	assert_int_equal(list.rows[2].count, 1);
	leaks_free(&list);
}

static bool is_small(void *choosing, const struct segment *segment, enum verdict_kind kind,
		     enum verdict_confidence confidence)
{
	(void)choosing;
	(void)kind;
	return confidence != VERDICT_NONE && segment->facts.size < 2 << 20;
}

static void a_choice_leaves_others_out(void **state)
{
	const struct column_context *context = *state;
	struct leaks_list list = {0};

	make(sample_model(context), 8, 500, 40, 0);
	end(sample_model(context), 500, 15, 0);
	assert_int_equal(leaks_collect_chosen(context, is_small, NULL, &list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.rows[0].largest.shmid, 8);
	assert_int_equal(list.total[VERDICT_MEDIUM].count, 0);
	leaks_free(&list);
}

static void growth_is_told_with_its_rate(void **state)
{
	struct column_context *context = *state;
	struct model *model = sample_model(context);
	struct leaks_list list = {0};
	struct growth *growth;

	assert_int_equal(growth_new(&growth), 0);
	for (unsigned int i = 0; i < 10; i++) {
		make(model, 8 + (int32_t)i, 500, 40 - i, 0);
		assert_int_equal(growth_update(growth, model,
					       SAMPLE_NOW - (40 - i) * CLOCK_SECOND + CLOCK_MS),
				 0);
	}
	context->growth = growth;
	assert_int_equal(leaks_collect(context, &list), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.rows[1].kind, VERDICT_GROWING);
	assert_int_equal(list.rows[1].confidence, VERDICT_MEDIUM);
	assert_true(list.rows[1].has_full);
	assert_string_equal(list.rows[1].full_of, "SHMMNI");
	assert_int_equal(list.rows[1].count, 10);
	assert_true(list.rows[1].grows);
	assert_int_equal((int)list.rows[1].rate, 3600);
	assert_int_equal(list.total[VERDICT_MEDIUM].count, 11);
	leaks_free(&list);
	growth_free(growth);
}

static void reasons_are_joined(void **state)
{
	struct verdict verdict = {.count = VERDICT_REASONS};
	char out[LEAKS_EVIDENCE_LEN];

	(void)state;
	for (size_t i = 0; i < VERDICT_REASONS; i++)
		memset(verdict.because[i], 'a' + (int)i, VERDICT_REASON_LEN - 1);
	leaks_evidence(&verdict, out);
	assert_int_equal(strlen(out), LEAKS_EVIDENCE_LEN - 1);
	verdict.count = 2;
	strcpy(verdict.because[0], "one");
	strcpy(verdict.because[1], "two");
	assert_string_equal(leaks_evidence(&verdict, out), "one, two");
	verdict.count = 0;
	assert_string_equal(leaks_evidence(&verdict, out), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_leak_is_told_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaks_are_grouped_by_verdict_and_maker, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(two_call_sites_are_told_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_choice_leaves_others_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(growth_is_told_with_its_rate, set_up, tear_down),
		cmocka_unit_test(reasons_are_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
