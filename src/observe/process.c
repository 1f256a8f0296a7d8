/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum {
	PATH_LEN = 32,
	STAT_LEN = 1024,                 /* 52 numbers and a comm */
	STATUS_LEN = 4096,               /* "NSpid:" stands behind the groups */
	CMDLINE_LEN = 2 * FACT_TEXT_LEN, /* more than fits into the facts */
};

/* Fields of stat between the state (3) and the start time (22) */
enum { STAT_FIELDS_BETWEEN = 18 };

/* A process that ended shows as ENOENT or ESRCH, depending on when. */
static int gone_error(int error)
{
	return error == ENOENT ? -ESRCH : -error;
}

/* The file in one read: the kernel hands out these files whole, as far as there is room. Returns
 * the length, or -errno. */
static ssize_t file_read(int directory, const char *name, char *out, size_t capacity)
{
	const int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return gone_error(errno);

	ssize_t length = read(fd, out, capacity);

	if (length < 0)
		length = gone_error(errno);
	close(fd);
	return length;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal number that ends at a blank or a newline; where the text ends the number may be cut. */
static int number_parse(const char *at, const char *end, uint64_t *number)
{
	uint64_t value = 0;

	if (at == end || !is_digit(*at))
		return -EINVAL;
	for (; at < end && is_digit(*at); at++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (unsigned int)(*at - '0'), &value))
			return -EINVAL;
	}
	if (at == end || (*at != ' ' && *at != '\t' && *at != '\n'))
		return -EINVAL;
	*number = value;
	return 0;
}

int process_parse_stat(const char *text, size_t length, char comm[static FACT_COMM_LEN],
		       char *state, uint64_t *ticks)
{
	const char *const end = text + length;
	const char *open = memchr(text, '(', length);
	const char *close = memrchr(text, ')', length);

	/* ") S " */
	if (!open || !close || close < open || end - close < 4 || close[1] != ' ' ||
	    close[2] == ' ' || close[3] != ' ')
		return -EINVAL;

	const char *at = close + 4;

	for (int skipped = 0; skipped < STAT_FIELDS_BETWEEN; skipped++) {
		at = memchr(at, ' ', (size_t)(end - at));
		if (!at)
			return -EINVAL;
		at++;
	}

	const int error = number_parse(at, end, ticks);

	if (error)
		return error;
	text_safe(comm, FACT_COMM_LEN, open + 1, (size_t)(close - open - 1));
	if (state)
		*state = close[2];
	return 0;
}

/* The text behind the second colon of "ID:CONTROLLERS:PATH"; NULL when it is no such line. */
static const char *cgroup_path(const char *line, const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));

	if (colon)
		colon = memchr(colon + 1, ':', (size_t)(end - colon - 1));
	return colon ? colon + 1 : NULL;
}

void process_parse_cgroup(const char *text, size_t length, char out[static FACT_TEXT_LEN])
{
	static const char v2[] = "0::";
	const char *const end = text + length;
	bool found = false;

	out[0] = '\0';
	for (const char *line = text, *stop; line < end; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			stop = end;

		const char *path = cgroup_path(line, stop);
		const bool is_v2 = path && !strncmp(line, v2, sizeof(v2) - 1);

		if (path && (is_v2 || !found)) {
			text_safe(out, FACT_TEXT_LEN, path, (size_t)(stop - path));
			found = true;
		}
		if (is_v2 || stop == end)
			break;
	}
}

/* The real uid: the first of the four in the line "Uid:". Its lines cannot be forged: the kernel
 * escapes a newline in the name. */
static bool status_uid(const char *text, size_t length, uint32_t *uid)
{
	static const char title[] = "\nUid:\t";
	const char *line = memmem(text, length, title, sizeof(title) - 1);
	uint64_t number;

	if (!line || number_parse(line + sizeof(title) - 1, text + length, &number) ||
	    number > UINT32_MAX)
		return false;
	*uid = (uint32_t)number;
	return true;
}

/* The letter in the line "State:", 0 without one */
static char status_state(const char *text, size_t length)
{
	static const char title[] = "\nState:\t";
	const char *line = memmem(text, length, title, sizeof(title) - 1);
	const char *letter = line ? line + sizeof(title) - 1 : text + length;

	return letter < text + length ? *letter : '\0';
}

/* The pid that its own namespace gives it: the last in the line "NSpid:", the first is the reader's. */
static int32_t status_inner_pid(const char *text, size_t length)
{
	static const char title[] = "\nNSpid:";
	const char *const end = text + length;
	const char *line = memmem(text, length, title, sizeof(title) - 1);
	uint64_t number, last = 0;

	if (!line)
		return 0;
	for (line += sizeof(title) - 1; line < end && *line == '\t';) {
		if (number_parse(++line, end, &number) || number > INT32_MAX)
			return 0; /* cut */
		last = number;
		while (line < end && is_digit(*line))
			line++;
	}
	return (int32_t)last;
}

static uint64_t tick_ns(void)
{
	return CLOCK_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
}

static int stat_read(int directory, const char *name, char comm[static FACT_COMM_LEN],
		     uint64_t *start_time)
{
	char text[STAT_LEN];
	const ssize_t length = file_read(directory, name, text, sizeof(text));
	uint64_t ticks;

	if (length < 0)
		return (int)length;

	const int error = process_parse_stat(text, (size_t)length, comm, NULL, &ticks);

	if (!error)
		*start_time = ticks * tick_ns();
	return error;
}

static void cmdline_read(int directory, char out[static FACT_TEXT_LEN])
{
	char text[CMDLINE_LEN];
	const ssize_t length = file_read(directory, "cmdline", text, sizeof(text));

	if (length > 0)
		text_safe_words(out, FACT_TEXT_LEN, text, (size_t)length);
}

static void exe_read(int directory, char out[static FACT_TEXT_LEN])
{
	char text[PATH_MAX];
	const ssize_t length = readlinkat(directory, "exe", text, sizeof(text));

	if (length > 0)
		text_safe(out, FACT_TEXT_LEN, text, (size_t)length);
}

static void status_read(int directory, struct process_facts *facts)
{
	char text[STATUS_LEN];
	const ssize_t length = file_read(directory, "status", text, sizeof(text));

	if (length <= 0)
		return;
	facts->has_uid = status_uid(text, (size_t)length, &facts->uid);
	facts->state = status_state(text, (size_t)length);
	facts->inner_pid = status_inner_pid(text, (size_t)length);
}

static void cgroup_read(int directory, char out[static FACT_TEXT_LEN])
{
	char text[PROCESS_CGROUP_LEN];
	const ssize_t length = file_read(directory, "cgroup", text, sizeof(text));

	if (length > 0)
		process_parse_cgroup(text, (size_t)length, out);
}

int process_read(int pid, struct process_facts *facts)
{
	char path[PATH_LEN];
	char comm[FACT_COMM_LEN];
	uint64_t start_time;
	int error;

	*facts = (struct process_facts){.pid = pid};
	snprintf(path, sizeof(path), "/proc/%d", pid);

	const int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return gone_error(errno);
	error = stat_read(directory, "stat", facts->comm, &facts->start_time);
	if (error)
		goto out;
	status_read(directory, facts);
	cmdline_read(directory, facts->cmdline);
	exe_read(directory, facts->exe);
	cgroup_read(directory, facts->cgroup);

	error = stat_read(directory, "stat", comm, &start_time);
	if (!error && start_time != facts->start_time)
		error = -ESRCH;
out:
	close(directory);
	return error;
}

ssize_t process_read_cgroup(int pid, uint64_t start_time, char comm[static FACT_COMM_LEN],
			    char out[static PROCESS_CGROUP_LEN])
{
	char path[PATH_LEN];
	uint64_t started;
	ssize_t length;
	int error;

	snprintf(path, sizeof(path), "/proc/%d", pid);

	const int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return gone_error(errno);
	/* What was opened by the pid of another tells of that one. */
	error = stat_read(directory, "stat", comm, &started);
	if (!error && started / tick_ns() != start_time / tick_ns())
		error = -ESRCH;
	length = error ? error : file_read(directory, "cgroup", out, PROCESS_CGROUP_LEN);
	close(directory);
	return length;
}

int process_start_time(int pid, uint64_t *start_time)
{
	char path[PATH_LEN];
	char comm[FACT_COMM_LEN];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return stat_read(AT_FDCWD, path, comm, start_time);
}

int process_check(int pid, uint64_t start_time)
{
	uint64_t found;
	const int error = process_start_time(pid, &found);

	if (error)
		return error;
	return !start_time || start_time / tick_ns() == found / tick_ns() ? 0 : -ESRCH;
}

bool process_group_is_empty(int pgid, char leader[static FACT_COMM_LEN])
{
	char path[PATH_LEN], text[STAT_LEN], state;
	uint64_t ticks;

	leader[0] = '\0';
	/* For kill(2) 0 is its caller's group, and -1 everybody. */
	if (pgid > 1 && kill(-pgid, 0) < 0 && errno == ESRCH)
		return true;
	/* it may have gone over to another group */
	if (getpgid(pgid) != pgid)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", pgid);

	const ssize_t length = file_read(AT_FDCWD, path, text, sizeof(text));

	if (length < 0 || process_parse_stat(text, (size_t)length, leader, &state, &ticks) ||
	    state == 'Z' || state == 'X')
		leader[0] = '\0';
	return false;
}
