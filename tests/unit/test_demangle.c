/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of C++ and Rust, and what only looks like one. */
#include <stdio.h>
#include <string.h>

#include "tests/tap.h"

#include "base/clock.h"
#include "stack/demangle.h"
#include "tests/unit/chance.h"

enum { LEN = 256 };

static void expect(const char *mangled, const char *expected)
{
	char out[LEN];

	assert_int_equal(demangle(mangled, out, sizeof(out)), *expected != 0);
	assert_string_equal(out, expected);
}

static void names_without_parameters(void **state)
{
	(void)state;
	expect("_Z1fv", "f");
	expect("_ZN2ns5Class6methodEi", "ns::Class::method");
	expect("_ZNK2ns5Class6methodEPKc", "ns::Class::method");
	expect("_ZN2ns5ClassC2Ev", "ns::Class::Class");
	expect("_ZN2ns5ClassD0Ev", "ns::Class::~Class");
	expect("_ZN12_GLOBAL__N_11fEv", "(anonymous namespace)::f");
	expect("_ZN2nsplERKNS_1AES2_", "ns::operator+");
	expect("_Z1bIlEiT_", "b<long>");
	expect("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt");
	expect("_RNvCs1234_7mycrate3foo", "mycrate::foo");
}

static void others_are_left_alone(void **state)
{
	(void)state;
	expect("", "");
	expect("main", "");
	expect("_start", "");
	expect("_Z", "");
	expect("_Zx", "");
	expect("_ZN", "");
	expect("_R", "");
}

/* f<a<int, int>, b<S, S>, c<S, S> ...>: each S is the type before, so that of the last there are 2^40. */
static void a_short_name_of_endless_length(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const uint64_t began = clock_cpu();
	char mangled[2048], out[LEN];
	int at = snprintf(mangled, sizeof(mangled), "_Z1fI1aIiiE");

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		char before[8] = {0};

		/* Every type adds two that can be referred to: its template, and itself. */
		if (1 + 2 * i >= 36)
			before[0] = digits[(1 + 2 * i) / 36];
		before[strlen(before)] = digits[(1 + 2 * i) % 36];
		at += snprintf(mangled + at, sizeof(mangled) - (size_t)at, "2b%cIS%s_S%s_E",
			       digits[10 + i % 26] + 32, before, before);
	}
	snprintf(mangled + at, sizeof(mangled) - (size_t)at, "Evv");
	assert_true(demangle(mangled, out, sizeof(out)));
	assert_int_equal(strlen(out), LEN - 1);
	assert_memory_equal(out, "f<a<int, int>, ba<a<int, int>, a<int, int> >, bb<ba<a<", 52);
	assert_true(clock_cpu() - began < CLOCK_SECOND);
}

static void hostile_names(void **state)
{
	static const char sample[] =
		"_ZN5links5Chain1aIZNS_1bIlEEiT_EUliE_EEiiRKSt6vectorIS3_SaIS3_EEDpT0_";
	static const char likely[] = "NIESTLJXZ_0123456789abiPRK";
	struct chance chance = {4711};
	char input[sizeof(sample) + 64], out[LEN];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const size_t length = chance_input(&chance, input, sample, sizeof(sample) - 1,
						   likely, sizeof(likely) - 1);

		input[length] = 0;
		if (demangle(input, out, sizeof(out)))
			assert_in_range(strlen(out), 1, LEN - 1);
		else
			assert_string_equal(out, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_without_parameters),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(a_short_name_of_endless_length),
		cmocka_unit_test(hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
