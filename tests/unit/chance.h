/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chance that repeats itself: the same seed gives the same inputs on every machine. */
#ifndef TESTS_UNIT_CHANCE_H
#define TESTS_UNIT_CHANCE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct chance {
	uint64_t state; /* the seed, not 0 */
};

/* xorshift64 */
static inline uint64_t chance_next(struct chance *chance)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return chance->state;
}

/* 0 .. end - 1 */
static inline size_t chance_below(struct chance *chance, size_t end)
{
	return (size_t)(chance_next(chance) >> 16) % end;
}

/* Below 2^bits, numbers of all lengths */
static inline uint64_t chance_number(struct chance *chance, unsigned int bits)
{
	return chance_next(chance) >> (64 - bits) >> chance_below(chance, bits);
}

/* Up to eight times: replaces a byte (by any, or by one of `likely`), takes a part out, or copies
 * it over another. Returns the new length, which is never greater. */
static inline size_t chance_mutate(struct chance *chance, char *text, size_t length,
				   const char *likely, size_t likely_length)
{
	for (size_t changes = 1 + chance_below(chance, 8); changes && length; changes--) {
		const size_t at = chance_below(chance, length);
		const size_t span = chance_below(chance, length - at);

		switch (chance_below(chance, 4)) {
		case 0:
			text[at] = (char)chance_next(chance);
			break;
		case 1:
			text[at] = likely[chance_below(chance, likely_length)];
			break;
		case 2:
			memmove(text + at, text + at + span, length - at - span);
			length -= span;
			break;
		case 3:
			memmove(text + chance_below(chance, length - span), text + at, span);
			break;
		}
	}
	return length;
}

/* An input for a parser: mostly the sample after mutations, at times mere noise of up to 64 bytes.
 * `out` has room for both. Returns its length. */
static inline size_t chance_input(struct chance *chance, char *out, const char *sample,
				  size_t sample_length, const char *likely, size_t likely_length)
{
	if (chance_below(chance, 10)) {
		memcpy(out, sample, sample_length);
		return chance_mutate(chance, out, sample_length, likely, likely_length);
	}

	const size_t length = chance_below(chance, 65);

	for (size_t i = 0; i < length; i++)
		out[i] = (char)chance_next(chance);
	return length;
}

#endif
