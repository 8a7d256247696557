/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What becomes of the ticks of a periodic timer that a guest could not take in
 * time. For any timer device: nothing here knows an HPET, an interrupt
 * controller or a clock.
 *
 * The device says when ticks fall due (lost_ticks_due()) and asks when the next
 * one may be injected (lost_ticks_next()). Injecting takes two steps,
 * lost_ticks_begin() and lost_ticks_result(), since the device can't hold its
 * lock meanwhile. If the guest's acknowledgment can be seen, the device
 * reports it (lost_ticks_ack()) and no tick goes out before the last one is
 * acknowledged: a second one might be merged with it unseen, or might not, and
 * then nobody could tell how many the guest got.
 *
 * Whatever happens, at every moment
 *
 *	due = delivered + masked + discarded + backlog
 *
 * Context: any; the caller serialises calls for one object. Times are in ns of
 * one clock that does not go backwards.
 */
#ifndef _LOST_TICKS_H
#define _LOST_TICKS_H

#include "hpet_types.h"

/* The policies by the names of QEMU's LostTickPolicy; values as in the UAPI. */
enum lost_ticks_policy {
	LOST_TICKS_DISCARD,
	LOST_TICKS_DELAY,
	LOST_TICKS_MERGE,
	LOST_TICKS_SLEW,
};

/* How the device learns that the guest has taken a tick. */
enum lost_ticks_ack_mode {
	LOST_TICKS_ACK_NONE,	/* not at all */
	LOST_TICKS_ACK_EDGE,	/* end of interrupt; may fail to come */
	LOST_TICKS_ACK_LEVEL,	/* status bit; the line stays up until then */
	LOST_TICKS_ACK_BOTH,	/* the device says so, and end of interrupt */
};

/* The device says so in the end, however long it takes: nothing is repeated. */
static inline bool lost_ticks_told(u32 ack_mode)
{
	return ack_mode >= LOST_TICKS_ACK_LEVEL;
}

#define LOST_TICKS_START_RATE	1U
#define LOST_TICKS_MAX_RATE	100U

/**
 * struct lost_ticks_params - policy and limits
 * @policy: enum lost_ticks_policy
 * @max_rate: most additional ticks in an interval, 1 to LOST_TICKS_MAX_RATE
 * @ramp: additional ticks an interval that are added each time the backlog
 *	grows while catching up
 * @max_backlog_ns: most guest time that may be owed; one tick always may
 */
struct lost_ticks_params {
	u32 policy;
	u32 max_rate;
	u32 ramp;
	u64 max_backlog_ns;
};

/**
 * struct lost_ticks_count - what happened so far
 * @due: ticks that fell due. After a change of the period, which counts the
 *	backlog anew in the new unit, it is off by the difference
 * @delivered: injected
 * @masked: fell due when the guest had masked the interrupt
 * @discarded: given up
 * @coalesced: fell due while another was on its way or unacknowledged
 * @late: fell due unnoticed until the next one was due as well
 * @reinjected: delivered beyond one an interval
 * @retries: injected again for want of an acknowledgment
 * @max_backlog: largest backlog
 * @max_rate: largest rate
 */
struct lost_ticks_count {
	u64 due;
	u64 delivered;
	u64 masked;
	u64 discarded;
	u64 coalesced;
	u64 late;
	u64 reinjected;
	u64 retries;
	u64 max_backlog;
	u32 max_rate;
};

/**
 * struct lost_ticks - the ticks of one timer
 * @params: policy and limits
 * @count: what happened so far
 * @period_ns: the interval; 0: the timer does not repeat
 * @min_interval_ns: ticks are never injected closer than this when catching up
 * @backlog: ticks due and not delivered, the one being injected included
 * @fraction_ns: what is owed besides, less than one tick: a change of the period
 *	can leave it over, and the next one may make it whole
 * @peak: most that was left of @backlog when one fell due, since catching up began or
 *	@rate rose: more than that, and @rate rises
 * @not_before: earliest time of the next injection
 * @retry_ns: how long to wait for an acknowledgment
 * @retry_at: until when the present wait lasts; with LOST_TICKS_ACK_BOTH that for
 *	the end of interrupt, from the device's word on
 * @lapses: it ends then, and no tick is repeated
 * @ack_mode: enum lost_ticks_ack_mode
 * @rate: additional ticks an interval at this moment
 * @seq: counts injections, so that a result finds the one it belongs to
 * @injecting: one tick is being injected
 * @repeating: it is one that went out before and was not acknowledged
 * @in_flight: one tick is injected and not acknowledged
 * @regular: the tick of this interval is still to be injected
 * @rose: @rate rose when the last tick fell due
 * @ending: with LOST_TICKS_ACK_BOTH: the interrupt has not ended so far
 */
struct lost_ticks {
	struct lost_ticks_params params;
	struct lost_ticks_count count;
	u64 period_ns;
	u64 min_interval_ns;
	u64 backlog;
	u64 fraction_ns;
	u64 peak;
	u64 not_before;
	u64 retry_ns;
	u64 retry_at;
	u32 ack_mode;
	u32 rate;
	u32 seq;
	bool injecting;
	bool repeating;
	bool in_flight;
	bool lapses;
	bool regular;
	bool rose;
	bool ending;
};

/**
 * struct lost_ticks_state - where the ticks of a timer stand, for another one to go
 * on there. Limits, statistics and ways to acknowledge aside, it is all there is
 * @period_ns: as in struct lost_ticks
 * @backlog: as there
 * @fraction_ns: as there
 * @peak: as there
 * @retry_ns: as there
 * @retry_in_ns: with @in_flight or @ending: @retry_at, from now on, ns; LOST_TICKS_NEVER: none
 * @next_in_ns: @not_before, from now on, ns; may be past. LOST_TICKS_AT_ONCE: no
 *	distance to keep; LOST_TICKS_NEVER: with the next tick that falls due
 * @rate: as there
 * @in_flight: as there
 * @lapses: as there
 * @regular: as there
 * @rose: as there
 * @ending: as there
 */
struct lost_ticks_state {
	u64 period_ns;
	u64 backlog;
	u64 fraction_ns;
	u64 peak;
	u64 retry_ns;
	s64 retry_in_ns;
	s64 next_in_ns;
	u32 rate;
	bool in_flight;
	bool lapses;
	bool regular;
	bool rose;
	bool ending;
};

#define LOST_TICKS_NEVER	((s64)(~0ULL >> 1))
#define LOST_TICKS_AT_ONCE	(-LOST_TICKS_NEVER - 1)

/* How long an acknowledgment is waited for: doubled from the first to the last. */
#define LOST_TICKS_RETRY_FIRST_NS	1000000000ULL
#define LOST_TICKS_RETRY_LAST_NS	16000000000ULL

/**
 * lost_ticks_init() - a timer that has never ticked, policy discard
 * @lt: the ticks
 * @min_interval_ns: see struct lost_ticks
 */
void lost_ticks_init(struct lost_ticks *lt, u64 min_interval_ns);

/**
 * lost_ticks_supported() - is this the real thing or the stub
 * @policy: enum lost_ticks_policy
 *
 * Return: true if the build knows the policy.
 */
bool lost_ticks_supported(u32 policy);

/**
 * lost_ticks_set_params() - another policy, at any time
 * @lt: the ticks
 * @params: valid parameters. Backlog beyond the new limit is discarded
 */
void lost_ticks_set_params(struct lost_ticks *lt,
			   const struct lost_ticks_params *params);

/**
 * lost_ticks_set_period() - the timer's period may have changed
 * @lt: the ticks
 * @period_ns: 0: the timer does not repeat
 * @recount: the guest time that is owed stays the same, so count the backlog
 *	anew, what is over in @fraction_ns; false: the old period was never
 *	meant, its ticks are ticks of the new one
 */
void lost_ticks_set_period(struct lost_ticks *lt, u64 period_ns, bool recount);

/**
 * lost_ticks_set_ack() - the way to see acknowledgments may have changed
 * @lt: the ticks
 * @ack_mode: enum lost_ticks_ack_mode
 * @pending: with lost_ticks_told(): a tick waits for the device's word; for
 *	LOST_TICKS_ACK_LEVEL that is the status bit
 */
void lost_ticks_set_ack(struct lost_ticks *lt, u32 ack_mode, bool pending);

/**
 * lost_ticks_restart() - the guest began anew: no longer wait for an
 * acknowledgment of the past
 * @lt: the ticks
 */
void lost_ticks_restart(struct lost_ticks *lt);

/**
 * lost_ticks_rerouted() - the ticks go out another way from now on: acknowledgments
 * of the past would not be understood
 * @lt: the ticks
 *
 * What goes out next keeps its distance from the last one.
 */
void lost_ticks_rerouted(struct lost_ticks *lt);

/**
 * lost_ticks_unmasked() - the guest can be interrupted again: no longer wait for
 * the next tick after one that was masked
 * @lt: the ticks
 * @now: time, ns
 *
 * Guests mask a line when they change its vector, its CPU, or from PIC to I/O
 * APIC. Then the acknowledgment of the tick in flight goes unnoticed, so it is
 * waited for only one more interval. Not repeated: as a rule the guest has had it.
 * What goes out next keeps its distance from the last one: guests that mask the
 * line in each of their handlers are no reason to hurry.
 */
void lost_ticks_unmasked(struct lost_ticks *lt, u64 now);

/**
 * lost_ticks_elapse() - time has come so far
 * @lt: the ticks
 * @now: time, ns
 *
 * Call it before lost_ticks_next().
 */
void lost_ticks_elapse(struct lost_ticks *lt, u64 now);

/**
 * lost_ticks_reset() - the device was reset: what was to come is discarded
 * @lt: the ticks
 */
void lost_ticks_reset(struct lost_ticks *lt);

/**
 * lost_ticks_save() - where the ticks stand
 * @lt: the ticks; none is being injected
 * @now: time, ns; while guest time is paused the time since when it is
 * @s: the state
 */
void lost_ticks_save(const struct lost_ticks *lt, u64 now,
		     struct lost_ticks_state *s);

/**
 * lost_ticks_load() - go on where saved ticks stood
 * @lt: the ticks, after lost_ticks_reset(), lost_ticks_set_period() and
 *	lost_ticks_set_ack() for the timer as it was saved
 * @now: as for lost_ticks_save()
 * @s: the state; what can't be is not taken
 */
void lost_ticks_load(struct lost_ticks *lt, u64 now,
		     const struct lost_ticks_state *s);

/**
 * lost_ticks_due() - ticks fell due
 * @lt: the ticks
 * @n: how many since the last call
 */
void lost_ticks_due(struct lost_ticks *lt, u64 n);

/**
 * lost_ticks_masked() - ticks fell due that the guest has masked at the device
 * @lt: the ticks
 * @n: how many since the last call
 */
void lost_ticks_masked(struct lost_ticks *lt, u64 n);

/**
 * lost_ticks_mute() - the guest has masked the device's interrupt
 * @lt: the ticks
 *
 * With policy discard a tick on its way is gone; the others keep what is owed.
 */
void lost_ticks_mute(struct lost_ticks *lt);

/**
 * lost_ticks_waits() - is nothing to be done before the guest or the device
 * reports something, or before lost_ticks_next()
 * @lt: the ticks
 *
 * While this is so, ticks that fall due need not be noticed: they can be
 * computed afterwards.
 *
 * Return: true while a tick is on its way or unacknowledged.
 */
static inline bool lost_ticks_waits(const struct lost_ticks *lt)
{
	return lt->injecting || lt->in_flight;
}

/**
 * lost_ticks_waiting() - how many are still to be injected
 * @lt: the ticks
 *
 * Return: the backlog, without one of it that is being injected. One that is
 * injected again is not part of it.
 */
static inline u64 lost_ticks_waiting(const struct lost_ticks *lt)
{
	return lt->backlog - (lt->injecting && !lt->repeating);
}

/**
 * lost_ticks_next() - when to inject
 * @lt: the ticks
 *
 * Return: time, ns (0: at once), or HPET_NEVER for not before something else
 * happens.
 */
u64 lost_ticks_next(const struct lost_ticks *lt);

/**
 * lost_ticks_begin() - a tick is being injected
 * @lt: the ticks; lost_ticks_next() is not after @now
 * @now: time, ns
 *
 * Return: a number for lost_ticks_result().
 */
u32 lost_ticks_begin(struct lost_ticks *lt, u64 now);

/**
 * lost_ticks_result() - what became of it
 * @lt: the ticks
 * @seq: from lost_ticks_begin(); an outdated one is ignored
 * @result: as of kvm_set_irq(): below 0: masked, 0: merged with one that is
 *	still pending, above 0: delivered
 */
void lost_ticks_result(struct lost_ticks *lt, u32 seq, int result);

/**
 * lost_ticks_ack() - the guest has acknowledged
 * @lt: the ticks
 */
void lost_ticks_ack(struct lost_ticks *lt);

/**
 * lost_ticks_told_taken() - with LOST_TICKS_ACK_BOTH: the device says that the guest
 * has taken the tick
 * @lt: the ticks
 * @now: time, ns
 *
 * That may be before the guest has taken the interrupt. So the next one waits for the
 * interrupt's end as well, but no longer than LOST_TICKS_RETRY_FIRST_NS: there are
 * ways to end one that nobody sees.
 */
void lost_ticks_told_taken(struct lost_ticks *lt, u64 now);

/**
 * lost_ticks_ended() - an interrupt has ended on the line that the ticks go out by
 * @lt: the ticks
 *
 * With LOST_TICKS_ACK_EDGE that is the acknowledgment.
 */
void lost_ticks_ended(struct lost_ticks *lt);

/**
 * lost_ticks_rest() - what waits goes out no sooner than that
 * @lt: the ticks
 * @until: time, ns
 */
void lost_ticks_rest(struct lost_ticks *lt, u64 until);

/**
 * lost_ticks_resume() - guest time goes on after a pause
 * @lt: the ticks
 * @paused_ns: how long it stood still
 */
void lost_ticks_resume(struct lost_ticks *lt, u64 paused_ns);

#endif /* _LOST_TICKS_H */
