/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entries of .eh_frame libdw is given: what compilers write, and not what makes it grow. */
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

#include "stack/cfi_check.h"

/* "zR", code alignment 1, data alignment -8, return address in 16; starts relative, 4 bytes; then instructions */
#define CIE_HEAD 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b
/* Start and range, no augmentation data; then instructions */
#define FDE_HEAD 0, 0, 0, 0, 0x10, 0, 0, 0, 0

enum { ENTRY_ROOM = 2048 };

/* An entry of its own memory, so that sanitizers see who reads beyond it */
static unsigned char *entry(uint32_t id, const unsigned char *bytes, size_t count)
{
	const uint32_t length = (uint32_t)(count + sizeof(id));
	unsigned char *made = malloc(sizeof(length) + length);

	assert_non_null(made);
	memcpy(made, &length, sizeof(length));
	memcpy(made + 4, &id, sizeof(id));
	memcpy(made + 8, bytes, count);
	return made;
}

static bool check_cie(const unsigned char *bytes, size_t count)
{
	unsigned char *cie = entry(0, bytes, count);
	const bool good = cfi_check_cie(cie);

	free(cie);
	return good;
}

static bool check_fde(const unsigned char *bytes, size_t count)
{
	static const unsigned char head[] = {CIE_HEAD};
	unsigned char *cie = entry(0, head, sizeof(head)), *fde = entry(1, bytes, count);
	const bool good = cfi_check_fde(fde, cie);

	free(cie);
	free(fde);
	return good;
}

/* An FDE with these instructions */
static bool check_rules(const unsigned char *rules, size_t count)
{
	unsigned char bytes[ENTRY_ROOM] = {FDE_HEAD};

	memcpy(bytes + 9, rules, count);
	return check_fde(bytes, 9 + count);
}

#define CIE(...)                                        \
	check_cie((const unsigned char[]){__VA_ARGS__}, \
		  sizeof((const unsigned char[]){__VA_ARGS__}))
#define FDE(...)                                        \
	check_fde((const unsigned char[]){__VA_ARGS__}, \
		  sizeof((const unsigned char[]){__VA_ARGS__}))
#define RULES(...)                                        \
	check_rules((const unsigned char[]){__VA_ARGS__}, \
		    sizeof((const unsigned char[]){__VA_ARGS__}))

static void what_compilers_write(void **state)
{
	(void)state;
	assert_true(CIE(CIE_HEAD, 0x0c, 7, 8, 0x90, 1, 0, 0));
	assert_true(CIE(1, 'z', 'P', 'L', 'R', 0, 1, 0x78, 16, 7, 0x9b, 1, 2, 3, 4, 0x1b, 0x1b));
	assert_true(CIE(1, 'z', 'R', 'S', 0, 1, 0x78, 16, 1, 0x1b));
	assert_true(CIE(1, 'z', 'R', 'B', 0, 4, 0x78, 30, 1, 0x1b));
	assert_true(CIE(1, 0, 1, 0x78, 16, 0));
	/* push %rbp; mov; pop; signed return address; a state kept aside */
	assert_true(RULES(0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0xc6, 0x0c, 7, 8, 0x0b));
	assert_true(RULES(0x2d, 0x05, 96, 1, 0x11, 0x41, 0x7f, 0x2e, 0x10));
	/* PLT: the CFA by an expression */
	assert_true(RULES(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22));
	assert_true(RULES(0x10, 6, 2, 0x76, 0, 0x16, 7, 2, 0x91, 0));
	assert_true(RULES(0x01, 1, 2, 3, 4, 0x02, 1, 0x03, 1, 2, 0x04, 1, 2, 3, 4));
}

static void a_register_that_no_machine_has(void **state)
{
	static const unsigned char with_register[] = {0x05, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d,
						      0x10, 0x11, 0x12, 0x14, 0x15, 0x16, 0x2f};

	(void)state;
	for (size_t i = 0; i < sizeof(with_register); i++) {
		const unsigned char opcode = with_register[i];

		assert_true(RULES(opcode, 0x7f, 0));
		assert_false(RULES(opcode, 0x80, 1, 0));
		assert_false(RULES(opcode, 0x80, 0x8e, 0xce, 0x1c, 0));
	}
	assert_false(RULES(0x09, 1, 0x80, 1));
	assert_false(CIE(CIE_HEAD, 0x07, 0x80, 0x8e, 0xce, 0x1c));
	assert_false(CIE(3, 'z', 'R', 0, 1, 0x78, 0x80, 1, 1, 0x1b));
}

static void states_without_end(void **state)
{
	unsigned char rules[ENTRY_ROOM / 2];

	(void)state;
	memset(rules, 0x0a, 9);
	assert_true(check_rules(rules, 8));
	assert_false(check_rules(rules, 9));
	for (size_t i = 0; i < sizeof(rules); i++)
		rules[i] = i % 2 ? 0x0b : 0x0a;
	assert_true(check_rules(rules, sizeof(rules)));
}

static void long_expressions(void **state)
{
	unsigned char rules[ENTRY_ROOM / 2 + 64] = {0x0f, 0x80, 8};

	(void)state;
	assert_true(check_rules(rules, 3 + 1024));
	/* Another one of a byte */
	rules[3 + 1024] = 0x0f;
	rules[4 + 1024] = 1;
	assert_false(check_rules(rules, 6 + 1024));
	assert_false(RULES(0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0));
}

static void unknown_instructions(void **state)
{
	(void)state;
	assert_false(RULES(0x17));
	assert_false(RULES(0x1d, 1, 2, 3, 4, 5, 6, 7, 8));
	assert_false(RULES(0x3f));
}

static void operands_that_are_cut(void **state)
{
	static const unsigned char rules[][6] = {
		{0x01, 1, 2, 3, 4}, {0x02, 1},       {0x03, 1, 2},    {0x04, 1, 2, 3, 4},
		{0x05, 1, 2},       {0x09, 1, 2},    {0x0c, 7, 8},    {0x0e, 0x90, 1},
		{0x10, 6, 2, 0, 0}, {0x0f, 2, 0, 0}, {0x86, 0x82, 1}, {0x2e, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		static const unsigned char lengths[] = {5, 2, 3, 5, 3, 3, 3, 3, 5, 4, 3, 2};

		assert_true(check_rules(rules[i], lengths[i]));
		for (size_t length = 1; length < lengths[i]; length++)
			assert_false(check_rules(rules[i], length));
	}
	assert_false(FDE(0, 0, 0, 0, 0x10, 0, 0));
	assert_false(FDE(0, 0, 0, 0, 0x10, 0, 0, 0, 1));
	assert_false(RULES(0x0e, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0));
}

static void strange_heads(void **state)
{
	static const unsigned char head[] = {CIE_HEAD};

	(void)state;
	for (size_t count = 0; count < sizeof(head); count++)
		assert_false(check_cie(head, count));
	assert_false(CIE(4, 'z', 'R', 0, 8, 0, 1, 0x78, 16, 1, 0x1b));
	assert_false(CIE(1, 'e', 'h', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x78, 16));
	assert_false(CIE(1, 'z', 'X', 'R', 0, 1, 0x78, 16, 1, 0x1b));
	assert_false(CIE(1, 'z', 'B', 'R', 0, 1, 0x78, 16, 1, 0x1b));
	/* LEB128, aligned, indirect starts; a personality of a size that differs */
	assert_false(CIE(1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x01));
	assert_false(CIE(1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x50));
	assert_false(CIE(1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x9b));
	assert_false(CIE(1, 'z', 'P', 'R', 0, 1, 0x78, 16, 3, 0x01, 1, 0x1b));
	assert_false(CIE(1, 'z', 'R', 0, 1, 0x78, 16, 2, 0x1b));
	assert_false(CIE(1, 'z', 'R', 0, 0x80, 0x80, 4, 0x78, 16, 1, 0x1b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_compilers_write),
		cmocka_unit_test(a_register_that_no_machine_has),
		cmocka_unit_test(states_without_end),
		cmocka_unit_test(long_expressions),
		cmocka_unit_test(unknown_instructions),
		cmocka_unit_test(operands_that_are_cut),
		cmocka_unit_test(strange_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
