/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of small files, for what reads them by their paths. */
#ifndef TESTS_UNIT_FILE_TREE_H
#define TESTS_UNIT_FILE_TREE_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct file_tree {
	const char *path; /* below the root: "/etc/sysctl.conf" */
	const char *text; /* "->TARGET": a link */
};

enum { FILE_TREE_LEN = 64 };

static inline void file_tree_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
}

static inline void file_tree_add(const char *root, const struct file_tree *file)
{
	char path[PATH_MAX];
	FILE *out;

	snprintf(path, sizeof(path), "%s%s", root, file->path);
	file_tree_folders(path);
	if (strncmp(file->text, "->", 2) == 0) {
		assert_int_equal(symlink(file->text + 2, path), 0);
		return;
	}
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(file->text, out);
	assert_int_equal(fclose(out), 0);
}

/* Makes it below /tmp, and tells where. */
static inline void file_tree_make(char root[static FILE_TREE_LEN], const struct file_tree *files,
				  size_t count)
{
	strcpy(root, "/tmp/shmtop-tree-XXXXXX");
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < count; i++)
		file_tree_add(root, &files[i]);
}

static inline int file_tree_entry(const char *path, const struct stat *status, int kind,
				  struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(path);
}

static inline void file_tree_remove(const char *root)
{
	assert_int_equal(nftw(root, file_tree_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
