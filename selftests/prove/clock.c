// SPDX-License-Identifier: GPL-2.0
/*
 * Conversions between time and counter ticks: exact and free of overflow, for
 * every time that 64 bits hold (584 years), every legal period, every phase.
 *
 * A division is exact by definition: 0 <= dividend - quotient * divisor < divisor.
 * DIVQ does that, unless it traps. So what is proved is that the dividend is the
 * right number, nothing having overflowed on the way to it; that the division
 * does not trap; and that what is returned follows from the quotient. The
 * division itself is replaced by its definition, with the product of quotient and
 * divisor as a number of its own: multipliers are hard to solve.
 */
#include "proof.h"
#include "hpet_clock.h"

static u128 dividend, product;
static u64 divisor, quotient, remainder;

u128 nondet_u128(void);

u64 div_u128_any(u128 n, u64 d)
{
	PROVE(d && (u64)(n >> 64) < d, "the division does not overflow");
	dividend = n;
	divisor = d;
	quotient = nondet_u64();
	remainder = nondet_u64();
	product = nondet_u128();
	ASSUME(remainder < d && product <= n && n - product == remainder);
	return quotient;
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
	PROVE(divisor == period && ticks == quotient, "by the period, exactly");
}

void prove_ns_to_phase(void)
{
	u64 ns = nondet_u64();
	u32 period = any_period(), phase = any_phase(period), left;

	/* The code multiplies, the definition has a product: they are the same. */
	left = hpet_ns_to_phase(ns, phase, period);
	PROVE(dividend == (u128)ns * FS_PER_NS + phase, "the time in fs");
	PROVE(divisor == period, "by the period");
	ASSUME(product == (u128)quotient * period);
	PROVE(left == remainder && left < period, "what the ticks leave over");
}

/* The first ns at which the ticks have passed: neither late nor early. */
void prove_ticks_to_ns(void)
{
	u64 ticks = nondet_u64();
	u32 period = any_period(), phase = any_phase(period);
	u128 end = (u128)ticks * period;
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
	PROVE(divisor == FS_PER_NS && ns == quotient, "fs to ns");
	PROVE(end >= phase && end >> 64 < FS_PER_NS, "without overflow");
	/* @product is ns in fs. */
	PROVE(product + phase >= end, "by then they have passed");
	PROVE(product + phase < end + FS_PER_NS, "a ns before they have not");
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
	PROVE(dividend == (u128)a * b && divisor == c && q == quotient,
	      "the product by the divisor, exactly");
}
