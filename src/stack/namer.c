/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "stack/namer.h"
#include "stack/namer_message.h"
#include "stack/quiet_child.h"

/* A worker ends itself when a question takes 10 s, unless somebody has stopped it. */
#define ANSWER_MOST (12 * CLOCK_SECOND)

struct namer {
	pid_t worker; /* 0 none */
	int socket;
	uint64_t asked; /* when the question was asked */
};

int namer_new(struct namer **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void namer_stop(struct namer *namer)
{
	if (!namer->worker)
		return;
	close(namer->socket);
	quiet_child_end(namer->worker);
	namer->worker = 0;
}

void namer_free(struct namer *namer)
{
	if (!namer)
		return;
	namer_stop(namer);
	free(namer);
}

static int start(struct namer *namer)
{
	int pair[2];

	if (namer->worker)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	namer->worker = quiet_child_fork();
	if (namer->worker == 0)
		namer_work(pair[1]);
	close(pair[1]);
	if (namer->worker < 0) {
		const int error = -errno;

		namer->worker = 0;
		close(pair[0]);
		return error;
	}
	namer->socket = pair[0];
	return 0;
}

/* A worker that is gone is noticed by whoever waits for its answer. */
static void say(struct namer *namer, const struct namer_question *question, const int *fds,
		size_t fd_count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * NAMER_FDS)] = {0};
	struct iovec bytes = {.iov_base = (void *)(uintptr_t)question,
			      .iov_len = sizeof(*question)};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

	if (fd_count) {
		struct cmsghdr *header;

		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
	}
	while (sendmsg(namer->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EINTR)
		;
	namer->asked = clock_now();
}

void namer_give(struct namer *namer, uint64_t module, const struct elf_file *file,
		const struct elf_file *debug, const struct elf_file *shared, bool use_debug)
{
	const struct namer_question question = {
		.op = NAMER_GIVE,
		.module = module,
		.has_debug = debug != NULL,
		.has_shared = shared != NULL,
		.use_debug = use_debug,
	};
	int fds[NAMER_FDS];
	size_t count = 0;

	if (start(namer))
		return;
	fds[count++] = file->fd;
	if (debug)
		fds[count++] = debug->fd;
	if (shared)
		fds[count++] = shared->fd;
	say(namer, &question, fds, count);
}

int namer_ask(struct namer *namer, uint64_t module, uint64_t address)
{
	const struct namer_question question = {
		.op = NAMER_FIND, .module = module, .address = address};
	const int error = start(namer);

	if (!error)
		say(namer, &question, NULL, 0);
	return error;
}

/* Milliseconds until then, rounded up */
static int until(uint64_t deadline)
{
	const uint64_t now = clock_now();

	return deadline <= now ? 0 : (int)((deadline - now + CLOCK_MS - 1) / CLOCK_MS);
}

enum namer_answer namer_answer(struct namer *namer, uint64_t deadline,
			       struct call_name names[static CALL_NAMES_MOST], size_t *count)
{
	struct pollfd ready = {.fd = namer->socket, .events = POLLIN};
	const uint64_t end = namer->asked + ANSWER_MOST;
	struct namer_reply reply;
	ssize_t got;

	*count = 0;
	if (!namer->worker)
		return NAMER_DIED;
	if (poll(&ready, 1, until(deadline < end ? deadline : end)) <= 0) {
		if (clock_now() < end)
			return NAMER_WAITS;
		namer_stop(namer);
		return NAMER_DIED;
	}
	got = recv(namer->socket, &reply, sizeof(reply), MSG_DONTWAIT);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return NAMER_WAITS;
	/* Whoever brought it down may have it say anything. */
	if (got != sizeof(reply) || reply.count > CALL_NAMES_MOST) {
		namer_stop(namer);
		return NAMER_DIED;
	}
	if (!reply.known)
		return NAMER_FILES;
	memcpy(names, reply.names, sizeof(reply.names));
	*count = reply.count;
	return NAMER_NAMES;
}
