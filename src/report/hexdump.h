/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents of a segment as text: an offset, bytes in hexadecimal, and the same as characters. Only
 * printable ASCII is shown as it is; every other byte is a dot.
 *
 *	00000010  68 65 6c 6c 6f*21 00 00  00 00 00 00 00 00 00 00  |hello!..........|
 *
 * The star is in front of a byte that changed.
 */
#ifndef REPORT_HEXDUMP_H
#define REPORT_HEXDUMP_H

#include <stdbool.h>
#include <stdio.h>

#include "base/contents.h"

enum { HEXDUMP_BYTES = 16, HEXDUMP_BYTES_MAX = 32, HEXDUMP_LINE_LEN = 192 };

/* How lines are laid out */
struct hexdump_layout {
	size_t digits; /* of offsets */
	size_t bytes;  /* in a line: 4, 8, 16 or 32 */
};

/* As many bytes in a line as `columns` have room for, HEXDUMP_BYTES of them where there is no limit (0); 4 take
 * 29 columns. `size` is that of the segment. */
struct hexdump_layout hexdump_layout(uint64_t size, size_t columns);

/* Which bytes of a line changed: bit i for the byte i. None without `before`, where that lacks the byte, and where
 * it is the same. */
uint32_t hexdump_changes(const struct contents *before, const struct contents *now, uint64_t offset,
			 size_t count);

/* The line of the `count` bytes from `offset` on, all of them within the contents. Returns out. */
char *hexdump_line(char out[static HEXDUMP_LINE_LEN], const struct hexdump_layout *layout,
		   const struct contents *contents, uint64_t offset, size_t count,
		   uint32_t changes);

/* Columns of a line at which the byte i stands: its two digits, and its character */
size_t hexdump_digits_at(const struct hexdump_layout *layout, size_t i);
size_t hexdump_character_at(const struct hexdump_layout *layout, size_t i);

/* A dump as a stream: lines that are the same as the one before are told by one star, a hole by one line that
 * says how long it is. Starts with `out` and `layout` set and the rest zeroed; pieces follow each other without
 * a gap; ends with the offset behind the last byte. */
struct hexdump {
	FILE *out;
	struct hexdump_layout layout;

	/* its own */
	uint64_t end;                          /* of what came */
	struct contents_hole hole;             /* that is not told yet; length 0: none */
	unsigned char last[HEXDUMP_BYTES_MAX]; /* line printed, when `has_last` */
	bool has_last, starred;
};
void hexdump_print(struct hexdump *dump, const struct contents *contents);
void hexdump_end(struct hexdump *dump);

#endif
