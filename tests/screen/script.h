/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model with a small history, at a fixed instant: what the screens of the tests show. */
#ifndef SCREEN_SCRIPT_H
#define SCREEN_SCRIPT_H

#include "report/column.h"

/* 2025-01-01 12:00:00 UTC */
#define SCRIPT_WALL  (INT64_C(1735732800) * INT64_C(1000000000))
#define SCRIPT_NOW   (UINT64_C(5000000) * UINT64_C(1000000000))
#define SCRIPT_IPCNS 4026531839u

/* Aborts without memory. */
struct model *script_model(void);
/* One more segment, as if its shmget was seen at `time` */
void script_create(struct model *model, int32_t shmid, uint64_t size, uint64_t time);
/* And one that a process attaches again and again: of the same leak each */
void script_attach_often(struct model *model, int32_t shmid, uint64_t size);
/* The same by one that ends at once: nobody knows it any more */
void script_leak(struct model *model, int32_t shmid, uint64_t size, uint64_t time);
/* As many lives and ends of others, long ago, as make the model forget the one of `flash` that ended */
void script_forget(struct model *model);
/* A scan that finds all but the two mappings of `monitor` */
void script_unmap(struct model *model);
void script_apply(struct model *model, struct event event);

static inline struct column_context script_context(const struct model *model)
{
	return (struct column_context){
		.model = model, .now = SCRIPT_NOW, .wall = SCRIPT_WALL, .own_ipcns = SCRIPT_IPCNS};
}

#endif
