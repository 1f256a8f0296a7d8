/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that a process can choose is made safe once, where it enters.
 *
 * Safe text is valid UTF-8 of printable characters: C0, DEL, C1, invalid bytes, bidi controls
 * (U+200E-200F, U+202A-202E, U+2066-2069, U+061C), zero-width and other invisible format
 * characters, line and paragraph separators, private use, noncharacters and the planes that have no
 * characters become \xNN byte by byte. A backslash stays as it is. The result is always terminated
 * and never cut inside a character or its escapes. Code points of the other planes that are not
 * assigned (yet) stay.
 *
 * All of it is independent of the locale: characters and their widths are looked up in own tables
 * (text_ranges.h).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/* At most `length` bytes of `source`, up to its first NUL. Returns the bytes written without the
 * terminator. `capacity` must be at least 1. */
size_t text_safe(char *out, size_t capacity, const char *source, size_t length);

/* The same for NUL-separated words (/proc/PID/cmdline): joined by single spaces; empty words are
 * left out. */
size_t text_safe_words(char *out, size_t capacity, const char *source, size_t length);

/* Columns of a terminal that safe text takes (wide and combining characters counted). */
size_t text_width(const char *safe);

/* The longest prefix of safe text that takes at most `columns`: its length in bytes. */
size_t text_prefix(const char *safe, size_t columns);

/* How much of safe text stands in one line of so many columns (at least 1) when it goes on in the next: up to a
 * blank, or behind a "|", else all that fits. In bytes; the blanks that follow stand in neither line. */
size_t text_fold(const char *safe, size_t columns);

#endif
