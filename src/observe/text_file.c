/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/text_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { NUMBER_LEN = 32 };

bool text_file_read(int folder, const char *path, char *text, size_t capacity)
{
	const int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return false;

	const ssize_t length = read(fd, text, capacity - 1);

	close(fd);
	text[length > 0 ? length : 0] = '\0';
	return length >= 0;
}

bool text_file_number(int folder, const char *path, int64_t *number)
{
	char text[NUMBER_LEN];

	return text_file_read(folder, path, text, sizeof(text)) &&
	       sscanf(text, "%" SCNd64, number) == 1;
}
