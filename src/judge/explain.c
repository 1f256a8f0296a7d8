/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/explain_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

/* include/linux/proc_ns.h: the IPC namespace of the machine itself */
#define FIRST_IPCNS UINT32_C(0xefffffff)

/* ---- pieces ---------------------------------------------------------------------------------- */

void say(struct words *words, const char *format, ...)
{
	size_t room = EXPLAIN_LEN - words->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(words->out + words->length, room, format, args);
	va_end(args);
	if (length > 0)
		words->length += (size_t)length < room ? (size_t)length : room - 1;
}

void say_size(struct words *words, uint64_t bytes)
{
	char text[UNITS_LEN];
	uint64_t again;

	if (units_parse_size(units_size(text, bytes), &again) == 0 && again == bytes)
		say(words, bytes < 1024 ? "%s bytes" : "%s", text);
	else
		say(words, "%" PRIu64 " bytes (%s)", bytes, text);
}

void say_about(struct words *words, uint64_t bytes)
{
	char text[UNITS_LEN];

	say(words, bytes < 1024 ? "%s bytes" : "%s", units_size(text, bytes));
}

void say_process(struct words *words, const struct failure_process *process)
{
	say(words, "%" PRId32 "%s%s", process->pid, process->comm[0] ? " " : "", process->comm);
}

void say_user(struct words *words, uint32_t uid, const char *name)
{
	if (name[0])
		say(words, "%s (uid %" PRIu32 ")", name, uid);
	else
		say(words, "uid %" PRIu32, uid);
}

void say_caller(struct words *words, const struct failure *failure)
{
	if (failure->has_caller)
		say_user(words, failure->caller.euid, failure->caller_name);
	else
		say(words, "its caller");
}

/* A label may begin with the number. */
void say_namespace(struct words *words, uint32_t ipcns, const char *label)
{
	char number[16];

	snprintf(number, sizeof(number), "%" PRIu32, ipcns);
	if (!label[0] && ipcns == FIRST_IPCNS)
		label = "host";
	if (strncmp(label, number, strlen(number)) == 0)
		say(words, "namespace %s", label);
	else if (label[0])
		say(words, "namespace %s (%s)", number, label);
	else
		say(words, "namespace %s", number);
}

static void say_age(struct words *words, uint64_t age)
{
	char text[UNITS_LEN];

	say(words, "%s",
	    age < CLOCK_SECOND ? units_duration(text, age) : units_age(text, age / CLOCK_SECOND));
}

void say_segment(struct words *words, const struct failure_segment *segment)
{
	const struct segment_facts *facts = &segment->facts;
	const char *between = ": ";

	if (facts->known & FACT_COL_SIZE) {
		say(words, "%s", between);
		say_size(words, facts->size);
		between = ", ";
	}
	if (facts->known & FACT_COL_MODE) {
		say(words, "%smode %04" PRIo32, between, facts->mode & 0777);
		between = ", ";
	}
	if (facts->known & FACT_COL_UID) {
		say(words, "%sowner ", between);
		say_user(words, facts->uid, segment->owner);
		between = ", ";
	}
	if (segment->has_age) {
		say(words, "%s", between);
		say_age(words, segment->age);
		say(words, " old");
		between = ", ";
	}
	if (facts->known & FACT_COL_NATTCH) {
		say(words, "%s%" PRIu64 " attached", between, facts->nattch);
		between = ", ";
	}
	if (segment->creator.pid) {
		say(words, "%screator ", between);
		say_process(words, &segment->creator);
		say(words, "%s",
		    segment->creator.life == FAILURE_LIVES  ? " lives"
		    : segment->creator.life == FAILURE_GONE ? " is gone"
							    : "");
	}
}

bool say_places(struct words *words, const struct failure *failure)
{
	for (size_t i = 0; i < failure->place_count && i < FAILURE_PLACES; i++) {
		const struct failure_place *place = &failure->places[i];

		say(words, "%s", i ? ", and " : "; ");
		say_namespace(words, place->ipcns, place->label);
		say(words, " has one: %" PRId32, place->shmid);
		if (place->has_size) {
			say(words, ", ");
			say_size(words, place->size);
		}
	}
	if (failure->place_count > FAILURE_PLACES)
		say(words, ", and %zu others", failure->place_count - FAILURE_PLACES);
	return failure->place_count > 0;
}

bool say_gone(struct words *words, const struct failure *failure)
{
	const struct failure_gone *gone = &failure->gone;

	if (!gone->known)
		return false;
	say(words, "; %" PRId32, gone->shmid);
	if (gone->has_size) {
		say(words, " (");
		say_size(words, gone->size);
		say(words, ")");
	}
	say(words, gone->removed ? " was removed " : " ended ");
	say_age(words, gone->before);
	say(words, " before");
	if (gone->removed && gone->by.pid) {
		say(words, " by ");
		say_process(words, &gone->by);
	} else if (!gone->removed && gone->reason == FACT_REASON_FORCED) {
		say(words, ": nobody had it attached, and kernel.shm_rmid_forced is 1");
	}
	if (gone->attached)
		say(words, ", and goes with the last of %" PRIu64 " attachments", gone->attached);
	return true;
}

void say_no_segment(struct words *words, const struct failure *failure)
{
	const struct event *event = &failure->event;
	bool told;

	/* its namespace may have ended with the caller */
	say(words,
	    failure->found == FACT_FOUND_UNKNOWN ? "no segment %" PRId32 " is known of in "
						 : "there is no segment %" PRId32 " in ",
	    event->shmid);
	say_namespace(words, event->ipcns, failure->label);
	told = say_gone(words, failure);
	told = say_places(words, failure) || told;
	if (!told)
		say(words, ": the id is an old one, or comes from elsewhere");
}

/* ---- permissions ----------------------------------------------------------------------------- */

bool is_owner(const struct failure *failure)
{
	const struct segment_facts *facts = &failure->segment.facts;

	return failure->has_caller && (facts->known & FACT_COL_UID) &&
	       (failure->caller.euid == facts->uid ||
		((facts->known & FACT_COL_CUID) && failure->caller.euid == facts->cuid));
}

static bool is_member(const struct failure *failure, uint32_t gid)
{
	if (failure->caller.fsgid == gid)
		return true;
	for (size_t i = 0; i < failure->groups.count; i++)
		if (failure->groups.groups[i] == gid)
			return true;
	return false;
}

static bool in_group(const struct failure *failure)
{
	const struct segment_facts *facts = &failure->segment.facts;

	return ((facts->known & FACT_COL_GID) && is_member(failure, facts->gid)) ||
	       ((facts->known & FACT_COL_CGID) && is_member(failure, facts->cgid));
}

static void say_rights(struct words *words, unsigned int rights)
{
	static const char *const names[] = {
		"nothing", "execute",          "write",          "write and execute",
		"read",    "read and execute", "read and write", "read, write and execute",
	};

	say(words, "%s", names[rights & 7]);
}

void say_foreign_capability(struct words *words, const struct failure *failure, unsigned int number,
			    bool initial)
{
	static const char *const names[] = {
		[FACT_CAP_IPC_LOCK] = "CAP_IPC_LOCK",
		[FACT_CAP_IPC_OWNER] = "CAP_IPC_OWNER",
		[FACT_CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	};
	const struct caller_facts *caller = &failure->caller;
	const bool counts = initial ? caller->initial_userns : caller->ipc_userns;

	if (failure->has_caller && caller->capabilities >> number & 1 && !counts)
		say(words, "; its %s does not count: it has that in another user namespace",
		    names[number]);
}

/* To whom the mode gives which of its three digits; groups.known decides what is not certain. */
static unsigned int granted_to(const struct failure *failure, const char **who)
{
	const uint32_t mode = failure->segment.facts.mode;

	if (is_owner(failure)) {
		*who = "its owner";
		return mode >> 6 & 7;
	}
	if (in_group(failure)) {
		*who = "its group";
		return mode >> 3 & 7;
	}
	*who = failure->groups.known           ? "others"
	       : (mode >> 3 & 7) == (mode & 7) ? "group and others"
					       : "those who are not in its group";
	return mode & 7;
}

bool is_granted(const struct failure *failure, unsigned int asked)
{
	const uint32_t mode = failure->segment.facts.mode;
	const uint32_t needed = FACT_COL_MODE | FACT_COL_UID | FACT_COL_GID;
	const char *who;

	if (failure->found != FACT_FOUND_THERE || !failure->has_caller ||
	    (failure->segment.facts.known & needed) != needed)
		return false;
	if (!is_owner(failure) && !in_group(failure) && !failure->groups.known &&
	    (asked & ~(mode >> 3)))
		return false; /* it may be one of its group */
	return !(asked & ~granted_to(failure, &who));
}

void say_refusal(struct words *words, const struct failure *failure, unsigned int asked)
{
	const struct failure_segment *segment = &failure->segment;
	const uint32_t needed = FACT_COL_MODE | FACT_COL_UID;
	unsigned int granted;
	const char *who;

	if (failure->found != FACT_FOUND_THERE || (segment->facts.known & needed) != needed ||
	    !failure->has_caller) {
		say(words, "the permissions of the segment do not let this user ");
		say_rights(words, asked);
		return;
	}
	granted = granted_to(failure, &who);
	say(words, "segment %" PRId32 " of ", segment->facts.shmid);
	say_user(words, segment->facts.uid, segment->owner);
	say(words, " has mode %04" PRIo32 ", which lets %s %s", segment->facts.mode & 0777, who,
	    granted ? "" : "do ");
	say_rights(words, granted);
	say(words, ": ");
	say_caller(words, failure);
	say(words, " asked to ");
	say_rights(words, asked);
	if (!(asked & ~granted))
		say(words, "; so either a security module refused it, or its mode was another");
	else
		say_foreign_capability(words, failure, FACT_CAP_IPC_OWNER, false);
}

/* The kernel found it, and found it removed once it had locked it. */
static void explain_removed(struct words *words, const struct failure *failure)
{
	say(words, "segment %" PRId32 " was removed while the call ran", failure->event.shmid);
	say_gone(words, failure);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
	enum fact_op op;
	int error; /* 0: it succeeded */
	explain_rule *rule;
} rules[] = {
	{FACT_SHMGET, 0, explain_shmget_ignored},
	{FACT_SHMGET, EEXIST, explain_shmget_exists},
	{FACT_SHMGET, ENOENT, explain_shmget_missing},
	{FACT_SHMGET, EINVAL, explain_shmget_invalid},
	{FACT_SHMGET, EACCES, explain_shmget_refused},
	{FACT_SHMGET, ENOSPC, explain_shmget_full},
	{FACT_SHMGET, ENOMEM, explain_shmget_memory},
	{FACT_SHMGET, EPERM, explain_shmget_privilege},
	{FACT_SHMAT, EINVAL, explain_shmat_invalid},
	{FACT_SHMAT, EACCES, explain_shmat_refused},
	{FACT_SHMAT, ENOMEM, explain_shmat_memory},
	{FACT_SHMAT, EIDRM, explain_removed},
	{FACT_SHMAT, EAGAIN, explain_shmat_locked},
	{FACT_SHMDT, EINVAL, explain_shmdt_invalid},
	{FACT_SHMCTL, EINVAL, explain_shmctl_invalid},
	{FACT_SHMCTL, EACCES, explain_shmctl_refused},
	{FACT_SHMCTL, EPERM, explain_shmctl_privilege},
	{FACT_SHMCTL, ENOMEM, explain_shmctl_memory},
	{FACT_SHMCTL, EIDRM, explain_removed},
	{FACT_SHMCTL, EFAULT, explain_shmctl_buffer},
};

char *explain(char out[static EXPLAIN_LEN], const struct failure *failure)
{
	const int error = failure->event.ret < 0 ? (int)-failure->event.ret : 0;
	struct words words = {.out = out};

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].op == failure->event.op && rules[i].error == error)
			rules[i].rule(&words, failure);
	/* Nothing is cut inside of a character. */
	while (words.length == EXPLAIN_LEN - 1 && words.length > 0 && out[words.length - 1] & 0x80)
		out[--words.length] = '\0';
	return out;
}
