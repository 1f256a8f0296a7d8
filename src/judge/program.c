/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/program.h"

#include <inttypes.h>
#include <stdio.h>

const char *program_name(const struct segment *segment)
{
	const struct process *creator = segment->creator;

	if (creator && creator->exe[0])
		return creator->exe;
	return creator && creator->comm[0] ? creator->comm : "-";
}

char *program_maker(const struct segment *segment, char out[static PROGRAM_MAKER_LEN])
{
	if (segment->site)
		snprintf(out, PROGRAM_MAKER_LEN, "%" PRIu32 " %s", segment->site,
			 segment->creator ? segment->creator->comm : "");
	else
		snprintf(out, PROGRAM_MAKER_LEN, "- %s", program_name(segment));
	return out;
}
