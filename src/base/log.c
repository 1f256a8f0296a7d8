/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { LOG_LINE_LEN = 1024 };

void log_error(const char *format, ...)
{
	char line[LOG_LINE_LEN];
	int saved = errno;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "shmtop: %s\n", line);
	errno = saved;
}

const char *log_errno_name(int error, char out[static LOG_ERRNO_LEN])
{
	unsigned int number = error < 0 ? 0u - (unsigned int)error : (unsigned int)error;
	const char *name = strerrorname_np((int)number);

	if (name)
		return name;
	snprintf(out, LOG_ERRNO_LEN, "E%u", number);
	return out;
}
