/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model as a whole: its totals, and what it shows beside a small kernel, by events, tables and scans. */
#include "model_workload.h"

/* ---- totals ---------------------------------------------------------------------------------- */

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

/* ---- beside a kernel ------------------------------------------------------------------------- */

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

/* Who an address space goes by: NULL when no process has it (any more, or yet). */
static const struct kernel_task *owner_of(const struct kernel *kernel, uint64_t mm)
{
	for (size_t i = 0; i < TASKS; i++)
		if (kernel->tasks[i].pid && kernel->tasks[i].mm == mm &&
		    kernel->tasks[i].vfork_of < 0)
			return &kernel->tasks[i];
	return NULL;
}

/* What a scan that comes to this address space sees. Returns the new count. */
static size_t look_at_space(const struct kernel *kernel, uint64_t mm, struct attachment *rows,
			    size_t count)
{
	const struct kernel_task *owner = owner_of(kernel, mm);

	for (size_t i = 0; owner && i < VMAS; i++) {
		const struct kernel_vma *vma = &kernel->vmas[i];

		if (vma->shmid < 0 || vma->hidden || vma->mm != mm)
			continue;
		rows[count++] = (struct attachment){.mm = vma->mm,
						    .start_time = owner->start_time,
						    .start = vma->start,
						    .length = vma->length,
						    .offset = vma->offset,
						    .ipcns = NS,
						    .shmid = vma->shmid,
						    .pid = owner->pid};
	}
	return count;
}

static void look_at_mappings(struct kernel *kernel, struct model *model)
{
	struct attachment rows[VMAS];
	size_t count = 0;

	for (size_t i = 0; i < TASKS; i++)
		if (owner_of(kernel, kernel->tasks[i].mm) == &kernel->tasks[i])
			count = look_at_space(kernel, kernel->tasks[i].mm, rows, count);
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

static const struct mapping *find_vma(const struct model *model, const struct kernel_vma *vma)
{
	const struct mapping *mapping = living(model, vma->shmid)->mappings;

	while (mapping && !(mapping->start == vma->start && mapping->holder->mm == vma->mm))
		mapping = mapping->segment_next;
	assert_non_null(mapping);
	assert_int_equal(mapping->length, vma->length);
	assert_int_equal(mapping->offset, vma->offset);
	return mapping;
}

static void assert_segments(const struct model *model, const struct kernel *kernel)
{
	size_t exist = 0, mapped[IDS] = {0};
	struct model_totals totals;

	for (size_t i = 0; i < VMAS; i++)
		if (kernel->vmas[i].shmid >= 0)
			mapped[kernel->vmas[i].shmid]++;
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

static void assert_equals(const struct model *model, const struct kernel *kernel)
{
	for (size_t i = 0; i < VMAS; i++) {
		if (kernel->vmas[i].shmid < 0)
			continue;
		const struct process *process = find_vma(model, &kernel->vmas[i])->holder->process;

		assert_int_equal(process->pid, owner_of(kernel, kernel->vmas[i].mm)->pid);
		assert_true(process->alive || !process->checked);
	}
	assert_segments(model, kernel);
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

/* ---- where each change has a record of its own ----------------------------------------------- */

/* Goes by the name of one that has it, unless a scan is wanted to find its name, or nobody has it. */
static bool is_named(const struct model *model, const struct kernel *kernel,
		     const struct holder *holder)
{
	for (size_t i = 0; i < TASKS; i++)
		if (kernel->tasks[i].pid == holder->process->pid &&
		    kernel->tasks[i].mm == holder->mm)
			return true;
	return needs(model).settle || !kernel_uses(kernel, holder->mm);
}

/* How many mappings each address space has of each segment; and where, if that can be known; and whose it is,
 * if no exit was lost. */
static void assert_records_tell(const struct model *model, const struct kernel *kernel, bool named)
{
	for (size_t i = 0; i < VMAS; i++) {
		const struct kernel_vma *vma = &kernel->vmas[i];
		size_t count = 0, known = 0;

		if (vma->shmid < 0)
			continue;
		if (!kernel->shifts)
			find_vma(model, vma);
		for (size_t j = 0; j < VMAS; j++)
			count += kernel->vmas[j].mm == vma->mm &&
				 kernel->vmas[j].shmid == vma->shmid;
		for (const struct mapping *mapping = living(model, vma->shmid)->mappings; mapping;
		     mapping = mapping->segment_next) {
			known += mapping->holder->mm == vma->mm;
			assert_true(!named || is_named(model, kernel, mapping->holder));
		}
		assert_int_equal(known, count);
	}
	assert_segments(model, kernel);
}

/* What was told beside the calls, by segment */
struct listener {
	size_t guesses;
	int64_t attachments[IDS]; /* begun, less ended */
};

static void listen(void *context, const struct model_event *entry)
{
	const struct event *event = &entry->event;
	struct listener *listener = context;

	listener->guesses += event->inferred;
	if (event->op == FACT_ATTACH)
		listener->attachments[event->shmid] += (int64_t)event->maps;
	if (event->op == FACT_DETACH)
		listener->attachments[event->shmid] -= (int64_t)event->maps;
	if (event->op == FACT_DESTROY)
		listener->attachments[event->shmid] = 0;
}

/* Each change of nattch has had its line, or its call. */
static void assert_lines_add_up(const struct listener *listener, const struct kernel *kernel)
{
	assert_int_equal(listener->guesses, 0);
	for (size_t i = 0; i < IDS; i++)
		if (kernel->segments[i].exists)
			assert_int_equal(listener->attachments[i] + kernel->segments[i].by_calls,
					 kernel->segments[i].facts.nattch);
}

static void set_up_exact(struct kernel *kernel, uint64_t seed, void **model,
			 struct listener *listener)
{
	kernel_new(kernel, seed * UINT64_C(0x9e3779b97f4a7c15));
	kernel->exact = true;
	kernel->pins = kernel->fails = true;
	kernel->exit_first = seed % 2;
	kernel->shifts = seed / 2 % 2;
	set_up(model);
	stand_on(*model, "fexit", FACT_EXACT_ALL);
	snapshot(*model, NULL, 0, AT(2)); /* the scan is over */
	model_set_sink(*model, listen, listener);
	*listener = (struct listener){0};
}

/* No table and no scan after the first. */
static void records_alone_keep_the_model_true(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct kernel kernel;
		struct listener listener;
		void *model;

		set_up_exact(&kernel, seed, &model, &listener);
		for (int i = 0; i < 3000; i++) {
			kernel_step(&kernel);
			if (chance_below(&kernel.chance, 3))
				continue;
			kernel_return_all(&kernel);
			drain(&kernel, model, PENDING);
			assert_records_tell(model, &kernel, true);
			assert_lines_add_up(&listener, &kernel);
			assert_false(needs(model).scan);
			if (i % 20 == 0)
				model_expire(model, kernel.now);
		}
		tear_down(&model);
	}
}

struct watcher {
	struct model *model;
	bool looked;    /* while this step lasts: no two looks fall into one call */
	bool distrusts; /* scans are believed, and taken at any moment */
	size_t looks, moments;
};

/* Tables and scans come between a change and its record, too. */
static void look_now(struct kernel *kernel, bool scannable)
{
	struct watcher *watcher = kernel->watcher;
	const size_t what = chance_below(&kernel->chance, 12);

	if (what < 2 && !watcher->looked) {
		watcher->looked = true;
		watcher->moments++;
		look_at_table(kernel, watcher->model);
	}
	if (what == 2 && scannable) {
		drain(kernel, watcher->model, PENDING);
		if (watcher->distrusts)
			model_distrust(watcher->model);
		look_at_mappings(kernel, watcher->model);
	}
	if (what == 3) {
		drain(kernel, watcher->model, chance_below(&kernel->chance, 20));
		assert_whole(watcher->model);
	}
	if (what < 2) {
		drain(kernel, watcher->model, PENDING);
		assert_false(needs(watcher->model).scan);
	}
}

/* Tables at any moment. Once all is drained a fresh one is as the model has it; and no scan is ever wanted, but
 * to name a holder that shared its address space. */
static void looks_amid_records_keep_the_model_true(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct watcher watcher = {.distrusts = seed % 3 == 0};
		struct kernel kernel;
		struct listener listener;
		void *model;

		set_up_exact(&kernel, seed, &model, &listener);
		watcher.model = model;
		kernel.moment = look_now;
		kernel.watcher = &watcher;
		for (int i = 0; i < 3000; i++) {
			watcher.looked = false;
			kernel_step(&kernel);
			if (chance_below(&kernel.chance, 6))
				continue;
			kernel_return_all(&kernel);
			drain(&kernel, model, PENDING);
			look_at_table(&kernel, model);
			assert_records_tell(model, &kernel, !watcher.distrusts);
			if (!watcher.distrusts)
				assert_lines_add_up(&listener, &kernel);
			assert_false(needs(model).scan);
			watcher.looks++;
			if (needs(model).settle && chance_below(&kernel.chance, 3) == 0) {
				look_at_mappings(&kernel, model);
				assert_false(needs(model).settle);
				assert_records_tell(model, &kernel, !watcher.distrusts);
			}
			model_expire(model, kernel.now);
		}
		assert_true(watcher.looks > 300 && watcher.moments > 100);
		tear_down(&model);
	}
}

/* A scan takes its time: processes go on meanwhile, and what happens is told after it. */
static void look_at_mappings_slowly(struct kernel *kernel, struct model *model)
{
	struct attachment rows[16 * VMAS];
	uint64_t seen[TASKS];
	const uint64_t began = ++kernel->now;
	size_t count = 0;

	for (size_t i = 0; i < TASKS; i++) {
		bool twice = false;

		seen[i] = kernel->tasks[i].pid ? kernel->tasks[i].mm : 0;
		for (size_t j = 0; j < i; j++)
			twice = twice || seen[j] == seen[i];
		if (!twice)
			count = look_at_space(kernel, seen[i], rows, count);
		kernel->seen = i + 1;
		kernel_step(kernel);
	}
	kernel->seen = 0;
	scan(model, rows, count, began);
}

/* What a loss left wrong is put right by the scan that is asked for, even while records come. Unless, just
 * then, it cannot be seen at all, or splits and borders moved meanwhile: that takes another one. */
static void a_lost_record_is_mended_by_one_scan(void **state)
{
	struct listener listener;
	size_t mended = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct kernel kernel;
		void *model;

		set_up_exact(&kernel, seed, &model, &listener);
		kernel.shifts = kernel.pins = kernel.fails = false;
		for (int i = 0; i < 3000; i++) {
			kernel_step(&kernel);
			if (kernel.count && chance_below(&kernel.chance, 200) == 0) {
				kernel.count--;
				kernel.lost = true;
			}
			if (chance_below(&kernel.chance, 20))
				continue;
			drain(&kernel, model, PENDING);
			if (kernel.lost)
				model_distrust(model);
			look_at_table(&kernel, model);
			drain(&kernel, model, PENDING);
			if (needs(model).scan) {
				assert_true(kernel.lost);
				look_at_mappings_slowly(&kernel, model);
				mended++;
			}
			kernel_return_all(&kernel);
			drain(&kernel, model, PENDING);
			if (kernel.lost) /* an end that was not told is believed when two have shown it */
				look_at_table(&kernel, model);
			kernel.lost = false;
			look_at_table(&kernel, model);
			assert_records_tell(model, &kernel, false);
			assert_false(needs(model).scan);
			model_expire(model, kernel.now);
		}
		tear_down(&model);
	}
	assert_true(mended > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_model_reads_as_empty),
		MODEL_TEST(totals_add_up),
		MODEL_TEST(ids_of_namespaces_do_not_mix),
		cmocka_unit_test(events_alone_keep_the_model_true),
		cmocka_unit_test(looks_amid_events_keep_the_model_true),
		cmocka_unit_test(the_model_asks_for_the_looks_that_it_needs),
		cmocka_unit_test(records_alone_keep_the_model_true),
		cmocka_unit_test(looks_amid_records_keep_the_model_true),
		cmocka_unit_test(a_lost_record_is_mended_by_one_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
