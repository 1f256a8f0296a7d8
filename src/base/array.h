/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow: a pointer, a count and a capacity in the owner's struct. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/* Makes room for at least `need` elements of `size` bytes in *items, doubling. Keeps the contents.
 * Returns 0, or -ENOMEM with *items and *capacity unchanged. */
int array_reserve(void **items, size_t *capacity, size_t need, size_t size);

#endif
