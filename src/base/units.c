/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/units.h"

enum {
	UNITS_MINUTE = 60,
	UNITS_HOUR = 60 * UNITS_MINUTE,
	UNITS_DAY = 24 * UNITS_HOUR,
	UNITS_YEAR = 8766 * UNITS_HOUR, /* 365.25 days */
	UNITS_YEARS_MAX = 9999,
	UNITS_FRACTION_DIGITS = 9,
};

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{"", 1},
	{"K", UINT64_C(1) << 10},
	{"M", UINT64_C(1) << 20},
	{"G", UINT64_C(1) << 30},
	{"T", UINT64_C(1) << 40},
	{"P", UINT64_C(1) << 50},
	{"E", UINT64_C(1) << 60},
};

static const struct unit duration_units[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", CLOCK_MS},
	{"s", CLOCK_SECOND},
	{"m", UNITS_MINUTE *CLOCK_SECOND},
	{"h", UNITS_HOUR *CLOCK_SECOND},
	{"d", UNITS_DAY *CLOCK_SECOND},
	{"", CLOCK_SECOND},
};

#define UNITS_COUNT(units) (sizeof(units) / sizeof((units)[0]))

/* Three digits of value / factor, cut off and not rounded: never more than there is, and no carry
 * that would need the next unit. */
static void units_three_digits(char out[static UNITS_LEN], uint64_t value, const struct unit *unit)
{
	uint64_t whole = value / unit->factor;
	unsigned int hundredths =
		(unsigned int)((unsigned __int128)(value % unit->factor) * 100 / unit->factor);

	if (whole >= 100 || unit->factor == 1)
		snprintf(out, UNITS_LEN, "%llu%s", (unsigned long long)whole, unit->name);
	else if (whole >= 10)
		snprintf(out, UNITS_LEN, "%u.%u%s", (unsigned int)whole, hundredths / 10,
			 unit->name);
	else
		snprintf(out, UNITS_LEN, "%u.%02u%s", (unsigned int)whole, hundredths, unit->name);
}

char *units_size(char out[static UNITS_LEN], uint64_t bytes)
{
	size_t i = UNITS_COUNT(size_units) - 1;

	while (i > 0 && bytes < size_units[i].factor)
		i--;
	units_three_digits(out, bytes, &size_units[i]);
	return out;
}

char *units_age(char out[static UNITS_LEN], uint64_t seconds)
{
	unsigned int days = (unsigned int)(seconds / UNITS_DAY);
	uint64_t years = seconds / UNITS_YEAR;

	if (seconds < UNITS_MINUTE)
		snprintf(out, UNITS_LEN, "%us", (unsigned int)seconds);
	else if (seconds < UNITS_HOUR)
		snprintf(out, UNITS_LEN, "%um", (unsigned int)(seconds / UNITS_MINUTE));
	else if (seconds < UNITS_DAY)
		snprintf(out, UNITS_LEN, "%uh", (unsigned int)(seconds / UNITS_HOUR));
	else if (seconds < UINT64_C(10) * UNITS_DAY)
		snprintf(out, UNITS_LEN, "%ud%02uh", days,
			 (unsigned int)(seconds % UNITS_DAY / UNITS_HOUR));
	else if (seconds < UINT64_C(1000) * UNITS_DAY)
		snprintf(out, UNITS_LEN, "%ud", days);
	else
		snprintf(out, UNITS_LEN, "%uy",
			 (unsigned int)(years < UNITS_YEARS_MAX ? years : UNITS_YEARS_MAX));
	return out;
}

char *units_duration(char out[static UNITS_LEN], uint64_t nanoseconds)
{
	size_t i = 0;

	while (duration_units[i].factor < CLOCK_SECOND &&
	       nanoseconds >= duration_units[i + 1].factor)
		i++;
	units_three_digits(out, nanoseconds, &duration_units[i]);
	return out;
}

/* A decimal number as whole + fraction / scale; *end is behind it. 0, -EINVAL, or -ERANGE. */
struct decimal {
	uint64_t whole;
	uint64_t fraction;
	uint64_t scale;
};

static int decimal_parse(const char *text, struct decimal *number, const char **end)
{
	const char *at = text;
	int digits = 0;

	*number = (struct decimal){.scale = 1};
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(number->whole, 10, &number->whole) ||
		    __builtin_add_overflow(number->whole, *at - '0', &number->whole))
			return -ERANGE;
	}
	if (at == text && *at != '.')
		return -EINVAL;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++, digits++) {
			if (digits >= UNITS_FRACTION_DIGITS)
				continue;
			number->fraction = number->fraction * 10 + (uint64_t)(*at - '0');
			number->scale *= 10;
		}
		if (digits == 0)
			return -EINVAL;
	}
	*end = at;
	return 0;
}

static int decimal_multiply(const struct decimal *number, uint64_t factor, uint64_t *out)
{
	unsigned __int128 result = (unsigned __int128)number->whole * factor +
				   (unsigned __int128)number->fraction * factor / number->scale;

	if (result > UINT64_MAX)
		return -ERANGE;
	*out = (uint64_t)result;
	return 0;
}

int units_parse_size(const char *text, uint64_t *bytes)
{
	struct decimal number;
	const char *unit;
	uint64_t factor = 0;
	int err;

	err = decimal_parse(text, &number, &unit);
	if (err)
		return err;
	for (size_t i = 0; i < UNITS_COUNT(size_units); i++) {
		size_t length = strlen(size_units[i].name);
		const char *rest = unit + length;

		if (strncasecmp(unit, size_units[i].name, length))
			continue;
		if (!*rest || !strcasecmp(rest, "b") || (length > 0 && !strcasecmp(rest, "ib")))
			factor = size_units[i].factor;
	}
	if (factor == 0 || (factor == 1 && number.scale > 1))
		return -EINVAL;
	return decimal_multiply(&number, factor, bytes);
}

int units_parse_duration(const char *text, uint64_t *nanoseconds)
{
	struct decimal number;
	const char *unit;
	int err;

	err = decimal_parse(text, &number, &unit);
	if (err)
		return err;
	for (size_t i = 0; i < UNITS_COUNT(duration_units); i++) {
		if (!strcmp(unit, duration_units[i].name))
			return decimal_multiply(&number, duration_units[i].factor, nanoseconds);
	}
	return -EINVAL;
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

int units_parse_number(const char *text, uint64_t max, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	int base = hex ? 16 : 10;
	bool range = false;
	uint64_t value = 0;

	if (hex)
		text += 2;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		int digit = digit_value(*text);

		if (digit < 0 || digit >= base)
			return -EINVAL;
		range |= __builtin_mul_overflow(value, base, &value);
		range |= __builtin_add_overflow(value, digit, &value);
	}
	if (range || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}
