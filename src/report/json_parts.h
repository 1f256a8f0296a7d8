/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the JSON of segments and that of events are made of. */
#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include "report/report.h"

/* Adds a key that is new, and static text; NULL is null. Takes the value. */
void json_add(struct json_object *object, const char *key, struct json_object *value);

/* null for NULL and "": unknown. */
struct json_object *json_text(const char *text);
struct json_object *json_hex(uint64_t number); /* "0x7f2a40000000" */
struct json_object *json_key_hex(int32_t key); /* "0x00001234" */
struct json_object *json_mode(uint32_t mode);  /* "0600" */
/* Epoch seconds of epoch ns: a number with nine digits behind the point. */
struct json_object *json_time(int64_t wall);

/* "ipcns_label": see column_ns_label(). */
struct json_object *json_ns_label(const struct column_context *context, uint32_t ipcns,
				  uint64_t time);

#endif
