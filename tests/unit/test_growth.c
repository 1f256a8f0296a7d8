/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who leaves more and more behind, by program and call site. */
#include "model_fixture.h"

#include "judge/growth.h"

#define ADDR UINT64_C(0x7f0000000000)

struct growing {
	struct model *model;
	struct growth *growth;
};

static int set_up_growth(void **state)
{
	static struct growing growing;
	void *model;

	set_up(&model);
	growing.model = model;
	*state = &growing;
	return growth_new(&growing.growth);
}

static int tear_down_growth(void **state)
{
	struct growing *growing = *state;

	growth_free(growing->growth);
	model_free(growing->model);
	return 0;
}

static void look(struct growing *growing, uint64_t time)
{
	model_expire(growing->model, time);
	assert_int_equal(growth_update(growing->growth, growing->model, time), 0);
}

/* By the program comm<pid>, at the call site */
static void leave(struct model *model, int32_t shmid, int32_t pid, uint64_t time, uint32_t site)
{
	make(model, shmid, pid, time);
	if (site)
		model_set_stack(model, NS, shmid, time, site * 10, site);
}

static size_t count_rows(const struct growing *growing)
{
	size_t count;

	growth_rows(growing->growth, &count);
	return count;
}

static const struct growth_row *row(const struct growing *growing, size_t index)
{
	size_t count;
	const struct growth_row *rows = growth_rows(growing->growth, &count);

	assert_true(index < count);
	return &rows[index];
}

static void a_single_look_counts(void **state)
{
	struct growing *growing = *state;
	const struct event large = made(9, 200, AT(100), 1 << 20);

	leave(growing->model, 5, 100, AT(100), 0);
	leave(growing->model, 6, 100, AT(100), 0);
	apply(growing->model, &large);
	look(growing, AT(101));
	assert_int_equal(count_rows(growing), 2);
	assert_string_equal(row(growing, 0)->program, "comm200");
	assert_int_equal(row(growing, 0)->bytes, 1 << 20);
	assert_string_equal(row(growing, 1)->program, "comm100");
	assert_int_equal(row(growing, 1)->count, 2);
	assert_int_equal(row(growing, 1)->bytes, 16384);
	assert_int_equal(row(growing, 1)->before, 2);
	assert_int_equal(row(growing, 1)->since, AT(101));
	assert_false(row(growing, 1)->grows);
	assert_ptr_equal(growth_of(growing->growth, find(growing->model, 6)), row(growing, 1));
}

static void two_call_sites_of_one_program_are_told_apart(void **state)
{
	struct growing *growing = *state;

	for (int i = 0; i < 10; i++) {
		leave(growing->model, 10 + i, 100, AT(100 + i), 1);
		if (i == 0)
			leave(growing->model, 100, 100, AT(99), 2);
		look(growing, AT(100.5 + i));
	}
	assert_int_equal(count_rows(growing), 2);
	assert_int_equal(row(growing, 0)->site, 1);
	assert_int_equal(row(growing, 0)->count, 10);
	assert_true(row(growing, 0)->grows);
	assert_int_equal(growth_growing(growing->growth), 1);
	assert_int_equal(row(growing, 1)->site, 2);
	assert_int_equal(row(growing, 1)->count, 1);
	assert_false(row(growing, 1)->grows);
}

/* Short-lived ones are gone before anybody can ask for their executable. */
static void at_one_call_site_the_executable_may_be_unknown(void **state)
{
	struct growing *growing = *state;
	struct process_facts facts = {
		.pid = 100, .start_time = start_of(100), .exe = "/usr/bin/php"};

	snprintf(facts.comm, sizeof(facts.comm), "php");
	for (int i = 0; i < 3; i++) {
		struct event event = made(10 + i, 100 + i, AT(100 + i), 8192);

		snprintf(event.comm, sizeof(event.comm), "php");
		apply(growing->model, &event);
		model_set_stack(growing->model, NS, 10 + i, AT(100 + i), 10, 1);
		exited(growing->model, 101, AT(101.5), 0);
	}
	model_process_known(growing->model, model_next_wanted(growing->model), &facts, AT(103));
	look(growing, AT(104));
	assert_int_equal(count_rows(growing), 1);
	assert_string_equal(row(growing, 0)->program, "/usr/bin/php");
	assert_int_equal(row(growing, 0)->count, 3);
}

static void its_rate_and_the_end_are_told(void **state)
{
	struct growing *growing = *state;
	struct limits_facts limits = {
		.ipcns = NS, .segments = {1096, 4096}, .pages = {0, 1 << 30}, .page_size = 4096};

	model_set_limits(growing->model, &limits);
	for (int i = 0; i < 20; i++) {
		leave(growing->model, 10 + i, 100, AT(100 + i), 0);
		look(growing, AT(100.5 + i));
	}
	const struct growth_row *at = row(growing, 0);

	assert_true(at->grows);
	assert_int_equal((int)at->rate, 3600);
	assert_int_equal(at->before, 1);
	assert_true(at->has_full);
	assert_string_equal(at->full_of, "SHMMNI");
	assert_int_equal(at->full, 3000);
	/* two pages each: 2000 of them are left */
	limits.pages = (struct fact_use){1000, 3000};
	model_set_limits(growing->model, &limits);
	look(growing, AT(125));
	leave(growing->model, 50, 100, AT(126), 0);
	leave(growing->model, 51, 100, AT(126), 0);
	leave(growing->model, 52, 100, AT(126), 0);
	look(growing, AT(127));
	at = row(growing, 0);
	assert_string_equal(at->full_of, "SHMALL");
	assert_in_range(at->full, 1000, 1400);
}

static void what_is_attached_removed_or_a_mailbox_does_not_count(void **state)
{
	struct growing *growing = *state;
	struct event mailbox = made(8, 100, AT(100), 8192);

	mailbox.key = 0x4e545030;
	apply(growing->model, &mailbox);
	leave(growing->model, 5, 100, AT(100), 0);
	attach(growing->model, 5, 200, AT(101), ADDR);
	leave(growing->model, 6, 100, AT(100), 0);
	attach(growing->model, 6, 200, AT(101), ADDR + 0x10000);
	control(growing->model, 6, 100, AT(102), IPC_RMID, 0);
	look(growing, AT(103));
	assert_int_equal(count_rows(growing), 0);
	for (int32_t shmid = 5; shmid < 9; shmid += shmid == 6 ? 2 : 1)
		assert_null(growth_of(growing->growth, find(growing->model, shmid)));
}

/* One that comes and goes with each operation, and a saw */
static void what_comes_and_goes_does_not_grow(void **state)
{
	struct growing *growing = *state;

	for (int i = 0; i < 60; i++) {
		for (int32_t shmid = 10; shmid < 10 + i % 5; shmid++)
			if (!find(growing->model, shmid) || find(growing->model, shmid)->gone)
				leave(growing->model, shmid, 100, AT(100 + i), 0);
		if (i % 5 == 0)
			for (int32_t shmid = 10; shmid < 15; shmid++)
				control(growing->model, shmid, 100, AT(100.1 + i), IPC_RMID, 0);
		look(growing, AT(100.5 + i));
		if (count_rows(growing))
			assert_false(row(growing, 0)->grows && i > 10);
	}
}

static void who_has_nothing_left_is_forgotten(void **state)
{
	struct growing *growing = *state;

	leave(growing->model, 5, 100, AT(100), 0);
	look(growing, AT(101));
	control(growing->model, 5, 100, AT(102), IPC_RMID, 0);
	look(growing, AT(103));
	assert_int_equal(count_rows(growing), 0);
	for (int i = 0; i < 2000; i++)
		look(growing, AT(104 + i));
	leave(growing->model, 5, 100, AT(3000), 0);
	look(growing, AT(3001));
	assert_int_equal(row(growing, 0)->since, AT(3001));
}

static void it_looks_at_most_every_second(void **state)
{
	struct growing *growing = *state;

	leave(growing->model, 5, 100, AT(100), 0);
	look(growing, AT(101));
	leave(growing->model, 6, 100, AT(101.1), 0);
	look(growing, AT(101.5));
	assert_int_equal(row(growing, 0)->count, 1);
	look(growing, AT(102));
	assert_int_equal(row(growing, 0)->count, 2);
}

/* Of several namespaces nobody can say when which is full. */
static void of_several_namespaces_no_end_is_told(void **state)
{
	struct growing *growing = *state;
	struct limits_facts limits = {
		.ipcns = NS, .segments = {10, 4096}, .pages = {0, 1 << 30}, .page_size = 4096};

	model_set_limits(growing->model, &limits);
	limits.ipcns = NS + 1;
	model_set_limits(growing->model, &limits);
	for (int i = 0; i < 10; i++) {
		struct event event = made(10 + i, 100, AT(100 + i), 8192);

		event.ipcns = NS + (uint32_t)i % 2;
		apply(growing->model, &event);
		look(growing, AT(100.5 + i));
	}
	assert_int_equal(count_rows(growing), 1);
	assert_true(row(growing, 0)->grows);
	assert_false(row(growing, 0)->has_full);
}

/* A holder that may not be looked at */
static void where_not_all_holders_are_known_nobody_pins(void **state)
{
	struct growing *growing = *state;
	struct segment_facts row = a_row(5, 100, 1);
	const struct attachment mapping = a_mapping(5, 300, ADDR);

	row.mode |= FACT_MODE_DEST;
	snapshot(growing->model, &row, 1, AT(60));
	scan(growing->model, &mapping, 1, AT(61));
	assert_int_equal(growth_pinner(find(growing->model, 5))->pid, 300);
	row.nattch = 2;
	snapshot(growing->model, &row, 1, AT(62));
	assert_null(growth_pinner(find(growing->model, 5)));
}

static void who_pins_removed_ones_is_counted(void **state)
{
	struct growing *growing = *state;
	bool grows;

	for (int i = 0; i < 10; i++) {
		uint64_t addr = ADDR + (uint64_t)i * 0x10000;

		make(growing->model, 10 + i, 100, AT(100 + i));
		attach(growing->model, 10 + i, 300, AT(100.1 + i), addr);
		control(growing->model, 10 + i, 100, AT(100.2 + i), IPC_RMID, 0);
		look(growing, AT(100.5 + i));
	}
	const struct segment *segment = find(growing->model, 10);
	const struct process *holder = growth_pinner(segment);

	assert_int_equal(holder->pid, 300);
	assert_int_equal(growth_pinned(growing->growth, holder, &grows), 10);
	assert_true(grows);
	assert_int_equal(growth_pinned(growing->growth, segment->creator, &grows), 0);
	assert_false(grows);
	attach(growing->model, 10, 400, AT(120), ADDR);
	assert_null(growth_pinner(segment));
	exited(growing->model, 300, AT(121), 0);
	exited(growing->model, 400, AT(121), 0);
	look(growing, AT(122));
	assert_int_equal(growth_pinned(growing->growth, segment->creator, &grows), 0);
}

#define GROWTH_TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up_growth, tear_down_growth)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GROWTH_TEST(a_single_look_counts),
		GROWTH_TEST(two_call_sites_of_one_program_are_told_apart),
		GROWTH_TEST(at_one_call_site_the_executable_may_be_unknown),
		GROWTH_TEST(its_rate_and_the_end_are_told),
		GROWTH_TEST(what_is_attached_removed_or_a_mailbox_does_not_count),
		GROWTH_TEST(what_comes_and_goes_does_not_grow),
		GROWTH_TEST(who_has_nothing_left_is_forgotten),
		GROWTH_TEST(it_looks_at_most_every_second),
		GROWTH_TEST(of_several_namespaces_no_end_is_told),
		GROWTH_TEST(where_not_all_holders_are_known_nobody_pins),
		GROWTH_TEST(who_pins_removed_ones_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
