/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one event loop: epoll over the ring buffer, timers, signals and the terminal. One thread.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <signal.h>
#include <stdint.h>

struct loop;

/* `events` are those of epoll (EPOLLIN, EPOLLHUP ...). A negative return ends the loop with it. */
typedef int loop_handler(void *context, uint32_t events);

int loop_new(struct loop **out);
void loop_free(struct loop *loop);

/* Watches a descriptor that stays the caller's, for EPOLLIN. 0 or -errno: -EPERM for what is always
 * readable (a regular file), -EEXIST when it is watched already. A handler may add and remove
 * watches. */
int loop_add(struct loop *loop, int fd, loop_handler *handler, void *context);
void loop_remove(struct loop *loop, int fd); /* before it is closed; also for timers */

/* A periodic timer owned by the loop, drained before the handler runs; first fires after one
 * interval (ns, at least 1). Missed periods are not caught up. *timer identifies it for
 * loop_set_timer(). */
int loop_add_timer(struct loop *loop, uint64_t interval, loop_handler *handler, void *context,
		   int *timer);
/* Starts it anew with another interval. */
int loop_set_timer(struct loop *loop, int timer, uint64_t interval);

/* Blocks the signals and hands them to the handler, one call a signal; `events` is the number of
 * the signal. The mask from before is restored by loop_free() (and, for children, by
 * loop_restore_signals(), to be called between fork and exec). */
int loop_add_signals(struct loop *loop, const sigset_t *signals, loop_handler *handler,
		     void *context);
void loop_restore_signals(const struct loop *loop);

/* Runs until a handler returns a negative number (returned) or loop_stop() (0). */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
