// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers and times as users write them.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

static const struct {
	const char *name;
	uint64_t ns;
	int digits;	/* after the point, down to 1 ns; -1: not for printing */
} units[] = {	/* the largest first, for format_time() */
	{ "h", 3600000000000ULL, -1 },
	{ "min", 60000000000ULL, -1 },
	{ "s", 1000000000ULL, 9 },
	{ "ms", 1000000ULL, 6 },
	{ "us", 1000ULL, 3 },
	{ "ns", 1ULL, 0 },
};

/**
 * parse_number() - a whole decimal number within limits
 * @text: digits only
 * @min: smallest allowed
 * @max: largest allowed
 * @value: result
 *
 * Return: whether it is one
 */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	/* strtoull() would take spaces and a minus sign. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value >= min && *value <= max;
}

/* The digits after the point, exactly: what is finer than 1 ns is refused. */
static bool parse_fraction(const char **text, uint64_t unit, uint64_t *ns)
{
	const char *digit = *text;

	for (*ns = 0; isdigit((unsigned char)*digit); digit++) {
		unsigned int value = *digit - '0';

		if (value && (!unit || unit % 10))
			return false;
		unit /= 10;
		*ns += value * unit;
	}
	if (digit == *text)
		return false;
	*text = digit;
	return true;
}

static const char *skip_number(const char *text)
{
	return text + strspn(text, "0123456789.");
}

/**
 * parse_time() - a time with its unit, such as 5s, 500ms or 0.5min
 * @text: number and unit (ns, us, ms, s, min, h); 0 needs none
 * @max_ns: largest allowed
 * @ns: result
 *
 * Return: whether it is one
 */
bool parse_time(const char *text, uint64_t max_ns, uint64_t *ns)
{
	const char *unit_name = skip_number(text);
	uint64_t unit = 0, whole, fraction = 0;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit_name, units[i].name))
			unit = units[i].ns;
	if (!unit && strcmp(text, "0"))
		return false;
	errno = 0;
	whole = strtoull(text, &end, 10);
	if (errno || (unit && whole > max_ns / unit))
		return false;
	text = end;
	if (*text == '.') {
		text++;
		if (!parse_fraction(&text, unit, &fraction))
			return false;
	}
	*ns = whole * unit + fraction;
	return text == unit_name && *ns <= max_ns;
}

/**
 * format_time() - a time for reading, exact, in the largest unit that suits
 * @text: buffer of at least TIME_TEXT characters
 * @size: of the buffer
 * @ns: the time
 *
 * Return: @text
 */
char *format_time(char *text, size_t size, uint64_t ns)
{
	size_t i = 0;
	int len;

	while (units[i].digits < 0 || (units[i].digits && ns && ns < units[i].ns))
		i++;
	len = snprintf(text, size, "%" PRIu64, ns / units[i].ns);
	if (ns % units[i].ns) {
		len += snprintf(text + len, size - len, ".%0*" PRIu64, units[i].digits,
				ns % units[i].ns);
		while (text[len - 1] == '0')
			text[--len] = '\0';
	}
	snprintf(text + len, size - len, " %s", units[i].name);
	return text;
}
