/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each change has a record of its own: what is told of it, once, of whom and why. */
#include "model_records.h"

#include <signal.h>

/* ---- attach ---------------------------------------------------------------------------------- */

static void a_shmat_is_told_by_its_call(void **state)
{
	struct model *model = *state;
	const struct mapping *mapping;

	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 100, 101, ADDR, 2 * PAGE);
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(living(model, 5)->last->pid, 100);
	mapping = living(model, 5)->mappings;
	assert_int_equal(mapping->origin, MAPPING_SHMAT);
	assert_int_equal(mapping->since, AT(101));
	assert_int_equal(mapping->length, 2 * PAGE);
	assert_int_equal(mapping->flags, ATTACHMENT_READ);
	attach(model, 5, 100, AT(101.001), ADDR);
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(newest(model, 0)->op, FACT_SHMAT);
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 100, 101, ADDR, 2 * PAGE); /* again */
	assert_counts(living(model, 5), 1, 1);
	assert_no_line();
}

/* The call was not seen: then its record is all that tells of it. */
static void a_shmat_without_its_call_is_told(void **state)
{
	struct model *model = *state;

	record(model, FACT_ATTACH, FACT_REASON_UNKNOWN, 100, 101, ADDR, 2 * PAGE);
	assert_told(FACT_ATTACH, FACT_REASON_UNKNOWN, 100, 1, ADDR, 2 * PAGE);
	assert_no_line();
	assert_counts(living(model, 5), 1, 1);
}

static void a_record_proves_its_segment(void **state)
{
	struct model *model = *state;
	struct event event = a_record(FACT_ATTACH, FACT_REASON_SHMAT, 100, 101, ADDR, PAGE);

	event.shmid = 6;
	apply(model, &event);
	assert_counts(living(model, 6), 1, 1);
	event.shmid = -1;
	apply(model, &event);
	event.op = FACT_DETACH;
	apply(model, &event);
	assert_int_equal(model_segment_count(model), 2);

	/* a table that is newer and has it not: its end will be told, too */
	snapshot(model, NULL, 0, AT(102));
	event = a_record(FACT_ATTACH, FACT_REASON_SHMAT, 100, 101.5, ADDR, PAGE);
	event.shmid = 8;
	apply(model, &event);
	assert_counts(living(model, 8), 1, 1);

	/* where ends are not told the table knows better */
	stand_on(model, "fexit", FACT_EXACT_ALL & ~FACT_EXACT_DESTROY);
	snapshot(model, NULL, 0, AT(103));
	event.time = AT(102.5);
	event.shmid = 7;
	apply(model, &event);
	assert_null(find(model, 7));
	event.time = AT(103.001);
	apply(model, &event);
	assert_counts(living(model, 7), 1, 1);
}

static void a_shmat_of_an_address_space_that_is_not_known_is_counted(void **state)
{
	struct event event = a_record(FACT_ATTACH, FACT_REASON_SHMAT, 200, 102, ADDR, PAGE);
	struct model *model = *state;
	const struct segment_facts row = a_row(5, 100, 1);

	model_distrust(model);
	snapshot(model, &row, 1, AT(101));
	event.mm = 0;
	apply(model, &event);
	assert_counts(living(model, 5), 2, 0);
	assert_int_equal(living(model, 5)->last->pid, 200);
}

static void a_fork_is_told_when_it_names_the_child(void **state)
{
	struct event fork_event = an_event(FACT_FORK, 100, AT(103.002));
	struct model *model = *state;
	const struct event *line;

	fork_event.inner_pid = 7; /* the parent's */
	fork_event.child = 200;
	fork_event.child_mm = mm_of(200);
	fork_event.child_start_time = start_of(200);
	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	attach_both(model, 100, 102, ADDR2, 2 * PAGE);
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 103, ADDR);
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 103.001, ADDR2);
	assert_counts(living(model, 5), 4, 4);
	assert_no_line();
	apply(model, &fork_event);
	line = assert_told(FACT_ATTACH, FACT_REASON_FORK, 200, 1, ADDR, 2 * PAGE);
	assert_int_equal(line->time, AT(103.002));
	assert_int_equal(line->start_time, start_of(200));
	assert_int_equal(line->mm, mm_of(200));
	assert_int_equal(line->tid, 200);
	assert_int_equal(line->ppid, 100);
	assert_int_equal(line->inner_pid, 0);
	assert_int_equal(line->flags, ATTACHMENT_READ);
	assert_told(FACT_ATTACH, FACT_REASON_FORK, 200, 1, ADDR2, 2 * PAGE);
	assert_no_line();
	assert_int_equal(living(model, 5)->last->pid, 100); /* as the kernel has it */
	assert_int_equal(living(model, 5)->mappings->segment_prev->origin, MAPPING_FORK);
	assert_int_equal(living(model, 5)->mappings->segment_prev->holder->process->pid, 200);

	apply(model, &fork_event); /* again */
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 103, ADDR);
	assert_counts(living(model, 5), 4, 4);
	assert_no_line();

	/* named now: its ends are told */
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 200, 104, ADDR, 2 * PAGE);
	assert_told(FACT_DETACH, FACT_REASON_MUNMAP, 200, 1, ADDR, 2 * PAGE);
	assert_counts(living(model, 5), 3, 3);
}

static void a_fork_tells_only_what_the_child_has_by_it(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	forked(model, 100, 300, AT(101.1)); /* without the mapping (its record was lost) */
	assert_no_line();
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 200, 102, ADDR2, 2 * PAGE);
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 103, ADDR);
	forked(model, 100, 200, AT(103.001));
	assert_told(FACT_ATTACH, FACT_REASON_FORK, 200, 1, ADDR, 2 * PAGE);
	assert_no_line();
	forked(model, 200, 400, AT(104)); /* it was named before */
	assert_no_line();
	assert_counts(living(model, 5), 3, 3);
}

static void a_fork_that_fails_is_not_told(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 103, ADDR);
	record_in(model, 200, FACT_DETACH, FACT_REASON_UNKNOWN, 100, 103.001, ADDR);
	assert_counts(living(model, 5), 1, 1);
	assert_int_equal(holders(model), 1);
	assert_int_equal(living(model, 5)->detached, 0);
	/* the same place is used again by one that succeeds */
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 104, ADDR);
	forked(model, 100, 200, AT(104.001));
	assert_told(FACT_ATTACH, FACT_REASON_FORK, 200, 1, ADDR, 2 * PAGE);
	assert_no_line();
	assert_counts(living(model, 5), 2, 2);
}

static void a_split_is_told(void **state)
{
	struct model *model = *state;
	const struct mapping *mapping;

	attach_both(model, 100, 101, ADDR, 4 * PAGE);
	record_part(model, FACT_ATTACH, FACT_REASON_SPLIT, 102, ADDR, PAGE, 0); /* the lower part */
	assert_told(FACT_ATTACH, FACT_REASON_SPLIT, 100, 1, ADDR, PAGE);
	assert_places(model, "0+1@0 1+3@1 ");
	record_part(model, FACT_ATTACH, FACT_REASON_SPLIT, 103, ADDR + 3 * PAGE, PAGE, 3 * PAGE);
	assert_told(FACT_ATTACH, FACT_REASON_SPLIT, 100, 1, ADDR + 3 * PAGE, PAGE);
	assert_places(model, "0+1@0 1+2@1 3+1@3 ");
	assert_no_line();
	mapping = living(model, 5)->mappings->segment_prev;
	assert_int_equal(mapping->since, AT(101));
	assert_int_equal(mapping->origin, MAPPING_SHMAT);
}

static void a_move_or_a_doubling_is_told(void **state)
{
	struct model *model = *state;
	const struct mapping *moved;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	record_in(model, 200, FACT_ATTACH, FACT_REASON_FORK, 100, 102, ADDR);
	forked(model, 100, 200, AT(102.001));
	assert_told(FACT_ATTACH, FACT_REASON_FORK, 200, 1, ADDR, 2 * PAGE);
	record(model, FACT_ATTACH, FACT_REASON_SPLIT, 200, 103, ADDR2, 2 * PAGE);
	assert_told(FACT_ATTACH, FACT_REASON_MREMAP, 200, 1, ADDR2, 2 * PAGE);
	moved = living(model, 5)->mappings->segment_prev;
	assert_int_equal(moved->start, ADDR2);
	assert_int_equal(moved->origin, MAPPING_FORK); /* as what it was made from */
	assert_int_equal(moved->since, AT(102));
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 200, 103.001, ADDR, 2 * PAGE);
	assert_told(FACT_DETACH, FACT_REASON_MUNMAP, 200, 1, ADDR, 2 * PAGE);
	/* right beside: no split */
	record(model, FACT_ATTACH, FACT_REASON_SPLIT, 200, 104, ADDR2 + 2 * PAGE, PAGE);
	assert_told(FACT_ATTACH, FACT_REASON_MREMAP, 200, 1, ADDR2 + 2 * PAGE, PAGE);
	record(model, FACT_ATTACH, FACT_REASON_SPLIT, 200, 105, ADDR2 - PAGE, PAGE);
	assert_told(FACT_ATTACH, FACT_REASON_MREMAP, 200, 1, ADDR2 - PAGE, PAGE);
	assert_counts(living(model, 5), 4, 4);
	assert_no_line();
}

/* ---- detach ---------------------------------------------------------------------------------- */

static void a_shmdt_is_told_by_its_call(void **state)
{
	struct model *model = *state;
	struct event call = detached(-1, 100, AT(102.001), ADDR);

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	record(model, FACT_DETACH, FACT_REASON_SHMDT, 100, 102, ADDR, 2 * PAGE);
	assert_counts(living(model, 5), 0, 0);
	assert_int_equal(living(model, 5)->detached, AT(102));
	assert_int_equal(living(model, 5)->detached_reason, FACT_REASON_SHMDT);
	assert_int_equal(living(model, 5)->detached_pid, 100);
	call.ipcns = NS + 1; /* it lives elsewhere by now */
	apply(model, &call);
	assert_int_equal(newest(model, 0)->op, FACT_SHMDT);
	assert_int_equal(newest(model, 0)->shmid, 5);
	call.time = AT(103); /* of one that nobody knows */
	apply(model, &call);
	assert_int_equal(newest(model, 0)->shmid, -1);
	assert_no_line();
	attach_both(model, 100, 104, ADDR, 2 * PAGE); /* munmap is no shmdt */
	record(model, FACT_DETACH, FACT_REASON_MUNMAP, 100, 105, ADDR, 2 * PAGE);
	call.time = AT(106);
	apply(model, &call);
	assert_int_equal(newest(model, 0)->shmid, -1);
	attach_both(model, 100, 107, ADDR, 2 * PAGE); /* its call was lost */
	record(model, FACT_DETACH, FACT_REASON_SHMDT, 100, 108, ADDR, 2 * PAGE);
	call.time = AT(109);
	call.shmid = 6;
	apply(model, &call);
	assert_int_equal(newest(model, 0)->shmid, 6);
}

/* The id is in use again before the call is back. */
static void a_shmdt_is_told_of_the_life_that_it_was(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	control(model, 5, 200, AT(102), IPC_RMID, 0);
	record(model, FACT_DETACH, FACT_REASON_SHMDT, 100, 103, ADDR, 2 * PAGE);
	destroyed(model, FACT_REASON_LAST_DETACH, 100, 103.001);
	assert_told(FACT_DESTROY, FACT_REASON_LAST_DETACH, 100, 0, 0, 0);
	make(model, 5, 200, AT(104));
	detach(model, 5, 100, AT(105), ADDR);
	assert_int_equal(heard.lines[heard.count - 1].segment.generation,
			 living(model, 5)->id.generation - 1);
	assert_no_line();
}

/* A call from another namespace: only the mapping tells which segment it was. */
static void a_shmat_is_told_of_what_is_mapped_there(void **state)
{
	struct event call = attached(5, 100, AT(101.001), ADDR);
	struct model *model = *state;

	call.ipcns = NS + 1;
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, 100, 101, ADDR, 2 * PAGE);
	apply(model, &call);
	assert_int_equal(heard.lines[heard.count - 1].segment.generation,
			 living(model, 5)->id.generation);
	assert_int_equal(heard.lines[heard.count - 1].segment.ipcns, NS);
	call.ret = (int64_t)ADDR - PAGE; /* nothing is there any more */
	apply(model, &call);
	assert_int_equal(heard.lines[heard.count - 1].segment.generation, 0);
}

static void a_munmap_or_remap_is_told(void **state)
{
	const enum fact_reason reasons[] = {FACT_REASON_MUNMAP, FACT_REASON_REMAP};
	struct model *model = *state;

	for (int i = 0; i < 2; i++) {
		const struct event *line;

		attach_both(model, 100, 101 + i, ADDR, 2 * PAGE);
		record(model, FACT_DETACH, reasons[i], 100, 101.5 + i, ADDR, 2 * PAGE);
		line = assert_told(FACT_DETACH, reasons[i], 100, 1, ADDR, 2 * PAGE);
		assert_int_equal(line->time, AT(101.5 + i));
		assert_int_equal(line->mm, mm_of(100));
		assert_int_equal(line->tid, 100);
		assert_int_equal(living(model, 5)->detached_reason, reasons[i]);
		assert_int_equal(living(model, 5)->detached_pid, 100);
		assert_counts(living(model, 5), 0, 0);
		assert_int_equal(holders(model), 0);
		record(model, FACT_DETACH, reasons[i], 100, 101.5 + i, ADDR, 2 * PAGE); /* again */
		assert_counts(living(model, 5), 0, 0);
		assert_no_line();
	}
}

/* Who unmaps a part of what it shares with another process is who did it. */
static void a_munmap_is_of_who_did_it(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	record_in(model, 100, FACT_DETACH, FACT_REASON_MUNMAP, 200, 102, ADDR);
	assert_told(FACT_DETACH, FACT_REASON_MUNMAP, 200, 1, ADDR, 2 * PAGE);
	assert_int_equal(living(model, 5)->detached_pid, 200);
	assert_int_equal(living(model, 5)->last->pid, 200);
}

/* The exit comes before the detaches that it brings, or after them. */
static void an_exit_is_told(void **state)
{
	struct model *model = *state;

	for (int first = 0; first < 2; first++) {
		const int32_t pid = 200 + 10 * first;
		const double began = 101 + 10 * first;
		const struct event *line;

		attach_both(model, pid, began, ADDR, 2 * PAGE);
		attach_both(model, pid, began + 1, ADDR2, PAGE);
		if (first)
			exited(model, pid, AT(began + 2), SIGKILL);
		assert_counts(living(model, 5), 2, 2); /* the exit itself ends none */
		record(model, FACT_DETACH, FACT_REASON_EXIT, pid, began + 3, ADDR, 2 * PAGE);
		record(model, FACT_DETACH, FACT_REASON_EXIT, pid, began + 3.001, ADDR2, PAGE);
		if (!first)
			exited(model, pid, AT(began + 4), SIGKILL);
		assert_told(FACT_DETACH, FACT_REASON_EXIT, pid, 1, ADDR, 2 * PAGE);
		line = assert_told(FACT_DETACH, FACT_REASON_EXIT, pid, 1, ADDR2, PAGE);
		assert_int_equal(line->tid, pid);
		assert_no_line();
		assert_counts(living(model, 5), 0, 0);
		assert_int_equal(holders(model), 0);
		assert_int_equal(living(model, 5)->detached_reason, FACT_REASON_EXIT);
		assert_int_equal(living(model, 5)->detached_pid, pid);
		assert_int_equal(living(model, 5)->last->pid, pid);
		assert_true(living(model, 5)->last->has_status);
		assert_int_equal(living(model, 5)->last->status, SIGKILL);
	}
}

/* Of two that shared the address space the last one ends what goes by the other one's name. */
static void an_exit_is_of_the_holder(void **state)
{
	struct model *model = *state;
	const struct event *line;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	record_in(model, 100, FACT_DETACH, FACT_REASON_EXIT, 200, 102, ADDR);
	line = assert_told(FACT_DETACH, FACT_REASON_EXIT, 100, 1, ADDR, 2 * PAGE);
	assert_int_equal(line->start_time, start_of(100));
	assert_int_equal(line->mm, mm_of(100));
	assert_int_equal(living(model, 5)->detached_pid, 100);
	assert_int_equal(living(model, 5)->last->pid, 200); /* as the kernel has it */
}

static void an_exec_is_told(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	record(model, FACT_DETACH, FACT_REASON_EXEC, 100, 102, ADDR, 2 * PAGE);
	execed(model, 100, AT(102.001));
	assert_told(FACT_DETACH, FACT_REASON_EXEC, 100, 1, ADDR, 2 * PAGE);
	assert_no_line();
	assert_int_equal(living(model, 5)->detached_reason, FACT_REASON_EXEC);
	assert_counts(living(model, 5), 0, 0);
}

/* Somebody else let go last. If the holder was seen to leave, that is why. */
static void an_address_space_that_somebody_else_dropped(void **state)
{
	const enum fact_reason left[] = {FACT_REASON_UNKNOWN, FACT_REASON_EXIT, FACT_REASON_EXEC};
	struct model *model = *state;

	for (int i = 0; i < 3; i++) {
		const int32_t pid = 200 + 10 * i;
		const double began = 101 + 10 * i;

		attach_both(model, pid, began, ADDR, 2 * PAGE);
		if (left[i] == FACT_REASON_EXIT)
			exited(model, pid, AT(began + 1), 0);
		if (left[i] == FACT_REASON_EXEC)
			execed(model, pid, AT(began + 1));
		assert_counts(living(model, 5), 1, 1); /* nobody has it, but it is there */
		assert_int_equal(needs(model).settle, i > 0);
		record_in(model, pid, FACT_DETACH, FACT_REASON_UNKNOWN, 900, began + 2, ADDR);
		assert_told(FACT_DETACH, left[i], pid, 1, ADDR, 2 * PAGE);
		assert_no_line();
		assert_counts(living(model, 5), 0, 0);
		assert_int_equal(living(model, 5)->detached_reason, left[i]);
		assert_int_equal(living(model, 5)->detached_pid, pid);
		assert_false(needs(model).settle);
	}
	attach_both(model, 100, 150, ADDR, 2 * PAGE); /* and the holder itself */
	record(model, FACT_DETACH, FACT_REASON_UNKNOWN, 100, 151, ADDR, 2 * PAGE);
	assert_told(FACT_DETACH, FACT_REASON_UNKNOWN, 100, 1, ADDR, 2 * PAGE);
}

/* That the process has ended is known without its address space, too: by its exit, or by /proc. */
static void an_exit_that_was_seen_otherwise_is_a_reason(void **state)
{
	struct event exit_event = an_event(FACT_EXIT, 200, AT(102));
	struct model *model = *state;

	attach_both(model, 200, 101, ADDR, 2 * PAGE);
	exit_event.mm = 0;
	apply(model, &exit_event);
	record_in(model, 200, FACT_DETACH, FACT_REASON_UNKNOWN, 900, 103, ADDR);
	assert_told(FACT_DETACH, FACT_REASON_EXIT, 200, 1, ADDR, 2 * PAGE);

	attach_both(model, 300, 104, ADDR, 2 * PAGE);
	model_process_missing(model, living(model, 5)->last, AT(105));
	record_in(model, 300, FACT_DETACH, FACT_REASON_UNKNOWN, 900, 106, ADDR);
	assert_told(FACT_DETACH, FACT_REASON_EXIT, 300, 1, ADDR, 2 * PAGE);
}

/* ---- destroy --------------------------------------------------------------------------------- */

static void an_end_is_told_with_its_reason(void **state)
{
	const enum fact_reason reasons[] = {FACT_REASON_IPC_RMID, FACT_REASON_LAST_DETACH,
					    FACT_REASON_NAMESPACE, FACT_REASON_FORCED,
					    FACT_REASON_UNKNOWN};
	struct model *model = *state;

	for (int i = 0; i < 5; i++) {
		const double began = 110 + 10 * i;
		const enum fact_reason again =
			reasons[i] ? FACT_REASON_NAMESPACE : FACT_REASON_UNKNOWN;
		const struct event *line;

		destroyed(model, reasons[i], 200, began);
		line = assert_told(FACT_DESTROY, reasons[i], 200, 0, 0, 0);
		assert_int_equal(line->time, AT(began));
		assert_int_equal(line->start_time, start_of(200));
		assert_int_equal(ended(model, 5, reasons[i])->gone, AT(began));
		control(model, 5, 200, AT(began + 0.001), IPC_RMID, 0); /* the call is back */
		destroyed(model, again, 200, began);
		ended(model, 5, reasons[i]);
		assert_no_line();
		make(model, 5, 100, AT(began + 1));
	}
	assert_int_equal(model_gone_count(model), 5);
}

/* Neither the call nor the last detach ends it: its record does. */
static void the_last_detach_does_not_end_it_itself(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	control(model, 5, 200, AT(102), IPC_RMID, 0);
	assert_true(living(model, 5)->facts.mode & FACT_MODE_DEST);
	record(model, FACT_DETACH, FACT_REASON_EXIT, 100, 103, ADDR, 2 * PAGE);
	assert_told(FACT_DETACH, FACT_REASON_EXIT, 100, 1, ADDR, 2 * PAGE);
	assert_counts(living(model, 5), 0, 0);
	assert_no_line();
	destroyed(model, FACT_REASON_LAST_DETACH, 100, 103.001);
	assert_told(FACT_DESTROY, FACT_REASON_LAST_DETACH, 100, 0, 0, 0);
	ended(model, 5, FACT_REASON_LAST_DETACH);

	/* where no record tells of ends it does */
	stand_on(model, "fexit", FACT_EXACT_ALL & ~FACT_EXACT_DESTROY);
	make(model, 5, 100, AT(105));
	attach_both(model, 100, 106, ADDR, 2 * PAGE);
	control(model, 5, 200, AT(107), IPC_RMID, 0);
	record(model, FACT_DETACH, FACT_REASON_SHMDT, 100, 108, ADDR, 2 * PAGE);
	assert_told(FACT_DESTROY, FACT_REASON_LAST_DETACH, 100, 0, 0, 0);
	ended(model, 5, FACT_REASON_LAST_DETACH);
	assert_no_line();
}

/* Its maker is not back from the call yet. */
static void the_end_of_one_that_was_not_known_is_told(void **state)
{
	struct event event = a_record(FACT_DESTROY, FACT_REASON_IPC_RMID, 200, 102, 0, 0);
	struct event call = made(6, 100, AT(103), 8192);
	struct model *model = *state;

	event.shmid = 6;
	apply(model, &event);
	assert_derived(next_line(), FACT_DESTROY, 6, FACT_REASON_IPC_RMID, 200, 0);
	call.took = AT(2);
	apply(model, &call);
	assert_int_equal(ended(model, 6, FACT_REASON_IPC_RMID)->creator->pid, 100);
	assert_int_equal(model_gone_count(model), 1);
	assert_int_equal(model_segment_count(model), 1);
	/* and the next one of this id */
	event.time = AT(104);
	apply(model, &event);
	assert_derived(next_line(), FACT_DESTROY, 6, FACT_REASON_IPC_RMID, 200, 0);
	assert_int_equal(model_gone_count(model), 2);
	/* whose id could not be read is nobody's */
	event.shmid = -1;
	apply(model, &event);
	assert_int_equal(model_gone_count(model), 2);
	assert_no_line();
	assert_no_line();
}

/* Tables show the id since: it is of a life before. */
static void the_end_of_a_life_before_is_not_told(void **state)
{
	struct model *model = *state;
	const struct segment_facts rows[] = {a_row(5, 100, 0), a_row(6, 100, 0)};
	struct event event = a_record(FACT_DESTROY, FACT_REASON_IPC_RMID, 200, 102, 0, 0);

	snapshot(model, rows, 2, AT(103));
	event.shmid = 6;
	apply(model, &event);
	living(model, 6);
	assert_no_line();
}

/* Tables that were quicker than the record end it without a reason; the record has it. It is told once, and
 * there was one life; also where it ended while the last table was read. */
static void a_late_record_of_an_end_is_its_reason(void **state)
{
	struct model *model = *state;

	for (int i = 0; i < 2; i++) {
		const double began = 110 + 10 * i;
		const double over = i == 0 ? began - 1 : began + 1.1;

		snapshot(model, NULL, 0, AT(began));
		living(model, 5); /* its record is awaited */
		snapshot(model, NULL, 0, AT(began + 1));
		ended(model, 5, FACT_REASON_UNKNOWN);
		assert_true(next_line()->inferred);
		destroyed(model, FACT_REASON_FORCED, 200, over);
		ended(model, 5, FACT_REASON_FORCED);
		assert_int_equal(model_gone_count(model), i + 1);
		assert_int_equal(model_segment_count(model), 0);
		assert_no_line();
		make(model, 5, 100, AT(began + 2));
	}
}

/* What was told of it while it lived is harmless after its end. */
static void records_of_a_life_that_is_over_begin_no_other(void **state)
{
	struct model *model = *state;

	attach_both(model, 100, 101, ADDR, 2 * PAGE);
	destroyed(model, FACT_REASON_NAMESPACE, 200, 102);
	assert_told(FACT_DESTROY, FACT_REASON_NAMESPACE, 200, 0, 0, 0);
	assert_int_equal(holders(model), 0);
	record(model, FACT_DETACH, FACT_REASON_EXIT, 100, 101.5, ADDR, 2 * PAGE);
	ended(model, 5, FACT_REASON_NAMESPACE);
	assert_int_equal(model_segment_count(model), 0);
	assert_no_line();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXACT_TEST(a_shmat_is_told_by_its_call),
		EXACT_TEST(a_shmat_without_its_call_is_told),
		EXACT_TEST(a_record_proves_its_segment),
		EXACT_TEST(a_shmat_of_an_address_space_that_is_not_known_is_counted),
		EXACT_TEST(a_fork_is_told_when_it_names_the_child),
		EXACT_TEST(a_fork_tells_only_what_the_child_has_by_it),
		EXACT_TEST(a_fork_that_fails_is_not_told),
		EXACT_TEST(a_split_is_told),
		EXACT_TEST(a_move_or_a_doubling_is_told),
		EXACT_TEST(a_shmdt_is_told_by_its_call),
		EXACT_TEST(a_shmdt_is_told_of_the_life_that_it_was),
		EXACT_TEST(a_shmat_is_told_of_what_is_mapped_there),
		EXACT_TEST(a_munmap_or_remap_is_told),
		EXACT_TEST(a_munmap_is_of_who_did_it),
		EXACT_TEST(an_exit_is_told),
		EXACT_TEST(an_exit_is_of_the_holder),
		EXACT_TEST(an_exec_is_told),
		EXACT_TEST(an_address_space_that_somebody_else_dropped),
		EXACT_TEST(an_exit_that_was_seen_otherwise_is_a_reason),
		EXACT_TEST(an_end_is_told_with_its_reason),
		EXACT_TEST(the_last_detach_does_not_end_it_itself),
		EXACT_TEST(the_end_of_one_that_was_not_known_is_told),
		EXACT_TEST(the_end_of_a_life_before_is_not_told),
		EXACT_TEST(a_late_record_of_an_end_is_its_reason),
		EXACT_TEST(records_of_a_life_that_is_over_begin_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
