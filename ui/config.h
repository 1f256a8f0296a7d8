/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user wants the view to look like, kept between sessions in
 * $XDG_CONFIG_HOME/shmtop/shmtoprc, without that in ~/.config/shmtop/shmtoprc.
 *
 * It is the environment's: under sudo, of the user whose HOME sudo leaves. A line is `name = value`; from a
 * `#` on it is a comment; blank lines are skipped. The last line of a name counts. A line that is wrong is
 * told and passed over: it must not keep anybody from looking.
 */
#ifndef UI_CONFIG_H
#define UI_CONFIG_H

#include <limits.h>
#include <stdio.h>

#include "cmd/screen.h"

struct config {
	enum column_id columns[COLUMNS_COUNT];
	size_t column_count; /* 0: the usual ones */
	enum column_id order;
	bool has_order;
	bool descending;
	enum screen_theme theme;
	uint64_t interval; /* ns; 0 none given */
	bool ascii;
	bool mouse;
};

enum { CONFIG_ERROR_LEN = PATH_MAX + 256 };

/* Reads lines into *config, over what is there. 0, or -EINVAL with the first mistake in error[], safe and in
 * one line: "PATH:3: unknown name 'colour', passed over". */
int config_parse(struct config *config, const char *path, const char *text, size_t length,
		 char error[static CONFIG_ERROR_LEN]);
/* What config_parse() reads; whoever opened the FILE checks it for errors. */
void config_print(FILE *out, const struct config *config);

/* 0, or -ENOENT where neither XDG_CONFIG_HOME nor HOME is an absolute path, or -ENAMETOOLONG. */
int config_path(char out[static PATH_MAX]);
/* A file that is not there changes nothing. 0, or -errno with error[] as above. */
int config_load(struct config *config, const char *path, char error[static CONFIG_ERROR_LEN]);
/* Makes missing folders, writes a file beside it and puts it in its place: whoever reads sees the old one
 * or the new one, whole. A link stays: the file that it leads to is replaced, unless the
 * link is another user's: -EPERM. 0 or -errno. */
int config_save(const struct config *config, const char *path);

#endif
