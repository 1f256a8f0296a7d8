/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file is the one that was mapped, and where it is found. */
#include "tests/unit/unwind_fixture.h"

static void an_unknown_mapping_has_an_address(void **state)
{
	struct fixture *fixture = *state;
	char text[CALL_FRAME_LEN], expected[CALL_FRAME_LEN];
	uint64_t pc;

	capture(fixture, "pie", NULL);
	pc = fixture->call.sample.registers[SAMPLE_REGISTER_PC];
	for (size_t i = 0; i < fixture->call.sample.mapping_count; i++)
		if (pc >= fixture->call.mappings[i].start && pc < fixture->call.mappings[i].end)
			fixture->call.mappings[i].path = "";
	unwind(fixture, true);
	assert_null(fixture->path->frames[0].module);
	snprintf(expected, sizeof(expected), "0x%lx", (unsigned long)pc);
	assert_string_equal(call_frame_text(&fixture->path->frames[0], text), expected);
	/* Nothing is known of it, but where its caller is the stack pointer tells; the end of the chain is in the
	 * C library again, and has no end then. */
	expect(fixture->path, 1, "c", NULL);
	expect(fixture->path, 4, "main", NULL);
}

static void another_file_by_now(void **state)
{
	struct fixture *fixture = *state;

	for (int turn = 0; turn < 2; turn++) {
		capture(fixture, "pie", NULL);
		for (size_t i = 0; i < fixture->call.sample.mapping_count; i++)
			if (turn)
				fixture->call.mappings[i].size++;
			else
				fixture->call.mappings[i].inode++;
		unwind(fixture, true);
		/* Neither names nor rules of the files that are there now */
		assert_non_null(fixture->path->frames[0].module);
		for (size_t i = 0; i < fixture->path->count; i++)
			assert_string_equal(fixture->path->frames[i].function, "");
		assert_true(fixture->path->cut);
	}
}

/* A process whose root folder is this, until it is killed; -1: not allowed. */
static pid_t in_root(const char *folder)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		byte = chroot(folder) == 0 && chdir("/") == 0;
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	if (byte)
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

static void build_id_folder(const char *root, const char *program, char out[static PATH_MAX])
{
	struct elf_file *file;
	char text[2 * ELF_FILE_BUILD_ID + 1] = "";
	char command[2 * PATH_MAX];

	assert_int_equal(elf_file_new(elf_file_open_regular(program), &file), 0);
	for (size_t i = 0; i < file->build_id_length; i++)
		snprintf(text + 2 * i, 3, "%02x", file->build_id[i]);
	elf_file_free(file);
	snprintf(command, sizeof(command), "mkdir -p %s/usr/lib/debug/.build-id/%.2s", root, text);
	assert_int_equal(system(command), 0);
	snprintf(out, PATH_MAX, "%s/usr/lib/debug/.build-id/%.2s/%s.debug", root, text, text + 2);
}

static void files_of_another_root(void **state)
{
	struct fixture *fixture = *state;
	char root[] = "/tmp/test-unwind-XXXXXX", program[PATH_MAX], debug[PATH_MAX + 8];
	char copy[64], target[PATH_MAX], command[64];
	pid_t pid;

	assert_non_null(mkdtemp(root));
	snprintf(copy, sizeof(copy), "%s/program", root);
	snprintf(command, sizeof(command), "rm -r %s", root);
	traced_program("split-id", program);
	copy_file(program, copy);
	snprintf(debug, sizeof(debug), "%s.debug", program);
	build_id_folder(root, program, target);
	copy_file(debug, target);
	pid = in_root(root);
	if (pid < 0) {
		assert_int_equal(system(command), 0);
		skip_because("chroot is not allowed");
	}
	capture(fixture, "split-id", NULL);
	pretend(fixture, program, "/program", copy);
	/* The process is gone, and its parent has that root folder */
	fixture->call.sample.ppid = pid;
	unwind(fixture, true);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(system(command), 0);
	assert_string_equal(fixture->path->frames[fixture->path->site].module->path, "/program");
	expect_chain(fixture->path);
}

static void nothing_but_files_is_opened(void **state)
{
	struct fixture *fixture = *state;
	char folder[] = "/tmp/test-unwind-XXXXXX", fifo[64];
	struct stat status;

	assert_non_null(mkdtemp(folder));
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(stat(fifo, &status), 0);
	capture(fixture, "pie", NULL);
	for (size_t i = 0; i < fixture->call.sample.mapping_count; i++) {
		fixture->call.mappings[i].path = fifo;
		fixture->call.mappings[i].inode = status.st_ino;
		fixture->call.mappings[i].size = 0;
	}
	unwind(fixture, true); /* and it does not wait for a writer */
	assert_string_equal(fixture->path->frames[0].function, "");
	unlink(fifo);
	rmdir(folder);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_unknown_mapping_has_an_address),
		TEST(another_file_by_now),
		TEST(files_of_another_root),
		TEST(nothing_but_files_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
