/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scan of attachments against /proc/PID/maps, in the situations where they are easily confused: an
 * address space that two processes or many threads share, a first thread that ended, mappings that
 * were split. Both methods, the iterator and the maps files, must say what the kernel says.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe/attachers.h"
#include "observe/namespaces.h"
#include "tests/live/kernel_view.h"
#include "tests/live/tap_stream.h"

enum { ROWS = 4096, PROCESSES = 64, ARGUMENTS = 16 };

/* What helpers/holdstate.c is told to make */
struct situation {
	const char *name;
	const char *arguments[ARGUMENTS];
	int forks;    /* processes with an address space of their own, beside the first */
	bool hugetlb; /* may be impossible here */
};

static const struct situation situations[] = {
	{.name = "one attachment", .arguments = {"--segments", "1"}},
	{.name = "several segments, attached several times",
	 .arguments = {"--segments", "5", "--attach", "3"}},
	{.name = "forked children", .arguments = {"--forks", "3"}, .forks = 3},
	{.name = "read-only", .arguments = {"--readonly"}},
	{.name = "executable", .arguments = {"--exec"}},
	{.name = "split by mprotect", .arguments = {"--split", "--attach", "2"}},
	{.name = "split, then forked", .arguments = {"--split", "--forks", "1"}, .forks = 1},
	{.name = "removed while attached", .arguments = {"--dest", "--key", "0x5e660001"}},
	{.name = "with a key", .arguments = {"--key", "0x5e660001"}},
	{.name = "threads", .arguments = {"--threads", "4"}},
	{.name = "first thread ended", .arguments = {"--leader-exit"}},
	{.name = "first thread ended, others live",
	 .arguments = {"--leader-exit", "--threads", "3"}},
	{.name = "vfork", .arguments = {"--vfork"}},
	{.name = "a process that shares the address space", .arguments = {"--clone-vm"}},
	{.name = "forked, vforked, shared and split",
	 .arguments = {"--forks", "2", "--vfork", "--clone-vm", "--split"},
	 .forks = 2},
	{.name = "huge pages", .arguments = {"--hugetlb", "--size", "2097152"}, .hugetlb = true},
};

/* A holdstate that runs */
struct held {
	pid_t pid;
	int input; /* closed, it ends */
	int processes[PROCESSES];
	int process_count;
	bool ready;
};

static void held_exec(const struct situation *situation, const char *program, int input, int output)
{
	const char *words[ARGUMENTS + 1] = {program};
	char *argv[ARGUMENTS + 1];

	/* execv() takes the words as if it would change them */
	memcpy(&words[1], situation->arguments, sizeof(situation->arguments) - sizeof(char *));
	memcpy(argv, words, sizeof(words));
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	execv(program, argv);
	_exit(127);
}

static void held_read(struct held *held, int output)
{
	FILE *file = fdopen(output, "r");
	char line[128];

	while (file && !held->ready && fgets(line, sizeof(line), file)) {
		int number;

		if (sscanf(line, "process %d", &number) == 1 && held->process_count < PROCESSES)
			held->processes[held->process_count++] = number;
		held->ready = strcmp(line, "ready\n") == 0;
	}
	if (file)
		fclose(file);
}

static void held_start(struct held *held, const struct situation *situation, const char *program)
{
	int input[2], output[2];

	memset(held, 0, sizeof(*held));
	if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC)) {
		perror("pipe");
		exit(1);
	}
	fflush(stdout);
	held->pid = fork();
	if (held->pid == 0)
		held_exec(situation, program, input[0], output[1]);
	close(input[0]);
	close(output[1]);
	held->input = input[1];
	held_read(held, output[0]);
}

static void held_end(struct held *held)
{
	close(held->input);
	waitpid(held->pid, NULL, 0);
}

static void mapping_tell(void *context, const char *side, const struct kernel_mapping *row)
{
	(void)context;
	printf("# %s: process %d maps segment %d at %#lx, %lu bytes, %.3s\n", side, row->pid,
	       row->shmid, row->start, row->length, row->perms);
}

/* The rows of this namespace, in the form in which the kernel's are read. False when one has a
 * wrong huge page flag. */
static bool found_take(const struct attachment_list *list, const struct situation *situation,
		       struct kernel_mapping *found, long *count)
{
	uint32_t ipcns = namespaces_own();
	bool right = true;

	*count = 0;
	for (size_t i = 0; i < list->count && *count < ROWS; i++) {
		const struct attachment *row = &list->rows[i];

		if (row->ipcns != ipcns)
			continue;
		right &= !!(row->flags & ATTACHMENT_HUGETLB) == situation->hugetlb;
		found[(*count)++] = (struct kernel_mapping){
			.pid = row->pid,
			.shmid = row->shmid,
			.start = row->start,
			.length = row->length,
			.perms = {row->flags & ATTACHMENT_READ ? 'r' : '-',
				  row->flags & ATTACHMENT_WRITE ? 'w' : '-',
				  row->flags & ATTACHMENT_EXEC ? 'x' : '-'},
		};
	}
	return right;
}

static long kernel_take(const struct situation *situation, const struct held *held,
			struct kernel_mapping *kernel)
{
	long count = 0;

	for (int i = 0; i <= situation->forks && i < held->process_count; i++)
		count = kernel_mappings_read(held->processes[i], kernel, count, ROWS);
	return count;
}

static long nattch_sum(void)
{
	static struct kernel_segment rows[ROWS];
	long count = kernel_segments_read(rows, ROWS);
	long sum = 0;

	for (long i = 0; i < count; i++)
		sum += (long)rows[i].nattch;
	return sum;
}

static void scan_check(struct tap *tap, struct attachers *attachers, const char *method,
		       const struct situation *situation, const struct held *held)
{
	static struct kernel_mapping kernel[ROWS], found[ROWS];
	struct attachment_list list = {0};
	long kernel_count = kernel_take(situation, held, kernel), found_count = 0;
	unsigned long differences = 1;
	bool flags = false;
	int error = attachers_scan(attachers, &list);

	if (error == 0) {
		flags = found_take(&list, situation, found, &found_count);
		differences = kernel_mappings_compare(kernel, kernel_count, found, found_count,
						      mapping_tell, NULL);
	}
	tap_ok(tap,
	       error == 0 && flags && differences == 0 && kernel_count > 0 &&
		       found_count == nattch_sum(),
	       "%s: %s: error %d, %ld mappings of %ld, nattch %ld", method, situation->name, error,
	       found_count, kernel_count, nattch_sum());
	attachers_list_free(&list);
}

static void situation_check(struct tap *tap, const struct situation *situation, const char *program,
			    struct attachers *iterator, struct attachers *maps)
{
	struct held held;

	held_start(&held, situation, program);
	if (!held.ready) {
		if (situation->hugetlb)
			tap_skip(tap, situation->name, "none free on this machine");
		else
			tap_ok(tap, false, "%s: could not be made", situation->name);
	} else {
		if (attachers_method(iterator) == ATTACHERS_ITERATOR)
			scan_check(tap, iterator, "iterator", situation, &held);
		else
			tap_skip(tap, situation->name, "no iterator: %s", attachers_why(iterator));
		scan_check(tap, maps, "maps", situation, &held);
	}
	held_end(&held);
}

static void namespaces_check(struct tap *tap, struct attachers *attachers, const char *method)
{
	struct namespace_list list = {0};
	int error = attachers_namespaces(attachers, &list);
	bool found = false;

	for (size_t i = 0; i < list.count; i++)
		found |= list.rows[i].ipcns == namespaces_own();
	tap_ok(tap, error == 0 && found, "%s: the namespace of this process is among %zu", method,
	       list.count);
	namespaces_free(&list);
}

int main(void)
{
	struct attachers *iterator, *maps;
	struct tap tap = {0};
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 64);

	if (length < 0 || unshare(CLONE_NEWIPC)) {
		tap_skip(&tap, "the scan", "no private IPC namespace: %s", strerror(errno));
		return tap_done(&tap);
	}
	program[length] = '\0';
	strcpy(strrchr(program, '/'), "/../helpers/holdstate");
	if (attachers_open(true, &iterator) || attachers_open(false, &maps)) {
		tap_ok(&tap, false, "attachers_open");
		return tap_done(&tap);
	}
	tap_ok(&tap, attachers_method(maps) == ATTACHERS_MAPS,
	       "the maps files, when they are asked for");
	namespaces_check(&tap, iterator, "iterator");
	namespaces_check(&tap, maps, "maps");
	for (size_t i = 0; i < sizeof(situations) / sizeof(*situations); i++)
		situation_check(&tap, &situations[i], program, iterator, maps);
	attachers_close(maps);
	attachers_close(iterator);
	return tap_done(&tap);
}
