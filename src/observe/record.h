/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record of the wire (bpf/shm_event.h) becomes an event. Pure. */
#ifndef OBSERVE_RECORD_H
#define OBSERVE_RECORD_H

#include <stddef.h>

#include "base/call_facts.h"

/* 0, or -EINVAL: too short for what it says it is, or of an unknown kind. A longer record than is known
 * here is read as far as it is known. */
int record_decode(const void *data, size_t length, struct event *event);

/* Who made the call, where the record tells it: of calls that failed. */
bool record_caller(const void *data, size_t length, struct caller_facts *caller);

/* What a record of this kind tells; FACT_OPS: there is no such kind. */
enum fact_op record_op(unsigned int kind);

/* vm_flags of a mapping as enum attachment_flag */
uint32_t record_vm_flags(uint32_t vm_flags);

#endif
