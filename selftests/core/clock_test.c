// SPDX-License-Identifier: GPL-2.0
/*
 * Time to counter ticks and back is exact: for every legal period, over more
 * than a hundred years, a number of ticks is reached at the very first
 * nanosecond at which it has passed, and nothing is rounded off for good.
 */
#include "core_test.h"
#include "hpet_clock.h"

#define RANDOM_ROUNDS	300000

static const u32 periods[] = {
	PERIOD_MIN, PERIOD_MIN + 1, 1999999, 2000000, 3333333, PERIOD_10NS - 1,
	PERIOD_10NS, 15000000, PERIOD_INTEL, 83333333, 99999989,
	PERIOD_MAX - 1, PERIOD_MAX,
};

static const u64 times[] = {
	0, 1, 2, 9, 10, 11, 99, 100, 101, 999999, 1000000, SEC - 1, SEC,
	SEC + 1, 0xffffffffULL, 0x100000000ULL, 3600 * SEC, YEAR, 100 * YEAR,
	100 * YEAR + 1, 146 * YEAR,
};

/* Quotient and remainder are looked at for what they are, not recomputed. */
static void check_forth(u64 ns, u32 phase, u32 period)
{
	u64 ticks = hpet_ns_to_ticks(ns, phase, period);
	u32 rest = hpet_ns_to_phase(ns, phase, period);

	assert_true(rest < period);
	assert_true((u128)ticks * period + rest ==
		    (u128)ns * 1000000 + phase);
}

static void check_back(u64 ticks, u32 phase, u32 period)
{
	u64 ns = hpet_ticks_to_ns(ticks, phase, period);
	u128 limit = ((u128)1 << 62) * 1000000 + phase;

	if ((u128)ticks * period >= limit) {
		assert_true(ns == HPET_NEVER);
		return;
	}
	assert_true(ns <= 1ULL << 62);
	assert_true(hpet_ns_to_ticks(ns, phase, period) >= ticks);
	if (ns)
		assert_true(hpet_ns_to_ticks(ns - 1, phase, period) < ticks);
}

static void edges_forth(void **state)
{
	unsigned int p, t;

	for (p = 0; p < ARRAY_SIZE(periods); p++)
		for (t = 0; t < ARRAY_SIZE(times); t++) {
			check_forth(times[t], 0, periods[p]);
			check_forth(times[t], 1, periods[p]);
			check_forth(times[t], periods[p] - 1, periods[p]);
		}
}

static void edges_back(void **state)
{
	unsigned int p, t;
	int d;

	for (p = 0; p < ARRAY_SIZE(periods); p++)
		for (t = 0; t < ARRAY_SIZE(times); t++)
			for (d = -1; d <= 1; d++) {
				u64 ticks = hpet_ns_to_ticks(times[t], 0,
							     periods[p]) + d;

				check_back(ticks, 0, periods[p]);
				check_back(ticks, 1, periods[p]);
				check_back(ticks, periods[p] - 1, periods[p]);
			}
}

static void random_forth_and_back(void **state)
{
	struct rng r = { 1 };
	unsigned int i;

	for (i = 0; i < RANDOM_ROUNDS; i++) {
		u32 period = PERIOD_MIN + rng_below(&r, PERIOD_MAX - PERIOD_MIN + 1);
		u32 phase = rng_below(&r, period);
		u64 ns = rng_magnitude(&r) % (100 * YEAR);

		check_forth(ns, phase, period);
		check_back(rng_magnitude(&r), phase, period);
		check_back(hpet_ns_to_ticks(ns, phase, period), phase, period);
	}
}

/* Stopping and continuing at any moments gives what one long run gives. */
static void stops_lose_nothing(void **state)
{
	struct rng r = { 2 };
	unsigned int i;

	for (i = 0; i < RANDOM_ROUNDS / 10; i++) {
		u32 period = PERIOD_MIN + rng_below(&r, PERIOD_MAX - PERIOD_MIN + 1);
		u32 phase = rng_below(&r, period);
		u64 a = rng_magnitude(&r) >> 3, b = rng_magnitude(&r) >> 3;
		u64 first = hpet_ns_to_ticks(a, phase, period);
		u32 between = hpet_ns_to_phase(a, phase, period);

		assert_true(first + hpet_ns_to_ticks(b, between, period) ==
			    hpet_ns_to_ticks(a + b, phase, period));
		assert_int_equal(hpet_ns_to_phase(b, between, period),
				 hpet_ns_to_phase(a + b, phase, period));
	}
}

/* The last time that is one, and the first that is none. */
static void never(void **state)
{
	u64 last = (((u128)1 << 62) * 1000000 - 1) / PERIOD_MAX;

	assert_true(hpet_ticks_to_ns(last, 0, PERIOD_MAX) <= 1ULL << 62);
	assert_true(hpet_ticks_to_ns(last + 1, 0, PERIOD_MAX) == HPET_NEVER);
	assert_true(hpet_ticks_to_ns(~0ULL, 0, PERIOD_MIN) == HPET_NEVER);
	assert_true(hpet_ticks_to_ns((1ULL << 62) - 1, 0, PERIOD_MIN) ==
		    (1ULL << 62) - 1);
	assert_true(hpet_ticks_to_ns(1ULL << 62, 0, PERIOD_MIN) == HPET_NEVER);
	assert_true(hpet_ticks_to_ns(1ULL << 62, 1, PERIOD_MIN) == 1ULL << 62);
	assert_int_equal(hpet_ticks_to_ns(0, PERIOD_MIN - 1, PERIOD_MIN), 0);
}

static void mul_div_saturates(void **state)
{
	struct rng r = { 3 };
	unsigned int i;

	for (i = 0; i < RANDOM_ROUNDS / 3; i++) {
		u64 a = rng_magnitude(&r), b = rng_magnitude(&r);
		u64 c = rng_magnitude(&r) | 1;
		u128 p = (u128)a * b / c;

		assert_true(mul_div_sat(a, b, c) == (p >> 64 ? ~0ULL : (u64)p));
	}
	assert_true(mul_div_sat(~0ULL, 5, 5) == ~0ULL);
	assert_true(mul_div_sat(1ULL << 63, 2, 1) == ~0ULL);
	assert_true(mul_div_sat(1ULL << 63, 2, 2) == 1ULL << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_forth),
		cmocka_unit_test(edges_back),
		cmocka_unit_test(random_forth_and_back),
		cmocka_unit_test(stops_lose_nothing),
		cmocka_unit_test(never),
		cmocka_unit_test(mul_div_saturates),
	};

	limit_time();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
