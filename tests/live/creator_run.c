/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/live/creator_run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t creator_start(const char *program, const char *const arguments[CREATOR_ARGUMENTS],
			   int output)
{
	const char *words[CREATOR_ARGUMENTS + 2] = {program};
	char *argv[CREATOR_ARGUMENTS + 2];
	pid_t pid;

	for (int i = 0; i < CREATOR_ARGUMENTS && arguments[i]; i++)
		words[i + 1] = arguments[i];
	memcpy(argv, words, sizeof(argv));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (output >= 0)
			dup2(output, STDOUT_FILENO);
		execv(program, argv);
		_exit(127);
	}
	return pid;
}

bool creator_run(const char *program, const char *const arguments[CREATOR_ARGUMENTS])
{
	const pid_t pid = creator_start(program, arguments, -1);
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool creator_run_told(const char *program, const char *const arguments[CREATOR_ARGUMENTS],
		      struct creator_told *told)
{
	int output[2], status = -1;
	char line[64];

	memset(told, 0, sizeof(*told));
	if (pipe2(output, O_CLOEXEC))
		return false;
	told->pid = creator_start(program, arguments, output[1]);
	close(output[1]);

	FILE *file = fdopen(output[0], "r");

	while (file && fgets(line, sizeof(line), file)) {
		uint64_t address;

		if (sscanf(line, "call %" SCNx64, &address) == 1 &&
		    told->call_count < CREATOR_CALLS)
			told->calls[told->call_count++] = address;
		sscanf(line, "code %" SCNx64, &told->code);
		sscanf(line, "segment %d", &told->shmid);
	}
	if (file)
		fclose(file);
	return waitpid(told->pid, &status, 0) == told->pid && status == 0 &&
	       told->call_count == CREATOR_CALLS;
}

bool creator_copy(const char *from, const char *to)
{
	const int source = open(from, O_RDONLY | O_CLOEXEC);
	const int copy = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ssize_t length;

	do
		length = sendfile(copy, source, NULL, PATH_MAX);
	while (length > 0);
	close(source);
	return !close(copy) && length == 0;
}
