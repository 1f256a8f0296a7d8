/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mappings of a stack where the kernel did not tell them with it: by /proc/PID/maps, as long as the process
 * is there.
 */
#ifndef OBSERVE_STACK_MAPS_H
#define OBSERVE_STACK_MAPS_H

#include "observe/stack_record.h"

/* Takes the mapping of this line, which ends with its NUL, when it is executable and the program counter or a
 * word of the stack points into it. Its file's size stays 0. False: there was no room. Pure. */
bool stack_maps_take(struct stack_record *record, const char *line);

/* In place of the mappings that a record has, where it is `unmapped`. What cannot be had leaves the sample
 * cut: the process is gone, has another program by now, or may not be looked at. */
void stack_maps_read(struct stack_record *record);

#endif
