/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

enum watch_kind {
	WATCH_FD,
	WATCH_TIMER,
	WATCH_SIGNALS,
};

struct watch {
	int fd;
	enum watch_kind kind;
	loop_handler *handler;
	void *context;
	struct watch *next;
};

struct loop {
	int epoll;
	bool stopped;
	bool has_mask;
	sigset_t mask; /* as it was before loop_add_signals() */
	struct watch *watches;
};

int loop_new(struct loop **out)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop)
		return -ENOMEM;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		err = -errno;
		free(loop);
		return err;
	}
	*out = loop;
	return 0;
}

static void watch_free(struct watch *watch)
{
	if (watch->kind != WATCH_FD)
		close(watch->fd);
	free(watch);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->watches) {
		struct watch *watch = loop->watches;

		loop->watches = watch->next;
		watch_free(watch);
	}
	close(loop->epoll);
	loop_restore_signals(loop);
	free(loop);
}

static int watch_add(struct loop *loop, int fd, enum watch_kind kind, loop_handler *handler,
		     void *context)
{
	struct watch *watch = malloc(sizeof(*watch));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){
		.fd = fd,
		.kind = kind,
		.handler = handler,
		.context = context,
		.next = loop->watches,
	};
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int err = -errno;

		free(watch);
		return err;
	}
	loop->watches = watch;
	return 0;
}

int loop_add(struct loop *loop, int fd, loop_handler *handler, void *context)
{
	return watch_add(loop, fd, WATCH_FD, handler, context);
}

void loop_remove(struct loop *loop, int fd)
{
	for (struct watch **at = &loop->watches; *at; at = &(*at)->next) {
		struct watch *watch = *at;

		if (watch->fd != fd)
			continue;
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		*at = watch->next;
		watch_free(watch);
		return;
	}
}

int loop_set_timer(struct loop *loop, int timer, uint64_t interval)
{
	const struct timespec period = {
		.tv_sec = (time_t)(interval / CLOCK_SECOND),
		.tv_nsec = (long)(interval % CLOCK_SECOND),
	};
	const struct itimerspec setting = {.it_interval = period, .it_value = period};

	(void)loop;
	if (interval == 0)
		return -EINVAL;
	return timerfd_settime(timer, 0, &setting, NULL) < 0 ? -errno : 0;
}

int loop_add_timer(struct loop *loop, uint64_t interval, loop_handler *handler, void *context,
		   int *timer)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = loop_set_timer(loop, fd, interval);
	if (!err)
		err = watch_add(loop, fd, WATCH_TIMER, handler, context);
	if (err) {
		close(fd);
		return err;
	}
	*timer = fd;
	return 0;
}

int loop_add_signals(struct loop *loop, const sigset_t *signals, loop_handler *handler,
		     void *context)
{
	sigset_t before;
	int fd, err;

	fd = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = watch_add(loop, fd, WATCH_SIGNALS, handler, context);
	if (err) {
		close(fd);
		return err;
	}
	sigprocmask(SIG_BLOCK, signals, &before);
	if (!loop->has_mask) {
		loop->mask = before;
		loop->has_mask = true;
	}
	return 0;
}

void loop_restore_signals(const struct loop *loop)
{
	if (loop->has_mask)
		sigprocmask(SIG_SETMASK, &loop->mask, NULL);
}

/* Takes what made the descriptor readable, where that is the loop's business, and calls the
 * handler. */
static int watch_dispatch(const struct watch *watch, uint32_t events)
{
	struct signalfd_siginfo signal;
	uint64_t expirations;

	switch (watch->kind) {
	case WATCH_FD:
		break;
	case WATCH_TIMER:
		/* Nothing to read: the timer was set anew since it fired. */
		if (read(watch->fd, &expirations, sizeof(expirations)) != sizeof(expirations))
			return 0;
		break;
	case WATCH_SIGNALS:
		if (read(watch->fd, &signal, sizeof(signal)) != sizeof(signal))
			return 0;
		events = signal.ssi_signo;
		break;
	}
	return watch->handler(watch->context, events);
}

int loop_run(struct loop *loop)
{
	int result = 0;

	while (!loop->stopped && result >= 0) {
		struct epoll_event event;
		/* One at a time: a handler may remove any watch, and none is left in a batch behind
		 * its back. epoll takes the ready ones in turn. */
		int count = epoll_wait(loop->epoll, &event, 1, -1);

		if (count > 0)
			result = watch_dispatch(event.data.ptr, event.events);
		else if (count < 0 && errno != EINTR)
			result = -errno;
	}
	loop->stopped = false;
	return result < 0 ? result : 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
