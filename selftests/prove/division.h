/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A division is exact by definition: 0 <= dividend - quotient * divisor < divisor.
 * DIVQ does that, unless it traps. So what is proved is that the dividend is the
 * right number, nothing having overflowed on the way to it; that the division
 * does not trap; and that what is returned follows from the quotient. The
 * division itself is replaced by its definition, with the product of a number of
 * ticks and the period as a function of which little is known: multipliers are
 * hard to solve.
 */
#ifndef _DIVISION_H
#define _DIVISION_H

static u128 dividend, whole;
static u64 divisor, result, remainder;

u128 __CPROVER_uninterpreted_multiple(u64 n, u64 d);

u128 multiple(u64 n, u64 d)
{
	u128 p = __CPROVER_uninterpreted_multiple(n, d);

	ASSUME(n && d ? p >= n && p >= d : !p);
	ASSUME(d >> 32 || !(p >> 96));
	return p;
}

/* In place of div_u128(). */
u64 div_u128_any(u128 n, u64 d)
{
	PROVE(d && (u64)(n >> 64) < d, "the division does not overflow");
	dividend = n;
	divisor = d;
	result = nondet_u64();
	remainder = nondet_u64();
	whole = multiple(result, d);
	ASSUME(d != FS_PER_NS || whole == (u128)result * FS_PER_NS);
	ASSUME(remainder < d && whole <= n && n - whole == remainder);
	return result;
}

static u32 any_period(void)
{
	u32 period = nondet_u32();

	ASSUME(period >= MIN_PERIOD_FS && period <= MAX_PERIOD_FS);
	return period;
}

static u32 any_phase(u32 period)
{
	u32 phase = nondet_u32();

	ASSUME(phase < period);
	return phase;
}

#endif /* _DIVISION_H */
