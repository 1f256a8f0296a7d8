/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/owner.h"

enum {
	OWNER_SLOTS = 1024, /* a power of two */
	OWNER_MAX = 768,    /* filled at most: probing stays short */
	OWNER_BUFFER_LEN = 4096,
};

struct owner_slot {
	bool used;
	uint32_t uid;
	char name[OWNER_NAME_LEN]; /* "": has none */
};

struct owner_names {
	size_t count;
	struct owner_slot slots[OWNER_SLOTS];
};

int owner_names_new(struct owner_names **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void owner_names_free(struct owner_names *names)
{
	free(names);
}

static void owner_look_up(struct owner_slot *slot)
{
	char buffer[OWNER_BUFFER_LEN];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(slot->uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		text_safe(slot->name, sizeof(slot->name), found->pw_name, strlen(found->pw_name));
}

const char *owner_name(struct owner_names *names, uint32_t uid)
{
	struct owner_slot *slot;
	size_t at = uid % OWNER_SLOTS;

	if (!names)
		return NULL;
	while (names->slots[at].used && names->slots[at].uid != uid)
		at = (at + 1) % OWNER_SLOTS;
	slot = &names->slots[at];
	if (!slot->used) {
		if (names->count == OWNER_MAX)
			return NULL;
		*slot = (struct owner_slot){.used = true, .uid = uid};
		names->count++;
		owner_look_up(slot);
	}
	return slot->name[0] ? slot->name : NULL;
}
