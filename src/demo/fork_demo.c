/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shm-fork-demo: two processes share a message through System V shared memory.
 *
 * The classic lesson: one process makes a segment and forks. The parent attaches the segment and
 * writes a message, the child attaches it a second later and reads what is there.
 *
 * Like the lesson, the program never removes the segment. Its processes end, their attachments end
 * with them, and the segment stays until somebody removes it or the machine is started anew: a
 * leak. With --remove it is done right.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

struct lesson {
	const char *message;
	size_t size;          /* bytes of the segment */
	unsigned int workers; /* children that read the message */
	unsigned int rounds;
	unsigned int hold; /* seconds that a child stays attached */
	bool remove;
};

static const struct lesson lesson_classic = {
	.size = 1024,
	.workers = 1,
	.rounds = 1,
};

static const char usage_line[] = "usage: shm-fork-demo [OPTIONS] MESSAGE";

static const char options_text[] =
	"\n"
	"Makes a segment of shared memory, forks, writes MESSAGE in the parent and reads it in "
	"the\n"
	"child. The segment is left behind: 'shmtop list' shows it, 'shmtop rm ID' removes it.\n"
	"\n"
	"  --remove       remove the segment at the end\n"
	"  --workers N    fork N children that read the message (default 1)\n"
	"  --rounds N     do it all N times, each time with a new segment (default 1)\n"
	"  --hold SECS    children stay attached for SECS seconds (default 0)\n"
	"  --size BYTES   size of the segment (default 1024)\n"
	"  -h, --help     print this\n";

/* Says which call failed and why. */
static int failed(const char *call)
{
	fprintf(stderr, "shm-fork-demo: %s: %s\n", call, strerror(errno));
	return EXIT_FAILURE;
}

/* The child: gives the parent a second to write, then reads. */
static int client_run(const struct lesson *lesson, int shmid)
{
	const char *text;

	sleep(1);
	text = shmat(shmid, NULL, SHM_RDONLY);
	if (text == (const void *)-1)
		return failed("shmat");

	printf("Client get %s\n", text);
	if (fflush(stdout))
		return failed("write");

	sleep(lesson->hold);
	return EXIT_SUCCESS;
}

static int clients_start(const struct lesson *lesson, int shmid)
{
	for (unsigned int i = 0; i < lesson->workers; i++) {
		pid_t child = fork();

		if (child < 0)
			return failed("fork");
		if (child == 0)
			exit(client_run(lesson, shmid));
	}
	return EXIT_SUCCESS;
}

static int clients_wait(void)
{
	int result = EXIT_SUCCESS;
	int status;

	while (wait(&status) > 0) {
		if (status != 0)
			result = EXIT_FAILURE;
	}
	return result;
}

/* The parent: attaches the segment and puts the message into it. */
static int message_write(const struct lesson *lesson, int shmid, char **text)
{
	*text = shmat(shmid, NULL, 0);
	if (*text == (void *)-1)
		return failed("shmat");

	memset(*text, 0, lesson->size);
	snprintf(*text, lesson->size, "%s", lesson->message);
	return EXIT_SUCCESS;
}

static int round_run(const struct lesson *lesson, int shmid, bool last)
{
	int result = clients_start(lesson, shmid);
	char *text;

	if (message_write(lesson, shmid, &text) != EXIT_SUCCESS)
		result = EXIT_FAILURE;
	if (clients_wait() != EXIT_SUCCESS)
		result = EXIT_FAILURE;

	/* The lesson leaves detaching to the end of the process; only a next round cannot. */
	if (result == EXIT_SUCCESS && !last && shmdt(text) < 0)
		result = failed("shmdt");
	if (lesson->remove && shmctl(shmid, IPC_RMID, NULL) < 0)
		result = failed("shmctl");
	return result;
}

static bool number_parse(const char *text, unsigned long min, unsigned long max,
			 unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number >= min &&
	       *number <= max;
}

enum option_id {
	OPTION_REMOVE = 256,
	OPTION_WORKERS,
	OPTION_ROUNDS,
	OPTION_HOLD,
	OPTION_SIZE,
};

static const struct option option_table[] = {
	{.name = "remove", .has_arg = no_argument, .val = OPTION_REMOVE},
	{.name = "workers", .has_arg = required_argument, .val = OPTION_WORKERS},
	{.name = "rounds", .has_arg = required_argument, .val = OPTION_ROUNDS},
	{.name = "hold", .has_arg = required_argument, .val = OPTION_HOLD},
	{.name = "size", .has_arg = required_argument, .val = OPTION_SIZE},
	{.name = "help", .has_arg = no_argument, .val = 'h'},
	{.name = NULL},
};

/* Takes the value of one numeric option; false when the number will not do. */
static bool option_set(struct lesson *lesson, int id)
{
	bool is_size = id == OPTION_SIZE;
	unsigned long number;

	if (!number_parse(optarg, id == OPTION_HOLD ? 0 : 1, is_size ? ULONG_MAX : INT_MAX,
			  &number))
		return false;
	switch (id) {
	case OPTION_WORKERS:
		lesson->workers = (unsigned int)number;
		break;
	case OPTION_ROUNDS:
		lesson->rounds = (unsigned int)number;
		break;
	case OPTION_HOLD:
		lesson->hold = (unsigned int)number;
		break;
	case OPTION_SIZE:
		lesson->size = number;
		break;
	}
	return true;
}

/* Reads the command line. Ends the program for --help and for mistakes. */
static void lesson_parse(struct lesson *lesson, int argc, char **argv)
{
	int id, place;

	while ((id = getopt_long(argc, argv, "h", option_table, &place)) != -1) {
		switch (id) {
		case 'h':
			printf("%s\n%s", usage_line, options_text);
			exit(fflush(stdout) ? failed("write") : EXIT_SUCCESS);
		case '?': /* getopt has told what is wrong */
			exit(EXIT_USAGE);
		case OPTION_REMOVE:
			lesson->remove = true;
			break;
		default:
			if (!option_set(lesson, id)) {
				fprintf(stderr,
					"shm-fork-demo: --%s: '%s' is not a usable number\n",
					option_table[place].name, optarg);
				exit(EXIT_USAGE);
			}
		}
	}
	if (argc - optind != 1) {
		fprintf(stderr, "%s\n", usage_line);
		exit(EXIT_USAGE);
	}
	lesson->message = argv[optind];
}

int main(int argc, char **argv)
{
	struct lesson lesson = lesson_classic;
	int result = EXIT_SUCCESS;

	lesson_parse(&lesson, argc, argv);
	for (unsigned int i = 1; i <= lesson.rounds && result == EXIT_SUCCESS; i++) {
		int shmid = shmget(IPC_PRIVATE, lesson.size, S_IRUSR | S_IWUSR);

		if (shmid < 0)
			return failed("shmget");
		result = round_run(&lesson, shmid, i == lesson.rounds);
	}
	return result;
}
