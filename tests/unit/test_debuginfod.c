/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of servers, with a debuginfod-find that does what the test says. What the real one does is a live test's. */
#include "tests/unit/unwind_fixture.h"

#include <poll.h>

#include "stack/debuginfod.h"

#define NOT_THERE "echo 'Server query failed: No such file or directory' >&2; exit 1"

static const unsigned char first[] = {0x01, 0xab, 0xcd}, second[] = {0x02, 0xff};
static char folder[] = "/tmp/test-debuginfod-XXXXXX";
static char why[DEBUGINFOD_WHY_LEN];

static int make_folder(void **state)
{
	char path[PATH_MAX];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s:%s", folder, getenv("PATH"));
	return setenv("PATH", path, 1) || setenv("DEBUGINFOD_URLS", "http://test.invalid", 1) ||
	       setenv("FOLDER", folder, 1) || unsetenv("SUDO_UID");
}

static int remove_folder(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* The program, a shell's script. It notes its arguments in FOLDER/log. */
static void become(const char *script)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/log", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/debuginfod-find", folder);
	unlink(path);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\necho \"$*\" >>\"$FOLDER/log\"\n%s\n", script);
	fclose(file);
	assert_int_equal(chmod(path, 0755), 0);
}

static size_t log_lines(void)
{
	char path[PATH_MAX], line[256];
	size_t lines = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/log", folder);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		lines++;
	if (file)
		fclose(file);
	return lines;
}

static struct debuginfod *open_servers(void)
{
	struct debuginfod *servers = NULL;

	assert_int_equal(debuginfod_new(&servers, why), 0);
	return servers;
}

static const struct debuginfod_file *next_answer(struct debuginfod *servers)
{
	const struct debuginfod_file *file;

	while (!(file = debuginfod_step(servers)) && debuginfod_waiting(servers))
		poll(NULL, 0, 1);
	return file;
}

static void what_is_missing_is_told(void **state)
{
	struct debuginfod *servers;

	(void)state;
	become("exit 0");
	setenv("DEBUGINFOD_URLS", " ", 1);
	assert_int_equal(debuginfod_new(&servers, why), -EINVAL);
	assert_non_null(strstr(why, "DEBUGINFOD_URLS names no server"));
	assert_null(strstr(why, "sudo"));
	setenv("SUDO_UID", "1", 1);
	assert_int_equal(debuginfod_new(&servers, why), -EINVAL);
	assert_non_null(strstr(why, "sudo --preserve-env=DEBUGINFOD_URLS"));
	unsetenv("SUDO_UID");
	setenv("DEBUGINFOD_URLS", "http://test.invalid", 1);

	char *path = strdup(getenv("PATH"));

	setenv("PATH", "::/nowhere:", 1);
	assert_int_equal(debuginfod_new(&servers, why), -ENOENT);
	assert_non_null(strstr(why, "not installed: package debuginfod"));
	setenv("PATH", path, 1);
	free(path);
}

static void one_question_after_the_other(void **state)
{
	struct debuginfod *servers = open_servers();
	const struct debuginfod_file *file, *other;

	(void)state;
	become("[ \"$*\" = 'debuginfo 01abcd' ] && echo /a/path && exit\n" NOT_THERE);
	file = debuginfod_find(servers, first, sizeof(first));
	other = debuginfod_find(servers, second, sizeof(second));
	assert_true(file && other && file != other);
	assert_null(file->path);
	assert_int_equal(debuginfod_waiting(servers), 2);
	assert_int_equal(log_lines(), 0); /* as nobody has looked after it */
	assert_ptr_equal(next_answer(servers), file);
	assert_string_equal(file->path, "/a/path");
	assert_ptr_equal(next_answer(servers), other);
	assert_null(other->path);
	assert_int_equal(debuginfod_waiting(servers), 0);
	assert_null(debuginfod_step(servers));
	/* What is known, and what is known not to be there */
	assert_ptr_equal(debuginfod_find(servers, first, sizeof(first)), file);
	assert_ptr_equal(debuginfod_find(servers, second, sizeof(second)), other);
	assert_int_equal(debuginfod_waiting(servers), 0);
	assert_int_equal(log_lines(), 2);
	assert_string_equal(debuginfod_failure(servers), "");
	debuginfod_free(servers);
}

static void servers_that_fail_are_left_alone(void **state)
{
	static const struct {
		const char *script, *told;
	} failures[] = {
		{"printf 'Server query failed:\\033 Timer expired\\nmore' >&2; exit 1",
		 "Server query failed:\\x1b Timer expired"},
		{"exit 1", "debuginfod-find ended without an answer"},
		{"echo relative", "debuginfod-find ended without an answer"},
		{"kill -9 $$", "debuginfod-find ended without an answer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct debuginfod *servers = open_servers();
		const struct debuginfod_file *file = debuginfod_find(servers, first, sizeof(first));

		become(failures[i].script);
		assert_non_null(debuginfod_find(servers, second, sizeof(second)));
		assert_ptr_equal(next_answer(servers), file);
		assert_null(file->path);
		assert_int_equal(debuginfod_waiting(servers), 0);
		assert_string_equal(debuginfod_failure(servers), failures[i].told);
		assert_null(debuginfod_find(servers, (const unsigned char *)"new", 3));
		assert_int_equal(log_lines(), 1);
		debuginfod_free(servers);
	}
}

static void no_more_than_so_many(void **state)
{
	struct debuginfod *servers = open_servers();
	unsigned char id[2] = {0};

	(void)state;
	assert_null(debuginfod_find(servers, id, 1));
	assert_null(debuginfod_find(servers, id, ELF_FILE_BUILD_ID + 1));
	for (int i = 0; i < DEBUGINFOD_FILES_MOST; i++) {
		id[0] = (unsigned char)i;
		assert_non_null(debuginfod_find(servers, id, sizeof(id)));
	}
	assert_null(debuginfod_find(servers, second, 2 - 1));
	id[1] = 1;
	assert_null(debuginfod_find(servers, id, sizeof(id)));
	debuginfod_free(servers);
}

/* ---- the process --------------------------------------------------------------------------- */

/* The pid that the program has noted, once it has */
static pid_t noted(void)
{
	char path[PATH_MAX];
	pid_t pid = 0;

	snprintf(path, sizeof(path), "%s/pid", folder);
	while (!pid) {
		FILE *file = fopen(path, "re");

		if (file && fscanf(file, "%d\n", &pid) != 1)
			pid = 0;
		if (file)
			fclose(file);
		poll(NULL, 0, 1);
	}
	unlink(path);
	return pid;
}

static void wait_for_end(pid_t pid)
{
	char path[64], state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	do {
		FILE *file = fopen(path, "re");

		state = 'X';
		if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'X';
		if (file)
			fclose(file);
	} while (state != 'X' && state != 'Z');
}

static void what_takes_long_is_ended(void **state)
{
	struct debuginfod *servers = open_servers();
	pid_t program;

	(void)state;
	become("trap '' INT TERM HUP\necho $$ >$FOLDER/new; mv $FOLDER/new $FOLDER/pid\nsleep "
	       "1000");
	assert_non_null(debuginfod_find(servers, first, sizeof(first)));
	assert_null(debuginfod_step(servers));
	program = noted();
	/* Nobody's child */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_null(debuginfod_step(servers));
	assert_int_equal(debuginfod_waiting(servers), 1);
	debuginfod_give_up(servers);
	assert_int_equal(debuginfod_waiting(servers), 0);
	assert_string_equal(debuginfod_failure(servers), "");
	assert_null(debuginfod_find(servers, second, sizeof(second)));
	wait_for_end(program);
	debuginfod_free(servers);

	servers = open_servers();
	assert_non_null(debuginfod_find(servers, first, sizeof(first)));
	assert_null(debuginfod_step(servers));
	program = noted();
	debuginfod_free(servers);
	wait_for_end(program);
}

static void it_has_no_rights(void **state)
{
	struct debuginfod *servers = open_servers();

	(void)state;
	become("grep -q '^CapEff:[^1-9a-f]*$' /proc/self/status &&\n"
	       "grep -q '^CapPrm:[^1-9a-f]*$' /proc/self/status &&\n"
	       "grep -q '^SigBlk:[^1-9a-f]*$' /proc/self/status &&\n"
	       "grep -q '^NoNewPrivs:.*1' /proc/self/status &&\n"
	       "[ \"$(readlink /proc/self/fd/0)\" = /dev/null ] && [ \"$DEBUGINFOD_TIMEOUT\" = 10 "
	       "] &&\n"
	       "[ ! -e /proc/self/fd/4 ] && [ -z \"$DEBUGINFOD_VERBOSE\" ] && echo /fine");
	setenv("DEBUGINFOD_VERBOSE", "1", 1);
	assert_non_null(debuginfod_find(servers, first, sizeof(first)));
	assert_string_equal(next_answer(servers)->path, "/fine");
	unsetenv("DEBUGINFOD_VERBOSE");
	debuginfod_free(servers);
}

/* ---- names --------------------------------------------------------------------------------- */

/* Without its debug information beside it. */
static void take_alone(struct fixture *fixture)
{
	static char copy[PATH_MAX];
	char program[PATH_MAX];

	traced_program("split-id", program);
	snprintf(copy, sizeof(copy), "%s/alone", folder);
	copy_file(program, copy);
	snprintf(copy, sizeof(copy), "%s.debug", program);
	setenv("DEBUG", copy, 1);
	snprintf(copy, sizeof(copy), "%s/alone", folder);
	capture(fixture, "split-id", NULL);
	pretend(fixture, program, copy, copy);
}

static const struct call_path *name_all(struct call_paths *paths, struct unwinder *unwinder,
					struct debuginfod *servers)
{
	while (unwinder_name(unwinder, UINT64_MAX) || debuginfod_waiting(servers))
		poll(NULL, 0, 1);
	return call_paths_get(paths, 1);
}

static void names_come_with_the_file(void **state)
{
	struct fixture *fixture = *state;
	struct debuginfod *servers = open_servers();
	struct unwinder *unwinder;
	const struct call_path *path;

	become("while [ ! -e $FOLDER/go ]; do sleep 0.01; done\necho $DEBUG");
	take_alone(fixture);
	assert_int_equal(unwinder_new(fixture->paths, servers, &unwinder), 0);
	assert_int_equal(unwinder_unwind(unwinder, &fixture->call.sample), 1);
	while (unwinder_name(unwinder, UINT64_MAX))
		;
	/* Nothing waits for the server: what can be named has its name. */
	path = call_paths_get(fixture->paths, 1);
	assert_true(path->named);
	assert_string_equal(path->frames[0].function, "shmget");
	assert_string_equal(path->frames[path->site].function, "");
	assert_true(debuginfod_waiting(servers) > 0);

	char go[PATH_MAX];

	snprintf(go, sizeof(go), "%s/go", folder);
	close(open(go, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	path = name_all(fixture->paths, unwinder, servers);
	assert_true(path->named);
	assert_string_equal(path->frames[0].function, "shmget");
	expect_chain(path);
	unwinder_free(unwinder);
	debuginfod_free(servers);
}

static void another_file_is_not_believed(void **state)
{
	struct fixture *fixture = *state;
	struct debuginfod *servers = open_servers();
	struct unwinder *unwinder;
	const struct call_path *path;

	become("echo ${DEBUG%split-id.debug}split-sum.debug");
	take_alone(fixture);
	assert_int_equal(unwinder_new(fixture->paths, servers, &unwinder), 0);
	assert_int_equal(unwinder_unwind(unwinder, &fixture->call.sample), 1);
	path = name_all(fixture->paths, unwinder, servers);
	assert_true(path->named);
	assert_string_equal(path->frames[path->site].function, "");
	assert_string_equal(debuginfod_failure(servers), "");
	unwinder_free(unwinder);
	debuginfod_free(servers);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_told),
		cmocka_unit_test(one_question_after_the_other),
		cmocka_unit_test(servers_that_fail_are_left_alone),
		cmocka_unit_test(no_more_than_so_many),
		cmocka_unit_test(what_takes_long_is_ended),
		cmocka_unit_test(it_has_no_rights),
		TEST(names_come_with_the_file),
		TEST(another_file_is_not_believed),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
