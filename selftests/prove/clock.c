// SPDX-License-Identifier: GPL-2.0
/*
 * Conversions between time and counter ticks: exact and free of overflow, for
 * every time that 64 bits hold (584 years), every legal period, every phase.
 */
#include "proof.h"
#include "hpet_clock.h"
#include "division.h"

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

/* The counter runs, stands still, and runs on: as if it had run on at once. */
void prove_sum(void)
{
	u32 period = any_period(), phase = any_phase(period), left, end;
	u64 first = nondet_u64(), second = nondet_u64(), a, b, q;

	ASSUME(first < 1ULL << 62 && second < 1ULL << 62);
	a = hpet_ns_to_ticks(first, phase, period);
	left = hpet_ns_to_phase(first, phase, period);
	ASSUME(left == remainder && result == a);
	b = hpet_ns_to_ticks(second, left, period);
	end = remainder;
	q = hpet_ns_to_ticks(first + second, phase, period);
	/* What multiplication means. */
	ASSUME(multiple(a + b, period) == multiple(a, period) + multiple(b, period));
	if (a + b < q)
		ASSUME(multiple(q, period) >= multiple(a + b, period) + period);
	else if (q < a + b)
		ASSUME(multiple(a + b, period) >= multiple(q, period) + period);
	PROVE(q == a + b, "no tick more or less");
	PROVE(remainder == end, "nor part of one");
}
