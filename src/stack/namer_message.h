/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the namer and its worker say to each other: one packet a message. */
#ifndef STACK_NAMER_MESSAGE_H
#define STACK_NAMER_MESSAGE_H

#include "stack/call_paths_internal.h"

enum namer_op { NAMER_GIVE, NAMER_FIND };
/* In this order: the file, then those of the other two that there are */
enum { NAMER_FDS = 3 };

struct namer_question {
	enum namer_op op;
	uint64_t module;
	uint64_t address;                      /* FIND */
	bool has_debug, has_shared, use_debug; /* GIVE; its descriptors come with it */
};

/* To FIND alone */
struct namer_reply {
	bool known; /* false: not this module */
	uint32_t count;
	struct call_name names[CALL_NAMES_MOST];
};

#endif
