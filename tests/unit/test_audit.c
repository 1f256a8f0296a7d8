/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which settings bite, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "judge/audit.h"

#define HOST  UINT32_C(0xefffffff)
#define OTHER UINT32_C(4026532210)
#define NONE  UINT64_C(18446744073692774399)

/* A machine on which nothing bites, and what the test makes of it */
struct machine {
	struct model *model;
	struct settings settings;
	struct limits_facts limits;
	uint32_t own_ipcns;
	struct audit_list list;
};

static struct machine machine;

static void add_limits(const struct limits_facts *limits)
{
	model_set_limits(machine.model, limits);
}

static int set_up(void **state)
{
	static const char *const names[SETTINGS] = {
		"kernel.shmmni",        "kernel.shmall",
		"kernel.shmmax",        "kernel.shm_rmid_forced",
		"kernel.sem",           "kernel.msgmni",
		"kernel.msgmnb",        "kernel.msgmax",
		"vm.nr_hugepages",      "vm.nr_overcommit_hugepages",
		"vm.hugetlb_shm_group", "vm.overcommit_memory",
	};

	(void)state;
	machine = (struct machine){
		.own_ipcns = HOST,
		.limits =
			{
				.ipcns = HOST,
				.segments = {0, 4096},
				.pages = {0, NONE},
				.page_size = 4096,
				.shmmax = NONE,
				.semsets = {0, 32000},
				.sems = {0, 1024000000},
				.queues = {0, 32000},
			},
		.settings = {.system_uid_max = 999, .logind_ipcns = HOST},
	};
	for (int i = 0; i < SETTINGS; i++)
		machine.settings.sysctls[i].name = names[i];
	strcpy(machine.settings.sysctls[SETTING_HUGETLB_GROUP].value, "0");
	strcpy(machine.settings.sysctls[SETTING_OVERCOMMIT].value, "0");
	strcpy(machine.settings.group, "root");
	assert_int_equal(model_new(NULL, &machine.model), 0);
	add_limits(&machine.limits);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	audit_free(&machine.list);
	audit_free(&machine.list);
	model_free(machine.model);
	return 0;
}

static void audit(void)
{
	assert_int_equal(
		audit_collect(&machine.settings, machine.model, machine.own_ipcns, &machine.list),
		0);
	for (size_t i = 1; i < machine.list.count; i++)
		assert_true(machine.list.rows[i - 1].verdict >= machine.list.rows[i].verdict);
}

/* The only row of this name; NULL: there is none */
static const struct audit_row *find(const char *name, uint32_t ipcns)
{
	const struct audit_row *found = NULL;

	for (size_t i = 0; i < machine.list.count; i++) {
		const struct audit_row *row = &machine.list.rows[i];

		if (strcmp(row->name, name) || row->ipcns != ipcns)
			continue;
		assert_null(found);
		found = row;
	}
	return found;
}

static void assert_row(const char *name, uint32_t ipcns, enum audit_verdict verdict,
		       const char *value, const char *why, const char *fix)
{
	const struct audit_row *row;

	audit();
	row = find(name, ipcns);
	assert_non_null(row);
	assert_int_equal(row->verdict, verdict);
	assert_string_equal(row->value, value);
	if (!strstr(row->why, why))
		assert_string_equal(row->why, why);
	if (!strstr(row->fix, fix))
		assert_string_equal(row->fix, fix);
	if (verdict == AUDIT_OK)
		assert_string_equal(row->fix, "");
}

static void configure(enum setting_id id, const char *value, const char *wanted)
{
	struct setting *setting = &machine.settings.sysctls[id];

	strcpy(setting->value, value);
	strcpy(setting->wanted, wanted);
	strcpy(setting->file, wanted[0] ? "/etc/sysctl.d/db.conf" : "");
}

static void add_segments(uint32_t ipcns, const struct segment_facts *rows, size_t count)
{
	assert_int_equal(model_reconcile_segments(machine.model, ipcns, rows, count, 0, 1), 0);
}

static void nothing_bites(void **state)
{
	(void)state;
	audit();
	assert_true(machine.list.count > SETTINGS);
	for (size_t i = 0; i < machine.list.count; i++)
		assert_int_equal(machine.list.rows[i].verdict, AUDIT_OK);
	assert_string_equal(audit_verdict_name(AUDIT_OK), "ok");
	assert_string_equal(audit_verdict_name(AUDIT_NOTE), "note");
	assert_string_equal(audit_verdict_name(AUDIT_WARN), "warn");
}

/* ---- logind ---------------------------------------------------------------------------------- */

static void logind_removes_what_ordinary_users_left(void **state)
{
	const struct segment_facts rows[] = {
		{.known = FACT_COL_ALL, .shmid = 1, .uid = 999, .size = 1},
		{.known = FACT_COL_ALL, .shmid = 2, .uid = 1000, .size = 1},
		{.known = FACT_COL_ALL, .shmid = 3, .uid = 1000, .size = 1, .nattch = 2},
		{.known = FACT_COL_ALL, .shmid = 4, .uid = 1001, .size = 1},
	};

	(void)state;
	add_segments(HOST, rows, 4);
	assert_row("RemoveIPC", 0, AUDIT_OK, "-", "systemd does not run here", "");
	machine.settings.has_systemd = true;
	strcpy(machine.settings.remove_ipc_file, "/etc/systemd/logind.conf");
	assert_row("RemoveIPC", 0, AUDIT_OK, "no (/etc/systemd/logind.conf)", "", "");
	machine.settings.remove_ipc = true;
	machine.settings.remove_ipc_file[0] = '\0';
	assert_row("RemoveIPC", HOST, AUDIT_WARN, "yes (the default)",
		   "3 segments of ordinary users (uid 1000, 1001), 2 of them attached by nobody",
		   "RemoveIPC=no below [Login]");
	machine.settings.system_uid_max = 1000;
	assert_row("RemoveIPC", HOST, AUDIT_WARN, "yes (the default)",
		   "1 segment of ordinary users (uid 1001), 1 of them", "enable-linger");
	machine.settings.system_uid_max = 1001;
	assert_row("RemoveIPC", HOST, AUDIT_OK, "yes (the default)", "no user above uid 1001", "");
}

static void many_users_are_not_all_named(void **state)
{
	struct segment_facts rows[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		rows[i] = (struct segment_facts){
			.known = FACT_COL_ALL, .shmid = i, .uid = 4000000000u + (uint32_t)i};
	machine.settings.has_systemd = machine.settings.remove_ipc = true;
	add_segments(HOST, rows, 20);
	assert_row("RemoveIPC", HOST, AUDIT_WARN, "yes (the default)",
		   "(uid 4000000000, 4000000001, 4000000002 and others), 20 of them", "");
}

/* It reaches no other namespace than its own. */
static void logind_leaves_containers_alone(void **state)
{
	const struct segment_facts row = {.known = FACT_COL_ALL, .shmid = 1, .uid = 1000};

	(void)state;
	machine.settings.has_systemd = machine.settings.remove_ipc = true;
	add_segments(OTHER, &row, 1);
	assert_row("RemoveIPC", HOST, AUDIT_OK, "yes (the default)", "no user above", "");
}

/* ---- what the files ask for -------------------------------------------------------------------- */

static void what_is_set_and_in_effect(void **state)
{
	(void)state;
	configure(SETTING_SHMMNI, "8192", "8192");
	assert_row("kernel.shmmni", HOST, AUDIT_OK, "8192", "", "");
	configure(SETTING_SHMMNI, "8192", "0x2000");
	assert_row("kernel.shmmni", HOST, AUDIT_OK, "8192", "", "");
	configure(SETTING_SEM, "250 32000 32 128", "250 32000 0x20 128");
	assert_row("kernel.sem", HOST, AUDIT_OK, "250 32000 32 128", "", "");
	configure(SETTING_SEM, "250 32000 32 128", "");
	assert_row("kernel.sem", HOST, AUDIT_OK, "250 32000 32 128", "", "");
	configure(SETTING_SEM, "", "1 2 3 4");
	assert_row("kernel.sem", HOST, AUDIT_OK, "-", "", "");
}

static void what_is_set_and_not_in_effect(void **state)
{
	(void)state;
	configure(SETTING_SHMMNI, "4096", "8192");
	assert_row(
		"kernel.shmmni", HOST, AUDIT_WARN, "4096",
		"/etc/sysctl.d/db.conf asks for 8192, which is not in effect: it was not applied",
		"sysctl -w 'kernel.shmmni=8192'");
	configure(SETTING_SHMMNI, "4096", "many");
	assert_row("kernel.shmmni", HOST, AUDIT_WARN, "4096", "asks for many", "sysctl -w");
	configure(SETTING_SEM, "250 32000 32 128", "250 32000 32");
	assert_row("kernel.sem", HOST, AUDIT_WARN, "250 32000 32 128", "asks for 250 32000 32,",
		   "");
	configure(SETTING_OVERCOMMIT, "0", "2");
	audit();
	assert_int_equal(machine.list.rows[2].verdict, AUDIT_WARN);
	assert_string_equal(machine.list.rows[2].name, "vm.overcommit_memory");
}

static void what_the_kernel_does_not_take(void **state)
{
	(void)state;
	configure(SETTING_SHMMNI, "4096", "32769");
	assert_row("kernel.shmmni", HOST, AUDIT_WARN, "4096", "no more than 32768",
		   "boot with ipcmni_extend");
	configure(SETTING_SHMMNI, "4096", "32768");
	assert_row("kernel.shmmni", HOST, AUDIT_WARN, "4096", "it was not applied", "sysctl -w");
	configure(SETTING_SEM, "250 32000 32 128", "250 32000 32 40000");
	assert_row("kernel.sem", HOST, AUDIT_WARN, "250 32000 32 128", "no more than 32768",
		   "ipcmni_extend");
	machine.settings.extended_ids = true;
	assert_row("kernel.sem", HOST, AUDIT_WARN, "250 32000 32 128", "it was not applied", "");
	configure(SETTING_MSGMNI, "32000", "16777217");
	assert_row("kernel.msgmni", HOST, AUDIT_WARN, "32000", "no more than 16777216", "lower it");
}

/* The files are for the host. */
static void what_is_set_for_another_namespace(void **state)
{
	(void)state;
	machine.own_ipcns = OTHER;
	configure(SETTING_SHMMNI, "4096", "8192");
	assert_row("kernel.shmmni", OTHER, AUDIT_WARN, "4096", "begins with the kernel's defaults",
		   "docker run --sysctl");
	configure(SETTING_NR_HUGEPAGES, "3", "8");
	assert_row("vm.nr_hugepages", 0, AUDIT_WARN, "3", "no more in one piece", "hugepages=8");
}

/* ---- limits ------------------------------------------------------------------------------------ */

static void limits_that_let_nothing_through(void **state)
{
	(void)state;
	machine.limits.segments.max = 0;
	add_limits(&machine.limits);
	assert_row("kernel.shmmni", HOST, AUDIT_WARN, "0", "shmget fails with ENOSPC", "sysctl -w");
	machine.limits.shmmax = 4095;
	add_limits(&machine.limits);
	assert_row("kernel.shmmax", HOST, AUDIT_WARN, "4095", "EINVAL", "sysctl -w");
	machine.limits.shmmax = 4096;
	machine.limits.pages.max = 255;
	add_limits(&machine.limits);
	assert_row("kernel.shmall", HOST, AUDIT_WARN, "255", "it counts pages", "sysctl -w");
	assert_null(find("kernel.shmmax", 0));
	machine.limits.pages.max = 256;
	add_limits(&machine.limits);
	assert_row("kernel.shmall", HOST, AUDIT_OK, "-", "", "");
}

static void one_may_have_more_than_all(void **state)
{
	(void)state;
	machine.limits.shmmax = (8 << 20) + 1;
	machine.limits.pages.max = 2048;
	add_limits(&machine.limits);
	assert_row("kernel.shmall", HOST, AUDIT_NOTE, "2048", "8.00M for all segments together",
		   "kernel.shmall=2049, at least");
	machine.limits.shmmax = 8 << 20;
	add_limits(&machine.limits);
	assert_row("kernel.shmall", HOST, AUDIT_OK, "-", "", "");
	/* As most have it: no limit for one, one for all */
	machine.limits.shmmax = NONE;
	add_limits(&machine.limits);
	assert_row("kernel.shmall", HOST, AUDIT_OK, "-", "", "");
}

static void what_makes_segments_vanish(void **state)
{
	(void)state;
	strcpy(machine.settings.sysctls[SETTING_RMID_FORCED].value, "1");
	machine.limits.rmid_forced = true;
	machine.limits.has_next_id = true;
	machine.limits.next_id = 7;
	add_limits(&machine.limits);
	assert_row("kernel.shm_rmid_forced", HOST, AUDIT_WARN, "1", "goes with its last detach",
		   "kernel.shm_rmid_forced=0");
	assert_row("kernel.shm_next_id", HOST, AUDIT_NOTE, "7", "the next segment gets this id",
		   "ipcrm -m with the id that it tells");
}

static void namespaces_that_differ(void **state)
{
	struct limits_facts other = machine.limits;
	const struct audit_row *row;

	(void)state;
	other.ipcns = OTHER;
	add_limits(&other);
	audit();
	assert_null(find("other limits", OTHER));
	other.segments.max = 20;
	other.pages.max = 2048;
	for (uint32_t i = 0; i < 3; i++) {
		other.ipcns = OTHER + i;
		add_limits(&other);
	}
	other.ipcns = OTHER + 3;
	other.queues.max = 5;
	add_limits(&other);
	assert_row("other limits", OTHER, AUDIT_NOTE,
		   "SHMMNI 20 (host 4096), SHMALL 8.00M (host none)",
		   "limits are of each IPC namespace", "docker run --sysctl");
	row = find("other limits", OTHER);
	assert_int_equal(row->others, 2);
	assert_null(find("other limits", OTHER + 1));
	row = find("other limits", OTHER + 3);
	assert_non_null(row);
	assert_int_equal(row->others, 0);
}

/* From inside of a container the host is not seen: it is compared with one's own. */
static void without_the_host(void **state)
{
	struct limits_facts other = machine.limits;

	(void)state;
	model_free(machine.model);
	assert_int_equal(model_new(NULL, &machine.model), 0);
	machine.own_ipcns = OTHER;
	other.ipcns = OTHER;
	add_limits(&other);
	other.ipcns = OTHER + 1;
	other.segments.max = 1;
	add_limits(&other);
	assert_row("other limits", OTHER + 1, AUDIT_NOTE, "SHMMNI 1 (here 4096)", "", "");
}

/* ---- huge pages ------------------------------------------------------------------------------- */

static void set_pool(struct fact_hugepool pool)
{
	model_set_hugepools(machine.model, &(struct fact_hugepools){.rows = {pool}, .count = 1});
}

static void pools(void **state)
{
	static const char name[] = "huge pages of 2.00M";
	struct fact_hugepool pool = {.size = 2 << 20};

	(void)state;
	set_pool(pool);
	assert_row(name, 0, AUDIT_OK, "0: 0 free, 0 of these reserved", "", "");
	pool.total = pool.free = 8;
	set_pool(pool);
	assert_row(name, 0, AUDIT_OK, "8: 8 free, 0 of these reserved", "", "");
	pool.reserved = 8;
	set_pool(pool);
	assert_row(name, 0, AUDIT_WARN, "8: 8 free, 8 of these reserved",
		   "the next SHM_HUGETLB of this size fails with ENOMEM",
		   "echo N >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	pool.overcommit = 3;
	pool.surplus = 1;
	set_pool(pool);
	assert_row(name, 0, AUDIT_NOTE, "8: 8 free, 8 of these reserved", "up to 2 more", "");
	pool.surplus = 3;
	set_pool(pool);
	assert_row(name, 0, AUDIT_WARN, "8: 8 free, 8 of these reserved", "ENOMEM", "");
	pool.reserved = 7;
	set_pool(pool);
	assert_row(name, 0, AUDIT_NOTE, "8: 8 free, 7 of these reserved",
		   "3 of them came from free memory", "");
}

static void who_may_have_them(void **state)
{
	static const char name[] = "vm.hugetlb_shm_group";
	struct setting *group = &machine.settings.sysctls[SETTING_HUGETLB_GROUP];

	(void)state;
	assert_row(name, 0, AUDIT_OK, "0 (root)", "", "");
	strcpy(group->value, "1001");
	strcpy(machine.settings.group, "oinstall");
	strcpy(machine.settings.members, "oracle, grid");
	assert_row(name, 0, AUDIT_NOTE, "1001 (oinstall: oracle, grid)", "there are none",
		   "vm.nr_hugepages");
	set_pool((struct fact_hugepool){.size = 2 << 20, .total = 1, .free = 1});
	assert_row(name, 0, AUDIT_OK, "1001 (oinstall: oracle, grid)", "EPERM but for this group",
		   "");
	machine.settings.group[0] = machine.settings.members[0] = '\0';
	assert_row(name, 0, AUDIT_WARN, "1001 (no such group)", "EPERM", "hugetlb_shm_group=GID");
	strcpy(group->value, "0");
	strcpy(machine.settings.group, "root");
	assert_row(name, 0, AUDIT_NOTE, "0 (root)", "EPERM", "hugetlb_shm_group=GID");
	/* Where the kernel has none */
	group->value[0] = '\0';
	assert_row(name, 0, AUDIT_OK, "-", "", "");
}

/* ---- the machine ------------------------------------------------------------------------------- */

static void memory_that_is_promised(void **state)
{
	struct setting *setting = &machine.settings.sysctls[SETTING_OVERCOMMIT];

	(void)state;
	machine.settings.has_commit = true;
	machine.settings.commit_limit = UINT64_C(10) << 30;
	machine.settings.committed = UINT64_C(10) << 30;
	assert_row(setting->name, 0, AUDIT_OK, "0", "", "");
	strcpy(setting->value, "2");
	assert_row(setting->name, 0, AUDIT_WARN, "2", "10.0G of 10.0G is promised", "add swap");
	machine.settings.committed = UINT64_C(8) << 30;
	assert_row(setting->name, 0, AUDIT_NOTE, "2", "8.00G of 10.0G is promised", "add swap");
	machine.settings.has_commit = false;
	assert_row(setting->name, 0, AUDIT_OK, "2", "", "");
}

static void lockdown(void **state)
{
	(void)state;
	strcpy(machine.settings.lockdown, "integrity");
	assert_row("kernel lockdown", 0, AUDIT_OK, "integrity", "", "");
	strcpy(machine.settings.lockdown, "confidentiality");
	assert_row("kernel lockdown", 0, AUDIT_WARN, "confidentiality", "follows no calls", "boot");
}

#define AUDIT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUDIT_TEST(nothing_bites),
		AUDIT_TEST(logind_removes_what_ordinary_users_left),
		AUDIT_TEST(many_users_are_not_all_named),
		AUDIT_TEST(logind_leaves_containers_alone),
		AUDIT_TEST(what_is_set_and_in_effect),
		AUDIT_TEST(what_is_set_and_not_in_effect),
		AUDIT_TEST(what_the_kernel_does_not_take),
		AUDIT_TEST(what_is_set_for_another_namespace),
		AUDIT_TEST(limits_that_let_nothing_through),
		AUDIT_TEST(one_may_have_more_than_all),
		AUDIT_TEST(what_makes_segments_vanish),
		AUDIT_TEST(namespaces_that_differ),
		AUDIT_TEST(without_the_host),
		AUDIT_TEST(pools),
		AUDIT_TEST(who_may_have_them),
		AUDIT_TEST(memory_that_is_promised),
		AUDIT_TEST(lockdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
