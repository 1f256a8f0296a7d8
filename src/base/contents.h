/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A piece of what stands in a segment. The bytes were chosen by those who wrote them: hostile. */
#ifndef BASE_CONTENTS_H
#define BASE_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

/* Bytes at most; holes are whole pages of 4 KiB at least, with others between them. */
enum { CONTENTS_MAX = 65536, CONTENTS_HOLES = CONTENTS_MAX / 4096 / 2 + 1 };

/* Pages that nobody has written to yet: they take no memory, and read as zeros. */
struct contents_hole {
	uint64_t offset, length; /* as that of the contents */
};

struct contents {
	uint64_t offset; /* into the segment, bytes */
	size_t length;
	struct contents_hole holes[CONTENTS_HOLES]; /* ascending */
	size_t hole_count;
	unsigned char bytes[CONTENTS_MAX]; /* zero in holes */
};

/* The hole in which this offset lies; NULL: in none. */
static inline const struct contents_hole *contents_hole(const struct contents *contents,
							uint64_t offset)
{
	for (size_t i = 0; i < contents->hole_count; i++)
		if (offset - contents->holes[i].offset < contents->holes[i].length)
			return &contents->holes[i];
	return NULL;
}

#endif
