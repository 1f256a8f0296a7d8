/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which mapping a record is about: what is known of places may be old, and a scan may have been quicker. */
#include "model_records.h"

/* mprotect moves borders and tells nothing: what is known to begin there may lie elsewhere by now. */
static void a_shmat_where_another_seems_to_be(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, PAGE);
	attach_both(model, 100, 102, ADDR, PAGE);
	assert_counts(living(model, 5), 2, 2);
	assert_no_line();
}

/* Of several that seem to lie there it is one of the same attach; then one that leaves a rest. */
static void a_split_takes_the_right_one(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	attach_both(model, 100, 102, ADDR + PAGE, 2 * PAGE);
	record_part(model, FACT_ATTACH, FACT_REASON_SPLIT, 103, ADDR + PAGE, PAGE, 0);
	assert_told(FACT_ATTACH, FACT_REASON_SPLIT, 100, 1, ADDR + PAGE, PAGE);
	assert_places(model, "0+2@0 1+1@0 2+1@1 ");

	attach_both(model, 100, 104, ADDR2, PAGE);
	record_part(model, FACT_ATTACH, FACT_REASON_SHMAT, 105, ADDR2 + PAGE, 3 * PAGE, PAGE);
	record_part(model, FACT_ATTACH, FACT_REASON_SPLIT, 106, ADDR2, 2 * PAGE, 0);
	assert_told(FACT_ATTACH, FACT_REASON_SPLIT, 100, 1, ADDR2, 2 * PAGE);
	assert_places(model, "0+2@0 1+1@0 2+1@1 256+2@0 256+1@0 258+2@2 ");

	attach_both(model, 100, 107, ADDR2 + 8 * PAGE, 4 * PAGE);
	attach_both(model, 100, 108, ADDR2 + 9 * PAGE, PAGE);
	record_part(model, FACT_ATTACH, FACT_REASON_SPLIT, 109, ADDR2 + 9 * PAGE, PAGE, 0);
	assert_told(FACT_ATTACH, FACT_REASON_SPLIT, 100, 1, ADDR2 + 9 * PAGE, PAGE);
	assert_int_equal(mapping_from(model, ADDR2 + 8 * PAGE)->length, 4 * PAGE);
}

/* Records name a segment: what another one is known to have there is not meant. */
static void another_segment_in_the_same_place(void **state)
{
	struct event other = a_record(FACT_ATTACH, FACT_REASON_SHMAT, 100, 101, ADDR, 4 * PAGE);
	struct event call = attached(5, 100, AT(103), ADDR);
	struct model *model = *state;

	other.shmid = 6;
	apply(model, &other);
	record(model, FACT_ATTACH, FACT_REASON_SPLIT, 100, 102, ADDR, PAGE);
	assert_told(FACT_ATTACH, FACT_REASON_MREMAP, 100, 1, ADDR, PAGE);
	assert_int_equal(living(model, 5)->mappings->since, AT(102));
	assert_int_equal(living(model, 6)->mappings->length, 4 * PAGE);

	other.shmid = 7; /* which comes first in the list */
	other.time = AT(102.5);
	apply(model, &other);
	call.ipcns = NS + 1;
	apply(model, &call);
	assert_int_equal(heard.lines[heard.count - 1].segment.generation,
			 living(model, 5)->id.generation);
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 100, 104, ADDR, PAGE);
	assert_told(FACT_DETACH, FACT_REASON_MUNMAP, 100, 1, ADDR, PAGE);
	assert_counts(living(model, 5), 0, 0);
	assert_counts(living(model, 6), 1, 1);
	assert_counts(living(model, 7), 1, 1);

	other.shmid = 5; /* of another namespace */
	other.ipcns = NS + 1;
	apply(model, &other);
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 100, 105, ADDR, PAGE);
	assert_int_equal(holders(model), 1);
	assert_no_line();
	other.op = FACT_DETACH;
	other.reason = FACT_REASON_MUNMAP;
	apply(model, &other);
	assert_int_equal(next_line()->ipcns, NS + 1);
}

/* What is known of places may be old, but not how many there are: the record says where it was, and the best of
 * those that it can have been goes. Mappings and the record are "PAGE+PAGES@OFFSET" from ADDR on. */
static void the_mapping_that_ends_is_the_likeliest(void **state)
{
	static const struct {
		const char *mapped, *record, *left;
	} cases[] = {
		{"0+1@0 1+3@1 ", "1+3@1 ", "0+1@0 "}, /* just that */
		{"0+1@0 1+3@1 ", "2+2@2 ", "0+1@0 "}, /* the border moved up: the same end */
		{"0+2@0 2+2@2 ", "0+1@0 ", "2+2@2 "}, /* the same start */
		{"1+2@1 4+1@4 ", "0+2@0 ", "4+1@4 "}, /* overlap */
		{"0+1@0 8+2@0 ", "2+1@2 ", "8+2@0 "}, /* of the same attach */
		{"0+1@0 2+2@0 ", "0+3@0 ", "2+2@0 "}, /* the start is better than overlap */
		{"3+2@0 6+2@6 ", "2+2@2 ", "6+2@6 "}, /* overlap is better than the attach alone */
		{"2+4@0 3+3@3 ", "4+2@4 ", "2+4@0 "}, /* of several that end there its own attach */
		{"2+1@0 ", "0+2@0 ", "2+1@0 "},       /* beside is not overlap */
		{"0+1@0 ", "8+1@0 ", "0+1@0 "},       /* none of these */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		void *model;
		double seconds = 101;
		const char *rest = cases[i].mapped;
		int start, length, offset, used;

		set_up_exact(&model);
		for (; sscanf(rest, "%d+%d@%d %n", &start, &length, &offset, &used) == 3;
		     rest += used)
			record_part(model, FACT_ATTACH, FACT_REASON_SHMAT, seconds++,
				    ADDR + (uint64_t)start * PAGE, (uint64_t)length * PAGE,
				    (uint64_t)offset * PAGE);
		assert_places(model, cases[i].mapped);
		assert_int_equal(sscanf(cases[i].record, "%d+%d@%d", &start, &length, &offset), 3);
		record_part(model, FACT_DETACH, FACT_REASON_MUNMAP, 110,
			    ADDR + (uint64_t)start * PAGE, (uint64_t)length * PAGE,
			    (uint64_t)offset * PAGE);
		assert_places(model, cases[i].left);
		if (strcmp(cases[i].mapped, cases[i].left) != 0)
			assert_told(FACT_DETACH, FACT_REASON_MUNMAP, 100, 1,
				    ADDR + (uint64_t)start * PAGE, (uint64_t)length * PAGE);
		assert_no_line();
		tear_down(&model);
	}
}

static void the_end_of_a_mapping_that_is_not_known_is_counted(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 3);

	model_distrust(model);
	snapshot(model, &row, 1, AT(101));
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 200, 102, ADDR, PAGE);
	assert_counts(living(model, 5), 2, 0);
	assert_int_equal(living(model, 5)->last->pid, 200);
	assert_no_line();
	/* all is known of the next one */
	stand_on(model, "fexit", FACT_EXACT_ALL);
	scan(model, (struct attachment[]){a_mapping(5, 100, ADDR)}, 1, AT(103));
	snapshot(model, (struct segment_facts[]){a_row(5, 100, 1)}, 1, AT(104));
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 200, 105, ADDR, PAGE);
	assert_counts(living(model, 5), 1, 1);
	assert_no_line();
}

/* ---- beside looks ---------------------------------------------------------------------------- */

/* A scan that is believed, since something was lost, and a table. The scan may know what is told of the time from
 * 110 to 111 s. */
static void look_after_a_loss(struct model *model, const struct attachment *seen, size_t count,
			      uint64_t nattch)
{
	model_distrust(model);
	scan(model, seen, count, AT(110));
	snapshot(model, (struct segment_facts[]){a_row(5, 100, nattch)}, 1, AT(111));
	assert_counts(living(model, 5), nattch, count);
	heard.next = heard.count;
}

static void a_scan_was_quicker_than_an_attach(void **state)
{
	struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 200, ADDR)};
	struct model *model = *state;

	seen[0].length = PAGE; /* the rest was unmapped before the scan came to it */
	look_after_a_loss(model, seen, 2, 2);
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 110, ADDR);
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 100, 110.1, ADDR, 2 * PAGE);
	assert_counts(living(model, 5), 2, 2);
	assert_int_equal(living(model, 5)->mappings->origin, MAPPING_SHMAT);
	assert_int_equal(living(model, 5)->mappings->since, AT(110.1));
	assert_no_line();
	forked(model, 100, 200, AT(110.2));
	assert_told(FACT_ATTACH, FACT_REASON_FORK, 200, 1, ADDR, 2 * PAGE);
	assert_no_line();

	/* what it has not seen is new, wherever it lies */
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 100, 110.3, ADDR2, PAGE);
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 100, 110.4, ADDR2, PAGE);
	assert_int_equal(living(model, 5)->mapped, 4);
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 100, 112, ADDR, 2 * PAGE);
	assert_counts(living(model, 5), 5, 5);
	assert_no_line();
}

static void a_scan_was_quicker_than_a_split(void **state)
{
	struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 100, ADDR + PAGE)};
	struct model *model = *state;

	seen[0].length = seen[1].length = PAGE;
	seen[1].offset = PAGE;
	look_after_a_loss(model, seen, 2, 2);
	record_part(model, FACT_ATTACH, FACT_REASON_SPLIT, 110.1, ADDR, PAGE, 0);
	assert_told(FACT_ATTACH, FACT_REASON_SPLIT, 100, 1, ADDR, PAGE);
	assert_places(model, "0+1@0 1+1@1 ");
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 100, 112, ADDR, PAGE);
	assert_told(FACT_DETACH, FACT_REASON_MUNMAP, 100, 1, ADDR, PAGE);
	assert_places(model, "1+1@1 ");
}

/* It has seen the whole, of which the lower part has the same start. */
static void a_scan_was_not_quicker_than_a_split(void **state)
{
	const struct attachment seen = a_mapping(5, 100, ADDR);
	struct model *model = *state;

	look_after_a_loss(model, &seen, 1, 2);
	record_part(model, FACT_ATTACH, FACT_REASON_SPLIT, 110.1, ADDR, PAGE, 0);
	assert_told(FACT_ATTACH, FACT_REASON_SPLIT, 100, 1, ADDR, PAGE);
	assert_places(model, "0+1@0 1+1@1 ");
}

/* Of what it found gone no other one goes in its place; after it any may. */
static void a_scan_was_quicker_than_a_detach(void **state)
{
	struct attachment seen = a_mapping(5, 100, ADDR + PAGE);
	struct model *model = *state;

	seen.length = seen.offset = PAGE;
	look_after_a_loss(model, &seen, 1, 1);
	record_part(model, FACT_DETACH, FACT_REASON_MUNMAP, 110.1, ADDR, PAGE, 0);
	assert_counts(living(model, 5), 1, 1);
	assert_no_line();
	record_part(model, FACT_DETACH, FACT_REASON_MUNMAP, 112, ADDR, PAGE, 0);
	assert_told(FACT_DETACH, FACT_REASON_MUNMAP, 100, 1, ADDR, PAGE);
	assert_counts(living(model, 5), 0, 0);
}

/* What is older than a scan is in it. */
static void a_record_of_before_the_scan_moves_no_mapping(void **state)
{
	const struct attachment seen = a_mapping(5, 100, ADDR);
	struct model *model = *state;

	look_after_a_loss(model, &seen, 1, 1);
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 200, 109, ADDR, 2 * PAGE);
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 100, 109.5, ADDR, 2 * PAGE);
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(holders(model), 1);
	assert_no_line();
}

/* A child that is still being made is in nobody's sight: a scan does not miss it. */
static void a_scan_amid_a_fork_takes_nothing(void **state)
{
	const struct attachment seen = a_mapping(5, 100, ADDR);
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 103, ADDR);
	model_distrust(model);
	scan(model, &seen, 1, AT(103.1));
	snapshot(model, (struct segment_facts[]){a_row(5, 100, 2)}, 1, AT(103.2));
	assert_counts(living(model, 5), 2, 2);
	forked(model, 100, 200, AT(103.3));
	assert_told(FACT_ATTACH, FACT_REASON_FORK, 200, 1, ADDR, 2 * PAGE);
	assert_no_line();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXACT_TEST(a_shmat_where_another_seems_to_be),
		EXACT_TEST(a_scan_amid_a_fork_takes_nothing),
		EXACT_TEST(a_split_takes_the_right_one),
		EXACT_TEST(another_segment_in_the_same_place),
		cmocka_unit_test(the_mapping_that_ends_is_the_likeliest),
		EXACT_TEST(the_end_of_a_mapping_that_is_not_known_is_counted),
		EXACT_TEST(a_scan_was_quicker_than_an_attach),
		EXACT_TEST(a_scan_was_quicker_than_a_split),
		EXACT_TEST(a_scan_was_not_quicker_than_a_split),
		EXACT_TEST(a_scan_was_quicker_than_a_detach),
		EXACT_TEST(a_record_of_before_the_scan_moves_no_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
