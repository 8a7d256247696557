/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The HPET as the specification describes it: registers, main counter,
 * comparators. It has no clock, makes no calls and knows nothing of lost ticks
 * or interrupt controllers: it is told the time and tells what follows.
 *
 * Time is a u64 in ns of any clock that does not go backwards. "Elapsed" is the
 * number of counter ticks since the counter was last started; it does not wrap
 * (584 years at the shortest period), which keeps wraps of the guest's counter
 * out of every comparison.
 */
#ifndef _HPET_MODEL_H
#define _HPET_MODEL_H

#include "hpet_clock.h"
#include "hpet_regs.h"

/* Of a register of 64 bits that is written as two of 32. */
#define HPET_LOW_HALF		BIT(0)
#define HPET_HIGH_HALF		BIT(1)
#define HPET_BOTH_HALVES	(HPET_LOW_HALF | HPET_HIGH_HALF)

/**
 * struct hpet_timer - one comparator
 * @config: configuration and capability register, without VAL_SET
 * @cmp: comparator register. Of a running periodic timer: its next match
 * @period: value last written to the accumulator, counter ticks, 0: none
 * @fsb: FSB interrupt route register
 * @start: with @fresh, or one half of @val_set: the comparator as the guest wrote
 *	it
 * @next: next match, in elapsed ticks; HPET_NEVER: none. Only valid while the
 *	counter runs
 * @val_set: halves of the comparator (HPET_LOW_HALF, ...) that the next write
 *	sets because of VAL_SET
 * @matched: while the counter stands: it equals @cmp and that match is over
 * @fresh: halves of the period that have their value from the write with VAL_SET
 *	to @cmp, and may not have been meant so: software that writes the two one
 *	after the other has not written these, and the timer has not matched
 *	twice. 0 unless periodic
 */
struct hpet_timer {
	u64 config;
	u64 cmp;
	u64 period;
	u64 fsb;
	u64 start;
	u64 next;
	u8 val_set;
	u8 fresh;
	bool matched;
};

/**
 * struct hpet_model - a block of timers
 * @cap: general capabilities and ID register
 * @config: general configuration register
 * @status: general interrupt status register
 * @base_count: main counter when it was last started or stopped
 * @base_ns: time at which it was last started
 * @base_phase_fs: part of a tick that had passed then
 * @period_fs: COUNTER_CLK_PERIOD
 * @num_timers: 3 to 32
 * @running: the counter counts: ENABLE_CNF is set and guest time not paused
 * @paused: guest time is paused
 * @timer: the timers
 */
struct hpet_model {
	u64 cap;
	u64 config;
	u64 status;
	u64 base_count;
	u64 base_ns;
	u32 base_phase_fs;
	u32 period_fs;
	u8 num_timers;
	bool running;
	bool paused;
	struct hpet_timer (PER_TIMER(timer, HPET_MAX_TIMERS));
};

/**
 * struct hpet_effects - what an access to a register brought about
 * @matched: timers whose comparator was written with the counter's value or one
 *	just passed: one tick each is due now
 * @acked: level-triggered timers whose status bit the guest cleared
 * @changed: timers whose configuration, message or period may be another one now
 * @restarted: timers whose schedule begins anew. The comparator of a one-shot timer
 *	changes nothing else, and to go through all that it doesn't change were 180
 *	of its write's instructions
 * @corrected: of @changed, the timer whose period so far was never meant
 * @missed: matches that it has missed by that
 * @legacy: LEG_RT_CNF changed
 */
struct hpet_effects {
	u32 matched;
	u32 acked;
	u32 changed;
	u32 restarted;
	u32 corrected;
	u64 missed;
	bool legacy;
};

/**
 * hpet_counter_mask() - width of the main counter
 * @m: the block
 *
 * Return: the bits it has.
 */
u64 hpet_counter_mask(const struct hpet_model *m);

/**
 * hpet_timer_mask() - width of a comparator in its present mode
 * @t: the timer
 *
 * Return: the bits it has.
 */
u64 hpet_timer_mask(const struct hpet_timer *t);

/**
 * hpet_config_rw() - what a guest can change in the general configuration
 * @m: the block
 *
 * Return: these bits.
 */
u64 hpet_config_rw(const struct hpet_model *m);

/**
 * hpet_timer_config_rw() - what it can change in a timer's, VAL_SET aside
 * @t: the timer
 *
 * Return: these bits.
 */
u64 hpet_timer_config_rw(const struct hpet_timer *t);

/**
 * hpet_elapsed() - counter ticks since the counter was started
 * @m: the block; its counter runs
 * @now: time, ns
 *
 * Return: elapsed ticks.
 */
static inline u64 hpet_elapsed(const struct hpet_model *m, u64 now)
{
	return hpet_ns_to_ticks(now - m->base_ns, m->base_phase_fs,
				m->period_fs);
}

/**
 * hpet_counter() - the main counter
 * @m: the block
 * @now: time, ns
 *
 * Return: its value.
 */
u64 hpet_counter(const struct hpet_model *m, u64 now);

/**
 * hpet_model_reset() - reset state (2.3, "Default" columns)
 * @m: the block, whose capabilities are set; guest time stays paused or not
 */
void hpet_model_reset(struct hpet_model *m);

/**
 * hpet_model_pause() - stops or continues guest time
 * @m: the block, brought up to @now
 * @now: time, ns
 * @paused: true: stop
 *
 * Return: as hpet_model_start().
 */
u32 hpet_model_pause(struct hpet_model *m, u64 now, bool paused);

/**
 * hpet_model_stop() - stands the counter still where it is
 * @m: the block, brought up to @now
 * @now: time, ns
 */
void hpet_model_stop(struct hpet_model *m, u64 now);

/**
 * hpet_model_start() - lets the counter run if it is enabled and not paused
 * @m: the block
 * @now: time, ns
 *
 * Return: timers whose comparator equals the counter: one tick each is due.
 */
u32 hpet_model_start(struct hpet_model *m, u64 now);

/**
 * hpet_timer_advance() - brings one timer up to a time
 * @m: the block; its counter runs
 * @n: the timer
 * @elapsed: the time, in elapsed ticks
 *
 * Return: how often it has matched since it was last looked at. Computed, not
 * counted: whatever the guest wrote, the work is the same.
 */
u64 hpet_timer_advance(struct hpet_model *m, unsigned int n, u64 elapsed);

/**
 * hpet_timer_is_periodic() - does the timer repeat
 * @t: the timer
 *
 * A periodic timer without a period is none: it has nothing to add.
 *
 * Return: true if its matches repeat with its period.
 */
static inline bool hpet_timer_is_periodic(const struct hpet_timer *t)
{
	return (t->config & HPET_TN_PERIODIC) && t->period;
}

/**
 * hpet_timer_half_set() - is a comparator set that is written in halves
 * @t: the timer
 *
 * Return: true if one half was written with VAL_SET and the other not so far.
 */
static inline bool hpet_timer_half_set(const struct hpet_timer *t)
{
	return t->val_set && t->val_set != HPET_BOTH_HALVES;
}

/**
 * hpet_timer_period_known() - has any of the period been written by itself
 * @t: the timer
 *
 * Return: false if all there is was written with VAL_SET, as comparator.
 */
static inline bool hpet_timer_period_known(const struct hpet_timer *t)
{
	return t->fresh != HPET_BOTH_HALVES;
}

/**
 * hpet_timer_ns() - when a timer matches next
 * @m: the block
 * @n: the timer
 *
 * Return: time, ns, or HPET_NEVER.
 */
u64 hpet_timer_ns(const struct hpet_model *m, unsigned int n);

/**
 * hpet_timer_ns_from() - likewise, after hpet_timer_advance(): from one match to
 * another
 * @m: the block
 * @n: the timer
 * @from: its @next before
 * @ns: what hpet_timer_ns() gave then
 *
 * Each tick of a periodic timer comes by here, before its interrupt goes out, and
 * with the usual periods, of whole ns, there is no need for a division of 128
 * bits: 12 instructions in place of 48. No match is as early as @next 0, which
 * could be in the middle of a counter tick.
 *
 * Return: as hpet_timer_ns().
 */
static inline u64 hpet_timer_ns_from(const struct hpet_model *m, unsigned int n,
				     u64 from, u64 ns)
{
	u64 ticks = m->timer[n].next - from;
	u32 period_ns = m->period_fs / HPET_FS_PER_NS;

	if (ticks >> 32 || period_ns * HPET_FS_PER_NS != m->period_fs)
		return hpet_timer_ns(m, n);
	return ns + ticks * period_ns;
}

/**
 * hpet_timer_legacy() - does legacy replacement govern this timer (2.4.2.1)
 * @m: the block
 * @n: the timer
 *
 * Return: true for timers 0 and 1 with LEG_RT_CNF.
 */
static inline bool hpet_timer_legacy(const struct hpet_model *m, unsigned int n)
{
	return (m->config & HPET_CONFIG_LEGACY) && n < 2;
}

/**
 * hpet_timer_fsb() - does the timer send messages
 * @m: the block
 * @n: the timer
 *
 * Return: true with FSB_EN, also under legacy replacement. 2.3.5 and 2.4.2.3
 * contradict each other there; Linux relies on messages (with hpet=msi, timer 1).
 */
static inline bool hpet_timer_fsb(const struct hpet_model *m, unsigned int n)
{
	return m->timer[n].config & HPET_TN_FSB_ENABLE;
}

/**
 * hpet_timer_gsi() - the line that the timer drives
 * @m: the block
 * @n: the timer
 *
 * Return: the GSI, or -1 if it sends messages or its route is none that it can
 * have.
 */
static inline int hpet_timer_gsi(const struct hpet_model *m, unsigned int n)
{
	const struct hpet_timer *t = &m->timer[n];
	u32 route;

	if (hpet_timer_fsb(m, n))
		return -1;
	if (hpet_timer_legacy(m, n))
		return n ? HPET_LEGACY_GSI_TIMER1 : HPET_LEGACY_GSI_TIMER0;
	route = (t->config & HPET_TN_ROUTE_MASK) >> HPET_TN_ROUTE_SHIFT;
	if (t->config >> HPET_TN_ROUTE_CAP_SHIFT & BIT_ULL(route))
		return route;
	return -1;
}

/**
 * hpet_timer_audible_by() - as hpet_timer_audible(), where the line is known
 * @m: the block
 * @n: the timer
 * @gsi: from hpet_timer_gsi()
 *
 * Return: likewise.
 */
static inline bool hpet_timer_audible_by(const struct hpet_model *m,
					 unsigned int n, int gsi)
{
	return m->running && (m->timer[n].config & HPET_TN_ENABLE) &&
		(gsi >= 0 || hpet_timer_fsb(m, n));
}

/**
 * hpet_timer_audible() - would anybody notice that the timer matches
 * @m: the block
 * @n: the timer
 *
 * Return: true if the counter runs, INT_ENB is set and there is somewhere to
 * send the interrupt to.
 */
static inline bool hpet_timer_audible(const struct hpet_model *m, unsigned int n)
{
	return hpet_timer_audible_by(m, n, hpet_timer_gsi(m, n));
}

/**
 * hpet_model_read() - a guest reads a register
 * @m: the block, brought up to @now
 * @now: time, ns
 * @offset: in the block
 * @len: bytes; only aligned accesses of 4 and 8 are defined (2.3, table note),
 *	everything else reads as 0, as in QEMU
 *
 * Return: the value, in the lowest @len bytes.
 */
u64 hpet_model_read(const struct hpet_model *m, u64 now, u32 offset,
		    unsigned int len);

/**
 * hpet_model_write() - a guest writes a register
 * @m: the block, brought up to @now
 * @now: time, ns
 * @offset: in the block
 * @len: bytes; see hpet_model_read(): everything else is ignored
 * @val: the value
 * @fx: what it brought about
 */
void hpet_model_write(struct hpet_model *m, u64 now, u32 offset,
		      unsigned int len, u64 val, struct hpet_effects *fx);

#endif /* _HPET_MODEL_H */
