/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <string.h>

#if __has_include(<libiberty/demangle.h>)
#include <libiberty/demangle.h>
#else
#include <demangle.h>
#endif

#include "stack/demangle.h"

/* libiberty takes stack by the length of a name */
enum { MANGLED_MOST = 4096 };

struct demangled {
	char *out;
	size_t length, capacity;
	jmp_buf full;
};

/* A short name can stand for one without end: there is no other way to stop it. libiberty holds nothing then
 * that would have to be freed. */
static void append(const char *text, size_t length, void *context)
{
	struct demangled *to = context;
	const size_t room = to->capacity - 1 - to->length;

	if (length > room)
		length = room;
	memcpy(to->out + to->length, text, length);
	to->length += length;
	to->out[to->length] = 0;
	if (to->length == to->capacity - 1)
		longjmp(to->full, 1);
}

bool demangle(const char *mangled, char *out, size_t capacity)
{
	struct demangled to = {.out = out, .capacity = capacity};

	out[0] = 0;
	if ((strncmp(mangled, "_Z", 2) != 0 && strncmp(mangled, "_R", 2) != 0) ||
	    strlen(mangled) > MANGLED_MOST)
		return false;
	if (setjmp(to.full))
		return true;
	if (rust_demangle_callback(mangled, DMGL_NO_OPTS, append, &to) && to.length)
		return true;
	to.length = 0;
	out[0] = 0;
	if (cplus_demangle_v3_callback(mangled, DMGL_NO_OPTS, append, &to) && to.length)
		return true;
	out[0] = 0;
	return false;
}
