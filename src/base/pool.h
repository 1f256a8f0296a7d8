/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-size objects from chunks, given back to a free list: so that what comes and goes with every
 * event (segments, mappings, processes) allocates only while the number alive grows.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct pool {
	size_t size; /* of one object, rounded up to the alignment of max_align_t */
	void *free;  /* objects given back */
	void *chunks;
	size_t fresh; /* objects of the newest chunk that were never given out */
};

void pool_init(struct pool *pool, size_t size);
/* A zeroed object, or NULL without memory. */
void *pool_get(struct pool *pool);
/* NULL is allowed. */
void pool_put(struct pool *pool, void *object);
/* Frees all chunks, objects in use included. May be called twice. */
void pool_free(struct pool *pool);

#endif
