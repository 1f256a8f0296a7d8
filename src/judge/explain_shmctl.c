/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why shmctl failed */
#include "judge/explain_parts.h"

#include <inttypes.h>
#include <sys/shm.h>

static bool is_command(int32_t command)
{
	switch (command) {
	case IPC_RMID:
	case IPC_SET:
	case IPC_STAT:
	case IPC_INFO:
	case SHM_LOCK:
	case SHM_UNLOCK:
	case SHM_STAT:
	case SHM_INFO:
	case SHM_STAT_ANY:
		return true;
	default:
		return false;
	}
}

void explain_shmctl_invalid(struct words *words, const struct failure *failure)
{
	const struct event *event = &failure->event;

	if (!is_command(event->cmd))
		say(words, "%" PRId32 " is no command of shmctl", event->cmd);
	else if (event->cmd == SHM_STAT || event->cmd == SHM_STAT_ANY)
		say(words, "no segment has this place in the kernel's table: whoever lists all of "
			   "them comes across that");
	else if (event->shmid < 0)
		say(words,
		    "no segment has a negative id: %" PRId32 " looks like a shmget that failed",
		    event->shmid);
	else if (failure->found != FACT_FOUND_THERE)
		say_no_segment(words, failure);
	else if (event->cmd == IPC_SET && event->has_set)
		say(words,
		    "either uid %" PRIu32 " or gid %" PRIu32
		    " is not one of the caller's user namespace, or segment %" PRId32
		    " was not here then",
		    event->set_uid, event->set_gid, event->shmid);
	else
		say(words, "segment %" PRId32 " is here by now, and was not then", event->shmid);
}

void explain_shmctl_refused(struct words *words, const struct failure *failure)
{
	say_refusal(words, failure, MAY_READ);
}

static void say_owners(struct words *words, const struct failure *failure)
{
	const struct segment_facts *facts = &failure->segment.facts;

	say(words, "segment %" PRId32, facts->shmid);
	if (facts->known & FACT_COL_UID) {
		say(words, " is owned by ");
		say_user(words, facts->uid, failure->segment.owner);
	}
	if ((facts->known & (FACT_COL_CUID | FACT_COL_UID)) == (FACT_COL_CUID | FACT_COL_UID) &&
	    facts->cuid != facts->uid)
		say(words, " and was made by uid %" PRIu32, facts->cuid);
}

/* Only what the kernel checks before it looks at RLIMIT_MEMLOCK */
static bool is_lock_limit(const struct failure *failure)
{
	return failure->event.cmd == SHM_LOCK && failure->has_caller &&
	       failure->caller.most_locked == 0 &&
	       (is_owner(failure) || failure->found != FACT_FOUND_THERE);
}

void explain_shmctl_privilege(struct words *words, const struct failure *failure)
{
	const bool locks = failure->event.cmd == SHM_LOCK || failure->event.cmd == SHM_UNLOCK;
	const char *capability = locks ? "CAP_IPC_LOCK" : "CAP_SYS_ADMIN";

	if (is_lock_limit(failure)) {
		say(words, "RLIMIT_MEMLOCK is 0, and ");
		say_caller(words, failure);
		say(words, " has no CAP_IPC_LOCK");
		say_foreign_capability(words, failure, FACT_CAP_IPC_LOCK, false);
		return;
	}
	if (failure->found != FACT_FOUND_THERE) {
		say(words, "only the segment's owner, its creator or %s may", capability);
		return;
	}
	say_owners(words, failure);
	if (is_owner(failure)) {
		say(words, ", who asked: a security module refused it, or it was another's then");
		return;
	}
	say(words, ": ");
	say_caller(words, failure);
	say(words, " is neither its owner nor its creator, and has no %s", capability);
	say_foreign_capability(words, failure, locks ? FACT_CAP_IPC_LOCK : FACT_CAP_SYS_ADMIN,
			       false);
	if (failure->event.cmd == IPC_RMID)
		say(words, "; it stays until they remove it");
}

void explain_shmctl_memory(struct words *words, const struct failure *failure)
{
	const struct segment_facts *facts = &failure->segment.facts;

	say(words, "RLIMIT_MEMLOCK: ");
	if (failure->found == FACT_FOUND_THERE && facts->known & FACT_COL_SIZE)
		say_about(words, facts->size);
	else
		say(words, "the segment");
	say(words, " and what this user has locked already are more than ");
	if (!failure->has_caller) {
		say(words, "it allows");
		return;
	}
	say_about(words, failure->caller.most_locked);
	say_foreign_capability(words, failure, FACT_CAP_IPC_LOCK, true);
}

void explain_shmctl_buffer(struct words *words, const struct failure *failure)
{
	(void)failure;
	say(words, "the buffer is at an address that the process may not %s",
	    failure->event.cmd == IPC_SET ? "read" : "write");
}
