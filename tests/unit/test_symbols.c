/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which symbol an address belongs to. */
#include "tests/tap.h"

#include "stack/symbols.h"

static char names[] = "\0outer\0inner\0label\0object\0alias\0weak";
enum { OUTER = 1, INNER = 7, LABEL = 13, OBJECT = 19, ALIAS = 26, WEAK = 32 };

#define ROW(NAME, BIND, TYPE, VALUE, SIZE)                                            \
	{                                                                             \
		.st_name = NAME, .st_info = ELF64_ST_INFO(BIND, TYPE), .st_shndx = 1, \
		.st_value = VALUE, .st_size = SIZE                                    \
	}

static void find(Elf64_Sym *rows, size_t count, uint64_t address, const char *expected,
		 uint64_t expected_into)
{
	const struct symbols symbols = {rows, count, names, sizeof(names)};
	uint64_t into = 0;
	const char *found = symbols_find(&symbols, address, &into);

	if (!expected) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, expected);
	assert_int_equal(into, expected_into);
}

static void sizes_are_respected(void **state)
{
	Elf64_Sym rows[] = {ROW(OUTER, STB_GLOBAL, STT_FUNC, 0x1000, 0x100),
			    ROW(INNER, STB_LOCAL, STT_FUNC, 0x1040, 0x10)};

	(void)state;
	find(rows, 2, 0xfff, NULL, 0);
	find(rows, 2, 0x1000, "outer", 0);
	find(rows, 2, 0x1040, "inner", 0);
	find(rows, 2, 0x104f, "inner", 15);
	find(rows, 2, 0x1050, "outer", 0x50);
	find(rows, 2, 0x10ff, "outer", 0xff);
	find(rows, 2, 0x1100, NULL, 0);
}

static void what_has_no_size_goes_on_to_the_next(void **state)
{
	Elf64_Sym rows[] = {ROW(OUTER, STB_GLOBAL, STT_FUNC, 0x1000, 0x10),
			    ROW(LABEL, STB_LOCAL, STT_NOTYPE, 0x1020, 0),
			    ROW(INNER, STB_GLOBAL, STT_FUNC, 0x1040, 0x10)};

	(void)state;
	find(rows, 3, 0x1018, NULL, 0);
	find(rows, 3, 0x1038, "label", 0x18);
	find(rows, 3, 0x1040, "inner", 0);
	find(rows, 3, 0x1050, NULL, 0);
}

static void only_functions_count(void **state)
{
	Elf64_Sym rows[] = {ROW(OBJECT, STB_GLOBAL, STT_OBJECT, 0x1000, 0x100),
			    ROW(OUTER, STB_GLOBAL, STT_FUNC, 0x1000, 0x100)};

	(void)state;
	find(rows, 1, 0x1010, NULL, 0);
	find(rows, 2, 0x1010, "outer", 0x10);
	rows[1].st_shndx = SHN_UNDEF;
	find(rows, 2, 0x1010, NULL, 0);
}

static void of_two_names_the_public_one(void **state)
{
	Elf64_Sym rows[] = {ROW(ALIAS, STB_LOCAL, STT_FUNC, 0x1000, 0x100),
			    ROW(OUTER, STB_GLOBAL, STT_FUNC, 0x1000, 0x100),
			    ROW(WEAK, STB_WEAK, STT_FUNC, 0x1000, 0x100)};

	(void)state;
	find(rows, 3, 0x1010, "outer", 0x10);
}

static void hostile_rows(void **state)
{
	Elf64_Sym rows[] = {ROW(sizeof(names), STB_GLOBAL, STT_FUNC, 0x1000, 0x100),
			    ROW(UINT32_MAX, STB_GLOBAL, STT_FUNC, 0x1000, UINT64_MAX),
			    ROW(OUTER, STB_GLOBAL, STT_FUNC, 0x800, UINT64_MAX)};

	(void)state;
	find(rows, 2, 0x1010, NULL, 0);
	find(rows, 3, 0x1010, "outer", 0x810);
	find(rows, 3, 0x7ff, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_respected),
		cmocka_unit_test(what_has_no_size_goes_on_to_the_next),
		cmocka_unit_test(only_functions_count),
		cmocka_unit_test(of_two_names_the_public_one),
		cmocka_unit_test(hostile_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
