/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conversion between host time (ns) and counter ticks, exact: the product is
 * taken with 128 bits and divided once, so nothing drifts however long the
 * counter runs.
 */
#ifndef _HPET_CLOCK_H
#define _HPET_CLOCK_H

#include "mul_div.h"

#define HPET_FS_PER_NS		1000000ULL
#define HPET_FS_PER_SEC		1000000000000000ULL

/**
 * hpet_ns_to_ticks - counter ticks that have passed
 * @ns: time passed
 * @phase_fs: how far the first tick had gone at its beginning, below @period_fs
 * @period_fs: counter period, at least 1,000,000: so the result fits for every
 *	@ns
 *
 * Return: (@ns + @phase_fs) / @period_fs, rounded down.
 */
static inline u64 hpet_ns_to_ticks(u64 ns, u32 phase_fs, u32 period_fs)
{
	return div_u128((__uint128_t)ns * HPET_FS_PER_NS + phase_fs,
			     period_fs);
}

/**
 * hpet_ns_to_phase - what hpet_ns_to_ticks() rounds off
 * @ns: time passed
 * @phase_fs: as there
 * @period_fs: as there
 *
 * Return: the part of the present tick that has passed, in fs.
 */
static inline u32 hpet_ns_to_phase(u64 ns, u32 phase_fs, u32 period_fs)
{
	__uint128_t fs = (__uint128_t)ns * HPET_FS_PER_NS + phase_fs;

	return (u32)(fs - (__uint128_t)div_u128(fs, period_fs) *
		     period_fs);
}

/**
 * hpet_ticks_to_ns - when a number of ticks will have passed
 * @ticks: counter ticks
 * @phase_fs: how far the first tick has gone at the beginning
 * @period_fs: counter period in fs, at most 100,000,000
 *
 * The inverse of hpet_ns_to_ticks(): the smallest time at which that gives
 * @ticks.
 *
 * Return: ns, or HPET_NEVER if that is 146 years (2^62 ns) or more.
 */
static inline u64 hpet_ticks_to_ns(u64 ticks, u32 phase_fs, u32 period_fs)
{
	__uint128_t fs = (__uint128_t)ticks * period_fs;

	if (fs <= phase_fs)
		return 0;
	fs -= phase_fs;
	if ((u64)(fs >> 64) >= HPET_FS_PER_NS / 4)
		return HPET_NEVER;
	return div_u128(fs + HPET_FS_PER_NS - 1, HPET_FS_PER_NS);
}

#endif /* _HPET_CLOCK_H */
