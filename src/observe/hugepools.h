/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's huge pages of all sizes (/sys/kernel/mm/hugepages). */
#ifndef OBSERVE_HUGEPOOLS_H
#define OBSERVE_HUGEPOOLS_H

#include "base/fact.h"

/* `folder` is "/sys/kernel/mm/hugepages" but in tests. Sizes whose figures cannot be read are left out; where there
 * is no such folder there are none. */
void hugepools_read(const char *folder, struct fact_hugepools *pools);

#define HUGEPOOLS_FOLDER "/sys/kernel/mm/hugepages"

#endif
