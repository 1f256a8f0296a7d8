/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of C++ and Rust as people write them, without parameters: "ns::Class::method". */
#ifndef STACK_DEMANGLE_H
#define STACK_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

/* False: it is no mangled name; `out` is "" then. What does not fit is left out. Not yet safe text. */
bool demangle(const char *mangled, char *out, size_t capacity);

#endif
