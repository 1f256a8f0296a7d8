/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The saved configuration: what its lines mean, what is said of those that mean nothing, where it lies. */
#include "tests/tap.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "ui/config.h"

static int parse(struct config *config, const char *text, char error[static CONFIG_ERROR_LEN])
{
	*config = (struct config){0};
	return config_parse(config, "rc", text, strlen(text), error);
}

static void every_name_is_read(void **state)
{
	struct config config;
	char error[CONFIG_ERROR_LEN];

	(void)state;
	assert_int_equal(parse(&config,
			       "# a comment\n"
			       "\n"
			       "columns = shmid, size,owner # the rest is not wanted\n"
			       "\tsort=-size\r\n"
			       "  theme   =   light  \n"
			       "interval = 0.5\n"
			       "ascii = yes\n"
			       "mouse = yes\n"
			       "mouse = no",
			       error),
			 0);
	assert_string_equal(error, "");
	assert_int_equal(config.column_count, 3);
	assert_int_equal(config.columns[0], COLUMN_SHMID);
	assert_int_equal(config.columns[1], COLUMN_SIZE);
	assert_int_equal(config.columns[2], COLUMN_OWNER);
	assert_true(config.has_order);
	assert_int_equal(config.order, COLUMN_SIZE);
	assert_false(config.descending);
	assert_int_equal(config.theme, SCREEN_THEME_LIGHT);
	assert_int_equal(config.interval, CLOCK_SECOND / 2);
	assert_true(config.ascii);
	assert_false(config.mouse);

	assert_int_equal(parse(&config, "sort = size\n", error), 0);
	assert_true(config.descending);
	assert_int_equal(parse(&config, "", error), 0);
	assert_int_equal(config.theme, SCREEN_THEME_UNSET);
}

static void mistakes_are_told_and_passed_over(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"\ncolour = red\n", "rc:2: unknown name 'colour', passed over"},
		{"theme\n", "rc:1: not like 'name = value', passed over"},
		{"= dark\n", "rc:1: unknown name '', passed over"},
		{"theme = solar", "rc:1: 'theme' wants dark, light or mono, passed over"},
		{"theme =\n", "rc:1: 'theme' wants dark, light or mono, passed over"},
		{"interval = 0.05\n",
		 "rc:1: 'interval' wants seconds from 0.1 to 3600, passed over"},
		{"interval = 1h1\n",
		 "rc:1: 'interval' wants seconds from 0.1 to 3600, passed over"},
		{"interval = 3601\n",
		 "rc:1: 'interval' wants seconds from 0.1 to 3600, passed over"},
		{"mouse = 1\n", "rc:1: 'mouse' wants yes or no, passed over"},
		{"ascii = Yes\n", "rc:1: 'ascii' wants yes or no, passed over"},
		{"sort = -\n", "rc:1: 'sort' wants a column, as of -s, passed over"},
		{"columns = size,sise\n",
		 "rc:1: 'columns' wants names of columns, which 'sise' is not, passed over"},
		{"columns =\n",
		 "rc:1: 'columns' wants names of columns, which '' is not, passed over"},
		{"a\033[31m = 1\n", "rc:1: unknown name 'a\\x1b[31m', passed over"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;
		char error[CONFIG_ERROR_LEN];

		assert_int_equal(parse(&config, cases[i].text, error), -EINVAL);
		assert_string_equal(error, cases[i].error);
		assert_int_equal(config.theme, SCREEN_THEME_UNSET);
		assert_int_equal(config.interval, 0);
		assert_int_equal(config.column_count, 0);
		assert_false(config.has_order);
	}
}

static void the_first_mistake_is_told_and_the_rest_is_read(void **state)
{
	char text[5000], error[CONFIG_ERROR_LEN];
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, "x\ntheme = mono\ny\n", error), -EINVAL);
	assert_string_equal(error, "rc:1: not like 'name = value', passed over");
	assert_int_equal(config.theme, SCREEN_THEME_MONO);

	memset(text, 'x', sizeof(text));
	strcpy(text + 4000, "\ntheme = mono\n");
	assert_int_equal(parse(&config, text, error), -EINVAL);
	assert_string_equal(error, "rc:1: longer than 1023 bytes, passed over");
	assert_int_equal(config.theme, SCREEN_THEME_MONO);
}

static void random_bytes_do_no_harm(void **state)
{
	static const char pieces[] = "columns=sort =theme interval\n\n\n##\0\xff\x1b,,--9.e";
	char text[300], error[CONFIG_ERROR_LEN];
	struct config config;
	unsigned int random = 1;

	(void)state;
	for (int turn = 0; turn < 20000; turn++) {
		size_t length = (size_t)turn % sizeof(text);

		for (size_t i = 0; i < length; i++) {
			random = random * 1103515245u + 12345u;
			text[i] = pieces[(random >> 16) % (sizeof(pieces) - 1)];
		}
		config = (struct config){0};
		config_parse(&config, "rc", text, length, error);
		assert_in_range(config.column_count, 0, COLUMNS_COUNT);
		assert_null(strchr(error, '\n'));
	}
}

/* ---- files ----------------------------------------------------------------------------------- */

static int make_folder(void **state)
{
	char name[] = "/tmp/shmtop-config-XXXXXX";

	*state = mkdtemp(name) ? strdup(name) : NULL;
	return *state ? setenv("XDG_CONFIG_HOME", *state, 1) : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"shmtop/shmtoprc", "shmtop", "target", ""};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", (const char *)*state, names[i]);
		remove(path);
	}
	free(*state);
	return 0;
}

static size_t entries(const char *folder)
{
	DIR *directory = opendir(folder);
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static void what_is_saved_is_loaded(void **state)
{
	const struct config saved = {
		.columns = {COLUMN_SHMID, COLUMN_DRIFT, COLUMN_COMMAND},
		.column_count = 3,
		.order = COLUMN_IDLE,
		.has_order = true,
		.descending = !column_table[COLUMN_IDLE].descending,
		.theme = SCREEN_THEME_LIGHT,
		.interval = 250 * CLOCK_MS,
		.ascii = true,
		.mouse = true,
	};
	struct config loaded = {0};
	char path[PATH_MAX], folder[PATH_MAX], error[CONFIG_ERROR_LEN];
	struct stat status;

	assert_int_equal(config_path(path), 0);
	assert_int_equal(config_load(&loaded, path, error), 0);
	assert_string_equal(error, "");
	/* The folder is made, too, and a second time it is there. */
	assert_int_equal(config_save(&(struct config){0}, path), 0);
	assert_int_equal(config_save(&saved, path), 0);
	assert_int_equal(config_load(&loaded, path, error), 0);
	assert_memory_equal(&loaded, &saved, sizeof(saved));
	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	snprintf(folder, sizeof(folder), "%s/shmtop", (const char *)*state);
	assert_int_equal(entries(folder), 1);
}

/* Saves by a link to `target`, relative to its folder, which leads out of it. */
static int save_by_link(const char *base, const char *target, const struct config *config)
{
	char path[PATH_MAX], folder[PATH_MAX];
	struct stat status;
	int error;

	assert_int_equal(config_path(path), 0);
	snprintf(folder, sizeof(folder), "%s/shmtop", base);
	mkdir(folder, 0755);
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
	error = config_save(config, path);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	/* Nothing is left beside either. */
	assert_int_equal(entries(folder), 1);
	return error;
}

static void a_link_stays(void **state)
{
	const struct config saved = {.mouse = true, .interval = CLOCK_SECOND};
	struct config loaded = {0};
	char path[PATH_MAX], target[PATH_MAX], error[CONFIG_ERROR_LEN];
	struct stat status;

	snprintf(target, sizeof(target), "%s/target", (const char *)*state);
	/* What it leads to is made, and then replaced. */
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(save_by_link(*state, turn ? target : "../target", &saved), 0);
		assert_int_equal(lstat(target, &status), 0);
		assert_true(S_ISREG(status.st_mode));
		assert_int_equal(entries(*state), 2);
	}
	assert_int_equal(config_path(path), 0);
	assert_int_equal(config_load(&loaded, path, error), 0);
	assert_memory_equal(&loaded, &saved, sizeof(saved));
}

static void a_link_to_no_file_is_left_alone(void **state)
{
	const struct config config = {0};
	char target[PATH_MAX];
	struct stat status;

	snprintf(target, sizeof(target), "%s/target", (const char *)*state);
	assert_int_equal(mkfifo(target, 0600), 0);
	assert_int_equal(save_by_link(*state, "../target", &config), -EINVAL);
	assert_int_equal(lstat(target, &status), 0);
	assert_true(S_ISFIFO(status.st_mode));
	assert_int_equal(entries(*state), 2);
	assert_int_equal(save_by_link(*state, "../none/target", &config), -ENOENT);
	assert_int_equal(save_by_link(*state, "shmtoprc", &config), -ELOOP);
}

/* Who may make a link in root's sight must not choose what root writes to. */
static void a_link_of_another_user_is_not_followed(void **state)
{
	const struct config config = {0};
	char path[PATH_MAX], target[PATH_MAX];
	struct stat status;

	if (geteuid() != 0)
		skip();
	snprintf(target, sizeof(target), "%s/target", (const char *)*state);
	assert_int_equal(save_by_link(*state, "../target", &config), 0);
	assert_int_equal(unlink(target), 0);
	assert_int_equal(config_path(path), 0);
	assert_int_equal(lchown(path, 65534, 65534), 0);
	assert_int_equal(config_save(&config, path), -EPERM);
	assert_int_equal(lstat(target, &status), -1);
}

static void what_is_no_file_is_said(void **state)
{
	char path[PATH_MAX], folder[PATH_MAX], error[CONFIG_ERROR_LEN], expected[CONFIG_ERROR_LEN];
	struct config config = {0};

	assert_int_equal(config_path(path), 0);
	snprintf(folder, sizeof(folder), "%s/shmtop", (const char *)*state);
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(config_load(&config, path, error), -EISDIR);
	snprintf(expected, sizeof(expected), "%s: Is a directory", path);
	assert_string_equal(error, expected);
	/* What could not be put in place is not left behind. */
	assert_int_equal(config_save(&config, path), -EISDIR);
	assert_int_equal(entries(folder), 1);
	assert_int_equal(rmdir(path), 0);
	/* A pipe that nobody writes to keeps nobody waiting. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(config_load(&config, path, error), -EINVAL);
}

static void the_environment_says_where(void **state)
{
	char path[PATH_MAX], *home = strdup(getenv("HOME") ? getenv("HOME") : "");

	(void)state;
	setenv("HOME", "/home/user", 1);
	setenv("XDG_CONFIG_HOME", "/etc/xdg", 1);
	assert_int_equal(config_path(path), 0);
	assert_string_equal(path, "/etc/xdg/shmtop/shmtoprc");
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_int_equal(config_path(path), 0);
	assert_string_equal(path, "/home/user/.config/shmtop/shmtoprc");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
	assert_int_equal(config_path(path), -ENOENT);
	setenv("HOME", home, 1);
	free(home);
}

int main(void)
{
#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_read),
		cmocka_unit_test(mistakes_are_told_and_passed_over),
		cmocka_unit_test(the_first_mistake_is_told_and_the_rest_is_read),
		cmocka_unit_test(random_bytes_do_no_harm),
		FILE_TEST(what_is_saved_is_loaded),
		FILE_TEST(a_link_stays),
		FILE_TEST(a_link_to_no_file_is_left_alone),
		FILE_TEST(a_link_of_another_user_is_not_followed),
		FILE_TEST(what_is_no_file_is_said),
		cmocka_unit_test(the_environment_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
