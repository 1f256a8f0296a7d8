/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model to which anything happens: calls, forks, ends, tables and scans of any content, in any order. */
#ifndef SCREEN_FUZZ_MODEL_H
#define SCREEN_FUZZ_MODEL_H

#include "model/model.h"
#include "tests/unit/chance.h"

/* A small model with a history, at `now`. Aborts without memory, as all here. */
struct model *fuzz_model(struct chance *chance, uint64_t now);
/* One more thing that happens at `now` */
void fuzz_model_change(struct model *model, struct chance *chance, uint64_t now);
/* Text as it may come from a process, made safe as where it enters */
void fuzz_text(struct chance *chance, char *out, size_t capacity);

#endif
