/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why shmget failed is told from the facts that show it, with its figures; without them nothing is claimed. */
#include "explain_fixture.h"

static void shmget_eexist(void **state)
{
	const struct failure failure = found(FACT_SHMGET, EEXIST);

	(void)state;
	assert_says(&failure,
		    "key 0x00001234 has segment 5, and IPC_EXCL wants a new one: " SEGMENT);
	assert_says_unknown(FACT_SHMGET, EEXIST,
			    "key 0x00001234 had a segment, and IPC_EXCL wants a new one");
}

static void shmget_enoent(void **state)
{
	struct failure failure = missing(FACT_SHMGET, ENOENT);

	(void)state;
	assert_says(&failure, "no segment has key 0x00001234 in " HERE
			      ", and IPC_CREAT was not given; nobody was seen to remove one");
	failure.places[0] = (struct failure_place){
		.ipcns = 4026531839, .shmid = 7, .has_size = true, .size = 64 * MIB};
	failure.place_count = 1;
	assert_says(&failure, "no segment has key 0x00001234 in " HERE
			      ", and IPC_CREAT was not given; namespace 4026531839 (host) has one: "
			      "7, 64.0M");
	failure.places[1] = (struct failure_place){
		.ipcns = 4026532300, .label = "4026532300 (java 12)", .shmid = 0};
	failure.place_count = 4;
	assert_says(&failure, "no segment has key 0x00001234 in " HERE
			      ", and IPC_CREAT was not given; namespace 4026531839 (host) has one: "
			      "7, 64.0M, and namespace 4026532300 (java 12) has one: 0, and 2 "
			      "others");
	assert_says_unknown(
		FACT_SHMGET, ENOENT,
		"no segment has key 0x00001234 in namespace 4026532177, and IPC_CREAT was not "
		"given");
}

static void shmget_enoent_removed(void **state)
{
	struct failure failure = missing(FACT_SHMGET, ENOENT);

	(void)state;
	failure.gone = (struct failure_gone){.known = true,
					     .shmid = 3,
					     .has_size = true,
					     .size = 4096,
					     .before = 12 * CLOCK_SECOND,
					     .removed = true,
					     .by = {.pid = 4711, .comm = "ipcrm"}};
	assert_says(&failure, "no segment has key 0x00001234 in " HERE
			      ", and IPC_CREAT was not given; 3 (4.00K) was removed 12s before by "
			      "4711 ipcrm");
	failure.gone.attached = 2;
	assert_says(&failure, "no segment has key 0x00001234 in " HERE
			      ", and IPC_CREAT was not given; 3 (4.00K) was removed 12s before by "
			      "4711 ipcrm, and goes with the last of 2 attachments");
	failure.gone = (struct failure_gone){
		.known = true, .shmid = 3, .before = 850, .reason = FACT_REASON_FORCED};
	assert_says(&failure, "no segment has key 0x00001234 in " HERE
			      ", and IPC_CREAT was not given; 3 ended 850ns before: nobody had it "
			      "attached, and kernel.shm_rmid_forced is 1");
	failure.found = FACT_FOUND_THERE;
	failure.segment.facts.shmid = 8;
	failure.gone.known = false;
	assert_says(&failure, "no segment has key 0x00001234 in " HERE
			      ", and IPC_CREAT was not given; by now 8 has it");
}

static void shmget_einval(void **state)
{
	struct failure failure = found(FACT_SHMGET, EINVAL);

	(void)state;
	assert_says(&failure, "key 0x00001234 has segment 5, which is smaller than the 8.00K asked "
			      "for: " SEGMENT);
	failure = missing(FACT_SHMGET, EINVAL);
	failure.event.size = 0;
	assert_says(&failure, "a new segment must have a size, and 0 was asked for");
	failure.event.size = 33554433;
	failure.has_limits = true;
	failure.limits = (struct limits_facts){.shmmax = 32 * MIB};
	assert_says(&failure, "33554433 bytes were asked for; SHMMAX is 32.0M");
	failure.event.size = UINT64_MAX - 4095;
	assert_says(&failure,
		    "18446744073709547520 bytes were asked for, which is -4096 to a signed number: "
		    "something wrapped; SHMMAX is 32.0M");
	failure = missing(FACT_SHMGET, EINVAL);
	failure.event.flags |= SHM_HUGETLB | 16u << HUGE_SHIFT;
	failure.pool = (struct pool_facts){.found = FACT_FOUND_NONE, .page_size = 65536};
	assert_says(&failure, "this machine has no huge pages of 64.0K");
	failure.pool.page_size = 0;
	assert_says(&failure, "this machine has no huge pages at all");
	assert_says_unknown(FACT_SHMGET, EINVAL,
			    "either the segment of this key was smaller, or SHMMAX was");
}

static void shmget_eacces(void **state)
{
	struct failure failure = found(FACT_SHMGET, EACCES);

	(void)state;
	failure.groups.known = true;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0640, which lets others do "
			      "nothing: nobody (uid 65534) asked to read and write");
	failure.groups.known = false;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0640, which lets those who "
			      "are not in its group do nothing: nobody (uid 65534) asked to read "
			      "and write");
	failure.segment.facts.mode = 0600;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0600, which lets group and "
			      "others do nothing: nobody (uid 65534) asked to read and write");
	failure.segment.facts.mode = 0640;
	failure.groups = (struct group_facts){.known = true, .count = 2, .groups = {4, 27}};
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0640, which lets its group "
			      "read: nobody (uid 65534) asked to read and write");
	failure.caller.euid = 26;
	strcpy(failure.caller_name, "postgres");
	failure.event.flags = 0111;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0640, which lets its owner "
			      "read and write: postgres (uid 26) asked to execute");
	failure.event.flags = 0400;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0640, which lets its owner "
			      "read and write: postgres (uid 26) asked to read; so either a "
			      "security module refused it, or its mode was another");
	assert_says_unknown(FACT_SHMGET, EACCES,
			    "the permissions of the segment do not let this user read and write");
}

static void a_capability_of_another_user_namespace(void **state)
{
	struct failure failure = found(FACT_SHMGET, EACCES);

	(void)state;
	failure.groups.known = true;
	failure.caller.capabilities = 1u << FACT_CAP_IPC_OWNER;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0640, which lets others do "
			      "nothing: nobody (uid 65534) asked to read and write; its "
			      "CAP_IPC_OWNER does not count: it has that in another user "
			      "namespace");
	failure = found(FACT_SHMGET, EPERM);
	failure.event.flags |= SHM_HUGETLB;
	failure.caller.capabilities = 1u << FACT_CAP_IPC_LOCK;
	failure.caller.ipc_userns = true;
	assert_says(&failure, "SHM_HUGETLB needs CAP_IPC_LOCK, or the group of "
			      "vm.hugetlb_shm_group; nobody (uid 65534) has neither; its "
			      "CAP_IPC_LOCK does not count: it has that in another user namespace");
}

static void shmget_enospc(void **state)
{
	struct failure failure = failed(FACT_SHMGET, ENOSPC);
	struct limits_facts *limits = &failure.limits;

	(void)state;
	failure.has_limits = true;
	*limits = (struct limits_facts){
		.segments = {4096, 4096}, .pages = {5000, 1 << 20}, .page_size = 4096};
	failure.makers[0] = (struct failure_maker){"php-fpm", 4000, 4000};
	failure.makers[1] = (struct failure_maker){"", 96, 1000};
	failure.maker_count = 2;
	assert_says(&failure, "SHMMNI: 4096 of 4096 segments are in use in " HERE
			      "; most by php-fpm: 4000 segments (15.6M), unknown: 96 segments "
			      "(3.90M); disk and /dev/shm play "
			      "no part");
	failure.maker_count = 0;
	limits->segments = (struct fact_use){32768, 100000};
	assert_says(&failure, "SHMMNI: 32768 of 100000 segments are in use, and the kernel honours "
			      "no more than 32768 in " HERE "; disk and /dev/shm play no part");
	limits->segments = (struct fact_use){1, 4096};
	limits->pages = (struct fact_use){1023, 1024};
	assert_says(&failure, "SHMALL: 2 pages (8.00K) on top of 1023 in use are more than 1024 "
			      "pages (4.00M) in " HERE "; disk and /dev/shm play no part");
	limits->pages = (struct fact_use){UINT64_MAX, UINT64_MAX};
	failure.event.size = 2 * GIB;
	assert_says(&failure, "SHMALL: 524288 pages (2.00G) on top of 18446744073709551615 in use "
			      "are more than 18446744073709551615 pages in " HERE
			      "; disk and /dev/shm play no part");
	limits->pages = (struct fact_use){1, 1 << 20};
	assert_says(&failure,
		    "either SHMMNI or SHMALL was used up: by now 1 of 4096 segments and "
		    "1 of 1048576 pages are in use in " HERE "; disk and /dev/shm play no part");
	assert_says_unknown(FACT_SHMGET, ENOSPC,
			    "either SHMMNI or SHMALL is used up: a limit, not disk or /dev/shm");
}

static void shmget_enomem(void **state)
{
	struct failure failure = failed(FACT_SHMGET, ENOMEM);

	(void)state;
	failure.event.size = 8 * GIB;
	failure.memory = (struct memory_facts){.known = true,
					       .total = 4 * GIB,
					       .swap = GIB,
					       .limit = 3 * GIB,
					       .committed = 2 * GIB};
	assert_says(&failure,
		    "8.00G are more than memory and swap together (5.00G), which "
		    "vm.overcommit_memory 0 refuses; SHM_NORESERVE would pass; CommitLimit 3.00G, "
		    "Committed_AS 2.00G");
	failure.memory.overcommit = 2;
	failure.event.size = 2 * GIB;
	assert_says(&failure,
		    "2.00G on top of what is committed are more than the limit, which "
		    "vm.overcommit_memory 2 keeps, SHM_NORESERVE or not; CommitLimit 3.00G, "
		    "Committed_AS 2.00G");
	failure.event.size = GIB;
	assert_says(&failure, "either too much was committed at that moment, or the kernel or a "
			      "control group had no memory left for it; CommitLimit 3.00G, "
			      "Committed_AS 2.00G");
	assert_says_unknown(FACT_SHMGET, ENOMEM, "memory overcommit does not allow it");
}

static void shmget_enomem_hugetlb(void **state)
{
	struct failure failure = failed(FACT_SHMGET, ENOMEM);

	(void)state;
	failure.event.flags |= SHM_HUGETLB;
	failure.event.size = 2 * MIB + 1;
	failure.pool = (struct pool_facts){.found = FACT_FOUND_THERE,
					   .page_size = 2 * MIB,
					   .total = 10,
					   .free = 4,
					   .reserved = 3};
	assert_says(&failure, "2 huge pages of 2.00M are needed, and of 10 in the pool 4 are free "
			      "and 3 of these reserved");
	failure.event.size = 1;
	assert_says(&failure,
		    "1 huge page of 2.00M is needed, and of 10 in the pool 4 are free and 3 of "
		    "these reserved: by now they would do, or a control group's limit stands in "
		    "the way");
	failure.pool.found = FACT_FOUND_UNKNOWN;
	assert_says(&failure, "too few huge pages are free");
}

static void shmget_eperm(void **state)
{
	struct failure failure = failed(FACT_SHMGET, EPERM);

	(void)state;
	assert_says(&failure, "a security module refused it");
	failure.event.flags |= SHM_HUGETLB;
	failure.has_hugetlb_group = true;
	failure.hugetlb_group = 112;
	assert_says(&failure, "SHM_HUGETLB needs CAP_IPC_LOCK, or the group of "
			      "vm.hugetlb_shm_group (gid 112); nobody (uid 65534) has neither");
}

static void shmget_passes_over_hugetlb(void **state)
{
	struct failure failure = found(FACT_SHMGET, 0);

	(void)state;
	failure.event.ret = failure.event.shmid = 5;
	failure.event.flags |= SHM_HUGETLB;
	assert_says(&failure, "SHM_HUGETLB did nothing: key 0x00001234 has segment 5 already, "
			      "which keeps the pages that it was made with: " SEGMENT);
	failure.segment.small = true;
	assert_says(&failure, "SHM_HUGETLB did nothing: key 0x00001234 has segment 5 already, "
			      "which keeps its small pages: " SEGMENT);
	failure.segment.small = false;
	failure.segment.hugetlb = true;
	assert_says(&failure, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shmget_eexist),
		cmocka_unit_test(shmget_enoent),
		cmocka_unit_test(shmget_enoent_removed),
		cmocka_unit_test(shmget_einval),
		cmocka_unit_test(shmget_eacces),
		cmocka_unit_test(a_capability_of_another_user_namespace),
		cmocka_unit_test(shmget_enospc),
		cmocka_unit_test(shmget_enomem),
		cmocka_unit_test(shmget_enomem_hugetlb),
		cmocka_unit_test(shmget_eperm),
		cmocka_unit_test(shmget_passes_over_hugetlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
