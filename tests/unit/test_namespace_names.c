/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which namespace --ns asks for. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/namespace_names.h"
#include "observe/namespaces.h"
#include "observe/process.h"

enum { OWN = 5, DOCKER = 10, KUBE = 11, LAST = 12 };

static void add_owner(struct model *model, uint32_t ipcns, const char *label, const char *container)
{
	struct namespace_owner owner = {.pid = (int32_t)ipcns, .start_time = 1, .read = 2};

	snprintf(owner.label, sizeof(owner.label), "%s", label);
	snprintf(owner.container, sizeof(owner.container), "%s", container);
	model_set_namespace_owner(model, ipcns, &owner);
}

static int set_up(void **state)
{
	const struct namespace_facts rows[] = {
		{OWN, 1, 1}, {DOCKER, 2, 1}, {KUBE, 3, 1}, {LAST, 4, 1}, {FACT_IPCNS_HOST, 5, 1}};
	struct model *model;

	assert_int_equal(model_new(NULL, &model), 0);
	assert_int_equal(model_reconcile_namespaces(model, rows, 5, 100), 0);
	add_owner(model, DOCKER, "docker 3f2a91c07be1", "3f2a91c07be1aaaa");
	add_owner(model, KUBE, "k8s 1a2b3c4d/9f8e7d6c", "9f8e7d6caaaabbbb");
	add_owner(model, LAST, "docker", "");
	*state = model;
	return 0;
}

static int tear_down(void **state)
{
	model_free(*state);
	return 0;
}

static uint32_t choose(const struct model *model, const char *text)
{
	char why[PROBES_WHY_LEN];
	uint32_t ipcns = 0;

	if (namespace_names_choose(model, OWN, text, &ipcns, why))
		fail_msg("%s: %s", text, why);
	return ipcns;
}

static void assert_refused(const struct model *model, const char *text, const char *words)
{
	char why[PROBES_WHY_LEN];
	uint32_t ipcns;

	assert_int_not_equal(namespace_names_choose(model, OWN, text, &ipcns, why), 0);
	if (strcmp(why, words))
		fail_msg("'%s': %s", text, why);
}

static void one_is_meant(void **state)
{
	assert_int_equal(choose(*state, "here"), OWN);
	assert_int_equal(choose(*state, "host"), FACT_IPCNS_HOST);
	assert_int_equal(choose(*state, "10"), DOCKER);
	assert_int_equal(choose(*state, "k8s"), KUBE);
	assert_int_equal(choose(*state, "3f2a"), DOCKER);
	assert_int_equal(choose(*state, "9f8e7d6caaaa"), KUBE);
	/* What is the whole name of one is no part of another's. */
	assert_int_equal(choose(*state, "docker"), LAST);
}

static void none_or_several(void **state)
{
	assert_refused(*state, "podman",
		       "--ns: no IPC namespace 'podman'; there are: here (5), docker 3f2a91c07be1 "
		       "(10), k8s 1a2b3c4d/9f8e7d6c (11), docker (12), host (4026531839)");
	assert_refused(*state, "aaaa",
		       "--ns: several IPC namespaces match 'aaaa'; these are: docker 3f2a91c07be1 "
		       "(10), k8s 1a2b3c4d/9f8e7d6c (11)");
	assert_refused(*state, "a\033b",
		       "--ns: no IPC namespace 'a\\x1bb'; there are: here (5), docker 3f2a91c07be1 "
		       "(10), k8s 1a2b3c4d/9f8e7d6c (11), docker (12), host (4026531839)");
	assert_refused(*state, "",
		       "--ns: no IPC namespace ''; there are: here (5), docker 3f2a91c07be1 "
		       "(10), k8s 1a2b3c4d/9f8e7d6c (11), docker (12), host (4026531839)");
}

static void many_are_cut_to_a_line(void **state)
{
	struct namespace_facts rows[100];
	char why[PROBES_WHY_LEN];
	uint32_t ipcns;

	for (uint32_t i = 0; i < 100; i++)
		rows[i] = (struct namespace_facts){4026532000u + i, 1, 1};
	assert_int_equal(model_reconcile_namespaces(*state, rows, 100, 101), 0);
	assert_int_not_equal(namespace_names_choose(*state, OWN, "4026", &ipcns, why), 0);
	assert_string_equal(why + strlen(why) - 5, ", ...");
	assert_non_null(strstr(why, "4026532000, 4026532001, "));
}

static void of_a_process(void **state)
{
	char text[32];

	snprintf(text, sizeof(text), "pid:%d", getpid());
	assert_int_equal(choose(*state, text), namespaces_own());
	assert_refused(*state, "pid:", "--ns: pid: wants a process id, like pid:812");
	assert_refused(*state, "pid:0", "--ns: pid: wants a process id, like pid:812");
	assert_refused(*state, "pid:x", "--ns: pid: wants a process id, like pid:812");
	assert_refused(*state, "pid:2147483647",
		       "--ns: the IPC namespace of process 2147483647 cannot be read: there is no "
		       "such process");
}

/* A process is looked at when it is new, and when it is twice as old. */
static void looked_at_when_it_is_time(void **state)
{
	struct namespace_facts row = {OWN, getpid(), 0};
	struct namespace_owner owner;

	assert_int_equal(process_start_time(getpid(), &row.start_time), 0);
	assert_int_equal(model_reconcile_namespaces(*state, &row, 1, 101), 0);
	namespace_names_read(*state, 0); /* too late */
	assert_int_equal(model_namespace(*state, OWN)->owner.pid, 0);
	namespace_names_read(*state, UINT64_MAX);
	owner = model_namespace(*state, OWN)->owner;
	assert_int_equal(owner.pid, getpid());
	assert_string_equal(owner.comm, "test_namespace_");

	owner.read = UINT64_MAX / 4; /* it was old already */
	snprintf(owner.comm, sizeof(owner.comm), "before");
	model_set_namespace_owner(*state, OWN, &owner);
	namespace_names_read(*state, UINT64_MAX);
	assert_string_equal(model_namespace(*state, OWN)->owner.comm, "before");
	owner.read = owner.start_time; /* it had just begun */
	model_set_namespace_owner(*state, OWN, &owner);
	namespace_names_read(*state, UINT64_MAX);
	assert_string_equal(model_namespace(*state, OWN)->owner.comm, "test_namespace_");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_is_meant, set_up, tear_down),
		cmocka_unit_test_setup_teardown(none_or_several, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_are_cut_to_a_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(looked_at_when_it_is_time, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
