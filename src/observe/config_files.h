/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What configuration files assign, in the order in which they count: the format and the drop-in folders that
 * sysctl.d(5) and systemd's own files have.
 */
#ifndef OBSERVE_CONFIG_FILES_H
#define OBSERVE_CONFIG_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct config_line {
	const char *path;
	const char *section;     /* "Login" of "[Login]"; "" before the first */
	const char *key, *value; /* without blanks around them */
	bool comment; /* "#Key=value", as files show what applies where nobody says otherwise */
};

/* The texts last as long as the call. */
typedef void config_take(void *context, const struct config_line *line);

/* Each assignment of a text; what is none is passed over. Pure. */
void config_files_parse(const char *path, const char *text, size_t length, config_take *take,
			void *context);

/* The file, if it can be read. Returns whether it could. `root` is put before the path to open it, not when it is told:
 * "" but in tests. */
bool config_files_read(const char *root, const char *path, config_take *take, void *context);

/* The *.conf of these folders, by their names whichever the folder; of those with the same name only the one in the first
 * folder that has it. `folders` ends with NULL. */
void config_files_read_folders(const char *root, const char *const *folders, config_take *take,
			       void *context);

#endif
