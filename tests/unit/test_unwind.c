/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of real programs, built and called in many ways, unwound when their process is gone. */
#include "tests/unit/unwind_fixture.h"

/* ---- ways to build ------------------------------------------------------------------------- */

static void in_all_builds(void **state)
{
	static const char *const builds[] = {"pie",        "exec",       "clang",    "static",
					     "static-pie", "compressed", "dwarf4",   "split-id",
					     "split-sum",  "library",    "pointers", "bare"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		char site[CALL_FRAME_LEN];

		print_message("# %s\n", builds[i]);
		capture(fixture, builds[i], NULL);
		unwind(fixture, true);
		expect_chain(fixture->path);
		call_paths_site(fixture->paths, fixture->path->id, site);
		assert_memory_equal(site, "c chain.c:", 10);
	}
}

static void an_executable_has_no_libc_in_static_builds(void **state)
{
	struct fixture *fixture = *state;

	capture(fixture, "static", NULL);
	unwind(fixture, true);
	assert_int_equal(fixture->path->site, 1);
	assert_string_equal(fixture->path->frames[0].function, "shmget");
	assert_false(fixture->path->frames[0].module->is_libc);
	capture(fixture, "pie", NULL);
	unwind(fixture, true);
	assert_int_equal(fixture->path->site, 1);
	assert_string_equal(fixture->path->frames[0].function, "shmget");
	assert_true(fixture->path->frames[0].module->is_libc);
}

static void functions_without_debug_information(void **state)
{
	static const char *const functions[] = {"c", "b", "a", "main"};
	struct fixture *fixture = *state;
	char text[CALL_FRAME_LEN];

	capture(fixture, "symbols", NULL);
	unwind(fixture, true);
	assert_false(fixture->path->cut);
	for (size_t i = 0; i < 4; i++) {
		const struct call_frame *frame = &fixture->path->frames[fixture->path->site + i];

		assert_string_equal(frame->function, functions[i]);
		assert_string_equal(frame->file, "");
		assert_int_equal(frame->line, 0);
		assert_in_range(frame->into, 1, 1000);
	}
	assert_memory_equal(call_frame_text(&fixture->path->frames[fixture->path->site], text),
			    "c+0x", 4);
}

static void offsets_without_symbols(void **state)
{
	struct fixture *fixture = *state;
	size_t found = 0;
	char text[CALL_FRAME_LEN], program[PATH_MAX], *real;

	traced_program("stripped", program);
	real = realpath(program, NULL);
	capture(fixture, "stripped", NULL);
	unwind(fixture, true);
	assert_false(fixture->path->cut);
	for (size_t i = fixture->path->site; i < fixture->path->count; i++) {
		const struct call_frame *frame = &fixture->path->frames[i];

		if (strcmp(frame->module->path, real) != 0)
			continue;
		found++;
		assert_string_equal(frame->function, "");
		call_frame_text(frame, text);
		assert_memory_equal(text, real, strlen(real));
		assert_memory_equal(text + strlen(real), "+0x", 3);
	}
	assert_int_equal(found, 5); /* c b a main _start */
	free(real);
}

static void names_of_cxx(void **state)
{
	static const struct {
		const char *build, *b;
	} all[] = {{"cxx", "links::(anonymous namespace)::b<long int>"},
		   {"cxx-clang", "links::(anonymous namespace)::b<long>"}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 2; i++) {
		size_t at;

		capture(fixture, all[i].build, NULL);
		unwind(fixture, true);
		at = expect(fixture->path, fixture->path->site,
			    "links::(anonymous namespace)::call", "call");
		assert_true(fixture->path->frames[at - 1].inlined);
		at = expect(fixture->path, at, all[i].b, "b");
		at = expect(fixture->path, at, "links::Chain::a(int)::{lambda(int)#1}::operator()",
			    "c");
		at = expect(fixture->path, at, "links::Chain::a", "a");
		expect(fixture->path, at, "main", NULL);
		assert_false(fixture->path->cut);
	}
}

/* ---- ways to call -------------------------------------------------------------------------- */

static void in_a_thread(void **state)
{
	static const char *const builds[] = {"pie", "static", "clang"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 3; i++) {
		size_t at;

		capture(fixture, builds[i], "thread");
		unwind(fixture, true);
		at = expect(fixture->path, fixture->path->site, "c", NULL);
		at = expect(fixture->path, at, "b", NULL);
		at = expect(fixture->path, at, "a", NULL);
		expect(fixture->path, at, "in_thread", NULL);
		assert_false(fixture->path->cut);
	}
}

static void in_a_signal_handler(void **state)
{
	struct fixture *fixture = *state;
	size_t at;

	capture(fixture, "pie", "signal");
	unwind(fixture, true);
	at = expect(fixture->path, fixture->path->site + 2, "a", NULL);
	expect(fixture->path, at, "on_signal", NULL);
	at = expect(fixture->path, index_of(fixture->path, "signalled"), "signalled", NULL);
	expect(fixture->path, at, "main", "main, signal");
	assert_false(fixture->path->cut);
}

static void where_the_first_instruction_was_interrupted(void **state)
{
	struct fixture *fixture = *state;
	const struct call_frame *frame;
	size_t at;

	capture(fixture, "pie", "fault");
	unwind(fixture, true);
	at = index_of(fixture->path, "fault");
	assert_true(at < fixture->path->count);
	frame = &fixture->path->frames[at];
	assert_int_equal(frame->into, 0);
	at = expect(fixture->path, at + 1, "faulted", NULL);
	expect(fixture->path, at, "main", "main, fault");
	assert_false(fixture->path->cut);
}

static void where_a_call_never_returns(void **state)
{
	static const char *const builds[] = {"pie", "clang"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 2; i++) {
		size_t at;

		capture(fixture, builds[i], "last");
		unwind(fixture, true);
		at = expect(fixture->path, index_of(fixture->path, "never"), "never", NULL);
		at = expect(fixture->path, at, "last", NULL);
		expect(fixture->path, at, "main", "main, last");
		assert_false(fixture->path->cut);
	}
}

static void on_another_stack_the_interrupted_one_is_missing(void **state)
{
	struct fixture *fixture = *state;

	capture(fixture, "pie", "altstack");
	unwind(fixture, true);
	expect(fixture->path, fixture->path->site + 3, "on_signal", NULL);
	assert_true(fixture->path->cut);
	assert_int_equal(index_of(fixture->path, "main"), fixture->path->count);
}

static void inlined_functions_are_frames(void **state)
{
	static const char *const builds[] = {"pie", "clang", "dwarf4", "static"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 4; i++) {
		size_t at;

		capture(fixture, builds[i], "inlined");
		unwind(fixture, true);
		at = expect(fixture->path, fixture->path->site, "inner", NULL);
		assert_true(fixture->path->frames[at - 1].inlined);
		at = expect(fixture->path, at, "middle", NULL);
		assert_true(fixture->path->frames[at - 1].inlined);
		at = expect(fixture->path, at, "outer", NULL);
		assert_false(fixture->path->frames[at - 1].inlined);
		expect(fixture->path, at, "main", "main, inlined");
		assert_false(fixture->path->cut);
	}
}

static void deep_stacks_are_cut(void **state)
{
	struct fixture *fixture = *state;

	capture(fixture, "pie", "deep");
	unwind(fixture, true);
	assert_int_equal(fixture->path->count, CALL_PATH_FRAMES);
	assert_true(fixture->path->cut);
	expect(fixture->path, CALL_PATH_FRAMES - 1, "deep", NULL);
}

static void an_interpreter(void **state)
{
	struct fixture *fixture = *state;
	const char *argv[] = {"perl", "-e", "shmget(0x73686d74, 1, 0)", NULL};

	if (traced_call(argv, &fixture->call))
		skip_because("no perl");
	unwind(fixture, true);
	assert_false(fixture->path->cut);
	assert_true(fixture->path->count >= 6);
	assert_false(fixture->path->frames[fixture->path->site].module->is_libc);
	assert_non_null(strstr(fixture->path->frames[fixture->path->site].module->path, "perl"));
}

/* ---- samples that are not whole ------------------------------------------------------------ */

static void a_piece_of_the_stack(void **state)
{
	struct fixture *fixture = *state;
	size_t whole, before = 0;

	capture(fixture, "pie", NULL);
	whole = fixture->call.sample.stack_length;
	for (size_t length = 0; length <= 512; length += 8) {
		fixture->call.sample.stack_length = length;
		unwind(fixture, false);
		assert_true(fixture->path->count >= before);
		assert_true(fixture->path->cut || length > 256);
		before = fixture->path->count;
	}
	assert_true(before > 3);
	fixture->call.sample.stack_length = whole;
	/* The copy was cut short, but not before the end of the chain of calls */
	fixture->call.sample.cut = true;
	unwind(fixture, true);
	expect_chain(fixture->path);
}

static void without_mappings(void **state)
{
	struct fixture *fixture = *state;

	capture(fixture, "pie", NULL);
	/* Nothing tells where the program counter is */
	fixture->call.sample.mapping_count = 0;
	assert_int_equal(unwinder_unwind(fixture->unwinder, &fixture->call.sample), 0);
}

/* ---- what is learnt is kept ---------------------------------------------------------------- */

static void equal_stacks_are_one_path(void **state)
{
	struct fixture *fixture = *state;
	uint32_t first;

	capture(fixture, "pie", NULL);
	unwind(fixture, true);
	first = fixture->path->id;
	/* At other addresses, as another process */
	capture(fixture, "pie", NULL);
	assert_int_equal(unwinder_unwind(fixture->unwinder, &fixture->call.sample), first);
	assert_false(unwinder_name(fixture->unwinder, UINT64_MAX));
	capture(fixture, "pie", "thread");
	unwind(fixture, true);
	assert_int_not_equal(fixture->path->id, first);
	/* The same line made the call. */
	assert_int_equal(fixture->path->site_id, first);
	assert_int_equal(call_paths_count(fixture->paths), 2);
}

/* ---- what is hostile ----------------------------------------------------------------------- */

static void noise_on_the_stack(void **state)
{
	static const char *const builds[] = {"pie", "static", "library", "pointers"};
	struct fixture *fixture = *state;
	struct chance chance = seed();
	struct traced_call noisy;
	const uint64_t end = clock_now() + seconds(2) * CLOCK_SECOND;

	for (size_t i = 0; clock_now() < end; i++) {
		if (i % 1000 == 0)
			capture(fixture, builds[i / 1000 % 4], "signal");
		noisy = fixture->call;
		noisy.sample.stack = noisy.stack;
		noisy.sample.mappings = noisy.mappings;
		for (size_t change = chance_below(&chance, 16); change; change--) {
			uint64_t value = chance_number(&chance, 64);
			const size_t word = chance_below(&chance, noisy.sample.stack_length / 8);

			if (chance_below(&chance, 2))
				memcpy(&value, noisy.stack + 8 * word, sizeof(value));
			memcpy(noisy.stack + 8 * chance_below(&chance, 200), &value, sizeof(value));
		}
		if (chance_below(&chance, 4) == 0)
			noisy.sample.registers[chance_below(&chance, SAMPLE_REGISTERS)] =
				chance_number(&chance, 64);
		if (chance_below(&chance, 4) == 0)
			noisy.mappings[chance_below(&chance, noisy.sample.mapping_count)].start =
				chance_number(&chance, 48);
		noisy.sample.stack_length = chance_below(&chance, noisy.sample.stack_length + 1);
		unwinder_unwind(fixture->unwinder, &noisy.sample);
	}
	assert_in_range(call_paths_count(fixture->paths), 100, CALL_PATHS_MOST);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(in_all_builds),
		TEST(an_executable_has_no_libc_in_static_builds),
		TEST(functions_without_debug_information),
		TEST(offsets_without_symbols),
		TEST(names_of_cxx),
		TEST(in_a_thread),
		TEST(in_a_signal_handler),
		TEST(where_the_first_instruction_was_interrupted),
		TEST(where_a_call_never_returns),
		TEST(on_another_stack_the_interrupted_one_is_missing),
		TEST(inlined_functions_are_frames),
		TEST(deep_stacks_are_cut),
		TEST(an_interpreter),
		TEST(a_piece_of_the_stack),
		TEST(without_mappings),
		TEST(equal_stacks_are_one_path),
		TEST(noise_on_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
