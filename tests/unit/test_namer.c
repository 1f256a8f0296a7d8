/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker that finds names: it has no rights, and nobody depends on it. */
#include <linux/securebits.h>
#include <sys/prctl.h>

#include "tests/unit/unwind_fixture.h"

static const char *const sections[] = {".eh_frame",   ".eh_frame_hdr",   ".debug_info",
				       ".debug_line", ".debug_abbrev",   ".debug_str",
				       ".symtab",     ".debug_rnglists", ".debug_line_str"};

/* Our child of this name, 0 none */
static pid_t worker_pid(void)
{
	char path[64], name[32] = "";
	pid_t pid = 0, parent;
	FILE *children;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	while (children && fscanf(children, "%d", &parent) == 1) {
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/%d/comm", parent);
		comm = fopen(path, "re");
		if (comm && fgets(name, sizeof(name), comm) && strcmp(name, "shmtop-names\n") == 0)
			pid = parent;
		if (comm)
			fclose(comm);
	}
	if (children)
		fclose(children);
	return pid;
}

static void a_worker_that_dies(void **state)
{
	struct fixture *fixture = *state;
	pid_t worker;

	capture(fixture, "pie", NULL);
	unwind(fixture, true);
	worker = worker_pid();
	assert_true(worker > 0);
	assert_int_equal(kill(worker, SIGSTOP), 0);
	capture(fixture, "clang", NULL);
	unwind(fixture, false);
	/* It does not answer: nobody waits for longer than was said. */
	assert_true(unwinder_name(fixture->unwinder, 0));
	assert_true(unwinder_name(fixture->unwinder, clock_now() + CLOCK_MS));
	assert_int_equal(kill(worker, SIGKILL), 0);
	unwind(fixture, true);
	/* The next one looks at symbols alone: who knows what brought the first one down. */
	assert_string_equal(fixture->path->frames[1].function, "c");
	assert_string_equal(fixture->path->frames[1].file, "");
	assert_string_equal(fixture->path->frames[4].function, "main");
	assert_int_not_equal(worker_pid(), 0);
	assert_int_not_equal(worker_pid(), worker);
	/* Other files are none the worse for it. */
	capture(fixture, "dwarf4", NULL);
	unwind(fixture, true);
	expect_chain(fixture->path);
}

static void a_stopped_worker(void **state)
{
	struct fixture *fixture = *state;
	uint64_t began;
	pid_t worker;

	capture(fixture, "pie", NULL);
	unwind(fixture, true);
	worker = worker_pid();
	assert_true(worker > 0);
	capture(fixture, "clang", NULL);
	unwind(fixture, false);
	assert_int_equal(kill(worker, SIGSTOP), 0);
	/* Neither does its alarm() end it nor do we, who wait without end. */
	began = clock_now();
	unwind(fixture, true);
	assert_in_range(clock_now() - began, 10 * CLOCK_SECOND, 30 * CLOCK_SECOND);
	assert_string_equal(fixture->path->frames[1].function, "c");
	assert_int_not_equal(worker_pid(), worker);
	assert_int_equal(kill(worker, 0), -1);
}

/* Value of a line of /proc/PID/status */
static uint64_t status_of(pid_t pid, const char *name, int base)
{
	char path[64], line[128];
	uint64_t value = UINT64_MAX;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name), NULL, base);
	fclose(status);
	return value;
}

static void a_worker_has_no_rights(void **state)
{
	static const char *const sets[] = {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"};
	struct fixture *fixture = *state;
	const int bits = prctl(PR_GET_SECUREBITS);
	char path[64], score[16] = "";
	FILE *file;

	/* Where this is allowed: another user does not lose them by itself. */
	prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP);
	capture(fixture, "pie", NULL);
	unwind(fixture, true);
	prctl(PR_SET_SECUREBITS, bits);
	assert_int_equal(status_of(worker_pid(), "NoNewPrivs:", 10), 1);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		assert_int_equal(status_of(worker_pid(), sets[i], 16), 0);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", worker_pid());
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(score, sizeof(score), file));
	fclose(file);
	assert_string_equal(score, "1000\n");
	assert_true(status_of(worker_pid(), "Uid:", 10) == 65534 || geteuid() != 0);
}

static void names_come_later(void **state)
{
	struct fixture *fixture = *state;
	uint64_t slowest = 0;
	bool more = true;

	capture(fixture, "compressed", NULL);
	unwind(fixture, false);
	assert_string_equal(fixture->path->frames[1].function, "");
	assert_int_not_equal(fixture->path->frames[1].offset, 0);
	for (int turns = 0; more && turns < 1000000; turns++) {
		const uint64_t began = clock_cpu();

		more = unwinder_name(fixture->unwinder, clock_now() + CLOCK_MS);
		if (clock_cpu() - began > slowest)
			slowest = clock_cpu() - began;
	}
	assert_false(more);
	/* Of this process: far below a frame of the screen */
	assert_true(slowest < 20 * CLOCK_MS);
	fixture->path = call_paths_get(fixture->paths, fixture->path->id);
	expect_chain(fixture->path);
}

/* Changes up to 8 bytes of the file, most of them in one of the sections that are read. */
static void damage(struct chance *chance, int fd, const struct elf_file *whole)
{
	const char *name = sections[chance_below(chance, sizeof(sections) / sizeof(sections[0]))];
	const Elf64_Shdr *section = elf_file_section(whole, name);

	for (size_t i = 1 + chance_below(chance, 8); i; i--) {
		const uint32_t value = (uint32_t)chance_number(chance, 32);
		uint64_t at = chance_below(chance, whole->size);

		if (section && chance_below(chance, 8))
			at = section->sh_offset + chance_below(chance, section->sh_size);
		else if (chance_below(chance, 2))
			at = chance_below(chance, 1024);
		assert_true(pwrite(fd, &value, 1 + chance_below(chance, 4), (off_t)at) > 0);
	}
}

static void damaged_files(void **state)
{
	struct fixture *fixture = *state;
	struct chance chance = seed();
	char program[PATH_MAX], copy[] = "/tmp/test-unwind-XXXXXX";
	const uint64_t end = clock_now() + seconds(3) * CLOCK_SECOND;
	size_t files = 0, named = 0;
	struct elf_file *whole;

	traced_program("pie", program);
	assert_int_equal(elf_file_new(elf_file_open_regular(program), &whole), 0);
	capture(fixture, "pie", "inlined");
	/* The others are not what this is about, and take long. */
	for (size_t i = 0; i < fixture->call.sample.mapping_count; i++)
		if (!strstr(fixture->call.paths[i], "/pie"))
			fixture->call.mappings[i].path = "";
	assert_true(mkstemp(copy) >= 0);
	for (; clock_now() < end; files++) {
		struct call_paths *paths;
		struct unwinder *unwinder;
		int fd;

		unlink(copy);
		copy_file(program, copy);
		fd = open(copy, O_RDWR | O_CLOEXEC);
		damage(&chance, fd, whole);
		if (chance_below(&chance, 8) == 0)
			assert_int_equal(ftruncate(fd, (off_t)chance_below(&chance, whole->size)),
					 0);
		close(fd);
		pretend(fixture, program, copy, copy);
		assert_int_equal(call_paths_new(&paths), 0);
		assert_int_equal(unwinder_new(paths, NULL, &unwinder), 0);
		assert_int_not_equal(unwinder_unwind(unwinder, &fixture->call.sample), 0);
		while (unwinder_name(unwinder, UINT64_MAX))
			;
		assert_true(call_paths_get(paths, 1)->named);
		named += index_of(call_paths_get(paths, 1), "middle") == 2;
		unwinder_free(unwinder);
		call_paths_free(paths);
	}
	print_message("# %zu files, %zu with all names\n", files, named);
	assert_true(named > 10 && named < files);
	unlink(copy);
	elf_file_free(whole);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_worker_that_dies), TEST(a_stopped_worker), TEST(a_worker_has_no_rights),
		TEST(names_come_later),   TEST(damaged_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
