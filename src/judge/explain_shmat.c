/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why shmat and shmdt failed. shmat checks its address, then looks for the segment, its permissions, and
 * only then for room. */
#include "judge/explain_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/shm.h>

#include "base/clock.h"
#include "base/units.h"

/* No architecture that shmtop runs on has a smaller one. */
enum { PAGE_LEAST = 4096 };
/* Addresses of 64-bit programs that ask for no more: 47 bits on x86-64, 48 on arm64 */
#define ADDRESSES (UINT64_C(1) << 48)

static uint64_t page_of(const struct failure *failure)
{
	return failure->page_size ? failure->page_size : PAGE_LEAST;
}

/* The length of the mapping; 0 unknown. */
static uint64_t length_of(const struct failure *failure)
{
	const struct segment_facts *facts = &failure->segment.facts;
	const uint64_t page = page_of(failure);

	if (failure->found != FACT_FOUND_THERE || !(facts->known & FACT_COL_SIZE))
		return 0;
	return (facts->size + page - 1) / page * page;
}

/* ---- shmat: EINVAL --------------------------------------------------------------------------- */

/* What the address and the flags alone are refused for. Whether they are. */
static bool say_bad_address(struct words *words, const struct failure *failure)
{
	const struct event *event = &failure->event;
	const uint64_t page = page_of(failure);
	const bool remap = event->flags & SHM_REMAP;

	if (event->addr == 0 && remap) {
		say(words, "SHM_REMAP needs an address, and NULL was given");
		return true;
	}
	if (event->addr % page == 0)
		return false;
	if (!(event->flags & SHM_RND)) {
		say(words,
		    "address 0x%" PRIx64 " is not a multiple of %" PRIu64
		    "; SHM_RND would round it down",
		    event->addr, page);
		return true;
	}
	if (event->addr < page && remap) {
		say(words, "SHM_RND makes NULL of address 0x%" PRIx64 ", where SHM_REMAP cannot be",
		    event->addr);
		return true;
	}
	return false;
}

static void say_overlap(struct words *words, const struct failure *failure, uint64_t start)
{
	const struct address_facts *mapping = &failure->mapping;
	const uint64_t length = length_of(failure);
	uint64_t end;

	if (__builtin_add_overflow(start, length, &end)) {
		say(words, "0x%" PRIx64 " and the ", start);
		say_size(words, length);
		say(words, " of the segment are beyond all addresses");
		return;
	}
	if (mapping->found != FACT_FOUND_THERE) {
		say(words,
		    "either something is mapped between 0x%" PRIx64 " and 0x%" PRIx64
		    ", which SHM_REMAP would replace, or nothing may be mapped there",
		    start, end);
		return;
	}
	say(words, "0x%" PRIx64 "-0x%" PRIx64 " is mapped already", mapping->start, mapping->end);
	if (mapping->shmid >= 0)
		say(words, " (segment %" PRId32 ")", mapping->shmid);
	else if (mapping->name[0])
		say(words, " (%s)", mapping->name);
	say(words, ", and 0x%" PRIx64 "-0x%" PRIx64 " was asked for; SHM_REMAP would replace it",
	    start, end);
}

void explain_shmat_invalid(struct words *words, const struct failure *failure)
{
	const struct event *event = &failure->event;
	const uint64_t huge = failure->pool.page_size;

	if (event->shmid < 0)
		say(words,
		    "no segment has a negative id: %" PRId32 " looks like a shmget that failed",
		    event->shmid);
	else if (say_bad_address(words, failure))
		return;
	else if (failure->found != FACT_FOUND_THERE)
		say_no_segment(words, failure);
	else if (event->addr && failure->segment.hugetlb && huge && event->addr % huge)
		say(words,
		    "segment %" PRId32 " has huge pages: address 0x%" PRIx64
		    " is not a multiple of %" PRIu64,
		    event->shmid, event->addr, huge);
	else if (event->addr)
		say_overlap(words, failure, event->addr - event->addr % page_of(failure));
	else
		say(words, "segment %" PRId32 " is here by now, and was not then", event->shmid);
}

/* ---- shmat: the others ----------------------------------------------------------------------- */

void explain_shmat_refused(struct words *words, const struct failure *failure)
{
	const uint32_t flags = failure->event.flags;
	const unsigned int asked = MAY_READ | (flags & SHM_RDONLY ? 0u : MAY_WRITE) |
				   (flags & SHM_EXEC ? MAY_EXEC : 0u);

	say_refusal(words, failure, asked);
	if (asked == (MAY_READ | MAY_WRITE) && is_granted(failure, MAY_READ))
		say(words, "; SHM_RDONLY would be granted");
}

static bool say_as_limit(struct words *words, const struct failure *failure)
{
	const struct caller_facts *caller = &failure->caller;
	const uint64_t length = length_of(failure);
	uint64_t sum;

	if (!failure->has_caller || caller->most_size == UINT64_MAX || !length ||
	    (!__builtin_add_overflow(caller->size, length, &sum) && sum <= caller->most_size))
		return false;
	say(words, "RLIMIT_AS: ");
	say_about(words, length);
	say(words, " on top of the ");
	say_about(words, caller->size);
	say(words, " that are mapped are more than ");
	say_about(words, caller->most_size);
	return true;
}

void explain_shmat_memory(struct words *words, const struct failure *failure)
{
	const struct caller_facts *caller = &failure->caller;
	const uint64_t length = length_of(failure);
	const uint64_t most = failure->max_mappings;

	if (failure->has_caller && most && caller->mappings > most) {
		say(words,
		    "vm.max_map_count: the process has %" PRIu32 " mappings, and %" PRIu64
		    " are allowed",
		    caller->mappings, most);
		return;
	}
	if (length >= ADDRESSES) {
		say_about(words, length);
		say(words, " do not fit into any address space");
		return;
	}
	if (say_as_limit(words, failure))
		return;
	say(words, "either no gap of the address space has room for ");
	if (length)
		say_about(words, length);
	else
		say(words, "the segment");
	say(words, "%s", failure->event.addr ? " at this address" : "");
	say(words, failure->segment.hugetlb ? ", or no huge pages are left"
					    : ", or the kernel had "
					      "no memory for it");
	if (!failure->has_caller)
		return;
	say(words, "; ");
	say_about(words, caller->size);
	say(words, " are mapped in %" PRIu32 " mappings", caller->mappings);
}

void explain_shmat_locked(struct words *words, const struct failure *failure)
{
	const struct caller_facts *caller = &failure->caller;
	const uint64_t length = length_of(failure);

	say(words, "RLIMIT_MEMLOCK: mlockall(MCL_FUTURE) locks what is mapped");
	if (!failure->has_caller)
		return;
	if (length) {
		say(words, ", and ");
		say_about(words, length);
	} else {
		say(words, ", which");
	}
	say(words, " on top of ");
	say_about(words, caller->locked);
	say(words, " that are locked are more than ");
	say_about(words, caller->most_locked);
	say_foreign_capability(words, failure, FACT_CAP_IPC_LOCK, true);
}

/* ---- shmdt ----------------------------------------------------------------------------------- */

static void say_detached(struct words *words, const struct failure_detach *detach)
{
	char ago[UNITS_LEN];

	if (!detach->known)
		return;
	say(words, ": ");
	if (detach->shmid >= 0)
		say(words, "segment %" PRId32 " was detached there ", detach->shmid);
	else
		say(words, "a segment was detached there ");
	say(words, "%s before", units_duration(ago, detach->before));
	if (detach->reason != FACT_REASON_UNKNOWN)
		say(words, " by %s", fact_reason_name(detach->reason));
}

void explain_shmdt_invalid(struct words *words, const struct failure *failure)
{
	const struct event *event = &failure->event;
	const struct address_facts *mapping = &failure->mapping;

	if (event->addr % page_of(failure)) {
		say(words, "address 0x%" PRIx64 " is not a multiple of %" PRIu64, event->addr,
		    page_of(failure));
		return;
	}
	say(words, "no segment is attached at 0x%" PRIx64, event->addr);
	if (mapping->found == FACT_FOUND_THERE && mapping->shmid >= 0)
		say(words,
		    ", which lies inside of the attachment of segment %" PRId32 " at 0x%" PRIx64
		    ": shmdt wants that",
		    mapping->shmid, mapping->start);
	else
		say_detached(words, &failure->detach);
}
