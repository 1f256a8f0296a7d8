/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why shmat and shmdt failed is told from the facts that show it, with its figures; without them nothing is claimed. */
#include "explain_fixture.h"

static void shmat_einval_id(void **state)
{
	struct failure failure = missing(FACT_SHMAT, EINVAL);

	(void)state;
	assert_says(&failure, "there is no segment 5 in " HERE
			      ": the id is an old one, or comes from elsewhere");
	failure.places[0] = (struct failure_place){.ipcns = 4026531839, .shmid = 5, .size = 1};
	failure.place_count = 1;
	assert_says(&failure,
		    "there is no segment 5 in " HERE "; namespace 4026531839 (host) has one: 5");
	failure.gone = (struct failure_gone){.known = true, .shmid = 5, .removed = true};
	assert_says(&failure, "there is no segment 5 in " HERE "; 5 was removed 0ns before; "
			      "namespace 4026531839 (host) has one: 5");
	failure.event.shmid = -1;
	assert_says(&failure, "no segment has a negative id: -1 looks like a shmget that failed");
	assert_says_unknown(FACT_SHMAT, EINVAL,
			    "no segment 5 is known of in namespace 4026532177"
			    ": the id is an old one, or comes from elsewhere");
}

static void shmat_einval_address(void **state)
{
	struct failure failure = found(FACT_SHMAT, EINVAL);

	(void)state;
	failure.event.addr = 0x7001;
	assert_says(&failure,
		    "address 0x7001 is not a multiple of 4096; SHM_RND would round it down");
	failure.event.flags = SHM_REMAP | SHM_RND;
	failure.event.addr = 0x123;
	assert_says(&failure, "SHM_RND makes NULL of address 0x123, where SHM_REMAP cannot be");
	failure.event.addr = 0;
	assert_says(&failure, "SHM_REMAP needs an address, and NULL was given");
	failure.event.flags = 0;
	assert_says(&failure, "segment 5 is here by now, and was not then");
	failure.event.addr = 0x201000;
	failure.segment.hugetlb = true;
	failure.pool.page_size = 2 * MIB;
	assert_says(&failure,
		    "segment 5 has huge pages: address 0x201000 is not a multiple of 2097152");
}

static void shmat_einval_overlap(void **state)
{
	struct failure failure = found(FACT_SHMAT, EINVAL);

	(void)state;
	failure.event.addr = 0x7000;
	assert_says(&failure,
		    "either something is mapped between 0x7000 and 0x8000, which SHM_REMAP would "
		    "replace, or nothing may be mapped there");
	failure.mapping =
		(struct address_facts){FACT_FOUND_THERE, 0x6000, 0x9000, -1, "/usr/lib/libc.so.6"};
	assert_says(&failure, "0x6000-0x9000 is mapped already (/usr/lib/libc.so.6), and "
			      "0x7000-0x8000 was asked for; SHM_REMAP would replace it");
	failure.mapping.shmid = 3;
	assert_says(&failure, "0x6000-0x9000 is mapped already (segment 3), and 0x7000-0x8000 was "
			      "asked for; SHM_REMAP would replace it");
	failure.event.flags = SHM_RND;
	failure.event.addr = 0x7fff;
	assert_says(&failure, "0x6000-0x9000 is mapped already (segment 3), and 0x7000-0x8000 was "
			      "asked for; SHM_REMAP would replace it");
	failure.event.addr = UINT64_MAX - 4095;
	failure.segment.facts.size = 8192;
	assert_says(&failure,
		    "0xfffffffffffff000 and the 8.00K of the segment are beyond all addresses");
}

static void shmat_eacces(void **state)
{
	struct failure failure = found(FACT_SHMAT, EACCES);

	(void)state;
	failure.groups.known = true;
	failure.segment.facts.mode = 0644;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0644, which lets others "
			      "read: nobody (uid 65534) asked to read and write; SHM_RDONLY would "
			      "be granted");
	failure.segment.facts.mode = 0604;
	failure.caller.fsgid = failure.segment.facts.gid; /* its group may do less than others */
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0604, which lets its group "
			      "do nothing: nobody (uid 65534) asked to read and write");
	failure.caller.fsgid = 65534;
	failure.segment.facts.mode = 0644;
	failure.event.flags = SHM_RDONLY | SHM_EXEC;
	assert_says(&failure, "segment 5 of postgres (uid 26) has mode 0644, which lets others "
			      "read: nobody (uid 65534) asked to read and execute");
	assert_says_unknown(FACT_SHMAT, EACCES,
			    "the permissions of the segment do not let this user read and write");
}

static void shmat_enomem(void **state)
{
	struct failure failure = found(FACT_SHMAT, ENOMEM);

	(void)state;
	failure.segment.facts.size = 64 * MIB;
	failure.caller.size = 50 * MIB;
	failure.caller.mappings = 65531;
	failure.max_mappings = 65530;
	assert_says(&failure,
		    "vm.max_map_count: the process has 65531 mappings, and 65530 are allowed");
	failure.caller.mappings = 65530;
	assert_says(&failure, "either no gap of the address space has room for 64.0M, or the "
			      "kernel had no memory for it; 50.0M are mapped in 65530 mappings");
	failure.caller.most_size = 100 * MIB;
	assert_says(&failure, "RLIMIT_AS: 64.0M on top of the 50.0M that are mapped are more than "
			      "100M");
	failure.caller.most_size = 114 * MIB;
	failure.segment.hugetlb = true;
	failure.event.addr = 0x200000;
	assert_says(&failure,
		    "either no gap of the address space has room for 64.0M at this address, or no "
		    "huge pages are left; 50.0M are mapped in 65530 mappings");
	failure.segment.facts.size = UINT64_C(1) << 50;
	assert_says(&failure, "1.00P do not fit into any address space");
	assert_says_unknown(FACT_SHMAT, ENOMEM,
			    "either no gap of the address space has room for the segment, or the "
			    "kernel had no memory for it");
}

static void shmat_others(void **state)
{
	struct failure failure = found(FACT_SHMAT, EAGAIN);

	(void)state;
	failure.segment.facts.size = MIB;
	failure.caller.locked = 40960;
	failure.caller.most_locked = 65536;
	assert_says(&failure,
		    "RLIMIT_MEMLOCK: mlockall(MCL_FUTURE) locks what is mapped, and 1.00M on top "
		    "of 40.0K that are locked are more than 64.0K");
	assert_says_unknown(FACT_SHMAT, EAGAIN,
			    "RLIMIT_MEMLOCK: mlockall(MCL_FUTURE) locks what is mapped");
	failure = missing(FACT_SHMAT, EIDRM);
	assert_says(&failure, "segment 5 was removed while the call ran");
	failure.gone = (struct failure_gone){.known = true,
					     .shmid = 5,
					     .before = 900,
					     .removed = true,
					     .by = {.pid = 9, .comm = "x"}};
	assert_says(&failure, "segment 5 was removed while the call ran; 5 was removed 900ns "
			      "before by 9 x");
}

static void shmdt_einval(void **state)
{
	struct failure failure = failed(FACT_SHMDT, EINVAL);

	(void)state;
	failure.event.addr = 0x7001;
	assert_says(&failure, "address 0x7001 is not a multiple of 4096");
	failure.event.addr = 0x7000;
	assert_says(&failure, "no segment is attached at 0x7000");
	failure.detach = (struct failure_detach){
		.known = true, .shmid = 3, .before = 1500, .reason = FACT_REASON_MUNMAP};
	assert_says(&failure, "no segment is attached at 0x7000: segment 3 was detached there "
			      "1.50us before by munmap");
	failure.detach.reason = FACT_REASON_UNKNOWN;
	failure.detach.shmid = -1;
	assert_says(&failure,
		    "no segment is attached at 0x7000: a segment was detached there 1.50us before");
	failure.mapping = (struct address_facts){FACT_FOUND_THERE, 0x6000, 0x9000, 4, ""};
	assert_says(&failure, "no segment is attached at 0x7000, which lies inside of the "
			      "attachment of segment 4 at 0x6000: shmdt wants that");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shmat_einval_id),      cmocka_unit_test(shmat_einval_address),
		cmocka_unit_test(shmat_einval_overlap), cmocka_unit_test(shmat_eacces),
		cmocka_unit_test(shmat_enomem),         cmocka_unit_test(shmat_others),
		cmocka_unit_test(shmdt_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
