/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/text_ranges.h"

#define TEXT_IN(table, code) text_in_ranges(table, sizeof(table) / sizeof((table)[0]), code)

static bool text_in_ranges(const struct text_range *ranges, size_t count, uint32_t code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && code >= ranges[low].first;
}

/* Decodes the character at the start of `length` > 0 bytes. Returns its bytes; 0 when they are not
 * well-formed UTF-8. An overlong form is not; a surrogate is not: the table of unsafe ones has it.
 */
static size_t text_decode(const char *source, size_t length, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)source[0];
	size_t bytes;

	if (lead < 0x80) {
		*code = lead;
		return 1;
	}
	if (lead >= 0xf8 || lead < 0xc0)
		return 0;
	bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (bytes > length)
		return 0;
	*code = lead & (0x7fu >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		unsigned char next = (unsigned char)source[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (next & 0x3f);
	}
	return *code >= smallest[bytes] && *code <= 0x10ffff ? bytes : 0;
}

/* "\xNN" for each byte, without terminator */
static void text_escape(char *out, const char *source, size_t bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes; i++) {
		unsigned char byte = (unsigned char)source[i];

		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[byte >> 4];
		*out++ = digits[byte & 0xf];
	}
}

/* text_safe() for a source without NUL; stays false in *whole when not all of it had room. */
static size_t text_append(char *out, size_t capacity, const char *source, size_t length,
			  bool *whole)
{
	size_t written = 0, at = 0;

	*whole = false;
	while (at < length) {
		uint32_t code = 0;
		size_t bytes = text_decode(source + at, length - at, &code);
		bool escape = bytes == 0 || TEXT_IN(text_unsafe, code);
		size_t need;

		if (bytes == 0)
			bytes = 1;
		need = escape ? 4 * bytes : bytes;
		if (written + need >= capacity)
			return written;
		if (escape)
			text_escape(out + written, source + at, bytes);
		else
			memcpy(out + written, source + at, bytes);
		written += need;
		at += bytes;
	}
	*whole = true;
	return written;
}

size_t text_safe(char *out, size_t capacity, const char *source, size_t length)
{
	bool whole;
	size_t written = text_append(out, capacity, source, strnlen(source, length), &whole);

	out[written] = '\0';
	return written;
}

size_t text_safe_words(char *out, size_t capacity, const char *source, size_t length)
{
	size_t written = 0, at = 0;
	bool whole = true;

	while (at < length && whole) {
		size_t word = strnlen(source + at, length - at);
		size_t space = written > 0 ? 1 : 0;
		size_t added = 0;

		if (written + space < capacity)
			added = text_append(out + written + space, capacity - written - space,
					    source + at, word, &whole);
		if (space && added > 0)
			out[written] = ' ';
		if (added > 0)
			written += space + added;
		at += word + 1;
	}
	out[written] = '\0';
	return written;
}

static size_t text_columns(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (TEXT_IN(text_zero, code))
		return 0;
	return TEXT_IN(text_wide, code) ? 2 : 1;
}

/* Walks over safe text while it fits; returns the bytes and tells the columns. */
static size_t text_walk(const char *safe, size_t limit, size_t *columns)
{
	size_t length = strlen(safe);
	size_t at = 0;

	*columns = 0;
	while (at < length) {
		uint32_t code = 0;
		size_t bytes = text_decode(safe + at, length - at, &code);
		size_t more = text_columns(code);

		if (more > limit - *columns)
			break;
		*columns += more;
		at += bytes > 0 ? bytes : 1;
	}
	return at;
}

size_t text_width(const char *safe)
{
	size_t columns;

	text_walk(safe, SIZE_MAX, &columns);
	return columns;
}

size_t text_prefix(const char *safe, size_t columns)
{
	size_t taken;

	return text_walk(safe, columns, &taken);
}

size_t text_fold(const char *safe, size_t columns)
{
	size_t length = text_prefix(safe, columns), at = length;

	if (!safe[length])
		return length;
	while (at > 0 && safe[at] != ' ' && safe[at - 1] != '|')
		at--;
	return at ? at : length;
}
