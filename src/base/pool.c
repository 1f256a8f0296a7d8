/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"

enum { POOL_CHUNK_OBJECTS = 64 };

/* Stands in front of the objects of a chunk, aligned as they are. */
union pool_chunk {
	union pool_chunk *next;
	max_align_t align;
};

/* An object that was given back holds the link to the one before it; rounded up, any has room. */
struct pool_link {
	struct pool_link *next;
};

void pool_init(struct pool *pool, size_t size)
{
	const size_t align = alignof(max_align_t);

	*pool = (struct pool){.size = (size + align - 1) / align * align};
}

static int pool_grow(struct pool *pool)
{
	union pool_chunk *chunk = malloc(sizeof(*chunk) + pool->size * POOL_CHUNK_OBJECTS);

	if (!chunk)
		return -1;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	pool->fresh = POOL_CHUNK_OBJECTS;
	return 0;
}

void *pool_get(struct pool *pool)
{
	struct pool_link *object = pool->free;

	if (object) {
		pool->free = object->next;
		return memset(object, 0, pool->size);
	}
	if (pool->fresh == 0 && pool_grow(pool) < 0)
		return NULL;
	pool->fresh--;
	object = (void *)((char *)pool->chunks + sizeof(union pool_chunk) +
			  pool->fresh * pool->size);
	return memset(object, 0, pool->size);
}

void pool_put(struct pool *pool, void *object)
{
	struct pool_link *link = object;

	if (!link)
		return;
	link->next = pool->free;
	pool->free = link;
}

void pool_free(struct pool *pool)
{
	union pool_chunk *chunk = pool->chunks;

	while (chunk) {
		union pool_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	pool_init(pool, pool->size);
}
