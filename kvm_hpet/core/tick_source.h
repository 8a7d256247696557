/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A timer device whose registers are somebody else's: ticks at a whole number of
 * ns from each other, started and stopped from outside. The device above, in the
 * VMM, may be of any kind.
 *
 * Context: any; the caller serialises all calls for one source.
 */
#ifndef _TICK_SOURCE_H
#define _TICK_SOURCE_H

#include "ticker.h"

/**
 * struct tick_source - the source
 * @t: its ticks, those of timer 0
 * @period_ns: the interval; 0: stopped
 * @ack_mode: enum lost_ticks_ack_mode
 */
struct tick_source {
	struct ticker t;
	u64 period_ns;
	u32 ack_mode;
};

/**
 * tick_source_init() - a source that stands, policy discard
 * @s: the source
 * @gsi: the line that it drives with pulses, or -1
 * @msi: without a line: the message, its address in the high half
 * @ack_mode: enum lost_ticks_ack_mode. With LOST_TICKS_ACK_LEVEL it is
 *	tick_source_ack() that counts
 * @min_interval_ns: see struct ticker
 */
void tick_source_init(struct tick_source *s, int gsi, u64 msi, u32 ack_mode,
		      u64 min_interval_ns);

/**
 * tick_source_first() - the first tick after now of those that keep a phase
 * @now: time, ns
 * @phase_ns: a time at which one falls due, or would have fallen
 * @period_ns: the interval, not 0
 *
 * Return: @phase_ns if that is still to come, else the first time after @now at a
 * whole number of intervals from it.
 */
u64 tick_source_first(u64 now, u64 phase_ns, u64 period_ns);

/**
 * tick_source_start() - starts it, or gives it another period
 * @s: the source
 * @now: time, ns
 * @period_ns: the interval, not 0. Guest time that is owed stays the same
 * @first_ns: when the first tick falls due
 */
void tick_source_start(struct tick_source *s, u64 now, u64 period_ns,
		       u64 first_ns);

/**
 * tick_source_stop() - nothing falls due any more
 * @s: the source
 * @now: time, ns
 *
 * With policy discard a tick on its way is gone; the others keep what is owed for
 * the next start.
 */
void tick_source_stop(struct tick_source *s, u64 now);

/**
 * tick_source_ack() - the device says that the guest has taken a tick
 * @s: the source
 * @now: time, ns
 */
void tick_source_ack(struct tick_source *s, u64 now);

/**
 * tick_source_sync() - @period_ns or the ticks were set from outside
 * @s: the source
 */
void tick_source_sync(struct tick_source *s);

#endif /* _TICK_SOURCE_H */
