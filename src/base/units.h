/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures for people, and back. Sizes are powers of 1024 with the letters K M G T P E. Figures are
 * cut off, not rounded: never more than there is.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

enum { UNITS_LEN = 32 };

/* At most 5 columns: "0", "1023", "1.00K", "64.0M", "512M", "8.00G", "1023P". Returns out. */
char *units_size(char out[static UNITS_LEN], uint64_t bytes);
/* At most 5 columns: "0s", "59s", "2m", "3h", "3d02h", "41d", "999d", "9y"; nothing above "9999y".
 * Returns out. */
char *units_age(char out[static UNITS_LEN], uint64_t seconds);
/* "850ns", "12.3us", "4.56ms", "1.00s", "3600s". Returns out. */
char *units_duration(char out[static UNITS_LEN], uint64_t nanoseconds);

/* "1G", "1.5M", "4096", "64KiB", "1kb" (any case; a fraction of a byte is dropped). 0, -EINVAL, or
 * -ERANGE. */
int units_parse_size(const char *text, uint64_t *bytes);
/* "90", "1.5", "90s", "5m", "1h", "3d", "200ms", "5us", "7ns": nanoseconds.
 * 0, -EINVAL, or -ERANGE. */
int units_parse_duration(const char *text, uint64_t *nanoseconds);
/* Decimal, or hexadecimal with 0x; the whole text. 0, -EINVAL, or -ERANGE. */
int units_parse_number(const char *text, uint64_t max, uint64_t *out);

#endif
