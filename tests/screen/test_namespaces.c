/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments of several IPC namespaces: whose each is, in the list, on its page and among the limits. */
#include "tests/tap.h"

#include <string.h>

#include "stage.h"
#include "ui/view.h"

#define SECOND UINT64_C(1000000000)
#define OTHER  4026532210u
#define ID     "3f2a91c07be15d4c8e6a0b9f7d2c4e81a5b3c6d9f0e1728394a5b6c7d8e9f001"

/* Beside the script's, a container with one segment, held by its first process */
static void add_container(struct model *model)
{
	const struct namespace_facts places[] = {{SCRIPT_IPCNS, 1, 1}, {OTHER, 812, SECOND}};
	const struct namespace_owner owner = {
		.pid = 812,
		.start_time = SECOND,
		.comm = "postgres",
		.label = "docker 3f2a91c07be1",
		.runtime = "docker",
		.container = ID,
	};
	const struct segment_facts row = {
		.known = FACT_COL_ALL & ~(FACT_COL_RSS | FACT_COL_SWAP),
		.shmid = 0,
		.mode = 0600,
		.size = 8192,
		.cpid = 812,
		.lpid = 812,
		.nattch = 1,
		.ctime = SCRIPT_WALL / INT64_C(1000000000) - 100,
		.atime = SCRIPT_WALL / INT64_C(1000000000) - 100,
	};
	const struct attachment mapping = {.mm = 0x812,
					   .start_time = SECOND,
					   .start = 0x7f0000000000,
					   .length = 8192,
					   .ipcns = OTHER,
					   .pid = 812,
					   .flags = ATTACHMENT_READ | ATTACHMENT_WRITE};
	const struct process_facts process = {
		.pid = 812, .start_time = SECOND, .inner_pid = 7, .comm = "postgres"};
	const struct process *wanted;

	assert_int_equal(model_reconcile_namespaces(model, places, 2, SCRIPT_NOW), 0);
	model_set_namespace_owner(model, OTHER, &owner);
	assert_int_equal(model_reconcile_segments(model, OTHER, &row, 1, 0, SCRIPT_NOW), 0);
	assert_int_equal(model_reconcile_attachments(model, &mapping, 1, SCRIPT_NOW), 0);
	while ((wanted = model_next_wanted(model)))
		if (wanted->pid == process.pid)
			model_process_known(model, wanted, &process, SCRIPT_NOW);
		else
			model_process_missing(model, wanted, SCRIPT_NOW);
}

static void open_with_container(struct stage *stage, int rows, int columns)
{
	stage_open(stage, rows, columns);
	add_container(stage->model);
	stage_draw_later(stage, SECOND, 0);
}

static void test_a_container_has_its_name_in_the_list(void **state)
{
	struct stage *stage = *state;

	open_with_container(stage, 24, 80);
	assert_shows(stage, " SHMID FLAG NS                   SIZE");
	assert_line(stage, "         0      docker 3f2a91c07be1 8.00K", "8.00K");
	assert_line(stage, "     32769      host", "host");
	/* Found by any of its names */
	stage_press(stage, F4 "ns~5d4c8e6a\r");
	assert_shows(stage, "docker 3f2a91c07be1");
	assert_shows(stage, " 1/1");
	stage_press(stage, F4 "\025ns!=docker\r");
	assert_hides(stage, "docker 3f2a91c07be1 ");
	assert_shows(stage, " 32769");
}

static void test_its_page(void **state)
{
	struct stage *stage = *state;

	open_with_container(stage, 24, 160);
	stage_press(stage, F4 "ns=docker\r\r");
	assert_shows(stage, "0  key -  IPC namespace docker 3f2a91c07be1");
	assert_shows(stage, "4026532210, oldest process 812 postgres, container " ID);
	assert_shows(stage, "812 postgres (7 inside)");
	assert_shows(stage, "PID INSIDE HOLDER");
	assert_line(stage, "     812      7 postgres", "creator");
	/* Where nobody has another pid inside there is no such column. */
	stage_press(stage, ESCAPE F4 "\025id=98307\r\r");
	assert_shows(stage, "PID HOLDER");
	assert_hides(stage, "INSIDE");
}

static void test_its_limits(void **state)
{
	const struct limits_facts limits = {
		.ipcns = OTHER, .segments = {78, 100}, .page_size = 4096};
	struct stage *stage = *state;

	open_with_container(stage, 24, 80);
	model_set_limits(stage->model, &limits);
	stage_draw_later(stage, SECOND, 0);
	stage_press(stage, "5");
	assert_shows(stage, " docker 3f2a91c07be1 SHMMNI");
	stage_press(stage, "/3f2a\r\r");
	assert_shows(stage, "[1:Segments]");
	assert_line(stage, ">         0", "docker 3f2a91c07be1");
	assert_shows(stage, " 1/1");
}

int main(void)
{
#define NAMESPACES_TEST(function) \
	cmocka_unit_test_setup_teardown(function, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		NAMESPACES_TEST(test_a_container_has_its_name_in_the_list),
		NAMESPACES_TEST(test_its_page),
		NAMESPACES_TEST(test_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
