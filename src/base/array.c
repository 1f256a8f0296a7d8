/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

enum { ARRAY_FIRST = 16 };

int array_reserve(void **items, size_t *capacity, size_t need, size_t size)
{
	size_t wanted = *capacity > 0 ? *capacity : ARRAY_FIRST;
	void *grown;

	if (need <= *capacity)
		return 0;
	while (wanted < need) {
		if (__builtin_mul_overflow(wanted, (size_t)2, &wanted))
			return -ENOMEM;
	}
	grown = reallocarray(*items, wanted, size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*capacity = wanted;
	return 0;
}
