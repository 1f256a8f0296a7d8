/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drift, and what is to be done next. */
#include "model_fixture.h"

#include <errno.h>
#include <stdlib.h>

#define ADDR  UINT64_C(0x7f0000000000)
#define ADDR2 UINT64_C(0x7f0000100000)

static int64_t drift(const struct model *model)
{
	struct model_totals totals;

	model_totals(model, &totals);
	assert_int_equal(totals.drift, llabs(model_drift(living(model, 5))));
	return model_drift(living(model, 5));
}

static void assert_needs(const struct model *model, bool look, bool wants_scan, bool settle)
{
	assert_int_equal(needs(model).look, look);
	assert_int_equal(needs(model).scan, wants_scan);
	assert_int_equal(needs(model).settle, settle);
}

/* ---- drift ----------------------------------------------------------------------------------- */

static void drift_is_what_two_rows_show(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 200, ADDR)};

	snapshot(model, &row, 1, AT(100));
	assert_int_equal(drift(model), 0); /* no scan since it is known */
	assert_true(needs(model).scan);
	scan(model, seen, 1, AT(101));
	assert_needs(model, false, false, false);

	row.nattch = 3;
	snapshot(model, &row, 1, AT(103));
	assert_int_equal(drift(model), 0); /* a shmat may be under way */
	assert_true(needs(model).look);
	row.nattch = 4;
	snapshot(model, &row, 1, AT(104));
	assert_int_equal(drift(model), 0); /* and another one */
	snapshot(model, &row, 1, AT(105));
	assert_int_equal(drift(model), 3);
	assert_true(needs(model).scan);
	assert_false(needs(model).look);
	scan(model, seen, 1, AT(105.5)); /* it cannot mend that: no reason to scan again */
	assert_int_equal(drift(model), 3);
	assert_needs(model, false, false, false);
	snapshot(model, &row, 1, AT(106));
	assert_int_equal(drift(model), 3);
	assert_needs(model, false, false, false);

	row.nattch = 0;
	snapshot(model, &row, 1, AT(107));
	assert_int_equal(drift(model), 0);
	snapshot(model, &row, 1, AT(108));
	assert_int_equal(drift(model), -1);
	assert_true(needs(model).scan);
	scan(model, NULL, 0, AT(108.5)); /* it could */
	assert_int_equal(drift(model), 0);
	assert_needs(model, false, false, false);
}

static void drift_that_was_mended_and_comes_back_is_looked_at_again(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 2);
	const struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(101));
	snapshot(model, &row, 1, AT(102));
	snapshot(model, &row, 1, AT(103));
	scan(model, &seen, 1, AT(104));
	assert_int_equal(drift(model), 1);
	row.nattch = 1;
	snapshot(model, &row, 1, AT(105));
	assert_int_equal(drift(model), 0);
	scan(model, &seen, 1, AT(105.5));
	row.nattch = 2;
	snapshot(model, &row, 1, AT(106));
	scan(model, &seen, 1, AT(106.5)); /* for some other reason: no second row has told it */
	snapshot(model, &row, 1, AT(107));
	assert_int_equal(drift(model), 1);
	assert_needs(model, false, true, false);
}

static void drift_needs_quiet_between_the_rows(void **state)
{
	struct event failed = attached(5, 300, AT(104.5), 0);
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 2);
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 100, ADDR2)};

	snapshot(model, &row, 1, AT(100));
	scan(model, seen, 1, AT(101));
	snapshot(model, &row, 1, AT(102));
	assert_int_equal(drift(model), 0); /* the scan has changed something since the row before */
	attach(model, 5, 200, AT(102.5), ADDR);
	row.nattch = 3;
	snapshot(model, &row, 1, AT(103));
	assert_int_equal(drift(model), 0);
	snapshot(model, &row, 1, AT(104));
	assert_int_equal(drift(model), 1);

	/* one that failed is no use of the segment, but the kernel counted it while it lasted */
	failed.ret = -ENOMEM;
	apply(model, &failed);
	assert_int_equal(drift(model), 0);
	assert_int_equal(living(model, 5)->last->pid, 200);
	assert_int_equal(living(model, 5)->idle_since, AT(102.5));
	snapshot(model, &row, 1, AT(105));
	assert_int_equal(drift(model), 0);
	snapshot(model, &row, 1, AT(106));
	assert_int_equal(drift(model), 1);
	scan(model, seen, 2, AT(107)); /* finds another one */
	assert_int_equal(drift(model), 0);
}

/* A row that is read while a shmat runs shows one more. */
static void drift_is_not_told_of_a_call_under_way(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(100));
	for (int i = 0; i < 5; i++) {
		const double now = 101 + i;
		struct event failed = attached(5, 200, AT(now + 0.1), 0);

		row.nattch = 2;
		snapshot(model, &row, 1, AT(now));
		failed.ret = -EINVAL;
		apply(model, &failed);
		assert_int_equal(drift(model), 0);
	}
	row.nattch = 1;
	snapshot(model, &row, 1, AT(106));
	assert_int_equal(drift(model), 0);
	assert_false(needs(model).look);
}

/* Where some processes may not be looked at, a mapping that is missing is no drift, but unknown. */
static void drift_is_unknown_in_a_partial_view(void **state)
{
	struct model *model = *state;
	const struct source_status partial = {.calls = "none", .partial = true};
	const struct segment_facts rows[] = {a_row(5, 100, 2), a_row(6, 100, 1)};
	const struct attachment seen = a_mapping(6, 100, ADDR);
	struct model_totals totals;

	snapshot(model, rows, 2, AT(100));
	scan(model, &seen, 1, AT(101));
	snapshot(model, rows, 2, AT(102));
	snapshot(model, rows, 2, AT(103));
	assert_true(model_has_drift(model, living(model, 5)));
	model_set_status(model, &partial);
	assert_false(model_has_drift(model, living(model, 5)));
	assert_true(model_has_drift(model, living(model, 6)));
	model_totals(model, &totals);
	assert_false(totals.has_drift);
	assert_int_equal(totals.drift, 0);
}

static void drift_of_one_that_events_told_all_about(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 2);

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	snapshot(model, &row, 1, AT(102));
	snapshot(model, &row, 1, AT(103));
	assert_int_equal(drift(model), 1); /* and no scan was needed to see it */
}

static void distrust_lasts_until_the_next_scan(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(100));
	assert_false(needs(model).scan);
	model_distrust(model);
	row.nattch = 2;
	snapshot(model, &row, 1, AT(101));
	snapshot(model, &row, 1, AT(102));
	assert_true(needs(model).scan);
	assert_int_equal(drift(model), 0); /* nobody knows */
	scan(model, &seen, 1, AT(103));
	assert_int_equal(drift(model), 1);
	assert_false(needs(model).scan);
	assert_int_equal(model_scans(model), 3);
}

/* ---- what to do next ------------------------------------------------------------------------- */

/* Who looks once looks at the tables until they agree with what was mapped. */
static void a_scan_that_finds_others_than_the_row_needs_a_look(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 200, ADDR)};

	snapshot(model, &row, 1, AT(100));
	scan(model, seen, 2, AT(101)); /* one came after the row */
	assert_needs(model, true, false, false);
	row.nattch = 2;
	snapshot(model, &row, 1, AT(102));
	assert_false(needs(model).look || needs(model).scan);
}

static void what_may_be_hidden_needs_no_look(void **state)
{
	struct model *model = *state;
	const struct source_status partial = {.calls = "none", .partial = true};
	const struct segment_facts row = a_row(5, 100, 2);
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 100, ADDR2),
					  a_mapping(5, 200, ADDR)};

	snapshot(model, &row, 1, AT(100));
	model_set_status(model, &partial);
	scan(model, seen, 1, AT(101));
	assert_needs(model, false, false, false);
	scan(model, seen, 3, AT(102)); /* more than there are: that is not hidden */
	assert_needs(model, true, false, false);
}

static void events_under_way_are_no_drift_once_drained(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100));
	scan(model, NULL, 0, AT(100));
	row.nattch = 1;
	row.atime = EPOCH + 100;
	row.lpid = 200;
	snapshot(model, &row, 1, AT(101));
	assert_true(needs(model).scan);
	attach(model, 5, 200, AT(100.9), ADDR); /* was in the buffer when the table was read */
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(model_drift(living(model, 5)), 0);
	assert_false(needs(model).scan);
	assert_true(needs(model).settle);
}

static void changes_that_events_explain_can_wait(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 0);
	const struct attachment seen = a_mapping(5, 200, ADDR);

	snapshot(model, &row, 1, AT(100));
	scan(model, NULL, 0, AT(100));
	attach(model, 5, 200, AT(101.5), ADDR);
	row.nattch = 1;
	row.atime = EPOCH + 101;
	row.lpid = 200;
	snapshot(model, &row, 1, AT(102));
	assert_false(needs(model).scan);
	assert_true(needs(model).settle);
	snapshot(model, &row, 1, AT(103));
	assert_false(needs(model).scan);
	assert_true(needs(model).settle); /* still to be confirmed */
	scan(model, &seen, 1, AT(103.5));
	assert_false(needs(model).scan || needs(model).settle);

	/* one that is new, too, if somebody has it: its mappings may have changed before its first row */
	const struct segment_facts rows[] = {row, a_row(6, 100, 0), a_row(7, 200, 1)};

	make(model, 7, 200, AT(104.1));
	attach(model, 7, 200, AT(104.2), ADDR2);
	snapshot(model, rows, 2, AT(104));
	assert_false(needs(model).scan || needs(model).settle);
	snapshot(model, rows, 3, AT(105));
	assert_false(needs(model).scan);
	assert_true(needs(model).settle);
}

static void changes_that_no_event_told_need_a_scan(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, &row, 1, AT(100));
	scan(model, &seen, 1, AT(100));
	row.dtime = EPOCH + 100; /* one went, one came */
	snapshot(model, &row, 1, AT(101));
	assert_int_equal(model_drift(living(model, 5)), 0);
	assert_true(needs(model).scan);
	assert_true(needs(model).settle);
	scan(model, &seen, 1, AT(101.5));
	assert_false(needs(model).scan || needs(model).settle);
}

static void each_column_that_attaching_moves_is_a_change(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 4; i++) {
		struct segment_facts row = a_row(5, 100, 0);
		const double began = 100 + 10 * i;

		snapshot(model, NULL, 0, AT(began));
		snapshot(model, &row, 1, AT(began + 1));
		row.rss = 4096;
		row.uid = 5;
		snapshot(model, &row, 1, AT(began + 2));
		assert_false(needs(model).settle);
		row.atime += i == 0;
		row.dtime += i == 1;
		row.lpid += i == 2;
		row.nattch += i == 3;
		snapshot(model, &row, 1, AT(began + 3));
		assert_true(needs(model).settle && needs(model).scan);
		scan(model, NULL, 0, AT(began + 4));
	}
}

/* ---- where each change has a record of its own ----------------------------------------------- */

static struct event recorded(enum fact_op op, enum fact_reason reason, int32_t shmid, int32_t pid,
			     uint64_t time)
{
	struct event event = an_event(op, pid, time);

	event.shmid = shmid;
	event.reason = reason;
	event.addr = ADDR;
	event.size = 8192;
	event.took = 0;
	return event;
}

static void rows_that_changed_need_nothing_where_records_tell_all(void **state)
{
	struct model *model = *state;
	const struct event attach_event = recorded(FACT_ATTACH, FACT_REASON_SHMAT, 5, 100, AT(101));
	struct segment_facts row = a_row(5, 100, 0);

	stand_on(model, "fexit", FACT_EXACT_ALL);
	snapshot(model, &row, 1, AT(100));
	assert_needs(model, false, false, false);
	row.nattch = 1;
	row.lpid = 100;
	row.atime = EPOCH + 101;
	snapshot(model, &row, 1, AT(102));
	assert_needs(model, true, false, false); /* the record is under way */
	apply(model, &attach_event);
	assert_needs(model, false, false, false);
	row.dtime = EPOCH + 102;
	snapshot(model, &row, 1, AT(103));
	assert_needs(model, false, false, false);

	/* one probe is missing: a scan must confirm what no record tells */
	stand_on(model, "fexit", FACT_EXACT_ALL & ~FACT_EXACT_INHERIT);
	row.dtime = EPOCH + 103;
	snapshot(model, &row, 1, AT(104));
	assert_needs(model, false, true, true);
}

/* Nobody knows whether a row has what happened while it was read. */
static void a_row_that_has_what_records_tell_later_counts_it_once(void **state)
{
	struct model *model = *state;
	const struct event records[] = {
		recorded(FACT_ATTACH, FACT_REASON_SHMAT, 5, 100, AT(100.001)),
		recorded(FACT_ATTACH, FACT_REASON_SHMAT, 5, 200, AT(100.002))};
	struct segment_facts row = a_row(5, 100, 2);

	stand_on(model, "fexit", FACT_EXACT_ALL);
	make(model, 5, 100, AT(99));
	snapshot(model, &row, 1, AT(100));
	apply(model, &records[0]);
	apply(model, &records[1]);
	assert_counts(living(model, 5), 2, 2);
	row.nattch = 1;
	snapshot(model, &row, 1,
		 AT(100.002)); /* and what it had not, where the record was quicker */
	assert_counts(living(model, 5), 2, 2);
	row.nattch = 3;
	snapshot(model, &row, 1, AT(101));
	assert_int_equal(drift(model), 0);
	snapshot(model, &row, 1, AT(102));
	assert_int_equal(drift(model), 1); /* that is another matter */
	assert_needs(model, false, true, false);
}

/* A scan is not to undo what records under way tell; unless the kernel's count is against them. */
static void a_scan_is_believed_over_records_where_there_is_drift(void **state)
{
	struct model *model = *state;
	const struct event attach_event = recorded(FACT_ATTACH, FACT_REASON_SHMAT, 5, 100, AT(101));
	const struct attachment seen = a_mapping(5, 200, ADDR2);
	struct segment_facts row = a_row(5, 100, 1);

	stand_on(model, "fexit", FACT_EXACT_ALL);
	make(model, 5, 100, AT(100));
	apply(model, &attach_event);
	snapshot(model, &row, 1, AT(102));
	scan(model, &seen, 1, AT(103));
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(living(model, 5)->mappings->holder->process->pid, 100);
	assert_int_equal(holders(model), 1);
	row.nattch = 2;
	snapshot(model, &row, 1, AT(104));
	snapshot(model, &row, 1, AT(105));
	assert_needs(model, false, true, false);
	scan(model, &seen, 1, AT(106));
	assert_int_equal(living(model, 5)->mapped, 1);
	assert_int_equal(living(model, 5)->mappings->holder->process->pid, 200);
}

/* One that is used all the time is never at rest, and each look may differ by what is under way. */
static void one_that_never_agrees_is_doubted(void **state)
{
	struct model *model = *state;
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 200, ADDR),
					  a_mapping(5, 300, ADDR)};
	struct segment_facts row = a_row(5, 100, 1);
	double now = 103;

	stand_on(model, "fexit", FACT_EXACT_ALL);
	model_distrust(model); /* as at the first look */
	snapshot(model, &row, 1, AT(100));
	scan(model, seen, 1, AT(101)); /* the others come without any record */
	assert_needs(model, false, false, false);
	row.nattch = 3;
	for (; !needs(model).scan && now < 200; now += 1) {
		struct event event = recorded(FACT_ATTACH, FACT_REASON_SHMAT, 5, 400, AT(now));

		apply(model, &event);
		event = recorded(FACT_DETACH, FACT_REASON_SHMDT, 5, 400, AT(now + 0.1));
		apply(model, &event);
		assert_int_equal(living(model, 5)->mapped, 1);
		snapshot(model, &row, 1, AT(now + 0.5));
	}
	assert_in_range((int)now, 110, 120);
	scan(model, seen, 3, AT(now));
	assert_counts(living(model, 5), 3, 3);
	assert_needs(model, false, false, false);

	/* one that agrees now and then is not */
	for (int i = 1; i < 60; i++) {
		struct event event = attached(5, 500, AT(now + i), 0);

		event.ret = -ENOMEM; /* it was counted for a moment, and is never at rest */
		apply(model, &event);
		row.nattch = i % 5 ? 4 : 3;
		snapshot(model, &row, 1, AT(now + i + 0.5));
		assert_false(needs(model).scan);
	}
}

/* mprotect of a part leaves a record of the split alone. */
static void a_split_is_confirmed_at_rest(void **state)
{
	struct model *model = *state;
	const struct attachment whole = a_mapping(5, 100, ADDR);
	struct attachment parts[] = {whole, whole};
	struct event split = recorded(FACT_ATTACH, FACT_REASON_SPLIT, 5, 100, AT(102));
	struct segment_facts row = a_row(5, 100, 1);

	stand_on(model, "fexit", FACT_EXACT_ALL);
	model_distrust(model); /* as at the first look */
	snapshot(model, &row, 1, AT(100));
	scan(model, &whole, 1, AT(101));
	split.mm = whole.mm;
	split.addr = whole.start;
	split.size = whole.length / 2;
	apply(model, &split);
	row.nattch = 2;
	snapshot(model, &row, 1, AT(103));
	assert_counts(living(model, 5), 2, 2);
	assert_needs(model, false, false, true);
	parts[0].length = parts[1].length = parts[1].offset = whole.length / 2;
	parts[1].start += whole.length / 2;
	parts[0].flags = 0;
	scan(model, parts, 2, AT(104));
	assert_counts(living(model, 5), 2, 2);
	assert_int_equal(living(model, 5)->mappings->holder->mappings->flags, 0);
	assert_needs(model, false, false, false);
}

/* The record of a detach comes a moment before it is done, that of an attach a moment after: a row that was
 * read in between has the one still and the other already. */
static void a_row_amid_a_change_moves_nothing(void **state)
{
	struct model *model = *state;
	struct event event = recorded(FACT_ATTACH, FACT_REASON_SHMAT, 5, 100, AT(101));
	struct segment_facts row = a_row(5, 100, 0);

	stand_on(model, "fexit", FACT_EXACT_ALL);
	make(model, 5, 100, AT(100));
	row.nattch = 1;
	snapshot(model, &row, 1, AT(101.01));
	apply(model, &event);
	assert_counts(living(model, 5), 1, 1);
	event = recorded(FACT_DETACH, FACT_REASON_SHMDT, 5, 100, AT(102));
	apply(model, &event);
	snapshot(model, &row, 1, AT(102.01));
	assert_counts(living(model, 5), 0, 0);
	event = recorded(FACT_ATTACH, FACT_REASON_SHMAT, 5, 100, AT(102.05));
	row.nattch = 0;
	snapshot(model, &row, 1, AT(102.06));
	apply(model, &event);
	assert_counts(living(model, 5), 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(drift_is_what_two_rows_show),
		MODEL_TEST(drift_that_was_mended_and_comes_back_is_looked_at_again),
		MODEL_TEST(drift_needs_quiet_between_the_rows),
		MODEL_TEST(drift_is_not_told_of_a_call_under_way),
		MODEL_TEST(drift_is_unknown_in_a_partial_view),
		MODEL_TEST(drift_of_one_that_events_told_all_about),
		MODEL_TEST(distrust_lasts_until_the_next_scan),
		MODEL_TEST(a_scan_that_finds_others_than_the_row_needs_a_look),
		MODEL_TEST(what_may_be_hidden_needs_no_look),
		MODEL_TEST(events_under_way_are_no_drift_once_drained),
		MODEL_TEST(changes_that_events_explain_can_wait),
		MODEL_TEST(changes_that_no_event_told_need_a_scan),
		MODEL_TEST(each_column_that_attaching_moves_is_a_change),
		MODEL_TEST(rows_that_changed_need_nothing_where_records_tell_all),
		MODEL_TEST(a_row_that_has_what_records_tell_later_counts_it_once),
		MODEL_TEST(a_scan_is_believed_over_records_where_there_is_drift),
		MODEL_TEST(one_that_never_agrees_is_doubted),
		MODEL_TEST(a_split_is_confirmed_at_rest),
		MODEL_TEST(a_row_amid_a_change_moves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
