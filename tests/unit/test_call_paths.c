/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call paths as the unwinder fills them in and others read them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

#include "stack/call_paths_internal.h"

static const struct call_module libc = {.path = "/usr/lib/libc.so.6", .is_libc = true};
static const struct call_module program = {.path = "/usr/bin/program"};
static const struct call_module library = {.path = "/usr/lib/libx.so"};

static const struct call_step chain[] = {
	{0x7f0000001010, &libc, 0x1010, false},
	{0x7f1000002020, &library, 0x2020, false},
	{0x550000003030, &program, 0x3030, false},
	{0x7f0000004040, &libc, 0x4040, false},
};
enum { CHAIN = sizeof(chain) / sizeof(chain[0]) };

static int set_up(void **state)
{
	return call_paths_new((struct call_paths **)state);
}

static int tear_down(void **state)
{
	call_paths_free(*state);
	return 0;
}

/* Names whatever has none by that function; how many places. */
static size_t name_all(struct call_paths *paths, const char *function)
{
	struct call_name name = {.line = 7, .file = "src/file.c", .into = 5};
	struct call_place *place;
	size_t count = 0;

	snprintf(name.function, sizeof(name.function), "%s", function);
	for (; (place = call_paths_unnamed(paths)); count++)
		call_paths_name(paths, place, &name, 1);
	return count;
}

static void nothing_is_there_at_first(void **state)
{
	struct call_paths *paths = *state;
	char text[CALL_FRAME_LEN] = "x";

	assert_int_equal(call_paths_count(paths), 0);
	assert_null(call_paths_get(paths, 0));
	assert_null(call_paths_get(paths, 1));
	assert_string_equal(call_paths_site(paths, 0, text), "");
	assert_null(call_paths_unnamed(paths));
}

static void a_path_is_kept_once(void **state)
{
	struct call_paths *paths = *state;
	struct call_step moved[CHAIN];

	memcpy(moved, chain, sizeof(moved));
	moved[1].addr += 0x1000; /* the same place at another address */
	assert_int_equal(call_paths_add(paths, chain, CHAIN, false), 1);
	assert_int_equal(call_paths_add(paths, moved, CHAIN, false), 1);
	assert_int_equal(call_paths_get(paths, 1)->frames[1].addr, chain[1].addr);
	moved[1].offset++;
	assert_int_equal(call_paths_add(paths, moved, CHAIN, false), 2);
	assert_int_equal(call_paths_add(paths, chain, CHAIN - 1, false), 3);
	assert_int_equal(call_paths_add(paths, chain, CHAIN, true), 4);
	assert_true(call_paths_get(paths, 4)->cut);
	assert_int_equal(call_paths_count(paths), 4);
}

static void the_site_is_behind_libc(void **state)
{
	static const struct call_step inside[] = {
		{1, &program, 1, false}, {2, &program, 2, false}, {3, &program, 3, false}};
	static const struct call_step unknown[] = {
		{1, &libc, 1, false}, {2, &libc, 2, false}, {3, NULL, 3, false}};
	struct call_paths *paths = *state;

	assert_int_equal(call_paths_get(paths, call_paths_add(paths, chain, CHAIN, false))->site,
			 1);
	/* The innermost one is the wrapper of the system call, wherever it is. */
	assert_int_equal(call_paths_get(paths, call_paths_add(paths, inside, 3, false))->site, 1);
	assert_int_equal(call_paths_get(paths, call_paths_add(paths, unknown, 3, true))->site, 2);
	assert_int_equal(call_paths_get(paths, call_paths_add(paths, unknown, 2, true))->site, 1);
	assert_int_equal(call_paths_get(paths, call_paths_add(paths, chain, 1, true))->site, 0);
}

static void paths_share_a_site(void **state)
{
	struct call_paths *paths = *state;
	struct call_step other[CHAIN];

	memcpy(other, chain, sizeof(other));
	other[2].offset++;
	call_paths_add(paths, chain, CHAIN, false);
	call_paths_add(paths, other, CHAIN, false);
	assert_int_equal(call_paths_get(paths, 2)->site_id, 1);
	other[1].offset++;
	call_paths_add(paths, other, CHAIN, false);
	assert_int_equal(call_paths_get(paths, 3)->site_id, 3);
	/* The same place, but elsewhere on the way */
	assert_int_equal(call_paths_add(paths, chain + 1, CHAIN - 1, false), 4);
	assert_int_equal(call_paths_get(paths, 4)->site_id, 4);
}

static void places_are_named_once(void **state)
{
	struct call_paths *paths = *state;

	call_paths_add(paths, chain, CHAIN, false);
	call_paths_add(paths, chain + 1, CHAIN - 1, false);
	assert_false(call_paths_get(paths, 1)->named);
	assert_string_equal(call_paths_get(paths, 1)->frames[0].function, "");
	assert_int_equal(name_all(paths, "f"), CHAIN);
	for (uint32_t id = 1; id <= 2; id++) {
		const struct call_path *path = call_paths_get(paths, id);

		assert_true(path->named);
		for (size_t i = 0; i < path->count; i++) {
			assert_string_equal(path->frames[i].function, "f");
			assert_string_equal(path->frames[i].file, "src/file.c");
			assert_int_equal(path->frames[i].line, 7);
			assert_int_equal(path->frames[i].into, 5);
			assert_int_equal(path->frames[i].addr, chain[i + id - 1].addr);
			assert_ptr_equal(path->frames[i].module, chain[i + id - 1].module);
		}
	}
	/* What comes later by the same places has names at once. */
	call_paths_add(paths, chain + 2, 2, false);
	assert_string_equal(call_paths_get(paths, 3)->frames[0].function, "f");
	assert_int_equal(name_all(paths, "g"), 0);
	assert_true(call_paths_get(paths, 3)->named);
}

static void places_of_a_module_are_named_again(void **state)
{
	static const struct call_step other[] = {{1, &libc, 1, false}, {2, &program, 2, false}};
	struct call_paths *paths = *state;
	struct call_place *place;

	call_paths_add(paths, chain, CHAIN, false);
	call_paths_add(paths, other, 2, false);
	assert_int_equal(name_all(paths, "before"), 6);
	call_paths_name_again(paths, &library);
	assert_false(call_paths_get(paths, 1)->named);
	assert_true(call_paths_get(paths, 2)->named);
	/* It has the name that it had. */
	assert_string_equal(call_paths_get(paths, 1)->frames[1].function, "before");
	assert_int_equal(name_all(paths, "after"), 1);
	assert_true(call_paths_get(paths, 1)->named);
	assert_string_equal(call_paths_get(paths, 1)->frames[0].function, "before");
	assert_string_equal(call_paths_get(paths, 1)->frames[1].function, "after");
	/* Where nothing is found now, it keeps it. */
	call_paths_name_again(paths, &library);
	place = call_paths_unnamed(paths);
	call_paths_name(paths, place, NULL, 0);
	assert_null(call_paths_unnamed(paths));
	assert_true(call_paths_get(paths, 1)->named);
	assert_string_equal(call_paths_get(paths, 1)->frames[1].function, "after");
}

static void inlined_functions_make_frames(void **state)
{
	static const struct call_name names[] = {{.function = "inner", .file = "a.c", .line = 1},
						 {.function = "middle", .file = "b.c", .line = 2},
						 {.function = "outer", .file = "c.c", .line = 3}};
	struct call_paths *paths = *state;
	const struct call_path *path;
	struct call_place *place;

	call_paths_add(paths, chain, CHAIN, false);
	while ((place = call_paths_unnamed(paths)))
		call_paths_name(paths, place, names,
				call_place_step(place)->module == &libc ? 0 : 3);
	path = call_paths_get(paths, 1);
	assert_int_equal(path->count, 8);
	assert_int_equal(path->site, 1);
	assert_string_equal(path->frames[0].function, "");
	for (size_t i = 1; i < 7; i++) {
		assert_string_equal(path->frames[i].function, names[(i - 1) % 3].function);
		assert_int_equal(path->frames[i].line, names[(i - 1) % 3].line);
		assert_int_equal(path->frames[i].inlined, (i - 1) % 3 < 2);
		assert_int_equal(path->frames[i].addr, chain[1 + (i - 1) / 3].addr);
	}
	assert_false(path->cut);
}

static void there_is_room_for_so_many_frames(void **state)
{
	static const struct call_name two[2] = {{.function = "one"}, {.function = "other"}};
	struct call_step steps[CALL_PATH_FRAMES + 1];
	struct call_paths *paths = *state;
	struct call_place *place;

	for (size_t i = 0; i <= CALL_PATH_FRAMES; i++)
		steps[i] = (struct call_step){i, &program, i, false};
	assert_int_equal(call_paths_add(paths, steps, CALL_PATH_FRAMES, false), 1);
	assert_false(call_paths_get(paths, 1)->cut);
	assert_int_equal(call_paths_add(paths, steps, CALL_PATH_FRAMES + 1, false), 2);
	assert_true(call_paths_get(paths, 2)->cut);
	assert_int_equal(call_paths_get(paths, 2)->count, CALL_PATH_FRAMES);
	while ((place = call_paths_unnamed(paths)))
		call_paths_name(paths, place, two, 2);
	assert_int_equal(call_paths_get(paths, 1)->count, CALL_PATH_FRAMES);
	assert_true(call_paths_get(paths, 1)->cut);
}

static void there_is_room_for_so_many_paths(void **state)
{
	struct call_paths *paths = *state;
	struct call_step steps[2] = {chain[0], chain[1]};

	assert_false(call_paths_is_full(paths));
	for (size_t i = 0; i < CALL_PATHS_MOST; i++) {
		steps[1].offset = i;
		assert_int_equal(call_paths_add(paths, steps, 2, false), i + 1);
	}
	steps[1].offset = CALL_PATHS_MOST;
	assert_int_equal(call_paths_add(paths, steps, 2, false), 0);
	steps[1].offset = 4711;
	assert_int_equal(call_paths_add(paths, steps, 2, false), 4712);
	assert_int_equal(call_paths_count(paths), CALL_PATHS_MOST);
	assert_true(call_paths_is_full(paths));
}

static void expect_text(const struct call_frame *frame, const char *expected)
{
	char text[CALL_FRAME_LEN];

	assert_string_equal(call_frame_text(frame, text), expected);
}

static void texts_tell_what_is_known(void **state)
{
	struct call_frame frame = {.addr = 0x7f00deadbeef,
				   .module = &library,
				   .offset = 0x11f0,
				   .function = "main",
				   .into = 0x1b,
				   .file = "src/demo/fork_demo.c",
				   .line = 130};

	(void)state;
	expect_text(&frame, "main fork_demo.c:130");
	frame.line = 0;
	expect_text(&frame, "main fork_demo.c");
	frame.file = "";
	expect_text(&frame, "main+0x1b");
	frame.function = "";
	expect_text(&frame, "/usr/lib/libx.so+0x11f0");
	frame.module = NULL;
	expect_text(&frame, "0x7f00deadbeef");
	frame.file = "dir/";
	frame.line = 3;
	expect_text(&frame, "dir/:3");
}

static void long_texts_fit(void **state)
{
	struct call_name name = {.line = INT32_MAX};
	char expected[CALL_FRAME_LEN], text[CALL_FRAME_LEN];
	struct call_paths *paths = *state;

	memset(name.function, 'f', CALL_NAME_LEN - 1);
	memset(name.file, 'x', CALL_NAME_LEN - 1);
	call_paths_add(paths, chain + 1, 2, false);
	call_paths_name(paths, call_paths_unnamed(paths), &name, 1);
	call_paths_name(paths, call_paths_unnamed(paths), &name, 1);
	assert_null(call_paths_unnamed(paths));
	snprintf(expected, sizeof(expected), "%s %s:%d", name.function, name.file, INT32_MAX);
	assert_string_equal(call_paths_site(paths, 1, text), expected);
}

static void texts_are_bounded(void **state)
{
	struct call_step step = {1, &program, 0, false};
	struct call_paths *paths = *state;
	struct call_name names[CALL_NAMES_MOST];
	size_t kept = 0;

	for (; step.offset < CALL_PATHS_MOST; step.offset++)
		call_paths_add(paths, &step, 1, false);
	/* Each another function: more than is kept of texts */
	memset(names, 0, sizeof(names));
	for (size_t i = 0; i < CALL_PATHS_MOST; i++) {
		for (size_t j = 0; j < CALL_NAMES_MOST; j++) {
			memset(names[j].function, 'f', CALL_NAME_LEN - 1);
			memcpy(names[j].function, &(const uint32_t){0x01010101 * 'a' + (uint32_t)i},
			       4);
			names[j].function[4] = (char)('a' + j);
			names[j].line = 1;
		}
		call_paths_name(paths, call_paths_unnamed(paths), names, CALL_NAMES_MOST);
	}
	assert_null(call_paths_unnamed(paths));
	for (uint32_t id = 1; id <= CALL_PATHS_MOST; id++) {
		const struct call_path *path = call_paths_get(paths, id);

		assert_int_equal(path->count, CALL_NAMES_MOST);
		for (size_t i = 0; i < path->count; i++) {
			assert_int_equal(path->frames[i].line, 1);
			kept += strlen(path->frames[i].function);
		}
	}
	assert_in_range(kept, 16 << 20, 32 << 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_there_at_first),
		TEST(a_path_is_kept_once),
		TEST(the_site_is_behind_libc),
		TEST(paths_share_a_site),
		TEST(places_are_named_once),
		TEST(places_of_a_module_are_named_again),
		TEST(inlined_functions_make_frames),
		TEST(there_is_room_for_so_many_frames),
		TEST(there_is_room_for_so_many_paths),
		TEST(texts_tell_what_is_known),
		TEST(long_texts_fit),
		TEST(texts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
