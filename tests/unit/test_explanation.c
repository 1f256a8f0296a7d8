/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an event is explained with: the facts of its failure, else the error in general, and how often it came. */
#include "sample.h"

#include <errno.h>

#include "judge/failures.h"
#include "report/report.h"

static struct column_context context;
static struct failures *failures;

static int setup(void **state)
{
	(void)state;
	context = (struct column_context){0};
	if (failures_new(&failures))
		return -1;
	context.failures = failures;
	return setenv("TZ", "UTC", 1);
}

static int teardown(void **state)
{
	(void)state;
	failures_free(failures);
	return 0;
}

/* An empty size for a new segment, `times` times, a second apart. Returns the last one. */
static struct event failed(unsigned int times)
{
	struct event event = {.op = FACT_SHMGET, .ret = -EINVAL, .time = SAMPLE_NOW, .shmid = -1};
	const struct failure facts = {
		.event = event, .gathered = SAMPLE_NOW, .found = FACT_FOUND_NONE};

	event.failure = failures_add(failures, &facts);
	for (unsigned int i = 1; i < times; i++) {
		event.time += CLOCK_SECOND;
		assert_int_equal(failures_repeat(failures, &event), event.failure);
	}
	return event;
}

static void by_its_facts_else_in_general(void **state)
{
	struct event event = failed(1);
	char out[EVENT_EXPLAIN_LEN];

	(void)state;
	assert_string_equal(event_explain(out, &context, &event),
			    "a new segment must have a size, and 0 was asked for");
	event.failure = 0;
	assert_string_equal(
		event_explain(out, &context, &event),
		"more than the segment of this key has, or no size between 1 and SHMMAX");
	event.failure = 99; /* it is forgotten */
	assert_string_not_equal(event_explain(out, &context, &event), "");
	context.failures = NULL;
	assert_string_not_equal(event_explain(out, &context, &event), "");
	event.ret = 0;
	assert_string_equal(event_explain(out, &context, &event), "");
	event = (struct event){.op = FACT_DETACH, .ret = -EINVAL};
	assert_string_equal(event_explain(out, &context, &event), "");
}

static void repeats_are_counted(void **state)
{
	struct event event = failed(1);
	char out[EVENT_PART_LEN];

	(void)state;
	assert_string_equal(event_explain_repeats(out, &context, &event), "");
	event = failed(3);
	assert_string_equal(event_explain_repeats(out, &context, &event), "4 times since 12:04:31");
	event.failure = 0;
	assert_string_equal(event_explain_repeats(out, &context, &event), "");
}

static void assert_printed(const struct event *event, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	event_print_explanation(out, &context, event, "  ");
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

/* The sentence stands where it came first; and again, where its facts are other ones. */
static void a_repeat_is_told_briefly(void **state)
{
	struct event event = failed(1);

	(void)state;
	assert_printed(&event, "  a new segment must have a size, and 0 was asked for\n");
	event.time++;
	assert_int_equal(failures_repeat(failures, &event), event.failure);
	assert_printed(&event, "  as above, 2 times since 12:04:31\n");
	event = failed(1);
	assert_printed(&event, "  a new segment must have a size, and 0 was asked for; 3 times "
			       "since 12:04:31\n");
	event.failure = 0;
	event.ret = -EPIPE;
	assert_printed(&event, "");
}

static void json_has_both(void **state)
{
	struct event event = failed(3);
	struct json_object *object = json_event(&context, &event);

	(void)state;
	assert_string_equal(json_object_get_string(json_object_object_get(object, "explain")),
			    "a new segment must have a size, and 0 was asked for");
	assert_int_equal(json_object_get_int(json_object_object_get(object, "repeats")), 2);
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_its_facts_else_in_general, setup, teardown),
		cmocka_unit_test_setup_teardown(repeats_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_repeat_is_told_briefly, setup, teardown),
		cmocka_unit_test_setup_teardown(json_has_both, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
