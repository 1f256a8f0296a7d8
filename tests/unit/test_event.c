/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in words: calls, results, the line and its columns, the history of a segment. */
#include "sample.h"

#include <errno.h>
#include <sys/wait.h>

#include "report/report.h"

static void assert_call(const struct event *event, const char *call, const char *result)
{
	char out[EVENT_PART_LEN];

	assert_string_equal(event_call(out, event), call);
	assert_string_equal(event_result(out, event), result);
}

static void shmget_in_words(void **state)
{
	static const struct {
		int32_t key;
		uint64_t size;
		uint32_t flags;
		int64_t ret;
		bool created;
		const char *call, *result;
	} cases[] = {
		{0, 64 << 20, IPC_CREAT | IPC_EXCL | SHM_HUGETLB | 21u << 26 | SHM_NORESERVE | 0600,
		 229383, true,
		 "shmget(IPC_PRIVATE, 64.0M, "
		 "IPC_CREAT|IPC_EXCL|SHM_HUGETLB|SHM_NORESERVE|SHM_HUGE_2MB|0600)",
		 "= 229383 created"},
		{0x162e, 0, 0, -2, false, "shmget(0x0000162e, 0, 0)", "ENOENT"},
		{-1, 4097, 0666, 0, false, "shmget(0xffffffff, 4097, 0666)", "= 0"},
		{5, UINT64_MAX, IPC_CREAT, -22, false,
		 "shmget(0x00000005, 18446744073709551615, IPC_CREAT)", "EINVAL"},
		{5, 4096, SHM_HUGETLB | 30u << 26, -12, false,
		 "shmget(0x00000005, 4.00K, SHM_HUGETLB|SHM_HUGE_1GB)", "ENOMEM"},
		{5, 65536, SHM_HUGETLB | 16u << 26 | 1, -1, false,
		 "shmget(0x00000005, 64.0K, SHM_HUGETLB|SHM_HUGE_64KB|0001)", "EPERM"},
		{5, 1, 34u << 26, -28, false, "shmget(0x00000005, 1, SHM_HUGE_16GB)", "ENOSPC"},
		{5, 1, 3u << 26 | 0x100000, -4095, false,
		 "shmget(0x00000005, 1, 3<<SHM_HUGE_SHIFT|0x100000)", "E4095"},
		{5, 1, UINT32_MAX, -17, false,
		 "shmget(0x00000005, 1, IPC_CREAT|IPC_EXCL|SHM_HUGETLB|SHM_NORESERVE|"
		 "SHM_HUGE_8EB|0x3ffe000|0777)",
		 "EEXIST"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct event event = {
			.op = FACT_SHMGET,
			.key = cases[i].key,
			.size = cases[i].size,
			.flags = cases[i].flags,
			.ret = cases[i].ret,
			.created = cases[i].created,
		};

		assert_call(&event, cases[i].call, cases[i].result);
	}
}

static void shmat_and_shmdt_in_words(void **state)
{
	struct event event = {.op = FACT_SHMAT, .shmid = 0, .ret = 0x7f2a40000000};

	(void)state;
	assert_call(&event, "shmat(0, NULL, 0)", "= 0x7f2a40000000");
	event.addr = 0x400000;
	event.flags = SHM_RDONLY | SHM_RND | SHM_REMAP | SHM_EXEC | 1;
	event.shmid = -1;
	event.ret = -43;
	assert_call(&event, "shmat(-1, 0x400000, SHM_RDONLY|SHM_RND|SHM_REMAP|SHM_EXEC|0x1)",
		    "EIDRM");
	event = (struct event){.op = FACT_SHMDT, .shmid = 3, .addr = 0x7f2a40000000};
	assert_call(&event, "shmdt(0x7f2a40000000)", "= 0");
	event.addr = 0;
	event.ret = -22;
	assert_call(&event, "shmdt(NULL)", "EINVAL");
}

static void shmctl_in_words(void **state)
{
	static const struct {
		int32_t cmd;
		const char *call;
	} cases[] = {
		{0, "shmctl(7, IPC_RMID)"},      {1, "shmctl(7, IPC_SET)"},
		{2, "shmctl(7, IPC_STAT)"},      {3, "shmctl(IPC_INFO)"},
		{11, "shmctl(7, SHM_LOCK)"},     {12, "shmctl(7, SHM_UNLOCK)"},
		{13, "shmctl(2, SHM_STAT)"},     {14, "shmctl(SHM_INFO)"},
		{15, "shmctl(2, SHM_STAT_ANY)"}, {4, "shmctl(7, 4)"},
		{16, "shmctl(7, 16)"},           {-1, "shmctl(7, -1)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct event event = {
			.op = FACT_SHMCTL, .shmid = 7, .index = 2, .cmd = cases[i].cmd};

		assert_call(&event, cases[i].call, "= 0");
	}
}

static void ipc_set_says_what_it_asks_for(void **state)
{
	struct event event = {.op = FACT_SHMCTL,
			      .shmid = 7,
			      .cmd = IPC_SET,
			      .has_set = true,
			      .set_uid = 1000,
			      .set_mode = 0640};

	(void)state;
	assert_call(&event, "shmctl(7, IPC_SET, {uid=1000, gid=0, mode=0640})", "= 0");
	event.set_uid = 4000000001;
	event.set_gid = UINT32_MAX;
	event.ret = -EPERM;
	assert_call(&event, "shmctl(7, IPC_SET, {uid=4000000001, gid=-1, mode=0640})", "EPERM");
}

static void life_in_words(void **state)
{
	struct event event = {.op = FACT_FORK, .child = 7714};

	(void)state;
	assert_call(&event, "fork()", "= 7714");
	event = (struct event){.op = FACT_EXEC};
	assert_call(&event, "exec", "");
	event = (struct event){.op = FACT_EXIT};
	assert_call(&event, "exit", "status 0");
	event.status = 3 << 8;
	assert_call(&event, "exit", "status 3");
	event.status = SIGKILL;
	assert_call(&event, "exit", "killed by SIGKILL");
	event.status = SIGSEGV | 0x80;
	assert_call(&event, "exit", "killed by SIGSEGV");
	event.status = 40;
	assert_call(&event, "exit", "killed by signal 40");
	event = (struct event){.op = FACT_DETACH, .maps = 2, .reason = FACT_REASON_EXIT};
	assert_call(&event, "detach 2 mappings (exit)", "");
	event.maps = 1;
	event.reason = FACT_REASON_UNKNOWN;
	assert_call(&event, "detach 1 mapping (unknown)", "");
	event = (struct event){.op = FACT_DESTROY, .reason = FACT_REASON_IPC_RMID};
	assert_call(&event, "destroy (ipc_rmid)", "");
}

static void attachments_in_words(void **state)
{
	static const struct {
		enum fact_reason reason;
		const char *call;
	} cases[] = {
		{FACT_REASON_FORK, "attach 1 mapping (fork)"},
		{FACT_REASON_SPLIT, "attach 1 mapping (split)"},
		{FACT_REASON_MREMAP, "attach 1 mapping (mremap)"},
	};
	struct event event = {.op = FACT_ATTACH, .maps = 1, .addr = 0x7f2a40000000, .size = 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		event.reason = cases[i].reason;
		assert_call(&event, cases[i].call, "64.0K at 0x7f2a40000000");
	}
	event.op = FACT_DETACH;
	event.reason = FACT_REASON_MUNMAP;
	event.size = 0;
	assert_call(&event, "detach 1 mapping (munmap)", "at 0x7f2a40000000");
	/* one address does not tell where several are */
	event.maps = 2;
	event.reason = FACT_REASON_REMAP;
	assert_call(&event, "detach 2 mappings (remap)", "");
	event = (struct event){.op = FACT_DESTROY, .reason = FACT_REASON_FORCED};
	assert_call(&event, "destroy (shm_rmid_forced)", "");
}

static void what_looks_tell_in_words(void **state)
{
	struct event event = {.op = FACT_CREATE, .inferred = true, .size = 64 << 20};

	(void)state;
	assert_call(&event, "~create 64.0M", "");
	event.key = 0x162e;
	event.size = 4097;
	assert_call(&event, "~create 4097, key 0x0000162e", "");
	event = (struct event){.op = FACT_ATTACH, .inferred = true, .maps = 1};
	assert_call(&event, "~attach 1 mapping", "");
	event.op = FACT_DETACH;
	assert_call(&event, "~detach 1 mapping", "");
	event.op = FACT_DESTROY;
	assert_call(&event, "~destroy", "");
	/* the cause may be plain all the same */
	event.reason = FACT_REASON_LAST_DETACH;
	assert_call(&event, "~destroy (last_detach)", "");
}

/* What a scan of 1023's mapping of 32769 would infer */
static struct model_event inferred_attach(const struct column_context *context, int32_t pid)
{
	return (struct model_event){
		.event = {.op = FACT_ATTACH,
			  .inferred = true,
			  .shmid = 32769,
			  .pid = pid,
			  .uid = FACT_UID_UNKNOWN},
		.segment = sample_segment(context, 32769)->id,
	};
}

static void inferred_ones_get_the_name_that_is_known_since(void **state)
{
	struct column_context context = sample_new();
	struct model_event entry = inferred_attach(&context, 1022);
	struct event event = event_named(context.model, &entry);

	(void)state;
	assert_string_equal(event.comm, "tst\\x1b[31m");
	assert_int_equal(event.uid, 26);
	/* of its creator too, and with what the event knows itself */
	entry = inferred_attach(&context, 1021);
	entry.event.uid = 7;
	event = event_named(context.model, &entry);
	assert_string_equal(event.comm, "postgres");
	assert_int_equal(event.uid, 7);
	/* a name that was told stays */
	strcpy(entry.event.comm, "worker");
	assert_string_equal(event_named(context.model, &entry).comm, "worker");

	/* of another process with that pid, of one that nobody knows, and of no process: none */
	entry = inferred_attach(&context, 1022);
	entry.event.start_time = SAMPLE_NOW;
	assert_string_equal(event_named(context.model, &entry).comm, "");
	entry = inferred_attach(&context, 1023);
	event = event_named(context.model, &entry);
	assert_string_equal(event.comm, "");
	assert_int_equal(event.uid, FACT_UID_UNKNOWN);
	entry = inferred_attach(&context, 0);
	assert_string_equal(event_named(context.model, &entry).comm, "");
	/* the segment may be forgotten */
	entry = inferred_attach(&context, 1022);
	entry.segment.generation += 100;
	assert_string_equal(event_named(context.model, &entry).comm, "");
	sample_free(&context);
}

static void history_is_in_order(void **state)
{
	static const enum fact_op ops[] = {FACT_SHMGET, FACT_SHMAT, FACT_SHMCTL, FACT_DETACH,
					   FACT_DESTROY};
	struct column_context context = sample_new();
	const struct segment *segment = sample_segment(&context, 229383);
	uint64_t *sequences = NULL;
	size_t count = 0, capacity = 0;

	(void)state;
	assert_int_equal(event_history(context.model, segment, &sequences, &count, &capacity), 0);
	assert_int_equal(count, sizeof(ops) / sizeof(ops[0]));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(model_event(context.model, sequences[i])->event.op, ops[i]);
	assert_int_equal(event_history(context.model, sample_segment(&context, 32769), &sequences,
				       &count, &capacity),
			 0);
	assert_int_equal(count, 0);
	free(sequences);
	sample_free(&context);
}

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shmget_in_words),
		cmocka_unit_test(shmat_and_shmdt_in_words),
		cmocka_unit_test(shmctl_in_words),
		cmocka_unit_test(ipc_set_says_what_it_asks_for),
		cmocka_unit_test(life_in_words),
		cmocka_unit_test(attachments_in_words),
		cmocka_unit_test(what_looks_tell_in_words),
		cmocka_unit_test(inferred_ones_get_the_name_that_is_known_since),
		cmocka_unit_test(history_is_in_order),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
