// SPDX-License-Identifier: GPL-2.0
/*
 * Conversions between time and counter ticks: exact and free of overflow, for
 * every time that 64 bits hold (584 years), every legal period, every phase.
 *
 * A division is exact by definition: 0 <= dividend - quotient * divisor < divisor.
 * DIVQ does that, unless it traps. So what is proved is that the dividend is the
 * right number, nothing having overflowed on the way to it; that the division
 * does not trap; and that what is returned follows from the quotient. The
 * division itself is replaced by its definition, with the product of a number of
 * ticks and the period as a function of which little is known: multipliers are
 * hard to solve. What follows for the deadline of a match, and for a counter that
 * was stopped, is in deadline.smt2 and sum.smt2.
 */
#include "proof.h"
#include "hpet_clock.h"

static u128 dividend, whole;
static u64 divisor, result, remainder;

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

void prove_ns_to_ticks(void)
{
	u64 ns = nondet_u64();
	u32 period = any_period(), phase = any_phase(period);
	u64 ticks = hpet_ns_to_ticks(ns, phase, period);

	PROVE(dividend == (u128)ns * FS_PER_NS + phase, "the time in fs");
	PROVE(dividend >= ns && dividend >> 64 <= FS_PER_NS, "without overflow");
	PROVE(divisor == period && ticks == result, "by the period, exactly");
}

void prove_ns_to_phase(void)
{
	u64 ns = nondet_u64();
	u32 period = any_period(), phase = any_phase(period), left;

	left = hpet_ns_to_phase(ns, phase, period);
	PROVE(dividend == (u128)ns * FS_PER_NS + phase, "the time in fs");
	PROVE(divisor == period, "by the period");
	PROVE(left == remainder && left < period, "what the ticks leave over");
}

/* The first ns at which the ticks have passed: neither late nor early. */
void prove_ticks_to_ns(void)
{
	u64 ticks = nondet_u64();
	u32 period = any_period(), phase = any_phase(period);
	u128 end = multiple(ticks, period);
	u64 ns;

	divisor = 0;
	ns = hpet_ticks_to_ns(ticks, phase, period);
	if (!divisor) {
		PROVE(ns == 0 || ns == HPET_NEVER, "no division, no time");
		PROVE(ns || end <= phase, "0 only if they have passed already");
		PROVE(ns != HPET_NEVER || end >> 64 >= FS_PER_NS / 4,
		      "never is 146 years away");
		return;
	}
	PROVE(divisor == FS_PER_NS && ns == result, "fs to ns");
	PROVE(end >= phase && end >> 64 < FS_PER_NS, "without overflow");
	/* @whole is ns in fs. */
	PROVE(whole + phase >= end, "by then they have passed");
	PROVE(whole + phase < end + FS_PER_NS, "a ns before they have not");
}

void prove_mul_div_sat(void)
{
	u64 a = nondet_u64(), b = nondet_u64(), c = nondet_u64();
	u64 q;

	ASSUME(c);
	divisor = 0;
	q = mul_div_sat(a, b, c);
	if (!divisor) {
		PROVE(q == ~0ULL, "as much as there can be");
		PROVE((u128)a * b >> 64 >= c, "where the quotient does not fit");
		return;
	}
	PROVE(dividend == (u128)a * b && divisor == c && q == result,
	      "the product by the divisor, exactly");
}
