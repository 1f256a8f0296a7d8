/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "stack/debuginfod.h"
#include "stack/quiet_child.h"

#define PROGRAM       "debuginfod-find"
#define QUESTION_MOST (600 * CLOCK_SECOND)

struct debuginfod {
	char program[PATH_MAX];
	struct user {
		uid_t uid;
		gid_t gid;
		char home[PATH_MAX];
	} user; /* who the child is; uid 0: who we are */

	struct debuginfod_file files[DEBUGINFOD_FILES_MOST];
	size_t count, answered; /* the first that is not answered is asked for */
	bool over;
	char failure[DEBUGINFOD_WHY_LEN];

	pid_t child; /* 0 none */
	uint64_t began;
	int output, errors; /* what it writes, in memory: nobody need read it meanwhile */
};

/* ---- what it takes ------------------------------------------------------------------------- */

static bool find_program(char out[static PATH_MAX])
{
	const char *folders = getenv("PATH");

	while (folders && *folders) {
		const size_t length = strcspn(folders, ":");

		snprintf(out, PATH_MAX, "%.*s/" PROGRAM, (int)length, folders);
		if (length && access(out, X_OK) == 0)
			return true;
		folders += length + (folders[length] == ':');
	}
	return false;
}

static bool names_server(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	return urls && urls[strspn(urls, " \t\n")];
}

/* Who called sudo */
static void find_user(struct user *user)
{
	const char *text = getenv("SUDO_UID");
	const struct passwd *entry;
	uint64_t uid;

	if (!text || geteuid() != 0 || units_parse_number(text, UINT32_MAX, &uid))
		return;
	entry = getpwuid((uid_t)uid);
	if (!entry)
		return;
	*user = (struct user){.uid = entry->pw_uid, .gid = entry->pw_gid};
	snprintf(user->home, sizeof(user->home), "%s", entry->pw_dir);
}

static const char *tell_no_server(void)
{
	return getenv("SUDO_UID")
		       ? "--debuginfod: DEBUGINFOD_URLS names no server; set it, and have sudo "
			 "keep it: sudo --preserve-env=DEBUGINFOD_URLS shmtop ..."
		       : "--debuginfod: DEBUGINFOD_URLS names no server; e.g. "
			 "DEBUGINFOD_URLS=https://debuginfod.example.org shmtop ...";
}

int debuginfod_new(struct debuginfod **out, char why[static DEBUGINFOD_WHY_LEN])
{
	struct debuginfod *servers;

	if (!names_server()) {
		snprintf(why, DEBUGINFOD_WHY_LEN, "%s", tell_no_server());
		return -EINVAL;
	}
	servers = calloc(1, sizeof(*servers));
	if (!servers)
		return -ENOMEM;
	if (!find_program(servers->program)) {
		snprintf(why, DEBUGINFOD_WHY_LEN,
			 "--debuginfod: " PROGRAM " is not installed: package debuginfod, or "
			 "elfutils-debuginfod-client");
		free(servers);
		return -ENOENT;
	}
	find_user(&servers->user);
	*out = servers;
	return 0;
}

/* ---- the child ----------------------------------------------------------------------------- */

static void set_descriptors(const struct debuginfod *servers)
{
	const int output = fcntl(servers->output, F_DUPFD_CLOEXEC, 3);
	const int errors = fcntl(servers->errors, F_DUPFD_CLOEXEC, 3);
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0)
		_exit(1);
	close_range(3, ~0U, 0);
}

static void become_user(const struct user *user)
{
	if (user->uid) {
		if (!quiet_child_become(user->uid, user->gid))
			_exit(1);
		setenv("HOME", user->home, 1);
	}
	if (!quiet_child_lay_down_rights())
		_exit(1);
}

static void set_environment(void)
{
	setenv("DEBUGINFOD_TIMEOUT", "10", 0);
	setenv("LC_ALL", "C", 1);
	/* which would be told as errors */
	unsetenv("DEBUGINFOD_VERBOSE");
	unsetenv("DEBUGINFOD_PROGRESS");
}

static _Noreturn void execute(const char *program, const char *id)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execl(program, program, "debuginfo", id, (char *)NULL);
	fprintf(stderr, PROGRAM ": %s\n", strerror(errno));
	fflush(stderr);
	_exit(1);
}

/* It waits for the program, which exec made a child like any other: whoever waits for those would find it. */
static _Noreturn void ask(const struct debuginfod *servers, const char *id)
{
	sigset_t all;
	int status;
	pid_t program;

	/* neither the terminal's signals nor ours */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "shmtop-fetch");
	set_descriptors(servers);
	become_user(&servers->user);
	set_environment();
	program = fork();
	if (program == 0)
		execute(servers->program, id);
	while (waitpid(program, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	_exit(status ? 1 : 0);
}

/* ---- questions ----------------------------------------------------------------------------- */

static void close_question(struct debuginfod *servers)
{
	close(servers->output);
	close(servers->errors);
	servers->child = 0;
}

void debuginfod_give_up(struct debuginfod *servers)
{
	if (servers->child) {
		quiet_child_end(servers->child);
		close_question(servers);
	}
	servers->answered = servers->count;
	servers->over = true;
}

static void fail(struct debuginfod *servers, const char *why)
{
	text_safe(servers->failure, sizeof(servers->failure), why, strlen(why));
	debuginfod_give_up(servers);
}

void debuginfod_free(struct debuginfod *servers)
{
	if (!servers)
		return;
	debuginfod_give_up(servers);
	for (size_t i = 0; i < servers->count; i++)
		free(servers->files[i].path);
	free(servers);
}

const struct debuginfod_file *debuginfod_find(struct debuginfod *servers, const unsigned char *id,
					      size_t length)
{
	struct debuginfod_file *file;

	for (size_t i = 0; i < servers->count; i++) {
		file = &servers->files[i];
		if (file->length == length && memcmp(file->id, id, length) == 0)
			return file;
	}
	if (servers->over || servers->count == DEBUGINFOD_FILES_MOST || length < 2 ||
	    length > ELF_FILE_BUILD_ID)
		return NULL;
	file = &servers->files[servers->count++];
	memcpy(file->id, id, length);
	file->length = length;
	return file;
}

static void start(struct debuginfod *servers)
{
	const struct debuginfod_file *file = &servers->files[servers->answered];
	char id[2 * ELF_FILE_BUILD_ID + 1] = "";

	for (size_t i = 0; i < file->length; i++)
		snprintf(id + 2 * i, 3, "%02x", file->id[i]);
	servers->output = memfd_create("output", MFD_CLOEXEC);
	servers->errors = memfd_create("errors", MFD_CLOEXEC);
	servers->began = clock_now();
	servers->child = quiet_child_fork();
	if (servers->child == 0)
		ask(servers, id);
	if (servers->child < 0) {
		const int error = errno;

		close_question(servers);
		fail(servers, strerror(error));
	}
}

static void read_line(int fd, char line[static PATH_MAX])
{
	const ssize_t got = pread(fd, line, PATH_MAX - 1, 0);

	line[got > 0 ? got : 0] = 0;
	line[strcspn(line, "\n")] = 0;
}

static const struct debuginfod_file *take_answer(struct debuginfod *servers, bool found)
{
	struct debuginfod_file *file = &servers->files[servers->answered++];
	char path[PATH_MAX], why[PATH_MAX];

	read_line(servers->output, path);
	read_line(servers->errors, why);
	close_question(servers);
	if (found && path[0] == '/')
		file->path = strdup(path);
	else if (!strstr(why, strerrordesc_np(ENOENT)))
		fail(servers, *why ? why : PROGRAM " ended without an answer");
	return file;
}

const struct debuginfod_file *debuginfod_step(struct debuginfod *servers)
{
	const struct debuginfod_file *answered = NULL;
	int status;

	if (servers->child) {
		if (waitpid(servers->child, &status, __WALL | WNOHANG) == servers->child)
			answered = take_answer(servers, status == 0);
		else if (clock_now() - servers->began > QUESTION_MOST)
			fail(servers, PROGRAM " took more than 10 minutes");
	}
	if (!servers->child && debuginfod_waiting(servers))
		start(servers);
	return answered;
}

size_t debuginfod_waiting(const struct debuginfod *servers)
{
	return servers->count - servers->answered;
}

const char *debuginfod_failure(const struct debuginfod *servers)
{
	return servers->failure;
}
