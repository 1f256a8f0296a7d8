/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads how the machine is set up: /proc/sys, the files that set it at boot, logind's, and what the kernel was told. */
#ifndef OBSERVE_SETTINGS_H
#define OBSERVE_SETTINGS_H

#include "base/settings.h"

/* `root` is put before every path: "" but in tests. What cannot be read is unknown. */
void settings_read(const char *root, struct settings *settings);

#endif
