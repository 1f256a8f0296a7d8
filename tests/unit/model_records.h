/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model that stands on records of each change; what the records are, and what is told of them. */
#ifndef TESTS_UNIT_MODEL_RECORDS_H
#define TESTS_UNIT_MODEL_RECORDS_H

#include "model_fixture.h"

#define ADDR  UINT64_C(0x7f0000000000)
#define ADDR2 UINT64_C(0x7f0000100000)

enum { PAGE = 4096, LINES = 256 };

/* All that the sink heard; `next` is the first that no assertion was about. */
static struct {
	struct model_event lines[LINES];
	size_t count, next;
} heard;

static inline void listen(void *context, const struct model_event *entry)
{
	(void)context;
	assert_true(heard.count < LINES);
	heard.lines[heard.count++] = *entry;
}

/* One that is told beside calls, forks, execs and exits; NULL when there is none. */
static inline const struct event *next_line(void)
{
	while (heard.next < heard.count) {
		const struct event *event = &heard.lines[heard.next++].event;

		if (event->op >= FACT_ATTACH)
			return event;
	}
	return NULL;
}

/* The next line is this one, of segment 5. */
static inline const struct event *assert_told(enum fact_op op, enum fact_reason reason, int32_t pid,
					      uint64_t maps, uint64_t addr, uint64_t size)
{
	const struct event *line = next_line();

	assert_non_null(line);
	assert_derived(line, op, 5, reason, pid, maps);
	assert_int_equal(line->addr, addr);
	assert_int_equal(line->size, size);
	assert_false(line->inferred);
	return line;
}

static inline void assert_no_line(void)
{
	assert_null(next_line());
}

/* Of one mapping of segment 5; it is in the address space of who does it. */
static inline struct event a_record(enum fact_op op, enum fact_reason reason, int32_t pid,
				    double seconds, uint64_t addr, uint64_t size)
{
	struct event event = an_event(op, pid, AT(seconds));

	event.took = 0;
	event.shmid = 5;
	event.reason = reason;
	event.addr = addr;
	event.size = size;
	event.maps = op != FACT_DESTROY;
	event.flags = ATTACHMENT_READ;
	return event;
}

static inline void record(struct model *model, enum fact_op op, enum fact_reason reason,
			  int32_t pid, double seconds, uint64_t addr, uint64_t size)
{
	const struct event event = a_record(op, reason, pid, seconds, addr, size);

	apply(model, &event);
}

/* The address space is that of `owner`. */
static inline void record_in(struct model *model, int32_t owner, enum fact_op op,
			     enum fact_reason reason, int32_t pid, double seconds, uint64_t addr)
{
	struct event event = a_record(op, reason, pid, seconds, addr, 2 * PAGE);

	event.mm = mm_of(owner);
	apply(model, &event);
}

/* Of a part, so far into the segment */
static inline void record_part(struct model *model, enum fact_op op, enum fact_reason reason,
			       double seconds, uint64_t addr, uint64_t size, uint64_t offset)
{
	struct event event = a_record(op, reason, 100, seconds, addr, size);

	event.offset = offset;
	apply(model, &event);
}

static inline void destroyed(struct model *model, enum fact_reason reason, int32_t pid,
			     double seconds)
{
	record(model, FACT_DESTROY, reason, pid, seconds, 0, 0);
}

/* A shmat, with its call */
static inline void attach_both(struct model *model, int32_t pid, double seconds, uint64_t addr,
			       uint64_t size)
{
	record(model, FACT_ATTACH, FACT_REASON_SHMAT, pid, seconds, addr, size);
	attach(model, 5, pid, AT(seconds + 0.001), addr);
}

/* Nothing but the mappings in order: their places in pages from ADDR on */
static inline void assert_places(const struct model *model, const char *places)
{
	char seen[128] = "";
	size_t length = 0;
	const struct segment *segment = living(model, 5);
	const struct holder *holder = segment->mappings ? segment->mappings->holder : NULL;

	for (const struct mapping *mapping = holder ? holder->mappings : NULL; mapping;
	     mapping = mapping->holder_next)
		length += (size_t)snprintf(seen + length, sizeof(seen) - length, "%d+%d@%d ",
					   (int)((mapping->start - ADDR) / PAGE),
					   (int)(mapping->length / PAGE),
					   (int)(mapping->offset / PAGE));
	assert_string_equal(seen, places);
	assert_counts(segment, segment->mapped, segment->mapped);
}

static inline const struct mapping *mapping_from(const struct model *model, uint64_t start)
{
	const struct mapping *mapping = living(model, 5)->mappings;

	while (mapping && mapping->start != start)
		mapping = mapping->segment_next;
	assert_non_null(mapping);
	return mapping;
}

/* Process 100 has made segment 5. */
static inline int set_up_exact(void **state)
{
	set_up(state);
	stand_on(*state, "fexit", FACT_EXACT_ALL);
	snapshot(*state, NULL, 0, AT(2)); /* the scan is over */
	make(*state, 5, 100, AT(100));
	heard.count = heard.next = 0;
	model_set_sink(*state, listen, NULL);
	return 0;
}

#define EXACT_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_exact, tear_down)

#endif
