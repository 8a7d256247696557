/* SPDX-License-Identifier: GPL-2.0 */
/* What every test of the core begins with. */
#ifndef _CORE_TEST_H
#define _CORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "hpet_types.h"

typedef unsigned __int128 u128;

/* 100 ns, 10 ns, Intel's 14.318 MHz, 1 ns: periods that occur, and the limits. */
#define PERIOD_MAX	100000000U
#define PERIOD_10NS	10000000U
#define PERIOD_INTEL	69841279U
#define PERIOD_MIN	1000000U

#define MS		1000000ULL
#define SEC		1000000000ULL
#define YEAR		(31557600ULL * SEC)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * A test that does not end has found a loop without a bound. CPU time, so that a
 * busy machine is no reason.
 */
static inline void limit_time(void)
{
	struct rlimit seconds = { 60, 60 };

	setrlimit(RLIMIT_CPU, &seconds);
}

/*
 * Random numbers that are the same in every run: a Weyl sequence, mixed. No more
 * than one is drawn in an expression, or the compiler would choose the order.
 */
struct rng {
	u64 state;
};

static inline u64 rng_u64(struct rng *r)
{
	u64 x = r->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* 0 to @n - 1. Draws nothing if there is no choice. */
static inline u64 rng_below(struct rng *r, u64 n)
{
	return n > 1 ? rng_u64(r) % n : 0;
}

static inline bool rng_chance(struct rng *r, unsigned int percent)
{
	return rng_below(r, 100) < percent;
}

/* Of all magnitudes alike. */
static inline u64 rng_magnitude(struct rng *r)
{
	unsigned int shift = rng_below(r, 64);

	return rng_u64(r) >> shift;
}

#endif /* _CORE_TEST_H */
