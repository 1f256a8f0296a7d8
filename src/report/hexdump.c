/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/hexdump.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"

/* A blank stands between two groups of so many bytes. */
enum { HEXDUMP_GROUP = 8 };

size_t hexdump_digits_at(const struct hexdump_layout *layout, size_t i)
{
	return layout->digits + 2 + i * 3 + i / HEXDUMP_GROUP;
}

size_t hexdump_character_at(const struct hexdump_layout *layout, size_t i)
{
	return hexdump_digits_at(layout, layout->bytes - 1) + 2 + 3 + i;
}

struct hexdump_layout hexdump_layout(uint64_t size, size_t columns)
{
	struct hexdump_layout layout = {.digits = 8, .bytes = HEXDUMP_BYTES};

	while (layout.digits < 16 && size > 0 && (size - 1) >> (4 * layout.digits))
		layout.digits++;
	if (columns == 0)
		return layout;
	layout.bytes = HEXDUMP_BYTES_MAX;
	/* The closing bar stands behind the last character. */
	while (layout.bytes > 4 && hexdump_character_at(&layout, layout.bytes) + 1 > columns)
		layout.bytes /= 2;
	return layout;
}

uint32_t hexdump_changes(const struct contents *before, const struct contents *now, uint64_t offset,
			 size_t count)
{
	uint32_t changes = 0;

	for (size_t i = 0; before && i < count; i++) {
		uint64_t at = offset + i;

		if (at >= before->offset && at - before->offset < before->length &&
		    before->bytes[at - before->offset] != now->bytes[at - now->offset])
			changes |= UINT32_C(1) << i;
	}
	return changes;
}

char *hexdump_line(char out[static HEXDUMP_LINE_LEN], const struct hexdump_layout *layout,
		   const struct contents *contents, uint64_t offset, size_t count, uint32_t changes)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *bytes = contents->bytes + (offset - contents->offset);
	size_t bar = hexdump_character_at(layout, count);

	memset(out, ' ', HEXDUMP_LINE_LEN);
	out[snprintf(out, HEXDUMP_LINE_LEN, "%0*" PRIx64, (int)layout->digits, offset)] = ' ';
	for (size_t i = 0; i < count; i++) {
		char *digits = out + hexdump_digits_at(layout, i);

		digits[0] = hex[bytes[i] >> 4];
		digits[1] = hex[bytes[i] & 0xf];
		if (changes >> i & 1)
			digits[-1] = '*';
		out[hexdump_character_at(layout, i)] =
			bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.';
	}
	out[hexdump_character_at(layout, 0) - 1] = '|';
	out[bar] = '|';
	out[bar + 1] = '\0';
	return out;
}

/* ---- a stream ------------------------------------------------------------------------------ */

static void print_hole(struct hexdump *dump)
{
	char size[UNITS_LEN];

	if (dump->hole.length == 0)
		return;
	fprintf(dump->out, "%0*" PRIx64 "  (hole: %" PRIu64 " bytes", (int)dump->layout.digits,
		dump->hole.offset, dump->hole.length);
	if (dump->hole.length >= 1024)
		fprintf(dump->out, ", %s,", units_size(size, dump->hole.length));
	fputs(" never written)\n", dump->out);
	dump->hole.length = 0;
	dump->has_last = dump->starred = false;
}

static void print_line(struct hexdump *dump, const struct contents *contents, uint64_t offset,
		       size_t count)
{
	const unsigned char *bytes = contents->bytes + (offset - contents->offset);
	char line[HEXDUMP_LINE_LEN];

	if (dump->has_last && count == dump->layout.bytes &&
	    memcmp(dump->last, bytes, count) == 0) {
		if (!dump->starred)
			fputs("*\n", dump->out);
		dump->starred = true;
		return;
	}
	fprintf(dump->out, "%s\n", hexdump_line(line, &dump->layout, contents, offset, count, 0));
	memcpy(dump->last, bytes, count);
	dump->has_last = count == dump->layout.bytes;
	dump->starred = false;
}

/* Up to the next hole, or the end of the line */
static size_t line_length(const struct hexdump *dump, const struct contents *contents,
			  uint64_t offset)
{
	uint64_t end = contents->offset + contents->length;

	for (size_t i = 0; i < contents->hole_count; i++)
		if (contents->holes[i].offset > offset && contents->holes[i].offset < end)
			end = contents->holes[i].offset;
	return end - offset < dump->layout.bytes ? end - offset : dump->layout.bytes;
}

void hexdump_print(struct hexdump *dump, const struct contents *contents)
{
	const uint64_t end = contents->offset + contents->length;
	uint64_t at = contents->offset;

	while (at < end) {
		const struct contents_hole *hole = contents_hole(contents, at);

		if (!hole) {
			size_t count = line_length(dump, contents, at);

			print_hole(dump);
			print_line(dump, contents, at, count);
			at += count;
			continue;
		}
		if (dump->hole.length == 0)
			dump->hole.offset = at;
		dump->hole.length += hole->offset + hole->length - at;
		at = hole->offset + hole->length;
	}
	dump->end = end;
}

void hexdump_end(struct hexdump *dump)
{
	print_hole(dump);
	fprintf(dump->out, "%0*" PRIx64 "\n", (int)dump->layout.digits, dump->end);
}
