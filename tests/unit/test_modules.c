/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file is the one that was mapped, and where it is found. */
#include "stack/modules.h"
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

static void a_lease_is_not_waited_for(void **state)
{
	char path[] = "/tmp/test-unwind-XXXXXX", byte = 0;
	int ready[2], fd;
	pid_t pid;

	(void)state;
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		signal(SIGIO, SIG_IGN);
		byte = fcntl(fd, F_SETLEASE, F_WRLCK) == 0;
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	fd = byte ? elf_file_open_regular(path) : -EAGAIN;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	if (!byte)
		skip_because("leases are not allowed");
	assert_int_equal(fd, -EAGAIN);
}

/* ---- large files --------------------------------------------------------------------------- */

/* A file with so much unwind information, of nothing, and a table to search it that is empty */
static void write_module(const char *path, uint64_t frame_size)
{
	static const char names[] = "\0.eh_frame_hdr\0.eh_frame";
	const uint32_t table[3] = {0x3b031b01};
	struct {
		Elf64_Ehdr head;
		Elf64_Shdr sections[4];
		char names[sizeof(names)];
		uint32_t table[3];
	} start = {
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT},
			 .e_type = ET_DYN,
#if defined(__x86_64__)
			 .e_machine = EM_X86_64,
#elif defined(__aarch64__)
			 .e_machine = EM_AARCH64,
#endif
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_shoff = sizeof(Elf64_Ehdr),
			 .e_shentsize = sizeof(Elf64_Shdr),
			 .e_shnum = 4,
			 .e_shstrndx = 1},
		.sections = {{0},
			     {.sh_type = SHT_STRTAB, .sh_size = sizeof(names)},
			     {.sh_type = SHT_PROGBITS, .sh_name = 1, .sh_size = sizeof(table)},
			     {.sh_type = SHT_PROGBITS, .sh_name = 15, .sh_size = frame_size}},
	};
	const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	start.sections[1].sh_offset = (uint64_t)((char *)start.names - (char *)&start);
	start.sections[2].sh_offset = (uint64_t)((char *)start.table - (char *)&start);
	start.sections[3].sh_offset = sizeof(start);
	memcpy(start.names, names, sizeof(names));
	memcpy(start.table, table, sizeof(table));
	assert_int_equal(write(fd, &start, sizeof(start)), sizeof(start));
	assert_int_equal(ftruncate(fd, (off_t)(sizeof(start) + frame_size)), 0);
	close(fd);
}

/* The module of a file, open; by its name in a folder */
static struct module *open_module(struct modules *modules, const char *folder, size_t number)
{
	const struct stack_sample sample = {0};
	struct sample_mapping mapping = {0};
	struct module *module;
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "%s/%zu", folder, number);
	assert_int_equal(stat(path, &status), 0);
	mapping.path = path;
	mapping.inode = status.st_ino;
	mapping.size = (uint64_t)status.st_size;
	module = modules_find(modules, &sample, &mapping);
	assert_non_null(module);
	assert_non_null(modules_open(modules, module));
	return module;
}

enum { LARGE_FILES = 40 };

static void write_modules(char *folder, uint64_t frame_size)
{
	char path[64];

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < LARGE_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%zu", folder, i);
		write_module(path, frame_size);
	}
}

static void remove_folder(const char *folder)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void a_table_that_is_too_large(void **state)
{
	char folder[] = "/tmp/test-unwind-XXXXXX", path[64];
	struct modules modules = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (uint64_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%d", folder, (int)i);
		write_module(path, (UINT64_C(4) << 20) + 4 * i);
	}
	assert_non_null(open_module(&modules, folder, 0)->table);
	modules_begin(&modules);
	assert_null(open_module(&modules, folder, 1)->table);
	modules_free(&modules);
	remove_folder(folder);
}

static void rules_that_libdw_is_not_given(void **state)
{
	/* DW_CFA_undefined of a register; nothing behind a CIE of this length */
	unsigned char cie[] = {20, 0,    0,  0, 0,    0, 0, 0, 1, 'z', 'R', 0,
			       1,  0x78, 16, 1, 0x1b, 7, 1, 0, 0, 0,   0,   0};
	char folder[] = "/tmp/test-unwind-XXXXXX", path[64];
	struct modules modules = {0};
	struct stat status;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 2; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%d", folder, i);
		write_module(path, 64);
		assert_int_equal(stat(path, &status), 0);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		assert_int_equal(pwrite(fd, cie, sizeof(cie), status.st_size - 64), sizeof(cie));
		close(fd);
		/* The second one means register 60,000,000. */
		memcpy(cie + 18, (const unsigned char[]){0x80, 0x8e, 0xce, 0x1c}, 4);
	}
	assert_non_null(open_module(&modules, folder, 0)->table);
	assert_null(open_module(&modules, folder, 1)->table);
	modules_free(&modules);
	remove_folder(folder);
}

static void opening_takes_so_long_and_no_longer(void **state)
{
	char folder[] = "/tmp/test-unwind-XXXXXX";
	struct modules modules = {0};
	size_t tables = 0, before;
	int samples = 0;

	(void)state;
	write_modules(folder, 1536 << 10);
	do {
		before = tables;
		tables = 0;
		modules_begin(&modules);
		for (size_t i = 0; i < LARGE_FILES; i++)
			tables += open_module(&modules, folder, i)->table != NULL;
		/* Some more every time, and never all at once */
		assert_true(tables > before);
		samples++;
	} while (tables < LARGE_FILES);
	assert_true(samples > 1);
	modules_free(&modules);
	remove_folder(folder);
}

static void what_does_not_fit_is_not_read_for_ever(void **state)
{
	char folder[] = "/tmp/test-unwind-XXXXXX";
	struct modules modules = {0};
	size_t opened = 0;

	(void)state;
	write_modules(folder, 3 << 20);
	for (int round = 0; round < 6; round++) {
		opened = 0;
		for (size_t i = 0; i < LARGE_FILES; i++) {
			modules_begin(&modules);
			opened += open_module(&modules, folder, i)->table != NULL;
			assert_true(modules.open_bytes <= MODULES_BYTES_MOST);
		}
		if (round < 2)
			assert_int_equal(opened, LARGE_FILES);
	}
	/* What stayed open stays in use. */
	assert_in_range(opened, 0, MODULES_BYTES_MOST / (3 << 20));
	modules_free(&modules);
	remove_folder(folder);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_unknown_mapping_has_an_address),
		TEST(another_file_by_now),
		TEST(files_of_another_root),
		TEST(nothing_but_files_is_opened),
		TEST(a_lease_is_not_waited_for),
		TEST(a_table_that_is_too_large),
		TEST(rules_that_libdw_is_not_given),
		TEST(opening_takes_so_long_and_no_longer),
		TEST(what_does_not_fit_is_not_read_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
