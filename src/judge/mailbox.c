/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/mailbox.h"

struct mailbox_keys {
	uint32_t first;
	uint32_t count;
	const char *whose;
};

static const struct mailbox_keys mailboxes[] = {
	/* "NTP0" to "NTP7": ntpd, chronyd, and what feeds them */
	{0x4e545030, 8, "NTP reference clock"},
	/* "GPSD" */
	{0x47505344, 1, "gpsd"},
	/* dmix, dsnoop and dshare of ALSA, by defaults.pcm.ipc_key: one more for what is mixed, so much more for
	 * the direction (2), the device (4), the subdevice (256) and the card (4096, of which there are 32) */
	{5678293, 32 * 4096, "ALSA"},
};

const char *mailbox_of(const struct segment *segment)
{
	if (!segment->has_key)
		return NULL;
	for (size_t i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++)
		if ((uint32_t)segment->key - mailboxes[i].first < mailboxes[i].count)
			return mailboxes[i].whose;
	return NULL;
}
