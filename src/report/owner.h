/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User names by uid, remembered: the name service is slow, may ask the network and may hang.
 *
 * Names are those of the place where shmtop runs, whatever a container calls the same uid.
 */
#ifndef REPORT_OWNER_H
#define REPORT_OWNER_H

#include <stdint.h>

enum { OWNER_NAME_LEN = 64 };

struct owner_names;

/* 0 or -ENOMEM. */
int owner_names_new(struct owner_names **out);
void owner_names_free(struct owner_names *names);

/* The name, safe; NULL when the uid has none, `names` is NULL, or too many uids were asked for
 * (768). Each uid is looked up once. Valid until the names are freed. */
const char *owner_name(struct owner_names *names, uint32_t uid);

#endif
