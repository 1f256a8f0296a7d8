/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of unwinding share: a captured call, its path, and whether that leads where the source says. */
#ifndef TESTS_UNIT_UNWIND_FIXTURE_H
#define TESTS_UNIT_UNWIND_FIXTURE_H

#include "tests/tap.h"

#include "base/clock.h"
#include "stack/elf_file.h"
#include "stack/unwind.h"
#include "tests/unit/chance.h"
#include "tests/unit/traced_call.h"

struct fixture {
	struct call_paths *paths;
	struct unwinder *unwinder;
	struct traced_call call;
	const struct call_path *path;
};

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return call_paths_new(&fixture->paths) ||
	       unwinder_new(fixture->paths, NULL, &fixture->unwinder);
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unwinder_free(fixture->unwinder);
	call_paths_free(fixture->paths);
	free(fixture);
	return 0;
}

static inline void capture(struct fixture *fixture, const char *program, const char *how)
{
	char path[PATH_MAX];
	const char *argv[] = {path, how, NULL};

	traced_program(program, path);
	assert_int_equal(traced_call(argv, &fixture->call), 0);
}

static inline void unwind(struct fixture *fixture, bool name)
{
	const uint32_t id = unwinder_unwind(fixture->unwinder, &fixture->call.sample);

	assert_int_not_equal(id, 0);
	if (name)
		while (unwinder_name(fixture->unwinder, UINT64_MAX))
			;
	fixture->path = call_paths_get(fixture->paths, id);
	assert_non_null(fixture->path);
	assert_int_equal(fixture->path->named, name);
}

static inline void show(const struct call_path *path)
{
	char text[CALL_FRAME_LEN];

	for (size_t i = 0; i < path->count; i++)
		print_message("#   %2zu %c%s [%s]\n", i, i == path->site ? '>' : ' ',
			      call_frame_text(&path->frames[i], text),
			      path->frames[i].module ? path->frames[i].module->path : "?");
	print_message("#   %s\n", path->cut ? "cut" : "complete");
}

/* Says "from NAME" in that line of the source? */
static inline bool line_says(const char *file, int line, const char *mark)
{
	char text[256] = "";
	FILE *source = fopen(file, "re");

	while (source && line-- > 0 && fgets(text, sizeof(text), source))
		;
	if (source)
		fclose(source);
	return strstr(text, mark) != NULL;
}

/* A frame with this function, called in the line that says so; from `at` on. The index behind it. */
static inline size_t expect(const struct call_path *path, size_t at, const char *function,
			    const char *mark)
{
	const struct call_frame *frame = &path->frames[at];
	char full[CALL_FRAME_LEN];

	if (at < path->count && strcmp(frame->function, function) == 0) {
		snprintf(full, sizeof(full), "/* from %s */", mark ? mark : function);
		if (line_says(frame->file, frame->line, full))
			return at + 1;
	}
	show(path);
	fail_msg("no %s at %zu", function, at);
	return 0;
}

static inline void expect_chain(const struct call_path *path)
{
	size_t at = path->site;

	at = expect(path, at, "c", NULL);
	at = expect(path, at, "b", NULL);
	at = expect(path, at, "a", NULL);
	expect(path, at, "main", NULL);
	assert_false(path->cut);
	assert_string_equal(path->frames[path->count - 1].function, "_start");
}

static inline size_t index_of(const struct call_path *path, const char *function)
{
	size_t i = 0;

	while (i < path->count && strcmp(path->frames[i].function, function) != 0)
		i++;
	return i;
}

static inline void copy_file(const char *from, const char *to)
{
	char bytes[65536];
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t got;

	assert_true(in >= 0 && out >= 0);
	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)got), got);
	close(in);
	close(out);
}

/* The mapping of the program itself, as if it were called `path` there and were the file `copy` here. May be
 * done again. */
static inline void pretend(struct fixture *fixture, const char *program, const char *path,
			   const char *copy)
{
	struct stat status;
	char real[PATH_MAX], *name = realpath(program, NULL);

	snprintf(real, sizeof(real), "%s", name);
	free(name);
	assert_int_equal(stat(copy, &status), 0);
	for (size_t i = 0; i < fixture->call.sample.mapping_count; i++)
		if (strcmp(fixture->call.paths[i], real) == 0) {
			fixture->call.mappings[i].path = path;
			fixture->call.mappings[i].inode = status.st_ino;
			fixture->call.mappings[i].size = (uint64_t)status.st_size;
		}
}

/* UNWIND_FUZZ_SECONDS: longer; UNWIND_FUZZ_SEED: others */
static inline uint64_t seconds(uint64_t usual)
{
	const char *wanted = getenv("UNWIND_FUZZ_SECONDS");

	return wanted ? strtoull(wanted, NULL, 10) : usual;
}

static inline struct chance seed(void)
{
	const char *wanted = getenv("UNWIND_FUZZ_SEED");

	return (struct chance){wanted ? strtoull(wanted, NULL, 10) : 4711};
}

#endif
