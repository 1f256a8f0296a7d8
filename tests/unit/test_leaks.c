/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts, the evidence for them, and the rows that group them. */
#include "sample.h"

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

static void assert_verdict(const struct column_context *context, int32_t shmid,
			   enum leaks_verdict expected, const char *name)
{
	enum leaks_verdict verdict = leaks_verdict(context, sample_segment(context, shmid));

	assert_int_equal(verdict, expected);
	assert_string_equal(leaks_verdict_name(verdict), name);
}

/* shmget of a process, so many seconds ago */
static void make(struct model *model, int32_t shmid, int32_t pid, unsigned int ago)
{
	struct event get = sample_event(FACT_SHMGET, ago * 1000);

	get.shmid = shmid;
	get.ret = shmid;
	get.pid = get.tid = pid;
	get.mm = 0x1000 + (uint64_t)pid;
	get.start_time = SAMPLE_NOW - 100 * CLOCK_SECOND;
	get.created = true;
	get.size = shmid == 9 ? 2 << 20 : 1 << 20;
	assert_int_equal(model_apply(model, &get), 0);
}

static void let_go(struct model *model, int32_t pid, unsigned int ago, int status)
{
	struct event exit = sample_event(FACT_EXIT, ago * 1000);

	exit.shmid = -1;
	exit.pid = exit.tid = pid;
	exit.mm = 0x1000 + (uint64_t)pid;
	exit.start_time = SAMPLE_NOW - 100 * CLOCK_SECOND;
	exit.status = status;
	assert_int_equal(model_apply(model, &exit), 0);
}

static void each_segment_has_one_verdict(void **state)
{
	const struct column_context *context = *state;
	const struct segment bare = {0};

	assert_verdict(context, 32769, LEAKS_IN_USE, "in-use");
	assert_verdict(context, 65538, LEAKS_ORPHAN, "orphan");
	assert_verdict(context, 0, LEAKS_DEST, "dest");
	assert_verdict(context, 229383, LEAKS_GONE, "gone");
	assert_int_equal(leaks_verdict(context, &bare), LEAKS_UNKNOWN);
	assert_null(leaks_verdict_name(LEAKS_UNKNOWN));
	make(sample_model(context), 7, 500, 9);
	make(sample_model(context), 8, 500, 11);
	assert_verdict(context, 7, LEAKS_NEW, "new");
	assert_verdict(context, 8, LEAKS_UNATTACHED, "unattached");
	let_go(sample_model(context), 500, 1, 0);
	assert_verdict(context, 7, LEAKS_NEW, "new");
	assert_verdict(context, 8, LEAKS_ORPHAN, "orphan");
}

static void one_leak_is_told_in_words(void **state)
{
	struct leaks_list list = {0};

	assert_int_equal(leaks_collect(*state, &list), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.rows[0].name, "-");
	assert_int_equal(list.rows[0].verdict, LEAKS_ORPHAN);
	assert_int_equal(list.rows[0].confidence, LEAKS_LIKELY);
	assert_string_equal(leaks_confidence_name(LEAKS_LIKELY), "likely");
	assert_int_equal(list.rows[0].count, 1);
	assert_int_equal(list.rows[0].bytes, 64 << 20);
	assert_false(list.rows[0].has_bytes); /* what is resident is not known: it is the size */
	assert_true(list.rows[0].has_oldest);
	assert_int_equal(list.rows[0].oldest, 3 * SAMPLE_DAY);
	assert_int_equal(list.rows[0].largest.shmid, 65538);
	assert_string_equal(list.rows[0].evidence, "nattch 0 for 3d00h, creator 9912 is gone");
	assert_int_equal(list.total[LEAKS_LIKELY].count, 1);
	assert_int_equal(list.total[LEAKS_LIKELY].bytes, 64 << 20);
	assert_int_equal(list.total[LEAKS_WATCH].count, 0);
	assert_true(list.total[LEAKS_WATCH].has_bytes);
	assert_int_equal(leaks_total(*state).count, 1);
	assert_false(leaks_total(*state).has_bytes);
	leaks_free(&list);
	assert_null(list.rows);
}

static const struct leaks_row *row_of(const struct leaks_list *list, const char *name,
				      enum leaks_verdict verdict)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->rows[i].name, name) == 0 && list->rows[i].verdict == verdict)
			return &list->rows[i];
	fail_msg("no row for %s", name);
	return NULL;
}

/* Rows by which the kernel tells more: of 8 never attached, resident pages known */
static void look(struct model *model, const struct segment_facts *rows, size_t count)
{
	assert_int_equal(model_reconcile_segments(model, SAMPLE_HOST, rows, count, 0, SAMPLE_NOW),
			 0);
}

static void leaks_are_grouped_by_program_and_verdict(void **state)
{
	const struct column_context *context = *state;
	struct model *model = sample_model(context);
	const struct segment_facts rows[] = {
		sample_host_rows[0],
		sample_host_rows[1],
		{.known = FACT_COL_ALL, .shmid = 8, .size = 1 << 20, .cpid = 500, .rss = 4096},
		{.known = FACT_COL_ALL,
		 .shmid = 9,
		 .size = 2 << 20,
		 .cpid = 501,
		 .rss = 8192,
		 .swap = 4096},
		{.known = FACT_COL_ALL, .shmid = 10, .size = 1 << 20, .cpid = 502, .rss = 4096},
		{.known = FACT_COL_ALL, .shmid = 11, .size = 1 << 20, .cpid = 503, .rss = 4096},
	};
	struct leaks_list list = {0};

	make(model, 8, 500, 40);
	make(model, 9, 501, 30);
	make(model, 10, 502, 20);
	make(model, 11, 503, 20);
	let_go(model, 500, 15, 9);
	let_go(model, 501, 15, 0);
	let_go(model, 503, 15, 9);
	look(model, rows, 6);
	assert_int_equal(leaks_collect(context, &list), 0);
	assert_int_equal(list.count, 3);
	/* what is likely comes first, the most bytes before */
	assert_string_equal(list.rows[0].name, "-");
	const struct leaks_row *row = row_of(&list, "tst", LEAKS_ORPHAN);

	assert_ptr_equal(row, &list.rows[1]);
	assert_int_equal(row->count, 3);
	assert_int_equal(row->size, 4 << 20);
	assert_int_equal(row->bytes, 20480);
	assert_true(row->has_bytes);
	assert_int_equal(row->oldest, 40);
	assert_string_equal(row->evidence, "never attached in up to 40s, creator 500 tst was "
					   "killed by signal 9, and others");
	row = row_of(&list, "tst", LEAKS_UNATTACHED);
	assert_ptr_equal(row, &list.rows[2]);
	assert_int_equal(row->confidence, LEAKS_WATCH);
	assert_string_equal(row->evidence, "never attached in 20s, creator 502 tst lives");
	assert_int_equal(list.total[LEAKS_LIKELY].count, 4);
	assert_int_equal(list.total[LEAKS_LIKELY].size, 68 << 20);
	assert_int_equal(list.total[LEAKS_LIKELY].bytes, (64 << 20) + 20480);
	assert_int_equal(list.total[LEAKS_WATCH].count, 1);
	assert_int_equal(list.total[LEAKS_WATCH].bytes, 4096);
	assert_int_equal(leaks_total(context).count, 4);

	/* again into the same list */
	assert_int_equal(leaks_collect(context, &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.total[LEAKS_LIKELY].count, 4);
	leaks_free(&list);
}

/* Two segments of one creator are not of others; one that was attached once did not lie unused for ever. */
static void what_differs_in_a_group_is_told(void **state)
{
	const struct column_context *context = *state;
	struct model *model = sample_model(context);
	const struct segment_facts rows[] = {
		sample_host_rows[0],
		{.known = FACT_COL_ALL, .shmid = 8, .size = 1 << 20, .cpid = 500},
		{.known = FACT_COL_ALL,
		 .shmid = 9,
		 .size = 2 << 20,
		 .cpid = 500,
		 .atime = SAMPLE_DATE - 20,
		 .dtime = SAMPLE_DATE - 18},
	};
	struct leaks_list list = {0};

	make(model, 8, 500, 40);
	make(model, 9, 500, 30);
	let_go(model, 500, 15, 0);
	look(model, rows, 3);
	assert_int_equal(leaks_collect(context, &list), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.rows[0].evidence,
			    "nattch 0 for up to 40s, creator 500 tst exited");
	assert_int_equal(list.rows[0].largest.shmid, 9);
	leaks_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_segment_has_one_verdict, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_leak_is_told_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaks_are_grouped_by_program_and_verdict, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_differs_in_a_group_is_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
