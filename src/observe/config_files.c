/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/config_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "observe/text_file.h"

enum {
	TEXT_LEN = 64 * 1024, /* such files are short: what is beyond is not read */
	LINE_LEN = 1024,
	NAME_LEN = 256,
};

/* ---- one file -------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Ends the text where its last blanks begin, and returns where its first ones end. */
static char *trim(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && is_blank(text[length - 1]))
		text[--length] = '\0';
	while (is_blank(*text))
		text++;
	return text;
}

/* Behind "#" a key stands without a blank; prose does not. */
static bool comment_begins(char **line)
{
	if (**line != '#' && **line != ';')
		return false;
	++*line;
	return true;
}

static void line_parse(char *text, char section[static LINE_LEN], const char *path,
		       config_take *take, void *context)
{
	char *line = trim(text);
	const bool comment = comment_begins(&line);
	char *sign, *end;

	if (!comment && *line == '[' && (end = strchr(line, ']'))) {
		*end = '\0';
		snprintf(section, LINE_LEN, "%s", line + 1);
		return;
	}
	sign = strchr(line, '=');
	if (!sign || (comment && is_blank(*line)))
		return;
	*sign = '\0';

	const struct config_line found = {
		.path = path,
		.section = section,
		.key = trim(line),
		.value = trim(sign + 1),
		.comment = comment,
	};

	if (*found.key)
		take(context, &found);
}

void config_files_parse(const char *path, const char *text, size_t length, config_take *take,
			void *context)
{
	char section[LINE_LEN] = "", line[LINE_LEN];
	const char *const end = text + length;
	const char *stop;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;

		const size_t bytes = (size_t)(stop - text);

		if (bytes >= sizeof(line) || memchr(text, '\0', bytes))
			continue;
		memcpy(line, text, bytes);
		line[bytes] = '\0';
		line_parse(line, section, path, take, context);
	}
}

bool config_files_read(const char *root, const char *path, config_take *take, void *context)
{
	char name[PATH_MAX], *text = malloc(TEXT_LEN);
	const bool found = text &&
			   snprintf(name, sizeof(name), "%s%s", root, path) < (int)sizeof(name) &&
			   text_file_read(AT_FDCWD, name, text, TEXT_LEN);

	if (found)
		config_files_parse(path, text, strlen(text), take, context);
	free(text);
	return found;
}

/* ---- folders --------------------------------------------------------------------------------- */

struct config_name {
	char name[NAME_LEN];
	size_t folder; /* its place in the list: the first one counts */
};

struct config_names {
	struct config_name *rows;
	size_t count, capacity;
};

static bool is_config(const char *name)
{
	const size_t length = strlen(name);

	return name[0] != '.' && length > 5 && length < NAME_LEN &&
	       strcmp(name + length - 5, ".conf") == 0;
}

static void folder_list(const char *root, const char *folder, size_t place,
			struct config_names *names)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *directory;

	if (snprintf(path, sizeof(path), "%s%s", root, folder) >= (int)sizeof(path) ||
	    !(directory = opendir(path)))
		return;
	while ((entry = readdir(directory))) {
		void *rows = names->rows;

		if (!is_config(entry->d_name))
			continue;
		if (array_reserve(&rows, &names->capacity, names->count + 1, sizeof(*names->rows)))
			break;
		names->rows = rows;
		names->rows[names->count].folder = place;
		strcpy(names->rows[names->count++].name, entry->d_name);
	}
	closedir(directory);
}

static int name_order(const void *left, const void *right)
{
	const struct config_name *a = left;
	const struct config_name *b = right;
	const int order = strcmp(a->name, b->name);

	if (order)
		return order;
	return a->folder < b->folder ? -1 : a->folder > b->folder;
}

void config_files_read_folders(const char *root, const char *const *folders, config_take *take,
			       void *context)
{
	struct config_names names = {0};
	char path[PATH_MAX];

	for (size_t i = 0; folders[i]; i++)
		folder_list(root, folders[i], i, &names);
	if (names.count)
		qsort(names.rows, names.count, sizeof(*names.rows), name_order);
	for (size_t i = 0; i < names.count; i++) {
		const struct config_name *row = &names.rows[i];

		if (i > 0 && strcmp(row->name, row[-1].name) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folders[row->folder], row->name);
		config_files_read(root, path, take, context);
	}
	free(names.rows);
}
