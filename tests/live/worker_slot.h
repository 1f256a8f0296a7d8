/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test's side of a worker process: its socket, what it is at, how it starts and ends. */
#ifndef TESTS_LIVE_WORKER_SLOT_H
#define TESTS_LIVE_WORKER_SLOT_H

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/live/worker.h"

enum { REPLY_MS = 20000 };

enum slot_state {
	SLOT_FREE,
	SLOT_WAITS,  /* for a command */
	SLOT_WORKS,  /* a reply will come */
	SLOT_STARTS, /* so will its first one */
	SLOT_ENDS,   /* told to end, or killed */
};

struct slot {
	enum slot_state state;
	int fd;
	int pidfd;
	pid_t pid;
	uint32_t mappings;
	enum work work; /* the last one */
};

static void give_up(const char *what)
{
	fprintf(stderr, "test_workload: %s: %m\n", what);
	exit(1);
}

/* Its ends of all sockets, at the places where every worker looks for its own */
static void sockets_make(struct slot slots[static WORKER_SLOTS])
{
	for (int i = 0; i < WORKER_SLOTS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ||
		    dup2(pair[1], WORKER_FD + i) < 0)
			give_up("socketpair");
		close(pair[1]);
		slots[i].fd = pair[0];
		slots[i].pidfd = -1;
	}
}

static void sockets_close_workers_ends(void)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
		close(WORKER_FD + i);
}

static void readable_wait(int fd, const char *what)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	if (poll(&poller, 1, REPLY_MS) != 1) {
		errno = ETIMEDOUT;
		give_up(what);
	}
}

static int64_t slot_receive(struct slot *slot)
{
	struct work_reply reply;

	readable_wait(slot->fd, "a worker does not answer");
	if (recv(slot->fd, &reply, sizeof(reply), 0) != sizeof(reply))
		give_up("a worker is gone");
	slot->mappings = reply.mappings;
	if (slot->state == SLOT_STARTS) {
		slot->pid = reply.pid;
		slot->pidfd = (int)syscall(SYS_pidfd_open, reply.pid, 0);
		if (slot->pidfd < 0)
			give_up("pidfd_open");
	}
	slot->state = SLOT_WAITS;
	return reply.result;
}

/* Its address space is released before its pidfd tells that it ended. */
static void slot_wait_end(struct slot *slot)
{
	struct work_reply stale;

	readable_wait(slot->pidfd, "a worker does not end");
	close(slot->pidfd);
	slot->pidfd = -1;
	while (recv(slot->fd, &stale, sizeof(stale), MSG_DONTWAIT) > 0)
		;
	slot->state = SLOT_FREE;
}

static void slot_start(struct slot *slot, const char *program)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(program, program, "0", (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		give_up("fork");
	slot->state = SLOT_STARTS;
	slot_receive(slot);
}

#endif
