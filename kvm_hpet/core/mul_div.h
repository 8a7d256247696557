/* SPDX-License-Identifier: GPL-2.0 */
/* Arithmetic with an intermediate result of 128 bits. */
#ifndef _MUL_DIV_H
#define _MUL_DIV_H

#include "hpet_types.h"

#ifdef __KERNEL__
/*
 * The kernel has no 128-bit division to link with, and its own helper takes no
 * summand on all supported versions; DIVQ does just this.
 */
static inline u64 div_u128(__uint128_t n, u64 d)
{
	u64 q, r;

	asm("divq %4" : "=a" (q), "=d" (r)
	    : "0" ((u64)n), "1" ((u64)(n >> 64)), "rm" (d) : "cc");
	return q;
}
#else
static inline u64 div_u128(__uint128_t n, u64 d)
{
	return (u64)(n / d);
}
#endif

/**
 * mul_div_sat - a * b / c
 * @a: factor
 * @b: factor
 * @c: divisor, not 0
 *
 * Return: the quotient, rounded down, or the largest u64 where it exceeds that.
 */
static inline u64 mul_div_sat(u64 a, u64 b, u64 c)
{
	__uint128_t p = (__uint128_t)a * b;

	return (u64)(p >> 64) >= c ? ~0ULL : div_u128(p, c);
}

#endif /* _MUL_DIV_H */
