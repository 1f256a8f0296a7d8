/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why shmget failed. The kernel looks for the key first: IPC_EXCL, then the size, then permissions. A new
 * segment is checked for its size, SHMALL, huge pages, memory, and for SHMMNI last. */
#include "judge/explain_parts.h"

#include <inttypes.h>
#include <sys/shm.h>

#include "base/units.h"

/* include/linux/ipc_namespace.h: higher ones of SHMMNI do nothing, unless booted with ipcmni_extend */
enum { SEGMENTS_MOST = 32768 };

static void say_key(struct words *words, const struct failure *failure)
{
	say(words, "key 0x%08" PRIx32, (uint32_t)failure->event.key);
}

void explain_shmget_exists(struct words *words, const struct failure *failure)
{
	say_key(words, failure);
	if (failure->found != FACT_FOUND_THERE) {
		say(words, " had a segment, and IPC_EXCL wants a new one");
		return;
	}
	say(words, " has segment %" PRId32 ", and IPC_EXCL wants a new one",
	    failure->segment.facts.shmid);
	say_segment(words, &failure->segment);
}

void explain_shmget_missing(struct words *words, const struct failure *failure)
{
	bool told;

	say(words, "no segment has ");
	say_key(words, failure);
	say(words, " in ");
	say_namespace(words, failure->event.ipcns, failure->label);
	say(words, ", and IPC_CREAT was not given");
	if (failure->found == FACT_FOUND_THERE)
		say(words, "; by now %" PRId32 " has it", failure->segment.facts.shmid);
	told = say_gone(words, failure);
	told = say_places(words, failure) || told;
	if (!told && failure->found == FACT_FOUND_NONE)
		say(words, "; nobody was seen to remove one");
}

void explain_shmget_ignored(struct words *words, const struct failure *failure)
{
	const struct failure_segment *segment = &failure->segment;

	if (segment->hugetlb)
		return;
	say(words, "SHM_HUGETLB did nothing: ");
	say_key(words, failure);
	say(words, " has segment %" PRId32 " already, which keeps %s", failure->event.shmid,
	    segment->small ? "its small pages" : "the pages that it was made with");
	if (failure->found == FACT_FOUND_THERE)
		say_segment(words, segment);
}

/* ---- size ------------------------------------------------------------------------------------ */

static void say_too_small(struct words *words, const struct failure *failure)
{
	say_key(words, failure);
	say(words, " has segment %" PRId32 ", which is smaller than the ",
	    failure->segment.facts.shmid);
	say_size(words, failure->event.size);
	say(words, " asked for");
	say_segment(words, &failure->segment);
}

static void say_above_shmmax(struct words *words, const struct failure *failure)
{
	const uint64_t size = failure->event.size;

	say(words, "%" PRIu64 " bytes were asked for", size);
	if (size > INT64_MAX)
		say(words, ", which is %" PRId64 " to a signed number: something wrapped",
		    (int64_t)size);
	if (failure->has_limits) {
		say(words, "; SHMMAX is ");
		say_size(words, failure->limits.shmmax);
	}
}

static void say_no_pool(struct words *words, const struct failure *failure)
{
	say(words, "this machine has no huge pages ");
	if (!failure->pool.page_size)
		say(words, "at all");
	else
		say(words, "of ");
	if (failure->pool.page_size)
		say_size(words, failure->pool.page_size);
}

void explain_shmget_invalid(struct words *words, const struct failure *failure)
{
	const struct segment_facts *facts = &failure->segment.facts;
	const uint64_t size = failure->event.size;
	const bool there = failure->found == FACT_FOUND_THERE;

	if (there && (facts->known & FACT_COL_SIZE) && facts->size < size)
		say_too_small(words, failure);
	else if (size == 0)
		say(words, "a new segment must have a size, and 0 was asked for");
	else if (size > INT64_MAX || (failure->has_limits && size > failure->limits.shmmax))
		say_above_shmmax(words, failure);
	else if (failure->event.flags & SHM_HUGETLB && failure->pool.found == FACT_FOUND_NONE)
		say_no_pool(words, failure);
	else
		say(words, "either the segment of this key was smaller, or SHMMAX was%s",
		    failure->event.flags & SHM_HUGETLB ? ", or there are no huge pages of this size"
						       : "");
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void say_makers(struct words *words, const struct failure *failure)
{
	for (size_t i = 0; i < failure->maker_count; i++) {
		const struct failure_maker *maker = &failure->makers[i];

		say(words, "%s%s: %" PRIu64 " segment%s (", i ? ", " : "; most by ",
		    maker->name[0] ? maker->name : "unknown", maker->segments,
		    maker->segments == 1 ? "" : "s");
		say_about(words, maker->pages * failure->limits.page_size);
		say(words, ")");
	}
}

static void say_pages(struct words *words, const struct failure *failure, uint64_t pages)
{
	uint64_t bytes;

	say(words, "%" PRIu64 " pages", pages);
	if (__builtin_mul_overflow(pages, failure->limits.page_size, &bytes))
		return;
	say(words, " (");
	say_about(words, bytes);
	say(words, ")");
}

static bool is_full_of_pages(const struct failure *failure, uint64_t asked)
{
	uint64_t sum;

	return __builtin_add_overflow(failure->limits.pages.used, asked, &sum) ||
	       sum > failure->limits.pages.max;
}

static bool is_full_of_segments(const struct failure *failure)
{
	const struct fact_use *use = &failure->limits.segments;

	return use->used >= use->max || use->used == SEGMENTS_MOST;
}

static void say_full(struct words *words, const struct failure *failure)
{
	const struct limits_facts *limits = &failure->limits;
	const uint64_t page = limits->page_size;
	const uint64_t asked = failure->event.size / page + !!(failure->event.size % page);

	if (is_full_of_pages(failure, asked)) {
		say(words, "SHMALL: ");
		say_pages(words, failure, asked);
		say(words, " on top of %" PRIu64 " in use are more than ", limits->pages.used);
		say_pages(words, failure, limits->pages.max);
	} else if (is_full_of_segments(failure)) {
		say(words, "SHMMNI: %" PRIu64 " of %" PRIu64 " segments are in use",
		    limits->segments.used, limits->segments.max);
		if (limits->segments.max > limits->segments.used)
			say(words, ", and the kernel honours no more than %d", SEGMENTS_MOST);
	} else {
		say(words,
		    "either SHMMNI or SHMALL was used up: by now %" PRIu64 " of %" PRIu64
		    " segments and %" PRIu64 " of %" PRIu64 " pages are in use",
		    limits->segments.used, limits->segments.max, limits->pages.used,
		    limits->pages.max);
	}
}

void explain_shmget_full(struct words *words, const struct failure *failure)
{
	if (!failure->has_limits || !failure->limits.page_size) {
		say(words, "either SHMMNI or SHMALL is used up: a limit, not disk or /dev/shm");
		return;
	}
	say_full(words, failure);
	say(words, " in ");
	say_namespace(words, failure->event.ipcns, failure->label);
	say_makers(words, failure);
	say(words, "; disk and /dev/shm play no part");
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void say_pool(struct words *words, const struct failure *failure)
{
	const struct pool_facts *pool = &failure->pool;
	const uint64_t size = failure->event.size;
	const uint64_t available = pool->free > pool->reserved ? pool->free - pool->reserved : 0;

	if (pool->found != FACT_FOUND_THERE || !pool->page_size) {
		say(words, "too few huge pages are free");
		return;
	}
	const uint64_t needed = size / pool->page_size + !!(size % pool->page_size);

	say(words, "%" PRIu64 " huge page%s of ", needed, needed == 1 ? "" : "s");
	say_size(words, pool->page_size);
	say(words,
	    " %s needed, and of %" PRIu64 " in the pool %" PRIu64 " are free and %" PRIu64
	    " of these reserved",
	    needed == 1 ? "is" : "are", pool->total, pool->free, pool->reserved);
	if (needed <= available)
		say(words, ": by now they would do, or a control group's limit stands in the way");
}

static void say_commit(struct words *words, const struct failure *failure)
{
	const struct memory_facts *memory = &failure->memory;

	say(words, "; CommitLimit ");
	say_about(words, memory->limit);
	say(words, ", Committed_AS ");
	say_about(words, memory->committed);
}

static void say_memory(struct words *words, const struct failure *failure)
{
	const struct memory_facts *memory = &failure->memory;
	const uint64_t size = failure->event.size, all = memory->total + memory->swap;
	uint64_t sum;

	if (!memory->known) {
		say(words, "memory overcommit does not allow it");
		return;
	}
	if (memory->overcommit == 2 &&
	    (__builtin_add_overflow(memory->committed, size, &sum) || sum > memory->limit)) {
		say_about(words, size);
		say(words, " on top of what is committed are more than the limit, which "
			   "vm.overcommit_memory 2 keeps, SHM_NORESERVE or not");
	} else if (memory->overcommit == 0 && size > all) {
		say_about(words, size);
		say(words, " are more than memory and swap together (");
		say_about(words, all);
		say(words, "), which vm.overcommit_memory 0 refuses; SHM_NORESERVE would pass");
	} else {
		say(words, "either too much was committed at that moment, or the kernel or a "
			   "control group had no memory left for it");
	}
	say_commit(words, failure);
}

void explain_shmget_memory(struct words *words, const struct failure *failure)
{
	if (failure->event.flags & SHM_HUGETLB)
		say_pool(words, failure);
	else
		say_memory(words, failure);
}

/* ---- rights ---------------------------------------------------------------------------------- */

void explain_shmget_refused(struct words *words, const struct failure *failure)
{
	const uint32_t flags = failure->event.flags;

	say_refusal(words, failure, (flags >> 6 | flags >> 3 | flags) & 7);
}

void explain_shmget_privilege(struct words *words, const struct failure *failure)
{
	if (!(failure->event.flags & SHM_HUGETLB)) {
		say(words, "a security module refused it");
		return;
	}
	say(words, "SHM_HUGETLB needs CAP_IPC_LOCK, or the group of vm.hugetlb_shm_group");
	if (failure->has_hugetlb_group)
		say(words, " (gid %" PRIu32 ")", failure->hugetlb_group);
	say(words, "; ");
	say_caller(words, failure);
	say(words, " has neither");
	say_foreign_capability(words, failure, FACT_CAP_IPC_LOCK, true);
}
