/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits in JSON, as exact text: names and their order are a promise to those who read them. */
#include "sample.h"

#include <errno.h>
#include <stdio.h>

#include "report/creators.h"
#include "report/report.h"

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

/* Frees the object. */
static void assert_json(struct json_object *object, const char *expected)
{
	assert_non_null(object);
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE),
		expected);
	json_object_put(object);
}

#define USE(used, max) "{\"used\":" #used ",\"max\":" #max ",\"full_in\":null}"
#define HEAD                                                                                                                     \
	"{\"ipcns\":4026531839,\"ipcns_label\":\"host\",\"segments\":" USE(                                                      \
		212,                                                                                                             \
		4096) ",\"pages\":" USE(10,                                                                                      \
					18446744073692774399) ",\"page_size\":4096,"                                             \
							      "\"shmmax\":18446744073692774399,"                                 \
							      "\"rss\":4096,\"swap\":0,"                                         \
							      "\"sem\":{\"sets\":" USE(1, 32000) ",\"sems\":" USE(               \
								      3,                                                         \
								      1024000000) "},"                                           \
										  "\"msg\":{"                                    \
										  "\"queues\""                                   \
										  ":" USE(0,                                     \
											  32000) ",\"messages\":2,\"bytes\":11," \
												 "\"msgmnb\":16384,\"msgmax\":8192},"

static void limits_are_told(void **state)
{
	const struct creator_list none = {0};
	struct namespace_state place = {.facts.ipcns = 4026531839, .has_limits = true};
	struct limits_facts *limits = &place.limits;

	*limits = (struct limits_facts){
		.ipcns = 4026531839,
		.segments = {212, 4096},
		.pages = {10, UINT64_C(18446744073692774399)},
		.page_size = 4096,
		.shmmax = UINT64_C(18446744073692774399),
		.semsets = {1, 32000},
		.sems = {3, 1024000000},
		.queues = {0, 32000},
		.messages = 2,
		.message_bytes = 11,
		.msgmnb = 16384,
		.msgmax = 8192,
		.rss = 4096,
	};
	assert_json(json_limits(*state, &place, &none),
		    HEAD "\"hugepages\":null,\"creators\":[],\"why\":null}");
	limits->has_hugepages = true;
	limits->hugepage_size = 2097152;
	limits->hugepages_total = 8;
	limits->hugepages_free = 6;
	limits->hugepages_reserved = 1;
	assert_json(json_limits(*state, &place, &none),
		    HEAD "\"hugepages\":{\"size\":2097152,\"total\":8,\"free\":6,\"reserved\":1},"
			 "\"creators\":[],\"why\":null}");
}

static void limits_that_are_not_known(void **state)
{
	const struct creator_list none = {0};
	struct namespace_state place = {.facts.ipcns = 4026531839, .error = -EPERM};

#define UNKNOWN                                                                            \
	"{\"ipcns\":4026531839,\"ipcns_label\":\"host\",\"segments\":null,\"pages\":null," \
	"\"page_size\":null,\"shmmax\":null,\"rss\":null,\"swap\":null,\"sem\":null,"      \
	"\"msg\":null,\"hugepages\":null,\"creators\":[],"
	assert_json(json_limits(*state, &place, &none),
		    UNKNOWN "\"why\":\"Operation not permitted\"}");
	place.error = 0;
	assert_json(json_limits(*state, &place, &none), UNKNOWN "\"why\":null}");
}

static void what_grows_has_an_end(void **state)
{
	const struct column_context *context = *state;
	const struct creator_list none = {0};
	const struct namespace_state *places;
	struct json_object *object, *use, *seconds;
	size_t count;

	for (uint64_t second = 0; second <= 60; second++) {
		const struct limits_facts limits = {
			.ipcns = SAMPLE_HOST,
			.time = SAMPLE_NOW + second * CLOCK_SECOND,
			.segments = {second, 4096},
		};

		model_set_limits(sample_model(context), &limits);
	}
	places = model_namespaces(context->model, &count);
	object = json_limits(context, &places[0], &none);
	assert_true(json_object_object_get_ex(object, "segments", &use));
	assert_true(json_object_object_get_ex(use, "full_in", &seconds));
	assert_int_equal(json_object_get_int64(seconds), 4036);
	json_object_put(object);
}

static void creators_are_told(void **state)
{
	const struct column_context *context = *state;
	const struct namespace_state place = {.facts.ipcns = SAMPLE_HOST};
	struct creator_list list = {0};
	struct json_object *object;

	assert_int_equal(creators_collect(context, &list), 0);
	object = json_limits(context, &place, &list);
	assert_json(
		json_object_get(json_object_object_get(object, "creators")),
		"[{\"program\":\"/usr/bin/postgres\",\"uid\":4000000001,\"owner\":null,"
		"\"segments\":1,\"unattached\":0,\"bytes\":8589934592,\"first\":1711022671,"
		"\"last\":1711022671},"
		"{\"program\":null,\"uid\":4000000002,\"owner\":null,\"segments\":1,"
		"\"unattached\":1,\"bytes\":67108864,\"first\":1714305871,\"last\":1714305871}]");
	json_object_put(object);
	/* Of several users, and from a table that tells no times */
	list.rows[0].uid = FACT_UID_UNKNOWN;
	list.rows[0].has_times = false;
	object = json_limits(context, &place, &list);
	assert_json(json_object_get(json_object_array_get_idx(
			    json_object_object_get(object, "creators"), 0)),
		    "{\"program\":\"/usr/bin/postgres\",\"uid\":null,\"owner\":null,\"segments\":1,"
		    "\"unattached\":0,\"bytes\":8589934592,\"first\":null,\"last\":null}");
	json_object_put(object);
	creators_free(&list);
}

static void huge_pages_of_each_size(void **state)
{
	const struct column_context *context = *state;
	const struct fact_hugepools pools = {
		.rows = {{2 << 20, 8, 3, 1, 5, 4}, {.size = 1 << 30}},
		.count = 2,
	};

	assert_json(json_hugepages(context), "[]");
	model_set_hugepools(sample_model(context), &pools);
	assert_json(json_hugepages(context),
		    "[{\"size\":2097152,\"total\":8,\"free\":3,\"reserved\":1,\"surplus\":5,"
		    "\"overcommit\":4},{\"size\":1073741824,\"total\":0,\"free\":0,\"reserved\":0,"
		    "\"surplus\":0,\"overcommit\":0}]");
}

#define LIMITS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIMITS_TEST(limits_are_told),         LIMITS_TEST(limits_that_are_not_known),
		LIMITS_TEST(what_grows_has_an_end),   LIMITS_TEST(creators_are_told),
		LIMITS_TEST(huge_pages_of_each_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
