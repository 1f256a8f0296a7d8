/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of the machine, and settings that decide about calls. */
#ifndef OBSERVE_MACHINE_H
#define OBSERVE_MACHINE_H

#include "base/call_facts.h"

/* /proc/meminfo and vm.overcommit_memory */
void machine_memory(struct memory_facts *memory);

/* The pool of huge pages of this size; 0: of the default size. Where there is no such size it is
 * FACT_FOUND_NONE. */
void machine_pool(uint64_t page_size, struct pool_facts *pool);

/* A number of /proc/sys: "vm/max_map_count". Whether it is known. */
bool machine_setting(const char *name, uint64_t *value);

#endif
