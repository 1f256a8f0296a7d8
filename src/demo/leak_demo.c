/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shm-leak-demo: a small server that loses segments in one of two places.
 *
 * It serves thumbnails and previews of pictures, each through a segment of its own. A thumbnail is removed
 * when its client has had it. So is a preview, unless its client goes away in the middle: that way out
 * forgets the segment. Which of the two places it is shows in shmtop's view 3, Leaks, without a look at
 * this file.
 *
 * With --remove no way out forgets anything.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <time.h>

enum {
	EXIT_USAGE = 2,
	THUMBNAIL_SIZE = 64 * 1024,
	PREVIEW_SIZE = 1024 * 1024,
	PREVIEWS_EVERY = 4, /* requests */
	RUDE_EVERY = 2,     /* previews whose client goes away */
	PER_SECOND_MOST = 1000,
};

struct server {
	unsigned long requests; /* to serve; 0: until it is told to stop */
	unsigned long rate;     /* a second */
	unsigned long leaks;    /* segments that are lost at most */
	bool remove;
};

static const struct server server_default = {.rate = 10, .leaks = 100};

static const char usage_line[] = "usage: shm-leak-demo [OPTIONS]";

static const char options_text[] =
	"\n"
	"Serves pictures to imagined clients, and loses the segment of every other preview: watch\n"
	"it with 'shmtop' (view 3), or let 'shmtop run -- shm-leak-demo --requests 40' tell the "
	"line.\n"
	"What is lost stays behind: 'shmtop leaks' names it, 'shmtop rm' removes it.\n"
	"\n"
	"  --requests N   stop after N requests (default: at ^C)\n"
	"  --rate N       requests a second, at most 1000 (default 10)\n"
	"  --leaks N      lose at most N segments (default 100)\n"
	"  --remove       lose none\n"
	"  -h, --help     print this\n";

static volatile sig_atomic_t told_to_stop;

static void stop(int signal)
{
	(void)signal;
	told_to_stop = 1;
}

/* Says which call failed and why. */
static int failed(const char *call)
{
	fprintf(stderr, "shm-leak-demo: %s: %s\n", call, strerror(errno));
	return EXIT_FAILURE;
}

/* Draws the picture for the client, and lets go of the segment. */
static int picture_draw(int shmid, size_t size)
{
	void *picture = shmat(shmid, NULL, 0);

	if (picture == (const void *)-1)
		return failed("shmat");
	memset(picture, 0x7f, size);
	return shmdt(picture) < 0 ? failed("shmdt") : EXIT_SUCCESS;
}

static int picture_remove(int shmid)
{
	return shmctl(shmid, IPC_RMID, NULL) < 0 ? failed("shmctl") : EXIT_SUCCESS;
}

static int thumbnail_serve(void)
{
	int shmid = shmget(IPC_PRIVATE, THUMBNAIL_SIZE, S_IRUSR | S_IWUSR);
	int drawn;

	if (shmid < 0)
		return failed("shmget");
	drawn = picture_draw(shmid, THUMBNAIL_SIZE);
	return picture_remove(shmid) == EXIT_SUCCESS ? drawn : EXIT_FAILURE;
}

static int preview_serve(bool client_stays)
{
	int shmid = shmget(IPC_PRIVATE, PREVIEW_SIZE, S_IRUSR | S_IWUSR);
	int drawn;

	if (shmid < 0)
		return failed("shmget");
	drawn = picture_draw(shmid, PREVIEW_SIZE);
	/* The bug: nobody is left to take the picture, and the segment is forgotten. */
	if (!client_stays)
		return drawn;
	return picture_remove(shmid) == EXIT_SUCCESS ? drawn : EXIT_FAILURE;
}

static int server_run(const struct server *server)
{
	const struct timespec pause = {
		.tv_sec = server->rate > 1 ? 0 : 1,
		.tv_nsec = server->rate > 1 ? 1000000000L / (long)server->rate : 0};
	unsigned long lost = 0, previews = 0;
	int result = EXIT_SUCCESS;

	for (unsigned long i = 1; result == EXIT_SUCCESS && !told_to_stop; i++) {
		bool rude = false;

		if (i % PREVIEWS_EVERY) {
			result = thumbnail_serve();
		} else {
			rude = ++previews % RUDE_EVERY == 0 && lost < server->leaks;
			result = preview_serve(server->remove || !rude);
			lost += rude;
		}
		if (i == server->requests)
			break;
		nanosleep(&pause, NULL);
	}
	return result;
}

static bool number_parse(const char *text, unsigned long most, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number <= most;
}

enum option_id { OPTION_REQUESTS = 256, OPTION_RATE, OPTION_LEAKS, OPTION_REMOVE };

static const struct option option_table[] = {
	{.name = "requests", .has_arg = required_argument, .val = OPTION_REQUESTS},
	{.name = "rate", .has_arg = required_argument, .val = OPTION_RATE},
	{.name = "leaks", .has_arg = required_argument, .val = OPTION_LEAKS},
	{.name = "remove", .has_arg = no_argument, .val = OPTION_REMOVE},
	{.name = "help", .has_arg = no_argument, .val = 'h'},
	{.name = NULL},
};

/* Takes the value of one numeric option; false when the number will not do. */
static bool option_set(struct server *server, int id)
{
	switch (id) {
	case OPTION_REQUESTS:
		return number_parse(optarg, ULONG_MAX, &server->requests);
	case OPTION_RATE:
		return number_parse(optarg, PER_SECOND_MOST, &server->rate) && server->rate > 0;
	default:
		return number_parse(optarg, ULONG_MAX, &server->leaks);
	}
}

/* Reads the command line. Ends the program for --help and for mistakes. */
static void server_parse(struct server *server, int argc, char **argv)
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
			server->remove = true;
			break;
		default:
			if (!option_set(server, id)) {
				fprintf(stderr,
					"shm-leak-demo: --%s: '%s' is not a usable number\n",
					option_table[place].name, optarg);
				exit(EXIT_USAGE);
			}
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s\n", usage_line);
		exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = stop};
	struct server server = server_default;

	server_parse(&server, argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return server_run(&server);
}
