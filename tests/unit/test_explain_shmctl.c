/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why shmctl failed is told from the facts that show it, with its figures; without them nothing is claimed. */
#include "explain_fixture.h"

static void shmctl_einval(void **state)
{
	struct failure failure = missing(FACT_SHMCTL, EINVAL);

	(void)state;
	failure.event.cmd = 77;
	assert_says(&failure, "77 is no command of shmctl");
	failure.event.cmd = IPC_RMID;
	assert_says(&failure, "there is no segment 5 in " HERE
			      ": the id is an old one, or comes from elsewhere");
	failure.event.cmd = SHM_STAT;
	assert_says(&failure, "no segment has this place in the kernel's table: whoever lists all "
			      "of them comes across that");
	failure.event.cmd = IPC_STAT;
	failure.event.shmid = -1;
	assert_says(&failure, "no segment has a negative id: -1 looks like a shmget that failed");
	failure = found(FACT_SHMCTL, EINVAL);
	failure.event.cmd = IPC_SET;
	failure.event.has_set = true;
	failure.event.set_uid = 5000;
	failure.event.set_gid = 27;
	assert_says(&failure, "either uid 5000 or gid 27 is not one of the caller's user "
			      "namespace, or segment 5 was not here then");
}

static void shmctl_eacces(void **state)
{
	struct failure failure = found(FACT_SHMCTL, EACCES);

	(void)state;
	failure.event.cmd = IPC_STAT;
	failure.groups.known = true;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0640, which lets others do "
			      "nothing: nobody (uid 65534) asked to read");
}

static void shmctl_eperm(void **state)
{
	struct failure failure = found(FACT_SHMCTL, EPERM);

	(void)state;
	failure.event.cmd = IPC_RMID;
	assert_says(&failure, "segment 5 is owned by postgres (uid 26): nobody (uid 65534) is "
			      "neither its owner nor its creator, and has no CAP_SYS_ADMIN; it "
			      "stays until they remove it");
	failure.segment.facts.cuid = 0;
	failure.event.cmd = IPC_SET;
	assert_says(&failure, "segment 5 is owned by postgres (uid 26) and was made by uid 0: "
			      "nobody (uid 65534) is neither its owner nor its creator, and has no "
			      "CAP_SYS_ADMIN");
	failure.event.cmd = SHM_LOCK;
	assert_says(
		&failure,
		"segment 5 is owned by postgres (uid 26) and was made by uid 0: "
		"nobody (uid 65534) is neither its owner nor its creator, and has no CAP_IPC_LOCK");
	failure.caller.euid = 0;
	failure.caller_name[0] = '\0';
	failure.caller.most_locked = 0;
	assert_says(&failure, "RLIMIT_MEMLOCK is 0, and uid 0 has no CAP_IPC_LOCK");
	failure.caller.most_locked = 4096;
	assert_says(&failure, "segment 5 is owned by postgres (uid 26) and was made by uid 0, who "
			      "asked: a security module refused it, or it was another's then");
	assert_says_unknown(FACT_SHMCTL, EPERM,
			    "only the segment's owner, its creator or CAP_SYS_ADMIN may");
}

static void shmctl_others(void **state)
{
	struct failure failure = found(FACT_SHMCTL, ENOMEM);

	(void)state;
	failure.event.cmd = SHM_LOCK;
	failure.caller.most_locked = 65536;
	failure.segment.facts.size = MIB;
	assert_says(&failure, "RLIMIT_MEMLOCK: 1.00M and what this user has locked already are "
			      "more than 64.0K");
	assert_says_unknown(FACT_SHMCTL, ENOMEM,
			    "RLIMIT_MEMLOCK: the segment and what this user has locked already are "
			    "more than it allows");
	failure = failed(FACT_SHMCTL, EFAULT);
	failure.event.cmd = IPC_SET;
	assert_says(&failure, "the buffer is at an address that the process may not read");
	failure.event.cmd = IPC_STAT;
	assert_says(&failure, "the buffer is at an address that the process may not write");
	assert_says_unknown(FACT_SHMCTL, EIDRM, "segment 5 was removed while the call ran");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shmctl_einval),
		cmocka_unit_test(shmctl_eacces),
		cmocka_unit_test(shmctl_eperm),
		cmocka_unit_test(shmctl_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
