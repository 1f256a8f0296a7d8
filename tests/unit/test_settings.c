/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a machine is set up, from a tree of its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "observe/settings.h"
#include "tests/unit/file_tree.h"

#define READ(tree) read_tree(tree, sizeof(tree) / sizeof((tree)[0]))

static struct settings read_tree(const struct file_tree *tree, size_t count)
{
	struct settings settings;
	char root[FILE_TREE_LEN];

	file_tree_make(root, tree, count);
	settings_read(root, &settings);
	file_tree_remove(root);
	return settings;
}

static void assert_sysctl(const struct settings *settings, enum setting_id id, const char *name,
			  const char *value, const char *wanted, const char *file)
{
	const struct setting *setting = &settings->sysctls[id];

	assert_string_equal(setting->name, name);
	assert_string_equal(setting->value, value);
	assert_string_equal(setting->wanted, wanted);
	assert_string_equal(setting->file, file);
}

static void nothing_is_known_of_nothing(void **state)
{
	static const struct file_tree tree[] = {{"/etc/motd", "welcome\n"}};
	const struct settings settings = READ(tree);

	(void)state;
	assert_sysctl(&settings, SETTING_SHMMNI, "kernel.shmmni", "", "", "");
	assert_sysctl(&settings, SETTING_OVERCOMMIT, "vm.overcommit_memory", "", "", "");
	assert_false(settings.has_systemd);
	assert_true(settings.remove_ipc);
	assert_string_equal(settings.remove_ipc_file, "");
	assert_int_equal(settings.system_uid_max, 999);
	assert_int_equal(settings.logind_ipcns, 0);
	assert_string_equal(settings.group, "");
	assert_string_equal(settings.lockdown, "");
	assert_false(settings.extended_ids);
	assert_false(settings.has_commit);
}

static void values_and_what_the_files_ask_for(void **state)
{
	static const struct file_tree tree[] = {
		{"/proc/sys/kernel/shmmni", "4096\n"},
		{"/proc/sys/kernel/sem", "32000\t1024000000\t500\t32000\n"},
		{"/proc/sys/vm/nr_hugepages", "0\n"},
		{"/proc/sys/kernel/msgmni", "\n"},
		{"/etc/sysctl.d/10-db.conf", "kernel.shmmni = 5000\nkernel.sem=250  32000 32\t128\n"
					     "#kernel.shmall = 1\n# kernel.shmmax = 1\n"},
		{"/usr/lib/sysctl.d/50-more.conf", "-kernel/shmmni=6000\nkernel.shmmnix=1\n"
						   "kernel.shm=1\n"},
		{"/etc/sysctl.conf", "vm/nr_hugepages=128\n"},
	};
	const struct settings settings = READ(tree);

	(void)state;
	assert_sysctl(&settings, SETTING_SHMMNI, "kernel.shmmni", "4096", "6000",
		      "/usr/lib/sysctl.d/50-more.conf");
	assert_sysctl(&settings, SETTING_SEM, "kernel.sem", "32000 1024000000 500 32000",
		      "250 32000 32 128", "/etc/sysctl.d/10-db.conf");
	assert_sysctl(&settings, SETTING_NR_HUGEPAGES, "vm.nr_hugepages", "0", "128",
		      "/etc/sysctl.conf");
	assert_sysctl(&settings, SETTING_SHMALL, "kernel.shmall", "", "", "");
	assert_sysctl(&settings, SETTING_SHMMAX, "kernel.shmmax", "", "", "");
	assert_sysctl(&settings, SETTING_MSGMNI, "kernel.msgmni", "", "", "");
}

static void etc_sysctl_conf_has_the_last_word(void **state)
{
	static const struct file_tree tree[] = {
		{"/etc/sysctl.conf", "kernel.shmmni=1\n"},
		{"/etc/sysctl.d/99-sysctl.conf", "->../sysctl.conf"},
		{"/etc/sysctl.d/zz.conf", "kernel.shmmni=2\nkernel.shmall=3\n"},
	};
	const struct settings settings = READ(tree);

	(void)state;
	assert_sysctl(&settings, SETTING_SHMMNI, "kernel.shmmni", "", "1", "/etc/sysctl.conf");
	assert_sysctl(&settings, SETTING_SHMALL, "kernel.shmall", "", "3", "/etc/sysctl.d/zz.conf");
}

static void texts_are_safe(void **state)
{
	static const struct file_tree tree[] = {
		{"/etc/sysctl.d/\033[31m.conf", "kernel.shmmni=\033[31m\n"},
	};
	const struct settings settings = READ(tree);

	(void)state;
	assert_sysctl(&settings, SETTING_SHMMNI, "kernel.shmmni", "", "\\x1b[31m",
		      "/etc/sysctl.d/\\x1b[31m.conf");
}

static void logind_s_own_default(void **state)
{
	static const struct file_tree yes[] = {
		{"/run/systemd/system/x", ""},
		{"/etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=no\n#RemoveIPC=yes\n"},
	};
	static const struct file_tree no[] = {
		{"/run/systemd/system/x", ""},
		{"/usr/lib/systemd/logind.conf", "[Login]\n#RemoveIPC=no\n"},
	};
	struct settings settings = READ(yes);

	(void)state;
	assert_true(settings.has_systemd);
	assert_true(settings.remove_ipc);
	assert_string_equal(settings.remove_ipc_file, "");
	settings = READ(no);
	assert_true(settings.has_systemd);
	assert_false(settings.remove_ipc);
	assert_string_equal(settings.remove_ipc_file, "");
}

static void logind_s_files(void **state)
{
	static const struct file_tree tree[] = {
		{"/etc/systemd/logind.conf", "[Login]\nRemoveIPC=yes\n"},
		{"/run/systemd/logind.conf", "[Login]\nRemoveIPC=no\n"},
		{"/usr/lib/systemd/logind.conf.d/20-vendor.conf", "[Login]\nRemoveIPC=Off\n"},
		{"/etc/systemd/logind.conf.d/10-mine.conf", "[Login]\nRemoveIPC=yes\n"},
		{"/etc/systemd/logind.conf.d/30-not.conf",
		 "RemoveIPC=yes\n[Logout]\nRemoveIPC=yes\n"
		 "[Login]\nRemoveIPC=perhaps\nRemoveIPC=\n"
		 "#RemoveIPC=yes\nremoveipc=yes\n"},
	};
	const struct settings settings = READ(tree);

	(void)state;
	assert_false(settings.remove_ipc);
	assert_string_equal(settings.remove_ipc_file,
			    "/usr/lib/systemd/logind.conf.d/20-vendor.conf");
}

static void only_the_first_main_file_counts(void **state)
{
	static const struct file_tree tree[] = {
		{"/run/systemd/logind.conf", "[Login]\nRemoveIPC=true\n"},
		{"/usr/lib/systemd/logind.conf", "[Login]\nRemoveIPC=false\n"},
	};
	const struct settings settings = READ(tree);

	(void)state;
	assert_true(settings.remove_ipc);
	assert_string_equal(settings.remove_ipc_file, "/run/systemd/logind.conf");
}

static void the_rest(void **state)
{
	static const struct file_tree tree[] = {
		{"/etc/login.defs",
		 "# SYS_UID_MAX 1\n#SYS_UID_MAX 2\nUID_MIN 500\n\tSYS_UID_MAX\t499\n"},
		{"/proc/1/ns/ipc", "->ipc:[4026531839]"},
		{"/proc/cmdline", "BOOT_IMAGE=/vmlinuz ipcmni_extend quiet\n"},
		{"/proc/meminfo",
		 "MemTotal: 5 kB\nCommitLimit:    2048 kB\nCommitted_AS: 1024 kB\n"},
		{"/sys/kernel/security/lockdown", "none [integrity] confidentiality\n"},
		{"/proc/sys/vm/hugetlb_shm_group", "0\n"},
	};
	const struct settings settings = READ(tree);

	(void)state;
	assert_int_equal(settings.system_uid_max, 499);
	assert_int_equal(settings.logind_ipcns, 4026531839);
	assert_true(settings.extended_ids);
	assert_true(settings.has_commit);
	assert_int_equal(settings.commit_limit, 2 << 20);
	assert_int_equal(settings.committed, 1 << 20);
	assert_string_equal(settings.lockdown, "integrity");
	/* of this machine */
	assert_string_equal(settings.group, "root");
}

static void this_machine(void **state)
{
	struct settings settings;

	(void)state;
	settings_read("", &settings);
	assert_true(settings.sysctls[SETTING_SHMMNI].value[0]);
	assert_true(settings.has_commit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_of_nothing),
		cmocka_unit_test(values_and_what_the_files_ask_for),
		cmocka_unit_test(etc_sysctl_conf_has_the_last_word),
		cmocka_unit_test(texts_are_safe),
		cmocka_unit_test(logind_s_own_default),
		cmocka_unit_test(logind_s_files),
		cmocka_unit_test(only_the_first_main_file_counts),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
