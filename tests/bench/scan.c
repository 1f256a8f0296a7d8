/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan: what a look at all attachments of the machine costs.
 *
 *   scan iterator|maps ROUNDS
 *
 * Prints the attachments found and the milliseconds of the best round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "observe/attachers.h"

int main(int argc, char **argv)
{
	struct attachment_list list = {0};
	struct attachers *attachers;
	uint64_t best = UINT64_MAX;
	bool iterator;

	if (argc != 3) {
		fputs("usage: scan iterator|maps ROUNDS\n", stderr);
		return 2;
	}
	iterator = strcmp(argv[1], "iterator") == 0;
	if (attachers_open(iterator, &attachers))
		return 1;
	if (iterator && attachers_method(attachers) != ATTACHERS_ITERATOR) {
		fprintf(stderr, "scan: %s\n", attachers_why(attachers));
		return 1;
	}
	for (int i = 0; i < atoi(argv[2]); i++) {
		uint64_t start = clock_now(), took;

		if (attachers_scan(attachers, &list))
			return 1;
		took = clock_now() - start;
		best = took < best ? took : best;
	}
	printf("%zu %.2f\n", list.count, (double)best / 1e6);
	attachers_list_free(&list);
	attachers_close(attachers);
	return 0;
}
