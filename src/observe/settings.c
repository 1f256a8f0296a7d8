/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/settings.h"

#include <ctype.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"
#include "observe/config_files.h"
#include "observe/text_file.h"

enum {
	FILE_LEN = 16 * 1024,
	GROUP_LEN = 16 * 1024,
	SYSTEM_UID_MAX = 999, /* where login.defs does not say */
};

/* By name as in sysctl.d */
static const char *const settings_names[SETTINGS] = {
	[SETTING_SHMMNI] = "kernel.shmmni",
	[SETTING_SHMALL] = "kernel.shmall",
	[SETTING_SHMMAX] = "kernel.shmmax",
	[SETTING_RMID_FORCED] = "kernel.shm_rmid_forced",
	[SETTING_SEM] = "kernel.sem",
	[SETTING_MSGMNI] = "kernel.msgmni",
	[SETTING_MSGMNB] = "kernel.msgmnb",
	[SETTING_MSGMAX] = "kernel.msgmax",
	[SETTING_NR_HUGEPAGES] = "vm.nr_hugepages",
	[SETTING_OVERCOMMIT_HUGEPAGES] = "vm.nr_overcommit_hugepages",
	[SETTING_HUGETLB_GROUP] = "vm.hugetlb_shm_group",
	[SETTING_OVERCOMMIT] = "vm.overcommit_memory",
};

/* Most important first */
static const char *const sysctl_folders[] = {"/etc/sysctl.d",           "/run/sysctl.d",
					     "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
					     "/lib/sysctl.d",           NULL};
static const char *const logind_folders[] = {
	"/etc/systemd/logind.conf.d", "/run/systemd/logind.conf.d",
	"/usr/local/lib/systemd/logind.conf.d", "/usr/lib/systemd/logind.conf.d", NULL};
static const char *const logind_files[] = {"/etc/systemd/logind.conf", "/run/systemd/logind.conf",
					   "/usr/local/lib/systemd/logind.conf",
					   "/usr/lib/systemd/logind.conf", NULL};

static bool file_read(const char *root, const char *path, char *text, size_t capacity)
{
	char name[PATH_MAX];

	return snprintf(name, sizeof(name), "%s%s", root, path) < (int)sizeof(name) &&
	       text_file_read(AT_FDCWD, name, text, capacity);
}

/* Words with one blank between them, made safe */
static void value_keep(char out[static SETTINGS_VALUE_LEN], const char *text)
{
	char words[SETTINGS_VALUE_LEN];
	size_t length = 0;

	for (; *text && length < sizeof(words) - 1; text++) {
		const bool blank = isspace((unsigned char)*text);

		if (!blank)
			words[length++] = *text;
		else if (length && words[length - 1] != ' ')
			words[length++] = ' ';
	}
	while (length && words[length - 1] == ' ')
		length--;
	text_safe(out, SETTINGS_VALUE_LEN, words, length);
}

/* ---- sysctls --------------------------------------------------------------------------------- */

static void sysctl_read(const char *root, struct setting *setting)
{
	char path[64] = "/proc/sys/", text[SETTINGS_VALUE_LEN];
	char *at = path + strlen(path);

	snprintf(at, sizeof(path) - (size_t)(at - path), "%s", setting->name);
	*strchr(at, '.') = '/';
	if (file_read(root, path, text, sizeof(text)))
		value_keep(setting->value, text);
}

/* "kernel/shmmni" and "-kernel.shmmni" are the same. */
static bool sysctl_is(const char *key, const char *name)
{
	if (*key == '-')
		key++;
	for (; *key && *name; key++, name++)
		if (*key != *name && !(*key == '/' && *name == '.'))
			return false;
	return *key == *name;
}

static void sysctl_take(void *context, const struct config_line *line)
{
	struct settings *settings = context;

	for (size_t i = 0; i < SETTINGS && !line->comment; i++) {
		struct setting *setting = &settings->sysctls[i];

		if (!sysctl_is(line->key, setting->name))
			continue;
		value_keep(setting->wanted, line->value);
		text_safe(setting->file, sizeof(setting->file), line->path, strlen(line->path));
	}
}

static void sysctls_read(const char *root, struct settings *settings)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		settings->sysctls[i].name = settings_names[i];
		sysctl_read(root, &settings->sysctls[i]);
	}
	config_files_read_folders(root, sysctl_folders, sysctl_take, settings);
	/* `sysctl --system` reads it last; systemd does where a link in sysctl.d leads to it, whose name mostly is
	 * the last one too. */
	config_files_read(root, "/etc/sysctl.conf", sysctl_take, settings);
}

/* ---- logind ---------------------------------------------------------------------------------- */

struct logind_setting {
	bool is_set, value, shown; /* shown: what a comment says is the value where none is set */
	char file[SETTINGS_PATH_LEN];
};

/* The words that systemd takes. False: none of them. */
static bool boolean_parse(const char *text, bool *value)
{
	static const char *const words[2][6] = {
		{"0", "no", "n", "false", "f", "off"},
		{"1", "yes", "y", "true", "t", "on"},
	};

	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < sizeof(words[i]) / sizeof(words[i][0]); j++) {
			if (strcasecmp(text, words[i][j]) == 0) {
				*value = i == 1;
				return true;
			}
		}
	}
	return false;
}

static void logind_take(void *context, const struct config_line *line)
{
	struct logind_setting *setting = context;
	bool value;

	if (strcmp(line->section, "Login") || strcmp(line->key, "RemoveIPC") ||
	    !boolean_parse(line->value, &value))
		return;
	/* Some distributions build it with another default, and show that in the file. */
	if (line->comment) {
		setting->shown = value;
		return;
	}
	setting->is_set = true;
	setting->value = value;
	text_safe(setting->file, sizeof(setting->file), line->path, strlen(line->path));
}

static void logind_read(const char *root, struct settings *settings)
{
	struct logind_setting setting = {.shown = true};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/run/systemd/system", root);
	settings->has_systemd = access(path, F_OK) == 0;
	for (size_t i = 0; logind_files[i]; i++)
		if (config_files_read(root, logind_files[i], logind_take, &setting))
			break;
	config_files_read_folders(root, logind_folders, logind_take, &setting);
	settings->remove_ipc = setting.is_set ? setting.value : setting.shown;
	strcpy(settings->remove_ipc_file, setting.file);
}

static void system_users_read(const char *root, struct settings *settings)
{
	char text[FILE_LEN], *rest = text, *line;
	uint32_t uid;

	settings->system_uid_max = SYSTEM_UID_MAX;
	if (!file_read(root, "/etc/login.defs", text, sizeof(text)))
		return;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, " SYS_UID_MAX %" SCNu32, &uid) == 1)
			settings->system_uid_max = uid;
}

static void logind_ipcns_read(const char *root, struct settings *settings)
{
	char path[PATH_MAX], text[64];
	uint32_t inode;

	snprintf(path, sizeof(path), "%s/proc/1/ns/ipc", root);

	const ssize_t length = readlink(path, text, sizeof(text) - 1);

	if (length < 0)
		return;
	text[length] = '\0';
	if (sscanf(text, "ipc:[%" SCNu32 "]", &inode) == 1)
		settings->logind_ipcns = inode;
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* The groups are this machine's, whatever `root` says: the name service has them. */
static void group_read(struct settings *settings)
{
	const char *value = settings->sysctls[SETTING_HUGETLB_GROUP].value;
	char buffer[GROUP_LEN];
	struct group entry, *found = NULL;
	size_t length = 0;
	uint64_t gid;

	if (units_parse_number(value, UINT32_MAX, &gid) ||
	    getgrgid_r((gid_t)gid, &entry, buffer, sizeof(buffer), &found) || !found)
		return;
	text_safe(settings->group, sizeof(settings->group), found->gr_name, strlen(found->gr_name));
	for (char **member = found->gr_mem; *member && length + 2 < SETTINGS_TEXT_LEN; member++) {
		if (length)
			length += (size_t)snprintf(settings->members + length, 3, ", ");
		length += text_safe(settings->members + length, SETTINGS_TEXT_LEN - length, *member,
				    strlen(*member));
	}
}

static void commit_read(const char *root, struct settings *settings)
{
	char text[FILE_LEN];
	const char *limit, *used;
	uint64_t limit_kilobytes, used_kilobytes;

	if (!file_read(root, "/proc/meminfo", text, sizeof(text)))
		return;
	limit = strstr(text, "\nCommitLimit:");
	used = strstr(text, "\nCommitted_AS:");
	settings->has_commit =
		limit && used &&
		sscanf(limit, "\nCommitLimit: %" SCNu64 " kB", &limit_kilobytes) == 1 &&
		sscanf(used, "\nCommitted_AS: %" SCNu64 " kB", &used_kilobytes) == 1 &&
		!__builtin_mul_overflow(limit_kilobytes, 1024u, &settings->commit_limit) &&
		!__builtin_mul_overflow(used_kilobytes, 1024u, &settings->committed);
}

/* "none [integrity] confidentiality" */
static void lockdown_read(const char *root, struct settings *settings)
{
	char text[SETTINGS_VALUE_LEN], *begin, *end;

	if (!file_read(root, "/sys/kernel/security/lockdown", text, sizeof(text)) ||
	    !(begin = strchr(text, '[')) || !(end = strchr(begin, ']')))
		return;
	text_safe(settings->lockdown, sizeof(settings->lockdown), begin + 1,
		  (size_t)(end - begin - 1));
}

static void boot_read(const char *root, struct settings *settings)
{
	char text[FILE_LEN], *rest = text, *word;

	if (!file_read(root, "/proc/cmdline", text, sizeof(text)))
		return;
	while ((word = strsep(&rest, " \n")))
		if (strcmp(word, "ipcmni_extend") == 0)
			settings->extended_ids = true;
}

void settings_read(const char *root, struct settings *settings)
{
	*settings = (struct settings){0};
	sysctls_read(root, settings);
	boot_read(root, settings);
	logind_read(root, settings);
	system_users_read(root, settings);
	logind_ipcns_read(root, settings);
	group_read(settings);
	commit_read(root, settings);
	lockdown_read(root, settings);
}
