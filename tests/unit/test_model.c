/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers, bounds, drift; then the whole model against a small kernel, by events, tables and scans. */
#include "model_kernel.h"

#define ADDR  UINT64_C(0x7f0000000000)
#define ADDR2 UINT64_C(0x7f0000100000)

/* ---- readers and bounds ---------------------------------------------------------------------- */

static void an_empty_model_reads_as_empty(void **state)
{
	const struct segment_id id = {NS, 5, 0};
	struct model_totals totals;
	struct model *model;
	size_t count = 1;

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	assert_null(model_segments(model));
	assert_null(model_gone(model));
	assert_null(model_find(model, &id));
	assert_null(model_next_wanted(model));
	model_namespaces(model, &count);
	assert_int_equal(count, 0);
	assert_string_equal(model_status(model)->calls, "none");
	model_totals(model, &totals);
	assert_int_equal(totals.segments + totals.gone + totals.processes + totals.attachments, 0);
	assert_true(totals.has_rss && totals.has_swap);
	model_expire(model, AT(1));
	model_free(model);
	model_free(NULL);
}

static void totals_add_up(void **state)
{
	struct model *model = *state;
	struct segment_facts rows[] = {a_row(0, 100, 2), a_row(6, 100, 0), a_row(7, 100, 1)};
	const struct attachment seen[] = {a_mapping(0, 100, 4096), a_mapping(0, 200, 4096),
					  a_mapping(7, 200, 65536)};
	struct model_totals totals;

	rows[0].rss = 4096;
	rows[2].rss = 8192;
	rows[2].swap = 100;
	snapshot(model, rows, 3, AT(100));
	scan(model, seen, 3, AT(101));
	make(model, 9, 100, AT(102));
	control(model, 9, 100, AT(103), IPC_RMID, 0);
	model_totals(model, &totals);
	assert_int_equal(totals.segments, 3);
	assert_int_equal(totals.gone, 1);
	assert_int_equal(totals.namespaces, 1);
	assert_int_equal(totals.processes, 2);
	assert_int_equal(totals.attachments, 3);
	assert_int_equal(totals.unattached, 1);
	assert_int_equal(totals.size, 3 * 8192);
	assert_int_equal(totals.rss, 12288);
	assert_int_equal(totals.swap, 100);
	assert_true(totals.has_rss && totals.has_swap);
	rows[1].known &= ~(uint32_t)FACT_COL_RSS;
	snapshot(model, rows, 3, AT(104));
	model_totals(model, &totals);
	assert_false(totals.has_rss);
	assert_true(totals.has_swap);
}

static void ids_of_namespaces_do_not_mix(void **state)
{
	struct model *model = *state;
	struct event event = made(5, 200, AT(101), 8192);
	const struct segment_id other = {NS + 1, 5, 0};

	event.ipcns = NS + 1;
	make(model, 5, 100, AT(100));
	apply(model, &event);
	assert_int_equal(living(model, 5)->creator->pid, 100);
	assert_int_equal(model_find(model, &other)->creator->pid, 200);
	assert_ptr_equal(model_segments(model), living(model, 5));
	assert_ptr_equal(model_segments(model)->next, model_find(model, &other));
	assert_null(model_segments(model)->next->next);
}

static void a_generation_finds_its_life(void **state)
{
	struct model *model = *state;
	struct segment_id id = {NS, 5, 0};

	for (int i = 0; i < 3; i++) {
		make(model, 5, 100, AT(100 + i));
		control(model, 5, 100, AT(100.5 + i), IPC_RMID, 0);
	}
	assert_int_equal(model_find(model, &id)->born, AT(102)); /* the last one gone */
	make(model, 5, 100, AT(103));
	assert_int_equal(model_find(model, &id)->born, AT(103)); /* the living one */
	for (id.generation = 1; id.generation <= 4; id.generation++)
		assert_int_equal(model_find(model, &id)->born, AT(99 + id.generation));
	assert_null(model_find(model, &id));
	model_expire(model, AT(112)); /* the first two ended 10 s ago */
	id.generation = 2;
	assert_null(model_find(model, &id));
	id.generation = 3;
	assert_non_null(model_find(model, &id));
	assert_int_equal(model_gone_count(model), 1);
}

static void gone_segments_are_bounded(void **state)
{
	const struct model_limits limits = {.events = 4, .gone_segments = 3, .gone_time = AT(10)};
	struct model *model;

	(void)state;
	assert_int_equal(model_new(&limits, &model), 0);
	for (int i = 0; i < 10; i++) {
		make(model, i, 100, AT(100 + i));
		control(model, i, 100, AT(100 + i), IPC_RMID, 0);
		assert_true(model_gone_count(model) <= 3);
	}
	assert_int_equal(model_gone(model)->id.shmid, 7); /* oldest end first */
	assert_int_equal(model_gone(model)->next->id.shmid, 8);
	assert_null(find(model, 6));
	model_expire(model, AT(117.5));
	assert_int_equal(model_gone_count(model), 2);
	model_expire(model, AT(119));
	assert_int_equal(model_gone_count(model), 0);
	assert_null(model_gone(model));
	model_free(model);
}

static void one_creator_leaves_room_for_the_others(void **state)
{
	const struct model_limits limits = {
		.events = 4, .gone_segments = 6, .gone_of_creator = 2, .gone_time = AT(1000)};
	struct model *model;

	(void)state;
	assert_int_equal(model_new(&limits, &model), 0);
	make(model, 1, 200, AT(100));
	control(model, 1, 200, AT(100), IPC_RMID, 0);
	for (int i = 0; i < 10; i++) {
		make(model, 10, 100, AT(101 + i)); /* the same id: older lives go, newer stay */
		control(model, 10, 100, AT(101 + i), IPC_RMID, 0);
		assert_true(model_gone_count(model) <= 3);
	}
	assert_non_null(find(model, 1));
	assert_int_equal(model_gone(model)->id.shmid, 1);
	assert_int_equal(model_gone(model)->next->gone, AT(109));
	assert_int_equal(find(model, 10)->gone, AT(110));

	/* the newest life of an id goes first: the older one is found again */
	make(model, 2, 100, AT(120));
	control(model, 2, 100, AT(120), IPC_RMID, 0);
	make(model, 1, 100, AT(121));
	control(model, 1, 100, AT(121), IPC_RMID, 0);
	assert_int_equal(find(model, 1)->creator->pid, 100);
	make(model, 3, 100, AT(122));
	control(model, 3, 100, AT(122), IPC_RMID, 0);
	make(model, 4, 100, AT(123));
	control(model, 4, 100, AT(123), IPC_RMID, 0);
	assert_int_equal(find(model, 1)->creator->pid, 200);
	model_free(model);
}

static void a_model_may_keep_no_past_at_all(void **state)
{
	const struct model_limits limits = {0};
	struct model *model;

	(void)state;
	assert_int_equal(model_new(&limits, &model), 0);
	for (int i = 0; i < 10; i++) {
		make(model, 5, 100, AT(100 + i));
		attach(model, 5, 100, AT(100.1 + i), 4096);
		control(model, 5, 100, AT(100.2 + i), IPC_RMID, 0);
		exited(model, 100, AT(100.3 + i), 0);
		assert_int_equal(model_gone_count(model), 0);
		assert_null(find(model, 5));
		model_expire(model, AT(100.4 + i));
	}
	model_free(model);
}

/* ---- drift, and what to do next -------------------------------------------------------------- */

static void drift_is_told_when_both_sides_are_settled(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct attachment seen[] = {a_mapping(5, 100, ADDR), a_mapping(5, 200, ADDR)};
	struct model_totals totals;

	snapshot(model, &row, 1, AT(100));
	assert_int_equal(model_drift(living(model, 5)), 0); /* no scan since it is known */
	assert_true(needs(model).scan);
	scan(model, seen, 1, AT(101));
	assert_false(needs(model).scan);
	snapshot(model, &row, 1, AT(102));
	assert_false(needs(model).scan || needs(model).settle);

	row.nattch = 3;
	snapshot(model, &row, 1, AT(103));
	assert_int_equal(model_drift(living(model, 5)), 2);
	model_totals(model, &totals);
	assert_int_equal(totals.drift, 2);
	assert_true(needs(model).scan);

	/* an event since the row: unsettled until the next one */
	attach(model, 5, 200, AT(103.5), ADDR);
	assert_int_equal(model_drift(living(model, 5)), 0);
	row.nattch = 4;
	snapshot(model, &row, 1, AT(104));
	assert_int_equal(model_drift(living(model, 5)), 2);
	scan(model, seen, 2, AT(104.5)); /* it cannot mend that: no reason to scan again */
	assert_int_equal(model_drift(living(model, 5)), 2);
	assert_false(needs(model).scan);
	snapshot(model, &row, 1, AT(105));
	assert_int_equal(model_drift(living(model, 5)), 2);
	assert_false(needs(model).scan);
	row.nattch = 1;
	snapshot(model, &row, 1, AT(106));
	assert_int_equal(model_drift(living(model, 5)), -1);
	model_totals(model, &totals);
	assert_int_equal(totals.drift, 1);
	assert_true(needs(model).scan);

	/* gone and come back: worth another look */
	scan(model, seen, 2, AT(106.5));
	assert_false(needs(model).scan);
	detach(model, 5, 200, AT(107), ADDR);
	snapshot(model, &row, 1, AT(108));
	assert_int_equal(model_drift(living(model, 5)), 0);
	attach(model, 5, 200, AT(108.5), ADDR);
	snapshot(model, &row, 1, AT(109));
	assert_int_equal(model_drift(living(model, 5)), -1);
	assert_true(needs(model).scan);
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
	assert_true(model_has_drift(model, living(model, 5)));
	model_set_status(model, &partial);
	assert_false(model_has_drift(model, living(model, 5)));
	assert_true(model_has_drift(model, living(model, 6)));
	model_totals(model, &totals);
	assert_false(totals.has_drift);
	assert_int_equal(totals.drift, 0);
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

static void drift_of_one_that_events_told_all_about(void **state)
{
	struct model *model = *state;
	struct segment_facts row = a_row(5, 100, 2);

	make(model, 5, 100, AT(100));
	attach(model, 5, 100, AT(101), ADDR);
	snapshot(model, &row, 1, AT(102));
	assert_int_equal(model_drift(living(model, 5)), 1); /* and no scan was needed to see it */
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
	assert_true(needs(model).scan);
	assert_int_equal(model_drift(living(model, 5)), 0); /* nobody knows */
	scan(model, &seen, 1, AT(102));
	assert_int_equal(model_drift(living(model, 5)), 1);
}

/* ---- the model beside it --------------------------------------------------------------------- */

static void drain(struct kernel *kernel, struct model *model, size_t count)
{
	if (count > kernel->count)
		count = kernel->count;
	for (size_t i = 0; i < count; i++)
		apply(model, &kernel->pending[i]);
	kernel->count -= count;
	memmove(kernel->pending, kernel->pending + count, kernel->count * sizeof(struct event));
}

static void look_at_table(struct kernel *kernel, struct model *model)
{
	struct segment_facts rows[IDS];
	size_t count = 0;

	for (size_t i = 0; i < IDS; i++)
		if (kernel->segments[i].exists)
			rows[count++] = kernel->segments[i].facts;
	snapshot(model, rows, count, ++kernel->now);
}

static void look_at_mappings(struct kernel *kernel, struct model *model)
{
	struct attachment rows[VMAS];
	size_t count = 0;

	for (size_t i = 0; i < VMAS; i++) {
		const struct kernel_vma *vma = &kernel->vmas[i];
		const struct kernel_task *owner = kernel->tasks;

		if (vma->shmid < 0)
			continue;
		while (owner->pid == 0 || owner->mm != vma->mm || owner->vfork_of >= 0)
			owner++;
		rows[count++] = (struct attachment){.mm = vma->mm,
						    .start_time = owner->start_time,
						    .start = vma->start,
						    .length = vma->length,
						    .offset = vma->offset,
						    .ipcns = NS,
						    .shmid = vma->shmid,
						    .pid = owner->pid};
	}
	scan(model, rows, count, ++kernel->now);
}

static void assert_whole(const struct model *model)
{
	size_t count, living_count = 0, gone_count = 0;

	for (const struct segment *segment = model_segments(model); segment;
	     segment = segment->next) {
		living_count++;
		assert_counts(segment, segment->nattch, segment->mapped);
		for (const struct mapping *mapping = segment->mappings; mapping;
		     mapping = mapping->segment_next) {
			const struct holder *holder = mapping->holder;
			size_t held = 0;

			for (const struct mapping *each = holder->mappings; each;
			     each = each->holder_next) {
				held++;
				assert_true(!each->holder_next ||
					    each->start < each->holder_next->start);
			}
			assert_int_equal(held, holder->count);
		}
	}
	for (const struct segment *segment = model_gone(model); segment; segment = segment->next)
		gone_count++;
	assert_int_equal(living_count, model_segment_count(model));
	assert_int_equal(gone_count, model_gone_count(model));
	assert_int_equal(model_namespaces(model, &count)->segments, living_count);
	assert_int_equal(count, 1);
}

static void assert_vma_known(const struct model *model, const struct kernel *kernel,
			     const struct kernel_vma *vma)
{
	const struct mapping *mapping = living(model, vma->shmid)->mappings;
	const struct kernel_task *owner = kernel->tasks;

	while (mapping && !(mapping->start == vma->start && mapping->holder->mm == vma->mm))
		mapping = mapping->segment_next;
	if (!mapping) {
		fail_msg("%lx of segment %d is not known", (unsigned long)vma->start, vma->shmid);
		return;
	}
	assert_int_equal(mapping->length, vma->length);
	assert_int_equal(mapping->offset, vma->offset);
	while (owner->mm != vma->mm || owner->pid == 0 || owner->vfork_of >= 0)
		owner++;
	assert_int_equal(mapping->holder->process->pid, owner->pid);
	assert_true(mapping->holder->process->alive || !mapping->holder->process->checked);
}

static void assert_equals(const struct model *model, const struct kernel *kernel)
{
	size_t exist = 0, mapped[IDS] = {0};
	struct model_totals totals;

	for (size_t i = 0; i < VMAS; i++) {
		if (kernel->vmas[i].shmid < 0)
			continue;
		mapped[kernel->vmas[i].shmid]++;
		assert_vma_known(model, kernel, &kernel->vmas[i]);
	}
	for (int32_t i = 0; i < IDS; i++) {
		const struct segment_facts *facts = &kernel->segments[i].facts;

		if (!kernel->segments[i].exists)
			continue;
		exist++;
		assert_counts(living(model, i), facts->nattch, mapped[i]);
		assert_int_equal(living(model, i)->creator->pid, facts->cpid);
		assert_int_equal(living(model, i)->facts.mode, facts->mode);
		assert_int_equal(living(model, i)->facts.size, facts->size);
		if (facts->lpid)
			assert_int_equal(living(model, i)->last->pid, facts->lpid);
	}
	assert_int_equal(model_segment_count(model), exist);
	model_totals(model, &totals);
	assert_int_equal(totals.drift, 0);
	assert_whole(model);
}

/* No table and no scan after the first: events alone keep it true, after each of them. */
static void events_alone_keep_the_model_true(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct kernel kernel;
		void *model;

		kernel_new(&kernel, seed * UINT64_C(0x9e3779b97f4a7c15));
		set_up(&model);
		for (int i = 0; i < 1500; i++) {
			kernel_step(&kernel);
			drain(&kernel, model, PENDING);
			assert_equals(model, &kernel);
			if (i % 20 == 0)
				model_expire(model, kernel.now);
		}
		tear_down(&model);
	}
}

/* Tables and scans come while events are under way. Once these are in, a table makes it true: events and
 * scans have the mappings right between them. */
static void looks_amid_events_keep_the_model_true(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct kernel kernel;
		void *model;

		kernel_new(&kernel, seed * UINT64_C(0x9e3779b97f4a7c15));
		set_up(&model);
		for (int i = 0; i < 3000; i++) {
			kernel_step(&kernel);
			switch (chance_below(&kernel.chance, 24)) {
			case 0:
				look_at_table(&kernel, model);
				break;
			case 1:
				look_at_mappings(&kernel, model);
				break;
			case 2:
			case 3:
				drain(&kernel, model, chance_below(&kernel.chance, 20));
				assert_whole(model);
				break;
			case 4:
				drain(&kernel, model, PENDING);
				look_at_table(&kernel, model);
				assert_equals(model, &kernel);
				model_expire(model, kernel.now);
				break;
			}
		}
		tear_down(&model);
	}
}

/* With losses, and with what no event tells, the model says itself when it must look. */
static void the_model_asks_for_the_looks_that_it_needs(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		size_t looks = 0, scans = 0;
		struct kernel kernel;
		void *model;

		kernel_new(&kernel, seed * UINT64_C(0x9e3779b97f4a7c15));
		kernel.quiet = true;
		set_up(&model);
		for (int i = 0; i < 3000; i++) {
			kernel_step(&kernel);
			if (chance_below(&kernel.chance, 20))
				continue;
			drain(&kernel, model, chance_below(&kernel.chance, 30));
			if (kernel.lost) {
				model_distrust(model);
				model_recheck_processes(model);
			}
			kernel.lost = false;
			look_at_table(&kernel, model);
			drain(&kernel, model, PENDING);
			looks++;
			if (needs(model).scan || needs(model).settle) {
				look_at_mappings(&kernel, model);
				look_at_table(&kernel, model);
				scans++;
			}
			assert_false(needs(model).scan || needs(model).settle);
			assert_equals(model, &kernel);
			model_expire(model, kernel.now);
		}
		assert_true(scans > 0 && scans < looks);
		tear_down(&model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_model_reads_as_empty),
		MODEL_TEST(totals_add_up),
		MODEL_TEST(ids_of_namespaces_do_not_mix),
		MODEL_TEST(a_generation_finds_its_life),
		cmocka_unit_test(gone_segments_are_bounded),
		cmocka_unit_test(one_creator_leaves_room_for_the_others),
		cmocka_unit_test(a_model_may_keep_no_past_at_all),
		MODEL_TEST(drift_is_told_when_both_sides_are_settled),
		MODEL_TEST(drift_is_unknown_in_a_partial_view),
		MODEL_TEST(events_under_way_are_no_drift_once_drained),
		MODEL_TEST(changes_that_events_explain_can_wait),
		MODEL_TEST(changes_that_no_event_told_need_a_scan),
		MODEL_TEST(each_column_that_attaching_moves_is_a_change),
		MODEL_TEST(drift_of_one_that_events_told_all_about),
		MODEL_TEST(distrust_lasts_until_the_next_scan),
		cmocka_unit_test(events_alone_keep_the_model_true),
		cmocka_unit_test(looks_amid_events_keep_the_model_true),
		cmocka_unit_test(the_model_asks_for_the_looks_that_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
