/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a process is, by the paths of its control groups. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "observe/container.h"
#include "observe/process.h"
#include "tests/unit/chance.h"

#define ID     "3f2a91c07be15d4c8e6a0b9f7d2c4e81a5b3c6d9f0e1728394a5b6c7d8e9f001"
#define PAUSE  "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0"
#define POD    "1a2b3c4d-5e6f-4711-8899-aabbccddeeff"
#define POD_U  "1a2b3c4d_5e6f_4711_8899_aabbccddeeff"
#define STATIC "0a1b2c3d4e5f60718293a4b5c6d7e8f9" /* of a pod that the kubelet has from a file */

struct path_case {
	const char *path; /* behind "0::" */
	const char *label, *runtime, *container, *pod, *unit;
};

static const struct path_case cases[] = {
	/* docker: systemd's driver, cgroupfs, rootless, and what runs its own units inside */
	{"/system.slice/docker-" ID ".scope", "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/docker/" ID, "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/moby/" ID, "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/system.slice/docker.service/docker/" ID, "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/system.slice:docker:" ID, "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
	 "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/docker/" ID "/system.slice/postgresql@15-main.service", "docker 3f2a91c07be1", "docker",
	 ID, "", "postgresql@15-main.service"},
	{"/docker/" PAUSE "/docker/" ID, "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/../../docker/" ID, "docker 3f2a91c07be1", "docker", ID, "", ""},
	{"/docker/" ID " (deleted)", "docker 3f2a91c07be1", "docker", ID, "", ""},
	/* podman: root, rootless, crun's own child group, cgroupfs, pods, its monitor */
	{"/machine.slice/libpod-" ID ".scope", "podman 3f2a91c07be1", "podman", ID, "", ""},
	{"/machine.slice/libpod-" ID ".scope/container", "podman 3f2a91c07be1", "podman", ID, "",
	 ""},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	 "podman 3f2a91c07be1", "podman", ID, "", ""},
	{"/libpod_parent/libpod-" ID, "podman 3f2a91c07be1", "podman", ID, "", ""},
	{"/libpod_parent/" ID, "podman 3f2a91c07be1", "podman", ID, "", ""},
	{"/system.slice/web.service/libpod-payload-" ID, "podman 3f2a91c07be1", "podman", ID, "",
	 ""},
	{"/machine.slice/machine-libpod_pod_" PAUSE ".slice/libpod-" ID ".scope",
	 "podman 3f2a91c07be1", "podman", ID, PAUSE, ""},
	{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID, "", "", "",
	 "libpod-conmon-" ID ".scope"},
	/* Kubernetes: both drivers, each class, each runtime */
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_U
	 ".slice/cri-containerd-" ID ".scope",
	 "k8s 1a2b3c4d/3f2a91c0", "containerd", ID, POD, ""},
	{"/kubepods.slice/kubepods-pod" POD_U ".slice/crio-" ID ".scope", "k8s 1a2b3c4d/3f2a91c0",
	 "cri-o", ID, POD, ""},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_U
	 ".slice/crio-conmon-" ID ".scope",
	 "k8s 1a2b3c4d", "", "", POD, "crio-conmon-" ID ".scope"},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_U
	 ".slice/docker-" ID ".scope",
	 "k8s 1a2b3c4d/3f2a91c0", "docker", ID, POD, ""},
	{"/kubepods/burstable/pod" POD "/" ID, "k8s 1a2b3c4d/3f2a91c0", "", ID, POD, ""},
	{"/kubepods/pod" POD "/" ID, "k8s 1a2b3c4d/3f2a91c0", "", ID, POD, ""},
	{"/kubepods/besteffort/pod" POD "/crio-" ID, "k8s 1a2b3c4d/3f2a91c0", "cri-o", ID, POD, ""},
	{"/kubepods/burstable/pod" STATIC "/" ID, "k8s 0a1b2c3d/3f2a91c0", "", ID, STATIC, ""},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
	 "kubelet-kubepods-burstable-pod" POD_U ".slice/cri-containerd-" ID ".scope",
	 "k8s 1a2b3c4d/3f2a91c0", "containerd", ID, POD, ""},
	{"/system.slice/containerd.service/kubepods-burstable-pod" POD_U
	 ".slice:cri-containerd:" ID,
	 "k8s 1a2b3c4d/3f2a91c0", "containerd", ID, POD, ""},
	{"/docker/" PAUSE "/kubelet/kubepods/burstable/pod" POD "/" ID, "k8s 1a2b3c4d/3f2a91c0", "",
	 ID, POD, ""},
	{"/kubepods/burstable/pod" POD, "k8s 1a2b3c4d", "", "", POD, ""},
	/* others */
	{"/default/" ID, "containerd 3f2a91c07be1", "containerd", ID, "", ""},
	{"/system.slice/nerdctl-" ID ".scope", "nerdctl 3f2a91c07be1", "nerdctl", ID, "", ""},
	{"/actions_job/" ID, "container 3f2a91c07be1", "", ID, "", ""},
	{"/machine.slice/machine-debian\\x2dtest.scope", "nspawn debian-test", "nspawn",
	 "debian-test", "", ""},
	{"/machine.slice/machine-debian.scope/payload/system.slice/cron.service", "nspawn debian",
	 "nspawn", "debian", "", "cron.service"},
	{"/machine.slice/systemd-nspawn@debian.service/payload", "nspawn debian", "nspawn",
	 "debian", "", ""},
	{"/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator", "qemu 1-web", "qemu",
	 "1-web", "", ""},
	{"/lxc.payload.web1", "lxc web1", "lxc", "web1", "", ""},
	{"/lxc.payload.web1/system.slice/nginx.service", "lxc web1", "lxc", "web1", "",
	 "nginx.service"},
	{"/lxc/web1", "lxc web1", "lxc", "web1", "", ""},
	{"/lxc.monitor.web1", "", "", "", "", ""},
	/* no container */
	{"/system.slice/postgresql.service", "postgresql.service", "", "", "",
	 "postgresql.service"},
	{"/system.slice/system-postgresql.slice/postgresql@15-main.service",
	 "postgresql@15-main.service", "", "", "", "postgresql@15-main.service"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.browser-4711.scope",
	 "app-org.browser-4711.scope", "", "", "", "app-org.browser-4711.scope"},
	{"/user.slice/user-1000.slice/user@1000.service", "", "", "", "", "user@1000.service"},
	{"/user.slice/user-1000.slice/session-3.scope", "", "", "", "", "session-3.scope"},
	{"/user.slice/user-1000.slice", "", "", "", "", "user-1000.slice"},
	{"/init.scope", "", "", "", "", "init.scope"},
	{"/", "", "", "", "", ""},
	{"", "", "", "", "", ""},
	/* what only looks like one */
	{"/system.slice/docker-compose.service", "docker-compose.service", "", "", "",
	 "docker-compose.service"},
	{"/sandbox/43e2e5fa9e356858d670020398de0583", "", "", "", "", ""},
	{"/docker/buildx", "", "", "", "", ""},
	{"/podinfo/podman", "", "", "", "", ""},
	{"/system.slice/docker-.scope", "docker-.scope", "", "", "", "docker-.scope"},
};

/* Parses from memory that ends where the text ends, for the address sanitizer. */
static void parse(const char *text, size_t length, struct namespace_owner *out)
{
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	memset(out, 0, sizeof(*out));
	container_parse(copy, length, out);
	free(copy);
}

static void parse_text(const char *text, struct namespace_owner *out)
{
	parse(text, strlen(text), out);
}

static void each_path_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct path_case *at = &cases[i];
		struct namespace_owner owner;
		char text[1024], label[FACT_LABEL_LEN];

		snprintf(text, sizeof(text), "0::%s\n", at->path);
		snprintf(label, sizeof(label), "%s", at->label);
		parse_text(text, &owner);
		if (strcmp(owner.label, label) || strcmp(owner.runtime, at->runtime) ||
		    strcmp(owner.container, at->container) || strcmp(owner.pod, at->pod) ||
		    strcmp(owner.unit, at->unit))
			fail_msg(
				"%s: label '%s', runtime '%s', container '%s', pod '%s', unit '%s'",
				at->path, owner.label, owner.runtime, owner.container, owner.pod,
				owner.unit);
	}
}

/* A list has 24 columns for them. */
static void labels_of_containers_are_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cases[i].container[0])
			assert_in_range(text_width(cases[i].label), 1, 24);
}

/* Where version 1 has the controllers, version 2 may tell nothing, and one of them all. */
static void the_most_telling_line_counts(void **state)
{
	struct namespace_owner owner;

	(void)state;
	parse_text("9:name=systemd:/\n4:memory:/docker/" ID "\n1:cpu:/\n0::/\n", &owner);
	assert_string_equal(owner.label, "docker 3f2a91c07be1");
	parse_text("4:memory:/docker/" ID "\n0::/system.slice/containerd.service\n", &owner);
	assert_string_equal(owner.label, "docker 3f2a91c07be1");
	assert_string_equal(owner.unit, "");
	parse_text("2:cpu:/user.slice\n1:name=systemd:/system.slice/cron.service\n0::/\n", &owner);
	assert_string_equal(owner.unit, "cron.service");
	parse_text("0::/system.slice/cron.service", &owner);
	assert_string_equal(owner.unit, "cron.service");
}

/* Anybody who may make a group names it. */
static void hostile_names_are_made_safe(void **state)
{
	struct namespace_owner owner;
	char text[2048];
	size_t length;

	(void)state;
	parse_text("0::/lxc.payload.a\033[31mb\n", &owner);
	assert_string_equal(owner.container, "a\\x1b[31mb");
	assert_string_equal(owner.label, "lxc a\\x1b[31mb");
	parse_text("0::/machine.slice/machine-a\\x1bb.scope\n", &owner);
	assert_string_equal(owner.container, "a\\x1bb");
	parse_text("0::/machine.slice/machine-a\\x00b.scope\n", &owner);
	assert_string_equal(owner.container, "a");
	parse_text("0::/system.slice/a\xe2\x80\xae.service\n", &owner);
	assert_string_equal(owner.label, "a\\xe2\\x80\\xae.service");

	/* Cut where a character ends */
	length = (size_t)snprintf(text, sizeof(text), "0::/lxc.payload.");
	for (int i = 0; i < 500; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "\xc3\xa4");
	parse_text(text, &owner);
	assert_true(strlen(owner.label) > 50 && strlen(owner.label) < FACT_LABEL_LEN);
	assert_int_equal(strspn(owner.label + 4, "\xc3\xa4"), strlen(owner.label + 4));
	assert_int_equal((strlen(owner.label) - 4) % 2, 0);
}

static void any_bytes(void **state)
{
	static const char *const pieces[] = {"0::",    "/",   "docker-",      ID,
					     ".scope", "pod", "kubepods",     ".slice",
					     ":",      "\n",  "libpod_pod_",  "machine-",
					     "\\x2d",  "\\x", "lxc.payload.", " (deleted)",
					     "\xff"};
	enum { PIECES = sizeof(pieces) / sizeof(pieces[0]), ROUNDS = 20000 };
	struct chance chance = {1};

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		char text[2048] = "";
		struct namespace_owner owner;
		size_t count = chance_below(&chance, 16);

		for (size_t i = 0; i < count; i++)
			strcat(text, pieces[chance_below(&chance, PIECES)]);
		parse_text(text, &owner);
		assert_true(strlen(owner.label) < sizeof(owner.label));
	}
}

static void the_owner_of_a_process(void **state)
{
	struct namespace_facts place = {.ipcns = 1, .pid = getpid()};
	struct namespace_owner owner;
	char comm[FACT_COMM_LEN];

	(void)state;
	assert_int_equal(process_start_time(place.pid, &place.start_time), 0);
	assert_int_equal(container_read(&place, &owner), 0);
	assert_int_equal(owner.pid, getpid());
	assert_int_equal(owner.start_time, place.start_time);
	assert_true(owner.read > owner.start_time);
	snprintf(comm, sizeof(comm), "%.15s", "test_container");
	assert_string_equal(owner.comm, comm);

	/* Its pid may be another's by now. */
	place.start_time += 1000000000;
	assert_int_equal(container_read(&place, &owner), -ESRCH);
}

static void the_host_has_a_name(void **state)
{
	struct namespace_facts place = {.ipcns = FACT_IPCNS_HOST, .pid = getpid()};
	struct namespace_owner owner;

	(void)state;
	assert_int_equal(process_start_time(place.pid, &place.start_time), 0);
	assert_int_equal(container_read(&place, &owner), 0);
	assert_string_equal(owner.label, "host");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_is_read),
		cmocka_unit_test(labels_of_containers_are_short),
		cmocka_unit_test(the_most_telling_line_counts),
		cmocka_unit_test(hostile_names_are_made_safe),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(the_owner_of_a_process),
		cmocka_unit_test(the_host_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
