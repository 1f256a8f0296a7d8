/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TAP for tests whose claims are counted as they run: cmocka wants to know them beforehand. */
#ifndef TESTS_LIVE_TAP_STREAM_H
#define TESTS_LIVE_TAP_STREAM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct tap {
	unsigned int count, failed;
};

/* One claim. */
__attribute__((format(printf, 3, 4))) static inline void tap_ok(struct tap *tap, bool holds,
								const char *format, ...)
{
	va_list arguments;

	tap->failed += !holds;
	printf("%s %u - ", holds ? "ok" : "not ok", ++tap->count);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

/* One claim that cannot be looked at here, and why. */
__attribute__((format(printf, 3, 4))) static inline void tap_skip(struct tap *tap, const char *name,
								  const char *format, ...)
{
	va_list arguments;

	printf("ok %u - %s # SKIP ", ++tap->count, name);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

/* Tells the plan and returns the exit status. */
static inline int tap_done(const struct tap *tap)
{
	printf("1..%u\n", tap->count);
	return tap->failed > 0;
}

#endif
