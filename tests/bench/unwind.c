/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind: what it takes to unwind the stack of a call, and to name it.
 *
 *   unwind ROUNDS [PROGRAM ARGUMENT...]
 *
 * PROGRAM calls shmget; else tests/stacks/pie. Prints: frames; microseconds of an unwinding while nothing is known
 * of any file, and of one more later; unwindings per second; milliseconds until all names are there; the longest
 * that one unwinder_name() took of this process, microseconds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stack/unwind.h"
#include "tests/unit/traced_call.h"

enum { FIRSTS = 21 };

static struct traced_call call;

static void fail(const char *what)
{
	fprintf(stderr, "unwind: %s\n", what);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	const double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static double microseconds(uint64_t since)
{
	return (double)(clock_now() - since) / 1000;
}

/* The median of some, each with an unwinder that knows nothing yet */
static double first_time(void)
{
	double all[FIRSTS];

	for (size_t i = 0; i < FIRSTS; i++) {
		struct call_paths *paths;
		struct unwinder *unwinder;
		uint64_t began;

		if (call_paths_new(&paths) || unwinder_new(paths, NULL, &unwinder))
			fail("no memory");
		began = clock_now();
		if (!unwinder_unwind(unwinder, &call.sample))
			fail("nothing was unwound");
		all[i] = microseconds(began);
		unwinder_free(unwinder);
		call_paths_free(paths);
	}
	qsort(all, FIRSTS, sizeof(all[0]), compare);
	return all[FIRSTS / 2];
}

/* Milliseconds until all have names; `piece` gets the longest turn, microseconds of CPU. */
static double name_all(struct unwinder *unwinder, double *piece)
{
	const uint64_t began = clock_now();
	bool more = true;

	for (*piece = 0; more;) {
		const uint64_t cpu = clock_cpu();
		double took;

		more = unwinder_name(unwinder, clock_now() + CLOCK_MS);
		took = (double)(clock_cpu() - cpu) / 1000;
		if (took > *piece)
			*piece = took;
	}
	return microseconds(began) / 1000;
}

int main(int argc, char **argv)
{
	const size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	char path[PATH_MAX];
	const char *const usual[] = {path, NULL};
	struct call_paths *paths;
	struct unwinder *unwinder;
	double first, warm, named, piece;
	uint64_t began;
	uint32_t id = 0;

	if (!rounds) {
		fputs("usage: unwind ROUNDS [PROGRAM ARGUMENT...]\n", stderr);
		return 2;
	}
	traced_program("pie", path);
	if (traced_call(argc > 2 ? (const char *const *)argv + 2 : usual, &call))
		fail("the program cannot be traced, or did not call shmget");
	first = first_time();
	if (call_paths_new(&paths) || unwinder_new(paths, NULL, &unwinder) ||
	    !unwinder_unwind(unwinder, &call.sample))
		fail("no memory");
	began = clock_now();
	for (size_t i = 0; i < rounds; i++)
		id = unwinder_unwind(unwinder, &call.sample);
	warm = microseconds(began) / (double)rounds;
	named = name_all(unwinder, &piece);
	printf("%zu %.0f %.1f %.0f %.1f %.0f\n", call_paths_get(paths, id)->count, first, warm,
	       1e6 / warm, named, piece);
	unwinder_free(unwinder);
	call_paths_free(paths);
	return 0;
}
