/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A timer device whose registers are somebody else's: ticks at the same distance
 * from each other, started and stopped from outside. The device above, in the VMM,
 * may be of any kind. The period is exact to the fs, so that a crystal's that is no
 * whole number of ns does not drift.
 *
 * Context: any; the caller serialises all calls for one source.
 */
#ifndef _TICK_SOURCE_H
#define _TICK_SOURCE_H

#include "ticker.h"

/**
 * struct tick_source - the source
 * @t: its ticks, those of timer 0
 * @period_fs: the interval, 1,000,000 or more; 0: stopped
 * @early_fs: the next tick falls due by so much before @t.due_ns, which is rounded
 *	up
 * @ack_mode: enum lost_ticks_ack_mode
 */
struct tick_source {
	struct ticker t;
	u64 period_fs;
	u32 early_fs;
	u32 ack_mode;
};

/**
 * tick_source_init() - a source that stands, policy discard
 * @s: the source, zeroed
 * @gsi: the line that it drives with pulses, or -1
 * @msi: without a line: the message, its address in the high half
 * @ack_mode: enum lost_ticks_ack_mode. With lost_ticks_told() it is
 *	tick_source_ack() that counts
 * @min_interval_ns: see struct ticker
 */
void tick_source_init(struct tick_source *s, int gsi, u64 msi, u32 ack_mode,
		      u64 min_interval_ns);

/**
 * tick_source_start() - starts it, or gives it another period
 * @s: the source
 * @now: time, ns
 * @period_fs: the interval, 1,000,000 or more. Guest time that is owed stays the
 *	same
 * @phase_ns: a time at which a tick falls due: the first one, if that is after the
 *	time that the guest's clocks have reached; else the first is the next one at a
 *	whole number of intervals from it
 */
void tick_source_start(struct tick_source *s, u64 now, u64 period_fs,
		       u64 phase_ns);

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
 *
 * Of ticks that are owed the next one goes out when the interrupt has ended
 * (LOST_TICKS_ACK_BOTH), or a little later: the guest may not have taken it so far.
 *
 * Return: true if one was waiting for that.
 */
bool tick_source_ack(struct tick_source *s, u64 now);

/**
 * tick_source_sync() - @period_fs or the ticks were set from outside
 * @s: the source
 */
void tick_source_sync(struct tick_source *s);

#endif /* _TICK_SOURCE_H */
