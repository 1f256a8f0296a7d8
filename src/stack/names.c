/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "stack/demangle.h"
#include "stack/names.h"
#include "stack/symbols.h"

enum { DEPTH_MOST = 64, NAME_LEN = 1024 };

/* DWARF of one file */
struct names_dwarf {
	Elf *elf;
	Dwarf *dwarf;
};

struct names {
	struct elf_file *file, *debug, *shared;
	struct names_dwarf own, common;
	struct symbols symbols[3]; /* the best first */
};

static void dwarf_close(struct names_dwarf *dwarf)
{
	dwarf_end(dwarf->dwarf);
	elf_end(dwarf->elf);
}

static void dwarf_open(const struct elf_file *file, struct names_dwarf *out)
{
	elf_version(EV_CURRENT);
	out->elf = elf_begin(file->fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	out->dwarf = out->elf ? dwarf_begin_elf(out->elf, DWARF_C_READ, NULL) : NULL;
}

int names_new(struct elf_file *file, struct elf_file *debug, struct elf_file *shared,
	      bool use_debug, struct names **out)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names) {
		elf_file_free(file);
		elf_file_free(debug);
		elf_file_free(shared);
		return -ENOMEM;
	}
	*names = (struct names){.file = file, .debug = debug, .shared = shared};
	symbols_read(file, false, &names->symbols[0]);
	if (debug)
		symbols_read(debug, false, &names->symbols[1]);
	symbols_read(file, true, &names->symbols[2]);
	if (use_debug)
		dwarf_open(debug ? debug : file, &names->own);
	if (names->own.dwarf && shared) {
		dwarf_open(shared, &names->common);
		if (names->common.dwarf)
			dwarf_setalt(names->own.dwarf, names->common.dwarf);
	}
	*out = names;
	return 0;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	dwarf_close(&names->own);
	dwarf_close(&names->common);
	for (size_t i = 0; i < sizeof(names->symbols) / sizeof(names->symbols[0]); i++)
		symbols_free(&names->symbols[i]);
	elf_file_free(names->file);
	elf_file_free(names->debug);
	elf_file_free(names->shared);
	free(names);
}

/* ---- texts --------------------------------------------------------------------------------- */

static void set_function(struct call_name *name, const char *raw)
{
	text_safe(name->function, CALL_NAME_LEN, raw, strlen(raw));
}

/* Below the folder that it was compiled in a file is named from there on. What is too long loses its first
 * folders. */
static void set_file(struct call_name *name, const char *raw, const char *folder)
{
	const size_t length = folder ? strlen(folder) : 0;

	if (!raw)
		return;
	if (length && strncmp(raw, folder, length) == 0 && raw[length] == '/' && raw[length + 1])
		raw += length + 1;
	while (strlen(raw) >= CALL_NAME_LEN && strchr(raw + 1, '/'))
		raw = strchr(raw + 1, '/');
	text_safe(name->file, CALL_NAME_LEN, raw, strlen(raw));
}

static const char *text_of(Dwarf_Die *die, unsigned int attribute)
{
	Dwarf_Attribute memory;

	return dwarf_formstring(dwarf_attr_integrate(die, attribute, &memory));
}

static int number_of(Dwarf_Die *die, unsigned int attribute)
{
	Dwarf_Attribute memory;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, attribute, &memory), &value) || value > INT32_MAX)
		return 0;
	return (int)value;
}

/* ---- DWARF --------------------------------------------------------------------------------- */

/* Functions around an address, the outermost first: a function, then what was inlined there */
struct scopes {
	Dwarf_Die dies[CALL_NAMES_MOST];
	size_t count;
};

static bool is_scope(int tag)
{
	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine ||
	       tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/* Has no addresses, but may have functions */
static bool is_container(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

static bool find_scopes(Dwarf_Die *parent, uint64_t address, int depth, struct scopes *scopes)
{
	Dwarf_Die die;

	if (depth > DEPTH_MOST || dwarf_child(parent, &die))
		return false;
	do {
		const int tag = dwarf_tag(&die);

		if (is_container(tag) && find_scopes(&die, address, depth + 1, scopes))
			return true;
		if (!is_scope(tag) || dwarf_haspc(&die, address) != 1)
			continue;
		/* Innermost ones that have no room are left out. */
		if ((tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) &&
		    scopes->count < CALL_NAMES_MOST)
			scopes->dies[scopes->count++] = die;
		find_scopes(&die, address, depth + 1, scopes);
		return true;
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

static bool find_unit(Dwarf *dwarf, uint64_t address, Dwarf_Die *unit)
{
	Dwarf_Off at = 0, next;
	size_t header;

	if (dwarf_addrdie(dwarf, address, unit))
		return true;
	/* clang writes no .debug_aranges */
	for (; dwarf_nextcu(dwarf, at, &next, &header, NULL, NULL, NULL) == 0; at = next)
		if (dwarf_offdie(dwarf, at + header, unit) && dwarf_haspc(unit, address) == 1)
			return true;
	return false;
}

static void set_line(Dwarf_Die *unit, uint64_t address, const char *folder, struct call_name *out)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	int number;

	if (!line)
		return;
	set_file(out, dwarf_linesrc(line, NULL, NULL), folder);
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		out->line = number;
}

/* Where a function was inlined is where the function around it called it. */
static void set_call(Dwarf_Die *unit, Dwarf_Die *inlined, const char *folder, struct call_name *out)
{
	Dwarf_Files *files;
	size_t count;

	out->line = number_of(inlined, DW_AT_call_line);
	if (dwarf_getsrcfiles(unit, &files, &count) == 0)
		set_file(out,
			 dwarf_filesrc(files, (size_t)number_of(inlined, DW_AT_call_file), NULL,
				       NULL),
			 folder);
}

/* The DIE that stands where the function is declared */
static void go_to_declaration(Dwarf_Die *die)
{
	static const unsigned int ways[] = {DW_AT_abstract_origin, DW_AT_specification};
	Dwarf_Attribute memory;
	Dwarf_Die next;

	for (size_t i = 0; i < 2; i++)
		if (dwarf_formref_die(dwarf_attr(die, ways[i], &memory), &next))
			*die = next;
}

/* "ns::Class::" of a function that has no name for linkers, as nobody else calls it */
static void append_qualifiers(Dwarf_Die die, char out[static NAME_LEN])
{
	Dwarf_Die *scopes = NULL;
	size_t length = 0;
	int count;

	go_to_declaration(&die);
	count = dwarf_getscopes_die(&die, &scopes);
	/* From the outermost to that around it; the first is the function itself. */
	for (int i = count - 1; i > 0 && length < NAME_LEN; i--) {
		const char *name = dwarf_diename(&scopes[i]);

		if (is_container(dwarf_tag(&scopes[i])))
			length += (size_t)snprintf(out + length, NAME_LEN - length,
						   "%s::", name ? name : "(anonymous namespace)");
	}
	free(scopes);
}

static void set_scope(Dwarf_Die *die, uint64_t address, struct call_name *out)
{
	const char *linkage = text_of(die, DW_AT_linkage_name);
	const char *name = dwarf_diename(die);
	char full[NAME_LEN] = "";
	Dwarf_Addr start;

	if (!linkage)
		linkage = text_of(die, DW_AT_MIPS_linkage_name);
	if (!linkage || !demangle(linkage, full, sizeof(full))) {
		append_qualifiers(*die, full);
		if (!name)
			name = linkage ? linkage : "";
		snprintf(full + strlen(full), sizeof(full) - strlen(full), "%s", name);
	}
	set_function(out, full);
	if (dwarf_entrypc(die, &start) == 0 && start <= address)
		out->into = address - start;
}

static size_t find_dwarf(Dwarf *dwarf, uint64_t address,
			 struct call_name out[static CALL_NAMES_MOST])
{
	struct scopes scopes = {.count = 0};
	const char *folder;
	Dwarf_Die unit;

	if (!dwarf || !find_unit(dwarf, address, &unit))
		return 0;
	folder = text_of(&unit, DW_AT_comp_dir);
	find_scopes(&unit, address, 0, &scopes);
	set_line(&unit, address, folder, &out[0]);
	for (size_t i = 0; i < scopes.count; i++) {
		Dwarf_Die *die = &scopes.dies[scopes.count - 1 - i];

		set_scope(die, address, &out[i]);
		if (i + 1 < scopes.count)
			set_call(&unit, die, folder, &out[i + 1]);
	}
	if (scopes.count)
		return scopes.count;
	return *out[0].file ? 1 : 0;
}

size_t names_find(struct names *names, uint64_t address,
		  struct call_name out[static CALL_NAMES_MOST])
{
	const char *symbol = NULL;
	char plain[NAME_LEN];
	size_t count;

	memset(out, 0, sizeof(*out) * CALL_NAMES_MOST);
	count = find_dwarf(names->own.dwarf, address, out);
	if (count && *out[count - 1].function)
		return count;
	for (size_t i = 0; i < sizeof(names->symbols) / sizeof(names->symbols[0]) && !symbol; i++)
		symbol =
			symbols_find(&names->symbols[i], address, &out[count ? count - 1 : 0].into);
	if (!symbol)
		return count;
	if (demangle(symbol, plain, sizeof(plain)))
		symbol = plain;
	set_function(&out[count ? count - 1 : 0], symbol);
	return count ? count : 1;
}
