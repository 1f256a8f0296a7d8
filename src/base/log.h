/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way in which shmtop speaks to stderr: "shmtop: ..." in one line. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/* Prints one line on stderr; the newline is added. Text in arguments must be safe. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "ENOSPC" for 28 or -28; "E%d" for a number without a name. Static storage, or `out`. */
enum { LOG_ERRNO_LEN = 16 };
const char *log_errno_name(int error, char out[static LOG_ERRNO_LEN]);

#endif
