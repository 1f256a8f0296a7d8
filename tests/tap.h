/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmocka lacks: a skipped test that says why. Include it instead of cmocka.h. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Ends the test as skipped; tests/run.sh lists the reason. */
#define skip_because(reason)                           \
	do {                                           \
		print_message("# skip: %s\n", reason); \
		skip();                                \
	} while (0)

#endif
