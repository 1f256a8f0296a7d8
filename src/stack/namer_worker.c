/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stack/namer.h"
#include "stack/namer_message.h"
#include "stack/names.h"
#include "stack/quiet_child.h"

enum { KEPT_MODULES = 4, QUESTION_SECONDS = 10, NOBODY = 65534 };

/* Address space, for debug information of any size that people have */
#define MEMORY_MOST (UINT64_C(2) << 30)

struct worker {
	int socket;
	struct kept {
		uint64_t module; /* 0 none */
		uint64_t used;
		struct names *names;
	} kept[KEPT_MODULES];
	uint64_t turn;
};

/* ---- what it may do ------------------------------------------------------------------------ */

/* Its socket becomes 3, whatever it was; the others go. */
static int keep_descriptor(int socket)
{
	const int kept = fcntl(socket, F_DUPFD_CLOEXEC, 4);
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (dup2(kept, 3) < 0)
		_exit(1);
	close_range(4, ~0U, 0);
	return 3;
}

/* The first to go when memory is short */
static void volunteer(void)
{
	const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t unused = fd < 0 ? 0 : write(fd, "1000", 4);

	(void)unused;
	if (fd >= 0)
		close(fd);
}

static void lay_down_rights(void)
{
	const struct rlimit none = {0, 0}, memory = {MEMORY_MOST, MEMORY_MOST};

	prctl(PR_SET_NAME, "shmtop-names");
	volunteer();
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &none);
#ifndef __SANITIZE_ADDRESS__
	setrlimit(RLIMIT_AS, &memory);
#else
	(void)memory;
#endif
	if (!quiet_child_become(NOBODY, NOBODY) || !quiet_child_lay_down_rights())
		_exit(1);
}

/* It goes with its parent, not with the terminal: of signals it knows those of its own faults, as a process
 * that has just begun does. */
static void default_signals(void)
{
	static const int faults[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	sigset_t blocked;

	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		signal(faults[i], SIG_DFL);
		sigdelset(&blocked, faults[i]);
	}
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* ---- questions ----------------------------------------------------------------------------- */

/* The one of this module, or NULL */
static struct kept *find(struct worker *worker, uint64_t module)
{
	for (size_t i = 0; i < KEPT_MODULES; i++)
		if (worker->kept[i].module == module)
			return &worker->kept[i];
	return NULL;
}

static struct kept *least_used(struct worker *worker)
{
	struct kept *least = &worker->kept[0];

	for (size_t i = 1; i < KEPT_MODULES; i++)
		if (worker->kept[i].used < least->used)
			least = &worker->kept[i];
	return least;
}

static struct elf_file *file_of(int fd)
{
	struct elf_file *file;

	return elf_file_new(fd, &file) ? NULL : file;
}

static void take(struct worker *worker, const struct namer_question *question, const int *fds)
{
	struct elf_file *file = file_of(*fds++);
	struct elf_file *debug = question->has_debug ? file_of(*fds++) : NULL;
	struct elf_file *shared = question->has_shared ? file_of(*fds++) : NULL;
	struct kept *kept = find(worker, question->module);

	if (!kept)
		kept = least_used(worker);
	names_free(kept->names);
	*kept = (struct kept){.module = question->module, .used = ++worker->turn};
	if (!file || names_new(file, debug, shared, question->use_debug, &kept->names))
		_exit(1);
}

static void answer(struct worker *worker, const struct namer_question *question)
{
	struct namer_reply reply = {.known = false};
	struct kept *kept = find(worker, question->module);

	if (kept) {
		kept->used = ++worker->turn;
		reply.known = true;
		reply.count = (uint32_t)names_find(kept->names, question->address, reply.names);
	}
	if (send(worker->socket, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
		_exit(1);
}

/* False: nobody asks any more. */
static bool receive(struct worker *worker, struct namer_question *question, int fds[NAMER_FDS])
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * NAMER_FDS)];
	struct iovec bytes = {.iov_base = question, .iov_len = sizeof(*question)};
	struct msghdr message = {.msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header;

	if (recvmsg(worker->socket, &message, MSG_CMSG_CLOEXEC) != sizeof(*question))
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	else if (question->op == NAMER_GIVE)
		return false;
	return true;
}

_Noreturn void namer_work(int socket)
{
	struct worker worker = {.socket = keep_descriptor(socket)};
	struct namer_question question;
	int fds[NAMER_FDS] = {-1, -1, -1};

	default_signals();
	lay_down_rights();
	while (receive(&worker, &question, fds)) {
		alarm(QUESTION_SECONDS);
		if (question.op == NAMER_GIVE)
			take(&worker, &question, fds);
		else
			answer(&worker, &question);
		alarm(0);
	}
	_exit(0);
}
