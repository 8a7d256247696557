// SPDX-License-Identifier: GPL-2.0
/*
 * Matches: the next one is never in the past, and none is passed over or counted
 * twice. For every counter, comparator, period and time.
 */
#include "proof.h"

static u64 dividend, divisor, remainder;

/*
 * In place of the divisions of hpet_model.c. That past / period and past % period
 * belong together is what division means; little more is used of it.
 */
u64 quotient(u64 n, u64 d)
{
	u64 q = __CPROVER_uninterpreted_quotient(n, d);

	PROVE(d, "no division by zero");
	PROVE(!divisor || (n == dividend && d == divisor),
	      "as many as the next match was moved by");
	ASSUME(d == 1 ? q == n : q <= n / 2);
	ASSUME(n < d ? !q : q);
	return q;
}

u64 rest(u64 n, u64 d)
{
	u64 r = __CPROVER_uninterpreted_rest(n, d);

	PROVE(d, "no division by zero");
	ASSUME(r < d && r <= n && (n >= d || r == n));
	dividend = n;
	divisor = d;
	remainder = r;
	return r;
}

#include "hpet_model.c"

u64 div_u128_any(u128 n, u64 d)
{
	return nondet_u64();
}

static struct hpet_timer any_timer(bool periodic)
{
	struct hpet_timer t;

	t.matched = nondet_bool();
	ASSUME(hpet_timer_is_periodic(&t) == periodic);
	ASSUME(t.fresh <= HPET_BOTH_HALVES && (!t.fresh || (t.config & HPET_TN_PERIODIC)));
	ASSUME(!(t.cmp & ~hpet_timer_mask(&t)));
	ASSUME(!(t.period & ~hpet_timer_mask(&t)));
	return t;
}

/* Counter ticks of 146 years at the shortest period. */
#define CENTURY	BIT_ULL(62)

void prove_schedule(void)
{
	struct hpet_timer t = any_timer(nondet_bool());
	struct hpet_model m;
	u64 elapsed = nondet_u64(), mask = hpet_timer_mask(&t);

	ASSUME(elapsed < CENTURY);
	timer_schedule(&m, &t, elapsed);
	PROVE(t.next > elapsed, "the next match is not in the past");
	PROVE(t.next == HPET_NEVER || ((m.base_count + t.next) & mask) == t.cmp,
	      "it is where the comparator says");
	PROVE(t.next == HPET_NEVER || t.next - elapsed - 1 <= mask,
	      "none within a turn of the counter is passed over");
	PROVE(t.next != HPET_NEVER || mask != (u32)~0U, "32 bits match for ever");
}

void prove_periodic(void)
{
	struct hpet_timer t = any_timer(true), was = t;
	u64 elapsed = nondet_u64(), n;

	ASSUME(elapsed < CENTURY && t.next <= elapsed);
	divisor = 0;
	n = periodic_advance(&t, elapsed);
	PROVE(n, "at least the one that is due");
	PROVE(dividend == elapsed - was.next && divisor == t.period,
	      "as many as fit between");
	PROVE(t.next > elapsed, "the next match is not in the past");
	PROVE(t.next == HPET_NEVER || t.next - t.period <= elapsed,
	      "none is passed over");
	/* past - remainder is a multiple of the period. */
	PROVE(t.next == HPET_NEVER ||
	      t.next - t.period - was.next == dividend - remainder,
	      "in the rhythm of the period");
	PROVE(t.next == HPET_NEVER || t.cmp == ((was.cmp + t.next - was.next) &
						hpet_timer_mask(&t)),
	      "the comparator goes with it");
	PROVE(t.period == was.period, "the period stays");
	PROVE(n == 1 ? !t.fresh || t.fresh == was.fresh : !t.fresh,
	      "with the second match the period is what was meant");
}

void prove_period_written(void)
{
	struct hpet_timer t = any_timer(true), was = t;
	struct hpet_model m;
	u64 elapsed = nondet_u64(), missed, past;

	ASSUME(elapsed < CENTURY);
	divisor = 0;
	past = (m.base_count + elapsed - t.start) & hpet_timer_mask(&t);
	if (!timer_period_written(&m, &t, elapsed, &missed)) {
		PROVE(t.next == was.next && t.cmp == was.cmp && t.cmp == t.start,
		      "before the first match it changes nothing");
		return;
	}
	PROVE(dividend == past && divisor == t.period,
	      "as many as fit since the comparator");
	PROVE(t.next > elapsed, "the next match is not in the past");
	PROVE(t.next == HPET_NEVER || t.next - elapsed <= t.period,
	      "none is passed over");
	PROVE(t.next == HPET_NEVER || t.next - elapsed == t.period - remainder,
	      "in the rhythm of the period");
	PROVE(t.next == HPET_NEVER || t.cmp == ((m.base_count + t.next) &
						hpet_timer_mask(&t)),
	      "it is where the comparator says");
	PROVE(missed <= past && (past < t.period ? !missed : missed > 0),
	      "missed are those that fit");
}

void prove_oneshot(void)
{
	struct hpet_timer t = any_timer(false), was = t;
	struct hpet_model m;
	u64 elapsed = nondet_u64(), n;

	ASSUME(elapsed < CENTURY && t.next <= elapsed);
	ASSUME(((m.base_count + t.next) & hpet_timer_mask(&t)) == t.cmp);
	n = oneshot_advance(&m, &t, elapsed);
	PROVE(t.next > elapsed, "the next match is not in the past");
	if (!timer_is_32bit(&t)) {
		PROVE(n == 1 && t.next == HPET_NEVER, "64 bits match once");
		return;
	}
	PROVE(was.next + ((n - 1) << 32) <= elapsed, "none is invented");
	PROVE(was.next + (n << 32) > elapsed, "none is passed over");
	PROVE(t.next == was.next + (n << 32), "in the turns of the counter");
}

void prove_written(void)
{
	struct hpet_timer t = any_timer(nondet_bool()), was = t;
	struct hpet_model m;
	u64 elapsed = nondet_u64();
	u64 mask = hpet_timer_mask(&t);

	ASSUME(elapsed < CENTURY);
	ASSUME(m.period_fs >= MIN_PERIOD_FS && m.period_fs <= MAX_PERIOD_FS);
	divisor = 0;
	timer_written(&m, &t, elapsed);
	PROVE(t.next > elapsed, "the next match is not in the past");
	PROVE(t.next == HPET_NEVER || ((m.base_count + t.next) & mask) == t.cmp,
	      "it is where the comparator says");
	PROVE(t.fresh == was.fresh || (!t.fresh && dividend >= t.period),
	      "a period that has not passed may be another one still");
}
