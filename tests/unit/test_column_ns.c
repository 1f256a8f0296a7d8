/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an IPC namespace is called, and by what it is found. */
#include "sample.h"

#include <errno.h>
#include <stdio.h>

#include "report/filter.h"
#include "report/json_parts.h"

#define ID "3f2a91c07be15d4c8e6a0b9f7d2c4e81a5b3c6d9f0e1728394a5b6c7d8e9f001"

static const struct namespace_owner owner = {
	.pid = 812,
	.start_time = 1,
	.comm = "postgres",
	.label = "docker 3f2a91c07be1",
	.runtime = "docker",
	.container = ID,
	.unit = "postgresql@15-main.service",
};

static int set_up(void **state)
{
	static struct column_context context;

	context = sample_new();
	model_set_namespace_owner(sample_model(&context), SAMPLE_OTHER, &owner);
	*state = &context;
	return 0;
}

static int tear_down(void **state)
{
	sample_free(*state);
	return 0;
}

static void names(void **state)
{
	struct column_context context = *(struct column_context *)*state;
	char out[COLUMN_CELL_LEN];

	assert_string_equal(column_ns_name(&context, SAMPLE_OTHER, out), "docker 3f2a91c07be1");
	assert_string_equal(column_ns_name(&context, SAMPLE_HOST, out), "here");
	assert_string_equal(column_ns_name(&context, FACT_IPCNS_HOST, out), "host");
	assert_string_equal(column_ns_name(&context, 99, out), "99");
	assert_string_equal(column_ns_long_name(&context, SAMPLE_OTHER, out),
			    "docker 3f2a91c07be1 (2)");
	assert_string_equal(column_ns_long_name(&context, 99, out), "99");
	assert_string_equal(column_cell(COLUMN_NS, &context, sample_segment(&context, 0), out),
			    "docker 3f2a91c07be1");
	/* For scripts */
	context.bytes = true;
	assert_string_equal(column_ns_name(&context, SAMPLE_OTHER, out), "2");
	assert_string_equal(column_ns_name(&context, FACT_IPCNS_HOST, out), "host");
	/* For those elsewhere nobody is here. */
	assert_string_equal(column_ns_label(&context, SAMPLE_OTHER, 0), "docker 3f2a91c07be1");
	assert_null(column_ns_label(&context, SAMPLE_HOST, 0));
	assert_string_equal(column_ns_label(&context, FACT_IPCNS_HOST, 0), "host");
}

static void found_by_each_name(void **state)
{
	static const char *const whole[] = {
		"docker", "Docker",       "docker 3f2a91c07be1",        ID,
		"2",      "3f2a91c07be1", "postgresql@15-main.service",
	};
	static const char *const part[] = {"dock", "3f2a", "5d4c8e6a", "15-main"};
	const struct column_context *context = *state;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		assert_true(column_ns_is(context, SAMPLE_OTHER, whole[i]));
		assert_true(column_ns_has(context, SAMPLE_OTHER, whole[i]));
		assert_false(column_ns_is(context, SAMPLE_HOST, whole[i]));
	}
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		assert_false(column_ns_is(context, SAMPLE_OTHER, part[i]));
		assert_true(column_ns_has(context, SAMPLE_OTHER, part[i]));
		assert_false(column_ns_has(context, SAMPLE_HOST, part[i]));
	}
	assert_true(column_ns_is(context, SAMPLE_HOST, "here"));
	assert_true(column_ns_is(context, 99, "99"));
	assert_false(column_ns_is(context, SAMPLE_OTHER, "podman"));
	/* What it has not is no name. */
	assert_false(column_ns_is(context, SAMPLE_OTHER, ""));
}

static void assert_passes(const struct column_context *context, const char *text, bool other)
{
	struct filter_error error;
	struct filter *filter;

	assert_int_equal(filter_parse(text, &filter, &error), 0);
	if (filter_match(filter, context, sample_segment(context, 0)) != other ||
	    filter_match(filter, context, sample_segment(context, 32769)) == other)
		fail_msg("%s", text);
	filter_free(filter);
}

static void filters_know_its_names(void **state)
{
	assert_passes(*state, "ns=docker", true);
	assert_passes(*state, "ns='docker 3f2a91c07be1'", true);
	assert_passes(*state, "ns=2", true);
	assert_passes(*state, "ns~3f2a91c07be15d4c", true);
	assert_passes(*state, "ns~15-main", true);
	assert_passes(*state, "3f2a91", true); /* a bare word */
	assert_passes(*state, "ns!=docker", false);
	assert_passes(*state, "ns!~3f2a", false);
	assert_passes(*state, "ns=here", false);
}

static void why_one_is_not_read(void **state)
{
	struct namespace_state place = {.error = 0};

	(void)state;
	assert_string_equal(column_ns_error(&place), "not read yet");
	place.error = -EPERM;
	assert_string_equal(column_ns_error(&place), "only root may enter it (CAP_SYS_ADMIN)");
	place.error = -ENOMEM;
	assert_string_equal(column_ns_error(&place), "Cannot allocate memory");
	place.error = -ESRCH;
	assert_string_equal(column_ns_error(&place), "no process is left that leads into it");
	place.attached = 2;
	assert_string_equal(column_ns_error(&place),
			    "no process lives in it: attachments of others keep it");
}

static void all_of_them_in_json(void **state)
{
	struct column_context *context = *state;
	struct json_object *array;

	model_namespace_unreadable(sample_model(context), SAMPLE_HOST, -EPERM, SAMPLE_NOW);
	array = json_namespaces(context);
	assert_string_equal(
		json_object_to_json_string_ext(array, JSON_C_TO_STRING_PLAIN),
		"[{\"ipcns\":1,\"label\":null,\"readable\":false,"
		"\"error\":\"only root may enter it (CAP_SYS_ADMIN)\",\"pid\":1,\"comm\":null,"
		"\"runtime\":null,\"container\":null,\"pod\":null,\"unit\":null,\"segments\":null},"
		"{\"ipcns\":2,\"label\":\"docker 3f2a91c07be1\",\"readable\":true,\"error\":null,"
		"\"pid\":2,\"comm\":\"postgres\",\"runtime\":\"docker\",\"container\":\"" ID
		"\",\"pod\":null,\"unit\":\"postgresql@15-main.service\",\"segments\":1}]");
	json_object_put(array);
}

static void the_pid_inside(void **state)
{
	struct process process = {.pid = 812};
	char out[COLUMN_PID_LEN];

	(void)state;
	assert_string_equal(column_pid(&process, out), "812");
	process.inner_pid = 812;
	assert_string_equal(column_pid(&process, out), "812");
	process.inner_pid = 7;
	assert_string_equal(column_pid(&process, out), "812 (7 inside)");
}

/* A container is called as its user likes. */
static void nobody_takes_the_name_of_another(void **state)
{
	static const char *const taken[] = {"host", "here", "99"};
	struct namespace_owner lxc = {.pid = 812, .start_time = 1, .runtime = "lxc"};

	for (size_t i = 0; i < 3; i++) {
		strcpy(lxc.container, taken[i]);
		model_set_namespace_owner(sample_model(*state), SAMPLE_OTHER, &lxc);
		assert_false(column_ns_is(*state, SAMPLE_OTHER, taken[i]));
		assert_true(column_ns_has(*state, SAMPLE_OTHER, taken[i]));
	}
	assert_true(column_ns_is(*state, FACT_IPCNS_HOST, "host"));
	assert_true(column_ns_is(*state, SAMPLE_HOST, "here"));
	assert_true(column_ns_is(*state, 99, "99"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(found_by_each_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_takes_the_name_of_another, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(filters_know_its_names, set_up, tear_down),
		cmocka_unit_test(why_one_is_not_read),
		cmocka_unit_test_setup_teardown(all_of_them_in_json, set_up, tear_down),
		cmocka_unit_test(the_pid_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
