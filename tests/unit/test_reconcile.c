/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows and mappings of snapshots against what events told. */
#include "model_fixture.h"

#define ADDR  UINT64_C(0x7f0000000000)
#define ADDR2 UINT64_C(0x7f0000100000)

/* ---- rows ------------------------------------------------------------------------------------ */

static void the_first_snapshot_shows_what_is_older(void **state)
{
	struct segment_facts rows[] = {a_row(0, 100, 2), a_row(5, 100, 0)};
	struct model *model;
	size_t count;

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	assert_true(needs(model).scan); /* nothing is trusted yet */
	rows[0].lpid = 200;
	rows[1].key = 0;
	snapshot(model, rows, 2, AT(100));

	const struct segment *segment = living(model, 0);

	assert_int_equal(segment->born, 0);
	assert_int_equal(segment->nattch, 2);
	assert_int_equal(segment->key, 0x1000);
	assert_memory_equal(&segment->facts, &rows[0], sizeof(rows[0]));
	assert_int_equal(segment->creator->pid, 100);
	assert_int_equal(segment->last->pid, 200);
	assert_int_equal(segment->create_flags, 0);
	assert_false(segment->has_idle); /* no wall offset */
	assert_int_equal(model_drift(segment), 0);
	assert_null(living(model, 5)->last);
	assert_true(living(model, 5)->has_key);
	assert_int_equal(living(model, 5)->key, 0);
	assert_int_equal(model_namespaces(model, &count)->facts.ipcns, NS);
	assert_int_equal(count, 1);
	assert_int_equal(model_namespaces(model, &count)->read, AT(100));
	assert_true(model_namespaces(model, &count)->readable);
	model_free(model);
}

static void a_later_snapshot_shows_what_was_made_since(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100));
	assert_int_equal(living(model, 5)->born, AT(100));
	assert_int_equal(model_events_end(model), 0); /* nobody saw it made: no event */
	snapshot(model, &row, 1, AT(101));
	assert_int_equal(living(model, 5)->born, AT(100));
	assert_int_equal(living(model, 5)->id.generation, 1);
}

static void the_key_stays_as_created(void **state)
{
	struct model *model = *state;
	struct segment_facts rows[] = {a_row(5, 100, 1), a_row(6, 100, 1)};

	rows[1].key = 0;
	rows[1].mode |= FACT_MODE_DEST;
	snapshot(model, rows, 2, AT(100));
	assert_false(living(model, 6)->has_key); /* was it 0 before? */
	rows[0].key = 0;
	rows[0].mode |= FACT_MODE_DEST;
	snapshot(model, rows, 2, AT(101));
	assert_int_equal(living(model, 5)->id.generation, 1);
	assert_int_equal(living(model, 5)->key, 0x1005);
	assert_int_equal(living(model, 5)->facts.key, 0);
}

static void what_another_creation_is(void **state)
{
	static const struct {
		const char *name;
		struct segment_facts change; /* added to the row */
		uint32_t unknown;
		bool other;
	} cases[] = {
		{"same", {.key = 0}, 0, false},
		{"cpid", {.cpid = 1}, 0, true},
		{"cpid not known", {.cpid = 1}, FACT_COL_CPID, false},
		{"cpid not visible", {.cpid = -100}, 0, false},
		{"size", {.size = 1}, 0, true},
		{"cuid", {.cuid = 1}, 0, true},
		{"cgid", {.cgid = 1}, 0, true},
		{"uid, by IPC_SET", {.uid = 1, .ctime = 1}, 0, false},
		{"ctime earlier", {.ctime = -1}, 0, true},
		{"ctime not known", {.ctime = -1}, FACT_COL_CTIME, false},
		{"key", {.key = 1}, 0, true},
		{"key not known", {.key = 1}, FACT_COL_KEY, false},
		{"removed", {.key = -0x1005, .mode = FACT_MODE_DEST}, 0, false},
	};
	struct model *model = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct segment_facts *change = &cases[i].change;
		struct segment_facts row = a_row(5, 100, 0);

		snapshot(model, NULL, 0, AT(100 + 10 * i));
		snapshot(model, &row, 1, AT(101 + 10 * i));

		const uint64_t generation = living(model, 5)->id.generation;
		const size_t gone = model_gone_count(model);

		row.cpid += change->cpid;
		row.size += change->size;
		row.cuid += change->cuid;
		row.cgid += change->cgid;
		row.uid += change->uid;
		row.ctime += change->ctime;
		row.key += change->key;
		row.mode |= change->mode;
		row.known &= ~cases[i].unknown;
		snapshot(model, &row, 1, AT(102 + 10 * i));
		if ((living(model, 5)->id.generation != generation) != cases[i].other)
			fail_msg("%s", cases[i].name);
		assert_int_equal(model_gone_count(model), gone + cases[i].other);
		assert_int_equal(living(model, 5)->born, AT((cases[i].other ? 102 : 101) + 10 * i));
	}
}

static void a_row_after_the_event_of_its_creation_is_the_same(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 0);

	make(model, 5, 100, AT(100));
	row.ctime =
		EPOCH + 5; /* the wall clock was set forward since: too early for that process */
	row.cuid = row.uid = 0; /* a set-user-ID program: the event told the real one */
	snapshot(model, &row, 1, AT(101));
	assert_int_equal(living(model, 5)->id.generation, 1);
	assert_int_equal(living(model, 5)->facts.uid, 0);
	assert_int_equal(living(model, 5)->born, AT(100));
	assert_int_equal(living(model, 5)->creator->start_time, start_of(100));
}

static void a_missing_segment_has_ended(void **state)
{
	struct model *model = *state;
	const struct segment_facts rows[] = {a_row(5, 100, 1), a_row(6, 100, 0)};
	const struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, rows, 2, AT(100));
	scan(model, &seen, 1, AT(100));
	snapshot(model, &rows[1], 1, AT(101));
	assert_int_equal(ended(model, 5, FACT_REASON_UNKNOWN)->gone, AT(101));
	assert_int_equal(holders(model), 0);
	assert_derived(newest(model, 0), FACT_DESTROY, 5, FACT_REASON_UNKNOWN, 0, 0);
	living(model, 6);
}

static void a_missing_one_that_was_marked_ended_by_its_last_detach(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 2);

	row.mode |= FACT_MODE_DEST;
	snapshot(model, &row, 1, AT(100));
	detach(model, 5, 100, AT(100.5), ADDR); /* of the other one nobody told */
	living(model, 5);
	snapshot(model, NULL, 0, AT(101));
	ended(model, 5, FACT_REASON_LAST_DETACH);
}

static void a_snapshot_ends_nothing_that_is_newer_or_elsewhere(void **state)
{
	struct model *model = *state;
	struct event other = made(5, 100, AT(100), 8192);

	other.ipcns = NS + 1;
	apply(model, &other);
	make(model, 6, 100, AT(100)); /* after the snapshot began */
	make(model, 7, 100, AT(98));
	attach(model, 7, 100, AT(100), ADDR);
	snapshot(model, NULL, 0, AT(99));
	living(model, 6);
	living(model, 7);
	assert_int_equal(model_segment_count(model), 3);

	struct segment_facts older = a_row(6, 300, 0); /* nor takes the row of a life before it */

	snapshot(model, &older, 1, AT(99.5));
	assert_int_equal(living(model, 6)->facts.cpid, 100);
	control(model, 6, 100, AT(100.5), IPC_RMID, 0);
	older = a_row(6, 100, 0);
	snapshot(model, &older, 1, AT(100.4)); /* nor the row of one that ended since */
	ended(model, 6, FACT_REASON_IPC_RMID);
	snapshot(model, NULL, 0, AT(101));
	assert_int_equal(model_segment_count(model), 1);
}

static void nobody_ends_while_lines_are_unreadable(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 0);
	size_t count;

	snapshot(model, &row, 1, AT(100));
	assert_int_equal(model_reconcile_segments(model, NS, NULL, 0, 1, AT(101)), 0);
	living(model, 5);
	assert_int_equal(model_namespaces(model, &count)->unreadable_rows, 1);
	snapshot(model, NULL, 0, AT(102));
	ended(model, 5, FACT_REASON_UNKNOWN);
}

static void one_given_up_too_early_lives_on(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	control(model, 5, 100, AT(102), IPC_RMID, 0);
	exited(model, 100, AT(103), 0); /* told before its mappings went */
	ended(model, 5, FACT_REASON_LAST_DETACH);
	row.mode |= FACT_MODE_DEST;
	row.key = 0;
	snapshot(model, &row, 1, AT(103.001));
	assert_int_equal(living(model, 5)->id.generation, 1);
	assert_int_equal(living(model, 5)->born, AT(100));
	assert_int_equal(model_gone_count(model), 0);
	assert_true(needs(model).scan);
	assert_int_equal(model_drift(living(model, 5)), 0);
	snapshot(model, NULL, 0, AT(104));
	ended(model, 5, FACT_REASON_LAST_DETACH);

	/* a new one under that id is another matter */
	row = a_row(5, 100, 0);
	row.ctime += 200;
	snapshot(model, &row, 1, AT(105));
	assert_int_equal(living(model, 5)->id.generation, 2);
}

static void idle_is_counted_from_the_last_use(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 0);

	snapshot(model, &row, 1, AT(100));
	assert_int_equal(living(model, 5)->idle_since, AT(50)); /* creation */
	row.ctime = EPOCH + 70;
	row.atime = EPOCH + 60;
	row.dtime = EPOCH + 65;
	snapshot(model, &row, 1, AT(101)); /* IPC_SET is no use */
	assert_int_equal(living(model, 5)->idle_since, AT(65));
	detach(model, 5, 100, AT(101.75), ADDR);
	row.dtime = EPOCH + 101;
	snapshot(model, &row, 1, AT(102)); /* the event tells the same second finer */
	assert_int_equal(living(model, 5)->idle_since, AT(101.75));
	row.atime = EPOCH + 102;
	snapshot(model, &row, 1, AT(103));
	assert_int_equal(living(model, 5)->idle_since, AT(102));
	row.atime = EPOCH + 999; /* the wall clock was set back since */
	snapshot(model, &row, 1, AT(104));
	assert_int_equal(living(model, 5)->idle_since, AT(104));
}

static void the_last_user_is_the_newest_that_is_known(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);

	row.lpid = 200;
	row.atime = EPOCH + 90;
	snapshot(model, &row, 1, AT(100));
	assert_int_equal(living(model, 5)->last->pid, 200);
	assert_int_equal(living(model, 5)->last->start_time, 0);
	attach(model, 5, 200, AT(90.5), ADDR); /* told late: says who that 200 is */
	assert_int_equal(living(model, 5)->last->start_time, start_of(200));
	attach(model, 5, 300, AT(91), ADDR); /* older than the row: not the last */
	assert_int_equal(living(model, 5)->last->pid, 200);
	attach(model, 5, 300, AT(101), ADDR2);
	assert_int_equal(living(model, 5)->last->pid, 300);
	snapshot(model, &row, 1, AT(100.9)); /* says 200, as it was then */
	assert_int_equal(living(model, 5)->last->pid, 300);
	row.lpid = 300;
	snapshot(model, &row, 1, AT(102));
	assert_int_equal(living(model, 5)->last->start_time, start_of(300));
	row.lpid = 0; /* not visible: the event's stays */
	snapshot(model, &row, 1, AT(103));
	assert_int_equal(living(model, 5)->last->pid, 300);
	row.lpid = 400;
	snapshot(model, &row, 1, AT(104));
	assert_int_equal(living(model, 5)->last->pid, 400);
}

/* ---- mappings -------------------------------------------------------------------------------- */

static void a_scan_shows_who_holds(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 3);
	struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 100, ADDR2),
				    a_mapping(5, 200, ADDR), a_mapping(6, 200, ADDR2)};

	seen[2].flags |= ATTACHMENT_HUGETLB;
	snapshot(model, &row, 1, AT(100));
	scan(model, seen, 4, AT(101));
	assert_counts(living(model, 5), 3, 3);
	assert_int_equal(holders(model), 2);
	assert_true(living(model, 5)->hugetlb);
	assert_null(find(model, 6)); /* not known: dropped */

	const struct mapping *mapping = living(model, 5)->mappings;

	assert_int_equal(mapping->origin, MAPPING_SCAN);
	assert_int_equal(mapping->since, AT(101));
	assert_int_equal(mapping->holder->process->pid, 100);
	assert_int_equal(mapping->holder->count, 2);
	assert_ptr_equal(mapping->holder_next, mapping->segment_next);
	scan(model, seen, 4, AT(102));
	assert_counts(living(model, 5), 3, 3);
	assert_int_equal(living(model, 5)->mappings->since, AT(101));
	assert_int_equal(model_events_end(model), 0);
}

static void a_scan_gives_mappings_the_extents_of_today(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 100, ADDR + 4096)};

	snapshot(model, &row, 1, AT(100));
	attach(model, 5, 100, AT(100.5), ADDR);
	seen[0].length = 4096;
	seen[0].flags = ATTACHMENT_READ;
	seen[1].length = seen[1].offset = 4096;
	scan(model, seen, 2, AT(101)); /* mprotect split it */
	assert_int_equal(living(model, 5)->mapped, 2);
	assert_int_equal(living(model, 5)->mappings->length, 4096);
	assert_int_equal(living(model, 5)->mappings->flags, ATTACHMENT_READ);
	assert_int_equal(living(model, 5)->mappings->origin, MAPPING_SHMAT);
	seen[0].length = 8192;
	scan(model, seen, 1, AT(102)); /* and merged it again */
	assert_int_equal(living(model, 5)->mapped, 1);
	assert_int_equal(living(model, 5)->mappings->length, 8192);
	assert_int_equal(model_events_end(model), 2); /* of the holder's two one is gone */
}

static void a_scan_tells_of_holders_that_let_go(void **state)
{
	struct model *model = *state;
	const struct segment_facts rows[] = {a_row(5, 100, 3), a_row(6, 100, 1)};
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 100, ADDR2),
					  a_mapping(6, 100, ADDR - 8192), a_mapping(5, 200, ADDR)};

	snapshot(model, rows, 2, AT(100));
	scan(model, seen, 4, AT(101));
	scan(model, &seen[2], 2, AT(102));
	assert_int_equal(living(model, 5)->mapped, 1);
	assert_int_equal(living(model, 6)->mapped, 1);
	assert_int_equal(model_events_end(model), 1);
	assert_derived(newest(model, 0), FACT_DETACH, 5, FACT_REASON_UNKNOWN, 100, 2);
	assert_int_equal(holders(model), 2);
	scan(model, NULL, 0, AT(103));
	assert_int_equal(holders(model), 0);
	assert_int_equal(model_events_end(model), 3);
	assert_int_equal(living(model, 5)->detached, 0); /* no event told that */
}

static void a_scan_keeps_what_is_newer(void **state)
{
	struct model *model = *state;

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	attach(model, 5, 200, AT(103), ADDR);
	scan(model, NULL, 0, AT(102));
	assert_int_equal(living(model, 5)->mapped, 1);
	assert_int_equal(living(model, 5)->mappings->holder->process->pid, 200);
}

static void a_scan_puts_right_what_is_mapped_where(void **state)
{
	struct model *model = *state;
	const struct segment_facts rows[] = {a_row(5, 100, 1), a_row(6, 100, 0)};
	struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, rows, 2, AT(100));
	scan(model, &seen, 1, AT(101));
	seen.shmid = 6;
	seen.pid = 150; /* and whose address space it is */
	seen.start_time = start_of(150);
	scan(model, &seen, 1, AT(102));
	assert_int_equal(living(model, 5)->mapped, 0);
	assert_int_equal(living(model, 6)->mapped, 1);
	assert_int_equal(living(model, 6)->mappings->holder->process->pid, 150);
	assert_int_equal(holders(model), 1);
}

static void a_scan_in_any_order_is_the_same(void **state)
{
	enum { MANY = 40 };
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, MANY);
	struct attachment seen[MANY];

	/* 7 and MANY have no common divisor: each place once; 2 holders, one after the other */
	for (uint64_t i = 0; i < MANY; i++)
		seen[i] = a_mapping(5, 100 + (int32_t)(2 * i / MANY), ADDR + i * 7 % MANY * 8192);
	snapshot(model, &row, 1, AT(100));
	for (int i = 0; i < 2; i++) {
		scan(model, seen, MANY, AT(101 + i));
		assert_counts(living(model, 5), MANY, MANY);
		assert_int_equal(holders(model), 2);
	}
	for (const struct mapping *mapping = living(model, 5)->mappings; mapping;
	     mapping = mapping->segment_next)
		assert_int_equal(mapping->since, AT(101)); /* found again, not made anew */
	for (const struct mapping *mapping = living(model, 5)->mappings->holder->mappings;
	     mapping->holder_next; mapping = mapping->holder_next)
		assert_true(mapping->start < mapping->holder_next->start);
}

/* What the kernel tells of huge pages cannot be believed. */
static void resident_huge_pages_are_unknown(void **state)
{
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);
	struct attachment seen = a_mapping(5, 100, ADDR);

	snapshot(model, &row, 1, AT(100));
	assert_true(living(model, 5)->facts.known & FACT_COL_RSS);
	seen.flags |= ATTACHMENT_HUGETLB;
	scan(model, &seen, 1, AT(101));
	snapshot(model, &row, 1, AT(102));
	assert_false(living(model, 5)->facts.known & (FACT_COL_RSS | FACT_COL_SWAP));
	assert_true(living(model, 5)->facts.known & FACT_COL_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(resident_huge_pages_are_unknown),
		cmocka_unit_test(the_first_snapshot_shows_what_is_older),
		MODEL_TEST(a_later_snapshot_shows_what_was_made_since),
		MODEL_TEST(the_key_stays_as_created),
		MODEL_TEST(what_another_creation_is),
		MODEL_TEST(a_row_after_the_event_of_its_creation_is_the_same),
		MODEL_TEST(a_missing_segment_has_ended),
		MODEL_TEST(a_missing_one_that_was_marked_ended_by_its_last_detach),
		MODEL_TEST(a_snapshot_ends_nothing_that_is_newer_or_elsewhere),
		MODEL_TEST(nobody_ends_while_lines_are_unreadable),
		MODEL_TEST(one_given_up_too_early_lives_on),
		MODEL_TEST(idle_is_counted_from_the_last_use),
		MODEL_TEST(the_last_user_is_the_newest_that_is_known),
		MODEL_TEST(a_scan_shows_who_holds),
		MODEL_TEST(a_scan_gives_mappings_the_extents_of_today),
		MODEL_TEST(a_scan_tells_of_holders_that_let_go),
		MODEL_TEST(a_scan_keeps_what_is_newer),
		MODEL_TEST(a_scan_puts_right_what_is_mapped_where),
		MODEL_TEST(a_scan_in_any_order_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
