/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines above a table. */
#include "sample.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "report/report.h"

static void assert_header(const struct column_context *context, double interval,
			  const char *behind_host)
{
	char expected[1024];
	struct utsname machine;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(uname(&machine), 0);
	snprintf(expected, sizeof(expected), "shmtop  %s  %s", machine.nodename, behind_host);
	header_print(out, context, interval);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void header_of_a_machine(void **state)
{
	struct column_context context = sample_new();

	(void)state;
	assert_header(&context, 1.0,
		      "12:04:31  every 1.0s  tracepoint  lost 0  drift 1  2 ns\n"
		      "Unseen: 32-bit calls\n"
		      "32-bit calls: not followed; --compat follows them, at a cost\n"
		      "Why not better: no fentry\n"
		      "Mem  size 8.06G  rss >7.00G  swap >4.00K\n"
		      "Seg  3  here 2/4096  unattached 1  att 4  procs 2\n");
	/* limits of other namespaces than one's own say nothing here */
	context.own_ipcns = SAMPLE_OTHER;
	assert_header(&context, 0,
		      "12:04:31  tracepoint  lost 0  drift 1  2 ns\n"
		      "Unseen: 32-bit calls\n"
		      "32-bit calls: not followed; --compat follows them, at a cost\n"
		      "Why not better: no fentry\n"
		      "Mem  size 8.06G  rss >7.00G  swap >4.00K\n"
		      "Seg  3  unattached 1  att 4  procs 2\n");
	sample_free(&context);
}

static void header_with_rates(void **state)
{
	struct model *model;
	struct source_status status = {
		.calls = "tracepoint", .life = "sched", .attachers = "maps", .lost = 7};
	struct event event = sample_event(FACT_SHMDT, 0);

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	model_set_status(model, &status);
	model_expire(model, SAMPLE_NOW);
	event.shmid = -1;
	event.ret = -22;
	for (int i = 0; i < 14; i++)
		assert_int_equal(model_apply(model, &event), 0);
	model_expire(model, SAMPLE_NOW + CLOCK_SECOND);
	event.time += CLOCK_SECOND;
	for (int i = 0; i < 3; i++)
		assert_int_equal(model_apply(model, &event), 0);
	model_expire(model, SAMPLE_NOW + 2 * CLOCK_SECOND);
	const struct column_context context = {
		.model = model, .now = SAMPLE_NOW, .wall = SAMPLE_WALL, .own_ipcns = SAMPLE_HOST};

	assert_header(&context, 0,
		      "12:04:31  tracepoint  lost 7  drift 0  0 ns\n"
		      "32-bit calls: not followed; --compat follows them, at a cost\n"
		      "Mem  size 0  rss 0  swap 0\n"
		      "Seg  0  unattached 0  att 0  procs 0  ops 3/s\n");
	/* where none is seen there is no rate, not one of 0, and none can be lost */
	status.lost = 0;
	status.calls = status.life = "none";
	model_set_status(model, &status);
	assert_header(&context, 0,
		      "12:04:31  poll  lost -  drift 0  0 ns\n"
		      "Unseen: calls, what comes and goes between two looks\n"
		      "Mem  size 0  rss 0  swap 0\n"
		      "Seg  0  unattached 0  att 0  procs 0\n");
	model_free(model);
}

static void header_where_nothing_is_missed(void **state)
{
	struct model *model;
	const struct source_status status = {.calls = "fexit",
					     .compat = "fexit",
					     .life = "exact",
					     .attachers = "iter",
					     .exact = FACT_EXACT_ALL};

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	model_set_status(model, &status);
	const struct column_context context = {
		.model = model, .now = SAMPLE_NOW, .wall = SAMPLE_WALL, .own_ipcns = SAMPLE_HOST};

	assert_header(&context, 0,
		      "12:04:31  fexit  lost 0  drift 0  0 ns\n"
		      "Mem  size 0  rss 0  swap 0\n"
		      "Seg  0  unattached 0  att 0  procs 0\n");
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_of_a_machine),
		cmocka_unit_test(header_with_rates),
		cmocka_unit_test(header_where_nothing_is_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
