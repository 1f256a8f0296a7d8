/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"

enum {
	CONFIG_FILE_MAX = 64 * 1024,
	CONFIG_LINE_LEN = 1024,
	CONFIG_MESSAGE_LEN = 192,
	CONFIG_MODE = 0644, /* no secrets, and written by root it may be read by others later */
	CONFIG_FOLDER_MODE = 0755,
};

/* ---- values ---------------------------------------------------------------------------------- */

/* Sets what the value says. NULL, or what would have been right: static, or in `message`. */
typedef const char *config_setter(struct config *config, const char *value,
				  char message[static CONFIG_MESSAGE_LEN]);

static const char *config_set_columns(struct config *config, const char *value,
				      char message[static CONFIG_MESSAGE_LEN])
{
	enum column_id ids[COLUMNS_COUNT];
	char bad[COLUMN_CELL_LEN];
	size_t count;

	if (column_parse_list(value, ids, &count, bad)) {
		snprintf(message, CONFIG_MESSAGE_LEN, "names of columns, which '%.64s' is not",
			 bad);
		return message;
	}
	memcpy(config->columns, ids, count * sizeof(ids[0]));
	config->column_count = count;
	return NULL;
}

static const char *config_set_sort(struct config *config, const char *value,
				   char message[static CONFIG_MESSAGE_LEN])
{
	bool inverted = value[0] == '-';
	enum column_id id = column_by_name(value + inverted, strlen(value + inverted));

	(void)message;
	if (id == COLUMNS_COUNT)
		return "a column, as of -s";
	config->order = id;
	config->has_order = true;
	config->descending = column_table[id].descending != inverted;
	return NULL;
}

static const char *config_set_theme(struct config *config, const char *value,
				    char message[static CONFIG_MESSAGE_LEN])
{
	enum screen_theme theme = screen_theme_by_name(value);

	(void)message;
	if (theme == SCREEN_THEME_UNSET)
		return "dark, light or mono";
	config->theme = theme;
	return NULL;
}

static const char *config_set_interval(struct config *config, const char *value,
				       char message[static CONFIG_MESSAGE_LEN])
{
	uint64_t interval;

	(void)message;
	if (units_parse_duration(value, &interval) || interval < 100 * CLOCK_MS ||
	    interval > 3600 * CLOCK_SECOND)
		return "seconds from 0.1 to 3600";
	config->interval = interval;
	return NULL;
}

static const char *config_flag(bool *flag, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return "yes or no";
	*flag = value[0] == 'y';
	return NULL;
}

static const char *config_set_ascii(struct config *config, const char *value,
				    char message[static CONFIG_MESSAGE_LEN])
{
	(void)message;
	return config_flag(&config->ascii, value);
}

static const char *config_set_mouse(struct config *config, const char *value,
				    char message[static CONFIG_MESSAGE_LEN])
{
	(void)message;
	return config_flag(&config->mouse, value);
}

static const struct {
	const char *name;
	config_setter *set;
} config_names[] = {
	{"columns", config_set_columns},   {"sort", config_set_sort},   {"theme", config_set_theme},
	{"interval", config_set_interval}, {"ascii", config_set_ascii}, {"mouse", config_set_mouse},
};

enum { CONFIG_NAMES = sizeof(config_names) / sizeof(config_names[0]) };

/* ---- lines ----------------------------------------------------------------------------------- */

/* Without blanks at either end, in place */
static char *config_trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r", text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* Whether the line is right; if not, message[] says why. */
static bool config_parse_line(struct config *config, char *line,
			      char message[static CONFIG_MESSAGE_LEN])
{
	char expected[CONFIG_MESSAGE_LEN];
	char *value, *name;

	line[strcspn(line, "#")] = '\0';
	line = config_trim(line);
	if (!*line)
		return true;
	value = strchr(line, '=');
	if (!value) {
		snprintf(message, CONFIG_MESSAGE_LEN, "not like 'name = value'");
		return false;
	}
	*value++ = '\0';
	name = config_trim(line);
	value = config_trim(value);
	for (size_t i = 0; i < CONFIG_NAMES; i++) {
		const char *wanted;

		if (strcmp(name, config_names[i].name) != 0)
			continue;
		wanted = config_names[i].set(config, value, expected);
		if (wanted)
			snprintf(message, CONFIG_MESSAGE_LEN, "'%s' wants %s", name, wanted);
		return !wanted;
	}
	snprintf(message, CONFIG_MESSAGE_LEN, "unknown name '%.64s'", name);
	return false;
}

int config_parse(struct config *config, const char *path, const char *text, size_t length,
		 char error[static CONFIG_ERROR_LEN])
{
	unsigned int mistakes = 0, number = 0;

	error[0] = '\0';
	for (size_t at = 0; at < length; at++) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t bytes = end ? (size_t)(end - (text + at)) : length - at;
		char line[CONFIG_LINE_LEN], message[CONFIG_MESSAGE_LEN];
		bool right = false;

		number++;
		if (bytes >= sizeof(line)) {
			snprintf(message, sizeof(message), "longer than %d bytes",
				 CONFIG_LINE_LEN - 1);
		} else {
			memcpy(line, text + at, bytes);
			line[bytes] = '\0';
			right = config_parse_line(config, line, message);
		}
		if (!right && mistakes++ == 0) {
			char raw[CONFIG_ERROR_LEN];
			int written = snprintf(raw, sizeof(raw), "%s:%u: %s, passed over", path,
					       number, message);

			text_safe(error, CONFIG_ERROR_LEN, raw, (size_t)written);
		}
		at += bytes;
	}
	return mistakes > 0 ? -EINVAL : 0;
}

void config_print(FILE *out, const struct config *config)
{
	fputs("# shmtop: written by W in the live view. Options of the command line win.\n", out);
	if (config->column_count > 0) {
		fputs("columns = ", out);
		for (size_t i = 0; i < config->column_count; i++)
			fprintf(out, "%s%s", i > 0 ? "," : "",
				column_table[config->columns[i]].name);
		fputc('\n', out);
	}
	if (config->has_order)
		fprintf(out, "sort = %s%s\n",
			config->descending == column_table[config->order].descending ? "" : "-",
			column_table[config->order].name);
	if (config->theme != SCREEN_THEME_UNSET)
		fprintf(out, "theme = %s\n", screen_theme_name(config->theme));
	if (config->interval > 0)
		fprintf(out, "interval = %.6g\n", (double)config->interval / (double)CLOCK_SECOND);
	fprintf(out, "ascii = %s\n", config->ascii ? "yes" : "no");
	fprintf(out, "mouse = %s\n", config->mouse ? "yes" : "no");
}

/* ---- the file -------------------------------------------------------------------------------- */

int config_path(char out[static PATH_MAX])
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *middle = "";
	int written;

	/* A relative one is to be ignored, says the specification of that variable. */
	if (!base || base[0] != '/') {
		base = getenv("HOME");
		middle = "/.config";
	}
	if (!base || base[0] != '/')
		return -ENOENT;
	written = snprintf(out, PATH_MAX, "%s%s/shmtop/shmtoprc", base, middle);
	return written < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* All of a regular file, up to `capacity`. Returns the bytes or -errno. */
static long config_read(const char *path, char *out, size_t capacity)
{
	/* What stands there may be anything, a pipe without a writer too. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	size_t length = 0;
	long got = 1;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
		close(fd);
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	}
	while (got > 0 && length < capacity) {
		got = read(fd, out + length, capacity - length);
		length += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		got = -errno;
	close(fd);
	if (got < 0)
		return got;
	return length < capacity ? (long)length : -EFBIG;
}

int config_load(struct config *config, const char *path, char error[static CONFIG_ERROR_LEN])
{
	char *text = malloc(CONFIG_FILE_MAX);
	long length = text ? config_read(path, text, CONFIG_FILE_MAX) : -ENOMEM;
	int result = 0;

	error[0] = '\0';
	if (length >= 0) {
		result = config_parse(config, path, text, (size_t)length, error);
	} else if (length != -ENOENT && length != -ENOTDIR) {
		char raw[CONFIG_ERROR_LEN];
		int written = snprintf(raw, sizeof(raw), "%s: %s", path, strerror((int)-length));

		text_safe(error, CONFIG_ERROR_LEN, raw, (size_t)written);
		result = (int)length;
	}
	free(text);
	return result;
}

/* Makes the folders in which the file of this path stands. */
static int config_make_folders(const char *path)
{
	char folder[PATH_MAX];

	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		size_t length = (size_t)(at - path);

		if (length >= sizeof(folder))
			return -ENAMETOOLONG;
		memcpy(folder, path, length);
		folder[length] = '\0';
		if (mkdir(folder, CONFIG_FOLDER_MODE) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int config_write(int fd, const struct config *config)
{
	FILE *out = fdopen(fd, "w");
	int error = 0;

	if (!out) {
		error = -errno;
		close(fd);
		return error;
	}
	config_print(out, config);
	if (fflush(out) || fchmod(fd, CONFIG_MODE) || fsync(fd))
		error = -errno;
	if (fclose(out) && !error)
		error = -errno;
	return error;
}

/* What the link leads to, made if it is not there. Only a file: a device is not to be replaced by one. */
static int config_follow(const char *link, char out[static PATH_MAX])
{
	int fd = open(link, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, CONFIG_MODE);
	struct stat status;
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !realpath(link, out))
		error = -errno;
	else if (!S_ISREG(status.st_mode))
		error = -EINVAL;
	close(fd);
	return error;
}

/* Where the file itself lies: one in the place of a link would be cut off from what the link leads to. */
static int config_resolve(const char *path, char out[static PATH_MAX])
{
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
		/* Somebody else's would have root write where that one could not. */
		if (status.st_uid != geteuid())
			return -EPERM;
		return config_follow(path, out);
	}
	return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int config_save(const struct config *config, const char *path)
{
	char target[PATH_MAX], fresh[PATH_MAX + sizeof(".XXXXXX")];
	int error = config_make_folders(path);
	int fd;

	if (!error)
		error = config_resolve(path, target);
	if (error)
		return error;
	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", target);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = config_write(fd, config);
	if (!error && rename(fresh, target))
		error = -errno;
	if (error)
		unlink(fresh);
	return error;
}
