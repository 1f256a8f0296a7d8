/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a segment was made, as it is shown: as JSON, in words, and in the column. */
#include "sample.h"

#include <stdio.h>

#include "report/filter.h"
#include "report/report.h"
#include "stack/call_paths_internal.h"

struct stacks {
	struct column_context context;
	struct call_paths *paths;
	struct call_module libc, program;
	uint32_t id;
};

static void name_all(struct call_paths *paths)
{
	struct call_place *place;

	while ((place = call_paths_unnamed(paths))) {
		const struct call_step *step = call_place_step(place);
		struct call_name name = {.line = step->offset == 0x30 ? 130 : 0, .into = 0x1b};

		strcpy(name.function, step->module->is_libc ? "shmget" : "make_one");
		strcpy(name.file, step->offset == 0x30 ? "src/fork_demo.c" : "");
		call_paths_name(paths, place, &name, step->offset == 0x50 ? 0 : 1);
	}
}

/* Segment 229383 was made by shmget in make_one, called from somewhere in a stripped file. */
static int set_up(void **state)
{
	static struct stacks stacks;

	stacks.context = sample_new();
	stacks.libc = (struct call_module){.path = "/usr/lib/libc.so.6", .is_libc = true};
	stacks.program = (struct call_module){.path = "/usr/bin/tst"};
	const struct call_step steps[] = {
		{.addr = 0x7f10, .module = &stacks.libc, .offset = 0x10, .exact = true},
		{.addr = 0x5530, .module = &stacks.program, .offset = 0x30},
		{.addr = 0x5550, .module = &stacks.program, .offset = 0x50},
		{.addr = 0x1234},
	};

	assert_int_equal(call_paths_new(&stacks.paths), 0);
	stacks.id = call_paths_add(stacks.paths, steps, 4, true);
	name_all(stacks.paths);
	stacks.context.paths = stacks.paths;
	model_set_stack(sample_model(&stacks.context), SAMPLE_HOST, 229383,
			SAMPLE_NOW - 5 * CLOCK_SECOND, stacks.id,
			call_paths_get(stacks.paths, stacks.id)->site_id);
	*state = &stacks;
	return 0;
}

static int tear_down(void **state)
{
	struct stacks *stacks = *state;

	sample_free(&stacks->context);
	call_paths_free(stacks->paths);
	return 0;
}

#define FRAMES                                                                       \
	"[{\"addr\":\"0x7f10\",\"function\":\"shmget\",\"file\":null,\"line\":null," \
	"\"module\":\"/usr/lib/libc.so.6\",\"offset\":\"0x10\",\"inlined\":false},"  \
	"{\"addr\":\"0x5530\",\"function\":\"make_one\",\"file\":\"src/"             \
	"fork_demo.c\",\"line\":130,"                                                \
	"\"module\":\"/usr/bin/tst\",\"offset\":\"0x30\",\"inlined\":false},"        \
	"{\"addr\":\"0x5550\",\"function\":null,\"file\":null,\"line\":null,"        \
	"\"module\":\"/usr/bin/tst\",\"offset\":\"0x50\",\"inlined\":false},"        \
	"{\"addr\":\"0x1234\",\"function\":null,\"file\":null,\"line\":null,"        \
	"\"module\":null,\"offset\":null,\"inlined\":false}]"

static const char *json_text_of(struct json_object *object)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%s",
		 json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return text;
}

static void what_is_unknown_of_a_frame_is_null(void **state)
{
	const struct stacks *stacks = *state;

	assert_string_equal(json_text_of(json_stack(stacks->paths, stacks->id)), FRAMES);
	assert_null(json_stack(stacks->paths, 0));
	assert_null(json_stack(stacks->paths, stacks->id + 1));
	assert_null(json_stack(NULL, stacks->id));
}

static void a_verdict_has_the_stack(void **state)
{
	const struct stacks *stacks = *state;
	struct json_object *segment =
		json_segment(&stacks->context, sample_segment(&stacks->context, 229383));

	assert_non_null(
		strstr(json_text_of(segment),
		       "\"verdict\":{\"kind\":\"gone\",\"confidence\":\"none\","
		       "\"since\":1714565069.000000000,"
		       "\"because\":[\"destroyed 2s ago: removed before, and its last holder "
		       "let go\",\"7713 tst let go last (exit)\","
		       "\"removed 3s ago by 7713 tst\"],\"stack\":" FRAMES "}"));
}

static void a_segment_in_words_has_the_stack(void **state)
{
	const struct stacks *stacks = *state;
	struct column_context context = stacks->context;
	char *text = NULL;
	size_t size;

	for (int i = 0; i < 2; i++) {
		FILE *out = open_memstream(&text, &size);

		table_print_segment(out, &context, sample_segment(&context, 229383));
		fclose(out);
		assert_int_equal(strstr(text, "\nMade at:\n"
					      "  shmget+0x1b\n"
					      "  make_one fork_demo.c:130\n"
					      "  /usr/bin/tst+0x50\n"
					      "  0x1234\n"
					      "  ...\n") != NULL,
				 i == 0);
		assert_int_equal(strstr(text, "Made at:") != NULL, i == 0);
		free(text);
		context.paths = NULL;
	}
}

static bool matches(const struct stacks *stacks, const char *expression, int32_t shmid)
{
	struct filter_error error;
	struct filter *filter;

	assert_int_equal(filter_parse(expression, &filter, &error), 0);
	bool matched =
		filter_match(filter, &stacks->context, sample_segment(&stacks->context, shmid));

	filter_free(filter);
	return matched;
}

static void the_call_site_is_a_column(void **state)
{
	const struct stacks *stacks = *state;
	char cell[COLUMN_CELL_LEN];

	assert_string_equal(column_cell(COLUMN_SITE, &stacks->context,
					sample_segment(&stacks->context, 229383), cell),
			    "make_one fork_demo.c:130");
	assert_string_equal(column_cell(COLUMN_SITE, &stacks->context,
					sample_segment(&stacks->context, 65538), cell),
			    "-");
	assert_true(matches(stacks, "site='make_one fork_demo.c:130'", 229383));
	assert_true(matches(stacks, "site~fork_demo", 229383));
	assert_true(matches(stacks, "fork_demo", 229383));
	assert_false(matches(stacks, "site~fork_demo", 65538));
	assert_false(matches(stacks, "site!~fork_demo", 65538)); /* it is not known */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_unknown_of_a_frame_is_null, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_verdict_has_the_stack, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_segment_in_words_has_the_stack, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_call_site_is_a_column, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
