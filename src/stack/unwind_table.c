/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libdw is handed a small ELF image made here, of two checked sections with zeros behind each, and never the
 * file: what is wrong in its other parts cannot harm then, and what reads a little too far finds zeros.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/cfi_check.h"
#include "stack/unwind_table.h"

enum {
	FRAME_MOST = 4 << 20, /* bytes of .eh_frame; of what people run, browsers alone have more */
	UNSORTED_MOST =
		1 << 20, /* the same without a table to search, when all of it is looked through */
	ENTRY_MOST = 1 << 16, /* the rules of one function: libdw's time and memory go by it */
	PADDING = 64,
};

/* .eh_frame_hdr as linkers write it */
enum { HEADER_ENCODINGS = 0x3b031b01, HEADER_SIZE = 12, HEADER_ROW = 8 };

/* Where entries start: a bit for each byte, of CIEs and of FDEs */
struct entries {
	const unsigned char *frame;
	size_t size;
	unsigned char *cie, *fde;
};

static uint32_t word_at(const unsigned char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static void mark(unsigned char *bits, size_t at)
{
	bits[at / 8] |= (unsigned char)(1U << at % 8);
}

static bool marked(const unsigned char *bits, uint64_t at, size_t size)
{
	return at < size && (bits[at / 8] >> at % 8 & 1);
}

/* Every entry lies inside, is not too long, has rules that libdw can be given, and an FDE names a CIE that came
 * before it. */
static bool check_frame(struct entries *entries)
{
	size_t at = 0;

	while (entries->size - at >= 4) {
		const unsigned char *entry = entries->frame + at;
		const uint32_t length = word_at(entry);
		uint32_t id;

		if (length == 0) { /* an end; more may come behind it */
			at += 4;
			continue;
		}
		if (length < 4 || length > ENTRY_MOST || length > entries->size - at - 4)
			return false;
		id = word_at(entry + 4);
		if (id == 0 && cfi_check_cie(entry))
			mark(entries->cie, at);
		else if (id && id <= at + 4 && marked(entries->cie, at + 4 - id, entries->size) &&
			 cfi_check_fde(entry, entry + 4 - id))
			mark(entries->fde, at);
		else
			return false;
		at += 4 + length;
	}
	return true;
}

/* All rows of the search table lead to an FDE. */
static bool check_header(const struct entries *entries, const Elf64_Shdr *frame,
			 const Elf64_Shdr *header, const unsigned char *bytes)
{
	uint32_t count;

	if (header->sh_size < HEADER_SIZE || word_at(bytes) != HEADER_ENCODINGS)
		return false;
	count = word_at(bytes + 8);
	if (count > (header->sh_size - HEADER_SIZE) / HEADER_ROW)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const int32_t to = (int32_t)word_at(bytes + HEADER_SIZE + i * HEADER_ROW + 4);
		const uint64_t address = header->sh_addr + (uint64_t)(int64_t)to;

		if (!marked(entries->fde, address - frame->sh_addr, entries->size))
			return false;
	}
	return true;
}

static bool check(const Elf64_Shdr *frame, const unsigned char *frame_bytes,
		  const Elf64_Shdr *header, const unsigned char *header_bytes, bool *has_header)
{
	const size_t bits = frame->sh_size / 8 + 1;
	struct entries entries = {frame_bytes, frame->sh_size, calloc(1, bits), calloc(1, bits)};
	bool good = entries.cie && entries.fde && check_frame(&entries);

	*has_header = good && header_bytes && check_header(&entries, frame, header, header_bytes);
	if (!*has_header && frame->sh_size > UNSORTED_MOST)
		good = false;
	free(entries.cie);
	free(entries.fde);
	return good;
}

/* Sections of the image */
enum { IMAGE_NULL, IMAGE_HEADER, IMAGE_FRAME, IMAGE_NAMES, IMAGE_SECTIONS };

static const char image_names[] = "\0.eh_frame_hdr\0.eh_frame\0.shstrtab";
enum { NAME_HEADER = 1, NAME_FRAME = 15, NAME_NAMES = 25 };

static size_t put(unsigned char *image, size_t at, const void *bytes, const Elf64_Shdr *from,
		  size_t size, Elf64_Shdr *section)
{
	memcpy(image + at, bytes, size);
	section->sh_offset = at;
	section->sh_size = size;
	section->sh_type = SHT_PROGBITS;
	section->sh_addralign = 8;
	if (from)
		section->sh_addr = from->sh_addr;
	return (at + size + PADDING + 7) / 8 * 8;
}

static int make_image(struct unwind_table *table, const Elf64_Shdr *frame, const void *frame_bytes,
		      const Elf64_Shdr *header, const void *header_bytes)
{
	Elf64_Shdr sections[IMAGE_SECTIONS] = {
		[IMAGE_HEADER].sh_name = NAME_HEADER,
		[IMAGE_FRAME].sh_name = NAME_FRAME,
		[IMAGE_NAMES].sh_name = NAME_NAMES,
	};
	Elf64_Ehdr ehdr = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_DYN,
#if defined(__x86_64__)
		.e_machine = EM_X86_64,
#elif defined(__aarch64__)
		.e_machine = EM_AARCH64,
#endif
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(ehdr),
		.e_shentsize = sizeof(sections[0]),
		.e_shnum = IMAGE_SECTIONS,
		.e_shstrndx = IMAGE_NAMES,
	};
	const size_t header_size = header_bytes ? header->sh_size : 0;
	size_t at = sizeof(ehdr);

	table->size = sizeof(ehdr) + header_size + frame->sh_size + sizeof(image_names) +
		      IMAGE_SECTIONS * (size_t)(PADDING + 8) + sizeof(sections);
	table->image = calloc(1, table->size);
	if (!table->image)
		return -ENOMEM;
	if (header_bytes)
		at = put(table->image, at, header_bytes, header, header_size,
			 &sections[IMAGE_HEADER]);
	else
		sections[IMAGE_HEADER].sh_name = 0;
	at = put(table->image, at, frame_bytes, frame, frame->sh_size, &sections[IMAGE_FRAME]);
	at = put(table->image, at, image_names, NULL, sizeof(image_names), &sections[IMAGE_NAMES]);
	sections[IMAGE_NAMES].sh_type = SHT_STRTAB;
	ehdr.e_shoff = at;
	memcpy(table->image + at, sections, sizeof(sections));
	memcpy(table->image, &ehdr, sizeof(ehdr));
	return 0;
}

static int open_image(struct unwind_table *table, bool has_header)
{
	Dwarf_Frame *nowhere = NULL;

	elf_version(EV_CURRENT);
	table->elf = elf_memory((char *)table->image, table->size);
	table->cfi = table->elf ? dwarf_getcfi_elf(table->elf) : NULL;
	if (!table->cfi)
		return -ENOEXEC;
	/* Without a table to search libdw reads on until it finds what it looks for, and keeps all: the first
	 * sample shall not be the one that pays for it. */
	if (!has_header && dwarf_cfi_addrframe(table->cfi, 0, &nowhere) == 0)
		free(nowhere);
	return 0;
}

int unwind_table_new(const struct elf_file *file, struct unwind_table **out)
{
	const Elf64_Shdr *frame = elf_file_section(file, ".eh_frame");
	const Elf64_Shdr *header = elf_file_section(file, ".eh_frame_hdr");
	struct unwind_table *table = calloc(1, sizeof(*table));
	unsigned char *frame_bytes = frame ? elf_file_read(file, frame, FRAME_MOST) : NULL;
	unsigned char *header_bytes = header ? elf_file_read(file, header, FRAME_MOST) : NULL;
	bool has_header = false;
	int error = -ENOEXEC;

	if (!table)
		error = -ENOMEM;
	else if (frame_bytes && check(frame, frame_bytes, header, header_bytes, &has_header))
		error = make_image(table, frame, frame_bytes, header,
				   has_header ? header_bytes : NULL);
	if (!error)
		error = open_image(table, has_header);
	free(frame_bytes);
	free(header_bytes);
	if (error) {
		unwind_table_free(table);
		return error;
	}
	*out = table;
	return 0;
}

void unwind_table_free(struct unwind_table *table)
{
	if (!table)
		return;
	if (table->cfi)
		dwarf_cfi_end(table->cfi);
	elf_end(table->elf);
	free(table->image);
	free(table);
}
