/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short files that are read at once: the kernel's own, and settings. */
#ifndef OBSERVE_TEXT_FILE_H
#define OBSERVE_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text, terminated, as far as there is room. `folder` as in openat(2). A path that leads to anything else than a
 * file is not waited for. Whether it could be read. */
bool text_file_read(int folder, const char *path, char *text, size_t capacity);

/* The decimal number that it begins with. False: there is none. */
bool text_file_number(int folder, const char *path, int64_t *number);

#endif
